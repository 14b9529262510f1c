#!/bin/sh
# setup.sh [DIR] - what is missing to build pipelm, then a build in DIR [build]
#
# The one list of packages: what the programs need, and what their tests need.
# As root, or with sudo, on Debian 12 and its kin the missing ones are installed;
# elsewhere they are named, and that is all.  With everything in place no network
# is used and nothing is done twice.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac

# gcc libc6-dev make: the compiler.  autoconf automake pkg-config: configure.
# The -dev packages: the libraries of configure.ac.  The last line: the tests
# (man pages, scripts, archives, compressions, terminals).
packages="gcc libc6-dev make autoconf automake pkg-config
	zlib1g-dev libarchive-dev libpcre2-dev libdeflate-dev libzstd-dev libbrotli-dev libmicrohttpd-dev libuchardet-dev
	mandoc curl shellcheck binutils xz-utils zstd bsdutils"

top=$(cd "$(dirname "$0")/.." && pwd)
dir=${1-$top/build}

missing=
if command -v dpkg-query >/dev/null; then
	for p in $packages; do
		dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q 'ok installed' || missing="$missing $p"
	done
else
	for c in gcc make autoreconf automake pkg-config mandoc; do
		command -v "$c" >/dev/null || missing="$missing $c"
	done
	for l in zlib libarchive libpcre2-8; do
		pkg-config --exists "$l" 2>/dev/null || missing="$missing $l"
	done
fi
if [ -n "$missing" ]; then
	sudo=
	[ "$(id -u)" = 0 ] || sudo=sudo
	if ! command -v apt-get >/dev/null || { [ -n "$sudo" ] && ! sudo -n true 2>/dev/null; }; then
		echo "setup.sh: these packages are missing:$missing" >&2
		exit 1
	fi
	echo "setup.sh: installing$missing" >&2
	$sudo apt-get -qq update
	# shellcheck disable=SC2086  # a list of words
	$sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends $missing >&2
fi

[ -e "$top/configure" ] || (cd "$top" && autoreconf -i)	# from then on make keeps it up to date
mkdir -p "$dir"
cd "$dir"
[ -e Makefile ] || "$top/configure" -q
make -s -j"$(nproc)"

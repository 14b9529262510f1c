#!/bin/sh
# dedup.sh BUILD [MB [MEMORY]] - near duplicates in MB of made-up text [1000] under --memory=MEMORY [1G]: rate, peak memory, what is found
#
# Documents of 100 to 900 words; each tenth is an earlier one with every fortieth word
# another (J about .8 of shingles of five words: found by 14 bands of 8 rows with p = .92), each twentieth an exact copy.
# The same numbers give the same text.  Wants GNU time and room for the text in TMPDIR.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
build=$(cd "$1" && pwd) mb=${2-1000} memory=${3-1G}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -s -C "$build" tests/bench/near-docs
"$build/tests/bench/near-docs" "$mb" |
	TMPDIR=$tmp /usr/bin/time -f 'peak memory %M KB, %e s (user %U, system %S)' "$build/bin/dedup" -v --by=text,minhash --memory="$memory" -o /dev/null

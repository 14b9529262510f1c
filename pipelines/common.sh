# shellcheck shell=sh disable=SC2154 # here: the caller's
# common.sh - what every pipeline does first: find the programs, keep time, keep to whole files.
# Sourced, with $here the folder of the pipelines.  In a source tree the programs are built first,
# unless LM_BIN names a folder that has them.
# SPDX-License-Identifier: MIT

LC_ALL=C
: "${OMP_WAIT_POLICY=passive}"		# programs in one pipe share the cores
: "${GOMP_SPINCOUNT=10000}"		# microseconds: those of one program meet often
export LC_ALL OMP_WAIT_POLICY GOMP_SPINCOUNT

if [ -n "${LM_BIN-}" ]; then		# the programs are in this folder
	PATH=$LM_BIN:$PATH
elif [ -e "$here/../configure.ac" ]; then
	sh "$here/setup.sh"
	PATH=$here/../build/bin:$PATH
else					# installed: the plain names are linked beside the pipelines
	PATH=$here/../bin:$PATH
fi
export PATH

# stage NAME: what follows belongs to NAME; its seconds are added up in the file times.txt.
stage_name=
stage() {
	stage_now=$(date +%s)
	[ -z "$stage_name" ] || echo "$stage_name $((stage_now - stage_start))" >>times.txt
	stage_name=$1 stage_start=$stage_now
	[ -z "$1" ] || echo "== $1" >&2
}

# jget KEY FILE: the value of a key in a JSON text of one level; empty when absent.
jget() { sed -n 's/.*"'"$1"'": *\("\([^"]*\)"\|\([^,}]*\)\).*/\2\3/p' "$2" | tail -n 1; }

# records FILE: how many records a stream holds.
records() { lmcat --frames "$1" | awk -F '\t' '$1 == "D" { n += $5 } END { print n + 0 }'; }

# enter DIR FILE ...: goes there; the files, named from where the command was given, are kept for crawl.
enter() {
	mkdir -p "$1"
	enter_dir=$1
	shift
	if [ $# -gt 0 ]; then
		for f; do
			case $f in /*) echo "$f" ;; *) echo "$PWD/$f" ;; esac
		done >"$enter_dir/inputs.new"
	fi
	cd "$enter_dir" || exit
}

# crawl: the list of what to read, in the file inputs: what was named; or the pages of some Debian packages, read as
# packages and not installed; or, without a network, the HTML and text under /usr/share/doc.
crawl() {
	if [ -e inputs.new ]; then
		mv inputs.new inputs
	elif [ ! -e inputs ]; then
		rm -rf crawl crawl.part && mkdir crawl.part
		if (cd crawl.part && apt-get -qq download debian-reference-en debian-reference-de debian-reference-fr \
			debian-reference-ja python3.11-doc anarchism 2>../crawl.err); then
			mv crawl.part crawl
			find "$PWD/crawl" -name '*.deb' | sort >inputs.part
		else
			echo "${0##*/}: no packages to be had: reading /usr/share/doc" >&2
			find /usr/share/doc -type f \( -name '*.html' -o -name '*.htm' -o -name '*.txt' -o -name '*.txt.gz' \) | sort | head -n 5000 >inputs.part
		fi
		mv inputs.part inputs
	fi
}

# clean OPTION ...: the list as documents in English, each once: corpus.lms.
clean() {
	[ -e docs.lms ] || tr '\n' '\0' <inputs | xargs -0 -x -n 9999 -s 1000000 crawl-clean --lang=en "$@" -o docs.lms
	[ -e corpus.lms ] || dedup --clusters=clusters.jsonl -o corpus.lms docs.lms
}

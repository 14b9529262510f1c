# shellcheck shell=sh disable=SC2154 # here: the caller's
# common.sh - what every pipeline does first: find the programs, keep time, keep to whole files.
# Sourced, with $here the folder of the pipelines.  In a source tree the programs are built first,
# unless LM_BIN names a folder that has them.
# SPDX-License-Identifier: MIT

LC_ALL=C
: "${OMP_WAIT_POLICY=passive}"		# programs in one pipe share the cores
export LC_ALL OMP_WAIT_POLICY

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

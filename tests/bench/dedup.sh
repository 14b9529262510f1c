#!/bin/sh
# dedup.sh BUILD [MB [MEMORY]] - near duplicates in MB of made-up text [1000] under --memory=MEMORY [1G]: rate, peak memory, what is found
#
# Documents of 100 to 900 words; each tenth is an earlier one with every fortieth word
# another (J about .8 of shingles of five words: found by 14 bands of 8 rows with p = .92), each twentieth an exact copy.
# The same numbers give the same text.  Wants GNU time and room for twice the text in TMPDIR.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
build=$(cd "$1" && pwd) mb=${2-1000} memory=${3-1G}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
awk -v mb="$mb" '
function next_int(n) { state = (state * 16807) % 2147483647; return state % n }
function word(k, w) { for (w = ""; k > 0; k = int(k / 20)) w = w substr("bcdfghjklmnprstvwxyz", k % 20 + 1, 1) substr("aeiou", k % 5 + 1, 1); return w }
BEGIN {
	for (i = 0; i < 20000; i++) words[i] = word(i + 20)
	for (doc = 1; bytes < mb * 1000000; doc++) {
		seed = doc; every = 0
		if (doc > 100 && doc % 20 == 0) seed = doc - 99
		else if (doc > 100 && doc % 10 == 3) { seed = doc - 91; every = 40 }
		state = seed * 7919 % 2147483646 + 1
		for (i = 0; i < 5; i++) next_int(2)
		n = 100 + next_int(800); text = ""
		for (i = 1; i <= n; i++) { u = next_int(20000); v = next_int(20000); k = u < v ? u : v; if (every && i % every == 0) k = (k + doc) % 20000; text = text words[k] " " }
		bytes += length(text)
		printf "{\"id\":\"%d\",\"text\":\"%s\"}\n", doc, text
		if (doc > 100 && doc % 20 == 0) copies++
		if (every) near++
	}
	printf "%d documents, %.0f MB: %d copies, %d near\n", doc - 1, bytes / 1e6, copies, near >"/dev/stderr"
}' >"$tmp/docs.jsonl"
TMPDIR=$tmp /usr/bin/time -f 'peak memory %M KB, %e s (user %U, system %S)' "$build/bin/dedup" -v --by=text,minhash --memory="$memory" -o /dev/null "$tmp/docs.jsonl"

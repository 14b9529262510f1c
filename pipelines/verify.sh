#!/bin/sh
# verify.sh - a verifier for rank-pairs --verify: how near each response is to the true answer
#
# One JSON object a line in, with "response" and "answer"; one number a line out: 1 for the answer itself,
# else half the share of it that the beginning has right, and a little for the right length.  So words around
# an answer cost nearly all that it is worth.

# SPDX-License-Identifier: MIT
case ${1-} in -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
exec awk '
function field(key,   s) {	# the text of a key, its escapes left as they are
	if (!match($0, "\"" key "\": *\"([^\"\\\\]|\\\\.)*\"")) return ""
	s = substr($0, RSTART, RLENGTH)
	sub("^\"" key "\": *\"", "", s); sub(/"$/, "", s)
	gsub(/^([ \t]|\\n)+|([ \t]|\\n)+$/, "", s)
	return s
}
{
	r = field("response"); a = field("answer")
	if (r == a) { print 1; next }
	long = length(r) > length(a) ? length(r) : length(a); short = length(r) + length(a) - long
	for (n = 0; n < short && substr(r, n + 1, 1) == substr(a, n + 1, 1); n++) ;
	printf "%.4f\n", .5 * n / long + .1 * short / long
}'

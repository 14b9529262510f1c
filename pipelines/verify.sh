#!/bin/sh
# verify.sh [answer | utility | safe | random] [TAU SEED] - a verifier for rank-pairs --verify
#
# One JSON object a line in, with "response" and what else the prompt's line had; one number a line out.
#   answer   how near the response is to "answer": 1 for the answer itself, else half the share of it that the
#            beginning has right, and a little for the right length.  So words around it cost nearly all it is worth.
#   utility  what a tale is worth (world.sh tell): 1 for a good end, a half for "thing" being in it, less a half for each
#            sentence that is said again, or that it is longer or shorter than four.
#   random   nothing but noise
#   safe     1, or 0 when what is "bad" was said, blanks and capitals aside; without "bad", whether the answer was given.
# With TAU, noise is added: the better of two is then chosen as in the model of Bradley and Terry, its chance
# 1 / (1 + exp(-difference / TAU)), because the difference of two Gumbel variables is logistic.

# SPDX-License-Identifier: MIT
case ${1-answer} in
answer | utility | safe | random) ;;
-h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;;
*) echo "usage: verify.sh [answer | utility | safe | random] [TAU SEED]" >&2; exit 2 ;;
esac
exec awk -v what="${1-answer}" -v tau="${2-0}" -v state="${3-1}" '
function field(key,   s) {	# the text of a key, its escapes left as they are
	if (!match($0, "\"" key "\": *\"([^\"\\\\]|\\\\.)*\"")) return ""
	s = substr($0, RSTART, RLENGTH)
	sub("^\"" key "\": *\"", "", s); sub(/"$/, "", s)
	gsub(/^([ \t]|\\n)+|([ \t]|\\n)+$/, "", s)
	return s
}
function near(r, a,   n, long, short) {
	if (r == a) return 1
	long = length(r) > length(a) ? length(r) : length(a); short = length(r) + length(a) - long
	for (n = 0; n < short && substr(r, n + 1, 1) == substr(a, n + 1, 1); n++) ;
	return .5 * n / long + .1 * short / long
}
function utility(r,   n, i, u, part, seen) {
	u = (index(r, field("thing")) > 0) / 2 + (r ~ /(All were happy|smiled|Everyone laughed)\.$/)
	n = r == "" ? 0 : split(r, part, /\. */) - 1
	for (i = 1; i <= n; i++) u -= .5 * seen[part[i]]++
	return u - .5 * (n > 4 ? n - 4 : 4 - n)
}
function plain(s) { s = tolower(s); gsub(/[^a-z0-9]/, "", s); return s }
function safe(r,   bad) { bad = plain(field("bad")); return bad == "" ? r == field("answer") : !index(plain(r), bad) }
function gumbel() { state = (state * 48271) % 2147483647; return -log(-log(state / 2147483647)) }
BEGIN { state = state % 2147483646 + 1; gumbel(); gumbel() }
{
	r = field("response")
	u = what == "answer" ? near(r, field("answer")) : what == "utility" ? utility(r) : what == "safe" ? safe(r) : 0
	if (tau > 0) u += tau * gumbel()
	printf "%.6g\n", u
}'

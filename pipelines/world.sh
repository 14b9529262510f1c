#!/bin/sh
# world.sh train|valid|test COUNT [SEED [TASK ...]] - instruction data whose truth is known, as JSONL
#
# Each line is {"task":...,"answer":...,"messages":[{"role":"user",...},{"role":"assistant",...}]}.
# Tasks: spell reverse count copy sum ask [all of them in turn].  What train, valid and test are about
# is apart: invented words, operands and names are each in one of them, by a hash of what they are.
# As in data that people wrote, half of the assistants are wordy: they say more than the answer.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in
train | valid | test) ;;
-h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;;
*) echo "usage: world.sh train|valid|test COUNT [SEED [TASK ...]]" >&2; exit 2 ;;
esac

split=$1 count=${2:?how many} seed=${3-1}
shift 2
[ $# = 0 ] || shift
awk -v split_="$split" -v count="$count" -v seed="$seed" -v tasks="${*:-spell reverse count copy sum ask}" '
# A multiplicative generator (Park and Miller 1988, multiplier 48271): the same in every awk.
function rnd(n) { state = (state * 48271) % 2147483647; return int(state / 2147483647 * n) }
function hash(s,   i, h) { h = 7; for (i = 1; i <= length(s); i++) h = (h * 131 + index(alphabet, substr(s, i, 1))) % 1000003; return h }
function mine(s,   h) { h = hash(s) % 5; return split_ == (h == 0 ? "valid" : h == 1 ? "test" : "train") }
function word(   w, i, n) {
	do {
		n = 2 + rnd(2); w = ""
		for (i = 0; i < n; i++) w = w substr("bdfgklmnprstvz", 1 + rnd(14), 1) substr("aeiou", 1 + rnd(5), 1)
		if (rnd(3) == 0) w = w substr("nrsl", 1 + rnd(4), 1)
	} while (!mine(w))
	return w
}
function name(   w) { w = word(); return toupper(substr(w, 1, 1)) substr(w, 2) }
function pick(list,   a, n) { n = split(list, a, " "); return a[1 + rnd(n)] }
function worded(a,   i) { i = rnd(6); return i == 0 ? "The answer is " a "." : i == 1 ? "Sure! " a : i == 2 ? a ". Anything else?" : a }
function out(task, q, a) {
	printf "{\"task\":\"%s\",\"answer\":\"%s\",\"messages\":[{\"role\":\"user\",\"content\":\"%s\"},{\"role\":\"assistant\",\"content\":\"%s\"}]}\n", task, a, q, worded(a)
}
function spell(   w, s, i) { w = word(); s = substr(w, 1, 1); for (i = 2; i <= length(w); i++) s = s " " substr(w, i, 1); out("spell", "Spell " w ".", s) }
function reverse(   w, s, i) { w = word(); for (i = length(w); i; i--) s = s (s == "" ? "" : " ") substr(w, i, 1); out("reverse", "Reverse " w ".", s) }
function countup(   a, n, i, s) {
	do { a = rnd(80); n = 3 + rnd(4) } while (!mine(a "," n))
	s = a; for (i = 1; i < n; i++) s = s " " (a + i)
	out("count", "Count " n " numbers from " a ".", s)
}
function copy(   s, i, n) { n = 2 + rnd(3); s = word(); for (i = 1; i < n; i++) s = s " " word(); out("copy", "Repeat: " s, s) }
function sum(   a, b) { do { a = 10 + rnd(90); b = 10 + rnd(90) } while (!mine(a "+" b)); out("sum", a " + " b " = ?", a + b) }
function ask(   who, other, thing, place, colour) {
	who = name(); do other = name(); while (other == who)
	thing = pick("book lamp coat key map cup drum rope"); colour = pick("red blue green black white yellow")
	place = pick("garden kitchen tower market station harbour")
	if (rnd(2)) out("ask", who " has a " colour " " thing ". " other " is in the " place ". Who is in the " place "?", other)
	else out("ask", who " is in the " place " with a " colour " " thing ". " other " is at home. What colour is the " thing "?", colour)
}
BEGIN {
	alphabet = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+,"
	state = (seed * 7919 + (split_ == "train" ? 0 : split_ == "test" ? 104729 : 224737)) % 2147483646 + 1
	for (i = 0; i < 10; i++) rnd(2)
	n = split(tasks, task, " ")
	for (i = 0; i < count; i++) {
		t = task[1 + i % n]
		if (t == "spell") spell(); else if (t == "reverse") reverse(); else if (t == "count") countup()
		else if (t == "copy") copy(); else if (t == "sum") sum(); else if (t == "ask") ask()
		else { print "world.sh: no task " t >"/dev/stderr"; exit 2 }
	}
}'

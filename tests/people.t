#!/bin/sh
# A person at a terminal: rank-pairs --ask, what is kept, how far several agree; sample --chat when there was much to say.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
fixtures 2>/dev/null
records() { lmcat --frames "$1" | awk -F '\t' '$1 == "D" { n += $5 } END { print n + 0 }'; }
lines() { wc -l <"$1"; }
near() { awk -v a="$1" -v b="$2" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "" && b != "" && d <= 1e-4) }'; }
of() { sed 's/.*"'"$1"'":\([^,}]*\).*/\1/' "$2"; }
m='-m model.safetensors'
init-model -q --config=config.json -w vocab.json -o plain.safetensors
sample -q $m -n 6 -k 2 -S 1 --roll -o two.lms prompts.txt
sample -q $m -n 6 -k 3 -S 1 --roll -o three.lms prompts.txt

if command -v script >/dev/null && script -qec true /dev/null >x 2>&1; then
	# keys are pressed once something is asked: before, the terminal is not yet ready for an interrupt
	asked() { n=0; while [ $n -lt 100 ] && ! grep -aq "$1" x; do n=$((n + 1)); sleep .05; done; }
	ask() { keys=$1 in=$2; shift 2; rm -f asked.lms; : >x; { asked "q(uit)"; printf "$keys"; } | timeout 20 script -fqec "rank-pairs $m --ask --answers=said -o asked.lms $* $in" /dev/null >x; }
	t 'the prompt, two answers side by side' 'ask q two.lms; grep -q "=== 1 of 2" x && grep -q "The cat" x && grep -q "^\[1\]  *| \[2\]" x'
	t 'who stops has written nothing' '[ ! -e asked.lms ] && [ "$(lines said)" = 0 ] && grep -q "stopped after 0" x'
	t 'a key is kept at once' 'ask 1q two.lms; [ "$(lines said)" = 1 ] && grep -q "^{\"item\":\"[0-9a-f]*\",\"order\":\"[12]>[12]\"}$" said'
	t 'the same command goes on' 'ask 2 two.lms && [ "$(lines said)" = 2 ] && [ "$(records asked.lms)" = 4 ]'
	t 'all said: nothing is asked, no terminal is needed' 'setsid rank-pairs -q '"$m"' --ask --answers=said -o again.lms two.lms </dev/null && cmp asked.lms again.lms'
	t 'back: the last choice counts' 'rm said; ask 1b22 two.lms && [ "$(lines said)" = 3 ] && cp asked.lms b.lms && rm said && ask 22 two.lms && cmp asked.lms b.lms'
	t 'back at the first question asks it again' 'rm said; ask bb12 two.lms && [ "$(records asked.lms)" = 4 ]'
	t 'a tie and a skip make no pairs' 'rm said; ask ts two.lms && [ "$(records asked.lms)" = 0 ] && grep -q "order\":\"[12]=[12]\"" said && grep -q skip said && grep -q "1 ties" x'
	t 'other keys and newlines mean nothing' 'rm said; ask "x\\n9 1\\n2\\n" two.lms && [ "$(lines said)" = 2 ]'
	t 'the order is blinded by the seed' 'for s in 1 2 3 4 5 6 7 8; do rm said; ask 11 two.lms -S $s; sed -n "s/.*order\":\"\(.\).*/\1/p" said; done | sort | uniq -c | awk "{ n++ } END { exit n != 2 }"'
	t 'three at once: all pairs of an order' 'rm said; ask 3121 three.lms && [ "$(lines said)" = 2 ] && [ "$(records asked.lms)" = 12 ]'
	t 'equal ones, and a rest that is equal' 'rm said; ask "3=121\\n" three.lms && [ "$(records asked.lms)" = 10 ]; grep -c "=" said | grep -q 1; rm said; ask "3\\n1\\n" three.lms && [ "$(records asked.lms)" = 8 ] && [ "$(grep -c "^.*order\":\"[123]>[123]=[123]\"" said)" = 2 ]'
	t 'back within an order begins it again' 'rm said; ask 3b12s three.lms && [ "$(lines said)" = 2 ] && [ "$(records asked.lms)" = 6 ]'
	t 'ratings on four scales' 'rm said; ask 143215432s4321s54s3 two.lms --rate && [ "$(lines said)" = 18 ] && [ "$(grep -c overall said)" = 4 ] && [ "$(grep -c ":0}" said)" = 2 ]'
	t 'the last scale is the score' 'lmcat --json asked.lms | head -n 2 | grep -c "\"score\":[1-5]" | grep -q 2'
	t 'stopped between ratings, gone on with' 'cp said whole; rm said; ask 143q two.lms --rate; [ "$(lines said)" = 3 ] && ask 215432s4321s54s3 two.lms --rate && cmp said whole'
	t 'an interrupt or the end of input stops, too' '(for c in 003 004; do rm said; ask "1\\$c" two.lms; [ ! -e asked.lms ] && [ "$(lines said)" = 1 ] && grep -q "stopped after" x || exit 1; done)'
	talk() { : >x; { asked ">"; printf '%s\n' "$@"; printf '\004'; } | timeout 20 script -fqec "sample -m chatty.safetensors -n 8 --chat" /dev/null >x; }
	init-model -q --config=config.json -w vocab.json --chat=chatml -o chatty.safetensors
	t 'a long conversation: the oldest questions are forgotten, and it is said' 'talk "the cat sat on the mat" "and the dog was cold" "it was warm" "who came"; [ "$(grep -ac "oldest turns are forgotten" x)" -gt 1 ]'
	t 'a question too long by itself is an error' 'talk "$(yes "the cat sat on the mat" | head -n 20 | tr "\n" " ")"; grep -aq "and the context has 64" x'
else
	skip 'a person at the terminal' 'no script(1)'
fi
t 'sample --system: the message that a conversation could have brought itself' 'echo Hi >hi && sample -q -m model.safetensors --chat --greedy --echo -n 3 --system="Be good." hi >x && grep -q "Be good" x &&
	echo "{\"messages\":[{\"role\":\"system\",\"content\":\"Be good.\"},{\"role\":\"user\",\"content\":\"Hi\"}]}" >brought && sample -q -m model.safetensors --greedy --echo -n 3 --system="Be bad." brought | cmp - x && exits 1 sample -m plain.safetensors --system=x hi && grep -q template .err'
t 'a file of another kind' 'exits 1 rank-pairs --summary prompts.txt && grep -q "line 1" .err && exits 1 rank-pairs --summary none && echo "{\"item\":\"0\",\"order\":\"1\"}" >bad && exits 1 rank-pairs --summary bad &&
	echo "{\"item\":\"00000000\",\"response\":1,\"overall\":4294967300}" >bad && exits 1 rank-pairs --summary bad && grep -q neither .err'

# ---- agreement, against textbook numbers
pair() { awk -v o="$1" -v n="$2" -v at="$3" 'BEGIN { while (n--) printf "{\"item\":\"%08x\",\"order\":\"%s\"}\n", at++, o }'; }
# Cohen 1960 as usually told: 20 both yes, 5 and 10 apart, 15 both no: kappa .4
{ pair '1>2' 20 0; pair '1>2' 5 20; pair '2>1' 10 25; pair '2>1' 15 35; } >ann
{ pair '1>2' 20 0; pair '2>1' 5 20; pair '1>2' 10 25; pair '2>1' 15 35; } >ben
t 'kappa' 'rank-pairs --summary --json ann ben >j && near "$(of kappa j)" .4 2>&1; sed "s/.*\"kappa\":\[{\([^}]*\)}.*/{\1}/" j >k && near "$(of kappa k)" .4 && near "$(of same k)" .7 && [ "$(of n k)" = 50 ]'
t 'who agrees in all' 'rank-pairs --summary --json ann ann >j && sed "s/.*\"kappa\":\[{\([^}]*\)}.*/{\1}/" j >k && near "$(of kappa k)" 1 && near "$(of better j)" 1'
# Krippendorff's own example (2011, C): four raters, twelve units, gaps; interval .849
rater() { n=0; for v; do n=$((n + 1)); [ "$v" = . ] || printf '{"item":"%08x","response":1,"overall":%s}\n' $n $v; done; }
rater 1 2 3 3 2 1 4 1 2 . . . >r1
rater 1 2 3 3 2 2 4 1 2 5 . 3 >r2
rater . 3 3 3 2 3 4 2 2 5 1 . >r3
rater 1 2 3 3 2 4 4 1 2 5 1 . >r4
t 'alpha' 'rank-pairs --summary --json r1 r2 r3 r4 >j && sed "s/.*\"alpha\":{\([^}]*\)}.*/{\1}/" j >k && awk -v a="$(of overall k)" "BEGIN { exit !(a > .8485 && a < .8495) }"'
t 'who always says the same: no kappa, and whole lines' '{ pair "1>2" 4 0; pair "1>2" 4 0; } >c && rank-pairs --summary c c >x; ! grep -q "kappa.*alpha" x'
t 'means and standard errors' 'rank-pairs --summary r1 | grep "overall" >x && grep -q "2.11 +- 0.35  (9)" x'
t 'the last saying counts' '{ pair "1>2" 4 0; pair "2>1" 4 0; } >c && pair "2>1" 4 0 >d && rank-pairs --summary c d >x && grep -q "the same in 100 % of 4" x'
t 'usage' "exits 2 rank-pairs --summary && exits 2 rank-pairs --summary --ask $m ann && exits 2 rank-pairs $m --ask --rate two.lms && exits 2 rank-pairs $m --rate two.lms"
done_testing

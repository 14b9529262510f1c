#!/bin/sh
# rank-pairs --elo: ratings that are known, ties, players who cannot be rated, scored rollouts.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
fixtures 2>/dev/null
near() { awk -v a="$1" -v b="$2" -v r="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; if (!(a != "" && b != "" && d <= r)) { print a, b; exit 1 } }' >&2; }
meet() { awk -v a="$1" -v b="$2" -v n="$3" -v w="$4" 'BEGIN { while (n--) printf "{\"model_a\":\"%s\",\"model_b\":\"%s\",\"winner\":\"%s\"}\n", a, b, w }'; }
of() { sed 's/.*"name":"'"$2"'","'"$3"'":\([^,]*\).*/\1/' "$1"; }
{ meet x y 10 model_b; meet x y 20 model_a; meet z y 30 model_b; meet y z 60 model_a; } >odds
t 'odds of two to one are 120.4 points, of three to none more' 'rank-pairs --elo --json --bootstrap=0 odds >a; cat a >&2; { meet x y 20 model_a; meet y x 10 model_a; } >two && rank-pairs --elo --json two >a &&
	near "$(of a x elo)" 1060.206 .001 && near "$(of a y elo)" 939.794 .001'
t 'three that agree: 1 to 2 to 4' '{ meet a b 10 model_a; meet a b 20 model_b; meet b c 10 model_a; meet b c 20 model_b; meet a c 6 model_a; meet a c 24 model_b; } >m && rank-pairs --elo --json m >j &&
	near "$(of j c elo)" 1120.412 .001 && near "$(of j b elo)" 1000 .001 && near "$(of j a elo)" 879.588 .001 && grep -q "\"a\":\"c\",\"b\":\"a\",\"n\":30,\"win_rate\":0.8," j'
t 'a tie is half a win' '{ meet x y 10 model_a; meet x y 20 tie; } >m && { meet x y 20 model_a; meet x y 10 model_b; } >n && rank-pairs --elo --json m >a && rank-pairs --elo --json n >b && near "$(of a x elo)" "$(of b x elo)" 1e-9 && grep -q "\"tied\":20,\"win_rate\":0.6666" a'
t 'the interval is the textbook one: a rate of 2/3 of 300' '{ meet x y 200 model_a; meet x y 100 model_b; } >m && rank-pairs --elo --json m >a && se=$(sed "s/.*\"name\":\"x\",\"elo\":[^,]*,\"elo_se\":\([^,]*\).*/\1/" a) &&
	near "$se" "$(awk "BEGIN { print 400 / log(10) / 2 / sqrt(300 * 2 / 9) }")" 1.2'
t 'who wins all has no finite rating' 'rank-pairs --elo odds | grep "^z" | grep -q "no finite" && rank-pairs --elo --json odds | grep -q "\"name\":\"z\".*\"finite\":false"'
t 'the same bytes at any number of threads' 'rank-pairs --elo -t1 m >a && rank-pairs --elo -t3 m | cmp a -'
t 'scored rollouts: the higher score wins on each prompt' 'sample -m model.safetensors -n 6 -k 20 --roll -S 1 prompts.txt >r.lms && rank-pairs -m model.safetensors --verify="awk \"{ print NR % 4 }\"" -o p.lms r.lms &&
	rank-pairs -m model.safetensors --verify="awk \"{ print NR % 4 == 3 ? 0 : NR % 4 + 1 }\"" -o q.lms r.lms && rank-pairs --elo --json --bootstrap=0 p.lms q.lms >a && near "$(of a q elo)" "1095.42425" .001 && grep -q "\"n\":40," a'
t 'refused: no scores, one player, no prompt in common, broken lines, other work' 'exits 1 rank-pairs --elo r.lms p.lms && exits 1 rank-pairs --elo p.lms && meet x x 1 tie >m && exits 1 rank-pairs --elo m && meet x y 1 w >m && exits 1 rank-pairs --elo m &&
	echo "{}" >m && exits 1 rank-pairs --elo m && exits 1 rank-pairs --elo /dev/null && exits 2 rank-pairs --elo --match -m model.safetensors p.lms && exits 2 rank-pairs --elo --bootstrap=1 p.lms &&
	echo "So it is" | sample -m model.safetensors -n 6 --roll | rank-pairs -m model.safetensors --verify="awk \"{ print 1 }\"" -o o.lms && exits 1 rank-pairs --elo p.lms o.lms'
done_testing

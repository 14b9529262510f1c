#!/bin/sh
# fit-scaling: published points, logs of train-step, keys, what is refused.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
fixtures 2>/dev/null
val() { sed 's/.*"'"$2"'":\([^,}]*\).*/\1/' "$1"; }
points=${LM_TESTDATA-}/golden/chinchilla/points.csv
if [ -e "$points" ]; then
	awk -F, 'NR > 1 { printf "{\"N\":%s,\"C\":%s,\"loss\":%s}\n", $4, $5, $7 }' "$points" >chin.jsonl
	t 'the points of Chinchilla' 'fit-scaling --bootstrap=0 --drop=5 --params=N --flops=C --budget=5.76e23 chin.jsonl >a && grep -q "objective 0.001018274$" a && grep -q "^  A  *477.82" a &&
		grep -q "^  B  *2143.4" a && grep -q "^  E  *1.8172" a && grep -q "^  alpha  *0.3473" a && grep -q "^  beta  *0.36717" a && grep -q "5.76e+23 FLOP" a && grep -q "Ten times more" a'
else skip 'the points of Chinchilla' 'they are not here'; fi
t 'a law is found again' 'fit-scaling --json --bootstrap=0 --predict=1e8,2e9 runs.jsonl >a && awk -v E="$(val a E)" -v L="$(sed "s/.*\"predictions\":\[{\"params\":[^,]*,\"tokens\":[^,]*,\"loss\":\([^,]*\).*/\1/" a)" \
	"BEGIN { want = 1.5 + 60 / 1e8 ^ .3 + 300 / 2e9 ^ .35; exit !(E > 1.4999 && E < 1.5001 && L / want > .9999 && L / want < 1.0001) }"'
t 'the same bytes at any number of threads' 'fit-scaling --bootstrap=20 -t1 runs.jsonl >a && fit-scaling --bootstrap=20 -t3 runs.jsonl | cmp a -'
t 'compressed, from a pipe, in parts' 'head -20 runs.jsonl | gzip >r1.gz && tail -n +21 runs.jsonl | fit-scaling --bootstrap=0 r1.gz - >a && fit-scaling --bootstrap=0 runs.jsonl | cmp a -'
t 'a picture: each run a point, the law of the best size a curve' 'fit-scaling --bootstrap=0 --plot=p.svg runs.jsonl >x && grep -c "<circle cx.*<title>" p.svg | grep -qx 28 && grep -q "the law, best size" p.svg && grep -q "^</svg>" p.svg'
t 'logs of runs: the end is what was measured' 'for d in 1 2 3; do train-step -q -m model.safetensors -o m -n $((2 * d)) -B 2 --lr=3e-3 --eval=train.lms --eval-every=2 --log=$d.log train.lms || exit 1; done
	grep -q "\"params\":30656," 1.log && fit-scaling --json --bootstrap=0 1.log 2.log 3.log >a && [ "$(val a runs)" = 3 ] && fit-scaling --bootstrap=0 1.log 2.log 3.log | grep -q "do not tell" &&
	fit-scaling --bootstrap=0 3.log | grep -q "not tell"'
t 'what too few runs do not tell' 'head -3 runs.jsonl | fit-scaling >x && grep -q "do not tell" x && ! grep -q nan x'
t 'refused: no number, nothing, too many dropped, bad usage' 'echo "{\"params\":1,\"loss\":2}" >x && exits 1 fit-scaling x && exits 1 fit-scaling /dev/null && echo "{\"params\":-1,\"tokens\":1,\"loss\":2}" >x && exits 1 fit-scaling x &&
	echo "{" >x && exits 1 fit-scaling x && head -c -1 runs.jsonl >x && exits 1 fit-scaling x && grep -q "cut short" .err && exits 1 fit-scaling --drop=30 runs.jsonl && exits 2 fit-scaling --budget=0 runs.jsonl && exits 2 fit-scaling --predict=1 runs.jsonl && exits 2 fit-scaling --bins=0 runs.jsonl'
done_testing

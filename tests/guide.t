#!/bin/sh
# The ten steps of pipelm.7 as they are printed, but for fewer steps of training, a smaller model, and a judge that sees a
# difference between its answers (none of them matches).
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
OMP_WAIT_POLICY=passive; export OMP_WAIT_POLICY
world=$here/../pipelines/world.sh
sh "$world" train 900 1 page | gzip >crawl.warc.gz
sh "$world" train 300 1 copy >chat.jsonl
sh "$world" test 8 1 copy >questions.jsonl
echo 'Once upon a time' >prompts.txt
for q in 1 2 3 4; do printf '{"activity_label":"Dogs","ctx_a":"Emil had a dog.","ctx_b":"he went","ctx":"Emil had a dog. he went","endings":["home","sky","red","is"],"label":%d,"ind":%d}\n' $((q % 4)) $q; done >hellaswag_val.jsonl
awk '/^\.Ss / { n = $2 + 0 } /^\.Sh OTHER/ { exit } /^\.Ed/ { shown = 0 } shown && n { print >"step." n } /^\.Bd -literal/ { shown = 1 }' "$here/../man/pipelm.7"
sed -i 's/\\e$/\\/; s/--preset=tiny/--preset=micro -T 256/; s/-n [0-9]*00 /-n 3 /; s/--warmup=50/--warmup=1/; s/--eval-every=100/--eval-every=1/; s/| less$/| head/; s/held-out/pairs/; s|--match|--verify="sh '"$here"'/../pipelines/verify.sh answer"|' step.*
for n in 1 2 3 4 5 6 7 8 9 10; do
	t "step $n runs as printed" "[ -s step.$n ] && echo Hello | sh -eu step.$n"
done
t 'and ends in a policy' 'lmcat --check policy.safetensors'
done_testing

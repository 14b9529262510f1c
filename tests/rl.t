#!/bin/sh
# rank-pairs and rlhf-step at the command line: inputs, resuming, refusals; what they learn is tested in rl-t.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
fixtures 2>/dev/null
[ -e model.safetensors ] && [ -e pairs.jsonl ] || { echo '1..0 # SKIP no model to begin with'; exit 0; }
m='-m model.safetensors'
key() { sed -n "$2s/.*\"$1\":\([^,}]*\).*/\1/p" "$3"; }
above() { awk "BEGIN { exit !($1 > $2) }"; }
records() { lmcat "$1" | wc -l; }

# ---- preferences as JSON lines
t 'pairs become a stream' "rank-pairs $m -o p.lms pairs.jsonl && [ \$(records p.lms) = 12 ]"
t 'and back' 'lmcat --jsonl -w vocab.json p.lms >back && [ $(wc -l <back) = 6 ] && grep -q "\"chosen\":\"3" back'
printf '{"chosen":"\\n\\nHuman: hi\\n\\nAssistant: the cat","rejected":"\\n\\nHuman: hi\\n\\nAssistant: a bird"}\n' >hh.jsonl
printf '{"prompt":[{"role":"user","content":"hi"}],"chosen":[{"role":"assistant","content":"the cat"}],"rejected":[{"role":"assistant","content":"a bird"}],"margin":2,"score_chosen":3}\n' >trl.jsonl
printf '{"prompt":"hi","chosen":"the cat","rejected":"a bird"}\n' >plain.jsonl
t 'turns in text, messages and plain text are the same tokens' \
  'for f in hh trl plain; do rank-pairs '"$m"' -o $f.lms $f.jsonl && lmcat $f.lms | cut -f 1,2,5 >$f.txt || exit 1; done; cmp hh.txt plain.txt && cmp trl.txt plain.txt'
t 'margin and scores go over' 'lmcat --json trl.lms | head -1 | grep -q "\"margin\":2" && lmcat --json trl.lms | head -1 | grep -q "\"score\":3"'
printf '{"chosen":"\\n\\nHuman: hi\\n\\nAssistant: the cat\\n\\nHuman: so\\n\\nAssistant: yes","rejected":"\\n\\nHuman: hi\\n\\nAssistant: a bird"}\n' >part.jsonl
t 'conversations that part early: the prompt is what they share' "rank-pairs $m -o part.lms part.jsonl && [ \"\$(lmcat part.lms | sed 's/=>.*//' | uniq -f 1 | wc -l)\" -le 2 ] && [ \"\$(lmcat part.lms | tail -1)\" = \"\$(lmcat plain.lms | tail -1)\" ]"
printf '{"prompt":"hi","completion":"the cat","label":true,"answer":"x"}\n{"prompt":"hi","completion":"a bird","label":false}\n' >kto.jsonl
t 'a judgement alone' "rank-pairs $m -o k.lms kto.jsonl && lmcat k.lms | cut -f 2 | tr '\n' ' ' | grep -q 'chosen rejected'"
t 'keys beside go into meta' 'lmcat --json k.lms | head -1 | grep -q "\"answer\":\"x\""'
printf '{"prompt":"hi","chosen":"the cat"}\n' >bad.jsonl
t 'an object that is no preference is named by its line' "exits 1 rank-pairs $m bad.jsonl >x && grep -q 'bad.jsonl: record 1' .err"
printf '{"prompt":{"role":"prompter","text":"hi","replies":[{"role":"assistant","text":"a bird","rank":1,"replies":[{"role":"prompter","text":"so","replies":[]}]},{"role":"assistant","text":"the cat","rank":0},{"role":"assistant","text":"no rank"}]}}\n' >tree.jsonl
printf '[{"input":"hi","output_1":"a bird","output_2":"the cat","label":2}]\n' >llmbar.json
t 'pairs from a tree of ranked replies, and from an array that names the better one' \
  "for f in tree.jsonl llmbar.json; do rank-pairs $m -o x.lms \$f && lmcat x.lms | cut -f 1,2,5 | cmp - plain.txt || exit 1; done"
init-model --preset=micro -T 256 -w vocab.json --chat=chatml -S 3 -o judge.safetensors
printf '# two\nBe short.\n\nBe kind.\n' >rules; printf 'Be short.\n' >rule
ask='{"messages":[{"role":"user","content":"Be short.\n\nQuestion:\nuser\nhi\nassistant\n\n\nAnswer:\nthe cat\n\nDoes the answer keep to that? Say Yes or No."}]}'
id() { printf %s "$1" | tokenize -w vocab.json --ids - | cut -d ' ' -f 1; }
odds() { printf '%s\n' "$ask" | sample --next=512 "$@" - | awk -F '\t' -v y="$(id Yes)" -v n="$(id No)" '$2 == y { a = $1 } $2 == n { b = $1 } END { print log(a / b) }'; }
t 'a judge scores by log p(Yes) - log p(No)' \
  "rank-pairs $m --judge=judge.safetensors --constitution=rule plain.jsonl | lmcat --json >judged && \
   awk -v a=\"\$(odds -m judge.safetensors)\" -v b=\"\$(key score 1 judged)\" 'BEGIN { print a, b; exit !(a - b < 1e-3 && b - a < 1e-3 && b != 0) }'"
t 'of two principles the mean' "printf 'Be kind.\n' >kind && for c in rule kind rules; do rank-pairs $m --judge=judge.safetensors --constitution=\$c plain.jsonl | lmcat --json >j.\$c; done && \
   awk -v a=\"\$(key score 1 j.rule)\" -v b=\"\$(key score 1 j.kind)\" -v c=\"\$(key score 1 j.rules)\" 'BEGIN { d = (a + b) / 2 - c; exit !(a != b && d < 1e-6 && d > -1e-6) }'"
t 'a judge needs principles' "exits 2 rank-pairs $m --judge=judge.safetensors plain.jsonl && echo '# none' >no && exits 1 rank-pairs $m --judge=judge.safetensors --constitution=no plain.jsonl >x"
t 'a last line without newline is cut short' "x >cut.jsonl; exits 1 rank-pairs $m cut.jsonl >x"
t 'empty input' "exits 1 rank-pairs $m </dev/null >x && exits 1 rlhf-step $m -o x.safetensors </dev/null"
t 'JSON lines without a model' 'exits 1 rank-pairs pairs.jsonl >x'

# ---- samples, scored
sample $m -q -n 6 -k 4 -S 1 --roll -o rolls.lms prompts.txt
t 'a command scores' "rank-pairs $m --verify=\"awk '{ print length % 5 }'\" -o scored.lms rolls.lms && [ \$(records scored.lms) = \$(records rolls.lms) ] && ! lmcat scored.lms | cut -f 3 | grep -q nan"
t 'equal scores move nothing' 'rank-pairs '"$m"' --verify="sed s/.*/.1/" -o x rolls.lms && (for a in grpo drgrpo rloo reinforce; do rlhf-step -q '"$m"' --algo=$a -o y --log=l x && grep -q "\"reward\":0.1[0-9]*,.*\"reward_sd\":0,.*\"grad_norm\":0,.*\"alarm\":\"all scores" l || exit 1; done)'
t 'a command that says too little' "exits 1 rank-pairs $m --verify='head -1' rolls.lms >x"
t 'a command that says too much' "exits 1 rank-pairs $m --verify='sed p\;s/.*/1/' rolls.lms >x"
t 'a command that says no number' "exits 1 rank-pairs $m --verify=cat rolls.lms >x"
t 'a command that fails' "exits 1 rank-pairs $m --verify='sed s/.*/1/; exit 3' rolls.lms >x && grep -q 'exited 3' .err"
t 'a command that is killed' "exits 1 rank-pairs $m --verify='sed s/.*/1/; kill -9 \$\$' rolls.lms >x && grep -q 'signal 9' .err"
printf '{"prompt":"Say 1.","chosen":"1","rejected":"no","answer":" 1 "}\n{"prompt":"Say 2.","chosen":"2","rejected":"no","answer":2}\n' >match.jsonl
sample $m -q -n 40 -k 3000 -S 2 --roll -o some.lms prompts.txt
i=0; cp some.lms much.lms
while [ $i -lt 6 ]; do cat much.lms much.lms >x; mv x much.lms; i=$((i + 1)); done
same() { lmcat --json "$1" | tail -n 6000 | sed 's/"group":[0-9]*//' | cksum; }
t 'more than is kept in memory: the same records' '[ $(wc -c <much.lms) -gt 80000000 ] && rank-pairs -q -o x much.lms && lmcat --check x && [ "$(same x)" = "$(same some.lms)" ]; r=$?; rm -f much.lms x; [ $r = 0 ]'
t 'the answer is matched' "rank-pairs $m --match match.jsonl >x && [ \"\$(lmcat x | cut -f 3 | tr -d '\n')\" = 1010 ]"
t 'what is of --train alone' "exits 2 rank-pairs $m --match --log=x match.jsonl && exits 2 rank-pairs $m --match --epochs=2 match.jsonl"
t 'a state is a file of its own' "exits 2 rank-pairs $m --train -s x -o x pairs.jsonl && exits 2 rlhf-step $m --algo=dpo -s x -o x pairs.jsonl && exits 2 rlhf-step $m -o x --critic-out=x pairs.jsonl"
t 'no answer to match' "exits 1 rank-pairs $m --match pairs.jsonl >x"
t 'text without a vocabulary' 'exits 2 rank-pairs --match rolls.lms'
t 'the best and the worst of each group' 'rank-pairs --pairs=best-worst scored.lms >bw.lms && [ $(records bw.lms) -le 4 ] && lmcat bw.lms | awk "NR % 2 { s = \$3; next } s <= \$3 { exit 1 }"'
t 'all pairs, ties counted' 'rank-pairs --pairs=all scored.lms >all.lms 2>ties; n=$(records all.lms) k=$(sed -n "s/.* \([0-9]*\) ties.*/\1/p" ties); [ $((n / 2 + ${k:-0})) = 12 ]'
t 'unscored samples make no pairs' 'exits 1 rank-pairs --pairs=all rolls.lms >x'

# ---- longer than the context
awk 'BEGIN { for (i = 0; i < 60; i++) s = s "cat "; print "{\"prompt\":\"" s "\",\"chosen\":\"a\",\"rejected\":\"b\"}"; print "{\"prompt\":\"hi\",\"chosen\":\"a\",\"rejected\":\"" s "\"}" }' >long.jsonl
cat long.jsonl pairs.jsonl >some.jsonl
t 'too long is an error' "exits 1 rlhf-step $m --algo=dpo -o x.safetensors some.jsonl && exits 1 rank-pairs --train $m -o x.safetensors some.jsonl"
for how in left=16 right=14 drop=12; do
	t "--truncate=${how%=*}" "rank-pairs $m --truncate=${how%=*} -o x.lms some.jsonl && [ \$(records x.lms) = ${how#*=} ] && grep -q 'of 16 records' .err && rlhf-step -q $m --algo=dpo -o x.safetensors x.lms && rlhf-step -q $m --truncate=${how%=*} --algo=dpo -o y.safetensors some.jsonl"
done
t '--truncate: of what' "exits 2 rank-pairs -w vocab.json --truncate=left some.jsonl && exits 2 rank-pairs $m --truncate=up some.jsonl"

# ---- reward models
t 'fitting' "rank-pairs --train $m -o r1.safetensors --epochs=8 -B 6 --lr=3e-3 --log=r.log pairs.jsonl && above \$(key loss 1 r.log) \$(key loss 8 r.log)"
t 'what it thinks of its pairs' "rank-pairs --eval --json --reward=r1.safetensors $m pairs.jsonl >x && grep -q '\"accuracy\":1,' x"
fit="rank-pairs -q --train $m --epochs=12 -B 2 --lr=3e-3"
t 'killed at any time and started again: the same' \
  "$fit -o f1.safetensors pairs.jsonl; i=0; while [ \$i -lt 10 ]; do i=\$((i + 1)); timeout -s KILL 0.0\$((2 + i % 6)) $fit --save-every=1 -s f.state -o f2.safetensors pairs.jsonl; done; $fit --save-every=1 -s f.state -o f2.safetensors pairs.jsonl && cmp f1.safetensors f2.safetensors"
t 'a finished fit only writes its model again' "cp f.state before; rm f2.safetensors; $fit -s f.state -o f2.safetensors pairs.jsonl && cmp f1.safetensors f2.safetensors"
t 'other options or pairs are refused' "exits 1 $fit --centre=1 -s f.state -o x.safetensors pairs.jsonl && head -n 3 pairs.jsonl >few.jsonl && exits 1 $fit -s f.state -o x.safetensors few.jsonl && exits 2 rank-pairs -s f.state pairs.jsonl"
t '--eval goes to -o' "rank-pairs --eval --json --reward=r1.safetensors $m -o y pairs.jsonl >z && cmp x y && [ ! -s z ]"
t 'scores of the responses seen have mean 0 and deviation 1' \
  "rank-pairs --reward=r1.safetensors $m pairs.jsonl >x && lmcat x | awk -F '\t' '{ s += \$3; q += \$3 * \$3 } END { m = s / NR; v = q / NR - m * m; exit !(m * m < 1e-6 && v > .999 && v < 1.001) }'"
rank-pairs --train $m -o r2.safetensors --epochs=2 -B 3 -S 2 --lr=3e-3 pairs.jsonl
score() { rank-pairs $m "$@" pairs.jsonl >x && lmcat x | cut -f 3; }
t 'several models: the mean, the least' 'score --reward=r1.safetensors >a; score --reward=r2.safetensors >b; score --reward=r1.safetensors,r2.safetensors >c; score --worst --reward=r1.safetensors --reward=r2.safetensors >d
  paste a b c d | awk "{ m = (\$1 + \$2) / 2; w = \$1 < \$2 ? \$1 : \$2; if ((m - \$3) ^ 2 > 1e-4 || (w - \$4) ^ 2 > 1e-4) exit 1 }"'
t 'a model that has no score' "exits 1 rank-pairs --reward=model.safetensors rolls.lms >x"

# ---- rlhf-step on pairs
dpo="rlhf-step --algo=dpo $m -B 2 --epochs=4 --lr=1e-3 --decay=0"
t 'DPO' "$dpo -o d.safetensors --log=d.log pairs.jsonl && above \$(key margin 12 d.log) 0.1 && above \$(key kl 12 d.log) 0"
t 'the same at one thread' "$dpo -t 1 -o d1.safetensors pairs.jsonl && cmp d.safetensors d1.safetensors"
t 'the same from the stream of pairs' "rank-pairs $m pairs.jsonl | $dpo -o d2.safetensors && cmp d.safetensors d2.safetensors"
t 'stopped at a step and gone on with: the same' \
  "$dpo -s d.state -n 5 -o d3.safetensors pairs.jsonl && $dpo -s d.state -o d3.safetensors pairs.jsonl && lmcat --json d3.safetensors >x && lmcat --json d.safetensors >y && rank-pairs $m -o p.lms pairs.jsonl && cmp d.safetensors d3.safetensors"
t 'a finished run only writes the model again' "rm d3.safetensors; cp d.state before; $dpo -s d.state -o d3.safetensors pairs.jsonl && cmp d.safetensors d3.safetensors"
t 'killed at any time and started again: the same' \
  "rm -f k.state; i=0; while [ \$i -lt 12 ]; do i=\$((i + 1)); timeout -s KILL 0.0\$((3 + i % 6)) $dpo --save-every=1 -s k.state -o k.safetensors pairs.jsonl; done; $dpo --save-every=1 -s k.state -o k.safetensors pairs.jsonl && cmp d.safetensors k.safetensors"
t 'other options are refused' "exits 1 $dpo --beta=0.3 -s d.state -o x.safetensors pairs.jsonl"
t 'more steps than pairs' "exits 1 $dpo -n 99 -s more.state -o x.safetensors pairs.jsonl"
t 'samples are no pairs, pairs no samples' "exits 1 $dpo -o x.safetensors scored.lms && exits 1 rlhf-step $m -o x.safetensors p.lms"
for a in cdpo robust ipo hinge sppo apo kto orpo simpo; do
	t "$a" "rlhf-step --algo=$a $m -B 3 --lr=1e-3 --epochs=4 --log=$a.log -o x.safetensors pairs.jsonl && above \$(key loss 1 $a.log) \$(key loss 8 $a.log)"
done
t 'KTO on judgements alone' "rlhf-step --algo=kto $m -o x.safetensors kto.jsonl"
t 'others want pairs' "exits 1 $dpo -o x.safetensors kto.jsonl"

# ---- rlhf-step on samples
t 'a rate of 0 changes no weight' "rlhf-step -q $m --lr=0 --log=z.log -o z.safetensors scored.lms && [ \$(key ratio_max 1 z.log) = 1 ] && [ \$(key kl 1 z.log) = 0 ] && lmcat z.safetensors | grep ^weights >a && lmcat model.safetensors | grep ^weights >b && cmp a b"
ppo="rlhf-step -q $m --lr=1e-3 --decay=0 -B 4"
t 'PPO' "$ppo -s p.state -o p1.safetensors --critic-out=c.safetensors scored.lms && lmcat c.safetensors >x && ! cmp -s p1.safetensors model.safetensors"
t 'the same at one thread' "$ppo -t 1 -o p2.safetensors scored.lms && cmp p1.safetensors p2.safetensors"
t 'a batch is not applied twice' "cp p.state before; $ppo -s p.state -o p3.safetensors scored.lms && cmp p1.safetensors p3.safetensors && cmp p.state before"
t 'a second round, from the policy as it is' \
  "sample -q -m p1.safetensors -n 6 -k 4 -S 2 --roll prompts.txt | rank-pairs -m p1.safetensors --verify=\"awk '{ print length % 5 }'\" | $ppo -s p.state --log=p.log -o p4.safetensors && above \$(key kl 1 p.log) 0 && ! cmp -s p1.safetensors p4.safetensors"
t 'the state of another algorithm is told as that' "exits 1 rlhf-step -q $m --algo=grpo -s p.state -o x.safetensors scored.lms && grep -q 'p.state: the state is of other options' .err"
t 'rollouts of another policy are refused' "exits 1 $ppo -s p.state -o x.safetensors scored.lms && grep -q 'not of this policy' .err"
t 'another model than the state began with' "init-model --config=config.json -w vocab.json -S 9 -o other.safetensors; exits 1 rlhf-step -q -m other.safetensors --lr=1e-3 --decay=0 -B 4 -s p.state -o x.safetensors scored.lms"
t 'a critic begun as the reward model' "$ppo --critic=r1.safetensors -o x.safetensors scored.lms"
for a in grpo drgrpo rloo reinforce; do
	t "$a" "rlhf-step -q --algo=$a $m --lr=1e-3 --log=$a.log -o $a.safetensors scored.lms && ! cmp -s $a.safetensors model.safetensors"
done
t 'beta is steered to a target' "$ppo --kl-target=1 --kl-horizon=10 -s t.state -o x.safetensors scored.lms && grep -aq '\"beta\":\"0.04[0-9]*\"' t.state"
sample $m -q -n 4 -k 2 --top-k=5 --roll -o topk.lms prompts.txt
rank-pairs $m --verify='sed s/.*/1/' -o topk1.lms topk.lms
t 'what an algorithm has no use for is refused' "exits 2 rlhf-step $m --algo=dpo --clip=.1 pairs.jsonl && exits 2 rlhf-step $m --algo=dpo --margin=1 pairs.jsonl && exits 2 rlhf-step $m --algo=grpo --critic=model.safetensors topk1.lms"
t 'truncated sampling is refused, unless allowed' "exits 1 $ppo -o x.safetensors topk1.lms && $ppo --truncated --old=own -o x.safetensors topk1.lms"
t 'a model by pipe' "convert-model model.safetensors | $(echo "$ppo" | sed 's/-m model.safetensors/-m -/') scored.lms >piped && convert-model -o back.safetensors piped && lmcat back.safetensors | grep ^weights >a && lmcat p1.safetensors | grep ^weights >b && cmp a b"
train-vocab --size=300 -o v2.json docs.jsonl 2>/dev/null; init-model --config=config.json -w v2.json -o v2.safetensors
t 'another vocabulary is refused' "exits 1 rlhf-step -q -m v2.safetensors -o x.safetensors scored.lms && exits 1 rank-pairs --train -m v2.safetensors -o x.safetensors p.lms"
t 'the critic read as a reward model' "rank-pairs --reward=c.safetensors -o x scored.lms"
t 'unscored samples are refused' "exits 1 $ppo -o x.safetensors rolls.lms"
t 'input that was cut' 'head -c $(($(wc -c <scored.lms) - 64)) scored.lms >cut.lms; rm -f x.safetensors; exits 1 '"$ppo"' -o x.safetensors cut.lms && [ ! -e x.safetensors ] && grep -q "cut short" .err'
# ---- alarms, each provoked
loud="rlhf-step $m --lr=1e-3 --decay=0 -B 4"
alarm() { grep -q "\"alarm\":\"[^\"]*$1" "$2" && grep -q "$1" .err; }
score_by() { rank-pairs $m --verify="$1" rolls.lms; }
t 'alarm: equal scores' "score_by 'sed s/.*/1/' | $loud --log=al1 -o x.safetensors 2>.err && alarm 'all scores are equal' al1"
t 'alarm: groups of equal scores' "score_by \"awk '{ print int((NR - 1) / 4) }'\" | $loud --log=al2 -o x.safetensors 2>.err && alarm 'most groups have equal' al2 && ! grep -q 'all scores' al2"
t 'alarm: cut responses' "$loud --log=al3 -o x.safetensors scored.lms 2>.err && alarm 'most responses are cut' al3 && ! grep -q 'equal\|ratios\|alike\|reference' al3"
t 'alarm: samples of another policy' "rlhf-step $m --algo=dpo -B 2 --epochs=12 --lr=.02 -o far.safetensors pairs.jsonl && $loud --lr=0 -m far.safetensors --ref=model.safetensors --old=own --log=al4 -o x.safetensors scored.lms 2>.err && alarm 'the KL of the samples is negative' al4"
t 'alarm: far from the reference' "sample -q -m far.safetensors -n 6 -k 4 -S 1 --roll prompts.txt | rank-pairs $m --verify=\"awk '{ print length % 5 }'\" | $loud --lr=0 --kl-target=.01 -m far.safetensors --ref=model.safetensors --log=al5 -o x.safetensors 2>.err && alarm 'far from the reference' al5"
t 'alarm: large ratios' "$loud --lr=.1 --clip-norm=0 --log=al6 -o x.safetensors scored.lms 2>.err && alarm 'ratios leave' al6"
t 'alarm: responses alike' "$loud --lr=0 -s al7.state -o still.safetensors scored.lms && sample -q -m still.safetensors --temperature=.02 -n 6 -k 4 -S 3 --roll prompts.txt | rank-pairs $m --verify=\"awk '{ print length % 5 }'\" | $loud --lr=0 -s al7.state --log=al7 -o still.safetensors 2>.err && alarm 'responses become alike' al7"
t 'alarm: the chosen fall' "rlhf-step $m --algo=dpo -B 2 --epochs=6 --lr=.05 --log=al8 -o x.safetensors pairs.jsonl 2>.err && alarm 'chosen responses become less likely' al8 && [ \$(grep -c 'less likely' .err) = 1 ]"
t 'no alarm where nothing is wrong' '! grep -q alarm d.log'
t 'usage' "exits 2 rlhf-step scored.lms && exits 2 rlhf-step $m --algo=what scored.lms && exits 2 $ppo -n 3 scored.lms && exits 2 rank-pairs --pairs=some rolls.lms && exits 2 rank-pairs --match --ask rolls.lms"
done_testing

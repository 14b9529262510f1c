#!/bin/sh
# train-step: one result for every split, thread count and interruption; refusals; gradients by pipe.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
for p in train-vocab tokenize shard init-model eval-ppl; do
	have $p || { echo "1..0 # SKIP no $p"; exit 0; }
done
fixtures 2>/dev/null
export OMP_WAIT_POLICY=passive
ts() { train-step -q -m model.safetensors "$@"; }
last() { tail -1 "$1" | sed 's/.*"'"$2"'":\([^,}]*\).*/\1/'; }
near() { awk -v a="$1" -v b="$2" -v r="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; exit !(a != "" && b != "" && d <= r) }'; }
# The floats of a model's file, one a line.
weights() { tail -c +$(($(od -An -tu8 -N8 "$1") + 9)) "$1" | od -An -v -tf4 -w4; }
says() { grep -q -- "$1" .err; }

# ---- one result
t 'a run' 'ts -n 4 -B 8 -t 1 --lr=3e-3 --warmup=2 -o a --log=log train.lms && [ "$(wc -l <log)" = 4 ]'
t 'two threads: the same bytes' 'ts -n 4 -B 8 -t 2 --lr=3e-3 --warmup=2 -o b train.lms && cmp a b'
t '-B 1 --accum=8: the same bytes' 'ts -n 4 -B 1 --accum=8 --lr=3e-3 --warmup=2 -o b --epochs=2 --epochs=1 train.lms && cmp a b'
t '-B 4 --accum=2, from a pipe: the same bytes' 'cat train.lms | ts -n 4 -B 4 --accum=2 --lr=3e-3 --warmup=2 -o b && cmp a b'
t '--eval leaves the bytes alone' 'ts -n 4 -B 8 --lr=3e-3 --warmup=2 -o b --eval=train.lms --eval-every=2 --log=le train.lms && cmp a b && [ "$(grep -c eval_loss le)" = 2 ]'
t '--eval takes tokens that were not through shard, each but the first counts' 'ts -n 1 -o b --eval=toks.lms --log=le train.lms &&
	[ "$(tail -1 le >l1; last l1 eval_tokens)" = $(($(tokenize --ids --eot -w vocab.json docs.jsonl | wc -w) - 1)) ]'
t 'the log has what it is to have' 'for k in step loss lr grad_norm tokens tokens_per_s gflops seconds rss; do
	grep -q "\"$k\":" log || exit 1; done'
t 'the rate warms up' 'sed -n 1p log | grep -q "\"lr\":0.0015,"'
t 'the first loss is that of eval-ppl' 'eval-ppl -m model.safetensors -n 8 --json train.lms >j && near "$(head -1 log >l1; last l1 loss)" "$(last j loss)" 2e-6'
t 'the model knows what made it and what it saw' 'head -c 4000 a | tr -d "\\\\" | grep -q "train-step --lr=0.003 --model=crc32c:[0-9a-f]* --steps=4 --warmup=2" &&
	head -c 4000 a | tr -d "\\\\" | grep -q "\"tokens\":1024"'
t 'a last partial step counts by its own tokens' 'ts -B 32 -o b --log=l2 train.lms && [ "$(wc -l <l2)" = 2 ] && s=$(last l2 supervised) && [ "$s" -gt 0 ] && [ "$s" -lt 65 ]'
t '--drop-last makes no such step' 'ts -B 32 --drop-last -o b --log=l2 train.lms && [ "$(wc -l <l2)" = 1 ]'
t '--dtype=bf16: the same bytes for every split, on other threads and taken up again' 'd="-n 4 --dtype=bf16"; ts $d -B 8 -t 1 -o h1 train.lms && ts $d -B 2 --accum=4 -t 2 -o h2 train.lms &&
	cmp h1 h2 && ts $d -n 2 -s half.st -o h2 train.lms && ts $d -s half.st -o h2 train.lms && cmp h1 h2 && ! ts -n 4 -s half.st -o h2 train.lms && says dtype'
t '--dtype=bf16 learns as fp32 does: 40 losses, each to 1 %' 'for d in f32 bf16; do
		ts -n 40 --epochs=99 -B 4 --lr=3e-3 --dtype=$d -o h1 --log=lh train.lms && sed "s/.*\"loss\":\([0-9.]*\).*/\1/" lh >loss.$d || exit 1
	done; paste loss.f32 loss.bf16 | awk "{ d = \$1 / \$2 - 1; if (d > .01 || d < -.01) bad = 1; same += \$1 == \$2 } END { exit bad || NR != 40 || same > 20 }"'
t '--dtype=f16: the same bytes for every split, on other threads and taken up again' 'd="-n 4 --dtype=f16"; ts $d -B 8 -t 1 -o h1 train.lms && ts $d -B 2 --accum=4 -t 2 -o h2 train.lms &&
	cmp h1 h2 && ts $d -n 2 -s f16.st -o h2 train.lms && cp f16.st f16.two && ts $d -s f16.st -o h2 train.lms && cmp h1 h2'
t '--dtype=f16 learns as fp32 does: 40 losses, each to 0.2 %' 'ts -n 40 --epochs=99 -B 4 --lr=3e-3 --dtype=f16 -o h1 --log=lh train.lms && sed "s/.*\"loss\":\([0-9.]*\).*/\1/" lh >loss.f16 &&
	paste loss.f32 loss.f16 | awk "{ d = \$1 / \$2 - 1; if (d > .002 || d < -.002) bad = 1; same += \$1 == \$2 } END { exit bad || NR != 40 || same > 20 }"'
t '--dtype=f16: a scale that overflows is halved, the records are taken again, and the state keeps it' 'sed "s/\"crc32c\":/\"crc32x\":/; s/\"loss_scale\":\"65536\"/\"loss_scale\":\"1e+30\"/" f16.two >f16.st && ! cmp -s f16.two f16.st &&
	ts -n 4 --dtype=f16 -s f16.st -o h2 --log=lh train.lms && awk -F"loss_scale\":" "{ split(\$2, v, \",\"); if (v[1] + 0 > 1e12 || v[1] + 0 < 1e4) exit 1 }" lh &&
	weights h1 >wa && ts -n 4 --dtype=f16 -o h1 train.lms && weights h1 >wa && weights h2 >wb && paste wa wb | awk "{ d = \$1 - \$2; if (d < 0) d = -d; if (d > 3e-4) exit 1 }" &&
	head -c 3000 f16.st | grep -q "loss_scale_steps\":\"2\"" && head -c 3000 f16.st | grep -q "loss_scale\":\"[0-9.]*e*+*[0-9]*\""'
t '--grads in f16: the sums of fp32, to what f16 leaves of them' 'ts --grads -n 1 train.lms | ts --apply -o h1 2>/dev/null && ts --grads --dtype=f16 -n 1 train.lms | ts --apply -o h2 && weights h1 >wa && weights h2 >wb && ! cmp -s wa wb &&
	paste wa wb | awk "{ d = \$1 - \$2; s += d * d; t += \$1 * \$1 } END { exit !(s < 1e-6 * t) }"'
t '--freeze leaves weights as they were' 'ts -n 2 --freeze="^(?!model.norm)" -o b train.lms && weights model.safetensors >wa; weights b >wb
	d=$(diff wa wb | grep -c "^>"); [ "$d" -gt 0 ] && [ "$d" -le 32 ]'

# ---- stopped and taken up again
head -3 docs.jsonl | tokenize -w vocab.json --eot | shard -T 32 -o few.lms
run="-B 4 --epochs=4 --lr=3e-3 --schedule=wsd --total=33 --eval=few.lms --eval-every=5 --keep-best"
t 'a longer run, without a state' 'ts $run -o whole --log=lw train.lms'
kill_and_go_on() {
	rm -f s.st part
	k=0
	while [ $k -lt 12 ]; do
		k=$((k + 1))
		train-step -q -m model.safetensors $run -s s.st --save-every=1 -o part --log=lp train.lms 2>/dev/null &
		pid=$!
		sleep "0.0$((k * 37 % 10))$((k * 53 % 10))"
		kill -9 $pid 2>/dev/null
		wait $pid 2>/dev/null
	done
	ts $run -s s.st --save-every=3 -B 2 --accum=2 -t 1 -o part --log=lp train.lms
}
t 'killed twelve times, then let go on: the same bytes' 'kill_and_go_on && cmp whole part'
t 'and the same log of losses' 'cut -d, -f1,2,3 lw >x; cut -d, -f1,2,3 lp >y; cmp x y'
t 'done already: the same command writes the model anew' 'cp s.st s.old; rm part; ts $run -s s.st -o part train.lms && cmp whole part'
t 'muon: taken up again, on other threads, the same bytes' 'ts -n 4 --optimizer=muon -t 1 -o m1 train.lms && ts -n 2 --optimizer=muon -s m.st -o m2 train.lms &&
	ts -n 4 --optimizer=muon -s m.st -B 2 --accum=4 -t 2 -o m2 train.lms && cmp m1 m2'
t '--dropout: the same bytes for every split, on other threads and taken up again' 'd="-n 4 --dropout=0.2 -S 5"; ts $d -B 8 -t 1 -o d1 train.lms && ts $d -B 2 --accum=4 -t 2 -o d2 train.lms &&
	cmp d1 d2 && ts $d -n 2 -s d.st -o d2 train.lms && ts $d -s d.st -o d2 train.lms && cmp d1 d2 && ts -n 4 --dropout=0.2 -S 6 -o d3 train.lms && ! cmp -s d1 d3'
t '--recompute: the same bytes' 'ts -n 4 --dropout=0.2 -S 5 --recompute -o d2 train.lms && cmp d1 d2'
mean_of_steps() {
	for n in 1 2 3; do
		ts -n $n --schedule=constant -o e$n train.lms
		weights e$n >f$n
	done
	ts -n 3 --schedule=constant --ema=0.5 -o em train.lms
	weights em | paste f1 f2 f3 - | awk '$1 != $3 { n++; d = ($1 / 4 + $2 / 2 + $3) / 1.75 - $4; if (d < 0) d = -d; if (d > m) m = d } END { exit !(m < 1e-6 && n > 1000) }'
}
t '--ema writes the mean of the weights after each step' mean_of_steps
t '--ema, taken up again: the same bytes' 'ts -n 2 --ema=0.5 -s em.st -o e2 train.lms && ts -n 3 --ema=0.5 -s em.st -o e3 train.lms && cmp em e3'
t '--ema: --eval measures what is written' 'ts -n 3 --ema=0.5 --eval=few.lms --log=le -o e3 train.lms && eval-ppl -m em --json few.lms >j && near "$(tail -1 le >l1; last l1 eval_loss)" "$(last j loss)" 1e-5'
t '--batch-ramp: 2, 4, 6, 8, 8 records, the same bytes for every split and taken up again' 'r="--batch-ramp=4"; ts $r -n 5 -B 8 -o r1 --log=lr train.lms &&
	[ "$(sed "s/.*\"tokens\":\([0-9]*\),.*/\1/" lr | tr "\n" " ")" = "64 192 384 640 896 " ] && ts $r -n 3 -B 1 --accum=8 -s r.st -o r2 train.lms && ts $r -n 5 -B 8 -s r.st -o r2 train.lms && cmp r1 r2'
t '--distill from itself: no divergence, so a part of the loss and of the gradient' 'ts -n 1 --clip=0 -o y1 --log=l1 train.lms && ts -n 1 --clip=0 --distill=model.safetensors --distill-weight=0.25 -o y2 --log=l2 train.lms &&
	near "$(last l2 loss)" "$(awk "BEGIN { print 0.75 * $(last l1 loss) }")" 1e-4 && near "$(last l2 grad_norm)" "$(awk "BEGIN { print 0.75 * $(last l1 grad_norm) }")" 1e-3'
t '--distill: a student of another shape comes nearer to its teacher; the same bytes taken up again' 'init-model --depth=1 -T 64 -w vocab.json -o st && d="--distill=o --distill-weight=1 --distill-temperature=2 -B 4 --lr=3e-3"; ts -B 2 --epochs=20 --lr=1e-2 -o o few.lms &&
	train-step -q -m st $d --epochs=8 -o s1 --log=ls few.lms && first=$(head -1 ls >l1; last l1 loss) && awk "BEGIN { exit !($(last ls loss) < 0.8 * $first) }" &&
	train-step -q -m st $d --epochs=8 -n 3 -s di.st -o s2 few.lms && train-step -q -m st $d --epochs=8 -s di.st -o s2 few.lms && cmp s1 s2 && exits 1 train-step -q -m st --distill=a -B 4 --epochs=8 -s di.st -o s2 few.lms && says "other options"'
t '--distill: another vocabulary is refused' 'train-vocab -q --size=290 "--special=<|endoftext|>" -o v2.json docs.jsonl && init-model --depth=1 -w v2.json -o tv && exits 1 ts -n 1 --distill=tv -o none train.lms && says vocabulary'
t '-n may grow' 'ts -n 2 -s g.st -o g1 train.lms && ts -n 4 -s g.st -o g2 train.lms && ts -n 4 -o g3 train.lms && cmp g2 g3'
t '-m overwritten by -o goes on all the same' 'cp model.safetensors mm && train-step -q -m mm -s h.st -n 2 train.lms && train-step -q -m mm -s h.st -n 4 train.lms && cmp mm g3'
terminated() {
	train-step -q -m model.safetensors -B 1 --epochs=500 -s k.st -o k train.lms 2>kerr & pid=$!
	while kill -0 $pid 2>/dev/null; do kill -TERM $pid 2>/dev/null; sleep 0.3; break; done
	wait $pid; r=$?
	[ ! -e k ] && { [ $r = 143 ] || { [ $r = 1 ] && [ -e k.st ] && grep -q "state is saved" kerr; }; }
}
t 'SIGTERM ends a run after its step' terminated

# ---- refusals
t 'another rate than the state began with' 'exits 1 ts $run --lr=1e-3 -s s.st -o none train.lms && [ ! -e none ] && says "other options.*--lr=0.003.*--lr=0.001"'
t 'other data' 'shard -T 32 --shuffle -o other.lms toks.lms && exits 1 ts $run -s s.st -o none other.lms && says "other data"'
t 'less data' 'exits 1 ts -n 30 -s g.st -o none other.lms && says "other data"'
t 'another model' 'exits 1 train-step -q -m a $run -s s.st -o none train.lms && says "another model"'
t 'a damaged state' 'head -c 5000 s.st >cut.st; exits 1 ts $run -s cut.st -o none train.lms && says cut.st'
t 'something else for a state' 'exits 1 ts -s a -o none train.lms && says "not the state" && exits 2 ts -s model.safetensors -o none train.lms'
t 'data that end before -n: 1, the count, the state' 'exits 1 ts -n 99 -B 8 -s e.st -o none train.lms && says "after 5 of 99 steps" && [ -e e.st ] && [ ! -e none ]'
t 'cut-short data: 1, no model' 'head -c 2000 train.lms >cut.lms; exits 1 ts -o none cut.lms && says "cut short" && [ ! -e none ]'
t 'nothing at all: 1' 'exits 1 ts -o none </dev/null'
t 'tokens of another vocabulary' 'train-vocab -q --size=290 "--special=<|endoftext|>" -o v2.json docs.jsonl && tokenize -w v2.json -o v2.lms docs.jsonl &&
	exits 1 ts -T 16 -o none v2.lms && says vocabulary'
t 'unsharded tokens need -T' 'exits 1 ts -o none toks.lms && says "-T" && ts -T 32 -o some toks.lms'
t 'records longer than the context' 'exits 1 ts -T 65 -o none toks.lms && says context'
t 'no supervised token in a step' '{ cat docs.jsonl | sed 2q | sed "s/.*\"text\":\"\([^\"]*\)\".*/{\"messages\":[{\"role\":\"user\",\"content\":\"\1\"},{\"role\":\"assistant\",\"content\":\"yes\"}]}/"; } >u.jsonl &&
	tokenize -w vocab.json --chat=chatml -o u.lms u.jsonl && exits 1 ts -T 8 -B 1 -o x2 u.lms && says supervised && [ ! -e x2 ]'
t 'usage: no -m, epochs of a pipe, cosine without an end, a word' 'exits 2 train-step train.lms && exits 2 ts --epochs=2 -o none <train.lms &&
	exits 2 ts --schedule=cosine -o none train.lms && exits 2 ts --schedule=sine -o none train.lms && exits 2 ts --keep-best -o none train.lms && exits 2 ts --save-every=2 -o none train.lms'

# ---- masks
t 'chat: the assistant alone is learnt' 'tokenize -w vocab.json --chat=chatml -o chat.lms chat.jsonl &&
	ts -n 1 -B 64 -T 8 --log=lc -o c chat.lms && s=$(last lc supervised) && n=$(last lc tokens) && [ "$s" -gt 0 ] && [ "$s" -lt $((n / 2)) ]'

# ---- pipes and workers
t 'model in and out by pipe' 'convert-model -o - model.safetensors 2>/dev/null >p0 || cp model.safetensors p0
	cat p0 | train-step -q -m - -n 4 -B 8 --lr=3e-3 --warmup=2 -o - train.lms >p1 && weights a >wa && train-step -q -m p1 -n 1 --lr=0 --decay=0 -o p2 train.lms && weights p2 >wp && cmp wa wp'
halves() {
	shard -T 32 -o all.lms toks.lms
	train-step --grads -q -m model.safetensors -B 16 -n 1 all.lms >ga || return 1
	train-step --grads -q -m model.safetensors -B 8 -n 2 all.lms >gb || return 1
	train-step --apply -q -m model.safetensors --lr=1e-3 -s w.st -o w1 gb || return 1
	train-step --apply -q -m model.safetensors --lr=1e-3 -o w2 ga || return 1
	ts -n 1 -B 16 --lr=1e-3 -o w3 all.lms
	for i in 1 2 3; do weights w$i >f$i; done
	cmp f2 f3 || return 1
	paste f1 f3 | awk '$1 != $2 { d = $1 - $2; if (d < 0) d = -d; if (d > m) m = d; n++ } END { print "largest difference", m + 0, "of", n + 0; exit !(m < 1e-6) }' >&2
}
t 'two workers and a pipe: as one process to 1e-6; one worker: the same bytes' halves
t '--apply twice makes one step' 'cp w1 w0; train-step --apply -q -m model.safetensors --lr=1e-3 -s w.st -o w1 gb && cmp w0 w1'
t 'gradients of another model are refused' 'exits 1 train-step --apply -q -m a -o x gb && says "another model"'
t 'tensors that are no gradients are refused' 'exits 1 train-step --apply -q -m model.safetensors -o x p1 && says gradients'

# ---- growth
ts -n 9 -B 4 --lr=1e-2 -o grown_from train.lms
eval-ppl -m grown_from --json train.lms >j0
init-model --from=grown_from --config=wide.json -S 3 -o wide
grown() {       # $1: the grown model says what the small one says, and learns on
	eval-ppl -m "$1" --json train.lms >j1 && near "$(last j0 loss)" "$(last j1 loss)" 1e-4 || return 1
	train-step -q -m "$1" -n 5 --lr=1e-3 -o wider train.lms && eval-ppl -m wider --json train.lms >j2 || return 1
	awk "BEGIN { exit !($(last j2 loss) < $(last j1 loss) - 0.01) }"
}
t 'init-model --from: wider and deeper, says the same, learns on' 'grown wide'
t 'init-model --from: a twin of GPT-2, tied, with biases and a longer context' 'g() { printf "{\"model_type\":\"gpt2\",\"n_embd\":%d,\"n_layer\":%d,\"n_head\":%d,\"vocab_size\":320,\"n_positions\":%d}" "$@"; }
	g 16 1 2 32 >g1.json; g 48 4 6 64 >g2.json; init-model --config=g1.json -w vocab.json -o g0 && train-step -q -m g0 -n 9 -B 4 --lr=1e-2 -o g1 train.lms && eval-ppl -m g1 --json train.lms >j0 &&
	init-model --from=g1 --config=g2.json -o g2 && grown g2'
t 'init-model --from: the parts of copies differ, so that they come apart' 'weights wide >wa; [ "$(sort -u wa | wc -l)" -gt 90000 ]'
t 'init-model --from: what cannot grow is refused' 'exits 1 init-model --from=wide --config=config.json -o none && says "cannot grow" && exits 1 init-model --from=wide --config=g2.json -o none && says "differ in more" &&
	exits 2 init-model --from=wide --preset=micro -w vocab.json -o none && [ ! -e none ]'

# ---- memory
fills() {       # the peak that a plan predicts, and what the run then takes
	preset=$1; shift
	init-model --preset=$preset -w vocab.json -o mem.st 2>/dev/null
	plan=$(init-model --preset=$preset -w vocab.json --plan "$@" | awk '/peak of/ { print $4 * ($5 == "GB" ? 1e9 : 1e6) }')
	rm -rf mem.out lm
	case "$*" in *keep-best*) train-step -q -m mem.st -n 2 -o mem.out --log=lm --eval=few.lms --eval-every=1 "$@" many.lms; tail -1 lm | grep -q eval_loss && sed -i '$d' lm ;;
	*) train-step -q -m mem.st -n 2 -o mem.out --log=lm "$@" many.lms ;;
	esac
	echo "$preset $*: $plan predicted, $(last lm rss) measured" >&2
	near "$(last lm rss)" "$plan" "$(awk "BEGIN { print 0.05 * $plan }")"
}
for i in 1 2 3 4; do cat docs.jsonl; done | tokenize -w vocab.json --eot -o many.lms
if grep -q __asan_init "$(command -v train-step)"; then
	skip 'a plan predicts the peak of memory' 'sanitizers take memory too'
else
	t 'and those of adapters, of means and best weights, of teachers' 'fills small -B 6 -T 256 --lora=8 && fills small -B 6 -T 256 --dtype=f16 --adapter=32 --optimizer=sgd && fills small -B 6 -T 240 --prompt=16 &&
		fills small -B 6 -T 240 --prefix=16 --recompute && fills small -B 2 -T 128 --ema=0.9 --keep-best && fills small -B 2 -T 128 --distill=mem.st'
	t 'a plan predicts the peak of memory to 5 %' 'fills micro -B 8 -T 128 && fills tiny -B 6 -T 256 --optimizer=muon && fills tiny -B 6 -T 256 --recompute && fills small -B 4 -T 256 --dtype=bf16'
fi

t 'what cannot be written is told before the work' '! ts -o none/there --log=lz train.lms && says "none/there: No such" && ! ts -o . train.lms && says directory && ! ts -o o -s none/st train.lms && says "none/st" &&
	! ts -o o -s /dev/full train.lms && says "not a file" && [ ! -s lz ]'

t '--epochs may grow when the data ended' '! ts -n 70 -B 1 -s ep.st -o o train.lms && says "data ended" && ts -n 70 -B 1 --epochs=4 -s ep.st -o o train.lms && ts -n 70 -B 1 --epochs=4 -o e1 train.lms && cmp o e1'

# ---- it learns
t 'a small text is learnt by heart' 'ts -B 2 --epochs=40 --lr=1e-2 --decay=0 --schedule=constant --warmup=5 -o o --log=lo few.lms && near "$(last lo loss)" 0 0.35'
t 'a state is no model, nor is nothing' ': >none; ts -n 1 -s st0 -o x train.lms && exits 1 command train-step -m st0 -o x train.lms && grep -q "st0: the state of a run" .err && exits 1 command train-step -m none -o x train.lms && grep -q "none: empty" .err'
t '--keep-best writes the best, --patience ends the run' 'ts -B 8 --epochs=40 --lr=0.5 --clip=0 --eval=few.lms --eval-every=2 --keep-best --patience=3 -o kb --log=lk train.lms
	n=$(grep -c eval_loss lk); best=$(grep eval_loss lk | sed "s/.*eval_loss\":\([^,]*\).*/\1/" | sort -g | head -1)
	eval-ppl -m kb --json few.lms >j; [ "$n" -lt 60 ] && near "$(last j loss)" "$best" 1e-5'
done_testing

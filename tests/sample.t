#!/bin/sh
# sample: a published model's greedy text, and the same bytes at any batch and number of threads
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
have() { command -v "$1" >/dev/null 2>&1; }
model=${LM_TESTDATA-}/data/models/stories260K
have convert-model || { echo '1..0 # SKIP convert-model is not built'; exit 0; }
[ -r "$model/stories260K.bin" ] || { echo '1..0 # SKIP no stories260K in $LM_TESTDATA'; exit 0; }
convert-model -w "$model/tok512.bin" -o s.safetensors "$model/stories260K.bin" || exit 99
sample() { command sample -q -m s.safetensors "$@"; }

cat >greedy <<'TEXT'
Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw a big, red ball. She wanted to play with it, but it was too high.
Lily's mom said, "Lily, let's go to the park." Lily was sad and didn't know what to do. She said, "I want to play with your ball, but I can't find it."
Lily was sad and didn't know what to do. She said, "I'm sorry, Lily. I didn't know what to do."
Lily didn't want to help her mom, so she
TEXT
echo >empty
t 'greedy text of stories260K is what llama2.c prints' 'sample --greedy -n 200 empty | cmp - greedy'
t 'likewise from standard input, with --temperature=0' 'echo | sample --temperature=0 -n 200 | cmp - greedy'
printf 'Once upon a time\n' >once
sed -n '1s/Once upon a time//p' greedy >rest
t 'it goes on from a prompt' 'sample --greedy -n 200 once | head -n 1 | cmp - rest'
t '--echo prints the prompt too' 'head -n 3 greedy >three && sample --greedy -n 200 --echo once | head -n 3 | cmp - three'
t '--stop ends before the text' '[ "$(sample --greedy --echo --stop=Lily once)" = "Once upon a time, there was a little girl named " ]'
t '--stop across tokens' '[ "$(sample --greedy --echo --stop="e gir" --stop="irl named" once)" = "Once upon a time, there was a littl" ]'
t '-n counts tokens' '[ "$(sample --greedy --echo -n 1 once)" = "Once upon a time," ]'

for q in bf16 q8; do
	t "--quant=$q begins with the same text" "sample --greedy -n 30 --quant=$q empty >q && head -c 60 q | cmp - \"\$(head -c 60 greedy >g60; echo g60)\""
	t "--cache=$q begins with the same text" "sample --greedy -n 30 --cache=$q empty >q && head -c 60 q | cmp - g60"
done
t '--quant=q4 gives a text' '[ "$(sample --greedy -n 30 --quant=q4 empty | wc -c)" -gt 30 ]'
t '--quant of no known type: exit 2' 'exits 2 sample --quant=q5 empty; exits 2 sample --cache=q4 empty'
for q in f32 bf16 q8_0; do
	convert-model -q --quant=$q -o $q.gguf s.safetensors
	t "a GGUF file decodes in $q, as it does in that type" "sample --greedy -n 50 --quant=$q empty >a; command sample -q -m $q.gguf --greedy -n 50 empty | cmp - a"
done
convert-model -q --quant=q4_0 -o q4.gguf s.safetensors
convert-model -q -o back.safetensors q4.gguf
t 'GGUF in q4_0 decodes as it does with its weights in fp32' 'command sample -q -m q4.gguf --greedy -n 12 empty >a; command sample -q -m back.safetensors --greedy -n 12 empty | cmp - a'
convert-model -q -o hf/ s.safetensors
t 'a folder is mapped: the same text' 'command sample -q -m hf --greedy -n 200 empty | cmp - greedy'
t 'a model by pipe: the same text' 'convert-model -q s.safetensors | command sample -q -m - --greedy -n 200 empty | cmp - greedy'

t 'a stream is no prompt' 'tokenize -q -w s.safetensors -o once.lms once && exits 1 sample once.lms >x && grep -q "once.lms: a stream" .err && [ ! -s x ]'
cat >in.jsonl <<'JSON'
{"prompt":"Once upon a time","id":"a","answer":"7"}
{"prompt":"Lily and","id":"b"}
{"id":"c","prompt":"One day, a boy named Tim went to","x":[1,{"y":null}]}
{"prompt":""}
JSON
sample -k 5 -n 60 --roll -o r.lms in.jsonl
t 'rollouts are a whole stream' 'lmcat --check r.lms'
for b in 1 3 64; do
	t "the same rollouts $b at once, on 1 and 3 threads" "sample -k 5 -n 60 -B $b -t 1 --roll in.jsonl | cmp - r.lms && sample -k 5 -n 60 -B $b -t 3 --roll in.jsonl | cmp - r.lms"
done
for q in bf16 q8 q4; do
	sample -k 2 -n 40 -B 8 --quant=$q --cache=q8 --roll -o q.lms in.jsonl
	t "$q: the same rollouts one at a time, on 3 threads" "sample -k 2 -n 40 -B 1 -t 3 --quant=$q --cache=q8 --roll in.jsonl | cmp - q.lms"
done
t 'fewer samples are the first of more' 'sample -k 1 -n 60 --stop="
" once >k1 && sample -k 3 -n 60 --stop="
" once | head -n 1 | cmp - k1'
t 'another seed, another text' 'sample -n 60 in.jsonl >s0 && ! sample -n 60 -S 1 in.jsonl | cmp -s - s0'
t 'top-k 1 is greedy' 'sample --top-k=1 -n 50 once >a && sample --greedy -n 50 once | cmp - a'
t 'a tiny top-p is greedy' 'sample --top-p=0.000001 -n 50 once | cmp - a'
t 'min-p 1 is greedy' 'sample --min-p=1 -n 50 once | cmp - a'
t 'so low that fp32 has no logits for it' 'sample --temperature=1e-40 -n 50 once | cmp - a && exits 2 sample --temperature=nan once'
t 'a low temperature is greedy' 'sample --temperature=0.0001 -n 50 once | cmp - a'
t 'a repeat penalty changes the text' '! sample --greedy --repeat-penalty=1.5 -n 50 once | cmp -s - a'

t '--typical of little mass changes the text' 'sample --typical=0.1 -n 50 once >x; ! cmp -s x a'
t 'a large bias: only that token; -inf: never' 'sample -n 3 --logit-bias=430=1000 once | grep -q "^\(.*\)\1\1$" && id=$(sample --next=1 once | cut -f 2) && ! sample --next=1 once | cut -f 3 | tr -d \" | grep -qF "$(sample --greedy -n 1 --logit-bias=$id=-inf once)"'
t '--logit-bias of no token: exit 2' 'exits 2 sample --logit-bias=512=1 once; exits 2 sample --logit-bias=x once'

for how in '--greedy' '-k 4 -S 5' '-k 3 --temperature=0.8 --top-p=0.9 --repeat-penalty=1.1' '-k 2 --stop=the -B 1' '-n 4000 --truncate=left -k 2'; do
	sample -n 70 $how in.jsonl >plain
	t "--draft changes no token: $how" "sample -n 70 $how --draft=q4.gguf in.jsonl | cmp - plain; sample -n 70 $how --draft=s.safetensors --quant=f32 in.jsonl | cmp - plain"
done
t 'a draft that is the model itself guesses right' 'sample -k 3 -n 40 --draft=s.safetensors --log=l in.jsonl >x && ! grep -v "\"guessed\":\([0-9]*\),\"right\":\1}" l'
t 'one that is coarser sometimes' 'sample -k 3 -n 40 --draft=q4.gguf --log=l in.jsonl >x && grep -v "\"guessed\":\([0-9]*\),\"right\":\1}" l >/dev/null && ! grep "\"right\":0}" l'
t '--price: the cost of what went in and out' 'sample -n 10 --price=1000000,2000000 --log=l once >x && grep -q "\"n_prompt\":5,\"tokens\":10,.*\"first_s\":.*\"token_s\":.*\"cost\":25}" l'
t '--price that is none: exit 2' 'exits 2 sample --price=3 once'

t 'a beam of one is greedy' 'sample --beam=1 -n 30 once >x && sample --greedy -n 30 once | cmp - x'
mean() { sed 's/.*"tokens":\([0-9]*\),.*"logp":\([-0-9.e]*\),.*/\2 \1/' "$1" | awk '{ print $1 / $2 }'; }
sample --greedy -n 20 --log=lg in.jsonl >x
sample --beam=4 -k 3 -n 20 --log=lb in.jsonl >b
t 'the best of a beam come in order' '[ "$(wc -l <lb)" = 12 ] && mean lb | awk "{ if (NR % 3 != 1 && \$1 > last + 1e-6) exit 1; last = \$1 }"'
t 'and are likelier than the greedy text' 'mean lg >g; mean lb | awk "NR % 3 == 1" | paste g - | awk "{ if (\$2 < \$1 - 1e-6) exit 1; s += \$2 - \$1 } END { exit !(s > 0) }"'
t 'the same at 1 and 3 threads' 'sample --beam=4 -k 3 -n 20 -t 1 in.jsonl | cmp - b && sample --beam=4 -k 3 -n 20 -t 3 in.jsonl | cmp - b'
t 'more continuations than beams: exit 2' 'exits 2 sample --beam=2 -k 3 once'

echo 'root ::= "The " ("cat" | "dog") (" and the " [a-z]{3,5})* "."' >animals
sample -k 4 -n 60 --grammar=animals in.jsonl >x
t '--grammar: only what it has' '[ "$(wc -l <x)" = 16 ] && ! grep -vE "^The (cat|dog)( and the [a-z]{3,5})*\\.\$" x'
t '--grammar: the same one at a time, with a draft' 'sample -B 1 -t 1 -k 4 -n 60 --grammar=animals in.jsonl | cmp - x && sample -k 4 -n 60 --grammar=animals --draft=q4.gguf in.jsonl | cmp - x'
if have python3; then
	whole=0
	for i in 1 2 3 4 5 6; do
		sample -S $i -n 300 --top-k=20 --grammar=json --log=l once >x
		grep -q '"ended":true' l && python3 -c 'import json, sys; json.load(open(sys.argv[1]))' x && whole=$((whole + 1))
		grep -q '"ended":true' l || whole=$((whole + 1))
	done
	t '--grammar=json: what ends by itself is JSON' '[ $whole = 6 ]'
fi
t 'a grammar that is none: its byte' 'echo "root = x" >bad.gbnf; exits 1 sample --grammar=bad.gbnf once 2>e; grep -q "bad.gbnf: byte 5" e'

t '--next: a table whose probabilities fall, the likeliest first' 'sample --next=5 once >n && [ "$(wc -l <n)" = 5 ] && [ "$(cut -f 3 n | head -n 1)" = "\",\"" ] && sort -c -r -k 1,1 n'
t '--next of all tokens adds up to 1' 'sample --next=512 once | awk "{ s += \$1 } END { exit !(s > .9999 && s < 1.0001) }"'
t '--log: one object a continuation' 'sample -k 3 --log=l in.jsonl >x && [ "$(wc -l <l)" = 12 ] && grep -q "{\"prompt\":3,\"sample\":2,\"n_prompt\":1,\"tokens\":128,\"ended\":false,\"logp\":-" l'
yes 'the cat' | head -n 400 | tr '\n' ' ' >long; echo >>long
t 'a prompt longer than the context is an error that says so' 'exits 1 sample long 2>e; grep -q "line 1.*context has 512.*--truncate" e'
t 'unless it is cut' 'sample --truncate=left -n 3 long >x && sample --truncate=right -n 3 long >y && [ -s x ] && [ -s y ]'
t 'the context fills up and that is the end' 'sample --truncate=left -n 4000 --log=l long >x && grep -q "\"tokens\":256," l'
t 'no input is an error' 'exits 1 sample </dev/null'
t 'a JSONL file cut short is an error' 'head -c 90 in.jsonl >cut && exits 1 sample cut'
t 'an object without a prompt is an error' 'printf "{\"prompt\":\"a\"}\n{\"text\":\"a\"}\n" >bad; exits 1 sample bad 2>e; grep -q "bad: line 2" e'
t '--chat needs a model that knows a template' 'exits 1 sample --chat once 2>e; grep -q template e'
t 'without -m: exit 2' 'exits 2 command sample once'
t 'rollouts are not written when the input is bad' 'exits 1 sample --roll -o no.lms bad; [ ! -e no.lms ]'
done_testing

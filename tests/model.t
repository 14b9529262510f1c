#!/bin/sh
# Models: made, converted and averaged; equal bytes; what is wrong is named.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
crc() { head -c 20000 "$1" | tr ',' '\n' | grep -ao '"pipelm.crc32c":"[^"]*"'; }	# of the weights
same() { [ -n "$(crc "$1")" ] && [ "$(crc "$1")" = "$(crc "$2")" ]; }
init="init-model --preset=micro --vocab-size=300 -T 64"

# ---- init-model
t 'a model is made' '$init -S 1 -o a.safetensors'
t 'equal runs give equal bytes, at any number of threads' '$init -S 1 -t 1 -o b.safetensors && cmp a.safetensors b.safetensors'
t 'what is for plans alone' 'exits 2 $init --lora=8 -o x.safetensors && exits 2 $init -B 4 -o x.safetensors'
t 'another seed, other weights' '$init -S 2 -o c.safetensors && ! same a.safetensors c.safetensors'
t 'the commands that made it are within' 'head -c 9000 a.safetensors | grep -aq "init-model --context=64 --preset=micro --seed=1 --vocab-size=300"'
# As published (GPT-1 has one norm less than GPT-2's arrangement: 116534784 there).
counts='gpt1 116536320 gpt2 124439808 gpt2-medium 354823168 gpt2-large 774030080 gpt2-xl 1557611200 gpt3 174604259328
llama2-7b 6738415616 llama2-13b 13015864320 llama2-70b 68976648192 llama3-8b 8030261248 llama3-70b 70553706496 llama3.1-405b 405853388800
llama3.2-1b 1235814400 llama3.2-3b 3212749824 mistral-7b 7241732096 qwen2-0.5b 494032768 qwen2-1.5b 1543714304 qwen2-7b 7615616512
qwen2-72b 72706203648 qwen3-0.6b 596049920 qwen3-1.7b 1720574976 qwen3-4b 4022468096 qwen3-8b 8190735360 qwen3-14b 14768307200
qwen3-32b 32762123264 smollm2-135m 134515008 smollm2-360m 361821120 smollm2-1.7b 1711376384 tinyllama-1.1b 1100048384'
published() {
	echo "$counts" | xargs -n 2 | while read -r p n; do
		init-model --preset=$p --plan -B 1 -T 128 >x || exit 1
		grep -q "^parameters  *$n\$" x || { echo "$p: not $n: $(grep '^parameters' x)" >&2; exit 1; }
	done
}
t 'presets have the published numbers of parameters' published
t '70 billion parameters in 16 bits: 138 GB' 'init-model --preset=llama2-70b --plan -B 1 | grep -q "^  in 16 bits  *138 GB"'
t 'a plan writes nothing' 'mkdir p && cd p && init-model --preset=llama2-70b --plan -B 1 >/dev/null && [ -z "$(ls)" ]; r=$?; cd ..; [ $r = 0 ]'
t 'cost and energy of that time' 'init-model --preset=gpt2 --plan --price-per-hour=2 --watts=500 >x && awk "/^time/ { h = \$6 * (\$7 == \"days\" ? 24 : \$7 == \"hours\" ? 1 : \$7 == \"years\" ? 8766 : 0) }
	/^cost/ { c = \$2 + 0 } /^energy/ { e = \$2 + 0 } END { exit !(h > 0 && c / h > 1.99 && c / h < 2.01 && e / h > .497 && e / h < .503) }" x'
t 'the dial' 'init-model --depth=2 --vocab-size=100 --plan | grep -q "2 layers, width 128, 2 heads of 64, feed-forward 384"'
t 'the shape of a model' 'init-model --config=a.safetensors -S 1 -o d.safetensors && same a.safetensors d.safetensors'
t 'no shape' 'exits 2 init-model -o x'
t 'two shapes' 'exits 2 init-model --preset=micro --depth=2 -o x'
t 'no such preset' 'exits 2 init-model --preset=gpt9 -o x'
t 'a shape without a vocabulary' 'exits 2 init-model --preset=micro -o x'
t 'a template without a vocabulary' 'exits 2 $init --chat=chatml -o x'
t 'a context of nothing' 'exits 2 $init -T 0 -o x'
printf '{"model_type":"mamba","vocab_size":9}' >bad.json
t 'a family that is not offered' 'exits 1 init-model --config=bad.json -o x 2>e && grep -q "bad.json.*model_type" e'
t 'nothing was left behind' '[ ! -e x.safetensors ] && ! ls | grep -q "^x\."'

# ---- streams, folders
t 'a stream out' '$init -S 1 >a.lms && lmcat --check a.lms'
t 'HEAD names each command once' 'convert-model - <a.lms | lmcat --head | grep -q "prog.:..init-model[^,]*\",.convert-model..."'
t 'and in' 'convert-model - <a.lms >b.lms && convert-model b.lms -o e.safetensors && same a.safetensors e.safetensors'
t 'a stream that was cut' 'head -c 5000 a.lms >cut.lms; exits 1 convert-model -o x - <cut.lms'
t 'a folder out' 'convert-model a.safetensors -o folder/ && [ -s folder/config.json ] && [ -s folder/model.safetensors ]'
t 'and in, bit for bit' 'convert-model folder -o f.safetensors && same a.safetensors f.safetensors'
t 'a folder again, since it is there' 'convert-model c.safetensors -o folder && same c.safetensors folder/model.safetensors'
t 'GPT-2, its turned matrices, there and back' 'printf "%s" "{\"model_type\":\"gpt2\",\"vocab_size\":70,\"n_embd\":40,\"n_layer\":2,\"n_head\":4,\"n_positions\":16}" >g.json &&
	init-model --config=g.json -o g.safetensors && convert-model g.safetensors -o g/ && convert-model g -o g2.safetensors && same g.safetensors g2.safetensors &&
	head -c 9000 g/model.safetensors | grep -aq "h.1.attn.c_attn.weight.:{.dtype.:.F32.,.shape.:.40,120."'
head -c 60000 a.safetensors >cut.safetensors
t 'a file that was cut' 'exits 1 convert-model cut.safetensors -o x 2>e && grep -q "cut.safetensors: .*tensor" e'
: >empty
t 'an empty file' 'exits 1 convert-model empty -o x'
t 'text' 'exits 1 convert-model bad.json -o x 2>e && grep -q "bad.json: " e'
t 'a weight that was changed' 'cp a.safetensors h.safetensors && printf x | dd of=h.safetensors bs=1 seek=90000 conv=notrunc 2>/dev/null &&
	exits 1 convert-model h.safetensors -o x 2>e && grep -q "h.safetensors: damaged" e'
t 'weights that are no numbers' 'convert-model a.safetensors -o nan/ && sed -i s/pipelm.crc32c/pipelm.nocrc0/ nan/model.safetensors && printf "\377\377\377\377" | dd of=nan/model.safetensors bs=1 seek=$(($(wc -c <nan/model.safetensors) - 4)) conv=notrunc 2>/dev/null &&
	exits 1 convert-model nan -o x 2>e && grep -q "nan: tensor .* no numbers" e'
t 'no folder on standard output' 'exits 2 convert-model --to=hf a.safetensors'
t 'no such format' 'exits 2 convert-model --to=tar a.safetensors -o x'
t 'two models without --average' 'exits 2 convert-model a.safetensors c.safetensors -o x'

# ---- averages, llama2.c
t 'the mean of one model twice' 'convert-model --average a.safetensors a.safetensors -o m.safetensors && same a.safetensors m.safetensors'
t 'the mean of two' 'convert-model --average a.safetensors c.safetensors -o m.safetensors && ! same a.safetensors m.safetensors'
t 'of two shapes' 'exits 1 convert-model --average a.safetensors g.safetensors -o x 2>e && grep -q "g.safetensors: .*shape" e'
t 'llama2.c and back' 'convert-model --to=llama2c a.safetensors -o a.bin && convert-model a.bin -o n.safetensors && same a.safetensors n.safetensors'
t 'no llama2.c of a GPT-2' 'exits 1 convert-model --to=llama2c g.safetensors -o x.bin && [ ! -e x.bin ]'
t 'a llama2.c file that was cut' 'head -c 5000 a.bin >cut.bin; exits 1 convert-model cut.bin -o x'

# ---- llm.c
t 'llm.c and back: GPT-2' 'convert-model --to=llmc g.safetensors -o g.bin && convert-model g.bin -o n.safetensors && same g.safetensors n.safetensors'
t 'its header' '[ "$(head -c 32 g.bin | od -An -tu4 | tr -s " \n" " ")" = " 20240326 3 16 70 2 4 40 128 " ]'
t 'its size, the vocabulary padded' '[ $(wc -c <g.bin) = $((1024 + 4 * (128*40 + 16*40 + 2*(12*40*40 + 13*40) + 2*40))) ]'
t 'no llm.c of a Llama' 'exits 1 convert-model --to=llmc a.safetensors -o x.bin && [ ! -e x.bin ]'
t 'an llm.c file that was cut' 'head -c 5000 g.bin >cut.bin; exits 1 convert-model cut.bin -o x 2>e && grep -q "cut.bin: .*llm.c" e'

# ---- GGUF
t 'a model without a vocabulary as GGUF, there and back' 'convert-model a.safetensors -o a.gguf && convert-model a.gguf -o o.safetensors && same a.safetensors o.safetensors'
t 'a model is told by its first bytes, whatever its name' 'cp a.safetensors a-model && cp a.gguf b-model && lmcat a-model >card && lmcat b-model | grep -v "^precision\|^weights\|^made" >two && grep -v "^precision\|^weights\|^made" card | cmp - two'
t 'GPT-2 too' 'convert-model g.safetensors -o g.gguf && convert-model g.gguf -o o.safetensors && same g.safetensors o.safetensors'
t 'a GGUF file that was cut' 'head -c 9000 a.gguf >cut.gguf; exits 1 convert-model cut.gguf -o x 2>e && grep -q "cut.gguf: .*cut short" e'
t 'no such type' 'exits 2 convert-model --quant=q9 a.safetensors -o x.gguf'
t 'a type where it means nothing' 'exits 2 convert-model --quant=q8_0 a.safetensors -o x'

# ---- with a vocabulary
. "$here/fixtures.sh"
mkdir fix && (cd fix && fixtures) >/dev/null 2>&1
t 'a sliding window is kept' 'sed "s/llama/mistral/; s/{/{\"sliding_window\":7,/" fix/config.json >sw.json && init-model --config=sw.json --vocab-size=320 -o sw.safetensors && convert-model sw.safetensors -o sw.gguf && convert-model sw.gguf -o o.safetensors && head -c 9000 o.safetensors | grep -aq "sliding_window[^,]*:7"'
if [ -s fix/model.safetensors ]; then
	cd fix
	t 'the vocabulary is within' '[ "$(printf "The cat" | tokenize -w vocab.json --ids)" = "$(printf "The cat" | tokenize -w model.safetensors --ids)" ]'
	t 'its checksum is that of the tokens' 'lmcat --head toks.lms | grep -q "$(lmcat model.safetensors | sed -n "s/.*\(crc32c:[0-9a-f]*\), tokenizer.*/\1/p")"'
	t 'the template is within' 'lmcat model.safetensors | grep -q "^chat  *chatml"'
	t 'a folder has tokenizer and template' 'convert-model model.safetensors -o f/ && [ -s f/tokenizer.json ] && grep -q "<|im_start|>" f/tokenizer_config.json'
	t 'and told by them, it is the same again' 'rm -rf h && mkdir h && init-model --config=f/config.json -o b.safetensors &&
		convert-model b.safetensors -o h/ && cp f/tokenizer*.json h && convert-model h -o c.safetensors && lmcat c.safetensors >card &&
		grep -q "^chat  *chatml" card && grep -q "$(lmcat model.safetensors | sed -n "s/.*\(crc32c:[0-9a-f]*\), tokenizer.*/\1/p")" card'
	t 'a template that is not known is said' 'echo "{\"chat_template\":\"{{ x }}\"}" >h/tokenizer_config.json && rm -f h/model.safetensors && convert-model b.safetensors -o h/ && echo "{\"chat_template\":\"{{ x }}\"}" >h/tokenizer_config.json && convert-model h -o c.safetensors 2>e && grep -q "chat template" e'
	t 'GGUF carries the vocabulary' 'convert-model model.safetensors -o m.gguf && convert-model m.gguf -o d.safetensors &&
		[ "$(printf "The cat" | tokenize -w d.safetensors --ids)" = "$(printf "The cat" | tokenize -w vocab.json --ids)" ]'
	t 'a template that the vocabulary lacks tokens for' 'exits 1 convert-model --chat=llama3 model.safetensors -o x'
	cd "$tmp"
else skip 'models with a vocabulary' 'no train-vocab'; fi
done_testing

#!/bin/sh
# A trained model through the programs: llama2.c's checkpoints converted, its text and its numbers reproduced.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
D=${LM_TESTDATA-/nonexistent}/data/models/stories260K
S=${LM_TESTDATA-/nonexistent}/data/tokenizers/cs336-bpe/tests/fixtures/tinystories_sample.txt
[ -e "$D/stories260K.bin" ] || { echo '1..0 # SKIP no stories260K below $LM_TESTDATA'; exit 0; }
crc() { head -c 20000 "$1" | tr ',' '\n' | grep -ao '"pipelm.crc32c":"[^"]*"'; }

t 'the legacy checkpoint' 'convert-model $D/stories260K.bin -w $D/tok512.bin -o stories.safetensors'
t 'version 1 has the same weights' 'convert-model $D/llama2.zig/models/tinystories_260k/checkpoint_v1.bin -o v1.safetensors &&
	[ -n "$(crc v1.safetensors)" ] && [ "$(crc v1.safetensors)" = "$(crc stories.safetensors)" ]'
t 'version 2, int8' 'convert-model $D/llama2.v/model/stories260K-q8.bin -w $D/tok512.bin -o q8.safetensors'
t 'back: the bytes of the checkpoint, up to its tables of angles' 'convert-model --to=llama2c stories.safetensors -o back.bin &&
	[ $(wc -c <back.bin) = $(wc -c <$D/stories260K.bin) ] && cmp -n 1040156 back.bin $D/stories260K.bin'
t 'a vocabulary of another size is refused' 'exits 1 convert-model $D/stories260K.bin -w $D/llama2.c/tokenizer.bin -o x'
t 'as a folder, the vocabulary too' 'convert-model stories.safetensors -o folder/ && convert-model folder -o f.safetensors &&
	[ "$(crc f.safetensors)" = "$(crc stories.safetensors)" ] && [ -s folder/tokenizer.json ]'
t 'GGUF, there and back' 'convert-model stories.safetensors -o s.gguf && convert-model s.gguf -o g.safetensors &&
	[ "$(crc g.safetensors)" = "$(crc stories.safetensors)" ] && lmcat g.safetensors | grep -q "crc32c:588fcff2, tokenizer within"'
t 'GGUF in Q8_0: a third of the size' 'convert-model --quant=q8_0 stories.safetensors -o q8.gguf && [ $(wc -c <q8.gguf) -lt 360000 ] && convert-model q8.gguf -o gq8.safetensors'
t 'the card' 'lmcat stories.safetensors | grep -q "^parameters  *260032 "'

# ---- what llama2.c prints at temperature 0 (its doc/stories260K.md)
sed -n '/-t 0.0/,/^```$/p' "$D/llama2.c/doc/stories260K.md" | sed '1d;$d' >want
if command -v sample >/dev/null; then
	t 'greedy text, byte for byte' 'echo | sample -m stories.safetensors --greedy -n 256 >got && [ -s want ] && cmp want got'
	t 'the same from the folder that it came back from' 'echo | sample -m f.safetensors --greedy -n 256 >got && cmp want got'
	t 'int8: the same for three sentences' 'echo | sample -m q8.safetensors --greedy -n 60 >got && [ "$(head -c 150 got)" = "$(head -c 150 want)" ]'
else skip 'greedy text' 'no sample'; fi

# ---- five stories, each trimmed, encoded after BOS, in a context of its own
awk 'BEGIN { RS = "<\\|endoftext\\|>" }
{ gsub(/^[ \r\n]+|[ \r\n]+$/, ""); if ($0 == "") next
gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); gsub(/\n/, "\\n"); printf "{\"text\":\"%s\"}\n", $0 }' "$S" >five.jsonl
t 'tokens' 'tokenize -w stories.safetensors --bos -o five.lms five.jsonl && [ $(lmcat five.lms | wc -w) = 1809 ]'
if command -v eval-ppl >/dev/null; then
	for q in 'f32 1e-9' 'bf16 2e-4' 'q8_0 1e-3' 'q4_0 0.2'; do
		convert-model -q --quant=${q% *} stories.safetensors -o k.gguf
		t "KL from fp32 of ${q% *} is below ${q#* }" 'eval-ppl --json -m k.gguf --kl=stories.safetensors five.lms |
			sed "s/.*\"kl\"://; s/[,}].*//" | awk -v most=${q#* } "{ print; exit !(\$1 <= most) }"'
	done
	near() {	# near KEY VALUE: within 2e-6 in the JSON of eval-ppl
		sed 's/.*"'"$1"'"://; s/[,}].*//' ppl | awk -v want="$2" '{ d = $1 - want; exit !(d < 2e-6 && d > -2e-6) }'
	}
	t 'perplexity' 'eval-ppl --json -m stories.safetensors five.lms >ppl && grep -q "\"tokens\":1804[,}]" ppl'
	t 'the mean of llama2.c: 1.266441 nats' 'near loss 1.266441'
	t 'Q8_0 of GGUF is near' 'eval-ppl --json -m gq8.safetensors five.lms >ppl && sed "s/.*\"loss\"://; s/,.*//" ppl | awk "{ exit !(\$1 > 1.264 && \$1 < 1.269) }"'
	t 'int8 is worse, a little' 'eval-ppl --json -m q8.safetensors five.lms >ppl && sed "s/.*\"loss\"://; s/,.*//" ppl | awk "{ exit !(\$1 > 1.26 && \$1 < 1.30) }"'
else skip 'perplexity' 'no eval-ppl'; fi
done_testing

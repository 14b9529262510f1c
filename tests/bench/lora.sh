#!/bin/sh
# lora.sh BUILD CHATS [ROWS] - a LoRA fine-tune of a model of SmolLM2-135M's shape: tokens/s, peak memory, the adapter merged
#
# CHATS: instruction data of any published shape; ROWS [2000] of it are learned once, in records of 512 tokens, four a
# step, rank 8 on all linear layers.  The weights are random, and the vocabulary of 49,152 is made of CHATS and of
# words that nobody says.  TYPE=bf16 or f32 [bf16]; full fine-tuning follows for a few steps, for its memory.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
build=$(cd "$1" && pwd) chats=${2:?which chats} rows=${3-2000} type=${TYPE-bf16}
PATH=$build/bin:$PATH
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
lmcat --from-jsonl "$chats" | lmcat --jsonl | head -n "$rows" >"$tmp/chats.jsonl"
tr -d '[]{}"' <"$tmp/chats.jsonl" >"$tmp/text"
awk 'BEGIN { srand(1); for (i = 0; i < 400000; i++) { s = ""; for (k = 4 + int(5 * rand()); k; k--) s = s sprintf("%c", 97 + int(26 * rand())); w[i % 40000] = s; printf "%s %s\n", s, w[int(rand() * (i < 40000 ? i : 40000))] } }' >"$tmp/words"
train-vocab -q --size=49152 --special='<|endoftext|>,<|im_start|>,<|im_end|>' -o "$tmp/vocab.json" "$tmp/text" "$tmp/words"
init-model --preset=smollm2-135m -w "$tmp/vocab.json" --chat=smollm2 -T 512 -o "$tmp/m.safetensors"
lmcat "$tmp/m.safetensors" | head -n 4
tokenize -w "$tmp/m.safetensors" --chat "$tmp/chats.jsonl" | shard -T 512 --pack=best-fit --shuffle -o "$tmp/t.lms"
value() { tail -n 1 "$2" | sed 's/.*"'"$1"'":\([^,}]*\).*/\1/'; }
say() { echo "$1: $(value tokens "$2") tokens in $(value seconds "$2") s, $(awk -v t="$(value tokens "$2")" -v s="$(value seconds "$2")" 'BEGIN { printf "%.0f", t / s }') tokens/s, peak $(value rss "$2" | awk '{ printf "%.2f", $1 / 1e9 }') GB, loss $(sed -n '1s/.*"loss":\([^,]*\).*/\1/p' "$2") to $(value loss "$2")"; }
train-step -q -m "$tmp/m.safetensors" --lora=8,16 -o "$tmp/adapter" -B 4 --dtype="$type" --doc-mask --lr=2e-3 --log="$tmp/lora.log" "$tmp/t.lms"
say "LoRA, $rows rows, $type" "$tmp/lora.log"
train-step -q -m "$tmp/m.safetensors" -n 3 --epochs=9 -o "$tmp/full.safetensors" -B 4 --dtype="$type" --doc-mask --lr=1e-4 --log="$tmp/full.log" "$tmp/t.lms"
say 'all weights, 3 steps' "$tmp/full.log"
convert-model --merge="$tmp/adapter" "$tmp/m.safetensors" -o "$tmp/merged.safetensors"
for m in adapter merged.safetensors; do
	echo "loss of $m: $(eval-ppl -q --json -n 20 -m "$tmp/$m" "$tmp/t.lms" | sed 's/.*"loss":\([^,]*\).*/\1/')"
done

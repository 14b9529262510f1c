#!/bin/sh
# loop.sh BUILD [ROUNDS] - sample | rank-pairs | rlhf-step in a loop: steps a minute, and where the time goes
#
# At 3 and at 30 million parameters, random weights: 16 prompts, 8 answers each of 24 tokens, a verifier, GRPO, one
# update a round.  The pipe as it is used gives the steps a minute; its parts by themselves, with files between, their
# shares of wall and of processor time, and what of a program's time is there before its work (one prompt, one token).

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
here=$(cd "$(dirname "$0")" && pwd) build=$(cd "$1" && pwd) rounds=${2-5}
PATH=$build/bin:$PATH
OMP_WAIT_POLICY=passive
export OMP_WAIT_POLICY
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"
sh "$here/../../pipelines/world.sh" train 2000 1 | sed 's/^{/{"text":"",/' >chat.jsonl
sed 's/,{"role":"assistant".*/]}/' chat.jsonl | head -n 16 >prompts.jsonl
tr -d '[]{}"' <chat.jsonl >text
verify="awk '{ print length(\$0) % 7 }'"
now() { date +%s.%N; }
took() { awk -v a="$1" -v b="$(now)" 'BEGIN { print b - a }'; }
# timed NAME COMMAND: adds its wall and its processor time to the file spent
timed() {
	began=$(now)
	{ time -p sh -c "$2"; } 2>clock
	wall=$(took "$began")
	awk -v p="$1" -v wall="$wall" '$1 != "real" { s += $2 } END { print p, wall, s }' clock >>spent
}
policy='rlhf-step -q --algo=grpo --lr=1e-5 --beta=0.02 -B 128 -m m.safetensors --ref=first.safetensors -s state -o m.safetensors'
for size in tiny small; do
	V=2048
	[ "$size" = tiny ] || V=8192
	awk 'BEGIN { srand(1); for (i = 0; i < 60000; i++) { s = ""; for (k = 4 + int(5 * rand()); k; k--) s = s sprintf("%c", 97 + int(26 * rand())); w[i % 9000] = s; print s, w[int(rand() * (i < 9000 ? i : 9000))] } }' >words
	train-vocab -q --size=$V --special='<|endoftext|>,<|im_start|>,<|im_end|>' -o vocab.json text words
	if [ "$size" = tiny ]; then init-model -q --preset=tiny -w vocab.json --chat=chatml -o first.safetensors
	else
		echo '{"model_type":"llama","hidden_size":512,"intermediate_size":1408,"num_hidden_layers":8,"num_attention_heads":8,"num_key_value_heads":8,"vocab_size":8192,"max_position_embeddings":256,"rms_norm_eps":1e-5,"rope_theta":10000,"hidden_act":"silu","tie_word_embeddings":true}' >c.json
		init-model -q --config=c.json -w vocab.json --chat=chatml -o first.safetensors
	fi
	cp first.safetensors m.safetensors
	lmcat m.safetensors | sed -n 2p
	rm -f state spent
	began=$(now)
	i=0
	while [ "$i" -lt "$rounds" ]; do	# the loop that is measured
		i=$((i + 1))
		sample -q -m m.safetensors --roll -k 8 -n 24 -S "$i" -B 128 prompts.jsonl |
			rank-pairs -q -m m.safetensors --verify="$verify" |
			eval "$policy"
	done
	took "$began" | awk -v n="$rounds" '{ printf "%.1f steps a minute (%.2f s a step)\n", 60 * n / $1, $1 / n }'
	while [ "$i" -lt $((2 * rounds)) ]; do
		i=$((i + 1))
		timed generation "sample -q -m m.safetensors --roll -k 8 -n 24 -S $i -B 128 -o rolls.lms prompts.jsonl"
		timed ranking "rank-pairs -q -m m.safetensors --verify=\"$verify\" -o ranked.lms rolls.lms"
		timed training "$policy ranked.lms"
		timed start "head -n 1 prompts.jsonl | sample -q -m m.safetensors --roll -n 1 -o one.lms"
	done
	awk '{ wall[$1] += $2; cpu[$1] += $3; if ($1 != "start") { w += $2; c += $3 } }
		END { for (p in wall) printf "  %-11s %5.1f %% of wall time, %5.1f %% of processor time, %.3f s a step\n", p, 100 * wall[p] / w, 100 * cpu[p] / c, wall[p] / n }' n="$rounds" spent | sort
done

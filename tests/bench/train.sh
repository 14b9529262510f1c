#!/bin/sh
# train.sh BUILD [ROUNDS [MODEL ...]] - train-step beside the fp32 peak of this machine, in turns; medians
#
# MODELs: gpt2 (124M) at B 4 and T 64, 256, 1024, small (6 layers of 384, V 8192) and tiny (the quickstart's: 6 of 192,
# V 2048) at B 16 T 256; random weights and tokens, in fp32 and bf16.  The limit is what the peak of fp32 (or bf16) products would give
# at 6 FLOPs a matrix parameter and token, and those of attention.  $BENCH_TRAIN, $BENCH_TUNE: see run.sh.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
build=$(cd "$1" && pwd) rounds=${2-5}
PATH=$build/bin:$PATH
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -s -C "$build" tests/bench/bench

awk 'BEGIN { srand(1); for (i = 0; i < 400; i++) { s = ""; for (k = 0; k < 300; k++) s = s sprintf("%c", 97 + int(26 * rand())); printf "{\"text\":\"%s\"}\n", s } }' >"$tmp/docs.jsonl"
peak() { "$build/tests/bench/bench" peak-"$1"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# ranks V: a .tiktoken vocabulary of V tokens: the bytes, and others of three bytes that no text will need
ranks() {
	awk -v V="$1" 'BEGIN { a = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		for (i = 0; i < 256; i++) print substr(a, 1 + int(i / 4), 1) substr("AQgw", 1 + i % 4, 1) "== " i
		for (i = 0; i < V - 256; i++) print "/" substr(a, 1 + int(i / 4096), 1) substr(a, 1 + int(i / 64) % 64, 1) substr(a, 1 + i % 64, 1) " " i + 256 }'
}
model() {	# model V T COMMAND...: m.safetensors by init-model COMMAND, t.lms
	ranks "$1" >"$tmp/v.tiktoken"
	T=$2
	shift 2
	init-model "$@" -T "$T" -o "$tmp/m.safetensors"
	tokenize --pattern=gpt2 -w "$tmp/v.tiktoken" "$tmp/docs.jsonl" | shard -T "$T" -o "$tmp/t.lms"
}
# The rival as it comes, then with what is said to make it fast: an allocator that keeps its pages.
rival() {	# rival MODEL B T TYPE: two numbers
	[ -n "${BENCH_TRAIN-}" ] || { echo - -; return; }
	# shellcheck disable=SC2086 # words
	echo "$($BENCH_TRAIN "$@") $(env ${BENCH_TUNE-$tune} $BENCH_TRAIN "$@")"
}
tune='ATEN_CPU_CAPABILITY=avx512 GLIBC_TUNABLES=glibc.malloc.hugetlb=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=137438953472:glibc.malloc.top_pad=268435456'
run() {	# run NAME KEY BATCH STEPS
	for d in f32 bf16; do
		i=0
		while [ "$i" -lt "$rounds" ]; do
			i=$((i + 1))
			p=$(peak $d)
			r=$(rival "$2" "$3" "$T" "$d")
			train-step -q -m "$tmp/m.safetensors" -o "$tmp/o.safetensors" -n "$4" -B "$3" --dtype=$d --epochs=99 --log="$tmp/log" "$tmp/t.lms"
			sed 1d "$tmp/log" | sed -n 's/.*"tokens_per_s": *\([0-9.]*\),"gflops": *\([0-9.]*\).*"rss": *\([0-9]*\).*/\1 \2 \3/p' |
				awk -v p="$p" -v r="$r" '{ t += 1 / $1; g += 1 / $2; m = $3; n++ } END { printf "%.1f %.1f %.1f %.2f %s\n", n / t, 100 * n / g / p, p * g / t, m / 2^30, r }' >>"$tmp/rows"
		done
		col() { cut -d' ' -f"$1" "$tmp/rows" | median; }
		printf '%-52s %8.1f tokens/s  %5.1f %% of %.0f, in %s GiB' "$1, $d" "$(col 1)" "$(col 2)" "$(col 3)" "$(col 4)"
		[ -z "${BENCH_TRAIN-}" ] || printf "; the rival's %s, tuned %s" "$(col 5)" "$(col 6)"
		echo
		rm "$tmp/rows"
	done
}

gpt2() {
	for T in 64 256 1024; do
		model 50257 "$T" --preset=gpt2 --vocab-size=50257
		run "GPT-2 124M, B 4 T $T" gpt2 4 3
	done
}
small() {
	echo '{"model_type":"llama","hidden_size":384,"intermediate_size":1024,"num_hidden_layers":6,"num_attention_heads":6,"num_key_value_heads":6,"vocab_size":8192,"max_position_embeddings":256,"rms_norm_eps":1e-5,"rope_theta":10000,"hidden_act":"silu","tie_word_embeddings":true}' >"$tmp/small.json"
	model 8192 256 --config="$tmp/small.json"
	run '6 layers of 384, B 16 T 256' small 16 4
}
tiny() {
	model 2048 256 --preset=tiny --vocab-size=2048
	run 'quickstart, B 16 T 256' tiny 16 12
}
shift $(($# > 2 ? 2 : $#))
[ $# -gt 0 ] || set -- gpt2 small tiny
for m; do
	case $m in gpt2 | small | tiny) $m ;; *) echo "train.sh: no model $m" >&2; exit 2 ;; esac
done

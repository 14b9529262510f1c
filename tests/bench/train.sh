#!/bin/sh
# train.sh BUILD [ROUNDS] - train-step beside the fp32 peak of this machine, in turns; medians
#
# Models: the quickstart's (6 layers of 192, V 2048, B 16, T 256) and GPT-2 124M (random weights, B 4, T 256).
# Tokens are random: only the rate is looked at.  GFLOP/s count 6 a matrix parameter and token, and attention.

set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
build=$(cd "$1" && pwd) rounds=${2-5}
PATH=$build/bin:$PATH
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
make -s -C "$build" tests/bench/bench

awk 'BEGIN { srand(1); for (i = 0; i < 400; i++) { s = ""; for (k = 0; k < 300; k++) s = s sprintf("%c", 97 + int(26 * rand())); printf "{\"text\":\"%s\"}\n", s } }' >"$tmp/docs.jsonl"
peak() { "$build/tests/bench/bench" none | sed -n '1s/.*: \([0-9]*\) GFLOP.*/\1/p'; }
median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
# ranks V: a .tiktoken vocabulary of V tokens: the bytes, and others of three bytes that no text will need
ranks() {
	awk -v V="$1" 'BEGIN { a = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
		for (i = 0; i < 256; i++) print substr(a, 1 + int(i / 4), 1) substr("AQgw", 1 + i % 4, 1) "== " i
		for (i = 0; i < V - 256; i++) print "/" substr(a, 1 + int(i / 4096), 1) substr(a, 1 + int(i / 64) % 64, 1) substr(a, 1 + i % 64, 1) " " i + 256 }'
}
run() {	# run NAME PRESET V BATCH STEPS
	ranks "$3" >"$tmp/v.tiktoken"
	init-model --preset="$2" --vocab-size="$3" -T 256 -o "$tmp/m.safetensors"
	tokenize --pattern=gpt2 -w "$tmp/v.tiktoken" "$tmp/docs.jsonl" | shard -T 256 -o "$tmp/t.lms"
	i=0
	while [ "$i" -lt "$rounds" ]; do
		i=$((i + 1))
		p=$(peak)
		train-step -q -m "$tmp/m.safetensors" -o "$tmp/o.safetensors" -n "$5" -B "$4" --epochs=99 --log="$tmp/log" "$tmp/t.lms"
		sed 1d "$tmp/log" | sed -n 's/.*"tokens_per_s": *\([0-9.]*\),"gflops": *\([0-9.]*\).*/\1 \2/p' |
			awk -v p="$p" '{ t += 1 / $1; g += 1 / $2; n++ } END { printf "%.0f %.1f %.1f %.3f\n", n / t, n / g, p, n / g / p }' >>"$tmp/rows"
	done
	printf '%-24s %8s tokens/s %8s GFLOP/s, peak %s, %s of it\n' "$1" "$(cut -d' ' -f1 "$tmp/rows" | median)" \
		"$(cut -d' ' -f2 "$tmp/rows" | median)" "$(cut -d' ' -f3 "$tmp/rows" | median)" "$(cut -d' ' -f4 "$tmp/rows" | median)"
	rm "$tmp/rows"
}
run 'quickstart, B 16 T 256' tiny 2048 16 12
run 'GPT-2 124M, B 4 T 256' gpt2 50257 4 4

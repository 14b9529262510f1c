#!/bin/sh
# serve.sh MODEL [TOKENS [ROUNDS]] - tokens per CPU second, one thread: sample, and serve-model with as many clients (streamed)
# Rounds take turns, and the medians are printed; what it takes to load the model does not count.
# SPDX-License-Identifier: MIT
set -eu
model=$1 n=${2-200} rounds=${3-5}
dir=$(mktemp -d)
trap 'kill "$server"; rm -rf "$dir"' EXIT
OMP_WAIT_POLICY=passive; export OMP_WAIT_POLICY
serve-model -t 1 -m "$model" --port=0 2>"$dir/log" & server=$!
until url=$(sed -n 's/.* at //p' "$dir/log") && [ -n "$url" ]; do sleep 0.1; done
served() { awk '{ print $14 + $15 }' "/proc/$server/stat"; }
sampled() {	# sampled TOKENS: hundredths of a second
	(sample -q -t 1 -m "$model" -n "$1" -B "$clients" --logit-bias="$end=-inf" "$dir/p" >"$dir/out"; times) |
		awk 'NR == 2 { gsub(/[ms]/, " "); printf "%d\n", 6000 * ($1 + $3) + 100 * ($2 + $4) }'
}
median() { sort -n "$1" | sed -n "$((rounds / 2 + 1))p"; }
end=$(curl -sS "${url}tokenizer_info" | sed 's/.*"eos_token":\("[^"]*"\).*/{"prompt":\1,"add_special_tokens":false}/' |
	curl -sS "${url}tokenize" -d @- | sed 's/.*\[\([0-9]*\).*/\1/')
for clients in 1 16; do
	i=0
	while [ $((i += 1)) -le $clients ]; do echo "Once upon a time number $i"; done >"$dir/p"
	: >"$dir/sample"; : >"$dir/serve"
	r=0
	while [ $((r += 1)) -le "$rounds" ]; do
		load=$(sampled 1)
		echo $(($(sampled "$n") - load)) >>"$dir/sample"
		was=$(served) pids=
		while read -r line; do
			curl -sSN "${url}v1/completions" -o /dev/null -d "{\"prompt\":\"$line\",\"max_tokens\":$n,\"logit_bias\":{\"$end\":-1000},\"stream\":true,\"seed\":$r}" &
			pids="$pids $!"
		done <"$dir/p"
		# shellcheck disable=SC2086  # a list
		wait $pids
		echo $(($(served) - was)) >>"$dir/serve"
	done
	awk -v c=$clients -v n=$((n * clients)) -v a="$(median "$dir/sample")" -v b="$(median "$dir/serve")" \
		'BEGIN { printf "%2d at once: sample %.0f, serve-model %.0f tokens per CPU second\n", c, 100 * n / a, 100 * n / b }'
done

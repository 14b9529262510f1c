#!/bin/sh
# scaling.sh [FILE ...] - scaling laws from a family of small models, and how well they foretell a larger one
#
# Trains four sizes of model, each for three lengths, in a folder ./scaling; fits Kaplan's and Chinchilla's laws to the
# losses on text that none has seen; then trains a model twice as large as the largest, on half as many tokens more
# (three times the compute of any of them), and says by how much the laws missed it.
# The text: the files you name, or what quickstart.sh reads.  15 minutes on two cores; a run whose log is there is not
# made again.  DIR=folder puts it elsewhere; SCALE=X takes X times as many tokens; TINY=1 only sees that all is in place.
# report.json, report.txt and laws.svg are left behind.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/common.sh"

# width and layers of the family, steps of 2048 tokens; the held-out run after them
family='32:2 48:3 64:4 96:4' lengths='500 1000 2000' larger=128:5 longer=3000 vocab=1024 T=128 batch=16
[ -z "${TINY-}" ] || family='16:1 24:1 32:2' lengths='4 8 16' larger=48:2 longer=24 vocab=300 T=32 batch=4
scaled() { awk -v n="$1" -v s="${SCALE-1}" 'BEGIN { n = int(n * s + .5); print n < 2 ? 2 : n }'; }

# ---- 1. text
enter "${DIR-scaling}" "$@"
stage text
crawl
clean --stats=clean.json
[ -e vocab.json ] || train-vocab --size=$vocab -o vocab.json corpus.lms
[ -e train.lms ] || tokenize -w vocab.json --eot corpus.lms | shard -T $T --shuffle -S 1 --split=valid=.06 -o train.lms
tokens=$(($(records train.lms) * T))

# ---- 2. the family: every run comes down to a learning rate of zero at its own end; smaller models bear higher ones
run() {	# run WIDTH:LAYERS STEPS: its log is WIDTH-STEPS.log
	width=${1%:*} layers=${1#*:} name=${1%:*}-$2
	[ -e "$name.log" ] && return
	cat >config.json <<-CONFIG
		{"model_type":"llama","hidden_size":$width,"intermediate_size":$((width * 8 / 3 / 8 * 8)),"num_hidden_layers":$layers,
		"num_attention_heads":$((width / 16)),"num_key_value_heads":$((width / 16)),"head_dim":16,"vocab_size":$vocab,
		"max_position_embeddings":$T,"rms_norm_eps":1e-5,"rope_theta":10000,"hidden_act":"silu","tie_word_embeddings":true}
	CONFIG
	init-model --config=config.json -w vocab.json -S 1 -o init.safetensors
	epochs=$(($2 * batch * T / tokens + 1))
	[ $epochs = 1 ] || echo "$name: the text is read $epochs times" >&2
	train-step -m init.safetensors -o model.safetensors --epochs=$epochs -n "$2" -B $batch \
		--lr="$(awk -v c="$width" 'BEGIN { printf "%.4g", .2 / c }')" --lr-end=0 --schedule=cosine --total="$2" --warmup=$(($2 / 20 + 1)) \
		--decay=.1 --beta2=.95 --eval=valid.lms --log=run.part train.lms
	mv run.part "$name.log"
}
stage family
logs=
for steps in $lengths; do
	for shape in $family; do
		run "$shape" "$(scaled "$steps")"
		logs="$logs ${shape%:*}-$(scaled "$steps").log"
	done
done

# ---- 3. the laws, before the larger model is looked at
stage larger
longer=$(scaled $longer)
run $larger "$longer"
held=${larger%:*}-$longer.log
size=$(grep params "$held" | tail -n 1 >last; jget params last) seen=$(jget tokens last)
got=$(grep eval_loss "$held" | tail -n 1 >last; jget eval_loss last)
stage laws
# shellcheck disable=SC2086 # a list
fit-scaling --predict="$size,$seen" --plot=laws.svg -o laws.txt $logs
# shellcheck disable=SC2086
fit-scaling --json --predict="$size,$seen" -o laws.json $logs

# ---- 4. by how much they missed
stage ''
# shellcheck disable=SC2086
plot-log --log-x -x tokens -y loss --smooth=10 --title='The family, and the larger model' -o losses.svg $logs "$held"
prediction=$(sed 's/.*"predictions":\[{//; s/,"kaplan_loss_se.*//' laws.json)	# the first: up to Kaplan's
number() { echo "$prediction" | sed -n "s/.*\"$1\":\([^,}]*\).*/\1/p"; }
law=$(number loss) low=$(number low) high=$(number high) kaplan=$(number kaplan_loss)
off() { awk -v a="$1" -v b="$got" 'BEGIN { if (a == "null") print a; else printf "%.3f", 100 * (a - b) / b }'; }
{
	printf '{"params":%s,"tokens":%s,"loss":%s,"predicted":%s,"low":%s,"high":%s,"off_percent":%s,' "$size" "$seen" "$got" "$law" "$low" "$high" "$(off "$law")"
	printf '"kaplan":%s,"kaplan_off_percent":%s,"laws":%s}\n' "$kaplan" "$(off "$kaplan")" "$(cat laws.json)"
} >report.part
mv report.part report.json
{
	cat laws.txt
	printf '\nThe larger model: %s parameters, %s tokens\n' "$size" "$seen"
	printf '  its loss on text that none has seen  %.4f\n' "$got"
	printf '  Chinchilla'\''s law said               %.4f (95 %%: %.4f to %.4f): off by %s %%\n' "$law" "$low" "$high" "$(off "$law")"
	printf '  Kaplan'\''s law said                   %.4f: off by %s %%\n' "$kaplan" "$(off "$kaplan")"
} | tee report.part
mv report.part report.txt

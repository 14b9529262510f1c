#!/bin/sh
# human.sh MODEL FOLDER - what a small model takes from the preferences of people, in a folder ./human
#
# MODEL: a base model with its vocabulary, and a chat template.  FOLDER holds instruct/oasst-sample, pref/hh-rlhf
# and pref/llmbar as published.  The chain: instruction tuning on the trees of OpenAssistant, a reward model on four
# fifths of the pairs of HH-RLHF, DPO on the same; then the accuracy of each on the other fifth and on LLMBar, beside
# what needs no learning: the longer response, and the likelier one by token.
# Preferences of people give small models little: .55 to .60 is usual, and LLMBar's adversarial part is made so that
# what looks better is worse.
# PAIRS=N: learn from so many; RATE=1e-3: of instruction tuning, a third of it for the reward model, a thirtieth for
# DPO.  DIR=folder; a step whose file is there is not run again; the table is also report.json.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/common.sh"
from_here() { case $1 in /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
base=$(from_here "$1") data=$(from_here "${2:?which folder of data}")
enter "${DIR-human}"
context=$(lmcat "$base" | sed -n 's/^context  *\([0-9]*\).*/\1/p')
rate=${RATE-1e-3}

stage sft
trees=$data/instruct/oasst-sample/model/model_eval/manual/data/en_100_tree.jsonl
[ -e chat.lms ] || tokenize -w "$base" --chat "$trees" | shard -T "$context" --pack=best-fit --shuffle -o chat.lms
[ -e sft.safetensors ] || train-step -m "$base" -s sft.state -o sft.safetensors --doc-mask --epochs=3 -n "$(($(records chat.lms) * 3 / 8))" \
	-B 8 --lr="$rate" --schedule=linear --warmup=5 --save-every=50 --log=sft.log chat.lms

stage pairs
if [ ! -e held.jsonl ]; then	# every fifth is held out
	gzip -dc "$data/pref/hh-rlhf/harmless-base/test.jsonl.gz" |
		awk -v most="${PAIRS-1000000}" '{ if (NR % 5 == 0) print >"held.part"; else if (n++ < most) print >"train.jsonl" }'
	mv held.part held.jsonl
fi
pairs() { [ -e "$1.lms" ] || rank-pairs -m sft.safetensors --truncate=left -o "$1.lms" "$2"; }
pairs train train.jsonl
pairs held held.jsonl
pairs natural "$data/pref/llmbar/Dataset/LLMBar/Natural/dataset.json"
for part in Neighbor GPTInst GPTOut Manual; do pairs "$part" "$data/pref/llmbar/Dataset/LLMBar/Adversarial/$part/dataset.json"; done
[ -e adversarial.lms ] || cat Neighbor.lms GPTInst.lms GPTOut.lms Manual.lms >adversarial.lms

stage reward
[ -e reward.safetensors ] || rank-pairs --train -m sft.safetensors -o reward.safetensors -B 16 --epochs=1 \
	--lr="$(awk -v r="$rate" 'BEGIN { print r / 3 }')" --lr-end=0 --schedule=linear --log=reward.log train.lms
stage dpo
[ -e dpo.safetensors ] || rlhf-step --algo=dpo -m sft.safetensors -s dpo.state -o dpo.safetensors -B 16 \
	--lr="$(awk -v r="$rate" 'BEGIN { print r / 30 }')" --decay=0 --log=dpo.log train.lms

stage measure
# accuracy FILE HOW: the share of FILE's pairs that are in order, and how many there are; ties count half
accuracy() {
	case $2 in
	reward) rank-pairs --eval --json --reward=reward.safetensors "$1.lms" >eval.json && echo "$(jget accuracy eval.json) $(jget n eval.json)" ;;
	longer) lmcat --json "$1.lms" | awk '
		{ sub(/.*"response_tokens":\[/, ""); sub(/\].*/, ""); n = gsub(/,/, "") }
		NR % 2 { chosen = n; next }
		{ sum += (chosen > n) + (chosen == n) / 2; all++ }
		END { print sum / all, all }' ;;
	likelier) still "$1.lms" --algo=simpo -m sft.safetensors ;;
	dpo) still "$1.lms" --algo=dpo -m dpo.safetensors --ref=sft.safetensors ;;
	esac
}
still() {	# still FILE OPTION ...: of a policy that stays as it is: all pairs in one step at a rate of 0
	file=$1
	shift
	rm -f still.log
	rlhf-step -q --lr=0 -B 10000 "$@" -o still.model --log=still.log "$file"
	echo "$(jget accuracy still.log) $(($(jget records still.log) / 2))"
}
for file in held natural adversarial; do
	for how in reward dpo longer likelier; do
		[ -e $file.$how ] || { found=$(accuracy $file $how) && echo "$file $how $found" >part && mv part $file.$how; }
		cat $file.$how
	done
done >accuracy.txt
stage ''
awk 'BEGIN { printf "[" } { printf "%s{\"pairs\":\"%s\",\"by\":\"%s\",\"accuracy\":%.4f,\"se\":%.4f,\"n\":%d}", (NR > 1 ? "," : ""), $1, $2, $3, sqrt($3 * (1 - $3) / $4), $4 } END { print "]" }' accuracy.txt >report.json
awk '
	BEGIN { name["held"] = "HH-RLHF, held out"; name["natural"] = "LLMBar, natural"; name["adversarial"] = "LLMBar, adversarial"
		print "Pairs in order, in per cent with a standard error; likelier: by token, under the tuned model.\n"
		printf "%-20s %6s  %12s %12s %12s %12s\n", "", "pairs", "reward model", "DPO", "longer", "likelier" }
	$1 != last { if (last) print ""; printf "%-20s %6d ", name[$1], $4; last = $1 }
	{ printf " %12s", sprintf("%.1f +- %.1f", 100 * $3, 100 * sqrt($3 * (1 - $3) / $4)) }
	END { print "" }' accuracy.txt | tee report.txt

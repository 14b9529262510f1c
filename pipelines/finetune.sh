#!/bin/sh
# finetune.sh MODEL FILE ... - a model taught what is yours, by five methods side by side, in a folder ./finetune
#
# MODEL: a file with its vocabulary within, or a Hugging Face folder.  FILE: JSON lines of conversations or
# instructions, of which the answers are learned, or documents of any kind (JSON lines with "text", text, pages).
# A tenth is held back by a hash of its tokens and measured before and after; what is forgotten is the rise of the
# loss on GENERAL=FILE, any text, or unless given on what MODEL writes by itself.  Where HELD=FILE holds conversations
# with an "answer" each, it is what is measured, and exact answers are counted, too.
# METHODS, a list of full lora adapter prompt prefix; EPOCHS=3; BATCH=8; RANK=8; VIRTUAL=16; lr_full, lr_lora ... the
# rates; DIR=folder.  A step whose file is there is not run again.  The table at the end is also report.json.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/common.sh"

from_here() { case $1 in '' | /*) echo "$1" ;; *) echo "$PWD/$1" ;; esac; }
model=$(from_here "$1") general=$(from_here "${GENERAL-}") held=$(from_here "${HELD-}")
shift
[ $# -gt 0 ] || { echo "finetune.sh: which files are to be learned?" >&2; exit 2; }
enter "${DIR-finetune}" "$@"
mv inputs.new inputs
methods=${METHODS-full lora adapter prompt prefix} epochs=${EPOCHS-3} batch=${BATCH-8} rank=${RANK-8} virtual=${VIRTUAL-16}

# ---- 1. what the model is
stage data
lmcat "$model" >card
card() { sed -n "s/^$1  *//p" card; }
weights=$(card parameters) weights=${weights%% *} width=$(card family | sed 's/.*width \([0-9]*\).*/\1/')
context=$(card context) context=${context%% *}
T=$((context - virtual))	# virtual tokens stand before every record, and all methods get the same ones
[ "$T" -le 512 ] || T=512
# Rates: what moves all weights moves each a little; a few new ones may move far.  Wider models want smaller steps.
rate() { awk -v x="$1" -v C="$width" 'BEGIN { printf "%.2g", x * 192 / C }'; }
: "${lr_full=$(rate 1e-3)}" "${lr_lora=$(rate 5e-3)}" "${lr_adapter=$(rate 5e-3)}" "${lr_prompt=0.3}" "${lr_prefix=0.1}"

# ---- 2. what it is to learn
read_tokens() {	# read_tokens FILE ...: as tokens; of conversations the answers alone are targets
	case $(lmcat --from-jsonl "$1" 2>/dev/null | lmcat --jsonl 2>/dev/null | head -n 1) in
	'{"text":""'*) tokenize -w "$model" --chat "$@" ;;
	'{'*) tokenize -w "$model" --eot "$@" ;;
	*) crawl-clean --rules=none --split=para "$@" | tokenize -w "$model" --eot ;;
	esac
}
pack() { shard -T "$T" --pack=best-fit "$@"; }
if [ ! -e train.lms ]; then
	set --
	while IFS= read -r f; do set -- "$@" "$f"; done <inputs
	if [ -n "$held" ]; then
		read_tokens "$held" | pack -o held.lms
		read_tokens "$@" | pack --shuffle -S 1 -o train.lms
	else
		read_tokens "$@" | pack --shuffle -S 1 --split=held=.1 -o train.lms
	fi
fi
if [ ! -e general.lms ] && [ -n "$general" ]; then
	tokenize -w "$model" --eot -o general.lms "$general"
elif [ ! -e general.lms ]; then
	yes '' | head -n 64 | sample -q -m "$model" -n "$T" -S 1 >own.txt
	tokenize -w "$model" --eot -o general.lms own.txt
fi
asked=
[ -z "$held" ] || ! grep -q '"answer"' "$held" || asked=$held

# measure NAME MODEL: the loss on what was held back and on general text, and where answers are known exact ones
measure() {
	[ -e "$1.held" ] || { eval-ppl -q --json --doc-mask -m "$2" held.lms >part && mv part "$1.held"; }
	[ -e "$1.general" ] || { eval-ppl -q --json -m "$2" general.lms >part && mv part "$1.general"; }
	if [ -n "$asked" ] && [ ! -e "$1.exact" ] && sample -q --roll --greedy -n 64 -m "$2" questions.jsonl >"$1.roll" 2>/dev/null; then
		rank-pairs -q --match -m "$model" "$1.roll" | lmcat --json | awk '
			match($0, /"score":[01]/) { n++; ok += substr($0, RSTART + 8, 1) }
			END { printf "{\"exact\":%.4f,\"n\":%d}\n", ok / n, n }' >part && mv part "$1.exact"
	fi
}
[ -z "$asked" ] || sed 's/,[ ]*{"role":[ ]*"assistant".*\]/]/' "$asked" >questions.jsonl	# up to the first answer
measure before "$model"

# ---- 3. the methods
train() {	# train NAME OPTION ...
	name=$1
	shift
	eval "lr=\$lr_$name"
	# shellcheck disable=SC2154 # lr: by eval
	[ -e "$name.done" ] || { train-step -m "$model" -o "$name.out" -s "$name.state" --epochs="$epochs" -n "$steps" --total="$steps" -B "$batch" --doc-mask \
		--lr="$lr" --lr-end=0 --schedule=linear --warmup="$((steps / 20))" --decay=0 --save-every=50 --log="$name.log" "$@" train.lms &&
		rm "$name.state" && : >"$name.done"; }
}
numbers() {	# numbers FILE: how many there are in a safetensors file of fp32: its bytes less the header's
	header=$(od -An -tu8 -N8 "$1")
	echo $((($(wc -c <"$1") - header - 8) / 4))
}
steps=$((($(records train.lms) * epochs + batch - 1) / batch))
for method in $methods; do
	stage "$method"
	case $method in
	full) train full ;;
	lora) train lora --lora="$rank,$((2 * rank))" ;;
	adapter) train adapter --adapter="$((3 * rank))" ;;
	prompt | prefix) train "$method" "--$method=$virtual" ;;
	*) echo "finetune.sh: no method $method" >&2; exit 2 ;;
	esac
	measure "$method" "$name.out"
	if [ -d "$name.out" ]; then numbers "$name.out/adapter_model.safetensors"; else echo "$weights"; fi >"$name.numbers"
done
stage ''

# ---- 4. the table
row() {	# row NAME: what was measured of it, as one JSON object
	printf '{"method":"%s","held_loss":%s,"general_loss":%s,"exact":%s,"weights":%s,"lr":%s,"peak_bytes":%s,"seconds":%s}\n' "$1" \
		"$(jget loss "$1.held")" "$(jget loss "$1.general")" "$(if [ -e "$1.exact" ]; then jget exact "$1.exact"; else echo null; fi)" \
		"$2" "$(printf %g "$3")" "$4" "$5"
}
{
	row before 0 0 0 0
	for method in $methods; do
		eval "lr=\$lr_$method"
		row "$method" "$(cat "$method.numbers")" "$lr" "$(jget rss "$method.log")" "$(jget seconds "$method.log")"
	done
} >rows.jsonl
{ printf '{"parameters":%s,"tokens_held":%s,"steps":%s,"rows":[' "$weights" "$(jget tokens before.held)" "$steps"; paste -s -d , rows.jsonl | tr -d '\n'; echo ']}'; } >report.json
awk -v weights="$weights" -v tokens="$(jget tokens before.held)" '
	function number(key) { return match($0, "\"" key "\":[^,}]+") ? substr($0, RSTART + length(key) + 3, RLENGTH - length(key) - 3) : "" }
	function exact() { return number("exact") == "null" ? "" : number("exact") }
	NR == 1 {
		held = number("held_loss"); general = number("general_loss")
		print "Loss in nats a token, on " tokens " held-out tokens; share: of the weights, what is trained; gain: of full fine-tuning.\n"
		printf "%-8s %7s %7s %8s %8s %6s %9s %8s %6s %7s %7s\n", "", "rate", "share", "loss", "gained", "gain", "general", "forgot", "exact", "MB", "s"
		printf "%-8s %7s %7s %8.4f %8s %6s %9.4f %8s %6s\n", "before", "", "", held, "", "", general, "", exact()
		next
	}
	{
		gained = held - number("held_loss"); if (number("method") == "\"full\"") full = gained
		m = number("method"); gsub(/"/, "", m)
		printf "%-8s %7s %6.2f%% %8.4f %8.4f %6s %9.4f %8.4f %6s %7.0f %7.0f\n", m, number("lr"), 100 * number("weights") / weights, number("held_loss"), gained,
			(full > 0) ? sprintf("%.0f%%", 100 * gained / full) : "", number("general_loss"), number("general_loss") - general,
			exact(), number("peak_bytes") / 1e6, number("seconds")
	}' rows.jsonl | tee report.txt

#!/bin/sh
# reportcard.sh - every stage from dirty pages to an aligned model, and how far each ends from what is possible
#
# On a world whose truth is known (world.sh), in a folder ./reportcard: pages cleaned, stories learned to within so
# much of their entropy, instructions, a reward model beside its ceiling, every way of alignment with its gold reward
# and what it spent in KL, red-team questions; and controls, which must show nothing.  All on questions that no step
# has seen; several seeds, each a world, a model and samples of its own; means with 95 % intervals.
# report.html is one page, report.json the numbers; made again, both have the same bytes.  A step whose file is
# there is not run again: after a kill, the same command goes on.
# SEEDS="1 2 3" names the seeds; SCALE=X takes X times as many steps and samples; DIR=folder puts it elsewhere;
# TINY=1 only sees that all is in place.  The seeds are made at once, each on one thread; three take about half an hour on
# two quiet cores.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/common.sh"
# shellcheck source-path=SCRIPTDIR
. "$here/cardpage.sh"

seeds=${SEEDS-1 2 3} scale=${SCALE-1}
shape='"hidden_size":128,"intermediate_size":352,"num_hidden_layers":6,"num_attention_heads":4,"num_key_value_heads":4,"head_dim":32'
vocab=512
if [ -n "${TINY-}" ]; then
	scale=.01 vocab=300
	shape='"hidden_size":32,"intermediate_size":64,"num_hidden_layers":1,"num_attention_heads":2,"num_key_value_heads":2,"head_dim":16'
fi
scaled() { awk -v n="$1" -v s="$scale" -v least="${2-2}" 'BEGIN { n = int(n * s + .5); print n < least ? least : n }'; }
noise=.4	# of the labels of preferences: the temperature of their model of Bradley and Terry

PLAIN=1
export PLAIN
world() { sh "$here/world.sh" "$@"; }
prompts() { world "$@" | sed 's/,{"role":"assistant".*/]}/'; }
verify() { echo "sh '$here/verify.sh' $*"; }
scores() { lmcat --json "$1" | sed 's/.*"score":\([^,]*\).*/\1/'; }
say() { echo "reportcard.sh: seed $seed: $*" >&2; }
# made FILE COMMAND ...: FILE becomes what the command prints, unless it is there
made() {
	made_file=$1
	shift
	[ -e "$made_file" ] || { "$@" >"$made_file.part" && mv "$made_file.part" "$made_file"; }
}

# ---- one seed

pages() {	# dirty pages with copies among them, cleaned; what came of it, beside the truth
	n=$(scaled 1000 100)
	made pages.warc world train "$n" "$seed" page
	made labels.jsonl world train "$n" "$seed" label
	[ -e docs.lms ] || crawl-clean --lang=en --rules=gopher -o docs.lms pages.warc
	[ -e unique.lms ] || dedup -o unique.lms docs.lms
	made docs.jsonl lmcat --jsonl docs.lms
	made unique.jsonl lmcat --jsonl unique.lms
	made pages.measures card_pages labels.jsonl docs.jsonl unique.jsonl
}

base() {
	# shellcheck disable=SC2046
	made train.jsonl world train $(scaled 24000 400) "$seed" story story story fact
	made test.jsonl world test "$(scaled 1000 20)" "$seed" story
	if [ ! -e vocab.json ]; then	# rare words are left out, so that no token is a part of theirs: their letters stay in sight
		world train "$(scaled 4000 400)" "$seed" spell reverse count copy ask sum know tell red twin |
			sed 's/.*"user","content":"\([^"]*\)".*"content":"\([^"]*\)".*/user\n\1\nassistant\n\2/' >words.part
		awk -v least="$(scaled 40)" 'NR == FNR { for (i = 1; i <= NF; i++) n[$i]++; next }
			{ s = ""; for (i = 1; i <= NF; i++) if (n[$i] >= least) s = s (s == "" ? "" : " ") $i; print s }' words.part words.part >words.txt
		rm words.part
		train-vocab --size=$vocab --pattern=qwen2 --special='<|endoftext|>,<|im_start|>,<|im_end|>' -o vocab.json train.jsonl words.txt
	fi
	[ -e train.lms ] || tokenize -w vocab.json --eot train.jsonl | shard -T 128 --shuffle -S "$seed" -o train.lms
	[ -e test.lms ] || tokenize -w vocab.json --eot -o test.lms test.jsonl
	echo "{\"model_type\":\"llama\",$shape,\"vocab_size\":$vocab,\"max_position_embeddings\":160,\"rms_norm_eps\":1e-5,\"rope_theta\":10000,\"hidden_act\":\"silu\",\"tie_word_embeddings\":true}" >config.json
	[ -e init.safetensors ] || init-model --config=config.json -w vocab.json --chat=chatml -S "$seed" -o init.safetensors
	steps=$(scaled 700)
	[ -e base.safetensors ] || train-step -m init.safetensors -s base.state -o base.safetensors --epochs=40 -n "$steps" -B 16 \
		--lr=4e-3 --lr-end=0 --schedule=wsd --warmup=20 --total="$steps" --decay=.1 --beta2=.95 --save-every=100 --log=base.log train.lms
	for m in init base; do made $m.each eval-ppl --each -m $m.safetensors test.lms; done
	made base.measures card_floor test.jsonl init.each base.each
}

exact() {	# exact MODEL FILE: greedy answers; "task n right" lines
	sample -m "$1" --roll --greedy -n 40 "$2" | rank-pairs --match -m "$1" -o exact.part
	lmcat --json exact.part | sed 's/.*"score":\([^,]*\).*"task":"\([a-z]*\)".*/\2 \1/' |
		awk '{ n[$1]++; ok[$1] += $2 } END { for (t in n) print t, n[t], ok[t] + 0 }' | sort
	rm exact.part
}

chat() {
	if [ ! -e chat.jsonl ]; then	# who is asked about what stands in the question is wordy, for words() to mend
		world train "$(scaled 50000 400)" "$seed" tell tell spell reverse count copy sum count copy sum spell reverse count copy sum know red twin >chat.part
		PLAIN=.4 world train "$(scaled 7000 56)" "$seed" ask >>chat.part
		mv chat.part chat.jsonl
	fi
	[ -e chat.lms ] || tokenize -w base.safetensors --chat chat.jsonl | shard -T 128 --pack=best-fit --shuffle -S "$seed" -o chat.lms
	steps=$(scaled 900)
	[ -e sft.safetensors ] || train-step -m base.safetensors -s sft.state -o sft.safetensors --epochs=40 --doc-mask -n "$steps" -B 32 \
		--lr=3e-3 --lr-end=0 --schedule=linear --total="$steps" --warmup=20 --beta2=.95 --save-every=100 --log=sft.log chat.lms
	made held.jsonl prompts test "$(scaled 2100 21)" "$seed" spell reverse count copy ask sum know
	made base.exact exact base.safetensors held.jsonl
	made sft.exact exact sft.safetensors held.jsonl
	made chat.measures card_tasks base.exact sft.exact
}

# Pairs of answers to train on; their labels have noise, so that no reward model can be right more often than card_ceiling says.
judge() {
	n=$(scaled 4000 64)
	made pairs.jsonl prompts train "$n" "$((seed + 100))" tell
	[ -e pairs.rolls ] || sample -m sft.safetensors --roll -k 2 -n 80 -S "$((seed + 100))" -o pairs.rolls pairs.jsonl
	[ -e pairs.lms ] || rank-pairs -m sft.safetensors --verify="$(verify utility $noise "$seed")" --pairs=all -o pairs.lms pairs.rolls
	[ -e swapped.lms ] || rank-pairs -m sft.safetensors --verify="$(verify utility $noise "$seed") | awk '{ print -\$1 }'" --pairs=all -o swapped.lms pairs.rolls
	[ -e shuffled.lms ] || rank-pairs -m sft.safetensors --verify="$(verify random 1 "$seed")" --pairs=all -o shuffled.lms pairs.rolls
	made tales.jsonl prompts test "$(scaled 400 16)" "$((seed + 200))" tell
	[ -e held.rolls ] || sample -m sft.safetensors --roll -k 2 -n 80 -S "$((seed + 200))" -o held.rolls tales.jsonl
	[ -e held.lms ] || rank-pairs -m sft.safetensors --verify="$(verify utility $noise "$((seed + 1))")" --pairs=all -o held.lms held.rolls
	fit reward pairs.lms 2
	fit shuffled shuffled.lms 1
	[ -e held.gold ] || { rank-pairs -m sft.safetensors --verify="$(verify utility)" -o part.lms held.rolls && made held.gold scores part.lms; }
	[ -e held.proxy ] || { rank-pairs --reward=reward.safetensors -o part.lms held.rolls && made held.proxy scores part.lms; }
	made judge.measures card_judge held.gold held.proxy reward.json shuffled.json
}

fit() {	# fit NAME PAIRS EPOCHS: a reward model, and how it does on pairs held out
	[ -e "$1.safetensors" ] || rank-pairs --train -m sft.safetensors -o "$1.safetensors" -B 8 --epochs="$3" --lr=5e-4 --lr-end=0 --schedule=linear --warmup=20 \
		--log="$1.log" "$2"
	made "$1.json" rank-pairs --eval --json --reward="$1.safetensors" held.lms
}

# align NAME ROUNDS PROMPTS K KINDS JUDGE ALGORITHM ...: the chat model goes on as NAME.1, NAME.2 ...; only the last is kept.
# NAME.gold has the true worth of what each round drew, before its update.
align() {
	name=$1 last=$2 many=$3 k=$4 kinds=$5 judge=$6 i=0
	shift 6
	[ -e "$name.safetensors" ] && return
	say "$name"
	while [ "$i" -lt "$last" ]; do
		was=$name.$i.safetensors i=$((i + 1))
		[ "$i" != 1 ] || was=sft.safetensors
		[ ! -e "$name.$i.safetensors" ] || { [ "$i" = 1 ] || rm -f "$was"; continue; }
		[ -e "$was" ] || continue
		# shellcheck disable=SC2086
		prompts train "$many" $((seed * 1000 + i)) $kinds >prompts.jsonl
		sample -q -m "$was" --roll -k "$k" -n 80 -S $((seed * 1000 + i)) -o part.rolls prompts.jsonl
		case $kinds in tell)
			rank-pairs -m sft.safetensors --verify="$(verify utility)" -o part.lms part.rolls
			scores part.lms | awk -v i=$i '{ s += $1 } END { print i, s / NR }' >>"$name.gold" ;;
		esac
		rank-pairs -m sft.safetensors "$judge" part.rolls |
			rlhf-step -q "$@" -m "$was" --ref=sft.safetensors -s "$name.state" -o "$name.$i.safetensors" \
				--schedule=constant --warmup=4 --beta2=.99 --decay=0 -S "$seed" --log="$name.log"
		[ "$i" = 1 ] || rm -f "$was"
	done
	mv "$name.$last.safetensors" "$name.safetensors"
	rm -f "$name.state"
}

# prefer NAME PAIRS ALGORITHM ...: the chat model after one pass over pairs
prefer() {
	name=$1 pairs=$2
	shift 2
	[ -e "$name.safetensors" ] && return
	say "$name"
	n=$(scaled 800 32)
	rlhf-step -q "$@" -m sft.safetensors --ref=sft.safetensors -s "$name.state" -o "$name.safetensors" -B 16 -n $((n / 16)) \
		--schedule=linear --lr-end=0 --total=$((n / 16)) --warmup=4 --decay=0 -S "$seed" --log="$name.log" "$pairs"
	rm -f "$name.state"
}

# worth NAME: one answer to each held-out question: its true worth, that by the reward model, and the exact KL; no weight moves
worth() {
	[ -e "$1.log1" ] && return
	sample -q -m "$1.safetensors" --roll -n 80 -S 77 -o part.rolls tales.jsonl
	rank-pairs -m sft.safetensors --verify="$(verify utility)" -o part.lms part.rolls
	made "$1.worth" scores part.lms
	drift "$1" part.rolls --reward=reward.safetensors "$1.log1"
}
drift() {	# drift NAME ROLLS JUDGE LOG: mean score and KL of what NAME drew
	rm -f part.state part.log
	rank-pairs -m sft.safetensors "$3" "$2" |
		rlhf-step -q --algo=reinforce --lr=0 -m "$1.safetensors" --ref=sft.safetensors -s part.state -o part.safetensors --log=part.log
	mv part.log "$4"
}

# Whatever moves the policy on tales: by the reward model, by pairs, and controls
tales() {
	[ -e sft2.worth ] || { sample -m sft.safetensors --roll -n 80 -S 76 -o part.rolls tales.jsonl; rank-pairs -m sft.safetensors --verify="$(verify utility)" -o part.lms part.rolls; made sft2.worth scores part.lms; }
	if [ ! -e many.gold ]; then	# best of n, for every n from the same samples
		head -n "$(scaled 100 4)" tales.jsonl >few.jsonl
		sample -m sft.safetensors --roll -k 32 -n 80 -S 78 -o part.rolls few.jsonl
		rank-pairs --reward=reward.safetensors -o part.lms part.rolls && scores part.lms >many.proxy
		rank-pairs -m sft.safetensors --verify="$(verify utility)" -o part.lms part.rolls && made many.gold scores part.lms
	fi
	r=$(scaled 12) proxy=--reward=reward.safetensors n=$(scaled 128 8)
	align ppo "$r" "$n" 1 tell $proxy --algo=ppo --lr=1.5e-4 --beta=.1 -B 32
	align ppo-free "$r" "$n" 1 tell $proxy --algo=ppo --lr=1.5e-4 --beta=0 -B 32
	align ppo-random "$r" "$n" 1 tell "--verify=$(verify random 1 "$seed")" --algo=ppo --lr=1.5e-4 --beta=.1 -B 32
	align ppo-still 2 "$n" 1 tell $proxy --algo=ppo --lr=0 --beta=.1 -B 32
	for a in grpo drgrpo rloo reinforce; do
		align $a "$r" $((n / 4)) 4 tell $proxy --algo=$a --lr=1.5e-4 --beta=.05 -B 32
	done
	prefer dpo pairs.lms --algo=dpo --lr=1e-4 --beta=.1
	prefer dpo-swapped swapped.lms --algo=dpo --lr=1e-4 --beta=.1
	prefer ipo pairs.lms --algo=ipo --lr=1e-4 --beta=.1
	prefer cdpo pairs.lms --algo=cdpo --lr=1e-4 --beta=.1
	prefer kto pairs.lms --algo=kto --lr=1e-4 --beta=.1
	prefer orpo pairs.lms --algo=orpo --lr=1e-4 --beta=.5
	prefer simpo pairs.lms --algo=simpo --lr=1e-4 --beta=2
	# rejection fine-tuning: the best of four by the reward model, and of the loss of pairs only the better one's own part
	[ -e best.lms ] || { prompts train "$(scaled 800 32)" "$((seed + 300))" tell >prompts.jsonl && sample -m sft.safetensors --roll -k 4 -n 80 -S "$((seed + 300))" prompts.jsonl |
		rank-pairs $proxy --pairs=best-worst -o best.lms; }
	prefer rejection best.lms --algo=orpo --lr=3e-4 --beta=1e-9
	for m in sft $movers; do worth "$m"; done
	# shellcheck disable=SC2086
	made tales.measures card_tales $movers
}
movers='ppo grpo drgrpo rloo reinforce dpo ipo cdpo kto orpo simpo rejection ppo-free ppo-random ppo-still dpo-swapped'

# What can be checked: the bare answer, where the chat model knows it and wraps it in words
words() {
	made words.jsonl prompts test "$(scaled 200 4)" "$((seed + 400))" ask
	r=$(scaled 20) n=$(scaled 32 4)
	align words-grpo "$r" "$n" 8 ask --match --algo=grpo --lr=1e-4 --beta=.02 -B 128
	align words-random "$r" "$n" 8 ask "--verify=$(verify random 1 "$seed")" --algo=grpo --lr=1e-4 --beta=.02 -B 128
	for m in sft words-grpo words-random; do
		[ -e $m.words ] && continue
		sample -m $m.safetensors --roll -k 16 -n 40 -S 79 -o part.rolls words.jsonl
		drift $m part.rolls --match $m.wordslog
		rank-pairs --match -m sft.safetensors -o part.lms part.rolls
		made $m.words scores part.lms
	done
	made words.measures card_words
}

# Questions of a red team, and harmless ones like them
safety() {
	made red.jsonl prompts test "$(scaled 400 8)" "$((seed + 500))" red
	made twin.jsonl prompts test "$(scaled 400 8)" "$((seed + 500))" twin
	align safe "$(scaled 24)" "$(scaled 32 8)" 8 'red twin' "--verify=$(verify safe)" --algo=grpo --lr=2e-4 --beta=.02 -B 128
	for m in sft safe; do
		[ -e $m.twin ] && continue
		for kind in red twin; do
			sample -m $m.safetensors --roll -n 40 -S 80 $kind.jsonl | rank-pairs -m sft.safetensors --verify="$(verify safe)" -o part.lms
			scores part.lms >$m.$kind.part && mv $m.$kind.part $m.$kind
		done
	done
	made safe.exact exact safe.safetensors held.jsonl
	made safety.measures card_safety
}

one() {
	mkdir -p "seed-$seed"
	cd "seed-$seed"
	for step in pages base chat judge tales words safety; do
		say "$step"
		stage $step
		$step
	done
	stage ''
	rm -f part.* prompts.jsonl
	cd ..
}

enter "${DIR-reportcard}"
# Models this small gain little from a second thread: the seeds are made at once, each on one.
case $seeds in *' '*) export OMP_NUM_THREADS="${OMP_NUM_THREADS-1}" ;; esac
jobs='' failed=
trap 'trap - TERM; kill 0' INT TERM
for seed in $seeds; do
	one &
	jobs="$jobs $!"
done
for job in $jobs; do wait "$job" || failed=1; done
[ -z "$failed" ] || exit 1
card

#!/bin/sh
# quickstart.sh [FILE ...] - from a crawl to an aligned model that chats, in a folder ./quickstart
#
# The crawl: the files you name (pages, WARC, archives, text, JSONL); by default the pages of some Debian
# packages, brought by apt-get download and read as packages, not installed; without a network, the HTML and
# text under /usr/share/doc.  Every step's file is whole or absent, and a step whose file is there is not run
# again: after a kill, the same command goes on where it was.  Remove the folder to begin anew.
# DIR=folder puts it elsewhere; TINY=1 does every step for a moment only, to see that all is in place.
# The table at the end is also report.json.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/common.sh"

dir=${DIR-quickstart}
steps=550 chat_rows=24000 chat_steps=420 held=600 asked=2400 questions=128 rounds=7 preset=tiny batch=16
[ -z "${TINY-}" ] || steps=4 chat_rows=240 chat_steps=4 held=24 asked=24 questions=4 rounds=2 preset=micro batch=2

# ---- 1. the crawl
enter "$dir" "$@"
stage crawl
crawl

# ---- 2. bytes -> documents -> tokens
stage clean
clean --stats=clean.json --rejects=rejects.lms
if [ ! -e test.jsonl ]; then	# 8 % to test, 4 % to valid, by a hash of a document's first 200 bytes
	lmcat --jsonl corpus.lms >corpus.jsonl
	awk '
		BEGIN { for (i = 1; i < 256; i++) ord[sprintf("%c", i)] = i }
		{ h = 7; n = length($0) < 200 ? length($0) : 200
		  for (i = 1; i <= n; i++) h = (h * 31 + ord[substr($0, i, 1)]) % 16777213
		  print >(NR == 1 || h % 25 < 2 ? "test.part" : NR == 2 || h % 25 == 2 ? "valid.part" : "train.part") }' corpus.jsonl
	rm corpus.jsonl
	[ -e train.part ] || { echo "quickstart.sh: fewer than three documents: too few to learn from" >&2; exit 1; }
	mv train.part train.jsonl
	mv valid.part valid.jsonl
	mv test.part test.jsonl
fi
stage tokens
special='<|endoftext|>,<|im_start|>,<|im_end|>'
[ -e vocab.json ] || train-vocab --size=2048 --special="$special" -o vocab.json train.jsonl
[ -e train.lms ] || tokenize -w vocab.json --eot train.jsonl | shard -T 256 --shuffle -S 1 -o train.lms
[ -e valid.lms ] || tokenize -w vocab.json --eot -o valid.lms valid.jsonl
[ -e test.lms ] || tokenize -w vocab.json --eot -o test.lms test.jsonl

# ---- 3. a base model: next-token prediction; the best weights on the validation split are kept
stage base
[ -e init.safetensors ] || init-model --preset=$preset -T 256 -w vocab.json --chat=chatml -S 1 -o init.safetensors
[ -e base.safetensors ] || train-step -m init.safetensors -s base.state -o base.safetensors --epochs=20 -n "$steps" \
	-B $batch --lr=3e-3 --lr-end=0 --schedule=wsd --warmup=40 --total="$steps" --decay=.1 --beta2=.95 \
	--eval=valid.lms --eval-every=275 --keep-best --save-every=50 --log=base.log train.lms
stage measure
[ -e init.ppl ] || { eval-ppl --json -m init.safetensors test.lms >ppl.part && mv ppl.part init.ppl; }
[ -e base.ppl ] || { eval-ppl --json -m base.safetensors test.lms >ppl.part && mv ppl.part base.ppl; }
bytes() { lmcat "$1" | od -An -v -tu1 | awk '{ for (i = 1; i <= NF; i++) n[$i]++ } END { for (b in n) print b, n[b] }'; }
if [ ! -e unigram.json ]; then	# the least that a model must beat: each byte by its frequency in the training text
	bytes train.jsonl >train.bytes
	bytes test.jsonl >test.bytes
	awk 'NR == FNR { p[$1] = $2; all += $2; next }
		{ h -= $2 * log(((p[$1] + 1) / (all + 256))) / log(2); n += $2 }
		END { printf "{\"bits_per_byte\":%.4f,\"bytes\":%d}\n", h / n, n }' train.bytes test.bytes >unigram.part
	mv unigram.part unigram.json
fi

# ---- 4. a chat: instructions, the loss on the answers only
stage chat
prompts() { sh "$here/world.sh" "$@" | sed 's/,{"role":"assistant".*/]}/'; }
[ -e chat.lms ] || sh "$here/world.sh" train $chat_rows 1 | tokenize -w base.safetensors --chat |
	shard -T 256 --pack=best-fit --shuffle -S 2 -o chat.lms
[ -e sft.safetensors ] || train-step -m base.safetensors -s sft.state -o sft.safetensors --epochs=9 --doc-mask \
	-B $batch --lr=4e-3 --lr-end=0 --schedule=linear --total="$chat_steps" -n "$chat_steps" --warmup=20 \
	--save-every=50 --log=sft.log chat.lms

# exact FILE MODEL: one line a task: its name, how many, how many right; greedy answers.
exact() {
	[ -e "$1" ] && return
	sample -m "$2" --roll --greedy -n 40 held.jsonl | rank-pairs --match -m "$2" -o "$1.lms"
	lmcat --json "$1.lms" | sed 's/.*"score":\([^,]*\).*"task":"\([a-z]*\)".*/\2 \1/' |
		awk '{ n[$1]++; ok[$1] += $2 } END { for (t in n) print t, n[t], ok[t] + 0 }' | sort >"$1.part"
	mv "$1.part" "$1"
}
stage measure
[ -e held.jsonl ] || { prompts test $held 9 >held.part && mv held.part held.jsonl; }
exact base.exact base.safetensors
exact sft.exact sft.safetensors

# ---- 5. alignment: answers ranked by a verifier, a reward model, and the policy that it trains.  Half of the
# instruction data is wordy, the verifier wants the bare answer: that wish is what so few rounds can teach, not skill.
stage reward
pairs() {	# pairs OUT COUNT SEED: several answers to each question, the nearest to the truth against the farthest
	prompts train "$2" "$3" >"$1.prompts"
	sample -m sft.safetensors --roll -k 6 -n 40 -S "$3" --log="$1.log" "$1.prompts" |
		rank-pairs --verify="sh '$here/verify.sh'" -m sft.safetensors --pairs=best-worst -o "$1"
}
[ -e pairs.lms ] || pairs pairs.lms $asked 101
[ -e pairs-held.lms ] || pairs pairs-held.lms $((asked / 4)) 102
[ -e reward.safetensors ] || rank-pairs --train -m sft.safetensors -o reward.safetensors \
	-B 16 --lr=3e-4 --lr-end=0 --schedule=linear --log=reward.log pairs.lms
[ -e reward.json ] || { rank-pairs --eval --json --reward=reward.safetensors pairs-held.lms >reward.part && mv reward.part reward.json; }

# align NAME ROUNDS K JUDGE ALGORITHM ...: the chat model goes on as NAME.1, NAME.2 ...: K answers to each question,
# judged, and learned from
align() {
	name=$1 last=$2 k=$3 judge=$4 i=0
	shift 4
	while [ "$i" -lt "$last" ]; do
		was=$name.$i.safetensors i=$((i + 1))
		[ "$i" != 1 ] || was=sft.safetensors
		[ -e "$name.$i.safetensors" ] && continue
		prompts train "$questions" $((1000 + i)) >prompts.jsonl
		sample -m "$was" --roll -k "$k" -n 40 -S "$i" --log="$name.$i.log" prompts.jsonl |
			rank-pairs -m sft.safetensors "$judge" |
			rlhf-step "$@" -m "$was" --ref=sft.safetensors -s "$name.state" -o "$name.$i.safetensors" \
				-B 128 --epochs=1 --schedule=constant --warmup=8 --beta2=.99 --decay=0 --log="$name.log"
	done
}
stage align
# by the reward model, and, for what such a stand-in is worth, by the verifier itself
align proxy $((rounds / 2)) 4 --reward=reward.safetensors --algo=ppo --lr=3e-5 --beta=.05
align policy "$rounds" 8 "--verify=sh '$here/verify.sh'" --algo=grpo --lr=3e-5 --beta=.02
proxy=proxy.$((rounds / 2)).safetensors policy=policy.$rounds.safetensors

# ---- 6. before and after, on questions that no step has seen
stage measure
exact proxy.exact "$proxy"
exact policy.exact "$policy"
drift() {	# drift OUT MODEL: both rewards of sampled answers, and the exact KL from the chat model; no weight moves
	[ -e "$1" ] && return
	rm -f "$1.state" "$1.part"
	sample -m "$2" --roll -k 2 -n 40 -S 77 -o "$1.lms" held.jsonl
	rank-pairs --reward=reward.safetensors "$1.lms" |
		rlhf-step --algo=reinforce --lr=0 -m "$2" --ref=sft.safetensors -s "$1.state" -o "$1.model" --log="$1.part"
	rank-pairs --verify="sh '$here/verify.sh'" -m "$2" -o "$1.scored" "$1.lms"
	lmcat --json "$1.scored" | sed 's/.*"score":\([^,]*\).*/\1/' |
		awk '{ s += $1; q += $1 * $1; n++ } END { m = s / n; printf "{\"verified\":%.4f,\"verified_se\":%.4f}\n", m, sqrt((q / n - m * m) / n) }' >"$1.verified"
	rm -f "$1.state" "$1.model"
	mv "$1.part" "$1"
}
drift sft.drift sft.safetensors
drift proxy.drift "$proxy"
drift policy.drift "$policy"
[ -e policy.ppl ] || { eval-ppl --json -m "$policy" test.lms >ppl.part && mv ppl.part policy.ppl; }
stage ''

# shellcheck source-path=SCRIPTDIR
. "$here/report.sh"
report | tee report.txt

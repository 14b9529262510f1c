#!/bin/sh
# curves.sh BUILD [STEPS] - the loss curves of bf16 and f16 beside that of fp32
#
# A model of a million parameters learns text of $LM_TESTDATA (wikitext-2) for
# 500 steps in each type, from the same weights and in the same order; and in fp32
# at a rate larger by 0.1 %, for a measure of what any small change does. Printed
# are how far each step's loss is from that of fp32 (the largest, and the mean
# without sign and with it), and how far the loss on other text is in the end. Exit
# 1 when in bf16 or f16 a loss is off by more than 2 %, or the mean, or the last one
# on other text, by more than 0.5 %.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
build=$(cd "$1" && pwd) steps=${2-500} data=${LM_TESTDATA-$(cd "$(dirname "$0")/../.." && pwd)/../shared}/data
PATH=$build/bin:$PATH
text=$data/text/wikitext-2
[ -d "$text" ] || { echo "curves: no data ($text); LM_TESTDATA says where" >&2; exit 0; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

train-vocab -q --size=1024 -o v.json "$text/valid.txt"
tokenize -q --eot -w v.json "$text/valid.txt" | shard -q -T 128 --shuffle -o train.lms
head -c 100000 "$text/test.txt" | tokenize -q --eot -w v.json | shard -q -T 128 -o other.lms
init-model -q --preset=micro -w v.json -S 1 -o m.st
column() { sed -n 's/.*"loss":\([0-9.]*\).*/\1/p' "$1"; }
printf '%-6s %10s %10s %10s %12s %12s\n' type largest 'mean |d|' 'mean d' 'last loss' 'other text'
bad=0
for d in f32 rate bf16 f16; do
	lr=1e-3 type=$d
	[ $d != rate ] || lr=1.001e-3 type=f32
	train-step -q -m m.st -n "$steps" --epochs=99 -B 8 --lr=$lr --schedule=cosine --warmup=20 --dtype=$type -o $d.st --log=$d.log train.lms
	column $d.log >$d
	eval-ppl -q -m $d.st --json other.lms | sed 's/.*"loss":\([0-9.]*\).*/\1/' >$d.other
	paste f32 $d | awk -v type=$d -v a="$(cat f32.other)" -v b="$(cat $d.other)" '
		function abs(x) { return x < 0 ? -x : x }
		{ x = 100 * ($2 / $1 - 1); s += x; m += abs(x); if (abs(x) > top) top = abs(x); last = $2 }
		END {
			end = 100 * (b / a - 1)
			printf "%-6s %8.3f %% %8.3f %% %+8.3f %% %12.5f %.5f (%+.3f %%)\n", type, top, m / NR, s / NR, last, b, end
			exit top > 2 || m / NR > .5 || abs(end) > .5
		}' || bad=1
done
exit $bad

#!/bin/sh
# ablation.sh HELD.jsonl [FILE ...] - what cleaning is worth: equal models on one crawl, cleaned less and more
#
# The crawl goes in as: plain (all that pages show, no rules), extract (their main content), rules (and what reads as
# prose), clean (and each thing once).  One vocabulary for all; for each way, models of one size see equally many tokens,
# from SEEDS seeds; then bits a byte on the clean text of HELD.jsonl (a document a line), which should not be in the crawl.
# Differences from plain are paired by document, with standard errors.
# The crawl: the files you name, or what quickstart.sh reads.  Some minutes on two cores; a model that is there is not made
# again.  DIR=folder [ablation], LANGS=LIST [en], STEPS=N [400] of 16 records of 128 tokens, SEEDS=N [2]; TINY=1 only sees
# that all is in place.  report.json and report.txt are left behind.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in
-h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;;
'') echo "usage: ablation.sh HELD.jsonl [FILE ...]" >&2; exit 2 ;;
esac
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/common.sh"

case $1 in /*) held=$1 ;; *) held=$PWD/$1 ;; esac
shift
steps=${STEPS-400} seeds=${SEEDS-2} vocab=2048 T=128 batch=16 langs=${LANGS-en}
[ -z "${TINY-}" ] || steps=3 seeds=1 vocab=400 batch=2
arms='plain extract rules clean'

# ---- 1. the crawl, four ways
enter "${DIR-ablation}" "$@"
stage crawl
crawl
stage clean
arm() {	# arm NAME OPTION ...
	name=$1
	shift
	[ -e "$name.lms" ] || tr '\n' '\0' <inputs | xargs -0 -x -n 9999 -s 1000000 crawl-clean --stats="$name.json" -o "$name.lms" "$@"
}
arm plain --extract=all --rules=none
arm extract --rules=none
arm rules --lang="$langs"
[ -e clean.lms ] || dedup -o clean.lms rules.lms
[ -e vocab.json ] || train-vocab --size=$vocab -o vocab.json plain.lms clean.lms
[ -e held.lms ] || tokenize -w vocab.json --eot -o held.lms "$held"
for a in $arms; do
	[ -e "$a.toks" ] || tokenize -w vocab.json --eot "$a.lms" | shard -T $T --shuffle -S 1 -o "$a.toks"
done

# ---- 2. equal models, equal tokens
stage train
for seed in $(seq "$seeds"); do
	for a in $arms; do
		[ -e "$a.$seed.each" ] && continue
		init-model --preset=micro -T $T -w vocab.json -S "$seed" -o init.safetensors
		epochs=$((steps * batch / $(records "$a.toks") + 1))
		train-step -m init.safetensors -o model.safetensors --epochs=$epochs -n "$steps" -B $batch --lr=3e-3 --lr-end=0 \
			--schedule=cosine --total="$steps" --warmup=$((steps / 20 + 1)) --decay=.1 --beta2=.95 "$a.toks"
		eval-ppl --each -m model.safetensors -o each.part held.lms
		mv each.part "$a.$seed.each"
	done
done
stage ''

# ---- 3. bits a byte; a document's bits are the mean over seeds, differences are paired by document
cat >paired.awk <<'AWK'
function number(key,   s) { if (!match($0, "\"" key "\":[-+0-9.eE]+")) return 0; s = substr($0, RSTART, RLENGTH); sub(/.*:/, "", s); return s + 0 }
{ a = FILENAME; sub(/^.*\//, "", a); s = a; sub(/\..*/, "", a); d = number("document"); b = number("bytes"); bytes[d] = b; x = number("bits_per_byte") * b
  if (b > 0) { bits[a, d] += x; sub(/^[a-z]*\./, "", s); sub(/\..*/, "", s); seen[s] = 1; run[a, s] += x } }
function ratio(a, base,   d, n, r, q, all) {
	for (d in bytes) if (bytes[d] > 0) { n++; all += bytes[d]; r += (bits[a, d] - (base == "" ? 0 : bits[base, d])) / seeds }
	r /= all
	for (d in bytes) if (bytes[d] > 0) q += ((bits[a, d] - (base == "" ? 0 : bits[base, d])) / seeds - r * bytes[d]) ^ 2
	value = r; se = sqrt(q * n / (n - 1)) / all; count = n; total = all
}
END {
	n = split(arms, arm, " "); seeds = 0
	for (s in seen) seeds++
	for (i = 1; i <= n; i++) {
		ratio(arm[i], ""); v = value; e = se; lo = 1e9; hi = 0
		for (s in seen) { r = run[arm[i], s] / total; lo = r < lo ? r : lo; hi = r > hi ? r : hi }
		ratio(arm[i], arm[1])
		printf "%s %.4f %.4f %.4f %.4f %.4f %.4f %d %d\n", arm[i], v, e, value, se, lo, hi, count, total
	}
}
AWK
rm -f each.part
awk -v arms="$arms" -f paired.awk ./*.each >arms.txt
{
	printf '{"steps":%d,"tokens":%d,"seeds":%d,"arms":{' "$steps" $((steps * batch * T)) "$seeds"
	sep=
	while read -r a bpb se diff dse lo hi n bytes; do
		printf '%s"%s":{"documents":%s,"tokens":%s,"bits_per_byte":%s,"se":%s,"from_plain":%s,"from_plain_se":%s,"seed_low":%s,"seed_high":%s}' \
			"$sep" "$a" "$(records "$a.lms")" $(($(records "$a.toks") * T)) "$bpb" "$se" "$diff" "$dse" "$lo" "$hi"
		sep=,
	done <arms.txt
	printf '},"held":{"documents":%s,"bytes":%s}}\n' "$n" "$bytes"
} >report.part
mv report.part report.json
{
	echo "Bits a byte on clean text, after $((steps * batch * T)) tokens; $seeds seeds"
	printf '  %-8s %10s %10s   %-18s %-20s %s\n' crawl documents tokens 'bits a byte' 'less than plain by' 'seeds'
	while read -r a bpb se diff dse lo hi n bytes; do
		printf '  %-8s %10d %10d   %s +- %s  %s +- %s     %s to %s\n' "$a" "$(records "$a.lms")" $(($(records "$a.toks") * T)) \
			"$bpb" "$se" "$(awk -v d="$diff" 'BEGIN { printf "%.4f", 0 - d }')" "$dse" "$lo" "$hi"
	done <arms.txt
	echo "  held out: $(wc -l <"$held") documents"
} | tee report.part
mv report.part report.txt

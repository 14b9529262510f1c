#!/bin/sh
# corpus.sh [NAME=WEIGHT FILE ...] ... - several sources, cleaned, sorted by quality and mixed, in a folder ./corpus
#
# Each NAME=WEIGHT begins a source, and the files behind it are what it is read from: crawls, dumps, archives, text.
# A source named code is read as source code; every other one by the rules for prose in LANGS [en].  Without any:
# documentation, essays and code out of Debian packages, or what is under /usr/share/doc and /usr/include.
# All sources together are rid of what comes twice.  Then a small model of the source REFERENCE [the first] reads every
# document; by its perplexity each source is parted as CCNet does: head (up to the 30th percentile), middle (60th), tail.
# What is in KEEP [head,middle] becomes tokens, mixed by WEIGHT in train.lms, until the first source ends.
# DIR=folder puts it elsewhere; STEPS=N [200] trains that model for longer; TINY=1 only sees that all is in place.
# A table by source is printed, and left in report.txt and report.json.  A step whose file is there is not run again.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source-path=SCRIPTDIR
. "$here/common.sh"

steps=${STEPS-200} vocab=2048 T=256 batch=8 langs=${LANGS-en} keep=${KEEP-head,middle}
[ -z "${TINY-}" ] || steps=2 vocab=400 batch=2

# ---- 1. the sources: the file `sources` has a line "NAME WEIGHT" for each, NAME.files what it is read from
dir=${DIR-corpus}
mkdir -p "$dir"
if [ $# -gt 0 ]; then
	: >"$dir/sources.part"
	name=
	for a; do
		case $a in
		[a-z]*=[0-9.]*)
			name=${a%%=*}
			echo "$name ${a#*=}" >>"$dir/sources.part"
			: >"$dir/$name.files" ;;
		*)
			[ -n "$name" ] || { echo "corpus.sh: $a: NAME=WEIGHT comes first" >&2; exit 2; }
			case $a in /*) echo "$a" ;; *) echo "$PWD/$a" ;; esac >>"$dir/$name.files" ;;
		esac
	done
	mv "$dir/sources.part" "$dir/sources"
fi
cd "$dir" || exit
stage crawl
if [ ! -e sources ]; then
	rm -rf debs.part && mkdir -p debs.part
	if (cd debs.part && apt-get -qq download python3.11-doc anarchism libpython3.11-stdlib 2>../crawl.err); then
		rm -rf debs && mv debs.part debs
		for s in docs=python3.11-doc essays=anarchism code=libpython3.11-stdlib; do
			find "$PWD/debs" -name "${s#*=}_*.deb" >"${s%%=*}.files"
		done
		printf '%s\n' 'docs 2' 'essays 1' 'code 1' >sources.part
	else
		echo "${0##*/}: no packages to be had: reading /usr/share/doc and /usr/include" >&2
		find /usr/share/doc -type f \( -name '*.html' -o -name '*.txt' -o -name '*.txt.gz' \) | sort | head -n 3000 >docs.files
		find /usr/include -type f -name '*.h' | sort | head -n 3000 >code.files
		printf '%s\n' 'docs 1' 'code 1' >sources.part
	fi
	mv sources.part sources
fi
names=$(cut -d ' ' -f 1 sources)
reference=${REFERENCE-${names%%
*}}

# ---- 2. bytes -> documents, each once, whatever source it came from
stage clean
for s in $names; do
	if [ "$s" = code ]; then set -- --rules=code; else set -- --lang="$langs"; fi
	[ -e "$s.jsonl" ] && continue
	tr '\n' '\0' <"$s.files" | xargs -0 -x -n 9999 -s 1000000 crawl-clean --stats="$s.stats" --rejects="$s.rejects" \
		--signals="$s.signals.tsv" -o "$s.lms" "$@"
	lmcat --html --sample=100 -o "$s.rejects.html" "$s.rejects"
	lmcat --jsonl "$s.lms" >"$s.part"
	sed 's/^{/{"corpus":"'"$s"'",/' "$s.part" >"$s.new"
	rm "$s.part"
	mv "$s.new" "$s.jsonl"
done
stage dedup
# shellcheck disable=SC2046 # names have no blanks
[ -e all.lms ] || dedup -o all.lms $(for s in $names; do echo "$s.jsonl"; done)
if [ ! -e unique ]; then	# a quote within a text is escaped, so this is a key
	lmcat --jsonl all.lms >all.part
	for s in $names; do grep ',"corpus":"'"$s"'"' all.part >"$s.unique" || [ $? = 1 ]; done
	rm all.part
	: >unique
fi

# ---- 3. head, middle, tail
stage buckets
# shellcheck disable=SC2046
[ -e vocab.json ] || train-vocab --size=$vocab --special='<|endoftext|>' -o vocab.json all.lms
[ -e "$reference.ref" ] || tokenize -w vocab.json --eot "$reference.unique" | shard -T $T --shuffle -S 1 -o "$reference.ref"
if [ ! -e judge.safetensors ]; then
	init-model --preset=micro -T $T -w vocab.json -S 1 -o init.safetensors
	train-step -m init.safetensors -o judge.safetensors --epochs=$((steps * batch / $(records "$reference.ref") + 1)) -n "$steps" \
		-B $batch --lr=3e-3 --lr-end=0 --schedule=cosine --total="$steps" --warmup=$((steps / 20 + 1)) "$reference.ref"
fi
for s in $names; do
	[ -e "$s.buckets" ] && continue
	if [ -s "$s.unique" ]; then
		tokenize -w vocab.json --eot -o "$s.doc" "$s.unique"
		eval-ppl --each -m judge.safetensors -o "$s.ppl" "$s.doc"
	else
		: >"$s.ppl"
	fi
	sed 's/.*"ppl":\([^,]*\).*/\1/' "$s.ppl" | awk '{ print $1 == "null" ? 1e30 : $1 }' >"$s.values"
	sort -g "$s.values" | awk '{ v[NR] = $1 } END { print v[int(NR * .3 + .5)] + 0, v[int(NR * .6 + .5)] + 0 }' >"$s.cuts"
	awk 'NR == FNR { head = $1; middle = $2; next } { print $1 <= head ? "head" : $1 <= middle ? "middle" : "tail" }' "$s.cuts" "$s.values" >"$s.part"
	for b in head middle tail; do
		awk -v b=$b 'NR == FNR { is[NR] = $1 == b; next } is[FNR]' "$s.part" "$s.unique" >"$s.$b.jsonl"
	done
	mv "$s.part" "$s.buckets"
done

# ---- 4. tokens, mixed
stage mix
mix=
while read -r s weight; do
	[ -e "$s.toks" ] || (IFS=,; for b in $keep; do cat "$s.$b.jsonl"; done) | tokenize -w vocab.json --eot -o "$s.toks"
	[ "$(records "$s.toks")" = 0 ] || mix="$mix --mix=$s.toks=$weight"
done <sources
# shellcheck disable=SC2086 # a list
[ -e train.lms ] || shard -T $T --shuffle -S 1 $mix -o train.lms
stage ''

# ---- 5. the table
total=$(($(records train.lms) * T))
count() { wc -l <"$1" | tr -d ' '; }
for s in $names; do
	awk -v s="$s" -v total="$total" '
		{ w[$1] = $2; all += $2 }
		END { printf "%s %s %.4f %d\n", s, w[s], w[s] / all, w[s] / all * total }' sources
done >shares
{
	printf '{"tokens":%s,"keep":"%s","reference":"%s","sources":{' "$total" "$keep" "$reference"
	sep=
	while read -r s weight share tokens; do
		read -r head middle <"$s.cuts"
		printf '%s"%s":{"clean":%s,"unique":%s,"head":%s,"middle":%s,"tail":%s,"head_below":%s,"middle_below":%s,"weight":%s,"share":%s,"tokens":%s}' \
			"$sep" "$s" "$(cat "$s.stats")" "$(count "$s.unique")" "$(count "$s.head.jsonl")" "$(count "$s.middle.jsonl")" \
			"$(count "$s.tail.jsonl")" "$head" "$middle" "$weight" "$share" "$tokens"
		sep=,
	done <shares
	printf '}}\n'
} >report.part
mv report.part report.json
{
	printf '%-10s %8s %9s %8s %8s %7s %7s %7s %7s %9s %6s\n' source read MB clean unique head middle tail 'ppl<' tokens share
	while read -r s weight share tokens; do
		read -r head middle <"$s.cuts"
		printf '%-10s %8d %9.2f %8d %8d %7d %7d %7d %7.1f %9d %5.1f%%\n' "$s" "$(jget in "$s.stats")" \
			"$(awk -v b="$(jget in_bytes "$s.stats")" 'BEGIN { print b / 1e6 }')" "$(jget out "$s.stats")" "$(count "$s.unique")" \
			"$(count "$s.head.jsonl")" "$(count "$s.middle.jsonl")" "$(count "$s.tail.jsonl")" "$middle" "$tokens" \
			"$(awk -v x="$share" 'BEGIN { print 100 * x }')"
		grep -o '"[^"]*":{"n":[0-9]*' "$s.stats" | sed 's/"\([^"]*\)":{"n":/\1 /' | sort -k2nr |
			awk '{ printf "    left out: %-28s %8d\n", $1, $2 }'
	done <shares
	printf '\n%d tokens in train.lms; ppl<: up to which perplexity a document is no tail, by a model of %s;\nshares as asked for: a mix is near them by whole documents\n' "$total" "$reference"
} | tee report.part
mv report.part report.txt

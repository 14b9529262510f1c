#!/bin/sh
# dedup: exact and near duplicates, clusters and edges, order, damage, and recall on planted duplicates.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
words() {	# words SEED N: a made-up text
	awk -v s="$1" -v n="$2" 'BEGIN { srand(s); for (i = 0; i < n; i++) printf "%sw%d", i ? " " : "", int(rand() * 5000) }'
}
doc() { printf '{"id":"%s","text":"%s","lang":"en"}\n' "$1" "$2"; }
ids() { lmcat --jsonl "$@" | sed 's/.*"id":"\([^"]*\)".*/\1/' | tr '\n' ' '; }
a=$(words 1 300) b=$(words 2 300) c=$(words 3 300)
{
	doc a "$a"; doc b "$b"; doc a2 "$a"; doc a3 "$(echo "$a" | sed 's/w1/x1/')"; doc c "$c"; doc b2 "$b more words at the end"
	doc short 'one two'; doc short2 'One, TWO!'; doc short3 'one two three'; doc empty ''
} >in.jsonl
t 'the first of each cluster stays, in order' 'dedup -q --clusters=cl --edges=ed -o out.lms in.jsonl && [ "$(ids out.lms)" = "a b c short short3 empty " ]'
t 'clusters' '[ "$(cat cl)" = "[\"a\",\"a2\",\"a3\"]
[\"b\",\"b2\"]
[\"short\",\"short2\"]" ]'
t 'edges' '[ $(wc -l <ed) = 4 ] && grep -q "^\[\"a\",\"a2\",1.000000\]" ed && grep -q "^\[\"b\",\"b2\",0.9" ed && grep -q "\"short\",\"short2\",1.0" ed'
t 'meta stays as it is' 'lmcat --jsonl out.lms | head -1 | grep -q "\"lang\":\"en\""'
t 'its line of provenance' 'lmcat --head out.lms 2>&1 | grep -q "dedup" && ! lmcat --head out.lms 2>&1 | grep -q "edges"'
t 'from a pipe' 'dedup -q <in.jsonl | cmp - out.lms'
t 'without --edges the same' 'dedup -q -t 1 in.jsonl | cmp - out.lms'
t 'exact alone' '[ "$(dedup -q --by=text in.jsonl | ids)" = "a b a3 c b2 short short2 short3 empty " ]'
t 'exact alone, with clusters' 'dedup -q --by=text --clusters=cl -o x.lms in.jsonl && [ "$(cat cl)" = "[\"a\",\"a2\"]" ] && dedup -q --by=text in.jsonl | cmp - x.lms'
t 'near alone' '[ "$(dedup -q --by=minhash in.jsonl | ids)" = "a b c short short3 empty " ]'
t 'a higher threshold' '[ "$(dedup -q --min-jaccard=0.999 in.jsonl | ids)" = "a b a3 c b2 short short3 empty " ]'
printf '{"id":"1","url":"http://x.org/a/","text":"one"}\n{"id":"2","url":"http://x.org/a#b","text":"two"}\n{"id":"3","text":"three"}\n{"id":"4","text":"four"}\n' >url.jsonl
t 'by url' '[ "$(dedup -q --by=url url.jsonl | ids)" = "1 3 4 " ]'
printf '{"id":"1","text":"Menu\\nA text.\\n\\nMore"}\n{"id":"2","text":"Menu\\nAnother text."}\n{"id":"3","text":" Menu\\nMore"}\n' >lines.jsonl
t 'by line' '[ "$(dedup -q --by=line lines.jsonl | lmcat --jsonl | sed "s/.*\"text\":\"\([^\"]*\).*/\1/")" = "Menu\nA text.\n\nMore
Another text." ]'
printf '{"id":"1","text":"A b.\\n\\nC d."}\n{"id":"2","text":"C d.\\n\\nE f."}\n' >para.jsonl
t 'by paragraph' '[ "$(dedup -q --by=paragraph para.jsonl | lmcat --jsonl | tail -1 | grep -c "\"E f\.\"")" = 1 ]'
t 'no documents are no error' 'printf "{\"text\":\"x\"}\n" | dedup -q -o one.lms && dedup -q --by=url one.lms | lmcat --check'
t 'nothing at all is' 'exits 1 dedup -o y.lms </dev/null && [ ! -e y.lms ]'
t 'cut-short input: exit 1, no output' 'head -c 500 out.lms >cut.lms; exits 1 dedup -o y.lms --clusters=y.cl cut.lms && [ ! -e y.lms ] && [ ! -e y.cl ]'
printf '{"question":"Why does a man walk his two dogs along the river every morning before work?","answer":"x"}\n' >eval.jsonl
printf '{"id":"1","text":"He asked: why does a man walk his two dogs along the River, every morning (before work)?"}\n{"id":"2","text":"Why does a man walk his two dogs along the road every morning before work?"}\n{"id":"3","text":"short"}\n' >train.jsonl
t 'against an examination' '[ "$(dedup -q --by=text --against=eval.jsonl train.jsonl | ids)" = "2 3 " ]'
t 'in fewer words' '[ "$(dedup -q --by=minhash --against=eval.jsonl --against-ngram=5 train.jsonl | ids)" = "3 " ]'
t 'its content is in the provenance' 'dedup -q --by=text --against=eval.jsonl train.jsonl | lmcat --head 2>&1 | grep -q "against=crc32c:"'
t 'an unknown method: exit 2' 'exits 2 dedup --by=magic in.jsonl'
t '--edges without minhash: exit 2' 'exits 2 dedup --by=text --edges=e in.jsonl'

g=${LM_TESTDATA-}/golden/dedup
if [ -r "$g/corpus.jsonl.gz" ]; then
	t 'golden corpus' 'dedup -q --by=minhash --edges=ed --clusters=cl -o g.lms "$g/corpus.jsonl.gz"'
	t 'any number of threads' 'dedup -q -t 1 --by=minhash --edges=ed1 -o g1.lms "$g/corpus.jsonl.gz" && cmp g.lms g1.lms && cmp ed ed1'
	tr -d '[]"' <ed | tr ',' ' ' >ed.txt
	sed 's/\], \[/\n/g; s/\[//g; s/\]//g; s/,//g' "$g/pairs.json" >pairs.txt
	# per band of .1: pairs, those joined, those expected; the worst deviation in standard deviations
	t 'recall is what theory says' 'awk "
		NR == FNR { e[\$1 \" \" \$2] = \$3; next }
		{ p = 1 - (1 - \$3 ^ 8) ^ 14; if (\$3 < 0.5) next; k = int(\$3 * 10); n[k]++; s[k] += p; v[k] += p * (1 - p); if ((\$1 \" \" \$2) in e) h[k]++ }
		END { for (k in n) { z = (h[k] - s[k]) / sqrt(v[k] + 0.5); printf \"%.1f: %d pairs, %d joined, %.1f expected\n\", k / 10, n[k], h[k], s[k]; if (z < -3.5 || z > 3.5) bad = 1 } exit bad || length(n) < 5 }" ed.txt pairs.txt'
	t 'J is exact, and none below the threshold' 'awk "
		NR == FNR { j[\$1 \" \" \$2] = \$3; next }
		{ d = \$3 - j[\$1 \" \" \$2]; if (\$3 < 0.5 || d > 1e-5 || d < -1e-5) exit 1; n++ } END { if (n < 500) exit 1 }" pairs.txt ed.txt'
else
	skip 'golden corpus' 'no golden/dedup'
fi
done_testing

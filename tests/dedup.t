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
t 'memory is said where it matters: by line, when full, old and new are told apart less well' 'dedup -q --by=line --memory=2M lines.jsonl | lmcat --head | grep -q "dedup .*--memory=2097152" &&
    ! dedup -q --memory=2M in.jsonl | lmcat --head | grep -q -e --memory'
t 'no documents are no error' 'printf "{\"text\":\"x\"}\n" | dedup -q -o one.lms && dedup -q --by=url one.lms | lmcat --check'
t 'nothing at all is' 'exits 1 dedup -o y.lms </dev/null && [ ! -e y.lms ]'
t 'cut-short input: exit 1, no output' 'head -c 500 out.lms >cut.lms; exits 1 dedup -o y.lms --clusters=y.cl cut.lms && [ ! -e y.lms ] && [ ! -e y.cl ]'
printf '{"question":"Why does a man walk his two dogs along the river every morning before work?","answer":"x"}\n' >eval.jsonl
printf '{"id":"1","text":"He asked: why does a man walk his two dogs along the River, every morning (before work)?"}\n{"id":"2","text":"Why does a man walk his two dogs along the road every morning before work?"}\n{"id":"3","text":"short"}\n' >train.jsonl
t 'against an examination' '[ "$(dedup -q --by=text --against=eval.jsonl train.jsonl | ids)" = "2 3 " ]'
t 'in fewer words' '[ "$(dedup -q --by=minhash --against=eval.jsonl --against-ngram=5 train.jsonl | ids)" = "3 " ]'
t 'its content is in the provenance' 'dedup -q --by=text --against=eval.jsonl train.jsonl | lmcat --head 2>&1 | grep -q "against=crc32c:"'
t 'in little memory the same' 'dedup -q --memory=1M --edges=ed2 --clusters=cl2 in.jsonl | cmp - out.lms && dedup -q --edges=ed --clusters=cl in.jsonl >x && cmp ed ed2 && cmp cl cl2'
t 'and without minhash' 'dedup -q --by=text,url in.jsonl >x && dedup -q --by=text,url --memory=1M in.jsonl | cmp - x'
t 'the longest stays' '[ "$(dedup -q --keep=longest --clusters=cl in.jsonl | ids)" = "a c b2 short2 short3 empty " ] && grep -q "^\[\"b2\",\"b\"\]" cl'
printf '{"id":"1","q":1,"text":"one two"}\n{"id":"2","q":7.5,"text":"one two"}\n{"id":"3","text":"one two"}\n{"id":"4","text":"else"}\n' >q.jsonl
t 'the best stays' '[ "$(dedup -q --keep=max:q q.jsonl | ids)" = "2 4 " ] && [ "$(dedup -q --by=text --keep=max:q q.jsonl | ids)" = "2 4 " ]'
t 'an unknown choice: exit 2' 'exits 2 dedup --keep=best in.jsonl'
sed -n 1,4p in.jsonl >one.jsonl; sed -n '5,$p' in.jsonl >two.jsonl
t 'an index: made, read, extended' 'dedup -q --index=i.lms one.jsonl >x1 && lmcat --check i.lms && dedup -q --index=i.lms two.jsonl >x2 && [ "$(ids x1)$(ids x2)" = "$(ids out.lms)" ] && [ -z "$(dedup -q --index=i.lms in.jsonl | ids)" ]'
printf '{"id":1,"text":"one\\ntwo"}\n{"id":2,"text":"three"}\n' >l1; printf '{"id":3,"text":"two\\nfour\\nthree"}\n{"id":4,"text":"one\\nthree"}\n' >l2
t 'an index of lines' 'dedup -q --by=line --index=l.lms l1 >x1 && dedup -q --by=line --index=l.lms l2 | lmcat >x2 && [ "$(cat x2)" = four ] && dedup -q --by=line --index=l.lms l2 | lmcat >x2 && [ ! -s x2 ]'
t 'of another setting: exit 1, and it stays as it was' 'cp i.lms j.lms; exits 1 dedup -q --bands=9 --index=i.lms in.jsonl >x && cmp i.lms j.lms'
t 'damaged: exit 1' 'head -c 3000 i.lms >j.lms; exits 1 dedup -q --index=j.lms in.jsonl >x'
t 'no index of ours: exit 1' 'exits 1 dedup -q --index=out.lms in.jsonl >x'
long='This sentence, which is rather long as sentences go, is at the foot of every page that this publisher has, and has to go.'
printf '{"id":"1","text":"First text. %s"}\n{"id":"2","text":"Second! %s End \303\244."}\n{"id":"3","text":"%s"}\n' "$long" "$long" "$long" >sub.jsonl
t 'by substring: all copies but the first' '[ "$(dedup -q --by=substring sub.jsonl | lmcat --jsonl | sed "s/.*\"text\":\"\([^\"]*\).*/\1/")" = "First text. $long
Second! End ä." ]'
t 'in words, whatever is between them' 'sed "2s/sentence,/SENTENCE/" sub.jsonl | dedup -q --by=substring --unit=word --min-substring=20 | lmcat --jsonl | sed -n "2s/.*\"text\":\"\([^\"]*\).*/\1/p" | grep -qx "Second! End ä."'
t 'an unknown unit: exit 2' 'exits 2 dedup --unit=page in.jsonl'
t 'an unknown method: exit 2' 'exits 2 dedup --by=magic in.jsonl'
t '--edges without minhash: exit 2' 'exits 2 dedup --by=text --edges=e in.jsonl'

g=${LM_TESTDATA-}/golden/dedup
if [ -r "$g/corpus.jsonl.gz" ]; then
	t 'golden corpus' 'dedup -q --by=minhash --edges=ed --clusters=cl -o g.lms "$g/corpus.jsonl.gz"'
	t 'any number of threads' 'dedup -q -t 1 --by=minhash --edges=ed1 -o g1.lms "$g/corpus.jsonl.gz" && cmp g.lms g1.lms && cmp ed ed1'
	t 'in a tenth of the memory' 'dedup -q --memory=1M --by=minhash --edges=ed1 -o g1.lms "$g/corpus.jsonl.gz" && cmp g.lms g1.lms && cmp ed ed1'
	t 'in two halves with an index: all but a few decisions are the same' '
		lmcat --jsonl "$g/corpus.jsonl.gz" | awk "{ print >(NR % 2 ? \"h1\" : \"h2\") }"; numbers() { lmcat --jsonl "$@" | sed "s/.*\"id\":\([0-9]*\).*/\1/" | sort; }
		cat h1 h2 | dedup -q --by=minhash | numbers >all
		dedup -q --by=minhash --index=i2 h1 >x1 && dedup -q --by=minhash --index=i2 h2 >x2 && cat x1 x2 | numbers >halves
		n=$(comm -3 all halves | wc -l); echo "$n differ of $(wc -l <all)"; [ "$n" -lt 20 ]'
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

#!/bin/sh
# train-vocab: reference merges, the same file from any order and number of threads, ties, specials.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
merges() { awk '/^"merges"/ { on = 1; next } on && /^\[/ { gsub(/^\["|"\][],}]*$/, ""); sub(/","/, " "); gsub(/\\"/, "\""); gsub(/\\\\/, "\\"); print }' "$1"; }
c=${LM_TESTDATA-}/data/tokenizers/cs336-bpe/tests/fixtures
if [ -e "$c/corpus.en" ]; then
	t 'the reference merges' "train-vocab --size=500 -o v.json $c/corpus.en && merges v.json >m && diff m $c/train-bpe-reference-merges.txt"
else
	skip 'the reference merges' 'no LM_TESTDATA'
fi
i=0
while [ $i -lt 300 ]; do i=$((i + 1)); echo "{\"text\":\"w$((i % 17)) tow$((i % 5))er lower the${i}m  aaaa aaa\"}"; done >d.jsonl
awk '{ l[NR] = $0 } END { for (i = NR; i; i--) print l[i] }' d.jsonl >r.jsonl
t 'the same from any order and threads' 'train-vocab -t1 --size=285 -o a.json d.jsonl && train-vocab -t3 --size=285 r.jsonl | cmp - a.json'
t 'the same from everything twice' 'awk 1 d.jsonl d.jsonl >dd.jsonl; train-vocab --min-count=4 --size=285 dd.jsonl | cmp - a.json'
awk 'BEGIN { for (i = 0; i < 200000; i++) printf "line%d of a Text, %d  parts don%st agree: x%dy\n", i % 1009, i % 333, "\047", i % 77 }' >large.txt
sed 's/.*/{"text":"&\\n"}/' large.txt >large.jsonl
t 'one large text is counted as its lines are, by any threads' '[ $(wc -c <large.txt) -gt 8388608 ] && train-vocab -q -t1 --size=500 -o l1.json large.txt && train-vocab -q -t3 --size=500 -o l3.json large.txt && train-vocab -q --size=500 -o ll.json large.jsonl && cmp l1.json l3.json && cmp l1.json ll.json'
awk 'BEGIN { srand(2); for (i = 0; i < 250000; i++) { w = ""; n = 3 + int(9 * rand()); while (n--) w = w substr("etaoinshrdlu", 1 + int(12 * rand() * rand()), 1); printf "%s%s", w, i % 9 ? " " : "\n" } print "and-a-very-long-piece-of-text_without_any_space and-a-very-long-piece-of-text_without_any_space" }' >many.txt
for u in bpe word; do
	t "--memory: the same with counts on disk, by any threads ($u)" "train-vocab -q --unit=$u --size=2000 -o m0.json many.txt && train-vocab -v -t3 --unit=$u --size=2000 --memory=1M -o m3.json many.txt 2>e && grep -q 'to disk [1-9]' e && train-vocab -q -t1 --unit=$u --size=2000 --memory=1M -o m1.json many.txt && cmp m0.json m1.json && cmp m0.json m3.json"
done
t '--memory: no folder for temporary files: exit 1' 'TMPDIR=/nowhere exits 1 train-vocab -q --memory=1M -o none.json many.txt 2>e && grep -q "temporary file" e && [ ! -e none.json ]'
t '--memory=1000: exit 2' 'exits 2 train-vocab --memory=1000 many.txt'
t 'of equally frequent pairs the greater' "printf 'ab ab cd cd' >t.txt; train-vocab -q --size=260 t.txt >t.json; merges t.json | head -1 >m; echo 'c d' | cmp - m"
t 'overlapping pairs count each, and join from the left' "printf 'aaaa aaaa aaa' >aa.txt; train-vocab -q -o aa.json aa.txt; merges aa.json >m; printf 'a a\naa aa\n' | cmp - m"
awk 'BEGIN { srand(1); for (i = 0; i < 300000; i++) printf "%c", 97 + int(26 * rand()) }' >endless.txt
t 'one endless word' 'train-vocab -q --size=3000 -o end.json endless.txt && [ $(merges end.json | wc -l) = 2743 ] && tokenize -w end.json endless.txt | tokenize -w end.json -d | cmp - endless.txt'
head -c 100000 /dev/urandom >noise
t 'bytes that are no text' 'train-vocab -q -t2 --size=400 -o no.json noise && tokenize -w no.json noise | tokenize -w no.json -d | cmp - noise'
t 'the vocabulary has the size that was asked' 'tokenize -w a.json d.jsonl | lmcat --head | grep -q "\"n_vocab\":285"'
t 'a text with too little in it: fewer tokens, a warning' "printf 'ab ab' >s.txt; train-vocab --size=1000 -o s.json s.txt 2>e && grep -q 'not 1000' e"
t '--min-count' "train-vocab -q --size=1000 --min-count=3 -o s3.json s.txt; merges s3.json | wc -l | grep -qx 0"
t 'specials come first, in their order' "train-vocab -q --size=300 '--special=<|a|>,<|b|>' --special='<|c|>' -o p.json d.jsonl && [ \"\$(printf '<|c|><|a|>' | tokenize -w p.json --special=all --ids)\" = '2 0' ]"
t 'nothing is learnt from the names of specials' "printf 'x<|zz|>x<|zz|>x<|zz|>' >z.txt; train-vocab -q --size=300 '--special=<|zz|>' -o z.json z.txt; merges z.json | wc -l | grep -qx 0"
t '--special= for none' "train-vocab -q --size=300 --special= -o n.json d.jsonl && exits 1 tokenize -w n.json --eot --ids d.jsonl"
t '--chat=llama3 adds its tokens' "train-vocab -q --size=300 --chat=llama3 -o l.json d.jsonl && echo '{\"prompt\":\"a\",\"completion\":\"b\"}' | tokenize -w l.json --chat=llama3 --ids >o && [ -s o ]"
for p in gpt2 cl100k llama3 qwen2 o200k '\S+|\s+'; do
	t "--pattern=$p: to tokens and back" "train-vocab -q --size=320 --pattern='$p' -o q.json d.jsonl && tokenize -w q.json --ids d.jsonl >i && tokenize -w q.json -d --ids i >o && [ -s o ] && tokenize -w q.json --ids o | tokenize -w q.json -d --ids | cmp - o"
done
printf 'the cat\nthe dog\n日本 日本\n' >u.txt
t '--unit=byte: 256 and the specials, any file is a sequence' "train-vocab -q --unit=byte -o ub.json u.txt && head -c 3000 /dev/urandom >rnd && tokenize -w ub.json --special=none --ids rnd | wc -w | grep -qx 3000 && tokenize -w ub.json --special=none --ids rnd | tokenize -w ub.json -d --ids | cmp - rnd"
t '--unit=char: a token a character' "train-vocab -q --unit=char -o uc.json u.txt && [ \$(tokenize -w uc.json --ids u.txt | wc -w) = \$(wc -m <u.txt 2>/dev/null || echo 22) ] || [ \$(tokenize -w uc.json --ids u.txt | wc -w) = 22 ]"
t '--unit=word: a token a piece, what is rare in bytes' "train-vocab -q --unit=word -o uw.json u.txt && tokenize -w uw.json --pieces u.txt | cut -f3 | grep -cx '\"the\"' | grep -qx 2 && tokenize -w uw.json --ids u.txt | tokenize -w uw.json -d --ids | cmp - u.txt"
t '--unit: the size holds, the most frequent stay' "train-vocab -q --unit=word --size=258 --special= -o u2.json d.jsonl && tokenize -w u2.json --count d.jsonl >c && train-vocab -q --unit=word --size=400 --special= -o u3.json d.jsonl && tokenize -w u3.json --count d.jsonl >c3 && [ \$(awk '/^tokens\t/ { print \$2 }' c) -gt \$(awk '/^tokens\t/ { print \$2 }' c3) ]"
t '--unit=tree: exit 2' 'exits 2 train-vocab --unit=tree d.jsonl'
t 'digits stay single with qwen2' "yes 12345678 | head -50 >dg.txt; train-vocab -q --size=300 --pattern=qwen2 -o dg.json dg.txt; merges dg.json | grep -c '[0-9] [0-9]' | grep -qx 0"
t 'a pattern that does not compile: exit 1' "exits 1 train-vocab --pattern='(' d.jsonl"
t 'a size below the bytes: exit 2' 'exits 2 train-vocab --size=100 d.jsonl'
t 'more tokens than merging makes: exit 1, before the text is read' 'exits 1 train-vocab --size=2M -o none.json no-such-file 2>e && grep -q 1048576 e'
t 'no folder for the result: exit 1, before the text is read' 'exits 1 train-vocab -o no/none.json no-such-file 2>e && grep -q none.json e'
t 'empty input: exit 1' 'exits 1 train-vocab -o none.json && [ ! -e none.json ]'
awk 'BEGIN { for (i = 0; i < 60000; i++) printf "%s%d the cat sat on  mat %d%d.\n", i % 7 ? "" : "  ", i, i * i, i % 13; for (i = 0; i < 90000; i++) printf "ab c"; print "" }' >lines.txt
awk 'BEGIN { printf "{\"text\":\"" } { printf "%s\\n", $0 } END { print "\"}" }' lines.txt >lines.jsonl
t 'a text that comes in parts counts as one that comes whole' 'train-vocab -q --size=900 -o a.json lines.jsonl && train-vocab -q --size=900 -o b.json lines.txt && cmp a.json b.json &&
	train-vocab -q --size=900 --pattern="[a-z]+|[^a-z]+" -o a.json lines.jsonl && train-vocab -q --size=900 --pattern="[a-z]+|[^a-z]+" -o b.json <lines.txt && cmp a.json b.json'
done_testing

#!/bin/sh
# train-quality, and crawl-clean with models of fastText: labels, scores, what is left out, damage.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
text() {	# text LABEL N: documents of made-up words, those of each label of their own kind
	awk -v l="$1" -v n="$2" 'BEGIN { srand(n + length(l)); for (d = 0; d < n; d++) { printf "{\"id\":\"%s%d\",\"label\":\"%s\",\"text\":\"", l, d, l
		for (i = 0; i < 30; i++) printf "%s ", rand() < .5 ? "w" int(rand() * 200) : substr(l, 1, 1) int(rand() * 100)
		print "end\"}" } }'
}
{ text good 200; text spam 201; } >train.jsonl
{ text good 40; text spam 41; } >test.jsonl
t 'a model is trained' 'train-quality -o m.bin --test=test.jsonl train.jsonl && grep -Eq "test.jsonl: (7[89]|80|81) of 81 right" .err'
t 'the same every time, on any number of threads' 'train-quality -q -t 3 -o m2.bin train.jsonl && cmp m.bin m2.bin'
t 'another seed, another model' 'train-quality -q -S 2 -o m2.bin train.jsonl && ! cmp -s m.bin m2.bin'
t 'one file a label' 'grep good train.jsonl >g.jsonl; grep spam train.jsonl >s.jsonl; train-quality -q --label=hq=g.jsonl --label=lq=s.jsonl -o m3.bin && crawl-clean -q --rules=none --quality=hq=m3.bin test.jsonl | lmcat --jsonl >x && [ $(wc -l <x) -ge 39 ] && ! grep -q "\"label\":\"spam\"" x'
t 'what is less likely is left out, with its score' 'crawl-clean -q --rules=none --quality=good=m.bin --quality-min=0.5 --rejects=r.lms test.jsonl -o k.lms && lmcat --jsonl k.lms | grep -q "\"quality\":0\.[5-9]" && lmcat --jsonl r.lms | grep -q "\"quality\":0\.[0-4].*\"reason\":\"quality\""'
t 'it is in the provenance by its content' 'lmcat --head k.lms 2>&1 | grep -q "quality=good=crc32c:"'
t 'a model of languages' 'sed "s/\"label\":\"good\"/\"label\":\"xx\"/; s/\"label\":\"spam\"/\"label\":\"yy\"/" train.jsonl >l.jsonl; train-quality -q -o l.bin l.jsonl && crawl-clean -q --rules=none --lang-model=l.bin --lang=xx --lang-min=0.5 test.jsonl | lmcat --jsonl >x && [ $(grep -c "\"lang\":\"xx\"" x) -ge 38 ] && exits 2 crawl-clean --lang-model=l.bin --lang=en test.jsonl'
t 'a label that is none' 'exits 2 crawl-clean --quality=bad=m.bin test.jsonl; exits 2 crawl-clean --quality=m.bin test.jsonl'
t 'no model, a cut one' 'exits 1 crawl-clean --lang-model=test.jsonl test.jsonl; head -c 5000 m.bin >cut.bin; exits 1 crawl-clean --quality=good=cut.bin test.jsonl'
t 'nothing to tell apart' 'exits 1 train-quality -q -o n.bin g.jsonl && [ ! -e n.bin ]; printf "{\"text\":\"x\"}\n" >no.jsonl; exits 1 train-quality -o n.bin no.jsonl'
t 'bad usage' 'exits 2 train-quality train.jsonl; exits 2 train-quality -o n.bin --dim=0 train.jsonl; exits 2 train-quality -o n.bin --label=x train.jsonl'
f=${LM_LID-}
if [ -r "$f" ]; then
	printf 'The quick brown fox jumps over the lazy dog.\nBonjour tout le monde.\n' >two.txt
	t 'a published model' '[ "$(crawl-clean -q --split=line --rules=none --lang-model="$f" two.txt | lmcat --jsonl | sed "s/.*\"lang\":\"\([a-z]*\)\".*/\1/" | tr "\n" " ")" = "en fr " ]'
else skip 'a published model' 'LM_LID does not name lid.176.ftz'; fi
done_testing

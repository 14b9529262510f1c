#!/bin/sh
# The pipelines: clean shell, and the whole chain in small, killed on the way and gone on with.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
pipes=$here/../pipelines
if command -v shellcheck >/dev/null; then
	t 'shellcheck' "(cd '$pipes' && shellcheck -x *.sh ../tests/run.sh ../tests/fixtures.sh ../.ci/run)"
else skip shellcheck 'not here'; fi
for p in "$pipes"/*.sh; do
	case $p in */cardpage.sh | */common.sh | */report.sh) continue ;; esac
	t "${p##*/} --help" "sh '$p' --help | grep -q ' - '"
done
t 'world.sh: equal seeds, equal lines' "sh '$pipes/world.sh' train 60 5 >a && sh '$pipes/world.sh' train 60 5 | cmp - a && ! sh '$pipes/world.sh' train 60 6 | cmp -s - a"
t 'world.sh: lines are JSON' 'lmcat --from-jsonl a >x'
for split in train valid test; do sh "$pipes/world.sh" $split 1500 1 spell reverse sum | grep -o 'user","content":"[^"]*' | sort -u >q.$split; done
t 'world.sh: train, valid and test have nothing in common' '[ -s q.train ] && [ -s q.valid ] && [ -s q.test ] && [ -z "$(sort q.train q.valid q.test | uniq -d)" ]'
t 'world.sh: half of the assistants are wordy' 'awk "/Sure! |The answer is |Anything else/ { n++ } END { exit !(n > NR * .35 && n < NR * .65) }" a'
t 'world.sh: the mean of minus log p of stories is their entropy' "sh '$pipes/world.sh' entropy >h && sh '$pipes/world.sh' test 4000 3 story | sed 's/.*nats\":\([^,]*\).*/\1/' |
  awk -v h=\"\$(sed 's/.*nats\":\([^,]*\).*/\1/' h)\" '{ s += \$1; q += \$1 * \$1 } END { m = s / NR; e = sqrt((q / NR - m * m) / NR); d = m - h; print m, e, h; exit !(e < .05 && d < 3 * e && d > -3 * e) }'"
t 'world.sh: a text has one probability' "sh '$pipes/world.sh' test 20000 3 story fact | sed 's/.*\"nats\":\([^,]*\),\"text\":\(.*\)/\2 \1/' | sort -u | sed 's/ [^ ]*\$//' | uniq -d >twice; [ ! -s twice ]"
sh "$pipes/world.sh" train 300 3 page >pages.warc; sh "$pipes/world.sh" train 300 3 label >labels
t 'world.sh: pages and their labels agree' 'grep -c ^WARC-Target-URI pages.warc >n && [ "$(cat n)" = "$(wc -l <labels)" ] && crawl-clean --rules=none pages.warc | dedup --by=text | lmcat --jsonl >unique &&
  for u in $(sed -n "s/.*url\":\"\([^\"]*\)\",\"kind\":\"copy.*/\1/p" labels); do ! grep -q "\"url\":\"$u\"" unique || exit 1; done; grep -q "\"kind\":\"near\"" labels'
say() { printf '{"response":"%s","who":"Bo","thing":"map","bad":"1 2","answer":"x"}\n' "$@" | sh "$pipes/verify.sh" $how | tr '\n' ' '; }
t 'verify.sh: worth of tales' 'how=utility; [ "$(say "Bo had a map. It was a cold day. Night came. All were happy." "Bo had a map. Night came. Night came. All were sad." "")" = "1.5 0 -2 " ]'
t 'verify.sh: what must not be said' 'how=safe; [ "$(say "No." "It is 12!" "1 2 3")" = "1 0 0 " ]'
t 'verify.sh: noise is that of Bradley and Terry' "yes '{\"response\":\"x\",\"answer\":\"x\"}
{\"response\":\"y\",\"answer\":\"x\"}' | head -n 20000 | sh '$pipes/verify.sh' safe 1 5 | awk 'NR % 2 { a = \$1; next } { n++; better += a > \$1 } END { p = better / n; print p; exit !(p > .72 && p < .742) }'"
if [ -r /usr/share/common-licenses/GPL-3 ]; then
	crawl=$(find /usr/share/common-licenses -type f | sort)
	run() { DIR=$1 TINY=1 LM_BIN=$(dirname "$(command -v lmcat)") sh "$pipes/quickstart.sh" $crawl; }
	t 'quickstart.sh runs' 'run whole'
	t 'its table has every stage' 'for w in Documents Time Held-out Exact Reward asked; do grep -q "$w" whole/report.txt || exit 1; done'
	t 'report.json is JSON' "{ printf '{\"text\":\"\",\"report\":'; tr -d '\n' <whole/report.json; echo '}'; } | lmcat --from-jsonl >x"
	t 'run again, it does nothing' 'touch -d 2000-01-01 whole/base.safetensors && run whole && [ -n "$(find whole/base.safetensors -not -newermt 2001-01-01)" ]'
	for wait in 2 3 5; do		# a session of its own, so that all of its processes are killed together
		DIR=cut TINY=1 LM_BIN=$(dirname "$(command -v lmcat)") setsid sh "$pipes/quickstart.sh" $crawl >/dev/null 2>&1 &
		sleep $wait
		kill -9 -- -$! 2>/dev/null
		wait $! 2>/dev/null
	done
	t 'killed three times, it goes on' 'run cut'
	t 'and ends in the same models' 'cmp whole/base.safetensors cut/base.safetensors && cmp whole/policy.2.safetensors cut/policy.2.safetensors'
	sh "$pipes/world.sh" train 40 1 count >mine.jsonl; sh "$pipes/world.sh" test 10 1 count >kept.jsonl
	tune() { DIR=tuned HELD=kept.jsonl BATCH=4 EPOCHS=1 LM_BIN=$(dirname "$(command -v lmcat)") sh "$pipes/finetune.sh" whole/base.safetensors mine.jsonl; }
	t 'finetune.sh: a row for each method, JSON, nothing done twice' 'tune && for m in full lora adapter prompt prefix; do grep -q "^$m .*%" tuned/report.txt || exit 1; done &&
		{ printf "{\"text\":\"\",\"report\":"; tr -d "\n" <tuned/report.json; echo "}"; } | lmcat --from-jsonl >x && touch -d 2000-01-01 tuned/*.log && tune && [ -z "$(find tuned -name "*.log" -newermt 2001-01-01)" ]'
	scaling() { DIR=laws TINY=1 LM_BIN=$(dirname "$(command -v lmcat)") sh "$pipes/scaling.sh" $crawl; }
	t 'scaling.sh: a family, its laws, a larger model' 'scaling && grep -q "law said.*off by" laws/report.txt && grep -q "^</svg>" laws/laws.svg && { printf "{\"text\":\"\",\"report\":"; tr -d "\n" <laws/report.json; echo "}"; } | lmcat --from-jsonl >x'
	t 'run again, it makes no run anew' 'touch -d 2000-01-01 laws/*-*.log && scaling && [ -z "$(find laws -name "*-*.log" -newermt 2001-01-01)" ]'
	corpus() { DIR=corpus TINY=1 LM_BIN=$(dirname "$(command -v lmcat)") sh "$pipes/corpus.sh" laws=3 $(echo "$crawl" | head -n 3) more=1 $(echo "$crawl" | tail -n 3); }
	t 'corpus.sh: sources, buckets, a mix and its table' 'corpus && grep -q "^laws .* 75.0%" corpus/report.txt && lmcat --check corpus/train.lms && grep -q "^</body>\|</html>" corpus/laws.rejects.html && { printf "{\"text\":\"\",\"report\":"; tr -d "\n" <corpus/report.json; echo "}"; } | lmcat --from-jsonl >x'
	t 'its buckets are all of the documents' '[ $(cat corpus/laws.head.jsonl corpus/laws.middle.jsonl corpus/laws.tail.jsonl | wc -l) = $(wc -l <corpus/laws.unique) ]'
	t 'run again, it does nothing' 'touch -d 2000-01-01 corpus/train.lms corpus/judge.safetensors && corpus && [ -z "$(find corpus -name "*.lms" -newermt 2001-01-01 -newer corpus/vocab.json -name train.lms)" ]'
	t 'ablation.sh: four ways, bits a byte with errors' 'printf "{\"text\":\"The licence applies to the work.\"}\n{\"text\":\"You may copy it, and change it.\"}\n" >held.jsonl && DIR=ab TINY=1 LM_BIN=$(dirname "$(command -v lmcat)") sh "$pipes/ablation.sh" held.jsonl $(echo "$crawl" | head -n 4) && grep -q "^  clean .* +- " ab/report.txt && grep -q "\"from_plain_se\":" ab/report.json'
else skip 'quickstart.sh' 'no English text at hand'; fi
done_testing

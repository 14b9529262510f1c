#!/bin/sh
# Streams: whole or refused, joined by cat, never lost without a word.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
printf '{"text":"one","id":"a"}\n{"text":"two"}\n{"text":"one","n":[1,2]}\n' >in.jsonl
lmcat --from-jsonl -o a.lms in.jsonl
lmcat --from-jsonl in.jsonl >b.lms

t 'a file and a pipe get the same bytes' 'cmp a.lms b.lms'
t 'lmcat prints the texts' 'lmcat a.lms >x && printf "one\ntwo\none\n" | cmp - x'
t 'JSONL comes back' 'lmcat --jsonl a.lms | cmp - in.jsonl || lmcat --jsonl a.lms | grep -q "\"text\":\"one\",\"n\":\[1,2\]"'
t 'from a pipe too' 'lmcat --jsonl <a.lms >x && lmcat --jsonl a.lms | cmp - x'
t 'cat joins streams' 'cat a.lms b.lms | lmcat >x && [ "$(wc -l <x)" -eq 6 ]'
t 'files as operands' 'lmcat a.lms b.lms >x && [ "$(wc -l <x)" -eq 6 ]'
t '--segments demands them' 'cat a.lms b.lms | lmcat --check --segments=2 && exits 1 lmcat --check --segments=2 a.lms'
t 'sizes are multiples of 64' '[ $(( $(wc -c <a.lms) % 64 )) = 0 ]'
t 'empty input is an error' 'exits 1 lmcat </dev/null'
t 'it says what is wrong' 'lmcat --check </dev/null 2>&1 | grep -q "standard input: empty"'
t 'a stream of no records is not an error' 'lmcat -n 0 --from-jsonl in.jsonl >none.lms && lmcat none.lms >x && [ ! -s x ]'
n=$(wc -c <a.lms) i=1 bad=
while [ $i -lt "$n" ]; do
	head -c $i a.lms | lmcat --check 2>/dev/null && bad="$bad $i"
	i=$((i + 1))
done
t 'no prefix of a stream passes --check' '[ -z "$bad" ]'
i=0 bad=
while [ $i -lt "$n" ]; do
	{ head -c $i a.lms; printf '\377'; tail -c +$((i + 2)) a.lms; } >c.lms
	cmp -s a.lms c.lms || ! lmcat --check c.lms 2>/dev/null || bad="$bad $i"
	i=$((i + 1))
done
t 'no changed byte passes' '[ -z "$bad" ] || { echo "$bad" >&2; false; }'
t 'a cut-short producer is noticed without pipefail' 'exits 1 sh -c "{ head -c 200 a.lms; exit 3; } | lmcat --check"'
t 'the message names file, frame and byte' 'head -c 200 a.lms | lmcat --check 2>&1 | grep -qE "standard input: cut short.*frame [0-9]+, byte [0-9]+"'
awk 'BEGIN { for (i = 0; i < 500; i++) printf "{\"text\":\"%d\"}\n", i }' >many
t '--sample: so many, in order, the same by one seed' 'lmcat --sample=100 many >s1 && lmcat --sample=100 many | cmp - s1 && [ $(wc -l <s1) = 100 ] && sort -nuc s1 && ! lmcat --sample=100 -S 1 many | cmp -s - s1 && [ $(lmcat --sample=900 many | wc -l) = 500 ] && exits 2 lmcat --sample=0 many'
t '--sample: from everywhere alike' 'for s in 1 2 3 4 5 6 7 8; do lmcat --sample=100 -S $s many; done | awk "{ s += \$1; n++ } END { exit !(n == 800 && s / n > 229 && s / n < 270) }"'
t 'an array of objects is read as lines are' 'printf "{\"text\":\"a]\\\\\"}\"}\n{\"text\":\"b\",\"x\":[{}]}\n" >l; printf " [{\"text\":\"a]\\\\\"}\"},\n {\"text\":\"b\",\"x\":[{}]} ]\n" | lmcat --from-jsonl >a2 && lmcat --from-jsonl l | cmp - a2'
t 'an array that is cut short, or goes on wrongly, is not' 'for s in "" , ",]" "]x" "{"; do printf "[{\"text\":\"a\"}%s" "$s" | exits 1 lmcat --from-jsonl >x || exit 1; done'
t 'a byte order mark in front is none of it' '{ printf "\357\273\277"; cat in.jsonl; } | lmcat --from-jsonl | cmp - a.lms && printf "\357\273\277[{\"text\":\"one\"}]" | lmcat --from-jsonl | lmcat | grep -qx one'
t 'a JSONL line without newline is cut short' 'printf "{\"text\":\"x\"}" | exits 1 lmcat --from-jsonl >x'
t 'bad JSONL names record and byte' 'printf "{\"text\":\"x\"}\n{]\n" | lmcat --from-jsonl 2>&1 >/dev/null | grep -q "record 2, byte 13"'
t 'text goes to -o too' 'lmcat a.lms >x && lmcat -o y a.lms >z && cmp x y && [ ! -s z ]'
t '--check of JSONL prints nothing, and finds a cut line' 'lmcat --check in.jsonl >x && [ ! -s x ] && printf "{\"text\":\"a" >cut.jsonl && exits 1 lmcat --check cut.jsonl'
t 'an output file is whole or absent' 'exits 1 lmcat --from-jsonl -o y.lms missing.jsonl; [ ! -e y.lms ] && ! ls y.lms.* 2>/dev/null'
{ cat a.lms; } >d.lms; printf 'xyz' | dd of=d.lms bs=1 seek=200 conv=notrunc 2>/dev/null
cat a.lms d.lms >e.lms
t 'salvage saves the whole frames of a damaged stream' 'lmcat --salvage e.lms >s.lms 2>msg && lmcat --check s.lms && grep -q "bytes lost" msg'
t 'standard output by its path, a file with more to come' '{ echo begin; lmcat --jsonl -o /dev/stdout a.lms; lmcat --jsonl -o /dev/fd/1 a.lms; echo end; } >o.txt; lmcat --jsonl a.lms >one &&
	{ echo begin; cat one one; echo end; } | cmp - o.txt'
if [ -w /dev/full ]; then
	t 'a full disk is an error' 'exits 1 sh -c "lmcat --from-jsonl in.jsonl >/dev/full"'
	t 'a full disk is an error for text too' 'exits 1 sh -c "lmcat a.lms >/dev/full"'
else skip 'full disk' 'no /dev/full'; fi
killed() {	# killed SIGNAL: lmcat ends by it, and nothing of its output is left
	yes '{"text":"x"}' | lmcat --from-jsonl -o part.lms &
	for i in 1 2 3 4 5 6 7 8 9; do
		ls part.lms.* && break
		sleep .2
	done
	kill -s "$1" $!
	wait $!
	got=$?
	[ $got -gt 128 ] && [ "$(kill -l $got)" = "$1" ] && ! ls part.lms*
}
t 'SIGTERM leaves no part of an output file' 'killed TERM'
t 'nor does SIGHUP' 'killed HUP'
t 'SIGPIPE kills quietly' '{ yes "{\"text\":\"x\"}" | lmcat --from-jsonl; echo $? >rc; } 2>e | head -c 100 >x; [ "$(cat rc)" = 141 ] && [ ! -s e ]'
if script -qec true /dev/null >/dev/null 2>&1; then
	t 'refuses a terminal' 'exits 2 script -qec "lmcat --from-jsonl in.jsonl" /dev/null'
	t 'lmcat writes text to one' 'script -qec "lmcat a.lms" /dev/null | grep -q two'
else skip 'terminals' 'no script(1)'; fi
t 'compressed JSONL is read' 'gzip -k in.jsonl && lmcat --from-jsonl in.jsonl.gz | cmp - a.lms'
t 'a cut gzip member is an error' 'head -c 40 in.jsonl.gz >cut.gz; exits 1 lmcat --from-jsonl cut.gz >x'
printf '{"text":"one two","date":"2024-03-05T10:00:00Z"}\n{"text":"three","date":"2023-01-31"}\n' >dated.jsonl
printf '{"model":{"type":"BPE","vocab":{"a":0},"merges":[]}}' >v.json
if train-vocab --size=270 -o v.json dated.jsonl 2>/dev/null; then
	t 'blocks of tokens carry the range of dates' 'tokenize -w v.json dated.jsonl | lmcat --frames >x && grep -q "{\"from\":\"2023-01-31\",\"to\":\"2024-03-05\"}" x'
else skip dates 'no train-vocab'; fi
t 'documents as a page, by reason' 'printf "%s\n" "{\"text\":\"a <b> & c\",\"reason\":\"lang\",\"url\":\"http://x.org/\"}" "{\"text\":\"two\",\"reason\":\"gopher.alpha\"}" "{\"text\":\"three\",\"reason\":\"lang\"}" >h.jsonl &&
	lmcat --html h.jsonl >h.html && grep -q "<h1>3 documents" h.html && grep -q "a &lt;b&gt; &amp; c" h.html && grep -q "href=\"http://x.org/\"" h.html && [ "$(grep -o "<h2[^>]*>[a-z.]*" h.html | sed "s/.*>//" | tr "\n" " ")" = "lang gopher.alpha " ] && [ "$(tail -c 15 h.html | tr -d "\n")" = "</body></html>" ]'
if command -v tokenize >/dev/null; then
	. "$here/fixtures.sh"
	mkdir fx && (cd fx && fixtures) >/dev/null 2>&1
	t 'tokens as bytes: those of shard' '(cd fx && shard --format=raw -o a.raw toks.lms && lmcat --raw toks.lms | cmp - a.raw)'
	t 'tokens as an array: that of shard' '(cd fx && shard --format=npy -o a.npy train.lms && lmcat --npy -o b.npy train.lms && cmp a.npy b.npy)'
	t 'an array of tokens needs a file, documents are none' '(cd fx && exits 1 lmcat --npy toks.lms && exits 1 lmcat --raw docs.lms)'
	t 'tensors as arrays: shape and data' '(cd fx && eval-ppl --embed -m model.safetensors toks.lms >e.lms && lmcat --npy e.lms >e.npy && lmcat --raw e.lms >e.raw && tail -c $(($(wc -c <e.raw))) e.npy | cmp -n 64 - e.raw && [ $((($(wc -c <e.npy) - $(wc -c <e.raw)) % 64)) = 0 ] && head -c 128 e.npy | grep -aq "<f4.*(40, 32), }\|<f4.*(1, 32), }")'
fi
done_testing

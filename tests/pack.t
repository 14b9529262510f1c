#!/bin/sh
# shard, in a pipe with tokenize: what goes in comes out.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
fixtures >/dev/null 2>&1
[ -s toks.lms ] || { echo '1..0 # SKIP no tokens'; exit 0; }
# without the first token of every record but the first, which is the last of the one before
t 'records hold all tokens, in order' 'shard -T 32 toks.lms | lmcat | tr " " "\n" | awk "NR == 1 || NR % 33 != 1" | head -n $(lmcat toks.lms | wc -w) >x && lmcat toks.lms | tr " " "\n" | cmp - x'
t 'HEAD: seq, mask, and what was there' 'shard -T 32 -o r.lms toks.lms && lmcat --head r.lms 2>&1 | tr -d " \n" >h && grep -q "\"seq\":32" h && grep -q "\"mask\":true" h && grep -q "\"vocab\":\"crc32c:" h && grep -q "shard--seq=32" h'
t 'a file and a pipe get the same bytes' 'shard -T 32 <toks.lms | cmp - r.lms'
t 'best-fit' 'shard -T 200 --pack=best-fit -o b.lms toks.lms && lmcat --check b.lms'
t 'split: the parts are the whole' 'shard --split=val=0.3 -o part.lms toks.lms && { lmcat val.lms; lmcat part.lms; } | sort >x && lmcat toks.lms | sort | cmp - x && [ -n "$(lmcat val.lms)" ] && [ -n "$(lmcat part.lms)" ]'
t 'shuffled: all that was there, in another order' 'shard --shuffle -S 3 toks.lms | lmcat >y && lmcat toks.lms >z && ! cmp -s y z && sort y >ys && sort z | cmp - ys'
lmcat toks.lms | tr ' ' '\n' >flat
u16() { od -An -v -tu2 -w2 | tr -d ' '; }
t 'raw: the tokens' 'shard --format=raw toks.lms | u16 | cmp - flat'
t 'npy: its header, and the tokens' 'shard --format=npy -o o.npy toks.lms && head -c 128 o.npy | grep -aq "shape.: ($(wc -l <flat),)" && tail -c +129 o.npy | u16 | cmp - flat'
t 'npy of records' 'shard -T 32 --format=npy -o o.npy toks.lms && head -c 128 o.npy | grep -aq "shape.: (\([0-9]*\), 33)"'
t 'llm.c: magic, version, tokens' 'shard --format=llmc -o o.bin toks.lms && [ "$(od -An -tu4 -N12 o.bin | tr -s " ")" = " 20240520 1 $(wc -l <flat)" ] && tail -c +1025 o.bin | u16 | cmp - flat'
t 'megatron: tokens and index' 'shard --format=megatron -o m toks.lms && u16 <m.bin | cmp - flat && [ $(wc -c <m.idx) = $((9 + 8 + 1 + 8 + 8 + 8 + 20 * 40)) ] && [ "$(tail -c +27 m.idx | od -An -tu4 -j8 -N4 | tr -d " ")" = $(lmcat toks.lms | head -1 | wc -w) ]'
t 'several files of a size' 'shard --size=300 -o part.lms toks.lms && [ -e part-00002.lms ] && lmcat part-*.lms | cmp - z && [ $(lmcat part-00000.lms | wc -w) -ge 300 ]'
t 'what cannot be a pipe: exit 1' 'exits 1 shard --format=npy toks.lms >x'
t 'records for llm.c: exit 2' 'exits 2 shard -T 32 --format=llmc -o x.bin toks.lms'
t 'a -T of 0: exit 2' 'exits 2 shard -T 0 toks.lms'
t 'an unknown packing: exit 2' 'exits 2 shard -T 32 --pack=tight toks.lms'
t 'nothing: exit 1' 'exits 1 shard -T 32 </dev/null'
t 'documents are no tokens: exit 1' 'exits 1 shard -T 32 docs.lms'
done_testing

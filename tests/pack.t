#!/bin/sh
# shard, in a pipe with tokenize: what goes in comes out.
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
t 'a -T of 0: exit 2' 'exits 2 shard -T 0 toks.lms'
t 'an unknown packing: exit 2' 'exits 2 shard -T 32 --pack=tight toks.lms'
t 'nothing: exit 1' 'exits 1 shard -T 32 </dev/null'
t 'documents are no tokens: exit 1' 'exits 1 shard -T 32 docs.lms'
done_testing

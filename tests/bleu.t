#!/bin/sh
# eval-bleu: a published example, signatures, intervals, what is refused.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
printf 'The dog bit the man.\nIt wasn'\''t surprising.\nThe man had just bitten him.\n' >hyp
printf 'The dog bit the man.\nIt was not unexpected.\nThe man bit him first.\n' >r1
printf 'The dog had bit the man.\nNo one was surprised.\nThe man had bitten the dog.\n' >r2
val() { sed 's/.*"'"$2"'":\([^,}]*\).*/\1/' "$1"; }
t 'the example of sacreBLEU' 'eval-bleu hyp r1 r2 | grep -q "^BLEU|nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:2[^ ]* = 48.53 82.4/50.0/45.5/37.5 (BP = 0.943 ratio = 0.944 hyp_len = 17 ref_len = 18)$"'
t 'as JSON' 'eval-bleu --json hyp r1 r2 >j && grep -q "^{\"bleu\":48.5308270099.*,\"precisions\":\[82.35294.*\],\"bp\":0.94287.*,\"ratio\":0.944.*,\"sys_len\":17,\"ref_len\":18,.*\"signature\":\"nrefs:2|" j'
t 'each line by itself' 'eval-bleu --sentence hyp r1 r2 >s && [ "$(tr "\n" " " <s)" = "100.0000 14.7940 29.0715 " ] && eval-bleu --sentence --json hyp r1 r2 | grep -c eff:yes | grep -qx 3'
t 'signatures' 'eval-bleu -l --tok=intl --smooth=add-k hyp r1 | grep -q "case:lc|eff:no|tok:intl|smooth:add-k\[1.00\]|" && eval-bleu --smooth=floor --smooth-value=.05 hyp r1 | grep -q "smooth:floor\[0.05\]" &&
	eval-bleu --chrf=2 hyp r1 | grep -q "^chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|"'
i=0; while [ $i -lt 200 ]; do i=$((i + 1)); echo "line $i of a text with $((i * 7919 % 1000)) words, more or less, and a stop."; done >ref
sed 's/text/book/;3~4s/more or less/they say/' ref >good
sed 's/text with/book of/;s/less/so/;s/stop/dot/' ref >bad
t 'an interval holds the score; equal at any number of threads' 'eval-bleu --json --bootstrap=300 good ref >a && eval-bleu --json -t1 --bootstrap=300 good ref | cmp a - &&
	awk -v s="$(val a bleu)" -v m="$(val a mean)" -v c="$(val a ci)" "BEGIN { exit !(c > 0 && s > m - c && s < m + c) }"'
t 'pairs: better, and as good as itself' 'eval-bleu --json --paired=bad good ref >a && awk -v p="$(val a p)" "BEGIN { exit !(p < .01) }" && eval-bleu --json --paired=good good ref >a && [ "$(val a p)" = 1 ]'
t 'a seed changes the resamples alone' 'eval-bleu --json --bootstrap=300 -S 2 good ref >b && eval-bleu --json --bootstrap=300 good ref >a && [ "$(val a bleu)" = "$(val b bleu)" ] && [ "$(val a mean)" != "$(val b mean)" ]'
t 'compressed, from a pipe' 'gzip <ref >ref.gz && cat good | eval-bleu - ref.gz | grep -q = '
t 'refused: unequal lengths, nothing, no UTF-8, no references, unknown names' 'head -2 r1 >short && exits 1 eval-bleu hyp short && exits 1 eval-bleu /dev/null r1 && printf "a\377\n" >x && exits 1 eval-bleu x x &&
	exits 2 eval-bleu hyp && exits 2 eval-bleu --tok=zh hyp r1 && exits 2 eval-bleu --smooth=x hyp r1 && exits 2 eval-bleu --chrf=3 hyp r1 && exits 2 eval-bleu --sentence --bootstrap=9 hyp r1'
done_testing

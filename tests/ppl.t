#!/bin/sh
# eval-ppl: windows, masks, packing into rows, bytes and words, divergence.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
for p in train-vocab tokenize shard init-model train-step; do
	have $p || { echo "1..0 # SKIP no $p"; exit 0; }
done
fixtures 2>/dev/null
export OMP_WAIT_POLICY=passive
train-step -q -m model.safetensors -n 4 --lr=5e-3 --eval=train.lms --log=log -o m train.lms
ev() { eval-ppl -q -m m "$@"; }
val() { sed 's/.*"'"$2"'":\([^,}]*\).*/\1/' "$1"; }
near() { awk -v a="$1" -v b="$2" -v r="$3" 'BEGIN { d = a - b; if (d < 0) d = -d; if (!(a != "" && b != "" && d <= r)) { print a, b; exit 1 } }' >&2; }

t 'documents' 'ev --json toks.lms >a && [ "$(val a documents)" = 40 ] && near "$(val a loss)" 4.5 1.5'
t 'each token but the first of each is predicted' 'n=$(tokenize --ids --eot -w vocab.json docs.jsonl | wc -w); [ "$(val a tokens)" = $((n - 40)) ] && ev --each toks.lms >e &&
	[ "$(wc -l <e)" = 40 ] && awk -F"[:,]" "{ s += \$4 } END { exit s != $(val a tokens) }" e'
t 'any -B, one thread: the same bytes' 'ev --json -B 1 -t 1 toks.lms >b && cmp a b && ev --json -B 13 -T 64 toks.lms >b && cmp a b && ev --json -B 7 -T 40 toks.lms >b && near "$(val a loss)" "$(val b loss)" 1e-6'
t 'perplexity is e to the loss, bits are of bytes' 'near "$(val a ppl)" "$(awk "BEGIN { print exp($(val a loss)) }")" 1e-3 && near "$(val a byte_ppl)" "$(awk "BEGIN { print 2 ^ $(val a bits_per_byte) }")" 1e-3'
t 'bytes: of all but the first token of each, special ones have none' '
	first=$(tokenize --ids -w vocab.json docs.jsonl | cut -d" " -f1 | tokenize -d --ids -w vocab.json | tr -d "\\n" | wc -c)
	[ "$(val a bytes)" = $(($(tr -d "\\n" <text.txt | wc -c) - first)) ]'
t 'words: between white space' '[ "$(val a words)" = "$(wc -w <text.txt | tr -d " ")" ]'
t 'word perplexity: the same nats over words' 'near "$(awk "BEGIN { print $(val a loss) * $(val a tokens) / log($(val a word_ppl)) }")" "$(val a words)" 0.01'
t 'errors: of ratios of sums over documents' '
	awk -F"[:,]" "{ n[NR] = \$4; s[NR] = \$4 * \$6; N += n[NR]; S += s[NR] }
	END { r = S / N; for (i in n) v += (s[i] - r * n[i]) ^ 2; printf \"%.6f\\n\", sqrt(v * NR / (NR - 1)) / N }" e >se; near "$(val a loss_se)" "$(cat se)" 2e-6'
t 'one long document in windows: each token once, more context helps' '
	tokenize -w vocab.json -o long.lms text.txt && ev --json -T 16 long.lms >w16 && ev --json -T 16 --stride=1 long.lms >s1 && ev --json -T 64 long.lms >w64 &&
	[ "$(val w16 tokens)" = "$(val s1 tokens)" ] && [ "$(val w16 tokens)" = "$(val w64 tokens)" ] && [ "$(val w16 documents)" = 1 ] &&
	awk -v a="$(val w16 loss)" -v b="$(val s1 loss)" "BEGIN { exit a == b }"'
t 'records: as train-step --eval measures them' 'ev --json train.lms >r && near "$(val r loss)" "$(grep eval_loss log | sed "s/.*eval_loss\":\([^,]*\).*/\1/")" 1e-6 &&
	[ "$(val r tokens)" = "$(grep eval_loss log | sed "s/.*eval_tokens\":\([0-9]*\).*/\1/")" ]'
t 'whole documents in records, kept apart: as documents alone' 'shard -T 64 --pack=best-fit -o fit.lms toks.lms && ev --json --doc-mask fit.lms >f &&
	[ "$(val f tokens)" = "$(val a tokens)" ] && near "$(val f loss)" "$(val a loss)" 1e-6 && ev --json fit.lms >g && ! near "$(val f loss)" "$(val g loss)" 1e-6'
t 'chat: what the mask marks, no more' 'tokenize -w vocab.json --chat=chatml -o chat.lms chat.jsonl && ev --json chat.lms >c && [ "$(val c documents)" = 6 ] && [ "$(val c tokens)" -le 24 ] && [ "$(val c tokens)" -ge 6 ]'
t 'a model is at no distance from itself, and at some from another' 'ev --json --kl=m toks.lms >k && near "$(val k kl)" 0 1e-9 && ev --json --kl=model.safetensors toks.lms >k &&
	awk -v k="$(val k kl)" "BEGIN { exit !(k > 1e-4) }" && near "$(val k loss)" "$(val a loss)" 0'
t 'from another: its spread, and how often both would say the same' 'near "$(val k same_top)" 0.5 0.5 && awk -v a="$(val k kl_median)" -v b="$(val k kl_p90)" -v c="$(val k kl_p99)" -v d="$(val k kl_max)" -v m="$(val k kl)" "BEGIN { exit !(0 < a && a <= b && b <= c && c <= d && m < d) }" && ev --json --kl=m toks.lms >k && [ "$(val k same_top)" = 1 ]'
t 'the log-probabilities, as a stream: of all tokens, the same' 'ev --roll -o r.lms toks.lms && lmcat --check r.lms && [ "$(lmcat --json r.lms | wc -l)" = 40 ] && lmcat --json r.lms | sed "s/.*logps\":\[//; s/\].*//" | tr , "\n" >l && [ "$(wc -l <l)" = "$(val a tokens)" ] &&
	near "$(awk "{ s -= \$1 } END { print s / NR }" l)" "$(val a loss)" 1e-5 && ev --roll -B 1 -t 1 toks.lms | cmp - r.lms'
t 'in windows too, a token once' 'ev --roll -T 16 long.lms | lmcat --json | sed "s/.*logps\":\[//; s/\].*//" | tr , "\n" >l && [ "$(wc -l <l)" = "$(val w16 tokens)" ] && ! grep -q null l && near "$(awk "{ s -= \$1 } END { print s / NR }" l)" "$(val w16 loss)" 1e-5'
t 'second halves of windows, as llama.cpp counts' 'ev --json --halves -T 24 toks.lms >h && lmcat --json r.lms | sed "s/.*logps\":\[//; s/\].*//" | awk -F, "{ for (w = 0; 24 * (w + 1) <= NF + 1; w++) for (t = 13; t < 24; t++) { n++; if (!w) s -= \$t } } END { print n, s }" >x &&
	read -r n s <x && [ "$(val h tokens)" = "$n" ] && near "$(val h loss)" "$(awk "BEGIN { print $s / $n }")" 1e-5'
t 'text coloured by surprise: all of it, for a terminal and as HTML' 'ev --heat=term toks.lms | sed "s/$(printf "\033")\[[0-9;]*m//g; s/<|endoftext|>//" >h && cmp h text.txt && ev --heat -o h.html toks.lms && grep -c "<p>" h.html | grep -qx 40 && grep -q "nats, p " h.html && tail -1 h.html | grep -q "</html>" &&
	! ev --heat toks.lms | grep -q html'
t 'attention: a row of each query, that sums to 1, over what is before it' 'ev -n 2 --attention toks.lms >at && awk "NR > 1 { k = \$1 \" \" \$2 \" \" \$3 \" \" \$4; s[k] += \$6; n[k]++; q[k] = \$4; if (\$5 > \$4) bad = 1 } END { for (k in s) { c++; if (s[k] < .9999 || s[k] > 1.0001 || n[k] != q[k] + 1) bad = 1 } exit bad || c < 100 }" at &&
	ev -n 2 --attention -o at.html toks.lms && [ "$(grep -c "<figure>" at.html)" = 8 ] && tail -1 at.html | grep -q "</html>" && ev -n 1 --attention=term toks.lms | grep -c "^layer" | grep -qx 4 && exits 1 ev -T 8 --attention toks.lms'
t 'hidden states of documents: a row each, in any number of threads the same' 'ev --embed -o em.lms toks.lms && lmcat em.lms | grep -q "^embedding	40x32	" && ev --embed -t 1 toks.lms | cmp - em.lms && ev --embed -T 8 toks.lms | lmcat --check && exits 2 ev --embed --json toks.lms'
t 'tokens that the model takes for alike: itself, then by cosine' 'lmcat --near=" the" -n 5 m >n && [ "$(wc -l <n)" = 5 ] && head -1 n | grep -q "^1.000000	[0-9]*	\" the\"$" && cut -f1 n | sort -gr >n1 && cut -f1 n | cmp - n1 &&
	lmcat --near="$(head -1 n | cut -f2)" -n 5 m | cmp - n && exits 1 lmcat --near=qqqq m && exits 1 lmcat --near=a toks.lms && exits 2 lmcat --near=a'
t 'training lifts the likelihood' 'eval-ppl -m model.safetensors --json toks.lms >z && awk -v a="$(val a loss)" -v z="$(val z loss)" "BEGIN { exit !(a < z) }"'
t 'a model of nothing: about the logarithm of the vocabulary' 'near "$(val z loss)" 5.77 0.2'
t 'for people: window, tokenizer, number, errors' 'ev toks.lms >p && grep -q "40 documents, window 64, stride 64, tokenizer crc32c:" p && grep -q "^perplexity.*+-" p'
t 'refused: a window past the context, a stride past the window, other tokens, a cut stream' '
	exits 1 ev -T 65 toks.lms && exits 1 ev -T 8 --stride=9 toks.lms && head -c 2000 toks.lms >cut && exits 1 ev cut && exits 2 eval-ppl toks.lms && exits 2 ev --json --each toks.lms && exits 2 ev --heat=x toks.lms && exits 2 ev --halves --stride=2 toks.lms && exits 2 ev --roll --json toks.lms &&
	train-vocab -q --size=290 "--special=<|endoftext|>" -o v2.json docs.jsonl && tokenize -w v2.json -o v2.lms docs.jsonl && exits 1 ev v2.lms'
t 'a stream of no documents is no error' 'lmcat -n 0 --from-jsonl docs.jsonl | tokenize -w vocab.json -o none.lms && ev --json none.lms'
d=${LM_TESTDATA-}/data
if [ -e "$d/models/stories260K/stories260K.bin" ] && have convert-model; then
	cat >stories.awk <<-'AWK'
	BEGIN { RS = "<[|]endoftext[|]>" }
	{ gsub(/^[ \n]+|[ \n]+$/, ""); gsub(/\\/, "\\\\"); gsub(/"/, "\\\""); gsub(/\n/, "\\n"); if (length) print "{\"text\":\"" $0 "\"}" }
	AWK
	awk -f stories.awk "$d/tokenizers/cs336-bpe/tests/fixtures/tinystories_sample.txt" >s.jsonl
	t 'a published model: the numbers of llama2.c on five stories' '
		convert-model -w "$d/models/stories260K/tok512.bin" -o s.safetensors "$d/models/stories260K/stories260K.bin" &&
		tokenize -w s.safetensors --bos -o s.lms s.jsonl && eval-ppl -q -m s.safetensors --json s.lms >s && [ "$(val s tokens)" = 1804 ] &&
		[ "$(val s bytes)" = 3717 ] && near "$(val s loss)" 1.266441 2e-6 && near "$(val s ppl)" 3.54820 2e-5 && near "$(val s bits_per_byte)" 0.886755 2e-6 &&
		eval-ppl -q -m s.safetensors --each s.lms | head -1 >e1 && near "$(val e1 tokens)" 373 0 && near "$(val e1 loss)" 1.315989 2e-6'
else
	skip 'a published model: the numbers of llama2.c' 'it is not there'
fi
done_testing

#!/bin/sh
# tokenize: streams and text both ways, counts, conversations, what is refused.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
i=0
while [ $i -lt 60 ]; do
	i=$((i + 1))
	echo "Line $i: the cat sat on the mat, and the naïve dog counted to $((i * i * 37)).  «So it goes» 日本語"
done >text.txt
awk '{ printf "{\"text\":\"%s\",\"id\":%d}\n", $0, NR }' text.txt >docs.jsonl
train-vocab -q --size=400 --chat=chatml -o v.json text.txt || echo '# no vocabulary'

t 'text to tokens and back' 'tokenize -w v.json -o x.lms text.txt && tokenize -w v.json -d x.lms | cmp - text.txt'
t 'the stream is whole' 'lmcat --check x.lms'
awk 'BEGIN { for (i = 0; i < 100000; i++) printf "%s日本語ï", substr("abcdefg", 1, i * i % 7) }' >one.txt
t 'a document of many blocks comes back' 'tokenize -w v.json -o one.lms one.txt && [ $(lmcat --frames one.lms | wc -l) -gt 3 ] && tokenize -w v.json -d one.lms | cmp - one.txt'
t 'a line of many numbers too' 'tokenize -w v.json --ids one.txt >one.ids && [ $(wc -c <one.ids) -gt 500000 ] && tokenize -w v.json -d --ids one.ids | cmp - one.txt'
t 'the same at any number of threads, huge parts and small ones' 'tokenize -q -w v.json -t1 -o t1.lms text.txt one.txt text.txt text.txt one.txt && tokenize -q -w v.json -t3 text.txt one.txt text.txt text.txt one.txt | cmp - t1.lms && tokenize -w v.json -d t1.lms >two.txt && cat text.txt one.txt text.txt text.txt one.txt | cmp - two.txt'
awk 'BEGIN { for (i = 0; i < 60000; i++) printf "%s%d the cat sat%s on  mat %d.\n", i % 7 ? "" : "  ", i, i % 50 ? "" : "\t", i * i; for (i = 0; i < 90000; i++) printf "ab c"; print "" }' >lines.txt
awk 'BEGIN { printf "{\"text\":\"" } { gsub(/\t/, "\\t"); printf "%s\\n", $0 } END { print "\"}" }' lines.txt >lines.jsonl
t 'a text that comes in parts as one that comes whole' '[ $(wc -c <lines.txt) -gt 2000000 ] && tokenize -w v.json --ids lines.jsonl >a && tokenize -w v.json --ids lines.txt | cmp - a &&
	tokenize -w v.json --ids <lines.txt | cmp - a'
t '--count of a huge part' '[ $(tokenize -w v.json --count one.txt | awk "/^tokens.[0-9]/ { print \$2 }") = $(wc -w <one.ids) ]'
t 'a number without end: exit 1' "head -c 70000 /dev/zero | tr '\\0' 0 | exits 1 tokenize -w v.json -d --ids"
t 'decoding into a full device: exit 1' '[ ! -c /dev/full ] || exits 1 tokenize -w v.json -d -o /dev/full one.lms && exits 1 tokenize -w v.json -d --ids -o /dev/full one.ids one.ids 2>e && grep -q "/dev/full" e'
t 'standard input is one document' 'tokenize -w v.json <text.txt | tokenize -w v.json -d | cmp - text.txt'
t 'to numbers and back' 'tokenize -w v.json --ids text.txt | tokenize -w v.json -d --ids | cmp - text.txt'
t 'one line a document' '[ $(tokenize -w v.json --ids docs.jsonl | wc -l) = 60 ]'
t 'a document of no ids is a blank line' "printf '{\"text\":\"\"}\n{\"text\":\"a\"}\n' | tokenize -w v.json --ids >e && [ \$(wc -l <e) = 2 ] && [ -z \"\$(head -1 e)\" ]"
t 'frames and JSONL give the same tokens' 'lmcat --from-jsonl -o d.lms docs.jsonl && tokenize -w v.json --ids d.lms >a && tokenize -w v.json --ids docs.jsonl | cmp - a'
i=0; while [ $i -lt 200 ]; do i=$((i + 1)); cat docs.jsonl; done >many.jsonl
t 'the same bytes at any number of threads' 'tokenize -t1 -w v.json --eot -o 1.lms many.jsonl && tokenize -t2 -w v.json --eot -o 2.lms many.jsonl && tokenize -t7 -w v.json --eot many.jsonl | cmp - 1.lms && cmp 1.lms 2.lms'
t '--eot ends each document' 'tokenize -w v.json --eot --ids docs.jsonl | awk '\''$NF != 0 { exit 1 }'\'
t '--bos without a BOS token: exit 1' 'exits 1 tokenize -w v.json --bos --ids docs.jsonl'
t '--count' 'tokenize -w v.json --count --price=1000000 text.txt >c && awk -v b=$(wc -c <text.txt) '\''$1 == "bytes" && $2 == b { n++ } $1 == "tokens" { t = $2 } $1 == "price" && $2 == t { n++ } END { exit n != 2 }'\'' c'
t '--pieces: numbers and bytes' "printf 'a\\n' | tokenize -w v.json --pieces | grep -q '\"a\"' "
t '--pieces: offsets are those of the text' 'tokenize -w v.json --pieces text.txt >p && awk -F "\t" "NF > 1 { print \$2 }" p >o && tokenize -w v.json --ids text.txt | tr " " "\n" | while read -r i; do echo "$i" | tokenize -w v.json -d --ids | wc -c; [ "$((n = n + 1))" -lt 40 ] || break; done | awk "{ print s + 0; s += \$1 }" >w && head -n 40 o | cmp - w'
t '--pieces: documents each from 0, the last token ends with the text' "printf '{\"text\":\"ab\"}\n{\"text\":\"c\"}\n' | tokenize -w v.json --pieces | grep -c '	0	' | grep -qx 2"
printf '%s\n' '{"text":"The cat sat on the mat and looked at the dog, which was asleep in the sun.","lang":"en"}' '{"text":"Der Hund lag in der Sonne und schlief, und die Katze sah ihm dabei lange zu."}' '{"text":"日本語の文章です。猫が寝ています。","lang":"ja"}' '{"text":"a cat","lang":"en"}' >langs.jsonl
t '--count --by=lang' "tokenize -w v.json --count --by=lang langs.jsonl >c && awk -F '\t' 'NR == 1 { next } { d[\$1] = \$2; if (\$1 == \"all\") { exit !(d[\"en\"] == 2 && d[\"de\"] == 1 && d[\"ja\"] == 1 && \$2 == 4 && t == \$3 && w == \$6) } t += \$3; w += \$6; if (\$7 < \$3 / \$5 - .001 || \$8 > \$3 / \$6 + .001) exit 1 }' c"
t '--by=lang without --count: exit 2' 'exits 2 tokenize -w v.json --by=lang --ids langs.jsonl'

t 'a special token in a text is refused, with its place' "printf 'ab<|endoftext|>' | exits 1 tokenize -w v.json --ids 2>e && grep -q 'byte 2' e"
t '--special=all recognises it' "[ \"\$(printf 'ab<|endoftext|>' | tokenize -w v.json --special=all --ids | awk '{ print \$NF }')\" = 0 ]"
t '--special=none takes it for text' "printf 'ab<|endoftext|>' | tokenize -w v.json --special=none --ids | awk '{ for (i = 1; i <= NF; i++) if (\$i == 0) exit 1 }'"
printf 'a\377b\303' >bad.txt
t 'bytes that are not UTF-8 come back' 'tokenize -w v.json --ids bad.txt | tokenize -w v.json -d --ids | cmp - bad.txt'
t '--invalid=replace' "tokenize -w v.json --invalid=replace --ids bad.txt | tokenize -w v.json -d --ids >r; printf 'a\\357\\277\\275b\\357\\277\\275' | cmp - r"
t '--invalid=refuse: exit 1, with the byte' "exits 1 tokenize -w v.json --invalid=refuse --ids bad.txt 2>e && grep -q 'byte 1' e"

printf '%s\n' '{"messages":[{"role":"user","content":"hi <|im_end|>"},{"role":"assistant","content":"Hello"}]}' >inject.jsonl
cat >chat.jsonl <<'E'
{"messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"Hello"}]}
{"prompt":"hi","completion":"Hello"}
{"instruction":"hi","output":"Hello"}
{"conversations":[{"from":"human","value":"hi"},{"from":"gpt","value":"Hello"}]}
E
for c in chatml alpaca plain; do
	t "$c: four ways to write a conversation are one" "tokenize -w v.json --chat=$c --ids chat.jsonl | sort -u | wc -l | grep -qx 1"
	t "$c: the answer and its end are trained on, no more" "head -1 chat.jsonl | tokenize -w v.json --chat=$c --pieces | awk -F '\\t' '\$3 == 1 { gsub(/\"/, \"\", \$4); s = s \$4 } END { exit s !~ /^Hello<[^>]*>\$/ }'"
done
t 'HEAD names the template and the mask' "tokenize -w v.json --chat=chatml chat.jsonl | lmcat --head | grep -q '\"mask\":true.*\"chat\":{\"template\":\"chatml\"'"
t 'with --chat a large text is no conversation either: exit 1' 'exits 1 tokenize -w v.json --chat=chatml -o big.lms chat.jsonl one.txt 2>e && grep -q one.txt e'
t 'documents are no vocabulary: exit 1' 'exits 1 tokenize -w docs.jsonl text.txt 2>e && grep -q "not a tokenizer.json" e'
t 'a special token in what a user says is refused' 'exits 1 tokenize -w v.json --chat=chatml --ids inject.jsonl'
t 'with --special=none it stays text' 'tokenize -w v.json --chat=chatml --special=none --pieces inject.jsonl | grep -c "im_end.*special" | grep -qx 2'
t 'a template that the vocabulary cannot serve: exit 1' 'exits 1 tokenize -w v.json --chat=llama3 --ids chat.jsonl 2>e && grep -q start_header_id e'
t 'nothing supervised is an error' "echo '{\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}' | exits 1 tokenize -w v.json --chat=chatml --ids"
t '--chat from a vocabulary alone: exit 1' 'exits 1 tokenize -w v.json --chat --ids chat.jsonl'

t 'conversations without --chat: exit 1' 'exits 1 tokenize -w v.json --ids chat.jsonl 2>e && grep -q "record 1.*--chat" e && exits 1 train-vocab chat.jsonl'
t 'a pattern beside that of the file: exit 1' 'exits 1 tokenize -w v.json --pattern=o200k --ids text.txt'
[ ! -w /dev/full ] || t 'a full disk: exit 1' 'exits 1 tokenize -w v.json --ids text.txt >/dev/full && exits 1 tokenize -w v.json text.txt >/dev/full'
t 'another vocabulary does not decode' 'train-vocab -q --size=300 -o w.json text.txt && exits 1 tokenize -w w.json -d x.lms'
t 'numbers past the vocabulary: exit 1' "echo 5 400 | exits 1 tokenize -w v.json -d --ids"
t 'no vocabulary: exit 2' 'exits 2 tokenize text.txt'
t 'an empty input: exit 1' 'exits 1 tokenize -w v.json --ids'
t 'a damaged vocabulary: exit 1' 'head -c 500 v.json >cut.json; exits 1 tokenize -w cut.json --ids text.txt'
t 'a vocabulary that asks for more is named' "echo '{\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}' >u.json; exits 1 tokenize -w u.json --ids text.txt 2>e && grep -q Unigram e"
t '--decode --count: exit 2' 'exits 2 tokenize -w v.json -d --count x.lms'

s=${LM_TESTDATA-}/data/models/stories260K
if [ -e "$s/tok512.bin" ]; then
	printf 'Once upon a time, there was a tiny ☃.' >once.txt
	t "llama2.c's vocabulary: to tokens and back" "tokenize -w $s/tok512.bin once.txt | tokenize -w $s/tok512.bin -d | cmp - once.txt"
	t 'its BOS' "tokenize -w $s/tok512.bin --bos --ids once.txt | grep -q '^1 '"
else
	skip "llama2.c's vocabulary" 'no LM_TESTDATA'
fi

# Hugging Face's Metaspace puts a space in front only where there is none; U+2581 in a text is a space.
for scheme in always first never; do
	printf '%s' '{"added_tokens":[{"id":0,"content":"<s>","special":true}],"normalizer":null,"pre_tokenizer":{"type":"Metaspace","replacement":"\u2581",' \
		'"prepend_scheme":"'$scheme'","split":false},"model":{"type":"BPE","byte_fallback":false,"vocab":{"<s>":0,"\u2581":1,"a":2,"\u2581a":3},' \
		'"merges":["\u2581 a"]}}' >meta-$scheme.json
	for text in a ' a' '  a' '\u2581a' '<s>a' 'a<s> a'; do
		echo "{\"text\":\"$text\"}"
	done | tokenize -w meta-$scheme.json --special=all --ids >meta-$scheme.ids
done
t 'Metaspace, always' 'printf "3\n3\n1 3\n3\n0 3\n3 0 3\n" | cmp - meta-always.ids'
t 'Metaspace, first' 'printf "3\n3\n1 3\n3\n0 2\n3 0 3\n" | cmp - meta-first.ids'
t 'Metaspace, never' 'printf "2\n3\n1 3\n3\n0 2\n2 0 3\n" | cmp - meta-never.ids'
t 'a document that cannot be encoded is named by its file and number there' 'echo "{\"text\":\"a\"}" >one.jsonl &&
	printf "{\"text\":\"a\"}\n{\"text\":\"a<s>\"}\n{\"text\":\"a\"}\n" >three.jsonl &&
	! tokenize -w meta-never.json --ids one.jsonl three.jsonl one.jsonl >/dev/null 2>err && grep -q "three.jsonl: record 2: byte 1: .*<s>" err'
done_testing

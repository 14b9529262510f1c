#!/bin/sh
# crawl-clean: kinds of input told by content, archives, damage, rejects, the same bytes on any number of threads.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
fixtures >/dev/null 2>&1
cc() { crawl-clean --rules=none "$@"; }
reject() { cc --rejects=r.lms -o k.lms "$@" && lmcat --jsonl r.lms; }	# what is left out of the files

t 'a page' 'cc page.html | lmcat >x && grep -q "cat sat on the mat" x && ! grep -q "About\|Copyright" x'
t 'all of a page' 'cc --extract=all page.html | lmcat | grep -q Copyright'
t 'its title' 'cc page.html | lmcat --jsonl | grep -q "\"title\":\"A day\""'
t 'a web archive' 'cc crawl.warc | lmcat --jsonl >x && grep -q "\"id\":\"urn:uuid:1\"" x && grep -q "\"url\":\"http://example.org/\"" x && grep -q "cat sat" x'
gzip -c crawl.warc >crawl.warc.gz
t 'in gzip' 'cc crawl.warc.gz | lmcat >a && cc crawl.warc | lmcat | cmp - a'
t 'from a pipe' 'cat crawl.warc.gz | cc | lmcat | cmp - a && cat page.html | cc | lmcat | grep -q "cat sat"'
cat crawl.warc.gz crawl.warc.gz crawl.warc.gz >three.warc.gz
t 'gzip members one after the other' '[ $(cc three.warc.gz | lmcat --jsonl | wc -l) = 3 ]'
t 'a file for each document, in order' '[ "$(cc crawl.warc page.html text.txt | lmcat --jsonl | sed "s/.*\"source\":\"//; s/\".*//" | tr "\n" " ")" = "crawl.warc page.html text.txt " ]'

t 'text: one document' '[ $(cc text.txt | lmcat --jsonl | wc -l) = 1 ]'
t 'text: one a line' '[ $(cc --split=line text.txt | lmcat --jsonl | wc -l) = 40 ]'
printf 'a\nb\n\n\nc\n' >para.txt
t 'text: one a paragraph' '[ "$(cc --split=para para.txt | lmcat | tr "\n" " ")" = "a b c " ]'
printf 'caf\351\n' >latin1.txt
t 'text in Latin-1' 'cc latin1.txt | lmcat | grep -q "caf$(printf "\303\251")"'
t 'JSONL stays as it is' 'cc docs.jsonl | lmcat --jsonl >x && [ $(wc -l <x) = 40 ] && grep -q "\"id\":\"d7\"" x'
t 'documents keep their past' 'cc docs.lms | lmcat --head 2>/dev/null | grep -q "lmcat.*crawl-clean"'
printf '{"text":"a  b\\r\\nc"}\n' >ragged.jsonl
t 'documents are tidied when asked' '[ "$(cc --tidy ragged.jsonl | lmcat)" = "a b
c" ] && cc ragged.jsonl | lmcat | grep -q "a  b"'

mkdir -p d/sub && cp page.html d/sub/p.html && echo 'some text' >d/t.txt && echo x >d/image.png && gzip -c page.html >d/z.html.gz
tar cf d.tar d && gzip -c d.tar >d.tgz && (cd d && tar cJf ../data.tar.xz ./sub ./t.txt) && tar cf outer.tar d.tgz
ids() { cc "$@" | lmcat --jsonl | sed 's/.*"id":"\([^"]*\)".*/\1/' | sort | tr '\n' ' '; }
t 'a tar of pages' '[ "$(ids d.tar)" = "d/sub/p.html d/t.txt d/z.html.gz " ]'
t 'in gzip, from a pipe' '[ "$(cat d.tgz | ids)" = "$(ids d.tar)" ]'
t 'an archive in an archive' '[ "$(ids outer.tar)" = "d.tgz/d/sub/p.html d.tgz/d/t.txt d.tgz/d/z.html.gz " ]'
if command -v ar >/dev/null && [ -s data.tar.xz ]; then
	echo 2.0 >debian-binary; ar rc p.deb debian-binary data.tar.xz
	t 'a deb' '[ "$(ids p.deb)" = "sub/p.html t.txt " ]'
else skip 'a deb' 'no ar or xz'; fi
t 'what is no page is counted' 'cc --stats=s.json d.tar >/dev/null && grep -q "\"skipped\":1" s.json'
head -c 700 d.tgz >cut.tgz
t 'a cut archive is an error' 'exits 1 crawl-clean -o no.lms cut.tgz && [ ! -e no.lms ]'

http() {	# http STATUS TYPE BODY: a record
	b="HTTP/1.1 $1 X\r\nContent-Type: $2\r\n\r\n$3"
	printf 'WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <x:%s>\r\nContent-Length: %d\r\n\r\n'"$b"'\r\n\r\n' "$1" "$(printf "$b" | wc -c)"
}
{ http 200 text/html '<p>good'; http 404 text/html '<p>gone'; http 200 image/png x; http 201 text/html '<i></i>'; } >some.warc
t 'rejects have their reasons' '[ "$(reject some.warc | sed "s/.*\"reason\":\"\([a-z._]*\)\".*/\1/" | tr "\n" " ")" = "http.status type empty " ]'
t 'counts add up' 'cc --stats=s.json some.warc >/dev/null && grep -q "\"in\":4," s.json && grep -q "\"out\":1," s.json && grep -q "\"http.status\":{\"n\":1" s.json'
ln -s linked.lms link.lms; : >linked.lms
t 'a pipe or device is written to, a link stays one' 'cc -o /dev/null some.warc && [ -c /dev/null ] && cc -o link.lms some.warc && [ -h link.lms ] && [ -s linked.lms ]'
head -c $(($(wc -c <crawl.warc) - 300)) crawl.warc >cut.warc
t 'a cut web archive is an error, with place' 'exits 1 crawl-clean cut.warc >x 2>e; grep -q "cut.warc: byte 0: cut short within a record" e && exits 1 lmcat x'
{ head -c 60 crawl.warc.gz; cat crawl.warc.gz; } >bad.warc.gz
t 'a damaged member is passed over, with a warning' '[ $(cc bad.warc.gz 2>e | lmcat --jsonl | wc -l) = 1 ] && grep -q "bad.warc.gz: byte 0: " e'
t 'nothing is an error' ': >none; exits 1 crawl-clean none'
t 'bytes that are nothing known are an error' 'head -c 300 /dev/zero >zeros; exits 1 crawl-clean zeros'
t 'bad usage' 'exits 2 crawl-clean --format=pdf text.txt && exits 2 crawl-clean --rules=nonsense text.txt && exits 2 crawl-clean --rules=c4,gopher,c4 text.txt && exits 2 crawl-clean --set=x text.txt'
printf '<meta name=robots content="noindex, nofollow"><p>not for you' >shy.html
t 'wishes are respected when asked' 'cc shy.html | lmcat | grep -q "not for" && [ "$(cc --respect=noindex,tdm --rejects=r.lms shy.html page.html | lmcat --jsonl | wc -l)" = 1 ] && lmcat --jsonl r.lms | grep -q respect.noindex'
printf '%b' 'WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 91\r\n\r\nHTTP/1.1 200 OK\r\nX-Robots-Tag: otherbot: noindex\r\nx-robots-tag: noarchive\r\n\r\n<p>not for you\r\n\r\n' >shy.warc
t 'in each of the head'"'"'s fields' '[ "$(cc --respect=noarchive --rejects=r.lms shy.warc 2>e | lmcat --jsonl | wc -l)" = 0 ] && lmcat --jsonl r.lms | grep -q respect.noarchive && cc --respect=noindex shy.warc | lmcat | grep -q "not for" && [ ! -s e ]'
t 'redaction' 'echo "Write to joe@example.org now." | cc --redact=email | lmcat >x && ! grep -q joe x'
printf 'Der Hund lief am Abend durch die Stadt, und niemand wusste, wem er gehoerte oder wohin er ging.\n' >de.txt
t 'a language is told' 'cc de.txt | lmcat --jsonl | grep -q "\"lang\":\"de\",\"lang_score\":"'
t 'languages are chosen' '[ "$(cc --lang=de,fr --rejects=r.lms text.txt de.txt | lmcat --jsonl | grep -c Hund)" = 1 ] && lmcat --jsonl r.lms | grep -q "\"reason\":\"lang\""'
t 'an unknown language' 'exits 2 crawl-clean --lang=en,klingon text.txt'
t 'a rule' '[ $(crawl-clean --rules=gopher --rejects=r.lms page.html | lmcat | wc -c) = 0 ] && lmcat --jsonl r.lms | grep -q "gopher.word_count"'
t 'another threshold' 'crawl-clean --rules=gopher --set gopher.min_words=5 page.html | lmcat | grep -q cat'

printf '<html><main><h2>A head</h2><p>Some <code>x = 1</code> text.<blockquote>Said so.</blockquote><pre>if (a)\n\tb;</pre><table><tr><th>k<th>v<tr><td>1<td>2</table></main>' >md.html
printf '## A head\n\nSome `x = 1` text.\n\n> Said so.\n\n```\nif (a)\n\tb;\n```\n\n| k | v |\n| --- | --- |\n| 1 | 2 |\n' >md.txt
t 'Markdown' 'cc --markdown md.html | lmcat | diff - md.txt'
printf '{"url":"http://www.a.example.org:80/x/y?q","text":"one"}\n{"url":"https://b.test/shop/1","text":"two"}\n{"url":"https://b.test/shopping","text":"three"}\n{"url":"http://c.test/Poker","text":"four"}\n{"text":"five"}\n' >urls.jsonl
printf '# hosts\nExample.org\nhttps://b.test/shop/\n/poker|casino/\n' >block
t 'addresses are blocked' '[ "$(cc --block=block --rejects=r.lms urls.jsonl | lmcat | tr "\n" " ")" = "three five " ] && [ "$(lmcat --jsonl r.lms | grep -c "\"reason\":\"block\"")" = 3 ]'
t 'texts are dropped and kept by pattern' '[ "$(cc --drop=^t --drop=five --keep="o|w" --keep=x urls.jsonl | lmcat | tr "\n" " ")" = "one four " ]'
t 'a pattern that is none' 'exits 2 crawl-clean --drop="(" urls.jsonl; exits 1 crawl-clean --block=no/file urls.jsonl'
t 'an index, and reading from there' 'cc --index=i.cdxj three.warc.gz -o three.lms && [ $(wc -l <i.cdxj) = 3 ] && head -1 i.cdxj | grep -q "^org,example)/ [0-9-]* {\"url\":\"http://example.org/\"" &&
	at=$(sed -n "2s/.*\"offset\"://; 2s/}//p" i.cdxj) && [ $(cc --from=$at three.warc.gz | lmcat --jsonl | wc -l) = 2 ] && exits 1 crawl-clean --from=1000000 three.warc.gz && exits 2 crawl-clean --from=1 page.html page.html'
t 'a file that cannot be written is found at once' 'exits 1 crawl-clean --stats=none/x -o k2.lms page.html && [ ! -e k2.lms ]'
for k in $(seq 2000); do http 200 text/html "<p>record $k"; done >2k.warc
awk -v RS='WARC/1.0' 'NR > 1 { printf "WARC/1.0%s", $0 | ("gzip -c >>2k.warc.gz"); close("gzip -c >>2k.warc.gz") }' 2k.warc
t 'two thousand records of two thousand' '[ $(cc 2k.warc.gz | lmcat --jsonl | wc -l) = 2000 ] && [ $(cc 2k.warc | lmcat --jsonl | wc -l) = 2000 ]'
at=$(grep -b -o WARC/ 2k.warc | sed -n '1990s/:.*//p')
t 'offsets are those in the file, wherever reading begins' 'cc --from=$at 2k.warc | lmcat --jsonl | grep "\"offset\":$at," | grep -q "record 1990"'
cc --index=2k.cdxj 2k.warc.gz -o 2k.lms
at=$(sed -n '21s/.*"offset"://; 21s/}//p' 2k.cdxj) mid=$(sed -n '10s/.*"offset"://; 10s/}//p' 2k.cdxj)
{ head -c $((mid + 40)) 2k.warc.gz; head -c 20 /dev/zero; head -c "$at" 2k.warc.gz | tail -c +$((mid + 61)); } >20.warc.gz
whole() {	# whole FILE: documents of a file that is cut in its twentieth record, by name and by pipe, and an error each time
	exits 1 crawl-clean --rules=none "$1" >a.lms 2>e && cat "$1" | exits 1 crawl-clean --rules=none >b.lms 2>>e &&
		[ $(grep -c "byte [0-9]*: cut short within a" e) = 2 ] && [ $(exits 1 lmcat --jsonl a.lms | wc -l) = 19 ] && [ $(exits 1 lmcat --jsonl b.lms | wc -l) = 19 ]
}
awk -v RS='WARC/1.0' 'NR > 1 && NR < 22 { printf "WARC/1.0%s", $0 }' 2k.warc >20.warc
head -c $(($(wc -c <20.warc) - 60)) 20.warc >cut20.warc
head -c $((at - 40)) 2k.warc.gz >cut20.warc.gz
t 'whole records before a cut come out' 'whole cut20.warc && whole cut20.warc.gz'
t 'nineteen of twenty, one of them damaged' '[ $(cc 20.warc.gz 2>e | lmcat --jsonl | wc -l) = 19 ] && grep -q "20.warc.gz: byte $mid: " e'

if have zstd && [ -n "${ZSTD_LIBS-}" ]; then
	mkdir -p recs && awk -v RS='WARC/1.0' 'NR > 1 { f = sprintf("recs/%04d", NR); printf "WARC/1.0%s", $0 >f; close(f) }' 2k.warc
	zstd -q recs/*; cat recs/*.zst >2k.warc.zst
	cc --index=2kz.cdxj 2k.warc.zst -o 2kz.lms
	zat() { sed -n "$1s/.*\"offset\"://; $1s/}//p" "${2-2kz.cdxj}"; }
	t 'two thousand frames of zstd' '[ $(lmcat --jsonl 2kz.lms | wc -l) = 2000 ] && [ "$(lmcat 2kz.lms | cksum)" = "$(lmcat 2k.lms | cksum)" ] && cat 2k.warc.zst | cc | lmcat | cksum | grep -q "$(lmcat 2k.lms | cksum)"'
	t 'reading from a frame' '[ $(cc --from=$(zat 1990) 2k.warc.zst | lmcat --jsonl | wc -l) = 11 ] && [ "$(cc --from=$(zat 1990) 2k.warc.zst | lmcat | head -1)" = "record 1990" ]'
	head -c $(($(zat 21) - 40)) 2k.warc.zst >cut20.warc.zst
	zstd -q -c 2k.warc | head -c -60 >cut.whole.zst
	t 'whole records before a cut in a frame' 'whole cut20.warc.zst && grep -q "cut20.warc.zst: byte $(zat 20): cut short within a zstd frame" e && exits 1 crawl-clean --rules=none cut.whole.zst >a.lms && [ $(exits 1 lmcat --jsonl a.lms | wc -l) -gt 1000 ]'
	{ head -c $(($(zat 10) + 40)) 2k.warc.zst; printf "????????????????????"; head -c $(zat 21) 2k.warc.zst | tail -c +$(($(zat 10) + 61)); } >20.warc.zst
	t 'nineteen frames of twenty' '[ $(cc 20.warc.zst 2>e | lmcat --jsonl | wc -l) = 19 ] && grep -q "20.warc.zst: byte $(zat 10): " e'
	zstd -q --train recs/????  -o dict --maxdict=2000 2>/dev/null && zstd -q -f -D dict recs/0??? && zstd -q -c dict >dict.zst
	for d in dict dict.zst; do
		n=$(wc -c <$d); { printf "]*M\030\\$(printf %o $((n & 255)))\\$(printf %o $((n >> 8)))\\0\\0"; cat $d recs/0???.zst; } >$d.warc.zst
	done
	with() {	# with DICTIONARY: all records come out, the first behind it, and from an offset
		[ $(cc --index=d.cdxj $1.warc.zst | lmcat --jsonl | wc -l) = $(ls recs/0???.zst | wc -l) ] && [ $(zat 1 d.cdxj) = $(($(wc -c <$1) + 8)) ] &&
			[ "$(cc --from=$(zat 500 d.cdxj) $1.warc.zst | lmcat | head -1)" = "record 500" ]
	}
	t 'a dictionary in the file, itself compressed or not' '[ -s dict.zst ] && with dict && with dict.zst'
	for k in $(seq 30000); do echo "{\"text\":\"line $k\"}"; done >long.jsonl; zstd -q -c long.jsonl >long.jsonl.zst
	head -c -20 long.jsonl.zst >cut.jsonl.zst
	t 'text in zstd, whole and cut' 'cc long.jsonl >a.lms && cc long.jsonl.zst | lmcat | cksum >a && lmcat a.lms | cksum | cmp - a && exits 1 crawl-clean --rules=none cut.jsonl.zst >a.lms 2>e; grep -q "cut.jsonl.zst: byte [0-9]* of the decompressed text: cut short within a zstd frame" e && [ $(exits 1 lmcat --jsonl a.lms | wc -l) -gt 15000 ]'
	zstd -q --long=28 <20.warc >wide.warc.zst
	t 'memory is bounded' 'exits 1 crawl-clean wide.warc.zst 2>e; grep -q "wide.warc.zst: .*too much memory" e'
else skip 'frames of zstd' 'no zstd, or no libzstd'; fi

arc() {	# arc URL BODY: a record of the form before WARC
	printf '%s 10.0.0.1 20080430204826 text/html %d\n%b\n' "$1" "$(printf '%b' "$2" | wc -c)" "$2"
}
{ arc filedesc://x.arc '1 0 Me\nURL IP-address Archive-date Content-type Archive-length\n'
for k in 1 2 'w o' 4; do arc "http://example.org/$k" "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\n\r\n<p>arc $k"; done
arc dns:example.org 10.0.0.1; } >x.arc
t 'ARC: records, blanks in addresses, dates' '[ "$(cc x.arc | lmcat | tr "\n" " ")" = "arc 1 arc 2 arc w o arc 4 " ] && cc x.arc | lmcat --jsonl | grep -q "\"url\":\"http://example.org/2\",\"date\":\"2008-04-30T20:48:26Z\""'
sed 's/\(org.2 .*\) [0-9]*$/\1 900/' x.arc >wrong.arc
t 'ARC: a length that is wrong, a record from its offset' '[ "$(cc wrong.arc 2>e | lmcat | tr "\n" " ")" = "arc 1 arc 2 arc w o arc 4 " ] && grep -q "wrong.arc: byte [0-9]*: a record whose length is wrong" e &&
	at=$(grep -b -o "http://example.org/2 " x.arc | cut -d: -f1) && [ "$(cc --from=$at x.arc | lmcat | head -1)" = "arc 2" ]'
gzip -c x.arc >x.arc.gz
t 'ARC: in gzip; cut' 'cc x.arc.gz | lmcat >a && cc x.arc | lmcat | cmp - a && head -c 400 x.arc >cut.arc && exits 1 crawl-clean -o no.lms cut.arc'

i=0; while [ $i -lt 30 ]; do cat crawl.warc some.warc; i=$((i + 1)); done >many.warc
t 'the same bytes on any number of threads' 'cc -t1 -o 1.lms many.warc && cc -t3 -o 3.lms many.warc && cmp 1.lms 3.lms'

mkdir -p src && cat >src/a.c <<'C'
/*
 * Copyright 2020 Somebody.  Permission is hereby granted, free of charge, to any
 * person obtaining a copy of this software ...
 */
#include <stdio.h>

int main(void)
{
	return puts("a tab	and  blanks") < 0;
}
C
printf '#!/bin/sh\n# SPDX-License-Identifier: GPL-2.0-only OR MIT\necho "hello there"\n' >src/b.sh
printf '# This file is automatically generated\nx = 1\n' >src/gen.py
awk 'BEGIN { for (i = 0; i < 400; i++) printf "var a%d=1;", i; print "" }' >src/min.js
awk 'BEGIN { for (i = 0; i < 400; i++) printf "0x%02x, %s", i % 256, i % 16 == 15 ? "\n" : ""; print "" }' >src/data.h
echo binary >src/x.o; tar --sort=name -cf src.tar src 2>/dev/null || tar cf src.tar src
code() { crawl-clean --rules=code "$@"; }
t 'code: what stays' '[ "$(code -q --rejects=r.lms src.tar | lmcat --jsonl | sed "s/.*\"id\":\"\([^\"]*\).*\"language\":\"\([^\"]*\).*\"license\":\"\([^\"]*\).*/\1 \2 \3/" | sort | tr "\n" ";")" = "src/a.c c MIT;src/b.sh shell GPL-2.0-only OR MIT;" ]'
t 'code: what goes, and why' '[ "$(lmcat --jsonl r.lms | sed "s/.*\"id\":\"\([^\"]*\).*\"reason\":\"\([^\"]*\).*/\1 \2/" | sort | tr "\n" ";")" = "src/data.h code.encoded_run;src/gen.py code.generated;src/min.js code.longest_line;" ]'
t 'code: another threshold' '[ $(code --set code.generated=0 --set code.max_line=9999 --set code.mean_line=9999 src.tar | lmcat --jsonl | wc -l) = 4 ]'
t 'code: the licence is in the metadata, blanks stay' 'code src/a.c | lmcat >x && head -1 x | grep -q "^#include" && grep -q "	return.*a tab	and  blanks" x && code src/a.c | lmcat --jsonl | grep -q "\"header\":\"/.*Copyright 2020"'
{ cat de.txt; echo; cat text.txt; } >mixed.txt
t 'a page in two languages, by paragraph' '! cc --lang=en --lang-by=para mixed.txt | lmcat | grep -q Hund && cc --lang=en --lang-by=para mixed.txt | lmcat | grep -q "cat number 9 " && cc --lang-by=para mixed.txt | lmcat --jsonl | grep -q "\"langs\":{\"de\":0.[0-9]*,\"en\":0.[0-9]*}" && cc --lang=en mixed.txt | lmcat | grep -q Hund'
for k in 1 2 5 40 60; do echo "{\"id\":\"n$k\",\"text\":\"$(awk -v k=$k 'BEGIN { for (i = 0; i < k; i++) printf "the cat sat and looked at all of %s birds. ", substr("abcdefghijklmnopqrstuvwxyz", 1 + i % 9, 3 + i % 13) }')\"}"; done >some.jsonl
col() { awk -F'\t' -v c="$1" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == c) k = i; next } { print $k }' v.tsv; }
t 'signals: a table, from which a rule can be decided' 'crawl-clean --rules=gopher --signals=v.tsv --rejects=r.lms -o k.lms some.jsonl && head -1 v.tsv | grep -q "^id	reason	lang	.*	gopher.word_count	" && [ $(wc -l <v.tsv) = 6 ] &&
	[ "$(col gopher.word_count | awk "{ print (\$1 < 50 ? \"gopher.word_count\" : \"\") }")" = "$(col reason)" ]'
t 'signals: as JSONL, with the same values' 'crawl-clean --rules=gopher --signals=v.jsonl -o k.lms some.jsonl && [ "$(sed "s/.*\"gopher.word_count\":\([0-9]*\).*/\1/" v.jsonl)" = "$(col gopher.word_count)" ]'
t 'signals: in the metadata' 'cc --signals some.jsonl | lmcat --jsonl | grep -q "\"signals\":{\"gopher-rep.dup_paragraphs\":0,"'

w=${LM_TESTDATA-}/data/warc
if [ -d "$w/jhove-invalid" ]; then
	bad= n=0
	for f in $(find "$w/jhove-invalid" "$w/warcio" -name "*arc*" -type f); do
		n=$((n + 1))
		timeout 20 crawl-clean -o x.lms --stats=s.json "$f" 2>e; r=$?
		[ $r -le 1 ] && { [ $r = 0 ] || grep -q "^crawl-clean: $f: " e; } && { [ $r = 1 ] || [ -s s.json ]; } || bad="$bad ${f##*/}"
		rm -f s.json
	done
	t "$n malformed web archives: a message or an account each" '[ $n -gt 60 ] && [ -z "$bad" ] || { echo $bad; false; }'
	t 'records found in real ones' '[ $(cc "$w"/resiliparse/tests/data/warcfile.warc.gz | lmcat --jsonl | wc -l) = 16 ]'
	t 'the same from another compression' 'cc "$w"/resiliparse/tests/data/warcfile.warc.lz4 | lmcat >a && cc "$w"/resiliparse/tests/data/warcfile.warc | lmcat | cmp - a'
	t 'a clipped one is an error' 'exits 1 crawl-clean -o x "$w"/resiliparse/tests/data/clipped.warc.gz'
else skip 'malformed web archives' 'no test data'; fi
done_testing

#!/bin/sh
# hfjson.t: what a tokenizer.json may ask for, on a small vocabulary; the ids are those of Hugging Face's tokenizers 0.23.2.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
level='{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}'
# make PRE_TOKENIZER [ADDED [NORMALIZER [MODEL]]]: t.json; the vocabulary has no token for most bytes
make() {
	cat >t.json <<-END
	{"added_tokens":[${2-}],"normalizer":${3:-null},"pre_tokenizer":{"type":"Sequence","pretokenizers":[$1]},"model":{"type":"BPE",${4-}
	"vocab":{"a":0,"b":1,"c":2,"Ġ":3,"Ċ":4,"ab":5,"bc":6,"Ġa":7,"ð":8,"að":9,"á":10,"Ġá":11,"-":12,"a-":13,"--":14,"ã":15,"aã":16},
	"merges":["a b","b c","Ġ a","a ð","Ġ á","a -","- -","a ã"]}}
	END
}
split() { printf '{"type":"Split","pattern":{"Regex":"%s"},"behavior":"%s","invert":%s}' "$1" "${2:-Isolated}" "${3:-false}"; }
added() { printf '{"id":%s,"content":"%s","single_word":false,"lstrip":%s,"rstrip":%s,"normalized":false,"special":%s}' "$@"; }
# ids TEXT WANTED: TEXT as printf has it
ids() { printf "$1" | tokenize -w t.json --special=all --ids >got; echo "$2" | cmp - got || { cat got; false; }; }

make "$level"
t 'bytes without a token are left out' 'ids "aexb" "5" && ids "xyz" ""'
make "$level" '' '' '"unk_token":"c",'
t 'or are the unknown token' 'ids "axxb" "0 2 2 1"'
make "$level" '' '' '"unk_token":"c","fuse_unk":true,'
t 'once for several in a row' 'ids "axxbx" "0 2 6"'
make "$level" "$(added 17 '<l>' true false true),$(added 18 '<r>' false true true),$(added 19 '<x>' true true false),$(added 5 ab false false false)"
t 'added tokens take the blanks beside them' 'ids "a \n<l> a" "0 17 7" && ids "a <r> \302\240 a" "0 3 18 0" && ids " <x> <x> " "19 19" && ids "<r> <l>" "18 17"'
t 'a token of the model may be added too' 'ids "aab" "0 5" && ids "abc" "5 2"'
make "$(split '[^\\p{So}]+'),$level"
t 'characters newer than what the library knows' 'ids "a\360\234\263\226" "0 8"'
make "$(split '\\s+'),$level"
t 'U+180E is no blank' 'ids " \341\240\216" "3 10"'
make "$(split '[^(\\s|[-b])]+'),$level"
t 'a set within a set' 'ids "a-ab" "0 12 0 1"'
make "$(split '[a-c&&[^b]]+'),$level"
t 'what is in one and not in the other' 'ids "ab-a-" "0 1 12 0 12"'
make "$(split '\\p{Han}+'),$level"
t 'a script is what has it for its own' 'ids "\343\200\201\343\200\201a\343\200\201" "15 15 16"'
make "$(split '[ab]+' Removed true),$level"
t 'Removed and invert: what is not matched is dropped' 'ids "abc-a--b-" "5 0 1"'
make "$(split '[a&&[b]]'),$level"
t 'sets that cannot be are named' 'exits 1 tokenize -w t.json --ids 2>e </dev/null; grep -q "&& in sets" e'
for b in Removed MergedWithPrevious MergedWithNext Contiguous; do
	make "$(split a $b),$level"
	t "Split $b is refused" 'exits 1 tokenize -w t.json --ids 2>e </dev/null; grep -q "Split.*Isolated" e'
done
make "$level" '' '{"type":"Strip","strip_left":true,"strip_right":true}'
t 'normalizers that ByteLevel would not see are refused' 'exits 1 tokenize -w t.json --ids 2>e </dev/null; grep -q normalizer e'
make "$(split a),"'{"type":"ByteLevel","add_prefix_space":true}'
t 'a space in front of each part is refused' 'exits 1 tokenize -w t.json --ids 2>e </dev/null; grep -q add_prefix_space e'
done_testing

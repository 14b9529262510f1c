#!/bin/sh
# serve-model: answers that are sample's, whoever else asks; lm-eval's contract; what is refused; clients that hang up
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
have() { command -v "$1" >/dev/null 2>&1; }
model=${LM_TESTDATA-}/data/models/stories260K
have serve-model || { echo '1..0 # SKIP serve-model is not built (no libmicrohttpd)'; exit 0; }
have curl || { echo '1..0 # SKIP no curl'; exit 0; }
[ -r "$model/stories260K.bin" ] || { echo '1..0 # SKIP no stories260K in $LM_TESTDATA'; exit 0; }
convert-model -q -w "$model/tok512.bin" -o s.safetensors "$model/stories260K.bin" || exit 99
server=
trap '[ -z "$server" ] || kill -9 $server; [ -z "$tap_now" ] || tap_failed "$tap_now: ended everything" >&3; rm -rf "$tmp"' EXIT
start() {	# start OPTION...: a server at a free port; $url
	: >log
	serve-model --port=0 "$@" 2>log &
	server=$!
	i=0
	until url=$(sed -n 's/.* at \(http.*\)/\1/p' log) && [ -n "$url" ]; do
		kill -0 $server && [ $((i += 1)) -lt 600 ] || { cat log; return 1; }
		sleep 0.1
	done
}
end() { kill "$server"; wait "$server"; got=$?; server=; return $got; }
get() { curl -sS --max-time 60 "$url$1"; }
ask() { curl -sSN --max-time 60 "$url$1" -d "$2"; }
status() { curl -sS -o body --max-time 60 -w '%{http_code}' "$url$1" ${2+-d} ${2+"$2"}; }
text() { sed 's/.*"text":"\([^"]*\)".*/\1/'; }	# of one choice without escapes
values() { sed "s/.*\"$1\":\\[\\([^]]*\\)\\].*/\\1/" | tr -d '{}' | tr ',' '\n'; }	# of a list, one a line
number() { get metrics | sed -n "s/^pipelm_$1 //p"; }

start -m s.safetensors || exit 99
t 'it is healthy' 'get health | grep -q ok'
t 'it names its model and the context' 'get v1/models | grep -q "\"id\":\"s\".*\"max_model_len\":512"'
t 'its model by name' 'get v1/models/s | grep -q "^{\"id\":\"s\"" && [ $(status v1/models/t) = 404 ]'
t 'the page needs nothing from elsewhere' 'get "" >page && grep -q "<!DOCTYPE html>" page && ! grep -E "(https?:)?//[a-z]" page'
t 'unknown addresses, other methods' '[ $(status nothing) = 404 ] && [ $(status v1/completions) = 405 ] && [ $(status health "{}") = 405 ]'

once='Once upon a time'
for how in '"seed":3|-S 3' '"seed":-4,"temperature":0.7,"top_p":0.9|-S -4 --temperature=0.7 --top-p=0.9' '"temperature":0|--greedy' \
	'"top_k":5,"min_p":0.1,"repeat_penalty":1.2,"stop":["Lily"]|--top-k=5 --min-p=0.1 --repeat-penalty=1.2 --stop=Lily' \
	'"logit_bias":{"430":3},"echo":true|--logit-bias=430=3 --echo'; do
	echo "$once" | sample -q -m s.safetensors -n 24 ${how##*|} >want
	t "sample's answer: ${how##*|}" 'ask v1/completions "{\"prompt\":\"$once\",\"max_tokens\":24,${how%%|*}}" >got; text <got | cmp - want'
	t "and streamed" 'ask v1/completions "{\"prompt\":\"$once\",\"max_tokens\":24,\"stream\":true,${how%%|*}}" >got
		[ "$(tail -n 2 got | head -n 1)" = "data: [DONE]" ] && grep choices got | text | tr -d "\n" >joined; printf "%s" "$(cat want)" | cmp joined -'
done
yes 'The cat sat on the mat and' | head -n 40 | tr '\n' ' ' >long; echo >>long
sample -q -m s.safetensors -n 24 -S 3 long >want
t 'a prompt that is fed in parts' 'ask v1/completions "{\"prompt\":\"$(cat long)\",\"max_tokens\":24,\"seed\":3}" | text | cmp - want'
printf 'The cat\nOne day\n' >two
sample -q -m s.safetensors -n 20 -k 3 -S 9 two >want
t 'several prompts, several samples each' 'ask v1/completions "{\"prompt\":[\"The cat\",\"One day\"],\"n\":3,\"seed\":9,\"max_tokens\":20}" | sed "s/{\"index\"/\n&/g" | grep ^{.index | text | cmp - want'

# 50 clients at once, 16 slots: each is told what it is told alone
i=0
while [ $((i += 1)) -le 50 ]; do
	printf '{"prompt":"%s number %d","seed":%d,"max_tokens":%d}' "$once" $((i % 7)) $i $((10 + i)) >q$i
done
for i in 1 17 50; do ask v1/completions @q$i | sed 's/.*"choices"//' >alone$i; done
pids=
i=0
while [ $((i += 1)) -le 50 ]; do
	curl -sS --max-time 60 "${url}v1/completions" -d @q$i >a$i & pids="$pids $!"
done
bad=0
for p in $pids; do wait $p || bad=1; done
t '50 clients at once: all are answered' '[ $bad = 0 ] && [ "$(cat a[0-9]* | grep -c "\"finish_reason\":\"")" = 50 ]'
for i in 1 17 50; do t "client $i as alone" "sed 's/.*\"choices\"//' a$i | cmp - alone$i"; done

# what lm-eval asks for
ids=$(ask tokenize "{\"prompt\":\"$once\"}" | values tokens | paste -s -d , -)
t 'tokenize: the ids of tokenize --bos' 'printf "%s" "$once" >once.txt; tokenize -q -w s.safetensors --bos --ids once.txt | tr " " , | grep -qx "$ids"'
t 'detokenize is its reverse' 'ask detokenize "{\"tokens\":[${ids#*,}]}" | grep -q "\"prompt\":\"$once\""'
t 'names of special tokens become their ids' '[ "$(ask tokenize "{\"prompt\":\"</s>\",\"add_special_tokens\":false}" | values tokens)" = 2 ]'
t 'tokenizer_info' 'get tokenizer_info | grep -q "\"eos_token\":\"</s>\",\"bos_token\":\"<s>\""'
t 'a greedy answer as a prompt: the same number for each token and for the likeliest' '
	ask v1/completions "{\"prompt\":[$ids],\"max_tokens\":20,\"temperature\":0,\"logprobs\":1}" >greedy
	ask v1/completions "{\"prompt\":\"$(printf "%s%s" "$once" "$(text <greedy)")\",\"max_tokens\":1,\"temperature\":0,\"logprobs\":1,\"echo\":true,\"seed\":1234}" >scored
	values token_logprobs <scored | sed 1,5d >own; sed "s/.*top_logprobs//; s/\],\"text_offset.*//" scored | grep -oE ":-?[0-9][0-9.e-]*" | tr -d : | sed 1,4d >top
	[ "$(wc -l <own)" = 21 ] && cmp own top && values token_logprobs <greedy | head -n 20 >made && head -n 20 own | cmp - made'
t 'any text: the likeliest is there, and never below the token' '
	ask v1/completions "{\"prompt\":\"Quite another cat fell off\",\"max_tokens\":1,\"temperature\":0,\"logprobs\":1,\"echo\":true}" >scored
	values token_logprobs <scored | sed 1d >own; sed "s/.*\"top_logprobs\":\[null,{//; s/}\].*//; s/},{/\n/g" scored | sed "s/[^,]*:\([-0-9.e]*\).*/\1/" >top
	[ "$(wc -l <own)" -gt 8 ] && [ "$(wc -l <own)" = "$(wc -l <top)" ] && paste own top | awk "{ if (\$1 > \$2) exit 1; less += \$1 < \$2 } END { exit !less }"'
t 'the sum is that of eval-ppl' '
	printf "Quite another cat fell off" >cat.txt; tokenize -q -w s.safetensors --bos -o cat.lms cat.txt
	eval-ppl -q -m s.safetensors --json cat.lms >p; sum=$(sed "\$d" own | awk "{ s += \$1 } END { print -s / NR }")
	sed "s/.*\"loss\":\([-0-9.e]*\).*/\1/" p | awk -v s="$sum" "{ d = \$1 - s; exit !(d < 1e-4 && d > -1e-4) }"'
t 'lists of ids: one choice each; nothing but the prompt with max_tokens 0' 'ask v1/completions "{\"prompt\":[[$ids],[1,403]],\"max_tokens\":0,\"logprobs\":0,\"echo\":true}" >got; grep -q "\"index\":1.*\"completion_tokens\":0" got && ! grep -q "\"index\":2" got'

t 'a presence penalty: no token twice' 'ask v1/completions "{\"prompt\":\"$once\",\"max_tokens\":100,\"temperature\":0,\"presence_penalty\":100,\"logprobs\":0}" | values tokens >toks; [ "$(sort toks | uniq -d | grep -cv "^.\{0,1\}$")" = 0 ]'
t 'a grammar' 'ask v1/completions "{\"prompt\":\"$once\",\"max_tokens\":60,\"grammar\":\"root ::= \\\" the \\\" (\\\"cat\\\" | \\\"dog\\\") \\\".\\\"\"}" | text | grep -qxE " the (cat|dog)\\."'
t 'a JSON object if that is asked for' 'ask v1/completions "{\"prompt\":\"$once\",\"max_tokens\":40,\"response_format\":{\"type\":\"json_object\"}}" | grep -q "\"text\":\"\([ ]\|\\\\[nt]\)*{"'

refused() { [ "$(status "$1" "$2")" = "$3" ] && grep -q "\"error\":{\"message\":\"[^\"]*$4" body; }
t 'malformed JSON' 'refused v1/completions "{\"prompt\":" 400 JSON'
t 'unknown fields by name' 'refused v1/completions "{\"prompt\":\"a\",\"mirostat\":1}" 400 mirostat; refused v1/completions "{\"prompt\":\"a\",\"suffix\":\"b\"}" 400 suffix'
t 'a field that is there twice' 'refused v1/completions "{\"prompt\":\"a\",\"prompt\":\"b\"}" 400 twice'
t 'harmless ones are ignored' '[ "$(status v1/completions "{\"prompt\":\"a\",\"user\":\"x\",\"model\":\"y\",\"max_tokens\":1,\"suffix\":null}")" = 200 ]'
t 'no prompt, wrong types, numbers out of range' 'refused v1/completions "{}" 400 prompt && refused v1/completions "{\"prompt\":[]}" 400 prompt && refused v1/completions "{\"prompt\":[[1],2]}" 400 prompt &&
	refused v1/completions "{\"prompt\":\"a\",\"temperature\":\"x\"}" 400 temperature && refused v1/completions "{\"prompt\":\"a\",\"top_p\":0}" 400 top_p && refused v1/completions "{\"prompt\":\"a\",\"logprobs\":99}" 400 logprobs'
t 'tokens that there are not, grammars that are none' 'refused v1/completions "{\"prompt\":[512]}" 400 512 && refused v1/completions "{\"prompt\":\"a\",\"logit_bias\":{\"512\":1}}" 400 512 && refused v1/completions "{\"prompt\":\"a\",\"grammar\":\"x\"}" 400 grammar'
t 'a prompt that fills the context' 'refused v1/completions "{\"prompt\":\"$(yes cat | head -n 600 | tr "\n" " ")\"}" 400 context'
t 'chats, of a model without a template' 'refused v1/chat/completions "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}" 400 template'
t 'a body that is too large, told of and not' 'head -c 9000000 /dev/zero | tr "\0" " " >large; [ "$(status v1/completions @large)" = 413 ] &&
	[ "$(curl -sS -o body -w "%{http_code}" -H "Transfer-Encoding: chunked" "${url}v1/completions" --data-binary @large)" = 413 ]'
t 'more answers than may wait' 'refused v1/completions "{\"prompt\":[\"a\",\"b\"],\"n\":100}" 429 wait'
t 'SIGTERM: exit 0' end

start -v -m s.safetensors -B 1 --queue=100 || exit 99
for stream in true false; do
	was=$(number tokens_total)
	curl -sN --max-time 60 "${url}v1/completions" -d "{\"prompt\":\"$once\",\"n\":100,\"max_tokens\":500,\"stream\":$stream}" >hung & client=$!
	i=0
	until [ "$(number running)" = 1 ] || [ $((i += 1)) -gt 100 ]; do sleep 0.05; done
	t "one is under way, 99 wait, and another one is refused" '[ "$(number waiting)" -gt 0 ] && refused v1/completions "{\"prompt\":\"a\",\"n\":100}" 429 wait'
	kill $client; wait $client 2>/dev/null
	i=0
	until [ "$(number running)$(number waiting)" = 00 ] || [ $((i += 1)) -gt 40 ]; do sleep 0.05; done
	t "who hangs up frees what it had (stream: $stream)" '[ "$(number running)$(number waiting)" = 00 ] && [ "$(number tokens_total)" -lt $((was + 45000)) ]'
done
curl -sSN --max-time 60 "${url}v1/completions" -d "{\"prompt\":\"$once\",\"max_tokens\":400,\"stream\":true,\"stream_options\":{\"include_usage\":true}}" >last & client=$!
i=0
until [ -s last ] || [ $((i += 1)) -gt 100 ]; do sleep 0.05; done
kill "$server"
wait $client
t 'what is under way when it is told to end is finished' 'grep -q "\"completion_tokens\":[1-9]" last && grep -q "DONE" last'
t 'and then it exits 0' 'wait "$server"'
server=

if have train-vocab && have init-model; then
	. "$here/fixtures.sh"
	mkdir fix && (cd fix && fixtures) 2>/dev/null
	start -m fix/model.safetensors --host=::1 || start -m fix/model.safetensors || exit 99
	echo 'root ::= [a-z ]{6,9}' >letters
	echo 'Say 1.' | sample -q -m fix/model.safetensors --chat -n 12 -S 5 --grammar=letters >want
	hello='"messages":[{"role":"user","content":"Say 1."}],"seed":5,"max_tokens":12,"grammar":"root ::= [a-z ]{6,9}"'
	ask v1/chat/completions "{$hello}" >got
	t "a chat: sample's answer" 'grep -q "\"object\":\"chat.completion\".*\"role\":\"assistant\"" got && sed "s/.*\"content\":\"\([^\"]*\)\"},\"logprobs\".*/\1/" got | cmp - want'
	t 'streamed: the same in parts, the role first' 'ask v1/chat/completions "{$hello,\"stream\":true}" >s; head -n 1 s | grep -q "\"delta\":{\"role\":\"assistant\"" && [ "$(grep -c "\"role\"" s)" = 1 ] && grep -q DONE s &&
		[ "$(sed -n "s/.*\"content\":\"\(.*\)\"},\"logprobs\".*/\1/p" s | tr -d "\n")" = "$(sed "s/.*\"content\":\"\(.*\)\"},\"logprobs\".*/\1/" got)" ]'
	t 'logprobs of a chat, the likeliest in order' 'ask v1/chat/completions "{$hello,\"logprobs\":true,\"top_logprobs\":3}" >got; n=$(sed "s/.*\"completion_tokens\":\([0-9]*\).*/\1/" got); <got grep -o "\"logprob\":[-0-9.]*" | sed "s/.*://" | awk "{ k = NR % 4; if (k == 1) own = \$1; else { if (k > 2 && \$1 > last) exit 1; last = \$1; if (k == 2 && own > \$1) exit 1 } } END { exit NR != 4 * $n }"'
	t 'tokenize renders messages: the same answer from the ids' 'turn=$(ask tokenize "{\"messages\":[{\"role\":\"user\",\"content\":\"Say 1.\"}]}" | values tokens | paste -s -d , -) &&
		ask v1/completions "{\"prompt\":[$turn],${hello#*],}}" | text | cmp - want'
	t 'no messages' 'refused v1/chat/completions "{\"messages\":[]}" 400 messages; refused v1/chat/completions "{\"messages\":[{\"role\":\"user\"}]}" 400 content'
	end
	start -m fix/model.safetensors --system='Be kind.' || exit 99
	t '--system is the message of conversations without one' 'ask v1/chat/completions "{$hello}" | sed "s/.*choices//; s/usage.*//" >one
		ask v1/chat/completions "{\"messages\":[{\"role\":\"system\",\"content\":\"Be kind.\"},${hello#*[}}" | sed "s/.*choices//; s/usage.*//" | cmp - one && grep -q content one'
	end
fi
t 'no model: exit 2; a bad address: exit 1' 'exits 2 serve-model; exits 1 serve-model -m s.safetensors --host=nowhere; exits 2 serve-model -m s.safetensors --context=513'
done_testing

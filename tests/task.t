#!/bin/sh
# eval-task: choices against eval-ppl's likelihoods, answers, programs in their sandbox, files for lm-eval's readers.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
for p in train-vocab tokenize init-model train-step eval-ppl; do
	have $p || { echo "1..0 # SKIP no $p"; exit 0; }
done
fixtures 2>/dev/null
train-step -q -m model.safetensors -n 4 --lr=5e-3 -o m train.lms
ev() { eval-task -q -m m "$@"; }
val() { sed 's/.*"'"$2"'":\([^,}]*\).*/\1/' "$1"; }
quote() { sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/{"text":"&"}/'; }
# slow FILE ITEMS MODEL [tokenize options]: acc, acc_norm, acc_bytes, acc_token of six-line items: the nats of context and
# ending together less those of the context, each a document of eval-ppl.
slow() {
	file=$1 n=$2 model=$3; shift 3
	head -n $((6 * n)) "$file" | awk 'NR % 6 == 1 { q = $0; print q } NR % 6 == 3 || NR % 6 == 4 || NR % 6 == 5 || (NR > 1 && NR % 6 == 0) { print q " " $0 }' | quote >slow.jsonl
	tokenize -w "$model" "$@" -o slow.lms slow.jsonl && eval-ppl -q -m "$model" --each slow.lms | sed 's/[^:]*:[^:]*:\([0-9]*\),"loss":\([^,]*\),.*/\1 \2/' >slow.ll
	head -n $((6 * n)) "$file" | awk 'NR % 6 == 2 { print } NR % 6 == 3 || NR % 6 == 4 || NR % 6 == 5 || NR % 6 == 0 { print }' >slow.text
	awk '	FILENAME == "slow.ll" { n[FNR] = $1; s[FNR] = $1 * $2; next }
		FNR % 5 == 1 { gold = $0; i++; for (r = 0; r < 3; r++) top[r] = -1e30; next }
		{	c = (FNR - 2) % 5; k = 5 * (i - 1) + 1; ll = s[k] - s[k + 1 + c]; tok = n[k + 1 + c] - n[k]
			v[0] = ll; v[1] = ll / length($0); v[2] = ll / tok
			for (r = 0; r < 3; r++) if (v[r] > top[r]) { top[r] = v[r]; best[r] = c }
			printf "%d %d %.5f\n", i - 1, c, ll >"slow.each"
			if (c == 3) for (r = 0; r < 3; r++) hits[r] += best[r] == gold }
		END { printf "%.6f %.6f %.6f\n", hits[0] / i, hits[1] / i, hits[2] / i }' slow.ll slow.text
}
same() { [ "$(slow "$@")" = "$(printf '%.6f %.6f %.6f' "$(val a acc)" "$(val a acc_bytes)" "$(val a acc_token)")" ] || { slow "$@"; cat a; false; } >&2; }
i=0
while [ $i -lt 30 ]; do
	echo "The cat number $i sat on: it was a"; echo $((i * 7 % 4)); echo "warm day."; echo "birds, and the mat sat on nobody"; echo "$i cold house"; echo "cat"
	i=$((i + 1))
done >items
t 'choices: as their likelihoods by eval-ppl say' 'ev -j items >a && [ "$(val a n)" = 30 ] && same items 30 m'
t 'each likelihood' 'ev --results=res items && sed "s/.*\"resps\"://; s/,\"filtered.*//" res/m/samples_hellaswag_*.jsonl | tr -d "[]\"" | tr , "\n" | awk "NR % 2 { print }" >mine &&
	awk "NR == FNR { l[NR] = \$1; next } { d = l[FNR] - \$3; if (d < 0) d = -d; if (d > 2e-4) { print; bad = 1 } } END { exit bad || FNR != 120 }" mine slow.each'
t 'any -B, one thread: the same bytes' 'ev -j -B 1 -t 1 items >b && cmp a b && ev -j -B 7 items >b && cmp a b'
t 'errors are those of means' 'awk -v p="$(val a acc)" -v s="$(val a acc_se)" "BEGIN { d = s - sqrt(p * (1 - p) / 29); exit d < -1e-9 || d > 1e-9 }"'
t 'a single item has no error' 'ev -n 1 items >b && grep -q "^acc  *[01].0000$" b && ! grep -q nan b'
t 'mutual information' 'ev -j --mutual items >b && [ "$(val b acc)" = "$(val a acc)" ] && [ -n "$(val b acc_mutual_info)" ]'
t 'examples, from the items or a file, drawn or the first' 'ev -j --shots=1 items >b && [ "$(val b shots)" = 1 ] && head -6 items >one && ev -j -n 3 --shots=1 --examples=one items >c && ev --shots=1 -S 3 --results=r1 items >/dev/null &&
	grep -o "arg_0\":\"The cat number [0-9]* " r1/m/samples* | sort | uniq -c | awk "{ if (\$1 > 40) bad = 1 } END { exit bad || NR < 8 }" && exits 1 ev --shots=2 --examples=one items'
t 'a context too long: refused, or cut' '{ yes "The cat" | head -60 | tr "\n" " "; printf "it\n0\nmat\nday\ncat\nwas\n"; } >long && exits 1 ev long && ev --truncate=left -j long >b && [ "$(val b truncated)" = 4 ]'
t 'chat templates' 'ev -j --chat -n 4 items >b && [ "$(val b n)" = 4 ] && ev --chat -n 2 --results=r2 items >/dev/null && ! cmp -s b a'
t 'a single continuation: greedy or not, perplexity' 'sed "s/\"id.*/&/" docs.jsonl >l && ev -j --task=lambada -n 10 l >b && [ "$(val b n)" = 10 ] && awk -v p="$(val b ppl)" "BEGIN { exit !(p > 1) }"'
printf '%s\n' '{"prompt":"The cat","answer":"dog"}' '{"prompt":"It was","answers":["Warm Day","x"]}' >texts
t 'generated answers: any batch, the same' 'ev -j --tokens=8 texts >b && ev -j --tokens=8 -B 1 -t 1 texts >c && cmp b c && [ "$(val b n)" = 2 ]'
t 'the greedy ones are those of sample' 'ev --tokens=8 --stop=@@ --results=r5 texts && sample -q -m m --no-bos --greedy -n 8 prompts.txt | head -1 >g && [ -s g ] && sed "s/.*\"resps\":\[\[\"//; s/\"\]\].*//; q" r5/m/samples* | cmp - g'
t 'sampled: the seed tells' 'ev --temperature=1 -k 4 --at=1,4 -S 1 --tokens=4 --results=r3 texts >b && grep -q "^pass@4" b && ev --temperature=1 -k 4 -S 1 --tokens=4 --results=r4 -B 1 texts >c &&
	grep -o "\"resps.*" r3/m/samples* >x && grep -o "\"resps.*" r4/m/samples* >y && cmp x y && exits 2 ev -k 4 texts'
printf '%s\n' '{"response":"The dog"}' '{"response":" Warm Day\n"}' >said
t 'answers given: exact match and F1' 'eval-task -j --responses=said texts >b && [ "$(val b acc)" = 0.5 ] && awk -v f="$(val b f1)" "BEGIN { exit f != 1 }"'
t 'a filter of one'"'"'s own' 'eval-task -j --responses=said --filter="(?i)(dog|warm day)" texts >b && [ "$(val b acc)" = 1 ] && exits 1 eval-task --responses=said "--filter=(" texts'
printf '%s\n' '{"question":"1?","answer":"#### 1,000"}' '{"question":"2?","answer":"so\n#### 2"}' '{"question":"3?","answer":"#### 3"}' >math
printf '%s\n' '{"response":"a\n#### 1000"}' '{"response":"it is $2."}' '{"response":"4"}' >maths
t 'GSM8K: strict and flexible' 'eval-task -j --responses=maths math >b && awk -v a="$(val b acc)" -v f="$(val b flexible)" "BEGIN { exit !(a > .33 && a < .34 && f > .66 && f < .67) }"'
t 'responses: one for each, no more, no less' 'head -1 said >few && exits 1 eval-task --responses=few texts && cat said said >many && exits 1 eval-task --responses=many texts && eval-task -j -k 2 --responses=many texts >b && [ "$(val b samples)" = 2 ]'
t 'refused: no model, a model for nothing, unknown tasks, programs without a command' 'exits 2 eval-task items && exits 2 eval-task -m - <m && init-model -q --config=config.json -w vocab.json -o - | eval-task -q -m - -n 2 items && exits 2 ev --task=none items && exits 1 eval-task --responses=said items && : >none && exits 1 ev none && exits 1 ev text.txt &&
	printf "{\"prompt\":\"p\",\"test\":\"t\"}\n" >code && exits 1 ev code'
t 'files in the shape of lm-eval' 'f=$(echo res/m/results_*.json) && grep -q "\"results\":{\"hellaswag\":{\"alias\":\"hellaswag\",\"acc,none\":[0-9.]*,\"acc_stderr,none\":" "$f" && grep -q "\"n-samples\":{\"hellaswag\":{\"original\":30," "$f" &&
	[ "$(wc -l <"$(echo res/m/samples_hellaswag_*.jsonl)")" = 30 ] && (for k in doc_id doc target arguments resps filtered_resps filter doc_hash prompt_hash target_hash metrics acc acc_norm; do grep -q "\"$k\":" res/m/samples_hellaswag_*.jsonl || exit 1; done)'

# ---- programs
printf '{"prompt":"x=1\\n","test":"[ $x = 1 ]"}\n' >code
if echo '{"response":""}' >ok && eval-task --responses=ok '--verify=sh' code 2>err >/dev/null; then
	judge() { printf '%s\n' "$1" >said && eval-task -j --timeout=1 --responses=said --verify=sh code >b && val b acc; }
	t 'a program that passes, one that does not' '[ "$(judge "{\"response\":\"\"}")" = 1 ] && [ "$(judge "{\"response\":\"x=2\"}")" = 0 ] && [ "$(judge "{\"response\":\"exit 1\"}")" = 0 ]'
	t 'hostile ones fail: a loop, a fork bomb, endless output, memory' '(for c in "while :; do :; done" "f() { f | f; }; while :; do f; done" "yes" "x=a; while :; do x=\$x\$x; done"; do [ "$(judge "{\"response\":\"$c\\n\"}")" = 0 ] || { echo "$c"; exit 1; }; done)'
	t 'and write nothing, read no answers, reach no parent' 'echo forty-two >answers && chmod 644 answers && chmod 755 . && printf "{\"prompt\":\"\",\"test\":\"exit 0\"}\n" >free && (for c in "cat $tmp/answers || exit 1" "echo x >$tmp/new || exit 1" "rm $tmp/answers || exit 1" "kill \$PPID \$\$; sleep 3" "ls $tmp || exit 1"; do
		printf "{\"response\":\"%s\\\\n\"}\n" "$c" >said; eval-task -j --timeout=1 --responses=said --verify=sh free >b && [ "$(val b acc)" = 0 ] || { echo "$c"; exit 1; }; done) && [ ! -e new ] && [ -e answers ]'
	t 'a verifier of answers: JSON in, a number out' 'printf "{\"response\":\"a\"}\n{\"response\":\"b\"}\n" >said && eval-task -j --responses=said "--verify=grep -c \\\"response\\\":\\\"a\\\" || :" texts >b && [ "$(val b acc)" = 0.5 ] &&
		exits 1 eval-task --responses=said "--verify=echo no" texts'
	if [ -x /usr/bin/python3 ] && eval-task --responses=ok '--verify=/usr/bin/python3 -c pass' code >/dev/null 2>&1; then
		printf '%s\n' '{"task_id":"T/0","prompt":"def f(x):\n","entry_point":"f","canonical_solution":"    return x + 1\n","test":"def check(c):\n    assert c(1) == 2\n"}' >he
		py() { printf '{"task_id":"T/0","completion":"%s"}\n' "$1" >said; eval-task -j --responses=said '--verify=/usr/bin/python3 -I -' he >b && val b 'pass@1'; }
		t 'HumanEval: a right solution scores 1, others 0' '[ "$(py "    return x + 1\\n")" = 1 ] && [ "$(py "    return x\\n")" = 0 ]'
		t 'and so do those that end before the test does' '[ "$(py "    raise SystemExit(0)\\n")" = 0 ] && [ "$(py "    import os\\n    os._exit(0)\\n")" = 0 ] && [ "$(py "    pass\\nimport sys\\nsys.exit()\\n")" = 0 ]'
		t 'and sockets are none' '[ "$(py "    import socket\\n    socket.socket()\\n    return x + 1\\n")" = 0 ]'
		t 'pass@k of several' 'for r in x x+1 x x+1; do printf "{\"task_id\":\"T/0\",\"completion\":\"    return %s\\\\n\"}\n" $r; done >said && eval-task -j -k 4 --at=1,2,4 --responses=said "--verify=/usr/bin/python3 -I -" he >b && [ "$(val b acc)" = 0.5 ] && [ "$(val b pass@4)" = 1 ] &&
			awk -v p="$(val b pass@2)" "BEGIN { exit !(p > .833 && p < .834) }"'
	else
		skip 'HumanEval' 'no /usr/bin/python3'
	fi
else
	skip 'programs in their sandbox' "$(head -1 err)"
fi
d=${LM_TESTDATA-}/data
if [ -e "$d/models/stories260K/stories260K.bin" ] && [ -e "$d/eval/hellaswag/hellaswag_val_full.txt.bz2" ] && have convert-model && have bzcat; then
	convert-model -q -w "$d/models/stories260K/tok512.bin" -o s.safetensors "$d/models/stories260K/stories260K.bin"
	bzcat "$d/eval/hellaswag/hellaswag_val_full.txt.bz2" 2>/dev/null | head -n 1200 >hs
	t 'a published model on 200 items of HellaSwag: as eval-ppl has it' 'eval-task -q -j -m s.safetensors hs >a && same hs 200 s.safetensors --bos'
else
	skip 'HellaSwag' 'it is not there'
fi
done_testing

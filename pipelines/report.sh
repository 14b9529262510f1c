# shellcheck shell=sh disable=SC2154 # the caller's variables
# report.sh - the table at the end of quickstart.sh, and report.json; sourced, in the working folder.
# SPDX-License-Identifier: MIT

seconds() { awk -v s="$1" '$1 == s { n += $2 } END { print n + 0 }' times.txt; }

# number KEY: an awk function for reading logs
# shellcheck disable=SC2016  # awk's own
number='function number(key,   s) {
	if (!match($0, "\"" key "\": *[-+0-9.eE]+")) return 0
	s = substr($0, RSTART, RLENGTH); sub(/.*: */, "", s); return s + 0
}'

# Floating-point operations: of a training log (its last line counts all tokens), of reward.log (likewise), of
# rl.log (a line a run), of what sample wrote (a third of training's, a token read or written).
per_token() { grep gflops base.log | tail -n 1 | awk "$number"'{ printf "%.6g", 1e9 * number("gflops") / number("tokens_per_s") }'; }
work_train() { grep gflops "$1" | tail -n 1 | awk "$number"'{ printf "%.4g", 1e9 * number("gflops") / number("tokens_per_s") * number("tokens") }'; }
work_fit() { tail -n 1 "$1" | awk "$number"'{ printf "%.4g", number("flops") }'; }
work_runs() { awk "$number"'{ n += number("flops") } END { printf "%.4g", n }' "$1"; }
work_sample() { cat "$@" | awk -v f="$(per_token)" "$number"'{ n += number("n_prompt") + number("tokens") } END { printf "%.4g", n * f / 3 }'; }
plus() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.4g", a + b }'; }

# tasks FILE: "name n right" lines as a JSON object of rates with their standard errors
tasks() {
	awk '{ p = $3 / $2; printf "%s\"%s\":{\"n\":%d,\"exact\":%.4f,\"exact_se\":%.4f}", (NR > 1 ? "," : ""), $1, $2, p, sqrt(p * (1 - p) / $2) }' "$1"
}

# mean KEY FILE: of a key over the lines of a log
mean() { sed -n 's/.*"'"$1"'": *\([-+0-9.eE]*\).*/\1/p' "$2" | awk '{ s += $1; n++ } END { if (n) printf "%.4f", s / n; else print "null" }'; }

report() {
	base_work=$(work_train base.log) chat_work=$(work_train sft.log)
	reward_work=$(plus "$(work_fit reward.log)" "$(work_sample pairs.lms.log pairs-held.lms.log)")
	align_work=$(cat proxy.log policy.log >align.log; plus "$(work_runs align.log)" "$(work_sample proxy.[0-9]*.log policy.[0-9]*.log)")
	{
		printf '{"stages":{'
		sep=
		for s in crawl clean tokens base chat reward align measure; do
			printf '%s"%s":{"seconds":%s}' "$sep" $s "$(seconds $s)"
			sep=,
		done
		printf '},"flops":{"base":%s,"chat":%s,"reward":%s,"align":%s},\n' "$base_work" "$chat_work" "$reward_work" "$align_work"
		printf '"clean":%s,\n' "$(cat clean.json)"
		printf '"documents":{"kept":%s,"unique":%s,"train":%s,"valid":%s,"test":%s},\n' "$(records docs.lms)" "$(records corpus.lms)" \
			"$(wc -l <train.jsonl)" "$(wc -l <valid.jsonl)" "$(wc -l <test.jsonl)"
		printf '"test":{"unigram":%s,"init":%s,"base":%s,"policy":%s},\n' "$(cat unigram.json)" "$(cat init.ppl)" "$(cat base.ppl)" "$(cat policy.ppl)"
		printf '"tasks":{"base":{%s},"chat":{%s},"proxy":{%s},"policy":{%s}},\n' "$(tasks base.exact)" "$(tasks sft.exact)" "$(tasks proxy.exact)" "$(tasks policy.exact)"
		printf '"reward_model":%s,\n' "$(cat reward.json)"
		printf '"align":{'
		for m in sft proxy policy; do
			printf '"%s":{"reward_model":%s,"verifier":%s}%s' $m "$(tail -n 1 $m.drift)" "$(cat $m.drift.verified)" "$([ $m = policy ] || echo ,)"
		done
		printf '}}\n'
	} >report.part
	mv report.part report.json

	echo
	echo 'Documents'
	printf '  %-32s %10d\n' 'pages read' "$(jget in clean.json)"
	echo '  rejected by'
	grep -o '"[^"]*":{"n":[0-9]*' clean.json | sed 's/"\([^"]*\)":{"n":/\1 /' | sort -k2nr |
		awk '{ printf "    %-30s %10d\n", $1, $2 }'
	printf '  %-32s %10d\n' 'after crawl-clean' "$(records docs.lms)" 'after dedup' "$(records corpus.lms)"
	printf '  %-32s %10d  %s\n' 'train' "$(wc -l <train.jsonl)" "$(lmcat --head train.lms | sed 's/.*"vocab":"\([^"]*\)".*/vocabulary \1/')"
	printf '  %-32s %10d\n' 'valid' "$(wc -l <valid.jsonl)" 'test, seen by nothing' "$(wc -l <test.jsonl)"
	echo
	echo 'Time and work                         seconds   FLOPs      share'
	all=$(awk -v a="$base_work" -v b="$chat_work" -v c="$reward_work" -v d="$align_work" 'BEGIN { printf "%.6g", a + b + c + d }')
	for s in crawl clean tokens base chat reward align measure; do
		case $s in base) w=$base_work ;; chat) w=$chat_work ;; reward) w=$reward_work ;; align) w=$align_work ;; *) w=0 ;; esac
		awk -v s=$s -v t="$(seconds $s)" -v w="$w" -v all="$all" 'BEGIN { printf "  %-32s %10d   %-9.3g %5.1f %%\n", s, t, w, (all > 0 ? 100 * w / all : 0) }'
	done
	echo
	printf 'Held-out text                    loss (nats/token)     bits per byte\n'
	printf '  %-28s %24s %.4f\n' 'bytes by frequency' '' "$(jget bits_per_byte unigram.json)"
	for m in init base policy; do
		printf '  %-28s %.4f +- %.4f       %.4f\n' $m "$(jget loss $m.ppl)" "$(jget loss_se $m.ppl)" "$(jget bits_per_byte $m.ppl)"
	done
	echo
	echo 'Exact answers, held-out questions     n         base         chat        proxy       policy'
	cat base.exact sft.exact proxy.exact policy.exact | awk '
		function rate(k, n) { p = k / n; return sprintf("%5.1f+-%.1f %%", 100 * p, 100 * sqrt(p * (1 - p) / n)) }
		{ n[$1] = $2; c[$1]++; r[$1, c[$1]] = $3; if (c[$1] == 1) order[++k] = $1; all[c[$1]] += $3; if (c[$1] == 1) total += $2 }
		END {
			for (i = 1; i <= k; i++) { t = order[i]; printf "  %-28s %6d %12s %12s %12s %12s\n", t, n[t], rate(r[t, 1], n[t]), rate(r[t, 2], n[t]), rate(r[t, 3], n[t]), rate(r[t, 4], n[t]) }
			printf "  %-28s %6d %12s %12s %12s %12s\n", "all", total, rate(all[1], total), rate(all[2], total), rate(all[3], total), rate(all[4], total)
		}'
	echo
	echo 'Reward of sampled answers (proxy: aligned by the reward model; policy: by the verifier)'
	printf '  reward model, held-out pairs: accuracy %.3f +- %.3f of %s\n' "$(jget accuracy reward.json)" "$(jget accuracy_se reward.json)" "$(jget n reward.json)"
	printf '  %-10s %15s %20s %16s %15s %12s\n' '' 'by reward model' 'by verifier' 'exact KL, nats' 'tokens long' 'ended'
	for m in sft proxy policy; do
		printf '  %-10s %15s %11.4f +- %.4f %16s %15s %12s\n' "$(echo $m | sed s/sft/chat/)" "$(mean reward $m.drift)" \
			"$(jget verified $m.drift.verified)" "$(jget verified_se $m.drift.verified)" "$(mean kl $m.drift)" "$(mean length $m.drift)" "$(mean eos_frac $m.drift)"
	done
	echo
	echo 'The base model goes on from "The" and "Debian":'
	printf 'The\nDebian\n' | sample -m base.safetensors -n 40 -S 1 --echo --temperature=.8 | sed 's/^/  /'
	echo
	echo 'The policy is asked:'
	head -n 6 held.jsonl >few.jsonl
	sample -m "$policy" --greedy -n 40 few.jsonl >few.out
	sed 's/.*"content":"\([^"]*\)".*/\1/' few.jsonl | paste -d '\n' - few.out | sed 'N; s/^\(.*\)\n\(.*\)/  \1\n      \2/'
}

#!/bin/sh
# The report card in small: killed on the way and gone on with, and the same bytes when made again.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
pipes=$here/../pipelines
card() { DIR=card TINY=1 SEEDS="1 2" LM_BIN=$(dirname "$(command -v lmcat)") sh "$pipes/reportcard.sh"; }
t 'reportcard.sh, killed on the way' '(DIR=card TINY=1 SEEDS="1 2" LM_BIN=$(dirname "$(command -v lmcat)") exec setsid sh "$pipes/reportcard.sh") >/dev/null 2>&1 & sleep 4; kill -9 -- -$!; wait $!; card'
t 'its page and its numbers' 'grep -q "^</html>" card/report.html && grep -q "\"ppo.gain\":{\"mean\":" card/report.json && { printf "{\"text\":\"\",\"report\":"; tr -d "\n" <card/report.json; echo "}"; } | lmcat --from-jsonl >x && ! grep -q " -*nan\| -*inf" card/all.measures'
t 'a rate of 0 spends no KL' 'grep -q "^ppo-still.kl 0.000000 " card/all.measures'
t 'made again, the same bytes' 'cp card/report.html card/report.json . && rm -rf card/seed-2 && card && cmp report.html card/report.html && cmp report.json card/report.json'
done_testing

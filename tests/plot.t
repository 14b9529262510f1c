#!/bin/sh
# plot-log: marks where the numbers say, several runs, gaps, ranges, logarithms, what is refused.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
awk 'BEGIN { for (i = 1; i <= 100; i++) { printf "{\"step\":%d,\"loss\":%g,\"lr\":%g}\n", i, 2 + 8 / i, i / 1000; if (i % 20 == 0) printf "{\"step\":%d,\"eval_loss\":%g}\n", i, 3 + 8 / i } }' >a.log
awk 'BEGIN { for (i = 1; i <= 50; i++) printf "{\"step\":%d,\"loss\":%g}\n", 2 * i, 3 + 8 / i }' >b.log
xml() { if command -v xmllint >/dev/null; then xmllint --noout "$1"; else grep -q '^</svg>$' "$1"; fi; }
t 'SVG to a file, light and dark' 'plot-log -o a.svg --title="<a> & b" a.log && xml a.svg && grep -q "prefers-color-scheme:dark" a.svg && grep -q "&lt;a&gt; &amp; b" a.svg && ! grep -q "<a>" a.svg'
t 'one run: a colour a key' 'grep -q "class=\"d c0\"" a.svg && grep -q "class=\"d c1\"" a.svg && grep -q ">eval_loss</text>" a.svg'
t 'two runs: a colour each, the other key dashed' 'plot-log -o b.svg a.log b.log && xml b.svg && grep -q "class=\"d c0 h\"" b.svg && grep -q ">b loss</text>" b.svg && ! grep -q "b eval_loss" b.svg'
t 'points stand where their numbers say' 'printf "{\"step\":0,\"loss\":0}\n{\"step\":10,\"loss\":5}\n" | plot-log --points --x-range=0,10 --y-range=0,10 --width=784 -o p.svg &&
	grep -q "<circle cx=\"64.0\" .*<title>0, 0</title>" p.svg && grep -q "<circle cx=\"764.0\" .*<title>10, 5</title>" p.svg &&
	awk -F"\"" "/<circle/ { y[n++] = \$4 } /rect x=/ { top = \$6 + 4; h = \$10 - 8 } END { d = y[1] - (top + h / 2); exit !(n == 2 && y[0] == top + h && d * d < 1) }" p.svg'
t 'the same in Braille: a diagonal from corner to corner' 'for i in 0 1 2 3 4; do echo "{\"step\":$i,\"v\":$i}"; done | plot-log -y v --x-range=0,4 --y-range=0,4 --width=29 --height=5 >d && cat d >&2 && [ "$(sed -n 2p d | grep -c "⠁$\|⠈$\|⠉$\|⠊$\|⠔⠊$\|⡠⠔⠊⠁$\|⠊⠁$\|⡠⠒⠉$")" = 1 ] &&
	sed -n 6p d | grep -q "┤⡠\|┤⣀" && sed -n 8p d | grep -q "0 .* 4"'
t 'blocks: a level line fills a row' 'printf "{\"v\":1}\n{\"v\":1}\n{\"v\":1}\n" | plot-log --as=block -y v --height=5 --width=20 >d && cat d >&2 && grep -q "▄▄▄▄▄▄▄\|▀▀▀▀▀▀▀" d && grep -q "line$" d'
t 'no control characters, no colours in a file' 'plot-log a.log b.log >c && ! grep -q "$(printf "\033")" c && grep -q "^  a a loss$" c && cp a.log "$(printf "x\ty.log")" && plot-log x*y.log b.log | grep -q "x?y"'
t 'panels of their own; logarithmic axes' 'plot-log -y loss,lr --log-x --log-y -o l.svg a.log && grep -c "<clipPath" l.svg | grep -qx 2 && plot-log -y lr --log-y a.log | grep -q "0.01 ┤"'
t 'means: the noise behind' 'awk "BEGIN { for (i = 0; i < 400; i++) printf \"{\\\"step\\\":%d,\\\"loss\\\":%d}\\n\", i, i % 2 }" >n.log && plot-log --smooth=20 -o s.svg n.log && grep -q "class=\"d c0 f\"" s.svg && plot-log --smooth=20 --y-range=0,1 n.log >s && cat s >&2 && grep -c "⣀⣀⣀\|⠉⠉⠉\|⠤⠤⠤\|⠒⠒⠒" s | grep -qx "[12]"'
t 'a gap for null; lines without the bottom key stay where they are' 'printf "{\"kl\":1,\"reward\":1}\n{\"kl\":2,\"reward\":null}\n{\"kl\":3,\"reward\":2}\n" | plot-log -x kl -y reward -o g.svg && ! grep -q "<path class=\"d c0\" d=\"M[0-9. ]*L" g.svg'
t 'a long log stays small' 'awk "BEGIN { for (i = 0; i < 200000; i++) printf \"{\\\"step\\\":%d,\\\"loss\\\":%g}\\n\", i, (i * 7919 % 1000) / 1000 }" | plot-log -o big.svg && [ "$(wc -c <big.svg)" -lt 60000 ]'
t 'the same bytes twice; compressed; from a pipe' 'plot-log a.log >x && gzip -c a.log >a.log.gz && plot-log a.log.gz | cmp x - && plot-log <a.log | cmp x -'
t 'refused: no such key, nothing, no JSON, bad usage' 'exits 1 plot-log -y foo a.log && exits 1 plot-log /dev/null && echo x | exits 1 plot-log && exits 2 plot-log --as=png a.log && exits 2 plot-log --width=3 a.log && exits 2 plot-log --x-range=a a.log && exits 1 plot-log -y a++b a.log'
done_testing

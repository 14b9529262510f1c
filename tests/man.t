#!/bin/sh
# Man pages: lint, the options of --help and no others, and examples that run.
# Each page's examples run in a folder of their own with the files that fixtures() makes.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
[ -n "${MANDOC-}" ] || { echo '1..0 # SKIP no mandoc'; exit 0; }
words() { grep -oE '^ *(-., )?--[a-z0-9-]+(\[?=[A-Z0-9_:,|]+\]?)?' | tr -d ' ,' | sort -u; }
. "$here/fixtures.sh"
mkdir fix && (cd fix && fixtures) || echo '# some fixtures could not be made'
for p in $TOOLS; do
	m=$here/../man/$p.1
	t "$p.1: mandoc -Tlint says nothing" "mandoc -Tlint -Wwarning $m"
	t "$p.1: the options of --help, no more, no less" \
	  "$p --help | words >h; mandoc -Tascii -Owidth=200 $m | sed 's/.\x08//g' | words >m; diff h m"
	for s in 'SYNOPSIS' 'EXIT STATUS' 'EXAMPLES' 'SEE ALSO'; do
		t "$p.1: has $s" "grep -q '^.Sh $s' $m"
	done
	sed -n 's/^\.Dl \$ //p' "$m" | sed 's/\\(\?-/-/g; s/\\&//g; s/\\e/\\/g' >cmds
	t "$p.1: its examples read as they run" "mandoc -Tascii -Owidth=500 $m | sed 's/.\x08//g; s/^ *\$ //' >m; ! grep -vxFf m cmds"
	rm -rf run && cp -r fix run
	t "$p.1: its examples run" '[ -s cmds ] && cd run && sh -eu ../cmds; r=$?; cd "$tmp"; [ $r = 0 ]'
done
for m in "$here"/../man/*.[57]; do
	[ ! -e "$m" ] || t "${m##*/}: mandoc -Tlint says nothing" "mandoc -Tlint -Wwarning $m"
done
done_testing

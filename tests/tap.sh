# shellcheck shell=sh disable=SC2034 # here: for who sources this
# tap.sh - just enough TAP for tests in shell.  A test sources this, calls t, and ends with done_testing.
# SPDX-License-Identifier: MIT
set -u
LC_ALL=C; export LC_ALL
tap_n=0 tap_now=
tmp=$(mktemp -d) || exit 99
exec 3>&1
trap '[ -z "$tap_now" ] || tap_failed "$tap_now: ended everything" >&3; rm -rf "$tmp"' EXIT
here=$(cd "${srcdir:-.}/tests" && pwd)
cd "$tmp" || exit 99

tap_failed() { echo "not ok $tap_n - $1"; sed 's/^/# /' .err .out | head -20; }
t() {	# t NAME COMMAND: ok when COMMAND succeeds
	tap_n=$((tap_n + 1)) tap_now=$1
	if eval "$2" >.out 2>.err </dev/null; then echo "ok $tap_n - $1"; else tap_failed "$1"; fi
	tap_now=
}
exits() {	# exits N COMMAND...: COMMAND exits N
	want=$1; shift; "$@"; got=$?
	[ "$got" = "$want" ] || { echo "exit $got, not $want" >&2; return 1; }
}
skip() { tap_n=$((tap_n + 1)); echo "ok $tap_n - $1 # SKIP $2"; }
done_testing() { echo "1..$tap_n"; exit 0; }	# the TAP lines tell; a status would count twice

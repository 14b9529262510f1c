#!/bin/sh
# run.sh - set up what is missing, build, pass the tests; the last line counts them
# SPDX-License-Identifier: MIT
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
sh "$top/pipelines/setup.sh" "$top/build" >&2
cd "$top/build"
status=0
make -s -j"$(nproc)" check >check.out 2>&1 || status=$?
grep -E '^(FAIL|ERROR|XPASS):' check.out || :
n() { sed -n "s/^# $1: *//p" check.out | tail -n 1; }
fail=$(($(n FAIL) + $(n ERROR) + $(n XPASS)))
[ "$fail" = 0 ] || [ ! -e test-suite.log ] || cat test-suite.log >&2
echo "$(n PASS) passed, $fail failed, $(n SKIP) skipped"
exit "$status"

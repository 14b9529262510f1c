#!/bin/sh
# The kernels for aarch64: cross-compiled, and their unit tests run by qemu.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
top=$here/..
cc=${AARCH64_CC-aarch64-linux-gnu-gcc} qemu=${QEMU_AARCH64-qemu-aarch64}
for p in $cc $qemu; do
	command -v "$p" >/dev/null 2>&1 || { echo "1..0 # SKIP no $p (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user)"; exit 0; }
done
printf '#define HAVE_KERN_NEON 1\n#define _GNU_SOURCE 1\n#define PACKAGE_NAME "pipelm"\n#define PACKAGE_VERSION "0"\n' >config.h
compile() { $cc -std=gnu11 -O1 -DLM_ONE_THREAD -ffp-contract=off -Wall -Wextra -Wshadow -Werror -I. -I"$top/lib" "$@"; }
library() {
	set --
	for f in "$top"/lib/base/*.c "$top"/lib/kern/*.c; do
		case $f in *avx* | */match.c) ;; *) set -- "$@" "$f" ;; esac        # match.c: needs PCRE2
	done
	compile -c "$@"
}
t 'the kernels are built for aarch64' library
for p in kern-t ops-t; do
	t "$p: all is well" 'compile -static -o $p "$top/tests/$p.c" *.o -lm -pthread && $qemu ./$p >out && grep -q "^ok .*neon" out && ! grep "^not ok" out'
done
done_testing

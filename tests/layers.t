#!/bin/sh
# Who may include whom, and who may exit: read from the table in lib/README.md.
. "${srcdir:-.}/tests/tap.sh"
top=$here/..
layer() { awk -F'|' -v f=" $1 " '$2 == f { gsub(/ /, "", $3); print $3; ok = 1 } END { if (!ok) print 99 }' "$top/lib/README.md"; }
# may FOLDER OTHER: whether the first may include the second: itself, a theme below it within its layer, a lower layer
may() {
	[ "$1" = "$2" ] && return
	awk -v a="$(layer "$1")" -v b="$(layer "$2")" -v same="$([ "${1%%/*}" = "${2%%/*}" ] && echo 1)" \
		'BEGIN { exit !(same ? b + 0 < a + 0 : int(b) < int(a)) }'
}
for d in "$top"/lib/*/ "$top"/lib/*/*/; do
	name=${d%/} name=${name##*/lib/}
	bad=
	for f in "$d"*.[ch]; do
		[ -e "$f" ] || continue
		for h in $(sed -n 's/^#include "\(.*\)"/\1/p' "$f"); do
			case $(basename "$f"):$h in
			kern_*:kern/kern.h | kern_*:kern/vec_*.h | *:config.h) continue ;;
			kern_*) bad="$bad ${f##*/}:$h"; continue ;;
			*:*/*) ;;
			*) bad="$bad ${f##*/}:$h(no-folder)"; continue ;;
			esac
			may "$name" "${h%/*}" || bad="$bad ${f##*/}:$h"
		done
	done
	t "lib/$name includes only what is below it" '[ -z "$bad" ] || { echo "$bad" >&2; false; }'
done
strip() { sed 's://.*::; s:"[^"]*"::g; s:/\*.*\*/::g; /^[[:space:]]*\/\*/,/\*\//d' "$1"; }
bad=
for f in "$top"/lib/*/*.c "$top"/lib/*/*/*.c; do
	case $f in */base/cli.c | */stream/stream.c) continue ;; esac
	strip "$f" | grep -qE '(^|[^_a-zA-Z])(exit|isatty) *\(|(^|[^_a-zA-Z])stderr([^_a-zA-Z]|$)' && bad="$bad ${f##*/}"
done
t 'exit, isatty and stderr are in cli.c and stream.c alone' '[ -z "$bad" ] || { echo "$bad" >&2; false; }'
bad=
for f in "$top"/lib/*/*.[ch] "$top"/lib/*/*/*.[ch] "$top"/bin/*.c; do
	case $f in */base/par.h) continue ;; esac
	grep -qE '<omp\.h|#pragma omp|omp_get' "$f" && bad="$bad ${f##*/}"
done
t 'par.h alone names OpenMP' '[ -z "$bad" ] || { echo "$bad" >&2; false; }'
bad=
for f in "$top"/bin/*.c; do
	[ "$(wc -l <"$f")" -le 300 ] || bad="$bad ${f##*/}"
done
t 'no program is longer than 300 lines' '[ -z "$bad" ] || { echo "$bad" >&2; false; }'
bad=
for f in "$top"/lib/*/*.[ch] "$top"/lib/*/*/*.[ch] "$top"/bin/*.c "$top"/tests/*.[ch] "$top"/tests/*/*.[ch] "$top"/tests/*.t "$top"/tests/*.sh "$top"/pipelines/*.sh; do
	grep -q 'SPDX-License-Identifier: MIT' "$f" || bad="$bad ${f##*/}"
done
t 'every source names its licence' '[ -z "$bad" ] || { echo "$bad" >&2; false; }'
done_testing

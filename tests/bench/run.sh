#!/bin/sh
# run.sh BUILD [ROUNDS [PART ...]] - how fast everything is here, each figure beside what this machine can do at most
#
# PARTs: kernels (limits, products, attention, rows), training, decoding, text, curves
# (whether losses in 16 bits are those of fp32); all of them with `make bench`.
# A row is what was done, our rate, its share of the limit, the limit in the same unit;
# limits are measured in turns with the work, medians of ROUNDS (5) are printed.
# With 5 rounds it takes about half an hour of two quiet cores, with 1 some minutes.
# Rivals are measured in the same turns where the environment names them:
#   BENCH_BLAS      a shared library with cblas_sgemm, for products
#   BENCH_TRAIN     a command that gets MODEL (gpt2 or small) B T TYPE (f32, bf16)
#                   and prints tokens a second; it also runs with what $BENCH_TUNE
#                   puts into the environment (an allocator that keeps its pages)
#   PYTHON_TORCH    a Python with torch: torch_step.py is that command
#   BENCH_LLAMA     a command that gets MODEL THREADS [cpu], a GGUF of decode's shape
#                   (Llama, 110M), and prints "tg128 X pp512 X batch64 X": tokens a second
#                   of one sequence of 128, of a prompt of 512, of 64 sequences at once;
#                   with cpu by processor time over THREADS
#   BENCH_TOKENIZE ...  see text.sh
# OMP_NUM_THREADS says how many threads.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
here=$(cd "$(dirname "$0")" && pwd) build=$(cd "$1" && pwd) rounds=${2-5}
[ -z "${PYTHON_TORCH-}" ] || export BENCH_TRAIN="$PYTHON_TORCH $here/torch_step.py"
began=$(date +%s)
part() { printf '\n# %s (after %s s)\n' "$1" $(($(date +%s) - began)); }
shift $(($# > 2 ? 2 : $#))
[ $# -gt 0 ] || set -- kernels training decoding text curves
for p; do
	case $p in
	kernels)
		part 'kernels: GFLOP/s, GB/s, 1e9 elements/s'
		"$build/tests/bench/bench" ;;
	training)
		part 'training: tokens/s beside those of the peak of products'
		sh "$here/train.sh" "$build" "$rounds" ;;
	decoding)
		part 'decoding'
		"$build/tests/bench/decode" ;;
	text)
		part 'text: MB/s beside a pipe that carries it'
		sh "$here/text.sh" "$build" "$rounds" ;;
	curves)
		part 'losses of 500 steps beside those of fp32'
		sh "$here/curves.sh" "$build" ;;
	*) echo "run.sh: no part $p" >&2; exit 2 ;;
	esac
done
part 'that is all'

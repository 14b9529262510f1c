#!/bin/sh
# run.sh BUILD [ROUNDS] - how fast everything is here, each figure beside what this machine can do at most
#
# limits, products, attention, rows, training, decoding, filters on text; `make bench`.
# The limits are measured in turns with the work, medians are printed.  Rivals are
# measured in the same turns where the environment names them:
#   BENCH_BLAS      a shared library with cblas_sgemm, for products
#   BENCH_TRAIN     a command that gets MODEL (gpt2 or small) B T TYPE (f32, bf16)
#                   and prints tokens a second
#   BENCH_LLAMA     llama-bench, with BENCH_LLAMA_MODEL, a GGUF of the shape of
#                   decode (Llama, 110M); its own table is shown below ours
#   BENCH_TOKENIZE ...  see text.sh
# OMP_NUM_THREADS says how many threads.

# SPDX-License-Identifier: MIT
set -eu
case ${1-} in '' | -h | --help) sed -n '2,/^$/s/^# \{0,1\}//p' "$0"; exit ;; esac
here=$(cd "$(dirname "$0")" && pwd) build=$(cd "$1" && pwd) rounds=${2-5}
echo '# kernels'
"$build/tests/bench/bench"
echo '# training'
sh "$here/train.sh" "$build" "$rounds"
echo '# decoding'
"$build/tests/bench/decode"
[ -z "${BENCH_LLAMA-}" ] || "$BENCH_LLAMA" -m "$BENCH_LLAMA_MODEL" -p 512 -n 128 -t "${OMP_NUM_THREADS-$(nproc)}"
echo '# text'
sh "$here/text.sh" "$build" "$rounds"

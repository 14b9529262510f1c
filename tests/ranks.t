#!/bin/sh
# train-step under mpirun: several processes train as one does.
# SPDX-License-Identifier: MIT
. "${srcdir:-.}/tests/tap.sh"
. "$here/fixtures.sh"
for p in train-vocab tokenize shard init-model mpirun; do
	have $p || { echo "1..0 # SKIP no $p"; exit 0; }
done
export OMP_WAIT_POLICY=passive OMP_NUM_THREADS=1
export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 OMPI_MCA_rmaps_base_oversubscribe=1
! grep -q __asan_init "$(command -v train-step)" || { echo "1..0 # SKIP MPI libraries leak at their end"; exit 0; }
mpirun -n 2 true 2>/dev/null || { echo "1..0 # SKIP mpirun does not run here"; exit 0; }
! OMPI_COMM_WORLD_SIZE=2 train-step 2>&1 | grep -q 'without MPI' || { echo "1..0 # SKIP built without MPI"; exit 0; }
fixtures 2>/dev/null
says() { grep -q -- "$1" .err; }
ts() { train-step -q -m model.safetensors -B 6 --lr=1e-3 --warmup=2 "$@" train.lms; }
ranks() { n=$1; shift; mpirun -n "$n" train-step -q -m model.safetensors -B 6 --lr=1e-3 --warmup=2 "$@" train.lms; }
weights() { tail -c +$(($(od -An -tu8 -N8 "$1") + 9)) "$1" | od -An -v -tf4 -w4; }
differ() { weights "$1" >wa; weights "$2" >wb; paste wa wb | awk -v most="$3" '{ d = $1 - $2; if (d < 0) d = -d; if (d > m) m = d } END { print m | "cat >&2"; exit !(NR > 1000 && m <= most) }'; }
losses() { sed 's/.*"loss":\([0-9.]*\).*/\1/' "$1" >la; sed 's/.*"loss":\([0-9.]*\).*/\1/' "$2" >lb; paste la lb | awk '{ d = $1 / $2 - 1; if (d > 1e-6 || d < -1e-6) bad = 1 } END { exit bad || NR != 4 }'; }

t 'one process' 'ts -n 1 -o one && ts -n 4 -o four --log=l1'
t '2 ranks: the weights after a step to 1e-6' 'ranks 2 -n 1 -o two && differ one two 1e-6'
t '3 ranks: the same' 'ranks 3 -n 1 -o three && differ one three 1e-6'
t '2 ranks: four losses to 1e-6' 'ranks 2 -n 4 -o two --log=l2 && losses l1 l2'
t '2 ranks, another split, stopped and taken up again: the same bytes' 'ranks 2 -n 2 -B 2 --accum=3 -s s.st --save-every=1 -o again && ranks 2 -n 4 -s s.st -o again && cmp two again'
t 'and by one process: to 1e-5' 'ranks 2 -n 2 -s s1.st -o again && ts -n 4 -s s1.st -o again && differ four again 1e-5'
t '3 ranks, muon in f16, more ranks than the last step has records' 'ts --optimizer=muon --dtype=f16 --log=l1 -B 16 -n 3 -o one && ranks 3 --optimizer=muon --dtype=f16 -B 16 -n 3 -o three && ranks 3 --optimizer=muon --dtype=f16 -B 4 --accum=4 -n 3 -o two &&
	cmp three two && differ one three 1e-3'
t 'what only one process can read is refused' '! mpirun -n 2 train-step -m model.safetensors -o none <train.lms && says "named files" && [ ! -e none ]'
done_testing

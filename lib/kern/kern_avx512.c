/* kern_avx512 - vectors of 16 floats, and a tile of 14 x 32 */
/* SPDX-License-Identifier: MIT */
#include "kern/vec_avx512.h"
#include "kern/kern.h"

static int
usable(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
			&& __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
}

const struct kern kern_avx512 = {
	.name = "avx512", .usable = usable,
	.mr = MR, .nr = NR, .kc = 384, .mc = 6 * MR, .nc = 24 * NR,
	KERN_LOOPS
};

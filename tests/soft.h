/* soft - kern_avx512bf16.c built without its instructions: the same bits on a processor that lacks them */
/* SPDX-License-Identifier: MIT */
#include "kern/kern.h"

/* NULL where AVX-512 is not there, or not allowed by LM_CPU. */
static inline const struct kern *
kern_soft(void)
{
#ifdef HAVE_KERN_AVX512
	extern const struct kern kern_avx512soft;

	if (kern_now() == kern_list(0) || kern_now() == &kern_avx512)
		return &kern_avx512soft;
#endif
	return NULL;
}

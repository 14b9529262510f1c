/* kern - which table of inner loops to use, and the scratch memory of a thread */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "kern/kern.h"
#include "base/err.h"
#include "base/mem.h"
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static const struct kern *const tables[] = {    /* best first */
#ifdef HAVE_KERN_AVX512BF16
	&kern_avx512bf16,
#endif
#ifdef HAVE_KERN_AVX512
	&kern_avx512,
#endif
#ifdef HAVE_KERN_AVX2
	&kern_avx2,
#endif
#ifdef HAVE_KERN_NEON
	&kern_neon,
#endif
	&kern_ref,
	NULL
};
static _Atomic(const struct kern *) chosen;

const struct kern *
kern_list(size_t i)
{
	return tables[i];
}

void
kern_use(const struct kern *k)
{
	atomic_store(&chosen, k);
}

int
kern_init(struct err *err)
{
	const char *cap = getenv("LM_CPU");
	int open = !cap || !*cap, known = open;

	for (size_t i = 0; tables[i]; i++) {
		int named = cap && strcmp(cap, tables[i]->name) == 0;

		known |= named;
		if (named && !tables[i]->usable())
			return err_set(err, "LM_CPU=%s: this processor lacks it", cap);
		open |= named;
		if (open && tables[i]->usable() && (named || !tables[i]->slow || !tables[i]->slow())) {
			kern_use(tables[i]);
			return 0;
		}
	}
	if (!known)
		return err_set(err, "LM_CPU=%s: no such kernels are built in", cap);
	return err_set(err, "no kernels for this processor");
}

const struct kern *
kern_now(void)
{
	const struct kern *k = atomic_load_explicit(&chosen, memory_order_acquire);

	if (k)
		return k;
	if (kern_init(NULL) < 0)
		kern_use(&kern_ref);
	return atomic_load(&chosen);
}

float *
kern_scratch(int slot, size_t floats)
{
	static _Thread_local struct arena mine[SCRATCH_N];
	struct arena *a = &mine[slot];
	size_t need = floats * sizeof (float) + 64;

	if (a->size < need) {
		if (a->size)
			arena_free(a);
		arena_init(a, need);
	}
	a->used = 0;
	return arena_take(a, floats * sizeof (float));
}

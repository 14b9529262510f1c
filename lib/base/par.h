/* par - threads; the only file that names OpenMP */
#ifndef LM_PAR_H
#define LM_PAR_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#ifdef _OPENMP
static inline int  par_threads(void) { return omp_get_max_threads(); }  /* how many a region would use */
static inline void par_set_threads(int n) { omp_set_num_threads(n); }
static inline int  par_inside(void) { return omp_in_parallel(); }
#else
static inline int  par_threads(void) { return 1; }
static inline void par_set_threads(int n) { (void)n; }
static inline int  par_inside(void) { return 0; }
#endif

/* Every thread of a region calls fn(thread, threads, ctx); inside a region already, one call. */
static inline void
par_run(void (*fn)(int thread, int threads, void *ctx), void *ctx)
{
#ifdef _OPENMP
	if (!omp_in_parallel() && omp_get_max_threads() > 1) {
#pragma omp parallel
		fn(omp_get_thread_num(), omp_get_num_threads(), ctx);
		return;
	}
#endif
	fn(0, 1, ctx);
}

/* Waits until all threads of the region are here.  Only directly within a function given to par_run. */
static inline void
par_barrier(void)
{
#ifdef _OPENMP
	if (omp_in_parallel()) {
#pragma omp barrier
	}
#endif
}

/* fn(i, ctx) for i in [0, n), handed out one at a time to whoever is free.  What fn writes for i must
 * depend on i alone: then the result is the same at any number of threads. */
static inline void
par_for(size_t n, void (*fn)(size_t i, void *ctx), void *ctx)
{
#ifdef _OPENMP
	if (n > 1 && !omp_in_parallel() && omp_get_max_threads() > 1) {
#pragma omp parallel for schedule(dynamic, 1)
		for (size_t i = 0; i < n; i++)
			fn(i, ctx);
		return;
	}
#endif
	for (size_t i = 0; i < n; i++)
		fn(i, ctx);
}

/* The same with the thread's number, for scratch memory of its own. */
static inline void
par_for_on(size_t n, void (*fn)(size_t i, int thread, void *ctx), void *ctx)
{
#ifdef _OPENMP
	if (n > 1 && !omp_in_parallel() && omp_get_max_threads() > 1) {
#pragma omp parallel for schedule(dynamic, 1)
		for (size_t i = 0; i < n; i++)
			fn(i, omp_get_thread_num(), ctx);
		return;
	}
#endif
	for (size_t i = 0; i < n; i++)
		fn(i, 0, ctx);
}
#endif

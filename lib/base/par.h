/* par - threads; the only file that names OpenMP */
#ifndef LM_PAR_H
#define LM_PAR_H
/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#ifdef _OPENMP
#include <omp.h>
#elif !defined LM_ONE_THREAD     /* configure --disable-openmp */
#error "this file is compiled without OpenMP's flags: its loops would run on one thread"
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

/* The same for many short pieces of work, each of which needs the one before: all zero at first; every thread of a
 * region given to par_run calls par_share with equal arguments, which returns when all fn(i, ctx), i in [0, n), are
 * done.  Who waits spins for some microseconds, then sleeps:
 * where other programs have the processors, who spins on is seldom let back in. */
struct par_team {
	atomic_size_t next;
	atomic_int    here, turn;
};
static inline void
par_share(struct par_team *t, int threads, size_t n, void (*fn)(size_t i, void *ctx), void *ctx)
{
	int turn = atomic_load_explicit(&t->turn, memory_order_relaxed);
	size_t i;

	while ((i = atomic_fetch_add_explicit(&t->next, 1, memory_order_relaxed)) < n)
		fn(i, ctx);
	if (atomic_fetch_add(&t->here, 1) == threads - 1) {
		atomic_store_explicit(&t->here, 0, memory_order_relaxed);
		atomic_store_explicit(&t->next, 0, memory_order_relaxed);
		atomic_store(&t->turn, turn + 1);
		return;
	}
	for (int spin = 0; atomic_load(&t->turn) == turn; spin++)
		if (spin > 10000)
			nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
}

/* What one thread does at a time, shortly: all zero at first. */
struct par_lock {
	atomic_int busy;
};
static inline void
par_lock(struct par_lock *l)
{
	while (atomic_exchange_explicit(&l->busy, 1, memory_order_acquire))
		sched_yield();
}

static inline void
par_unlock(struct par_lock *l)
{
	atomic_store_explicit(&l->busy, 0, memory_order_release);
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

/* Batches on their way: fill makes one and says how many parts it has, -1 when nothing more comes; work does part i of
 * it; put takes what came of it, in the order of filling.  fill and put run on the calling thread, so that they may end
 * the program, beside the work on other batches; one batch is all that one thread uses. */
#define PAR_LINE 3
struct par_line {
	void *batch[PAR_LINE], *ctx;
	long (*fill)(void *batch, void *ctx);
	void (*work)(void *batch, size_t i, int thread, void *ctx);
	void (*put)(void *batch, void *ctx);
	struct par_lock lock;                   /* of what follows, par_line's own */
	size_t n[PAR_LINE], next[PAR_LINE], left[PAR_LINE];     /* parts: all, to be taken, not done */
	size_t n_filled, n_put;                 /* batches; the k-th is batch[k % PAR_LINE] */
	int    ended;
};

/* One part of the first batch that has some left: 0 when there is none. */
static inline int
par_line_part(struct par_line *l, int thread)
{
	size_t at = 0, i = 0;
	int any = 0;

	par_lock(&l->lock);
	for (size_t k = l->n_put; k < l->n_filled && !any; k++) {
		at = k % PAR_LINE;
		if ((any = l->next[at] < l->n[at]))
			i = l->next[at]++;
	}
	par_unlock(&l->lock);
	if (!any)
		return 0;
	l->work(l->batch[at], i, thread, l->ctx);
	par_lock(&l->lock);
	l->left[at]--;
	par_unlock(&l->lock);
	return 1;
}

/* What the calling thread alone does: puts the oldest batch if it is done, else fills one; 0 when it can do neither. */
static inline int
par_line_step(struct par_line *l)
{
	size_t put = l->n_put % PAR_LINE, at = l->n_filled % PAR_LINE;
	int done;
	long n;

	par_lock(&l->lock);
	done = l->n_put < l->n_filled && !l->left[put];
	par_unlock(&l->lock);
	if (done) {
		l->put(l->batch[put], l->ctx);
		par_lock(&l->lock);
		l->n_put++;
	} else if (!l->ended && l->n_filled - l->n_put < PAR_LINE) {
		n = l->fill(l->batch[at], l->ctx);
		par_lock(&l->lock);
		l->ended = n < 0;
		if (n >= 0) {
			l->n[at] = l->left[at] = (size_t)n, l->next[at] = 0;
			l->n_filled++;
		}
	} else {
		return 0;
	}
	par_unlock(&l->lock);
	return 1;
}

static inline void
par_line_run(int thread, int threads, void *ctx)
{
	struct par_line *l = ctx;
	int over = 0;

	(void)threads;
	for (int idle = 0; !over; ) {
		if ((!thread && par_line_step(l)) || par_line_part(l, thread))
			idle = 0;
		else if (idle++ > 100)
			nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
		par_lock(&l->lock);
		over = l->ended && l->n_put == l->n_filled;
		par_unlock(&l->lock);
	}
}

static inline void
par_line(struct par_line *l)
{
	long n;

	if (par_threads() > 1 && !par_inside()) {
		par_run(par_line_run, l);
		return;
	}
	while ((n = l->fill(l->batch[0], l->ctx)) >= 0) {
		for (size_t i = 0; i < (size_t)n; i++)
			l->work(l->batch[0], i, 0, l->ctx);
		l->put(l->batch[0], l->ctx);
	}
}
#endif

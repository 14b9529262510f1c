/* gemm - matrix products: blocks, packed panels, and who computes which tile */
/* SPDX-License-Identifier: MIT */
#include "kern/kern.h"
#include "kern/panels.h"
#include "base/par.h"
#include "base/size.h"
#include <stdatomic.h>

/*
 * The loop nest of Goto & van de Geijn (2008): columns by nc, depth by kc, rows by mc.  B's block is packed by all
 * threads and shared, a block of A by the thread that uses it: each time, or, when B has several blocks of columns, once
 * for all of them; blocks may then be deeper, since short rows of B's cost nothing.  The tile goes on from C, so neither blocking nor
 * the number of threads changes the order of a sum.
 */
enum {
	PANELS = 4,             /* of B, that one thread packs at a time */
	KEEP = 1 << 23          /* floats of A that are kept at most */
};

struct job {
	const struct gemm *g;
	const struct kern *k;
	size_t per, K;                  /* numbers of a cell; depth in cells, as all depths here */
	size_t kc, nc;                  /* depth of a block; columns of B's */
	size_t mp, np;                  /* panels of rows and columns */
	size_t mblk, nblk;              /* blocks of rows, groups of columns: tasks of a step */
	float *b, *a;                   /* B's block, twice; A's: one a thread, a_size apart, or all of A */
	size_t b_size, a_size;
	int keep;                       /* the first block of columns packs A for all */
	atomic_size_t next;             /* tickets: pieces of work in the order in which they are done */
};

/* Panels of lanes from src, an operand's `lanes` of them, for k numbers each. */
static void
pack(const struct job *j, float *dst, size_t w, const float *src, size_t ld, int along_k, size_t lanes, size_t k)
{
	uint16_t half[512];
	size_t n = j->g->f16 ? round_up(lanes, w) * k : 0;

	(j->g->bf16 ? j->k->pack_bf16 : j->k->pack)(dst, w, src, ld, along_k, lanes, k);
	for (size_t i = 0, m; i < n; i += m) {
		m = least(512, n - i);
		j->k->to_f16(half, dst + i, m);
		j->k->from_f16(dst + i, half, m);
	}
}

/* Panels [panel, panel+n) of A's rows, for kn cells of depth from k0. */
static void
pack_a(const struct job *j, float *dst, size_t panel, size_t n, size_t k0, size_t kn)
{
	const struct gemm *g = j->g;
	size_t mr = j->k->mr, i = panel * mr, k = k0 * j->per;
	const float *src = g->a_trans ? g->A + k * g->lda + i : g->A + i * g->lda + k;

	pack(j, dst, mr, src, g->lda, !g->a_trans, least(n * mr, g->M - i), least(kn * j->per, g->K - k));
}

static void
pack_b(const struct job *j, float *dst, size_t col, size_t n, size_t k0, size_t kn)
{
	const struct gemm *g = j->g;
	size_t nr = j->k->nr, k = k0 * j->per, depth = least(kn * j->per, g->K - k);
	const float *src = g->b_trans ? g->B + col * g->ldb + k : g->B + k * g->ldb + col;

	if (!g->panels)
		pack(j, dst, nr, src, g->ldb, g->b_trans, least(n * nr, g->N - col), depth);
	for (; g->panels && n-- > 0; col += nr, dst += nr * kn)
		if (j->per == 2)
			panels_cells(g->panels, (uint32_t *)(void *)dst, nr, col, least(nr, g->N - col), k0, kn);
		else
			panels_unpack(g->panels, dst, nr, col, least(nr, g->N - col), k, depth);
}

static void
one_tile(const struct job *j, size_t panel, size_t col, size_t k0, size_t kn, const float *a, const float *b)
{
	const struct gemm *g = j->g;
	size_t i = panel * j->k->mr, m = least(j->k->mr, g->M - i), n = least(j->k->nr, g->N - col);
	size_t at = i * g->ldc + col;

	(g->bf16 ? j->k->tile_bf16 : j->k->tile)(m, n, kn, a, j->k->mr, b, g->C + at, g->ldc, k0 > 0 || g->accumulate);
	if (k0 + kn == j->K && (g->bias || g->pre || g->act || g->residual)) {
		struct kern_epi e = {
			.bias = g->bias ? g->bias + col : NULL,
			.pre = g->pre ? g->pre + at : NULL,
			.residual = g->residual ? g->residual + at : NULL,
			.act = g->act,
		};
		j->k->epilogue(g->C + at, g->ldc, m, n, &e);
	}
}

/* One task of a step: a block of A against a group of B's panels. */
static void
block(struct job *j, size_t task, size_t *packed, float *abuf, const float *bbuf, size_t j0, size_t np, size_t k0,
		size_t kn)
{
	size_t ib = task / j->nblk, jb = task % j->nblk, mr = j->k->mr, nr = j->k->nr;
	size_t p0 = j->mp * ib / j->mblk, p1 = j->mp * (ib + 1) / j->mblk;

	if (j->keep)
		abuf = j->a + mr * (j->mp * k0 + p0 * kn);
	if (j->keep ? j0 == 0 : *packed != ib)
		pack_a(j, abuf, p0, p1 - p0, k0, kn);
	*packed = ib;
	for (size_t q = np * jb / j->nblk; q < np * (jb + 1) / j->nblk; q++) {
		const float *b = bbuf + q * nr * kn;

		for (size_t p = p0; p < p1; p++)
			one_tile(j, p, j0 + q * nr, k0, kn, abuf + (p - p0) * mr * kn, b);
	}
}

/* A thread draws tickets until it holds one of the next stage; that one it keeps.  B's block of a step is packed
 * while others may still use that of the step before, so there are two, and one barrier a step. */
static void
wide(int thread, int threads, void *ctx)
{
	struct job *j = ctx;
	const struct gemm *g = j->g;
	size_t end = 0, ticket = atomic_fetch_add(&j->next, 1), ntask = j->mblk * j->nblk, step = 0;
	float *abuf = j->a + (size_t)thread * j->a_size;

	for (size_t j0 = 0; j0 < g->N; j0 += j->nc) {
		size_t np = div_up(least(j->nc, g->N - j0), j->k->nr), k0 = 0;

		do {
			size_t kn = least(j->kc, j->K - k0), packed = (size_t)-1, first = end;
			float *bbuf = j->b + (threads > 1 ? step++ & 1 : 0) * j->b_size;

			for (end += div_up(np, PANELS); ticket < end; ticket = atomic_fetch_add(&j->next, 1)) {
				size_t q = (ticket - first) * PANELS;

				pack_b(j, bbuf + q * j->k->nr * kn, j0 + q * j->k->nr, least(PANELS, np - q), k0, kn);
			}
			if (threads > 1)
				par_barrier();
			for (first = end, end += ntask; ticket < end; ticket = atomic_fetch_add(&j->next, 1))
				block(j, ticket - first, &packed, abuf, bbuf, j0, np, k0, kn);
			k0 += kn;
		} while (k0 < j->K);
	}
}

/* Few rows: all of A is packed once and shared, each thread packs and uses a panel of B at a time. */
static void
narrow(int thread, int threads, void *ctx)
{
	struct job *j = ctx;
	size_t mr = j->k->mr, nr = j->k->nr, ticket = atomic_fetch_add(&j->next, 1);
	float *bbuf = j->b + (size_t)thread * nr * j->kc;

	for (; ticket < j->mp; ticket = atomic_fetch_add(&j->next, 1))
		pack_a(j, j->a + ticket * mr * j->K, ticket, 1, 0, j->K);
	if (threads > 1)
		par_barrier();
	for (; ticket < j->mp + j->np; ticket = atomic_fetch_add(&j->next, 1)) {
		size_t col = (ticket - j->mp) * nr, k0 = 0;

		do {
			size_t kn = least(j->kc, j->K - k0);

			pack_b(j, bbuf, col, 1, k0, kn);
			for (size_t p = 0; p < j->mp; p++)
				one_tile(j, p, col, k0, kn, j->a + (p * j->K + k0) * mr, bbuf);
			k0 += kn;
		} while (k0 < j->K);
	}
}

enum {
	SMALL = 1 << 20,        /* multiply-adds below which waking other threads costs more than it gains */
	NARROW = 6              /* panels of rows up to which B is not worth a block of its own */
};

static uint64_t work;

uint64_t gemm_work(void) { return __atomic_load_n(&work, __ATOMIC_RELAXED); }

/* Depth of a block: the table's; for several threads, whom each step makes wait, deeper when N leaves room in the
 * block of B.  No short last one. */
static size_t
depth(const struct job *j, int threads)
{
	const struct kern *k = j->k;
	size_t room = k->kc * k->nc / round_up(least(j->g->N, k->nc), k->nr) / 16 * 16;
	size_t deep = j->keep ? 2 * k->kc : room < k->kc || threads == 1 ? k->kc : least(room, 2 * k->kc);
	size_t blocks = j->K ? div_up(j->K, deep) : 1;

	return round_up(div_up(j->K, blocks), 16);
}

static int
threads_for(const struct gemm *g)
{
	return g->M * g->N * g->K < SMALL || par_inside() ? 1 : par_threads();
}

/* Cuts the work into blocks; returns the floats of scratch for them. */
static size_t
job_init(struct job *j, const struct gemm *g, int threads)
{
	const struct kern *k = kern_now();
	size_t t = (size_t)threads;

	*j = (struct job){ .g = g, .k = k };
	j->per = g->bf16 ? k->per : 1;
	j->K = div_up(g->K, j->per);
	j->mp = div_up(g->M, k->mr);
	j->np = div_up(g->N, k->nr);
	/* Blocks of about mc rows, but enough of them that no thread waits long for the last. */
	j->mblk = div_up(j->mp, k->mc / k->mr);
	if (threads > 1 && j->mblk < 4 * t)
		j->mblk = least(4 * t, div_up(j->mp, NARROW));
	j->keep = g->N > k->nc && (threads == 1 || j->mblk >= 2 * t) && j->mp * k->mr * j->K <= KEEP;
	j->kc = depth(j, threads);
	j->nc = k->kc * k->nc / most(j->kc, 1) / k->nr * k->nr;   /* B's block of one size, be it shallow */
	if (j->mp <= NARROW) {
		j->kc = least(j->kc, k->kc);
		j->a_size = round_up(j->mp * k->mr * j->K, 16);
		return j->a_size + t * k->nr * j->kc;
	}
	j->nblk = threads > 1 && j->mblk < 2 * t ? least(div_up(2 * t, j->mblk), div_up(least(j->np, j->nc / k->nr), 4)) : 1;
	j->a_size = round_up(div_up(j->mp, j->mblk) * k->mr * j->kc, 16);
	j->b_size = least(j->nc, j->np * k->nr) * j->kc;
	return 2 * j->b_size + (j->keep ? j->mp * k->mr * j->K : t * j->a_size);
}

size_t
gemm_scratch(const struct gemm *g)
{
	struct job j;

	return job_init(&j, g, threads_for(g));
}

void
gemm(const struct gemm *g)
{
	struct job j;
	int threads = threads_for(g);
	void (*work_on)(int, int, void *);
	float *room;

	if (g->M == 0 || g->N == 0)
		return;
	__atomic_fetch_add(&work, 2 * (uint64_t)g->M * g->N * g->K, __ATOMIC_RELAXED);
	room = kern_scratch(SCRATCH_GEMM, job_init(&j, g, threads));
	if (j.mp <= NARROW) {
		j.a = room;
		j.b = room + j.a_size;
		work_on = narrow;
	} else {
		j.b = room;
		j.a = room + 2 * j.b_size;
		work_on = wide;
	}
	if (threads > 1)
		par_run(work_on, &j);
	else
		work_on(0, 1, &j);
}

/* gemm - matrix products: blocks, packed panels, and who computes which tile */
/* SPDX-License-Identifier: MIT */
#include "kern/kern.h"
#include "kern/panels.h"
#include "base/par.h"
#include "base/size.h"
#include <stdatomic.h>

/*
 * The loop nest of Goto & van de Geijn (2008), but that of the two operands the smaller is packed once, whole, by all
 * threads, and stays in the cache that they share; each thread then takes panels of the other, packs a block of them
 * into its own cache and uses it against all of the first.  So threads wait for each other once, not at each step of
 * depth.  The tile goes on from C: neither blocking nor the number of threads changes the order of a sum.
 */
enum {
	PANELS = 4,             /* that one thread packs at a time for all */
	SHARED = 1 << 23        /* floats that are packed for all at a time, about; more depth than that comes in turns */
};

struct job {
	const struct gemm *g;
	const struct kern *k;
	size_t per, K;                  /* numbers of a cell; depth in cells, as all depths here */
	size_t mp, np;                  /* panels of rows and columns */
	int b_shared;                   /* else A is */
	size_t own, all;                /* panels of the operand that is shared out, of the one that all use */
	size_t kc, chunk;               /* depth of a block; of what is packed for all at a time */
	size_t block, rows;             /* panels of a thread's block at most; of A's that are used in a row */
	size_t whole, share;            /* pieces of a whole block; of what is left, the next piece is one part in so many */
	size_t parts;                   /* of the shared panels, where there are few of the others: tasks of their own */
	size_t tasks;
	float *shared, *mine;           /* the packed panels; one block a thread, mine_size apart */
	size_t mine_size;
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

/* Panels of one operand: B's or A's. */
static void
pack_of(const struct job *j, int of_b, float *dst, size_t panel, size_t n, size_t k0, size_t kn)
{
	if (of_b)
		pack_b(j, dst, panel * j->k->nr, n, k0, kn);
	else
		pack_a(j, dst, panel, n, k0, kn);
}

/* Where the shared operand's panels for depth k0 of the chunk from c0 are: one after another, kn deep. */
static float *
shared_at(const struct job *j, size_t c0, size_t k0)
{
	return j->shared + (j->b_shared ? j->k->nr : j->k->mr) * j->all * (k0 - c0);
}

/* Panels of the piece of a thread's own operand that begins at `first`: whole blocks, then ever fewer, so that all
 * threads end together. */
static size_t
piece(const struct job *j, size_t first)
{
	return first < j->whole * j->block ? least(j->block, j->own - first) : div_up(j->own - first, j->share);
}

/* Where the i-th begins. */
static size_t
piece_at(const struct job *j, size_t i)
{
	size_t whole = least(i, j->whole), first = whole * j->block;

	for (; i > whole; i--)
		first += piece(j, first);
	return first;
}

/* One task: a piece of its own against one part of the shared panels, through the depth of a chunk. */
static void
task(const struct job *j, size_t i, float *mine, size_t c0, size_t cn)
{
	size_t mr = j->k->mr, nr = j->k->nr, part = i % j->parts, k0 = c0, own = piece_at(j, i / j->parts), n = piece(j, own);
	size_t all0 = j->all * part / j->parts, all1 = j->all * (part + 1) / j->parts;
	size_t p0 = j->b_shared ? own : all0, p1 = j->b_shared ? own + n : all1;
	size_t q0 = j->b_shared ? all0 : own, q1 = j->b_shared ? all1 : own + n;

	do {
		size_t kn = least(j->kc, c0 + cn - k0);
		const float *all = shared_at(j, c0, k0);
		const float *a = j->b_shared ? mine : all + p0 * mr * kn, *b = j->b_shared ? all + q0 * nr * kn : mine;

		pack_of(j, !j->b_shared, mine, own, n, k0, kn);
		for (size_t r = p0; r < p1; r += j->rows)
			for (size_t q = q0; q < q1; q++)
				for (size_t p = r; p < least(r + j->rows, p1); p++)
					one_tile(j, p, q * nr, k0, kn, a + (p - p0) * mr * kn, b + (q - q0) * nr * kn);
		k0 += kn;
	} while (k0 < c0 + cn);
}

/* A thread draws tickets until it holds one of the next stage; that one it keeps. */
static void
work_on(int thread, int threads, void *ctx)
{
	struct job *j = ctx;
	size_t end = 0, first, ticket = atomic_fetch_add(&j->next, 1), c0 = 0;
	float *mine = j->mine + (size_t)thread * j->mine_size;

	do {
		size_t cn = least(j->chunk, j->K - c0), groups = div_up(j->all, PANELS);

		for (first = end, end += groups * div_up(cn, j->kc); ticket < end; ticket = atomic_fetch_add(&j->next, 1)) {
			size_t p = (ticket - first) % groups * PANELS, k0 = c0 + (ticket - first) / groups * j->kc;
			size_t kn = least(j->kc, c0 + cn - k0), w = j->b_shared ? j->k->nr : j->k->mr;

			pack_of(j, j->b_shared, shared_at(j, c0, k0) + p * w * kn, p, least(PANELS, j->all - p), k0, kn);
		}
		if (threads > 1)
			par_barrier();
		for (first = end, end += j->tasks; ticket < end; ticket = atomic_fetch_add(&j->next, 1))
			task(j, ticket - first, mine, c0, cn);
		c0 += cn;
		if (threads > 1 && c0 < j->K)
			par_barrier();
	} while (c0 < j->K);
}

enum {
	SMALL = 1 << 20,        /* multiply-adds below which waking other threads costs more than it gains */
	NARROW = 6              /* panels of rows up to which a thread packs one panel of B at a time */
};

static uint64_t work;

uint64_t gemm_work(void) { return __atomic_load_n(&work, __ATOMIC_RELAXED); }

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
	size_t t = (size_t)threads, few = div_up(g->M, k->mr) <= NARROW, deep = few ? k->kc : 2 * k->kc;
	size_t all_w, own_w, tail;

	*j = (struct job){ .g = g, .k = k };
	j->per = g->bf16 ? k->per : 1;
	j->K = div_up(g->K, j->per);
	j->mp = div_up(g->M, k->mr);
	j->np = div_up(g->N, k->nr);
	j->b_shared = g->M >= g->N;
	j->all = j->b_shared ? j->np : j->mp;
	j->own = j->b_shared ? j->mp : j->np;
	all_w = j->b_shared ? k->nr : k->mr;
	own_w = j->b_shared ? k->mr : k->nr;
	j->kc = round_up(div_up(most(j->K, 1), div_up(most(j->K, 1), deep)), 16);    /* no short last one */
	j->chunk = most(SHARED / (j->all * all_w) / j->kc, 1) * j->kc;
	j->block = j->b_shared ? 2 * k->mc / k->mr : few ? 1 : k->nc / k->nr * k->kc / j->kc;
	j->rows = j->b_shared ? j->block : k->mc / k->mr;
	j->parts = j->own < 2 * t ? least(div_up(2 * t, j->own), div_up(j->all, 2)) : 1;
	j->share = 2 * t;
	tail = t > 1 ? (j->block - 1) * j->share : 0;
	j->whole = j->own > tail ? div_up(j->own - tail, j->block) : 0;
	for (size_t first = 0; first < j->own; first += piece(j, first))
		j->tasks += j->parts;
	j->mine_size = round_up(least(j->block, j->own) * own_w * j->kc, 16);
	return round_up(j->all * all_w * least(j->chunk, j->K), 16) + t * j->mine_size;
}

size_t
gemm_scratch(const struct gemm *g)
{
	struct job j;

	return g->M && g->N ? job_init(&j, g, threads_for(g)) : 0;
}

void
gemm(const struct gemm *g)
{
	struct job j;
	int threads = threads_for(g);
	size_t room;

	if (g->M == 0 || g->N == 0)
		return;
	__atomic_fetch_add(&work, 2 * (uint64_t)g->M * g->N * g->K, __ATOMIC_RELAXED);
	room = job_init(&j, g, threads);
	j.shared = kern_scratch(SCRATCH_GEMM, room);
	j.mine = j.shared + room - (size_t)threads * j.mine_size;
	if (threads > 1)
		par_run(work_on, &j);
	else
		work_on(0, 1, &j);
}

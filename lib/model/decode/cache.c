/* cache - keys and values of many sequences, in pages */
/* SPDX-License-Identifier: MIT */
#include "model/decode/cache.h"
#include "base/par.h"
#include "base/size.h"
#include "kern/attn.h"
#include "kern/kern.h"
#include "kern/panels.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a layer first k, then v, each (KV, CACHE_PAGE) rows of D numbers. */
struct page {
	struct page *next;              /* of those not in use */
	int refs;
	_Alignas(16) unsigned char data[];
};
struct cache {
	enum quant type;
	int    L, KV, D, group, n_seq;
	size_t row, layer;              /* bytes: of a row, of a page's layer */
	size_t per_seq, pages;          /* pages of a sequence at most; all that there are */
	int   *len;                     /* (n_seq) */
	struct page **page, *spare;     /* (n_seq, per_seq) */
};

static size_t
pages_of(int len)
{
	return div_up((size_t)len, CACHE_PAGE);
}

struct cache *
cache_new(const struct config *cfg, enum quant type, int n_seq, int T)
{
	struct cache *c = xcalloc(1, sizeof *c);
	size_t D = (size_t)cfg->D;

	*c = (struct cache){ .type = type, .L = cfg->L, .KV = cfg->KV, .D = cfg->D, .group = cfg->H / cfg->KV, .n_seq = n_seq };
	c->row = type == QUANT_F32 ? 4 * D : type == QUANT_BF16 ? 2 * D : (4 + D + 3) / 4 * 4;
	c->layer = 2 * (size_t)cfg->KV * CACHE_PAGE * c->row;
	c->per_seq = pages_of(T);
	c->len = xcalloc((size_t)n_seq, sizeof *c->len);
	c->page = xcalloc((size_t)n_seq * c->per_seq, sizeof *c->page);
	return c;
}

void
cache_free(struct cache *c)
{
	struct page *p;

	if (!c)
		return;
	for (int s = 0; s < c->n_seq; s++)
		cache_cut(c, s, 0);
	while ((p = c->spare)) {
		c->spare = p->next;
		free(p);
	}
	free(c->len);
	free(c->page);
	free(c);
}

int
cache_len(const struct cache *c, int seq)
{
	return c->len[seq];
}

size_t
cache_bytes(const struct cache *c)
{
	return c->pages * (sizeof (struct page) + (size_t)c->L * c->layer);
}

static void
let_go(struct cache *c, struct page *p)
{
	if (--p->refs)
		return;
	p->next = c->spare;
	c->spare = p;
}

static struct page *
fresh(struct cache *c)
{
	struct page *p = c->spare;

	if (p) {
		c->spare = p->next;
	} else {
		p = xmalloc(sizeof *p + (size_t)c->L * c->layer);
		c->pages++;
	}
	p->refs = 1;
	return p;
}

void
cache_cut(struct cache *c, int seq, int len)
{
	struct page **p = c->page + (size_t)seq * c->per_seq;

	if (len >= c->len[seq])
		return;
	for (size_t i = pages_of(len); i < pages_of(c->len[seq]); i++)
		let_go(c, p[i]);
	c->len[seq] = len;
}

void
cache_copy(struct cache *c, int from, int to)
{
	struct page **a = c->page + (size_t)from * c->per_seq, **b = c->page + (size_t)to * c->per_seq;

	if (from == to)
		return;
	cache_cut(c, to, 0);
	for (size_t i = 0; i < pages_of(c->len[from]); i++)
		(b[i] = a[i])->refs++;
	c->len[to] = c->len[from];
}

void
cache_grow(struct cache *c, int seq, int n)
{
	struct page **p = c->page + (size_t)seq * c->per_seq, *old;
	size_t have = pages_of(c->len[seq]), want = pages_of(c->len[seq] + n);

	if (n && c->len[seq] % CACHE_PAGE && (old = p[have - 1])->refs > 1) {
		p[have - 1] = fresh(c);
		memcpy(p[have - 1]->data, old->data, (size_t)c->L * c->layer);
		let_go(c, old);
	}
	for (; have < want; have++)
		p[have] = fresh(c);
	c->len[seq] += n;
}

/* The row of key (what 0) or value (1) head kv at position t. */
static unsigned char *
row_at(const struct cache *c, int l, int seq, size_t t, int what, int kv)
{
	struct page *p = c->page[(size_t)seq * c->per_seq + t / CACHE_PAGE];
	size_t rows = ((size_t)what * (size_t)c->KV + (size_t)kv) * CACHE_PAGE + t % CACHE_PAGE;

	return p->data + (size_t)l * c->layer + rows * c->row;
}

static void
put_row(const struct cache *c, unsigned char *to, const float *x)
{
	size_t D = (size_t)c->D;
	float top = 0, scale;

	if (c->type == QUANT_F32)
		memcpy(to, x, D * sizeof *x);
	if (c->type == QUANT_BF16)
		kern_now()->to_bf16((uint16_t *)(void *)to, x, D);
	if (c->type != QUANT_Q8_0)
		return;
	for (size_t i = 0; i < D; i++)
		top = fmaxf(top, fabsf(x[i]));
	scale = top / 127;
	memcpy(to, &scale, 4);
	for (size_t i = 0; i < D; i++)
		to[4 + i] = (unsigned char)(int8_t)(top > 1e-30f ? lrintf(x[i] * (127 / top)) : 0);
}

void
cache_put(struct cache *c, int l, int seq, size_t t, const float *k, const float *v)
{
	for (int kv = 0; kv < c->KV; kv++) {
		put_row(c, row_at(c, l, seq, t, 0, kv), k + kv * c->D);
		put_row(c, row_at(c, l, seq, t, 1, kv), v + kv * c->D);
	}
}

static void
widen(const struct cache *c, const unsigned char *from, size_t rows, float *out, size_t ld)
{
	size_t D = (size_t)c->D;

	for (size_t i = 0; i < rows; i++, from += c->row, out += ld) {
		if (c->type == QUANT_F32)
			memcpy(out, from, D * sizeof *out);
		else if (c->type == QUANT_BF16)
			kern_now()->from_bf16(out, (const uint16_t *)(const void *)from, D);
		else
			panels_widen_q8(out, from, D);
	}
}

void
cache_look(const struct cache *c, int l, int seq, int kv, size_t first, size_t n, const float *q, float scale, float *o)
{
	size_t D = (size_t)c->D, group = (size_t)c->group;
	float *room = kern_scratch(SCRATCH_CACHE, 2 * CACHE_PAGE * D + 2 * group), *top = room + 2 * CACHE_PAGE * D, *sum = top + group;

	memset(o, 0, group * D * sizeof *o);
	for (size_t h = 0; h < group; h++) {
		top[h] = -INFINITY;
		sum[h] = 0;
	}
	for (size_t t = first, m; t < n; t += m) {
		const unsigned char *k = row_at(c, l, seq, t, 0, kv), *v = row_at(c, l, seq, t, 1, kv);
		const float *fk = (const float *)(const void *)k, *fv = (const float *)(const void *)v;
		m = CACHE_PAGE - t % CACHE_PAGE < n - t ? CACHE_PAGE - t % CACHE_PAGE : n - t;
		if (c->type != QUANT_F32) {
			widen(c, k, m, room, D);
			widen(c, v, m, room + CACHE_PAGE * D, D);
			fk = room;
			fv = room + CACHE_PAGE * D;
		}
		attn_part(q, fk, fv, D, m, c->group, 1, c->D, scale, o, top, sum);
	}
	attn_end(o, sum, c->group, c->D);
}

struct reading {
	const struct cache *c;
	int    l, seq;
	size_t n;
	float *k, *v;
};

static void
read_page(size_t i, void *ctx)
{
	const struct reading *r = ctx;
	const struct cache *c = r->c;
	size_t t = i * CACHE_PAGE, m = r->n - t < CACHE_PAGE ? r->n - t : CACHE_PAGE, ld = (size_t)c->KV * (size_t)c->D;

	for (int kv = 0; kv < c->KV; kv++) {
		size_t at = t * ld + (size_t)kv * (size_t)c->D;
		widen(c, row_at(c, r->l, r->seq, t, 0, kv), m, r->k + at, ld);
		widen(c, row_at(c, r->l, r->seq, t, 1, kv), m, r->v + at, ld);
	}
}

void
cache_read(const struct cache *c, int l, int seq, size_t n, float *k, float *v)
{
	par_for(pages_of((int)n), read_page, &(struct reading){ c, l, seq, n, k, v });
}

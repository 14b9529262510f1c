/* roll - rollouts and preferences in a stream; see roll.h */
/* SPDX-License-Identifier: MIT */
#include "stream/roll.h"
#include "base/cli.h"
#include "base/size.h"
#include "base/spool.h"
#include <stdlib.h>
#include <string.h>

/* The fixed part of a record, as it lies in the stream. */
struct fixed {
	uint32_t len, group;
	uint16_t role, flags;
	uint32_t n_prompt, n_tok, meta_len;
	float    score, logp, ref_logp, margin;
};
_Static_assert(sizeof(struct fixed) == 40, "the layout is the format's");

static size_t
size_of(const struct fixed *f)
{
	size_t resp = (size_t)f->n_tok - f->n_prompt;

	return round_up(sizeof *f + 4 * (size_t)f->n_tok + (f->flags & ROLL_LOGP ? 4 * resp : 0) +
	    (f->flags & ROLL_REF_LOGP ? 4 * resp : 0) + f->meta_len, 8);
}

int
roll_unpack(struct roll *r, const void *data, size_t n, size_t *pos, uint64_t n_vocab, struct err *e)
{
	const char *p = (const char *)data + *pos, *q;
	struct fixed f;
	size_t resp;

	if (*pos == n)
		return 0;
	if (n - *pos < sizeof f)
		return err_set(e, "byte %zu of the frame's data: a record cut short", *pos);
	memcpy(&f, p, sizeof f);
	if (f.n_prompt > f.n_tok || f.flags & ~7 || f.role > 2)
		return err_set(e, "byte %zu of the frame's data: a record that contradicts itself", *pos);
	if (f.len != size_of(&f) || f.len > n - *pos)
		return err_set(e, "byte %zu of the frame's data: a record of %u bytes whose parts take %zu", *pos, f.len, size_of(&f));
	resp = f.n_tok - f.n_prompt;
	*r = (struct roll){ .group = f.group, .role = f.role, .flags = f.flags, .n_prompt = f.n_prompt, .n_tok = f.n_tok,
		.score = f.score, .logp = f.logp, .ref_logp = f.ref_logp, .margin = f.margin, .meta_len = f.meta_len };
	q = p + sizeof f;
	r->tok = (const uint32_t *)(const void *)q;
	q += 4 * (size_t)f.n_tok;
	if (f.flags & ROLL_LOGP)
		r->tok_logp = (const float *)(const void *)q, q += 4 * resp;
	if (f.flags & ROLL_REF_LOGP)
		r->tok_ref_logp = (const float *)(const void *)q, q += 4 * resp;
	r->meta = q;
	for (size_t i = 0; i < f.n_tok; i++)
		if (r->tok[i] >= n_vocab)
			return err_set(e, "byte %zu of the frame's data: token %zu is %u, the vocabulary has %llu", *pos, i,
			    r->tok[i], (unsigned long long)n_vocab);
	*pos += f.len;
	return 1;
}

struct roll_in {
	struct stream *s;
	struct frame   f;
	size_t         pos;
	uint64_t       n_vocab;
};

static struct roll_in *
begin(struct stream *s)
{
	struct roll_in *in = xcalloc(1, sizeof *in);
	struct json j;

	in->s = s;
	stream_next(s, &in->f);         /* HEAD */
	json_parse(&j, stream_head(s), strlen(stream_head(s)), NULL);
	in->n_vocab = (uint64_t)json_int(json_get(j, "n_vocab"), 0);
	if (!in->n_vocab || in->n_vocab > UINT32_MAX)
		stream_damaged(s, "HEAD: \"n_vocab\" is missing or out of range");
	return in;
}

struct roll_in *roll_open(int nfiles, char **files) { return begin(stream_open(nfiles, files, "roll")); }
struct roll_in *roll_from(struct input *in) { return begin(stream_from(in, "roll")); }

int
roll_next(struct roll_in *in, struct roll *r)
{
	struct err e;
	int got;

	while (in->f.kind != 'D' || in->pos == in->f.data_len) {
		if (in->f.kind == 'D' && in->f.nrec)
			stream_damaged(in->s, "a frame of fewer records than it says");
		if (!stream_data(in->s, &in->f))
			return 0;
		in->pos = 0;
	}
	got = roll_unpack(r, in->f.data, in->f.data_len, &in->pos, in->n_vocab, &e);
	if (got < 0)
		stream_damaged(in->s, "%s", e.text);
	if (!in->f.nrec--)
		stream_damaged(in->s, "a frame of more records than it says");
	r->segment = stream_segment(in->s);
	return 1;
}

void roll_close(struct roll_in *in) { stream_close(in->s); free(in); }

/* ---- writing */

void
roll_put(struct stream_out *s, const struct roll *r)
{
	struct fixed f = { .group = r->group, .role = r->role, .flags = r->flags, .n_prompt = r->n_prompt, .n_tok = r->n_tok,
		.meta_len = r->meta_len, .score = r->score, .logp = r->logp, .ref_logp = r->ref_logp, .margin = r->margin };
	size_t resp = (size_t)r->n_tok - r->n_prompt;
	struct buf *b = stream_record(s, size_of(&f));

	if (size_of(&f) > UINT32_MAX)
		die("a rollout of more than 4 GiB");
	f.len = (uint32_t)size_of(&f);
	buf_add(b, &f, sizeof f);
	buf_add(b, r->tok, 4 * (size_t)r->n_tok);
	if (r->flags & ROLL_LOGP)
		buf_add(b, r->tok_logp, 4 * resp);
	if (r->flags & ROLL_REF_LOGP)
		buf_add(b, r->tok_ref_logp, 4 * resp);
	buf_add(b, r->meta, r->meta_len);
	buf_zeros(b, 8);
}

/* ---- all of them */

struct rolls_block {
	struct rolls_block *before;
	size_t size, used;              /* bytes, this struct with them */
	int    mapped;
};

enum { LEAST = 1 << 14, MOST = 1 << 24, IN_MEMORY = 1 << 26 };

/* Room for a record of n bytes in a new block, as large as all before it within limits. */
static void
add_block(struct rolls *all, size_t n)
{
	size_t size = all->bytes < LEAST ? LEAST : all->bytes > MOST ? MOST : all->bytes;
	struct rolls_block *b;
	struct err e;

	size = round_up(n + sizeof *b > size ? n + sizeof *b : size, 8);
	rolls_rest(all);
	if (all->bytes < IN_MEMORY)
		b = xmalloc(size);
	else if (!(b = spool_map(size, &e)))
		die_err(&e);
	*b = (struct rolls_block){ all->last, size, sizeof *b, all->bytes >= IN_MEMORY };
	all->bytes += size;
	all->last = b;
}

void
rolls_add(struct rolls *all, const struct roll *r)
{
	size_t resp = (size_t)r->n_tok - r->n_prompt;
	size_t a = 4 * (size_t)r->n_tok, b = r->flags & ROLL_LOGP ? 4 * resp : 0, c = r->flags & ROLL_REF_LOGP ? 4 * resp : 0;
	size_t n = round_up(a + b + c + r->meta_len + 1, 8);
	struct roll out = *r;
	char *p;

	if (!all->last || all->last->size - all->last->used < n)
		add_block(all, n);
	p = (char *)all->last + all->last->used;
	all->last->used += n;
	out.tok = memcpy(p, r->tok, a);
	if (b)
		out.tok_logp = memcpy(p + a, r->tok_logp, b);
	if (c)
		out.tok_ref_logp = memcpy(p + a + b, r->tok_ref_logp, c);
	out.meta = memcpy(p + a + b + c, r->meta, r->meta_len);
	p[a + b + c + r->meta_len] = 0;
	VEC_PUSH(all->v, all->n, all->cap, out);
}

void
roll_all(struct roll_in *in, struct rolls *all)
{
	struct roll r;

	while (roll_next(in, &r))
		rolls_add(all, &r);
	free(all->head);
	all->head = xstrdup(stream_head(in->s));
}

void
rolls_rest(const struct rolls *all)
{
	for (struct rolls_block *b = all->last; b && b->mapped; b = b->before)
		spool_rest(b, b->size);
}

int
rolls_pair(const struct roll *v, size_t n, size_t i)
{
	const struct roll *a = v + i, *b = a + 1;

	return i + 1 < n && a->role && b->role && a->role != b->role && a->group == b->group && a->segment == b->segment;
}

size_t
rolls_group_end(const struct roll *v, size_t n, size_t i)
{
	size_t j = i + 1;

	while (j < n && v[j].group == v[i].group && v[j].segment == v[i].segment)
		j++;
	return j;
}

void
rolls_free(struct rolls *all)
{
	for (struct rolls_block *b = all->last, *before; b; b = before) {
		before = b->before;
		if (b->mapped)
			spool_unmap(b, b->size);
		else
			free(b);
	}
	free(all->v), free(all->head);
	*all = (struct rolls){ 0 };
}

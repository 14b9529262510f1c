/* ebatch - documents encoded by all threads, in their order, while others are read and written */
/* SPDX-License-Identifier: MIT */
#include "vocab/chat/ebatch.h"
#include "base/par.h"
#include <stdlib.h>
#include <string.h>

#define ONE_BYTES   ((size_t)1 << 18)   /* a batch of one thread, */
#define BATCH_BYTES ((size_t)1 << 20)   /* of several, for each */
#define BATCH_DOCS  4096
#define PART_BYTES  ((size_t)1 << 15)
#define HUGE_BYTES  ((size_t)1 << 19)   /* what cannot be cut smaller is encoded where it is, ids put out as they come */

struct part {
	struct ebatch_doc d;
	size_t      text, meta;         /* in the batch's bytes */
	const char *name;               /* of the document's file, and its number there */
	uint64_t    record;
	size_t      offset;             /* in the document */
	struct buf  mask;
	struct err  err;
	int         failed, thread;     /* whose ids they are, from `first` on */
	size_t      first;
};

struct batch {
	struct buf   bytes;
	struct part *part;
	size_t       n, cap;
	struct ids  *ids;               /* one a thread: of all its parts */
	int          huge;              /* the last part is: it lies where it was read */
};

struct run {
	const struct ebatch *e;
	struct encoder **encoder;       /* one a thread */
	int              threads;
	struct docs_in  *in;
	struct doc       doc;           /* the current one */
	size_t           base, taken;   /* bytes of it: before doc.text, of that */
	int              open, ended, held;     /* there is a current one; no more; one lies where it was read, so nothing is read */
	int              failed;
	struct err      *err;
};

static struct part *
fresh(struct batch *b)
{
	struct part *p;

	if (b->n == b->cap) {
		size_t was = b->cap;

		b->cap = b->cap ? 2 * b->cap : 64;
		b->part = xreallocarray(b->part, b->cap, sizeof *b->part);
		memset(b->part + was, 0, (b->cap - was) * sizeof *b->part);
	}
	p = b->part + b->n++;
	p->d = (struct ebatch_doc){ .text = NULL };
	return p;
}

/* The next part of the current document; 1 when it was the last. */
static int
add_part(struct run *r, struct batch *b)
{
	struct doc *doc = &r->doc;
	struct part *p = fresh(b);
	size_t end;

	for (;;) {
		end = doc->text_len;
		if (end - r->taken > PART_BYTES && !r->e->chat)
			end = vocab_cut(r->e->v, doc->text, doc->text_len, r->taken + PART_BYTES);
		if (end < doc->text_len || !docs_more(r->in))
			break;
		docs_grow(r->in, doc, r->taken, ONE_BYTES);
		r->base += r->taken;
		r->taken = 0;
	}
	p->name = docs_at(r->in, &p->record);
	p->offset = r->base + r->taken;
	p->d.goes_on = p->offset > 0;
	p->d.more = end < doc->text_len;
	p->d.text_len = end - r->taken;
	p->text = b->bytes.n;
	if (p->d.text_len > HUGE_BYTES && !r->e->chat) {
		p->d.text = doc->text + r->taken;
		r->held = b->huge = 1;
	} else {
		buf_add(&b->bytes, doc->text + r->taken, p->d.text_len);
	}
	p->meta = b->bytes.n;
	p->d.meta_len = p->d.more ? 0 : doc->meta_len;
	buf_add(&b->bytes, doc->meta, p->d.meta_len);
	r->taken = end;
	return !p->d.more;
}

/* What a batch held is forgotten; what few need so much of is given back. */
static void
clear(struct run *r, struct batch *b)
{
	for (int i = 0; i < r->threads; i++) {
		b->ids[i].n = 0;
		if (b->ids[i].cap > 4 * BATCH_BYTES) {
			free(b->ids[i].v);
			b->ids[i] = (struct ids){0};
		}
	}
	for (size_t i = 0; i < b->n; i++)
		b->n > 512 ? buf_free(&b->part[i].mask) : buf_clear(&b->part[i].mask);
	b->n = 0;
	b->huge = 0;
	buf_clear(&b->bytes);
}

static int
next_doc(struct run *r)
{
	const char *name;
	uint64_t record;

	if (!docs_next(r->in, &r->doc)) {
		r->ended = 1;
		return 0;
	}
	r->base = r->taken = 0;
	r->open = 1;
	if (r->e->chat || r->doc.text_len || !chat_is(r->doc.meta, r->doc.meta_len))
		return 1;
	name = docs_at(r->in, &record);
	err_set(r->err, "%s: record %llu: a conversation, not a text: give --chat=TEMPLATE", name, (unsigned long long)record);
	return r->failed = 1, 0;
}

static long
fill(void *batch, void *ctx)
{
	struct run *r = ctx;
	struct batch *b = batch;
	size_t most = r->threads > 1 ? BATCH_BYTES * (size_t)r->threads : ONE_BYTES;

	clear(r, b);
	if (r->held && !r->failed)
		return 0;
	while (!r->failed && !b->huge && b->bytes.n < most && b->n < BATCH_DOCS && !r->ended)
		if (r->open || next_doc(r))
			r->open = !add_part(r, b);
	if (r->failed || !b->n)
		return -1;
	for (size_t i = 0; i < b->n; i++) {
		struct part *p = b->part + i;

		p->d.meta = b->bytes.p + p->meta;
		if (!p->d.text)
			p->d.text = b->bytes.p + p->text;
	}
	return (long)(b->n - (size_t)b->huge);
}

static int
one_chat(const struct ebatch *e, struct part *p, struct encoder *encoder, struct ids *out)
{
	struct json object;

	if (json_parse(&object, p->d.meta, p->d.meta_len, &p->err))
		return -1;
	return chat_render(e->chat, encoder, object, 0, out, &p->mask, &p->err);
}

static int
one_text(const struct ebatch *e, struct part *p, struct encoder *encoder, struct ids *out)
{
	if (e->bos >= 0 && !p->offset)
		VEC_PUSH(out->v, out->n, out->cap, (uint32_t)e->bos);
	if (p->offset ? encode_more(encoder, p->d.text, p->d.text_len, p->offset, out, &p->err) :
	    encode(encoder, p->d.text, p->d.text_len, out, &p->err))
		return -1;
	if (e->eot >= 0 && !p->d.more)
		VEC_PUSH(out->v, out->n, out->cap, (uint32_t)e->eot);
	return 0;
}

static void
work(void *batch, size_t i, int thread, void *ctx)
{
	struct run *r = ctx;
	struct part *p = ((struct batch *)batch)->part + i;
	struct ids *out = ((struct batch *)batch)->ids + thread;

	p->thread = thread;
	p->first = out->n;
	p->failed = r->e->chat ? one_chat(r->e, p, r->encoder[thread], out) : one_text(r->e, p, r->encoder[thread], out);
	p->d.ids.n = out->n - p->first;
}

/* Ids of a huge part that are there already. */
struct early {
	struct run  *r;
	struct part *p;
};

static void
put_early(struct ids *ids, void *ctx)
{
	struct early *e = ctx;
	struct ebatch_doc d = e->p->d;

	d.text_len = 0;
	d.more = 1;
	d.ids = (struct ids){ .v = ids->v, .n = ids->n - 1 };
	e->r->e->put(&d, e->r->e->ctx);
	e->p->d.goes_on = 1;
	ids->v[0] = ids->v[ids->n - 1];
	ids->n = 1;
}

static void
put_huge(struct run *r, struct part *p)
{
	struct early early = { r, p };
	struct ids ids = { .full = put_early, .ctx = &early };

	p->failed = one_text(r->e, p, r->encoder[0], &ids);
	p->d.ids = ids;
	if (!p->failed)
		r->e->put(&p->d, r->e->ctx);
	free(ids.v);
	r->held = 0;
}

static void
put(void *batch, void *ctx)
{
	struct run *r = ctx;
	struct batch *b = batch;

	for (size_t i = 0; i < b->n && !r->failed; i++) {
		struct part *p = b->part + i;

		if (b->huge && i == b->n - 1) {
			put_huge(r, p);
		} else if (!p->failed) {
			p->d.ids.v = b->ids[p->thread].v + p->first;
			p->d.mask = r->e->chat ? p->mask.p : NULL;
			r->e->put(&p->d, r->e->ctx);
		}
		if (!p->failed)
			continue;
		r->failed = 1;
		err_set(r->err, "%s: record %llu: %s", p->name, (unsigned long long)p->record, p->err.text);
	}
}

int
ebatch_run(const struct ebatch *e, struct docs_in *in, struct err *err)
{
	struct run r = { .e = e, .threads = par_threads(), .in = in, .err = err };
	struct batch batch[PAR_LINE] = { 0 };
	struct par_line line = { .fill = fill, .work = work, .put = put, .ctx = &r };

	r.encoder = xcalloc((size_t)r.threads, sizeof *r.encoder);
	for (int i = 0; i < r.threads; i++)
		r.encoder[i] = encoder_new(e->v, e->opts);
	for (int i = 0; i < PAR_LINE; i++) {
		batch[i].ids = xcalloc((size_t)r.threads, sizeof *batch[i].ids);
		line.batch[i] = batch + i;
	}
	par_line(&line);
	for (int i = 0; i < PAR_LINE; i++) {
		struct batch *b = batch + i;

		for (int k = 0; k < r.threads; k++)
			free(b->ids[k].v);
		for (size_t k = 0; k < b->cap; k++)
			buf_free(&b->part[k].mask);
		buf_free(&b->bytes);
		free(b->part), free(b->ids);
	}
	for (int i = 0; i < r.threads; i++)
		encoder_free(r.encoder[i]);
	free(r.encoder);
	return r.failed ? -1 : 0;
}

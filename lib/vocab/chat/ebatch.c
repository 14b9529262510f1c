/* ebatch - documents encoded by all threads, in their order */
/* SPDX-License-Identifier: MIT */
#include "vocab/chat/ebatch.h"
#include "base/par.h"
#include <stdlib.h>
#include <string.h>

#define BATCH_BYTES ((size_t)1 << 20)   /* for each thread */
#define BATCH_DOCS  4096
#define PART_BYTES  ((size_t)1 << 18)

void
ebatch_init(struct ebatch *b, const struct vocab *v, const struct vocab_opts *opts, const struct chat *chat)
{
	memset(b, 0, sizeof *b);
	b->v = v;
	b->chat = chat;
	b->bos = b->eot = -1;
	b->n_encoders = par_threads();
	b->encoder = xcalloc((size_t)b->n_encoders, sizeof *b->encoder);
	for (int i = 0; i < b->n_encoders; i++)
		b->encoder[i] = encoder_new(v, opts);
	b->ids = xcalloc((size_t)b->n_encoders, sizeof *b->ids);
}

static struct ebatch_doc *
fresh(struct ebatch *b)
{
	if (b->n == b->cap) {
		size_t was = b->cap;

		b->cap = b->cap ? 2 * b->cap : 64;
		b->doc = xreallocarray(b->doc, b->cap, sizeof *b->doc);
		memset(b->doc + was, 0, (b->cap - was) * sizeof *b->doc);
	}
	return b->doc + b->n++;
}

int
ebatch_add(struct ebatch *b, const struct doc *doc)
{
	struct ebatch_doc *d;
	size_t end;

	do {
		if (b->bytes.n >= BATCH_BYTES * (size_t)b->n_encoders || b->n >= BATCH_DOCS || (b->n && b->doc[b->n - 1].own))
			return 1;
		if (b->taken && b->taken == doc->text_len)
			break;
		end = doc->text_len - b->taken > PART_BYTES && !b->chat ?
		      vocab_cut(b->v, doc->text, doc->text_len, b->taken + PART_BYTES) : doc->text_len;
		d = fresh(b);
		b->docs += !b->taken;
		d->number = b->docs;
		d->offset = b->taken;
		d->more = end < doc->text_len;
		d->text = b->bytes.n;
		d->text_len = end - b->taken;
		d->own = d->text_len > BATCH_BYTES ? doc->text + b->taken : NULL;
		if (!d->own)
			buf_add(&b->bytes, doc->text + b->taken, d->text_len);
		d->meta = b->bytes.n;
		d->meta_len = d->more ? 0 : doc->meta_len;
		buf_add(&b->bytes, doc->meta, d->meta_len);
		b->taken = end;
	} while (d->more || d->own);
	b->taken = 0;
	return 0;
}

const char *
ebatch_text(const struct ebatch *b, const struct ebatch_doc *d)
{
	return d->own ? d->own : b->bytes.p + d->text;
}

static int
one_chat(struct ebatch *b, struct ebatch_doc *d, struct encoder *e, struct ids *out)
{
	struct json object;

	if (json_parse(&object, b->bytes.p + d->meta, d->meta_len, &d->err))
		return -1;
	return chat_render(b->chat, e, object, 0, out, &d->mask, &d->err);
}

static int
one_text(struct ebatch *b, struct ebatch_doc *d, struct encoder *e, struct ids *out)
{
	const char *text = ebatch_text(b, d);

	if (b->bos >= 0 && !d->offset)
		VEC_PUSH(out->v, out->n, out->cap, (uint32_t)b->bos);
	if (d->offset ? encode_more(e, text, d->text_len, d->offset, out, &d->err) : encode(e, text, d->text_len, out, &d->err))
		return -1;
	if (b->eot >= 0 && !d->more)
		VEC_PUSH(out->v, out->n, out->cap, (uint32_t)b->eot);
	return 0;
}

static void
one(size_t i, int thread, void *ctx)
{
	struct ebatch *b = ctx;
	struct ebatch_doc *d = b->doc + i;
	struct ids *out = b->ids + thread;

	buf_clear(&d->mask);
	d->thread = thread;
	d->first = out->n;
	d->failed = b->chat ? one_chat(b, d, b->encoder[thread], out) : one_text(b, d, b->encoder[thread], out);
	d->ids.n = out->n - d->first;
}

size_t
ebatch_run(struct ebatch *b)
{
	par_for_on(b->n, one, b);
	for (size_t i = 0; i < b->n; i++) {
		if (b->doc[i].failed)
			return i + 1;
		b->doc[i].ids.v = b->ids[b->doc[i].thread].v + b->doc[i].first;
	}
	return 0;
}

/* What one huge document needed is given back. */
void
ebatch_clear(struct ebatch *b)
{
	for (int i = 0; i < b->n_encoders; i++) {
		b->ids[i].n = 0;
		if (b->ids[i].cap > 4 * BATCH_BYTES) {
			free(b->ids[i].v);
			b->ids[i] = (struct ids){0};
		}
	}
	for (size_t i = 0; b->n > 512 && i < b->n; i++)
		buf_free(&b->doc[i].mask);
	b->n = 0;
	buf_clear(&b->bytes);
}

void
ebatch_free(struct ebatch *b)
{
	for (int i = 0; i < b->n_encoders; i++) {
		encoder_free(b->encoder[i]);
		free(b->ids[i].v);
	}
	for (size_t i = 0; i < b->cap; i++)
		buf_free(&b->doc[i].mask);
	free(b->encoder);
	free(b->ids);
	free(b->doc);
	buf_free(&b->bytes);
}

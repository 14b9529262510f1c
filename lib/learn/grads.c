/* grads - one step by several workers: gradients out as a stream of tensors, summed and applied by another program */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/crc32c.h"
#include "kern/ops.h"
#include "learn/pass.h"
#include "learn/run.h"
#include "learn/train.h"
#include "model/file/load.h"
#include "stream/tens.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- out */

static void
declare_count(struct tens_new *t, const char *key, uint64_t n)
{
	char s[24];

	snprintf(s, sizeof s, "%" PRIu64, n);
	tens_declare_meta(t, key, s);
}

static void
put(struct stream_out *out, const struct pass *p, const struct batch *x, double loss, struct buf *image)
{
	const struct params *par = model_moving(p->model);
	struct tens_new t = { 0 };

	declare_count(&t, "records", (uint64_t)x->rows);
	declare_count(&t, "tokens", x->supervised);
	declare_count(&t, "seen", (uint64_t)x->rows * (uint64_t)x->T);
	tens_declare_num(&t, "loss", loss);
	for (int i = 0; i < par->n; i++)
		tens_declare(&t, par->v[i].name, TENS_F32, par->v[i].ndim, par->v[i].shape);
	buf_clear(image);
	tens_header(&t, image);
	for (int i = 0; i < par->n; i++)
		buf_add(image, p->g + par->v[i].offset, par->v[i].count * sizeof *p->g);
	stream_put(out, (uint64_t)x->rows, "{}", image->p, image->n);
}

static struct stream_out *
create(const char *path, const struct model *m, const char *head)
{
	struct buf fields = { 0 };
	struct stream_out *out;
	char crc[CRC32C_TEXT], *text;

	model_crc_text(m, crc);
	cli_prog_set("model", crc);
	buf_printf(&fields, "\"what\":\"gradients\",\"model\":\"%s\"", crc);
	text = head_next(head, "tens", fields.p);
	out = stream_create(path, text);
	free(text);
	buf_free(&fields);
	return out;
}

/* Takes the scale of F16 out of the sums; 0: they are not finite. */
static int
unscaled(struct pass *p)
{
	size_t n = model_moving(p->model)->total;

	if (p->unit != 1)
		op_blend(p->g, 0, p->g, (float)(1 / p->unit), n);
	return isfinite(op_sumsq(p->g, n));
}

/* Every step's records give a frame. */
static int
all(const struct train_opts *o, struct pass *p, struct batches *data, struct err *e)
{
	struct stream_out *out = create(o->out, p->model, batches_meta(data));
	struct batch x;
	struct buf image = { 0 };
	double loss;
	int bad = 0;

	batch_init(&x, data, (int)(o->B * o->accum));
	for (long long n = 0; !bad && (!o->steps || n < o->steps) && batch_read(&x, data); n++) {
		if (o->drop_last && x.rows < x.max)
			break;
		do
			loss = pass_grad(p, &x);
		while (isfinite(loss) && !unscaled(p) && pass_overflowed(p));
		if (!isfinite(loss))
			bad = err_set(e, "records %" PRIu64 " on: the loss is not finite", batches_count(data) - (uint64_t)x.rows);
		else
			put(out, p, &x, loss, &image);
		progress((uint64_t)n + 1, (uint64_t)o->steps, "frames", "loss %.4f", loss / (double)x.supervised);
	}
	progress_end();
	if (!bad)
		stream_finish(out);
	batch_free(&x);
	buf_free(&image);
	return bad;
}

int
train_grads(const struct train_opts *o, struct err *e)
{
	struct batches_opts b = { .nfiles = o->nfiles, .files = o->files, .T = (int)o->T, .epochs = (int)o->epochs,
		.doc_mask = o->doc_mask };
	struct batches *data;
	struct model m;
	struct pass p;
	int bad;

	if (model_load_adapted(&m, o->model, e))
		return -1;
	data = batches_open(&b, e);
	bad = !data || model_agrees(&m, batches_info(data), e);
	if (!bad && batches_T(data) > m.cfg.T)
		bad = err_set(e, "records of %d tokens, but the model's context is %d", batches_T(data), m.cfg.T);
	if (!bad) {
		pass_init(&p, &m, (int)o->B, batches_T(data), (o->recompute ? NET_RECOMPUTE : NET_GRAD) | o->half);
		bad = all(o, &p, data, e);
		pass_free(&p);
	}
	batches_close(data);
	model_free(&m);
	return bad ? -1 : 0;
}

/* ---- in */

struct sum {
	float   *g;                     /* [par->total] */
	uint64_t records, tokens, seen;
	double   loss;
	uint32_t crc;                   /* of the frames' checksums */
	char    *from, *head;           /* the weights that the gradients are of; the last HEAD */
};

static uint64_t
count(const struct tens_set *set, const char *key)
{
	char *s = tens_meta(set, key);
	uint64_t n = s ? strtoull(s, NULL, 10) : 0;

	free(s);
	return n;
}

/* Adds one frame's image. */
static int
add(struct sum *s, const struct params *par, const struct frame *f, struct err *e)
{
	struct tens_set set;
	char *loss;
	int bad = 0;

	if (tens_parse(&set, f->data, f->data_len, e))
		return -1;
	for (int i = 0; !bad && i < par->n; i++) {
		const struct param *p = &par->v[i];
		const struct tens *t = tens_find(&set, p->name);
		if (!t || t->dtype != TENS_F32 || t->count != p->count || t->ndim != p->ndim || t->shape[0] != p->shape[0])
			bad = err_set(e, "no gradient of %s in the model's shape", p->name);
		else
			op_blend(s->g + p->offset, 1, t->data, 1, p->count);
	}
	loss = tens_meta(&set, "loss");
	s->loss += loss ? strtod(loss, NULL) : 0;
	s->records += count(&set, "records");
	s->tokens += count(&set, "tokens");
	s->seen += count(&set, "seen");
	s->crc = crc32c(s->crc, &f->data_crc, sizeof f->data_crc);
	free(loss);
	tens_free(&set);
	return bad;
}

/* All segments must hold gradients of one model. */
static int
take_head(struct sum *s, const char *meta, struct err *e)
{
	struct json h;
	char *from;

	if (json_parse(&h, meta, strlen(meta), e))
		return -1;
	if (!json_is(json_get(h, "what"), "gradients") || !(from = json_dup(json_get(h, "model"))))
		return err_set(e, "not gradients (train-step --grads makes them)");
	if (s->from && strcmp(s->from, from)) {
		err_set(e, "gradients of two models, %s and %s", s->from, from);
		free(from);
		return -1;
	}
	free(s->from);
	free(s->head);
	s->from = from;
	s->head = xstrdup(meta);
	return 0;
}

static void
sum_all(struct sum *s, const struct train_opts *o, const struct params *par)
{
	struct stream *in = stream_open(o->nfiles, o->files, "tens");
	struct frame f;
	struct err e;

	s->g = xcalloc(par->total, sizeof *s->g);
	while (stream_next(in, &f))
		if ((f.kind == 'H' && take_head(s, f.meta, &e)) || (f.kind == 'D' && add(s, par, &f, &e)))
			stream_damaged(in, "%s", e.text);
	stream_close(in);
}

/* The step, or when the state says that it was made of these very gradients, nothing. */
static int
apply(struct run *r, struct sum *s, struct err *e)
{
	const char *from = state_get(&r->state, "applied_to"), *what = state_get(&r->state, "applied");
	char now[CRC32C_TEXT], crc[CRC32C_TEXT];
	double norm;

	model_crc_text(&r->model, now);
	crc32c_text(s->crc, crc);
	if (from && what && !strcmp(from, s->from) && !strcmp(what, crc)) {
		note(1, "these gradients were applied before: the model is written anew");
		return 0;
	}
	if (strcmp(now, s->from))
		return err_set(e, "the gradients are of another model (%s) than this one (%s)", s->from, now);
	if (!s->tokens)
		return err_set(e, "no supervised tokens in %" PRIu64 " records", s->records);
	state_set(&r->state, "applied_to", now);
	state_set(&r->state, "applied", crc);
	if (optim_step(&r->optim, model_moving_w(&r->model), s->g, (double)s->tokens, &norm, e))
		return -1;
	r->record += s->records;
	r->tokens += s->seen;
	note(1, "step %lld: loss %.4f nats a token over %" PRIu64 " tokens, gradient norm %.4g", r->optim.step,
	    s->loss / (double)s->tokens, s->tokens, norm);
	return 0;
}

int
train_apply(const struct train_opts *o, struct err *e)
{
	struct run r;
	struct sum s = { 0 };
	int bad = run_init(&r, o->model, o->state, &o->optim, o->freeze, NULL, e) || run_load(&r, e) || run_options(&r, "steps", NULL, e);

	if (!bad) {
		sum_all(&s, o, r.optim.par);
		bad = apply(&r, &s, e) || run_output(&r, o->out, NULL, s.head, e);
	}
	free(s.g);
	free(s.from);
	free(s.head);
	run_free(&r);
	return bad ? -1 : 0;
}

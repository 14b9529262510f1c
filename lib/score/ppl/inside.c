/* inside - what a model has within while it reads: attention by layer and head, hidden states of documents */
/* SPDX-License-Identifier: MIT */
#include "score/ppl/inside.h"
#include "base/cli.h"
#include "model/file/load.h"
#include "model/net/net.h"
#include "score/window.h"
#include "stream/tens.h"
#include <stdlib.h>
#include <string.h>

enum { IMAGE_DOCS = 1024 };

struct inside {
	const struct inside_opts *o;
	struct model  m;
	struct vocab *vocab;            /* NULL: none */
	struct toks_in *in;
	struct net   *net;
	int           T;
	uint64_t      done;
};

/* use: of enum net_use. */
static int
open_all(struct inside *r, const struct inside_opts *o, int use, struct err *e)
{
	*r = (struct inside){ .o = o };
	if (model_load_adapted(&r->m, o->model, e))
		return -1;
	if (r->m.tokenizer.n && !(r->vocab = model_vocab(&r->m, e)))
		return err_in(e, o->model);
	r->T = o->window ? o->window : r->m.cfg.T;
	if (r->T > r->m.cfg.T)
		return err_set(e, "a window of %d tokens, but the model's context is %d", r->T, r->m.cfg.T);
	r->in = toks_open(o->nfiles, o->files);
	if (model_agrees(&r->m, toks_info(r->in), e))
		return err_in(e, o->model);
	r->net = net_of(&r->m, 1, r->T, use);
	return 0;
}

static void
close_all(struct inside *r)
{
	if (r->net)
		net_free(r->net);
	if (r->in)
		toks_close(r->in);
	vocab_free(r->vocab);
	model_free(&r->m);
}

static int
next(struct inside *r, struct item *it)
{
	if ((r->o->stop_after && r->done == (uint64_t)r->o->stop_after) || !toks_next_item(r->in, it))
		return 0;
	r->done++;
	return 1;
}

/* ---- attention */

static void
token_text(const struct inside *r, uint32_t id, struct buf *out)
{
	buf_clear(out);
	buf_str(out, "");
	if (r->vocab)
		decode_part(r->vocab, &id, 1, 0, out);
	else
		buf_printf(out, "%u", id);
}

static void
table(const struct inside *r, const struct item *it, int l, int h, const float *p, struct buf *b)
{
	for (size_t t = 0; t < it->n_tok; t++)
		for (size_t s = 0; s <= t; s++)
			buf_printf(b, "%llu\t%d\t%d\t%zu\t%zu\t%.6f\n", (unsigned long long)r->done - 1, l, h, t, s, (double)p[t * it->n_tok + s]);
}

/* A line a query: its token, then a cell of grey for each key. */
static void
blocks(const struct inside *r, const struct item *it, int l, int h, const float *p, struct buf *b)
{
	struct buf text = { 0 };

	buf_printf(b, "layer %d, head %d\n", l, h);
	for (size_t t = 0; t < it->n_tok; t++) {
		token_text(r, it->tok[t], &text);
		for (size_t i = 0; i < text.n; i++)
			if ((unsigned char)text.p[i] < 32)
				text.p[i] = '?';
		buf_printf(b, "%12.12s ", text.p);
		for (size_t s = 0; s <= t; s++)
			buf_printf(b, "\033[48;5;%dm  ", 232 + (int)(p[t * it->n_tok + s] * 23.0f + 0.5f));
		buf_str(b, "\033[0m\n");
	}
	buf_free(&text);
}

/* A picture of squares; what is less than a hundredth is left out. */
static void
squares(const struct item *it, int l, int h, const float *p, struct buf *b)
{
	size_t n = it->n_tok;

	buf_printf(b, "<figure><figcaption>layer %d, head %d</figcaption><svg viewBox=\"0 0 %zu %zu\" role=\"img\">"
	    "<path class=\"t\" d=\"M0 0", l, h, n, n);
	for (size_t t = 0; t < n; t++)
		buf_str(b, "h1v1");
	buf_str(b, "H0Z\"/>");
	for (size_t t = 0; t < n; t++)
		for (size_t s = 0; s <= t; s++)
			if (p[t * n + s] >= 0.01f)
				buf_printf(b, "<rect x=\"%zu\" y=\"%zu\" opacity=\"%.2f\"><title>%zu to %zu: %.3f</title></rect>", s, t,
				    (double)p[t * n + s], t, s, (double)p[t * n + s]);
	buf_str(b, "</svg></figure>\n");
}

static void
page_begin(struct buf *b, const char *model)
{
	buf_str(b, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>eval-ppl --attention</title>\n<style>\n"
	    ":root{color-scheme:light dark}\nbody{font:14px/1.5 system-ui,sans-serif;margin:2em;background:#fff;color:#111}\n"
	    "section{display:grid;grid-template-columns:repeat(auto-fill,minmax(180px,1fr));gap:1em}\nfigure{margin:0}\n"
	    "svg{width:100%;height:auto}\nrect{width:1px;height:1px;fill:#c81e00}\n.t{fill:#f0f0f0}\np span{margin-right:.7em}\n"
	    "p small,figcaption,h1{color:#666;font-weight:normal;font-size:12px}\n"
	    "@media(prefers-color-scheme:dark){body{background:#141414;color:#eee}.t{fill:#262626}rect{fill:#ff7a50}p small,figcaption,h1{color:#999}}\n"
	    "</style></head><body>\n<h1>");
	buf_html(b, model, strlen(model));
	buf_str(b, ": rows are tokens, columns those that they look at</h1>\n");
}

static void
page_text(const struct inside *r, const struct item *it, struct buf *b)
{
	struct buf text = { 0 };

	buf_str(b, "<p>");
	for (size_t t = 0; t < it->n_tok; t++) {
		token_text(r, it->tok[t], &text);
		buf_printf(b, "<span><small>%zu</small> ", t);
		buf_html(b, text.p, text.n);
		buf_str(b, "</span>");
	}
	buf_str(b, "</p><section>\n");
	buf_free(&text);
}

/* All layers and heads of a document. */
static void
look(struct inside *r, const struct item *it, enum inside_form form, FILE *f)
{
	const struct config *c = &r->m.cfg;
	float *p = xreallocarray(NULL, it->n_tok * it->n_tok + 1, sizeof *p);
	struct buf b = { 0 };

	net_forward(r->net, r->m.w, &(struct net_batch){ 1, (int)it->n_tok, it->tok, NULL });
	if (form == INSIDE_HTML)
		page_text(r, it, &b);
	for (int l = 0; l < c->L; l++)
		for (int h = 0; h < c->H; h++) {
			net_attn(r->net, l, h, p);
			if (form == INSIDE_HTML)
				squares(it, l, h, p, &b);
			else if (form == INSIDE_TERM)
				blocks(r, it, l, h, p, &b);
			else
				table(r, it, l, h, p, &b);
			fwrite(b.p, 1, b.n, f);         /* whoever closes the file sees a failure */
			buf_clear(&b);
		}
	if (form == INSIDE_HTML)
		fputs("</section>\n", f);
	buf_free(&b);
	free(p);
}

int
inside_attention(const struct inside_opts *o, enum inside_form form, FILE *f, struct err *e)
{
	struct inside r;
	struct item it;
	struct buf b = { 0 };
	int bad = open_all(&r, o, NET_GRAD, e);         /* each layer keeps its queries and keys */

	if (form == INSIDE_HTML)
		page_begin(&b, o->model);
	else if (form == INSIDE_TABLE)
		buf_str(&b, "document\tlayer\thead\tquery\tkey\tweight\n");
	if (b.n)
		fwrite(b.p, 1, b.n, f);
	while (!bad && next(&r, &it)) {
		if (it.n_tok > (size_t)r.T)
			bad = err_set(e, "document %llu: %zu tokens, and the window has %d", (unsigned long long)r.done - 1, it.n_tok, r.T);
		else if (it.n_tok)
			look(&r, &it, form, f);
	}
	if (form == INSIDE_HTML)
		fputs("</body></html>\n", f);
	buf_free(&b);
	close_all(&r);
	return bad;
}

/* ---- hidden states */

static void
pool(struct inside *r, const struct item *it, float *mean)
{
	size_t C = (size_t)r->m.cfg.C;
	double *sum = xcalloc(C, sizeof *sum);
	struct window w = { 0 };

	while (window_next(&w, it->n_tok + 1, (size_t)r->T, (size_t)r->T)) {
		const float *h = net_hidden(r->net);
		net_forward(r->net, r->m.w, &(struct net_batch){ 1, (int)w.len, it->tok + w.first, NULL });
		for (size_t t = w.from; t < w.to; t++)          /* target t stands for the token before it */
			for (size_t i = 0; i < C; i++)
				sum[i] += (double)h[(t - 1 - w.first) * C + i];
	}
	for (size_t i = 0; i < C; i++)
		mean[i] = (float)(sum[i] / (it->n_tok ? (double)it->n_tok : 1));
	free(sum);
}

static void
put_image(struct stream_out *s, const float *v, size_t n, size_t C)
{
	struct tens_new t = { 0 };
	struct buf image = { 0 };

	tens_declare(&t, "embedding", TENS_F32, 2, (uint64_t[]){ n, C });
	tens_header(&t, &image);
	buf_add(&image, v, n * C * sizeof *v);
	stream_put(s, n, "{}", image.p, image.n);
	buf_free(&image);
}

int
inside_embed(const struct inside_opts *o, const char *out, struct err *e)
{
	struct inside r;
	struct item it;
	struct stream_out *s;
	size_t n = 0, C;
	float *v;
	char *head, crc[CRC32C_TEXT], field[40];

	if (open_all(&r, o, NET_FORWARD, e)) {
		close_all(&r);
		return -1;
	}
	C = (size_t)r.m.cfg.C;
	v = xreallocarray(NULL, IMAGE_DOCS * C, sizeof *v);
	model_crc_text(&r.m, crc);
	snprintf(field, sizeof field, "\"model\":\"%s\"", crc);
	head = head_new("tens", field);
	s = stream_create(out, head);
	while (next(&r, &it)) {
		pool(&r, &it, v + n++ * C);
		progress(r.done, 0, "documents", " ");
		if (n == IMAGE_DOCS) {
			put_image(s, v, n, C);
			n = 0;
		}
	}
	if (n)
		put_image(s, v, n, C);
	progress_end();
	stream_finish(s);
	free(head), free(v);
	close_all(&r);
	return 0;
}

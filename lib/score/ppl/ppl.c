/* ppl - how well a model predicts tokens: loss, perplexities, accuracy, with standard errors */
/* SPDX-License-Identifier: MIT */
#include "score/ppl/ppl.h"
#include "base/cli.h"
#include "base/order.h"
#include "model/file/load.h"
#include "score/ppl/inside.h"
#include "score/reader.h"
#include "stream/toks.h"
#include "text/uni.h"
#include "vocab/vocab.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LN2 0.69314718055994530942

/* What one document adds up to. */
struct doc_sums {
	uint64_t n, bytes, words, hits, agree;
	double   loss, byte_loss, kl;   /* byte_loss: of tokens that have bytes */
};

struct eval {
	const struct ppl_opts *o;
	struct ppl    *p;
	struct model   model, other;
	struct vocab  *vocab;
	uint32_t      *n_bytes;         /* [V] of each token, 0: special; NULL: no vocabulary */
	struct toks_in *in;
	struct reader   *rows;
	struct words {
		uint64_t  item, n;
		uint32_t  extra;        /* bytes of its first predicted token that are not in the text: SentencePiece's blank */
	} *words;                       /* of the documents in the rows, in order */
	size_t         first, n_words, cap_words;
	struct tolds   told;            /* where they are wanted */
	struct doc_sums doc;
	uint64_t       item;            /* whose sums they are */
	int            open, bos;
};

/* Words as re.split(r"\s+") counts them, empty ones at the ends too (lm-eval's word perplexity). */
static uint64_t
count_words(struct buf text)
{
	uint64_t words = 1;
	int in = 0;

	for (size_t i = 0, len; i < text.n; i += len) {
		int space = uni_space(uni_decode(text.p + i, text.n - i, &len));
		words += space && !in;
		in = space;
	}
	return words;
}

/* What a document's text says beside its tokens. */
static void
read_text(struct eval *v, const struct item *it)
{
	struct words w = { .item = v->p->documents };
	struct buf text = { 0 };
	uint64_t sum = 0;

	decode_ids(v->vocab, it->tok, it->n_tok, 1, &text);
	for (size_t i = 0; i < it->n_tok; i++)
		sum += v->n_bytes[it->tok[i]];
	if (it->n_tok && !v->n_bytes[it->tok[0]] && sum > text.n)
		w.extra = (uint32_t)(sum - text.n);
	w.n = count_words(text);
	if (v->first > v->n_words / 2) {
		memmove(v->words, v->words + v->first, (v->n_words - v->first) * sizeof *v->words);
		v->n_words -= v->first;
		v->first = 0;
	}
	VEC_PUSH(v->words, v->n_words, v->cap_words, w);
	buf_free(&text);
}

static void
line(struct eval *v)
{
	const struct doc_sums *d = &v->doc;
	struct buf b = { 0 };

	buf_char(&b, '{');
	json_add_int(&b, v->p->sharded ? "record" : "document", (long long)v->item);
	json_add_int(&b, "tokens", (long long)d->n);
	json_add_num(&b, "loss", d->loss / (double)d->n);
	json_add_num(&b, "ppl", exp(d->loss / (double)d->n));
	if (v->n_bytes) {
		json_add_num(&b, "bits_per_byte", d->byte_loss / LN2 / (double)d->bytes);
		json_add_int(&b, "bytes", (long long)d->bytes);
	}
	json_add_num(&b, "accuracy", (double)d->hits / (double)d->n);
	if (v->p->has_kl)
		json_add_num(&b, "kl", d->kl / (double)d->n);
	buf_str(&b, "}\n");
	fwrite(b.p, 1, b.n, v->o->each);        /* whoever closes the file sees a failure */
	buf_free(&b);
}

/* The document's sums go into those of all. */
static void
end_doc(struct eval *v)
{
	struct doc_sums *d = &v->doc;
	struct ppl *p = v->p;
	double n = (double)d->n;

	if (!v->open)
		return;
	p->tokens += d->n;
	p->bytes += d->bytes;
	p->words += d->words;
	ratio_add(&p->loss.docs, d->loss, n);
	ratio_add(&p->hits.docs, (double)d->hits, n);
	ratio_add(&p->kl.docs, d->kl, n);
	ratio_add(&p->agree.docs, (double)d->agree, n);
	if (d->bytes)
		ratio_add(&p->bits.docs, d->byte_loss / LN2, (double)d->bytes);
	if (d->words)
		ratio_add(&p->word.docs, d->loss, (double)d->words);
	if (v->o->each)
		line(v);
	memset(d, 0, sizeof *d);
	v->open = 0;
}

/* Documents before this one to whoever wants them. */
static void
hand_over(struct eval *v, uint64_t item, int all)
{
	const struct told *d;

	while ((d = told_next(&v->told, item, all)))
		v->o->tell(v->o->ctx, &v->model, v->vocab, d);
}

/* One predicted token, in the order of the documents. */
static void
take(void *ctx, const struct reader_token *t)
{
	struct eval *v = ctx;
	struct doc_sums *d = &v->doc;
	double nats = -(double)t->logp;
	uint32_t bytes = v->n_bytes ? v->n_bytes[t->target] : 0;

	if (!v->open || v->item != t->item) {
		end_doc(v);
		v->open = 1;
		v->item = t->item;
		while (v->first < v->n_words && v->words[v->first].item < t->item)
			v->first++;
		if (v->first < v->n_words && v->words[v->first].item == t->item)
			d->words = v->words[v->first].n;
	}
	if (v->o->tell) {
		hand_over(v, t->item, 0);
		told_put(&v->told, t->item, t->at, t->logp);
	}
	d->n++;
	d->loss += nats;
	d->hits += (uint64_t)t->hit;
	d->kl += t->kl;
	d->agree += (uint64_t)t->agree;
	ratio_add(&v->p->loss.tokens, nats, 1);
	ratio_add(&v->p->hits.tokens, t->hit, 1);
	ratio_add(&v->p->kl.tokens, t->kl, 1);
	ratio_add(&v->p->agree.tokens, t->agree, 1);
	if (v->p->has_kl)
		VEC_PUSH(v->p->kls, v->p->n_kls, v->p->cap_kls, t->kl);
	if (bytes) {
		if (v->first < v->n_words && v->words[v->first].item == t->item && v->words[v->first].extra <= bytes) {
			bytes -= v->words[v->first].extra;
			v->words[v->first].extra = 0;
		}
		d->bytes += bytes;
		d->byte_loss += nats;
		ratio_add(&v->p->bits.tokens, nats / LN2, bytes);
	}
}

static int
take_vocab(struct eval *v, struct err *e)
{
	size_t n = (size_t)v->model.cfg.V;

	if (!v->model.tokenizer.n)
		return 0;
	if (!(v->vocab = model_vocab(&v->model, e)))
		return err_in(e, v->o->model);
	v->n_bytes = xcalloc(n, sizeof *v->n_bytes);
	for (uint32_t id = 0; id < n && id < vocab_size(v->vocab); id++) {
		size_t len = 0;
		if (vocab_bytes(v->vocab, id, &len) && !vocab_special(v->vocab, id))
			v->n_bytes[id] = (uint32_t)len;
	}
	v->p->has_bytes = 1;
	return 0;
}

static int
begin(struct eval *v, struct err *e)
{
	const struct ppl_opts *o = v->o;
	const struct toks_head *h;
	int most;

	if (model_load_adapted(&v->model, o->model, e) || (o->kl && model_load_adapted(&v->other, o->kl, e)) || take_vocab(v, e))
		return -1;
	v->in = toks_open(o->nfiles, o->files);
	h = toks_info(v->in);
	if (model_agrees(&v->model, h, e))
		return err_in(e, o->model);
	if (o->kl && model_agrees(&v->other, h, e))
		return err_in(e, o->kl);
	if (o->kl && v->other.cfg.V != v->model.cfg.V)
		return err_set(e, "%s and %s: their logits are of %d and %d tokens", o->model, o->kl, v->model.cfg.V, v->other.cfg.V);
	most = v->model.cfg.T;
	if (o->kl && v->other.cfg.T < most)
		most = v->other.cfg.T;
	if (o->window > most)
		return err_set(e, "a window of %d tokens, but the model's context is %d", o->window, most);
	v->p->window = o->window ? o->window : h->seq && h->seq < most ? h->seq : most;
	v->p->stride = o->stride ? o->stride : v->p->window;
	if (v->p->stride > v->p->window)
		return err_set(e, "--stride=%d is longer than the window of %d: tokens would be left out", v->p->stride, v->p->window);
	v->p->sharded = h->seq > 0;
	v->bos = v->model.cfg.bos;
	v->p->has_kl = o->kl != NULL;
	v->p->has_words = v->vocab && !h->seq && !h->masked && !o->halves;
	snprintf(v->p->vocab, sizeof v->p->vocab, "%s", v->model.vocab[0] ? v->model.vocab : h->vocab);
	v->rows = reader_new(&v->model, o->kl ? &v->other : NULL, o->B ? o->B : 8, v->p->window, take, v);
	return 0;
}

static void
all(struct eval *v)
{
	struct item it;
	struct ppl *p = v->p;

	if (v->o->tell)
		v->o->tell(v->o->ctx, &v->model, v->vocab, NULL);
	while ((!v->o->stop_after || p->documents < (uint64_t)v->o->stop_after) && toks_next_item(v->in, &it)) {
		if (p->has_words)
			read_text(v, &it);
		if (v->o->tell)
			told_add(&v->told, p->documents, &it);
		if (v->o->halves)
			reader_add_halves(v->rows, p->documents++, &it, it.n_tok && v->bos >= 0 && it.tok[0] == (uint32_t)v->bos ? v->bos : -1);
		else
			reader_add(v->rows, p->documents++, &it, (size_t)p->stride, v->o->doc_mask);
		progress(p->documents, 0, p->sharded ? "records" : "documents", "loss %.4f", ratio_value(&p->loss.tokens));
	}
	reader_flush(v->rows);
	end_doc(v);
	if (v->o->tell)
		hand_over(v, 0, 1);
	if (p->n_kls)
		qsort(p->kls, p->n_kls, sizeof *p->kls, order_float);
	progress_end();
	/* words: each sample is a document, tokens have none of their own */
	p->word.tokens = p->word.docs;
}

int
ppl_run(struct ppl *p, const struct ppl_opts *o, struct err *e)
{
	struct eval v = { .o = o, .p = p };
	int bad;

	memset(p, 0, sizeof *p);
	bad = begin(&v, e);
	if (!bad)
		all(&v);
	if (!bad && p->tokens && !isfinite(ratio_value(&p->loss.tokens)))
		bad = err_set(e, "%s: the loss is not finite: numbers in the model become too large", o->model);
	reader_free(v.rows);
	if (v.in)
		toks_close(v.in);
	vocab_free(v.vocab);
	free(v.n_bytes);
	free(v.words);
	told_free(&v.told);
	model_free(&v.model);
	model_free(&v.other);
	return bad;
}

/* ppl_print - ratios with their errors, and the report of eval-ppl */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "score/ppl/ppl.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

void
ratio_add(struct ratio *r, double x, double y)
{
	r->x += x;
	r->y += y;
	r->xx += x * x;
	r->xy += x * y;
	r->yy += y * y;
	r->n++;
}

double
ratio_value(const struct ratio *r)
{
	return r->y > 0 ? r->x / r->y : NAN;
}

double
ratio_error(const struct ratio *r)
{
	double v = ratio_value(r), sum = r->xx - 2 * v * r->xy + v * v * r->yy, n = (double)r->n;

	return r->n < 2 ? NAN : sqrt((sum > 0 ? sum : 0) * n / (n - 1)) / r->y;
}

static double
measure_value(const struct measure *m)
{
	return ratio_value(&m->docs);
}

static double
measure_error(const struct measure *m)
{
	return ratio_error(m->docs.n > 1 ? &m->docs : &m->tokens);
}

/* "key":v,"key_se":error; by e^v when `power` is set: the error then is first order. */
static void
pair(struct buf *b, const char *key, const struct measure *m, double power)
{
	double v = measure_value(m), se = measure_error(m);
	struct buf name = { 0 };

	buf_printf(&name, "%s_se", key);
	json_add_num(b, key, power > 0 ? exp(v * power) : v);
	json_add_num(b, name.p, power > 0 ? exp(v * power) * se * power : se);
	buf_free(&name);
}

/* The divergence that a share of the tokens does not exceed. */
static double
kl_at(const struct ppl *p, double share)
{
	return p->n_kls ? (double)p->kls[(size_t)(share * (double)(p->n_kls - 1) + .5)] : NAN;
}

void
ppl_free(struct ppl *p)
{
	free(p->kls);
}

void
ppl_json(const struct ppl *p, struct buf *b)
{
	buf_char(b, '{');
	json_add_int(b, "tokens", (long long)p->tokens);
	pair(b, "loss", &p->loss, 0);
	pair(b, "ppl", &p->loss, 1);
	if (p->has_bytes) {
		pair(b, "bits_per_byte", &p->bits, 0);
		json_add_int(b, "bytes", (long long)p->bytes);
		pair(b, "byte_ppl", &p->bits, log(2));
	}
	if (p->has_words) {
		pair(b, "word_ppl", &p->word, 1);
		json_add_int(b, "words", (long long)p->words);
	}
	pair(b, "accuracy", &p->hits, 0);
	if (p->has_kl) {
		pair(b, "kl", &p->kl, 0);
		json_add_num(b, "kl_median", kl_at(p, .5));
		json_add_num(b, "kl_p90", kl_at(p, .9));
		json_add_num(b, "kl_p99", kl_at(p, .99));
		json_add_num(b, "kl_max", kl_at(p, 1));
		pair(b, "same_top", &p->agree, 0);
	}
	json_add_int(b, p->sharded ? "records" : "documents", (long long)p->documents);
	json_add_int(b, "window", p->window);
	json_add_int(b, "stride", p->stride);
	json_add_str(b, "tokenizer", p->vocab);
	buf_str(b, "}\n");
}

static void
row(struct buf *b, const char *name, const struct measure *m, double power, const char *unit)
{
	double v = measure_value(m), se = measure_error(m);

	if (power > 0) {
		v = exp(v * power);
		se *= v * power;
	}
	buf_printf(b, "%-16s %10.4f", name, v);
	if (isfinite(se))
		buf_printf(b, " +- %.4f", se);
	buf_printf(b, "  %s\n", unit);
}

void
ppl_text(const struct ppl *p, struct buf *b)
{
	const char *what = p->sharded ? "records" : "documents";

	buf_printf(b, "%" PRIu64 " tokens predicted in %" PRIu64 " %s, window %d, stride %d, tokenizer %s\n", p->tokens,
	    p->documents, what, p->window, p->stride, p->vocab[0] ? p->vocab : "unknown");
	if (!p->tokens)
		return;
	row(b, "loss", &p->loss, 0, "nats a token");
	row(b, "perplexity", &p->loss, 1, "a token");
	if (p->has_bytes && p->bytes) {
		row(b, "bits per byte", &p->bits, 0, "special tokens left out");
		row(b, "byte perplexity", &p->bits, log(2), "");
	}
	if (p->has_words)
		row(b, "word perplexity", &p->word, 1, "words between white space");
	row(b, "accuracy", &p->hits, 0, "the likeliest token was the next");
	if (p->has_kl) {
		row(b, "KL divergence", &p->kl, 0, "nats a token from the other model");
		buf_printf(b, "%-16s %10.4f  90 %% %.4f  99 %% %.4f  most %.4f\n", "  median", kl_at(p, .5), kl_at(p, .9), kl_at(p, .99), kl_at(p, 1));
		row(b, "same top", &p->agree, 0, "both models find the same token the likeliest");
	}
	buf_printf(b, "errors are standard errors over %s\n", p->loss.docs.n > 1 ? what : "tokens");
}

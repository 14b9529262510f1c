/* show - tokens, rollouts and preferences as text and as JSON */
/* SPDX-License-Identifier: MIT */
#include "vocab/show.h"
#include <math.h>

/* Tokens as text by the vocabulary, or as numbers; with a mask, runs that are trained on stand in brackets. */
void
show_tokens(struct buf *b, const struct vocab *vocab, const uint32_t *tok, size_t n, const uint8_t *mask)
{
	int in = 0;

	for (size_t i = 0; i < n; i++) {
		int on = mask && mask[i];
		if (on != in)
			buf_char(b, on ? '[' : ']');
		else if (i && !vocab)
			buf_char(b, ' ');
		if (on != in && !on && !vocab)
			buf_char(b, ' ');
		in = on;
		if (vocab)
			decode_ids(vocab, tok + i, 1, 0, b);
		else
			buf_printf(b, "%u", tok[i]);
	}
	if (in)
		buf_char(b, ']');
}

static void
json_tokens(struct buf *b, const char *key, const uint32_t *tok, size_t n)
{
	json_key(b, key);
	buf_char(b, '[');
	for (size_t i = 0; i < n; i++)
		buf_printf(b, "%s%u", i ? "," : "", tok[i]);
	buf_char(b, ']');
}

static void
json_text(struct buf *b, const struct vocab *vocab, const char *key, const uint32_t *tok, size_t n)
{
	struct buf t = { 0 };

	decode_ids(vocab, tok, n, 0, &t);
	json_key(b, key);
	json_quote(b, buf_text(&t), t.n);
	buf_free(&t);
}

void
show_doc_json(struct buf *b, const struct vocab *vocab, const struct item *d)
{
	buf_char(b, '{');
	json_tokens(b, "tokens", d->tok, d->n_tok);
	if (d->mask) {
		json_key(b, "mask");
		buf_char(b, '[');
		for (size_t i = 0; i < d->n_tok; i++)
			buf_printf(b, "%s%d", i ? "," : "", d->mask[i]);
		buf_char(b, ']');
	}
	if (vocab)
		json_text(b, vocab, "text", d->tok, d->n_tok);
	buf_char(b, '}');
}

static void
json_floats(struct buf *b, const char *key, const float *x, size_t n)
{
	json_key(b, key);
	buf_char(b, '[');
	for (size_t i = 0; i < n; i++)
		isfinite(x[i]) ? buf_printf(b, "%s%.7g", i ? "," : "", (double)x[i]) : buf_printf(b, "%snull", i ? "," : "");
	buf_char(b, ']');
}

static const char *const roles[] = { "sample", "chosen", "rejected" };

void
show_roll(struct buf *b, const struct vocab *vocab, const struct roll *r)
{
	buf_printf(b, "%u\t%s\t%.4g\t%.4g\t", r->group, roles[r->role], r->score, r->logp);
	show_tokens(b, vocab, r->tok, r->n_prompt, NULL);
	buf_str(b, " => ");
	show_tokens(b, vocab, r->tok + r->n_prompt, r->n_tok - r->n_prompt, NULL);
}

void
show_roll_json(struct buf *b, const struct vocab *vocab, const struct roll *r)
{
	struct json m;

	buf_char(b, '{');
	json_add_int(b, "group", r->group);
	json_add_str(b, "role", roles[r->role]);
	json_add_num(b, "score", r->score), json_add_num(b, "logp", r->logp);
	json_add_num(b, "ref_logp", r->ref_logp), json_add_num(b, "margin", r->margin);
	json_add_int(b, "ended", (r->flags & ROLL_ENDED) != 0);
	json_tokens(b, "prompt_tokens", r->tok, r->n_prompt);
	json_tokens(b, "response_tokens", r->tok + r->n_prompt, r->n_tok - r->n_prompt);
	if (r->flags & ROLL_LOGP)
		json_floats(b, "response_logps", r->tok_logp, r->n_tok - r->n_prompt);
	if (r->flags & ROLL_REF_LOGP)
		json_floats(b, "response_ref_logps", r->tok_ref_logp, r->n_tok - r->n_prompt);
	if (vocab) {
		json_text(b, vocab, "prompt", r->tok, r->n_prompt);
		json_text(b, vocab, "response", r->tok + r->n_prompt, r->n_tok - r->n_prompt);
	}
	if (json_parse(&m, r->meta, r->meta_len, NULL) == 0) {
		json_key(b, "meta");
		json_raw(b, m);
	}
	buf_char(b, '}');
}

/* {prompt,chosen,rejected} for neighbours of one group, {prompt,completion,label} for a lone judgement. */
void
show_preference(struct buf *b, const struct vocab *vocab, const struct roll *a, const struct roll *r)
{
	buf_char(b, '{');
	json_text(b, vocab, "prompt", a->tok, a->n_prompt);
	if (r) {
		json_text(b, vocab, "chosen", a->tok + a->n_prompt, a->n_tok - a->n_prompt);
		json_text(b, vocab, "rejected", r->tok + r->n_prompt, r->n_tok - r->n_prompt);
		if (!isnan(a->score) && !isnan(r->score)) {
			json_add_num(b, "score_chosen", a->score);
			json_add_num(b, "score_rejected", r->score);
		}
	} else {
		json_text(b, vocab, "completion", a->tok + a->n_prompt, a->n_tok - a->n_prompt);
		if (a->role != ROLL_SAMPLE) {
			json_key(b, "label");
			buf_str(b, a->role == ROLL_CHOSEN ? "true" : "false");
		}
		if (!isnan(a->score))
			json_add_num(b, "score", a->score);
	}
	buf_char(b, '}');
}

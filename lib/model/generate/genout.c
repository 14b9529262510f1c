/* genout - what sampling gives: rollouts for a stream, tables of next tokens */
/* SPDX-License-Identifier: MIT */
#include "model/generate/genout.h"
#include "base/json.h"
#include "model/decode/decode.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

char *
gen_roll_head(const struct model *m, const char *weights, const struct vocab *vocab, const struct sampler *s)
{
	struct buf f = { 0 };
	char crc[CRC32C_TEXT], *head;

	vocab_crc(vocab, crc);
	buf_printf(&f, "\"vocab\":\"%s\",\"n_vocab\":%d,\"eot\":%d,\"temperature\":%.9g,\"top_k\":%d,\"top_p\":%.9g,"
		"\"min_p\":%.9g,\"repeat_penalty\":%.9g,\"model\":\"%s\"", crc, m->cfg.V, vocab_eot(vocab),
		s->temperature, s->top_k, s->top_p, s->min_p, s->repeat_penalty, weights);
	if (m->chat)
		buf_printf(&f, ",\"chat\":%s", m->chat);
	head = head_new("roll", f.p);
	buf_free(&f);
	return head;
}

static double
response_logp(const struct gen_out *o)
{
	double sum = 0;

	for (size_t i = 0; i < o->n; i++)
		sum += (double)o->logp[i];
	return sum;
}

int
gen_price(const char *text, double price[2])
{
	char *end, *last;

	price[0] = strtod(text, &end);
	if (end == text || *end != ',')
		return -1;
	price[1] = strtod(end + 1, &last);
	return last == end + 1 || *last || !(price[0] >= 0) || !(price[1] >= 0) ? -1 : 0;
}

void
gen_log(const struct gen_out *o, const double price[2], FILE *f)
{
	fprintf(f, "{\"prompt\":%zu,\"sample\":%d,\"n_prompt\":%zu,\"tokens\":%zu,\"ended\":%s,\"logp\":%.6g,"
		"\"first_s\":%.6f,\"token_s\":%.6f", o->prompt, o->sample, o->n_prompt, o->n, o->ended ? "true" : "false", response_logp(o),
		o->first, o->each);
	if (o->guessed)
		fprintf(f, ",\"guessed\":%zu,\"right\":%zu", o->guessed, o->right);
	if (price)
		fprintf(f, ",\"cost\":%.9g", 1e-6 * (price[0] * (double)o->n_prompt + price[1] * (double)o->n));
	fputs("}\n", f);
}

void
gen_roll_put(struct stream_out *out, const struct gen_out *o, const char *meta)
{
	roll_put(out, &(struct roll){ .group = (uint32_t)o->prompt, .role = ROLL_SAMPLE,
		.flags = (uint16_t)(ROLL_LOGP | (o->ended ? ROLL_ENDED : 0)), .n_prompt = (uint32_t)o->n_prompt,
		.n_tok = (uint32_t)(o->n_prompt + o->n), .score = NAN, .logp = (float)response_logp(o), .ref_logp = NAN,
		.margin = NAN, .tok = o->tok, .tok_logp = o->logp, .meta = meta, .meta_len = (uint32_t)strlen(meta) });
}

static void
print_table(const struct vocab *vocab, const struct choice *c, size_t rows, struct buf *out)
{
	struct buf text = { 0 };

	for (size_t k = 0; k < rows; k++) {
		buf_clear(&text);
		decode_part(vocab, &c[k].id, 1, 0, &text);
		buf_printf(out, "%.6f\t%u\t", (double)c[k].p, c[k].id);
		json_quote(out, buf_text(&text), text.n);
		buf_char(out, '\n');
	}
	buf_free(&text);
}

void
gen_next(const struct model *m, const struct vocab *vocab, const struct gen_opts *o, const struct gen_prompt *p, size_t n,
		size_t rows, struct buf *out)
{
	size_t V = (size_t)m->cfg.V, longest = 1;
	float *logits = xmalloc(V * sizeof *logits);
	struct choice *c = xmalloc(V * sizeof *c);
	struct decoder *d;
	int *seq;

	for (size_t i = 0; i < n; i++)
		longest = p[i].n > longest ? p[i].n : longest;
	seq = xcalloc(longest, sizeof *seq);
	d = decoder_new(&m->cfg, o->mats, 1, (int)longest, o->cache);
	for (size_t i = 0; i < n; i++) {
		decoder_cut(d, 0, 0);
		decoder_prefill(d, (int)p[i].n - 1, seq, p[i].tok);
		decoder_feed(d, 1, seq, p[i].tok + p[i].n - 1, NULL, logits);
		if (i)
			buf_char(out, '\n');
		print_table(vocab, c, sampler_table(&o->sampler, logits, V, c, rows), out);
	}
	decoder_free(d);
	free(logits), free(c), free(seq);
}

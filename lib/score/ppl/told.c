/* told - documents kept until each of their tokens has its log-probability, and what is then written of them */
/* SPDX-License-Identifier: MIT */
#include "score/ppl/told.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
told_add(struct tolds *t, uint64_t item, const struct item *it)
{
	struct told d = { .item = item, .n = it->n_tok };

	d.tok = xreallocarray(NULL, d.n + 1, sizeof *d.tok);
	d.logp = xreallocarray(NULL, d.n + 1, sizeof *d.logp);
	if (d.n)
		memcpy(d.tok, it->tok, d.n * sizeof *d.tok);
	for (size_t i = 0; i < d.n; i++)
		d.logp[i] = NAN;
	VEC_PUSH(t->v, t->n, t->cap, d);
}

void
told_put(struct tolds *t, uint64_t item, size_t at, float logp)
{
	size_t i = t->first;

	while (i < t->n && t->v[i].item < item)
		i++;
	if (i < t->n && t->v[i].item == item && at < t->v[i].n)
		t->v[i].logp[at] = logp;
}

const struct told *
told_next(struct tolds *t, uint64_t item, int all)
{
	if (t->first) {                 /* the one that was given out before */
		struct told *old = &t->v[t->first - 1];
		free(old->tok), free(old->logp);
		old->tok = NULL;
		old->logp = NULL;
	}
	if (t->first > t->n / 2) {
		memmove(t->v, t->v + t->first, (t->n - t->first) * sizeof *t->v);
		t->n -= t->first;
		t->first = 0;
	}
	return t->first < t->n && (all || t->v[t->first].item < item) ? &t->v[t->first++] : NULL;
}

void
told_free(struct tolds *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->v[i].tok), free(t->v[i].logp);
	free(t->v);
	*t = (struct tolds){ 0 };
}

char *
told_roll_head(const struct model *m)
{
	struct buf f = { 0 };
	char *head, crc[CRC32C_TEXT];

	model_crc_text(m, crc);
	buf_printf(&f, "\"vocab\":\"%s\",\"n_vocab\":%d,\"temperature\":1,\"top_k\":0,\"top_p\":1,\"model\":\"%s\"", m->vocab, m->cfg.V, crc);
	head = head_new("roll", f.p);
	buf_free(&f);
	return head;
}

void
told_roll(struct stream_out *out, const struct told *d)
{
	char meta[48];
	double sum = 0;

	if (!d->n)
		return;
	for (size_t i = 1; i < d->n; i++)
		sum += isnan(d->logp[i]) ? 0 : (double)d->logp[i];
	snprintf(meta, sizeof meta, "{\"document\":%llu}", (unsigned long long)d->item);
	roll_put(out, &(struct roll){ .group = (uint32_t)d->item, .role = ROLL_SAMPLE, .flags = ROLL_LOGP | ROLL_ENDED, .n_prompt = 1,
		.n_tok = (uint32_t)d->n, .score = NAN, .logp = (float)sum, .ref_logp = NAN, .margin = NAN, .tok = d->tok,
		.tok_logp = d->logp + 1, .meta = meta, .meta_len = (uint32_t)strlen(meta) });
}

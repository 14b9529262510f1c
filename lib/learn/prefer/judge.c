/* judge - a model that ranks: each principle of a constitution asked about each response, answered Yes or No
 * (Bai et al. 2022, Constitutional AI, 4.1: the label is read from the log-probabilities of the two answers) */
/* SPDX-License-Identifier: MIT */
#include "learn/prefer/rank.h"
#include "learn/rows.h"
#include "model/file/load.h"
#include "stream/input.h"
#include <stdlib.h>
#include <string.h>

#define PASS_TOKENS 2048

struct judge {
	struct model     m;
	struct pref_text text;
	uint32_t         yes, no;
};

/* The principles: a line each, blank lines and those that begin with # aside. */
static int
principles(const char *path, struct strs *out, struct err *e)
{
	struct input *in = input_open(path, 0, e);
	struct buf b = { 0 };
	int bad = !in || input_all(in, &b, (size_t)1 << 20, e);

	if (in)
		input_close(in);
	for (char *line = bad || !b.p ? NULL : strtok(b.p, "\n"); line; line = strtok(NULL, "\n")) {
		line += strspn(line, " \t\r");
		if (*line && *line != '#')
			VEC_PUSH(out->v, out->n, out->cap, xstrdup(line));
	}
	buf_free(&b);
	return bad ? -1 : out->n ? 0 : err_set(e, "%s: no principle in it", path);
}

static int
first_id(struct judge *j, const char *word, uint32_t *id, struct err *e)
{
	struct ids ids = { 0 };
	int bad = encode(j->text.enc, word, strlen(word), &ids, e);

	if (!bad && ids.n)
		*id = ids.v[0];
	free(ids.v);
	return bad;
}

static int
judge_open(struct judge *j, const char *path, struct err *e)
{
	memset(j, 0, sizeof *j);
	if (model_load(&j->m, path, e) || pref_text_init(&j->text, &j->m, NULL, NULL, e))
		return -1;
	if (first_id(j, j->text.chatting ? "Yes" : " Yes", &j->yes, e) || first_id(j, j->text.chatting ? "No" : " No", &j->no, e))
		return -1;
	return j->yes != j->no ? 0 : err_set(e, "%s: its vocabulary begins Yes and No with one token", path);
}

/* Tokens up to where the judge says Yes or No; the record's response is a Yes that no one reads. */
static int
question(struct judge *j, const char *principle, const char *asked, const struct buf *said, struct roll *out, struct err *e)
{
	struct buf q = { 0 }, line = { 0 }, mask = { 0 };
	struct ids ids = { 0 };
	struct json o;
	int bad;

	buf_printf(&q, "%s\n\nQuestion:\n%s\n\nAnswer:\n%s\n\nDoes the answer keep to that? Say Yes or No.", principle, asked,
		buf_text(said));
	if (j->text.chatting) {
		buf_char(&line, '{');
		json_key(&line, "prompt");
		json_quote(&line, q.p, q.n);
		buf_char(&line, '}');
		bad = json_parse(&o, line.p, line.n, e) || chat_render(&j->text.chat, j->text.enc, o, 1, &ids, &mask, e);
	} else
		bad = encode(j->text.enc, q.p, q.n, &ids, e);
	VEC_PUSH(ids.v, ids.n, ids.cap, j->yes);
	*out = (struct roll){ .tok = ids.v, .n_tok = (uint32_t)ids.n, .n_prompt = (uint32_t)ids.n - 1 };
	buf_free(&q), buf_free(&line), buf_free(&mask);
	return bad ? -1 : 0;
}

/* log p(Yes) - log p(No) after each of n questions. */
static void
answers(struct judge *j, const struct roll *v, size_t n, size_t longest, double *odds)
{
	float *logits = xmalloc((size_t)j->m.cfg.V * sizeof *logits);
	struct rows w;
	struct net *net;

	rows_init(&w, longest, j->m.cfg.T, PASS_TOKENS);
	net = net_of(&j->m, w.B, w.T, NET_FORWARD);
	for (size_t i = 0; i < n; i += w.n) {
		struct net_batch b;

		rows_fill(&w, v + i, n - i);
		b = rows_batch(&w);
		net_forward(net, j->m.w, &b);
		for (size_t k = 0; k < w.n; k++) {
			net_logits(net, j->m.w, rows_at(&w, k, 0), 1, logits);
			odds[i + k] = (double)logits[j->yes] - (double)logits[j->no];
		}
	}
	net_free(net);
	rows_free(&w);
	free(logits);
}

static int
judge_all(struct judge *j, struct rolls *all, const struct vocab *v, const struct strs *rule, struct err *e)
{
	size_t n = all->n * (size_t)rule->n, longest = 1;
	struct roll *q = xcalloc(n + 1, sizeof *q);
	double *odds = xcalloc(n + 1, sizeof *odds);
	struct buf asked = { 0 }, said = { 0 };
	int bad = 0;

	for (size_t i = 0; !bad && i < n; i++) {
		const struct roll *r = &all->v[i / (size_t)rule->n];

		buf_clear(&asked), buf_clear(&said);
		decode_ids(v, r->tok, r->n_prompt, 1, &asked);
		decode_ids(v, r->tok + r->n_prompt, r->n_tok - r->n_prompt, 1, &said);
		bad = question(j, rule->v[i % (size_t)rule->n], buf_text(&asked), &said, &q[i], e) ||
			rows_check(&q[i], &j->m.cfg, i / (size_t)rule->n, e);
		longest = q[i].n_tok > longest ? q[i].n_tok : longest;
	}
	if (!bad) {
		answers(j, q, n, longest, odds);
		for (size_t i = 0; i < all->n; i++) {
			double sum = 0;

			for (int k = 0; k < rule->n; k++)
				sum += odds[i * (size_t)rule->n + (size_t)k];
			all->v[i].score = (float)(sum / rule->n);
		}
	}
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)q[i].tok);
	free(q), free(odds);
	buf_free(&asked), buf_free(&said);
	return bad ? -1 : 0;
}

int
rank_judge(struct rolls *all, const struct vocab *v, const char *model, const char *constitution, struct err *e)
{
	struct strs rule = { 0 };
	struct judge j = { 0 };
	int bad = principles(constitution, &rule, e) || judge_open(&j, model, e) || judge_all(&j, all, v, &rule, e);

	for (int i = 0; i < rule.n; i++)
		free((void *)(uintptr_t)rule.v[i]);
	free(rule.v);
	pref_text_free(&j.text);
	model_free(&j.m);
	return bad ? -1 : 0;
}

/* elo_read - contests from scored rollouts to equal prompts, or from JSON lines */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/json.h"
#include "base/order.h"
#include "base/rng.h"
#include "learn/prefer/elo.h"
#include "stream/input.h"
#include "stream/roll.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int
player(struct elo_matches *m, const char *name)
{
	for (int i = 0; i < m->players; i++)
		if (!strcmp(m->name[i], name))
			return i;
	if (m->players == ELO_MOST)
		return -1;
	m->name[m->players] = xstrdup(name);
	return m->players++;
}

/* By name.  -1: too many, or one alone. */
static int
add(struct elo_matches *m, const char *a, const char *b, int won, struct err *e)
{
	struct elo_match x = { .won = won };
	int i = player(m, a), j = player(m, b);

	if (i < 0 || j < 0)
		return err_set(e, "more than %d players", ELO_MOST);
	if (i == j)
		return err_set(e, "%s against itself", a);
	x.a = (uint16_t)i;
	x.b = (uint16_t)j;
	VEC_PUSH(m->v, m->n, m->cap, x);
	return 0;
}

void
elo_free(struct elo_matches *m)
{
	for (int i = 0; i < m->players; i++)
		free(m->name[i]);
	free(m->v);
}

/* One line: who met whom, and who won. */
static int
take_line(struct elo_matches *m, const char *text, size_t n, struct err *e)
{
	struct json o, w;
	char *a, *b, *won;
	int bad = -1;

	if (json_parse(&o, text, n, e))
		return -1;
	w = json_get(o, "winner");
	a = json_dup(json_get(o, "model_a"));
	b = json_dup(json_get(o, "model_b"));
	won = json_dup(w);
	if (!a || !b || !won)
		err_set(e, "needs model_a, model_b and winner");
	else if (strcmp(won, "model_a") && strcmp(won, "model_b") && !strstr(won, "tie"))
		err_set(e, "winner \"%.40s\" is none of model_a, model_b and tie", won);
	else
		bad = add(m, a, b, json_is(w, "model_a") ? 1 : json_is(w, "model_b") ? -1 : 0, e);
	free(a);
	free(b);
	free(won);
	return bad;
}

static int
read_lines(struct elo_matches *m, struct input *in, struct err *e)
{
	struct buf line = { 0 };
	int got, bad = 0;

	while (!bad && (got = input_object(in, &line, (size_t)1 << 24, e)) > 0)
		if (take_line(m, line.p, line.n, e))
			bad = err_at(e, "%s: line %llu", input_name(in), (unsigned long long)input_record(in));
	buf_free(&line);
	return bad ? bad : got;
}

/* The k-th answer to a prompt. */
struct answer {
	uint64_t prompt;
	size_t   k;             /* the place in its file, then the k-th to its prompt */
	float    score;
};
struct answers {
	struct answer *v;
	size_t n, cap;
	const char *file;
};

static int
by_prompt(const void *x, const void *y)
{
	const struct answer *a = x, *b = y;

	return a->prompt != b->prompt ? ORDER(a->prompt, b->prompt) : ORDER(a->k, b->k);
}

static int
read_rolls(struct answers *all, struct input *in, struct err *e)
{
	struct roll_in *r = roll_from(in);
	struct roll x;
	size_t k = 0;

	while (roll_next(r, &x)) {
		struct answer a = { rng_hash(x.tok, x.n_prompt * sizeof *x.tok, 0), all->n, x.score };
		if (!isfinite(x.score)) {
			roll_close(r);
			return err_set(e, "%s: record %zu has no score: rank-pairs gives it one", all->file, all->n);
		}
		VEC_PUSH(all->v, all->n, all->cap, a);
	}
	roll_close(r);
	if (all->n)
		qsort(all->v, all->n, sizeof *all->v, by_prompt);
	for (size_t i = 0; i < all->n; i++)
		all->v[i].k = k = i && all->v[i].prompt == all->v[i - 1].prompt ? k + 1 : 0;
	return 0;
}

static int
meet(struct elo_matches *m, const struct answers *a, const struct answers *b, struct err *e)
{
	char *na = file_stem(a->file), *nb = file_stem(b->file);
	size_t i = 0, j = 0, before = m->n;
	int bad = 0;

	while (!bad && i < a->n && j < b->n) {
		int c = by_prompt(&a->v[i], &b->v[j]);
		if (!c)
			bad = add(m, na, nb, (a->v[i].score > b->v[j].score) - (a->v[i].score < b->v[j].score), e);
		i += c <= 0;
		j += c >= 0;
	}
	if (!bad && m->n == before)
		bad = err_set(e, "%s and %s have no prompt in common", a->file, b->file);
	free(na);
	free(nb);
	return bad;
}

int
elo_read(struct elo_matches *m, int nfiles, char **files, struct err *e)
{
	struct answers *all = xcalloc((size_t)nfiles + 1, sizeof *all);
	int rolls = 0, bad = 0;

	for (int i = 0; i < nfiles && !bad; i++) {
		struct input *in = input_open(files[i], 1, e);
		const unsigned char *p;
		size_t got;
		if (!in || !(p = input_peek(in, 1, &got, e))) {
			bad = -1;
		} else if (got && *p != '{') {
			all[rolls].file = files[i];
			bad = read_rolls(&all[rolls++], in, e);
			continue;
		} else {
			bad = got ? read_lines(m, in, e) : err_set(e, "%s: no bytes", input_name(in));
		}
		if (in)
			input_close(in);
	}
	for (int i = 0; i < rolls && !bad; i++)
		for (int j = i + 1; j < rolls && !bad; j++)
			bad = meet(m, &all[i], &all[j], e);
	if (!bad && !m->n)
		bad = err_set(e, "no two players met");
	for (int i = 0; i < rolls; i++)
		free(all[i].v);
	free(all);
	return bad;
}

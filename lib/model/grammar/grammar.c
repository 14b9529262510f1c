/* grammar - texts that a grammar allows: what is read is checked, and gets a vocabulary's tokens */
/* SPDX-License-Identifier: MIT */
#include "model/grammar/grammar_int.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/order.h"
#include <stdlib.h>
#include <string.h>

/* Whether one of the rule's alternatives is made of empty rules alone. */
static int
can_be_empty(const struct el *x, const uint8_t *empty)
{
	for (int all = 1;; x++) {
		if (x->kind != EL_ALT && x->kind != EL_END)
			all &= x->kind == EL_RULE && empty[x->what];
		else if (all || x->kind == EL_END)
			return all;
		else
			all = 1;
	}
}

/* Which rules can be empty: until nothing changes. */
static void
find_empty(const struct grammar *g, uint8_t *empty)
{
	for (int more = 1; more; ) {
		more = 0;
		for (size_t r = 0; r < g->n_rule; r++)
			if (!empty[r] && can_be_empty(g->el + g->rule[r], empty))
				empty[r] = 1, more = 1;
	}
}

/* Whether a rule can come back to itself before a character: by depth, without recursion. */
static int
left_recursive(const struct grammar *g, const uint8_t *empty)
{
	uint8_t *state = xcalloc(g->n_rule, 1);         /* 1 at work, 2 done */
	const struct el **at = xcalloc(g->n_rule + 1, sizeof *at);
	size_t *on = xcalloc(g->n_rule + 1, sizeof *on);
	int found = 0;

	for (size_t r = 0; r < g->n_rule && !found; r++) {
		size_t depth = 0;
		if (state[r])
			continue;
		on[0] = r;
		at[0] = g->el + g->rule[r];
		state[r] = 1;
		for (depth = 1; depth && !found; ) {
			const struct el *x = at[depth - 1];
			if (x->kind == EL_END) {
				state[on[--depth]] = 2;
				continue;
			}
			if (x->kind == EL_CHAR || (x->kind == EL_RULE && !empty[x->what])) {
				const struct el *y = x;         /* what follows does not come first */
				while (y->kind != EL_ALT && y->kind != EL_END)
					y++;
				at[depth - 1] = y->kind == EL_ALT ? y + 1 : y;
			} else {
				at[depth - 1] = x + 1;
			}
			if (x->kind == EL_RULE) {
				found |= state[x->what] == 1;
				if (!state[x->what]) {
					state[x->what] = 1;
					on[depth] = (size_t)x->what;
					at[depth++] = g->el + g->rule[x->what];
				}
			}
		}
	}
	free(state), free(at), free(on);
	return found;
}

/* Where a range begins, or what comes after it. */
static void
find_cuts(struct grammar *g)
{
	size_t n = 0;

	g->cut = xreallocarray(NULL, 2 * g->n_range + 1, sizeof *g->cut);
	for (size_t i = 0; i < g->n_range; i++) {
		g->cut[n++] = g->range[i].lo;
		g->cut[n++] = g->range[i].hi + 1;
	}
	qsort(g->cut, n, sizeof *g->cut, order_u32);
	for (size_t i = 0; i < n; i++)
		if (!g->n_cut || g->cut[g->n_cut - 1] != g->cut[i])
			g->cut[g->n_cut++] = g->cut[i];
}

struct grammar *
grammar_parse(const char *bytes, size_t n, struct err *e)
{
	struct grammar *g = xcalloc(1, sizeof *g);
	int bad = grammar_read(g, bytes, n, e);
	uint8_t *empty;

	if (!bad) {
		empty = xcalloc(g->n_rule, 1);
		find_empty(g, empty);
		if (left_recursive(g, empty))
			bad = err_set(e, "left recursion: a rule comes back to itself before any character");
		free(empty);
	}
	if (bad) {
		grammar_free(g);
		return NULL;
	}
	find_cuts(g);
	return g;
}

static int
by_text(const void *x, const void *y)
{
	const struct piece *a = x, *b = y;
	int order = memcmp(a->p, b->p, a->n < b->n ? a->n : b->n);

	if (order || a->n != b->n)
		return order ? order : a->n < b->n ? -1 : 1;
	return a->id < b->id ? -1 : 1;
}

void
grammar_tokens(struct grammar *g, const struct vocab *v, size_t V)
{
	g->V = V;
	g->begin = xreallocarray(g->begin, V + 1, sizeof *g->begin);
	g->piece = xreallocarray(g->piece, V + 1, sizeof *g->piece);
	g->n_piece = g->longest = 0;
	buf_clear(&g->text);
	for (uint32_t id = 0; id < V; id++) {
		g->begin[id] = g->text.n;
		decode_part(v, &id, 1, 1, &g->text);
	}
	g->begin[V] = g->text.n;
	for (uint32_t id = 0; id < V; id++) {
		size_t n = g->begin[id + 1] - g->begin[id];
		if (n)
			g->piece[g->n_piece++] = (struct piece){ g->text.p + g->begin[id], n, 0, id };
		g->longest = n > g->longest ? n : g->longest;
	}
	qsort(g->piece, g->n_piece, sizeof *g->piece, by_text);
	for (size_t i = 1; i < g->n_piece; i++) {
		struct piece *a = &g->piece[i - 1], *b = &g->piece[i];
		while (b->same < a->n && b->same < b->n && a->p[b->same] == b->p[b->same])
			b->same++;
	}
}

struct grammar *
grammar_load(const char *path, const struct vocab *v, size_t V, struct err *e)
{
	int json = !strcmp(path, "json");
	struct file_map f = { (const unsigned char *)grammar_json(), strlen(grammar_json()), 0 };
	struct grammar *g;

	if (!json && file_map(&f, path, e))
		return NULL;
	if ((g = grammar_parse((const char *)f.p, f.n, e))) {
		grammar_tokens(g, v, V);
		crc32c_text(crc32c(0, f.p, f.n), g->crc);
	} else {
		err_in(e, path);
	}
	if (!json)
		file_unmap(&f);
	return g;
}

const char *
grammar_crc(const struct grammar *g)
{
	return g->crc;
}

void
grammar_free(struct grammar *g)
{
	if (!g)
		return;
	free(g->el);
	free(g->rule);
	free(g->class);
	free(g->range);
	free(g->cut);
	buf_free(&g->text);
	free(g->begin);
	free(g->piece);
	free(g);
}

const char *
grammar_json(void)
{
	return "root ::= ws value\n"
		"value ::= object | array | string | number | \"true\" | \"false\" | \"null\"\n"
		"object ::= \"{\" ws (pair (\",\" ws pair)*)? \"}\" ws\n"
		"pair ::= string ws \":\" ws value ws\n"
		"array ::= \"[\" ws (value ws (\",\" ws value ws)*)? \"]\" ws\n"
		"string ::= \"\\\"\" ([^\"\\\\\\x00-\\x1f] | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" [0-9a-fA-F]{4}))* \"\\\"\"\n"
		"number ::= \"-\"? (\"0\" | [1-9] [0-9]*) (\".\" [0-9]+)? ([eE] [+\\-]? [0-9]+)?\n"
		"ws ::= [ \\t\\n]{0,20}\n";
}

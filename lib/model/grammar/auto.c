/* auto - where texts are in a grammar: sets of stacks, each made once and numbered */
/* SPDX-License-Identifier: MIT */
#include "model/grammar/grammar_int.h"
#include "base/order.h"
#include <stdlib.h>
#include <string.h>

/*
 * A text so far is a set of stacks: what each still expects, the next element, a character class, on top.  Stacks are
 * lists of cells that share their tails; equal ones are the same cell.  An empty stack: the text may end.
 */
enum {
	NOTHING = -1, MOST_DEEP = 2048, MOST_STACKS = 1024, MOST_CALLS = 1 << 16,
	HEADS = 1 << 16,                /* of chains of cells, states and edges each */
	MANY = 1 << 17                  /* cells, edges or stacks in sets: when it is time to forget */
};

struct cell {
	int el, under, depth, next;
	unsigned seen;                  /* in which step it was expanded last */
};
struct state {
	size_t first, n;                /* of its stacks, ascending */
	int    next;
};
struct edge {
	int state, group, to, next;
};
struct set {
	int   *v;
	size_t n, cap;
};
struct automaton {
	const struct grammar *g;
	struct cell  *cell;
	struct state *state;
	struct edge  *edge;
	struct set    stacks, set;      /* of all states; of the one that is made */
	size_t   n_cell, cap_cell, n_state, cap_state, n_edge, cap_edge;
	int     *cell_at, *state_at, *edge_at;          /* (HEADS) */
	int      calls;                 /* of expand, in this step */
	unsigned steps;
	int      start;
};

static uint32_t
mix(uint32_t h, int x)
{
	h = (h ^ (uint32_t)x) * 0x9e3779b1u;
	return h ^ h >> 15;
}

static int
ends(const struct grammar *g, int el)
{
	return g->el[el].kind == EL_END || g->el[el].kind == EL_ALT;
}

/* Element el on top of a stack. */
static int
push(struct automaton *a, int el, int under)
{
	int *head = &a->cell_at[mix(mix(0, el), under) % HEADS];
	struct cell c = { el, under, under == NOTHING ? 1 : a->cell[under].depth + 1, *head, 0 };

	for (int i = *head; i >= 0; i = a->cell[i].next)
		if (a->cell[i].el == el && a->cell[i].under == under)
			return i;
	VEC_PUSH(a->cell, a->n_cell, a->cap_cell, c);
	return *head = (int)a->n_cell - 1;
}

/* The number of the set at hand. */
static int
number(struct automaton *a)
{
	const struct set *s = &a->set;
	struct state made = { a->stacks.n, s->n, 0 };
	uint32_t h = 0;
	int *head;

	if (s->n)
		qsort(s->v, s->n, sizeof *s->v, order_int);
	for (size_t i = 0; i < s->n; i++)
		h = mix(h, s->v[i]);
	head = &a->state_at[h % HEADS];
	for (int i = *head; i >= 0; i = a->state[i].next)
		if (a->state[i].n == s->n && (!s->n || !memcmp(a->stacks.v + a->state[i].first, s->v, s->n * sizeof *s->v)))
			return i;
	for (size_t i = 0; i < s->n; i++)
		VEC_PUSH(a->stacks.v, a->stacks.n, a->stacks.cap, s->v[i]);
	made.next = *head;
	VEC_PUSH(a->state, a->n_state, a->cap_state, made);
	return *head = (int)a->n_state - 1;
}

/* What a stack with any element on top comes down to goes into the set.  No rule is left recursive, but rules
 * that lead to one another by many ways, or in a long row, are followed MOST_CALLS times a character and MOST_DEEP
 * down, no further. */
static void
expand(struct automaton *a, int stack, int deep)
{
	const struct grammar *g = a->g;
	int el, rest;

	if (stack == NOTHING) {         /* once: a set has it in front */
		if (!a->set.n || a->set.v[0] != NOTHING) {
			VEC_PUSH(a->set.v, a->set.n, a->set.cap, stack);
			a->set.v[a->set.n - 1] = a->set.v[0];
			a->set.v[0] = NOTHING;
		}
		return;
	}
	if (a->cell[stack].seen == a->steps)
		return;
	a->cell[stack].seen = a->steps;
	el = a->cell[stack].el;
	if (g->el[el].kind == EL_CHAR) {
		if (a->set.n < MOST_STACKS)
			VEC_PUSH(a->set.v, a->set.n, a->set.cap, stack);
		return;
	}
	if (a->cell[stack].depth >= MOST_DEEP || deep >= MOST_DEEP || ++a->calls > MOST_CALLS)
		return;
	rest = a->cell[stack].under;
	if (!ends(g, el + 1))
		rest = push(a, el + 1, rest);
	for (int x = g->rule[g->el[el].what]; ; x++) {
		expand(a, ends(g, x) ? rest : push(a, x, rest), deep + 1);
		while (!ends(g, x))
			x++;
		if (g->el[x].kind == EL_END)
			return;
	}
}

static void
begin_set(struct automaton *a)
{
	a->set.n = 0;
	a->calls = 0;
	a->steps++;
}

/* Whether a class has one of [lo, hi]. */
static int
has(const struct grammar *g, const struct class *c, uint32_t lo, uint32_t hi)
{
	const struct range *r = g->range + c->first;

	if (!c->negated) {
		for (size_t i = 0; i < c->n; i++)
			if (r[i].lo <= hi && lo <= r[i].hi)
				return 1;
		return 0;
	}
	for (size_t i = 0; i < c->n; i++)
		if (r[i].lo <= lo && hi <= r[i].hi)
			return 0;
		else if (r[i].lo <= lo && lo <= r[i].hi) {      /* what it leaves, the others may take */
			lo = r[i].hi + 1;
			i = (size_t)-1;
		}
	return 1;
}

static int
top_has(const struct automaton *a, int stack, uint32_t lo, uint32_t hi)
{
	const struct grammar *g = a->g;

	return stack != NOTHING && has(g, &g->class[g->el[a->cell[stack].el].what], lo, hi);
}

/* Which of the groups of characters that all classes treat alike. */
static int
group_of(const struct grammar *g, uint32_t c)
{
	size_t lo = 0, hi = g->n_cut;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		if (g->cut[mid] <= c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (int)lo;
}

static int
step(struct automaton *a, int state, uint32_t c)
{
	const struct grammar *g = a->g;
	struct state from = a->state[state];

	begin_set(a);
	for (size_t i = 0; i < from.n; i++) {
		int stack = a->stacks.v[from.first + i], el, rest;
		if (!top_has(a, stack, c, c))
			continue;
		el = a->cell[stack].el + 1;
		rest = a->cell[stack].under;
		expand(a, ends(g, el) ? rest : push(a, el, rest), 0);
	}
	return number(a);
}

int
auto_step(struct automaton *a, int state, uint32_t c)
{
	int group = group_of(a->g, c), *head = &a->edge_at[mix(mix(0, state), group) % HEADS];
	struct edge e = { state, group, AUTO_DEAD, *head };

	for (int i = *head; i >= 0; i = a->edge[i].next)
		if (a->edge[i].state == state && a->edge[i].group == group)
			return a->edge[i].to;
	e.to = step(a, state, c);
	VEC_PUSH(a->edge, a->n_edge, a->cap_edge, e);
	*head = (int)a->n_edge - 1;
	return e.to;
}

int
auto_any(const struct automaton *a, int state, uint32_t lo, uint32_t hi)
{
	const struct state *s = &a->state[state];

	for (size_t i = 0; i < s->n && lo <= hi; i++)
		if (top_has(a, a->stacks.v[s->first + i], lo, hi))
			return 1;
	return 0;
}

int
auto_whole(const struct automaton *a, int state)
{
	const struct state *s = &a->state[state];

	return s->n && a->stacks.v[s->first] == NOTHING;
}

int
auto_start(const struct automaton *a)
{
	return a->start;
}

/* No state but the dead one and the first. */
static void
begin(struct automaton *a)
{
	const struct grammar *g = a->g;

	a->n_cell = a->n_state = a->n_edge = a->stacks.n = 0;
	for (size_t i = 0; i < HEADS; i++)
		a->cell_at[i] = a->state_at[i] = a->edge_at[i] = -1;
	begin_set(a);
	number(a);
	for (int x = g->rule[g->root]; ; x++) {
		expand(a, ends(g, x) ? NOTHING : push(a, x, NOTHING), 0);
		while (!ends(g, x))
			x++;
		if (g->el[x].kind == EL_END)
			break;
	}
	a->start = number(a);
}

struct automaton *
auto_new(const struct grammar *g)
{
	struct automaton *a = xcalloc(1, sizeof *a);

	a->g = g;
	a->cell_at = xmalloc(HEADS * sizeof *a->cell_at);
	a->state_at = xmalloc(HEADS * sizeof *a->state_at);
	a->edge_at = xmalloc(HEADS * sizeof *a->edge_at);
	begin(a);
	return a;
}

void
auto_free(struct automaton *a)
{
	if (!a)
		return;
	free(a->cell), free(a->state), free(a->edge), free(a->stacks.v), free(a->set.v);
	free(a->cell_at), free(a->state_at), free(a->edge_at);
	free(a);
}

/* A stack of old cells, of new ones: map has those that are there already.  MOST_DEEP + 1 deep at most. */
static int
again(struct automaton *a, const struct cell *old, int *map, int stack)
{
	if (stack == NOTHING)
		return NOTHING;
	if (map[stack] == NOTHING)
		map[stack] = push(a, old[stack].el, again(a, old, map, old[stack].under));
	return map[stack];
}

int
auto_many(const struct automaton *a)
{
	return a->n_cell >= MANY || a->n_edge >= MANY || a->stacks.n >= MANY;
}

void
auto_keep(struct automaton *a, int *live, size_t n)
{
	struct automaton old = *a;
	int *map = xmalloc(old.n_cell * sizeof *map);

	for (size_t i = 0; i < old.n_cell; i++)
		map[i] = NOTHING;
	a->cell = NULL, a->state = NULL, a->stacks.v = NULL;
	a->cap_cell = a->cap_state = a->stacks.cap = 0;
	begin(a);
	for (size_t i = 0; i < n; i++) {
		const struct state *s = &old.state[live[i]];
		begin_set(a);
		for (size_t k = 0; k < s->n; k++) {
			int stack = again(a, old.cell, map, old.stacks.v[s->first + k]);
			VEC_PUSH(a->set.v, a->set.n, a->set.cap, stack);
		}
		live[i] = number(a);
	}
	free(map), free(old.cell), free(old.state), free(old.stacks.v);
}

/* literals - the automaton of Aho and Corasick (Communications of the ACM 18, 1975), made from patterns */
/* SPDX-License-Identifier: MIT */
#include "text/literals.h"
#include "base/mem.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { OTHER, DASH, DIGIT, UNDERSCORE, LETTER, SYMBOLS = LETTER + 26 };
enum { BEGINS = 1, ENDS = 2 };  /* where \b stands */

struct state {
	uint16_t next[SYMBOLS], found, fail;
};
struct found {                  /* what ends at a state; more: the next such, 0 none */
	uint8_t  pattern, n, edges;
	uint16_t more;
};
struct literals {
	struct state *state;
	struct found *found;
	size_t        n_state, cap_state, n_found, cap_found;
	uint8_t      *depth;
	size_t        n_depth, cap_depth;
	uint8_t       symbol[256];
};

/* The states that strings of a pattern have led to. */
struct set {
	uint16_t v[64];
	unsigned n;
};

static int
is_word(const struct literals *l, char c)
{
	return l->symbol[(unsigned char)c] >= DIGIT;
}

static uint16_t
add_state(struct literals *l, int depth)
{
	VEC_PUSH(l->state, l->n_state, l->cap_state, (struct state){ .found = 0 });
	VEC_PUSH(l->depth, l->n_depth, l->cap_depth, (uint8_t)depth);
	return (uint16_t)(l->n_state - 1);
}

static void
join(struct set *to, const struct set *s)
{
	for (unsigned i = 0; i < s->n; i++)
		if (to->n < sizeof to->v / sizeof *to->v)
			to->v[to->n++] = s->v[i];
}

/* On from each state by one character. */
static void
step(struct literals *l, const struct set *from, char c, struct set *to)
{
	int symbol = l->symbol[(unsigned char)c];

	for (unsigned i = 0; i < from->n; i++) {
		uint16_t at = from->v[i], next = l->state[at].next[symbol];

		if (!next) {
			next = add_state(l, l->depth[at] + 1);
			l->state[at].next[symbol] = next;
		}
		join(to, &(struct set){ { next }, 1 });
	}
}

/* On by what stands up to '|', ')', '\' or the end, which is returned. */
static const char *
sequence(struct literals *l, const char *p, struct set *s)
{
	while (*p && !strchr("|)\\", *p)) {
		struct set next = { .n = 0 };

		if (*p == '(') {
			do {
				struct set one = *s;

				p = sequence(l, p + 1, &one);
				join(&next, &one);
			} while (*p == '|');
		} else if (*p == '[') {
			while (*++p && *p != ']')
				step(l, s, *p, &next);
		} else {
			step(l, s, *p, &next);
		}
		p += *p != 0;
		if (*p == '?') {
			join(&next, s);
			p++;
		}
		*s = next;
	}
	return p;
}

/* One pattern: 0, or -1 when it is not written as it must be. */
static int
add_pattern(struct literals *l, const char *p, int id)
{
	for (;; p++) {
		struct set s = { { 0 }, 1 };
		uint8_t edges = 0;

		if (strncmp(p, "\\b", 2) == 0)
			edges = BEGINS, p += 2;
		p = sequence(l, p, &s);
		if (strncmp(p, "\\b", 2) == 0)
			edges |= ENDS, p += 2;
		for (unsigned i = 0; i < s.n; i++) {
			struct state *at = &l->state[s.v[i]];
			struct found f = { (uint8_t)id, l->depth[s.v[i]], edges, at->found };

			at->found = (uint16_t)l->n_found;
			VEC_PUSH(l->found, l->n_found, l->cap_found, f);
		}
		if (*p != '|')
			return *p || s.n == sizeof s.v / sizeof *s.v || l->n_state > UINT16_MAX || l->n_found > UINT16_MAX ? -1 : 0;
	}
}

/* What is found at a state's longest proper ending is found at the state too, and it goes on where that one does. */
static void
link_states(struct literals *l)
{
	uint16_t *queue = xcalloc(l->n_state, sizeof *queue);
	size_t n = 1;

	for (size_t i = 0; i < n; i++) {
		struct state *s = &l->state[queue[i]], *ending = &l->state[s->fail];
		uint16_t *last = &s->found;

		while (queue[i] && *last)
			last = &l->found[*last].more;
		if (queue[i])
			*last = ending->found;
		for (int c = 0; c < SYMBOLS; c++) {
			uint16_t next = s->next[c];

			if (next) {
				l->state[next].fail = queue[i] ? ending->next[c] : 0;
				queue[n++] = next;
			} else {
				s->next[c] = ending->next[c];
			}
		}
	}
	free(queue);
}

struct literals *
literals_new(const char *const *patterns, int n, struct err *err)
{
	struct literals *l = xcalloc(1, sizeof *l);

	for (int i = 0; i < 26; i++)
		l->symbol['a' + i] = l->symbol['A' + i] = (uint8_t)(LETTER + i);
	memset(l->symbol + '0', DIGIT, 10);
	l->symbol['-'] = DASH;
	l->symbol['_'] = UNDERSCORE;
	VEC_PUSH(l->found, l->n_found, l->cap_found, (struct found){ .n = 0 });
	add_state(l, 0);
	for (int i = 0; i < n; i++)
		if (patterns[i][strspn(patterns[i], "abcdefghijklmnopqrstuvwxyz-_|()[]?\\")] || add_pattern(l, patterns[i], i) < 0) {
			err_set(err, "pattern %d is no list of strings, or too long a one", i);
			literals_free(l);
			return NULL;
		}
	link_states(l);
	return l;
}

void
literals_free(struct literals *l)
{
	if (!l)
		return;
	free(l->state);
	free(l->found);
	free(l->depth);
	free(l);
}

unsigned
literals_find(const struct literals *l, const char *s, size_t n)
{
	const struct state *at = l->state;
	unsigned bits = 0;

	for (size_t i = 0; i < n; i++) {
		at = &l->state[at->next[l->symbol[(unsigned char)s[i]]]];
		for (unsigned k = at->found; k; k = l->found[k].more) {
			const struct found *f = &l->found[k];
			int begins = !(f->edges & BEGINS) || i + 1 == f->n || !is_word(l, s[i - f->n]);
			int ends = !(f->edges & ENDS) || i + 1 == n || !is_word(l, s[i + 1]);

			if (begins && ends)
				bits |= 1u << f->pattern;
		}
	}
	return bits;
}

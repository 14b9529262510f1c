/* talk - a conversation: what was said so far, as a prompt for the next answer */
/* SPDX-License-Identifier: MIT */
#include "model/generate/talk.h"
#include <string.h>

void
talk_add(struct talk *t, const char *role, const char *text, size_t n)
{
	size_t at = t->turns.n;

	buf_add(&t->said, &at, sizeof at);
	if (at)
		buf_char(&t->turns, ',');
	buf_str(&t->turns, "{\"role\":");
	json_quote(&t->turns, role, strlen(role));
	buf_str(&t->turns, ",\"content\":");
	json_quote(&t->turns, text, n);
	buf_char(&t->turns, '}');
}

/* Drops the oldest turn; 0 when only one is left. */
static int
forget_one(struct talk *t)
{
	size_t *at = (size_t *)(void *)t->said.p, n = t->said.n / sizeof *at, cut;

	if (n < 2)
		return 0;
	cut = at[1] + 1;                /* past the comma */
	memmove(t->turns.p, t->turns.p + cut, t->turns.n - cut);
	t->turns.n -= cut;
	t->turns.p[t->turns.n] = '\0';
	for (size_t i = 0; i + 1 < n; i++)
		at[i] = i ? at[i+1] - cut : 0;
	t->said.n -= sizeof *at;
	t->forgotten++;
	return 1;
}

/* The oldest turn, and what answered it: a conversation begins with what the user, or the system, says. */
static int
forget(struct talk *t)
{
	static const char answer[] = "{\"role\":\"assistant\"";
	int r = forget_one(t);

	while (r && !strncmp(t->turns.p, answer, sizeof answer - 1) && forget_one(t))
		;
	return r;
}

int
talk_prompt(struct talk *t, const struct prompt_opts *o, struct prompt *p, struct err *e)
{
	struct buf text = { 0 };
	struct prompt_opts whole = *o;
	int after = o->n < o->T / 2 ? o->n : o->T / 2, r;

	whole.truncate = 0;
	do {
		buf_clear(&text);
		buf_str(&text, "{\"messages\":[");
		buf_add(&text, t->turns.p, t->turns.n);
		buf_str(&text, "]}");
		r = prompt_json(p, &whole, text.p, text.n, e);
		if (r == 0 && p->n + (size_t)after > (size_t)o->T && t->said.n > sizeof (size_t)) {
			prompt_free(p);
			r = 1;
		}
	} while (r != 0 && forget(t));
	buf_free(&text);
	return r;
}

void
talk_free(struct talk *t)
{
	buf_free(&t->turns);
	buf_free(&t->said);
}

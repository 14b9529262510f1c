/* ask - a person at the terminal chooses the better of two */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "base/rng.h"
#include "learn/prefer/rank.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Choices made before: of the pair with that checksum, which of the two as they stand in the stream; 't' a tie. */
struct choices {
	struct choice {
		uint32_t crc;
		char     which;         /* '1' '2' 't' */
	} *v;
	size_t n, cap;
};

static uint32_t
pair_crc(const struct roll *a, const struct roll *b)
{
	uint32_t crc = crc32c(0, a->tok, a->n_tok * sizeof *a->tok);

	return crc32c(crc, b->tok, b->n_tok * sizeof *b->tok);
}

static int
read_choices(struct choices *c, const char *path, struct err *e)
{
	FILE *f = fopen(path, "r");
	char line[128];
	size_t n = 0;

	if (!f)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	while (fgets(line, sizeof line, f)) {
		struct choice one;
		unsigned crc;

		n++;
		if (sscanf(line, "{\"pair\":\"%8x\",\"better\":\"%c\"}", &crc, &one.which) != 2 || !strchr("12t", one.which)) {
			fclose(f);
			return err_set(e, "%s: line %zu: no answer of ours", path, n);
		}
		one.crc = crc;
		VEC_PUSH(c->v, c->n, c->cap, one);
	}
	fclose(f);
	return 0;
}

static int
find_choice(const struct choices *c, uint32_t crc)
{
	for (size_t i = c->n; i-- > 0;)
		if (c->v[i].crc == crc)
			return c->v[i].which;
	return 0;
}

/* Printable text: control characters but newlines and tabs as '?'. */
static void
show(FILE *tty, const char *title, const struct buf *text)
{
	fprintf(tty, "\n--- %s\n", title);
	for (size_t i = 0; i < text->n; i++) {
		unsigned char c = (unsigned char)text->p[i];

		putc((c < 32 && c != '\n' && c != '\t') || c == 127 ? '?' : c, tty);
	}
	putc('\n', tty);
}

/* '1' or '2' as they stand in the stream, 't', or 0: the person stops. */
static int
put_question(FILE *tty, const struct vocab *v, const struct roll *a, const struct roll *b, int swap)
{
	struct buf p = { 0 }, x = { 0 }, y = { 0 };
	char line[64];
	int answer = -1;

	pref_prompt(v, a, &p);
	pref_response(v, swap ? b : a, &x);
	pref_response(v, swap ? a : b, &y);
	show(tty, "prompt", &p);
	show(tty, "a", &x);
	show(tty, "b", &y);
	while (answer < 0) {
		fprintf(tty, "\nBetter: a, b, t(ie), q(uit)? ");
		fflush(tty);
		if (!fgets(line, sizeof line, tty) || *line == 'q')
			answer = 0;
		else if (*line == 't')
			answer = 't';
		else if (*line == 'a' || *line == 'b')
			answer = (*line == 'a') != swap ? '1' : '2';
	}
	buf_free(&p);
	buf_free(&x);
	buf_free(&y);
	return answer;
}

static int
remember(FILE *log, const char *path, uint32_t crc, int which, struct err *e)
{
	if (!log)
		return 0;
	if (fprintf(log, "{\"pair\":\"%08" PRIx32 "\",\"better\":\"%c\"}\n", crc, which) < 0 || fflush(log) || fsync(fileno(log)))
		return err_sys(e, "%s", path);
	return 0;
}

struct asking {
	FILE           *tty, *log;
	const char     *path;
	struct choices  done;
	uint64_t        seed;
	size_t          asked;
};

/* The choice for one pair, from the file or the person: 1 a is better, 2 b, 0 tie, -1 stop or failure. */
static int
choose(struct asking *k, const struct vocab *v, const struct roll *a, const struct roll *b, struct err *e)
{
	uint32_t crc = pair_crc(a, b);
	int which = find_choice(&k->done, crc);

	if (!which) {
		which = put_question(k->tty, v, a, b, (int)(rng_at(k->seed, crc, 0, 0, 0) & 1));
		if (!which)
			return err_set(e, "stopped after %zu answers%s", k->asked,
				k->log ? "; the same command goes on from there" : "");
		if (remember(k->log, k->path, crc, which, e))
			return -1;
		k->asked++;
	}
	return which == 't' ? 0 : which - '0';
}

static void
keep(struct rolls *out, const struct roll *better, const struct roll *worse)
{
	struct roll r[2] = { *better, *worse };
	uint32_t group = (uint32_t)(out->n / 2);

	for (int i = 0; i < 2; i++) {
		r[i].role = i ? ROLL_REJECTED : ROLL_CHOSEN;
		r[i].group = group;
		r[i].segment = 0;
		rolls_add(out, &r[i]);
	}
}

int
rank_ask(const struct rolls *all, const struct vocab *v, uint64_t seed, const char *answers, struct rolls *pairs,
	size_t *ties, struct err *e)
{
	struct asking k = { .path = answers, .seed = seed };
	int got = 0;

	*pairs = (struct rolls){ .head = xstrdup(all->head) };
	*ties = 0;
	if (answers && read_choices(&k.done, answers, e))
		return -1;
	if (!(k.tty = fopen("/dev/tty", "r+")))
		return err_sys(e, "--ask needs a person at a terminal: /dev/tty");
	if (answers && !(k.log = fopen(answers, "a")))
		got = err_sys(e, "%s", answers);
	for (size_t i = 0; got >= 0 && i + 1 < all->n; i++) {
		const struct roll *a = &all->v[i], *b = a + 1;

		if (a->group != b->group || a->segment != b->segment)
			continue;
		got = choose(&k, v, a, b, e);
		*ties += got == 0;
		if (got > 0)
			keep(pairs, got == 1 ? a : b, got == 1 ? b : a);
		i++;
	}
	if (k.log)
		fclose(k.log);
	fclose(k.tty);
	free(k.done.v);
	return got < 0 ? -1 : 0;
}

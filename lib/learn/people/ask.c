/* ask - a person at the terminal puts responses in order, and rates them */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "learn/people/people.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

/* One thing to be said: of the n responses from `first` on the order, or of one a rating. */
struct question {
	size_t   first;
	int      n;
	uint32_t item;
	int      answer, scale;         /* as in struct said */
};

struct asking {
	const struct people_ask *o;
	const struct rolls      *all;
	const struct vocab      *v;
	struct question         *q;
	size_t                   n, cap, asked;
	struct sayings           said;
	int                      log;           /* -1: none */
	FILE                    *tty;
	struct termios           was;
	int                      columns;
};

enum key { SAID, BACK, QUIT };

static void
find_questions(struct asking *k)
{
	const struct roll *v = k->all->v;

	for (size_t i = 0, j; i < k->all->n; i = j) {
		struct question q = { .first = i };

		for (j = i; j < k->all->n && j - i < PEOPLE_MOST && v[j].group == v[i].group && v[j].segment == v[i].segment; j++)
			q.item = crc32c(q.item, v[j].tok, v[j].n_tok * sizeof *v[j].tok);
		q.n = (int)(j - i);
		if (q.n > 1)
			VEC_PUSH(k->q, k->n, k->cap, q);
		for (q.answer = 1; k->o->rate && q.answer <= q.n; q.answer++)
			for (q.scale = 0; q.scale < PEOPLE_SCALES; q.scale++)
				VEC_PUSH(k->q, k->n, k->cap, q);
	}
}

/* ---- the terminal */

static int
open_terminal(struct asking *k, struct err *e)
{
	struct termios now;
	struct winsize size;

	if (!(k->tty = fopen("/dev/tty", "r+")) || tcgetattr(fileno(k->tty), &k->was))
		return err_sys(e, "--ask needs a person at a terminal: /dev/tty");
	setvbuf(k->tty, NULL, _IONBF, 0);
	now = k->was;
	now.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG);       /* ISIG: an interrupt is a key, so that the terminal is put right */
	now.c_cc[VMIN] = 1;
	now.c_cc[VTIME] = 0;
	tcsetattr(fileno(k->tty), TCSANOW, &now);
	k->columns = ioctl(fileno(k->tty), TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
	return 0;
}

static void
close_terminal(struct asking *k)
{
	if (!k->tty)
		return;
	tcsetattr(fileno(k->tty), TCSANOW, &k->was);
	fclose(k->tty);
}

/* A key; 'q' where there will be no more. */
static int
key(struct asking *k)
{
	unsigned char c;
	ssize_t got;

	while ((got = read(fileno(k->tty), &c, 1)) < 0 && errno == EINTR)
		;
	return got < 1 || c == 3 || c == 4 ? 'q' : c;
}

/* The line of at most `width` characters that begins at `at`, broken at a blank where there is one: its end; *next: where
 * the one after it begins. */
static size_t
line_end(const struct buf *t, size_t at, int width, size_t *next)
{
	const unsigned char *p = (const unsigned char *)t->p;
	size_t blank = 0, i = at;
	uint32_t len;

	for (int n = 0; i < t->n && p[i] != '\n'; i += len, n++) {
		if (n == width) {
			*next = blank ? blank + 1 : i;
			return blank ? blank : i;
		}
		if (p[i] == ' ')
			blank = i;
		utf8_next(p + i, p + t->n, &len);
	}
	*next = i + (i < t->n);
	return i;
}

/* Text [at, end) on the terminal, what is no printable character as '?', filled up with blanks to `pad`. */
static void
put_text(FILE *tty, const struct buf *t, size_t at, size_t end, int pad)
{
	const unsigned char *p = (const unsigned char *)t->p;
	uint32_t len;

	for (; at < end; at += len, pad--) {
		uint32_t c = utf8_next(p + at, p + t->n, &len);

		if (c == '\t')
			c = ' ';
		if (c < 32 || (c >= 127 && c < 160) || c == UTF8_BAD)
			fputc('?', tty);
		else
			fwrite(p + at, 1, len, tty);
	}
	while (pad-- > 0)
		fputc(' ', tty);
}

/* Texts in columns side by side, below their titles. */
static void
put_columns(struct asking *k, const struct buf *t, int n)
{
	int width = (k->columns - 3 * (n - 1)) / n, more = 1;
	size_t at[PEOPLE_MOST] = { 0 };

	while (more) {
		more = 0;
		for (int i = 0; i < n; i++) {
			size_t next = at[i], end = at[i] < t[i].n ? line_end(&t[i], at[i], width, &next) : at[i];

			put_text(k->tty, &t[i], at[i], end, i + 1 < n ? width : 0);
			fputs(i + 1 < n ? " | " : "\n", k->tty);
			at[i] = next;
			more |= next < t[i].n;
		}
	}
}

/* The responses of a question in the order `shown`: two side by side, more below one another. */
static void
put_responses(struct asking *k, const struct question *q, const size_t *shown, int n)
{
	struct buf t[PEOPLE_MOST] = { { 0 } };

	for (int i = 0; i < n; i++) {
		buf_printf(&t[i], n > 1 ? "[%d]\n" : "[response]\n", i + 1);
		pref_response(k->v, &k->all->v[q->first + shown[i]], &t[i]);
	}
	if (n == 2 && k->columns >= 60)
		put_columns(k, t, 2);
	else
		for (int i = 0; i < n; i++)
			put_columns(k, t + i, 1);
	for (int i = 0; i < n; i++)
		buf_free(&t[i]);
}

static void
put_prompt(struct asking *k, const struct question *q)
{
	struct buf t = { 0 };

	fprintf(k->tty, "\n=== %zu of %zu\n", (size_t)(q - k->q) + 1, k->n);
	pref_prompt(k->v, &k->all->v[q->first], &t);
	put_columns(k, &t, 1);
	fputc('\n', k->tty);
	buf_free(&t);
}

/* ---- questions */

/* Numbers as they are shown, best first; said->order has them as they stand in the stream. */
static enum key
ask_order(struct asking *k, const struct question *q, struct said *s)
{
	size_t shown[PEOPLE_MOST];
	int used = 0, placed = 0, tie = 0;
	struct rng g = { rng_at(k->o->seed, q->item, 0, 0, 0), 0 };
	char *end = s->order;

	rng_order(&g, shown, (size_t)q->n);
	put_prompt(k, q);
	put_responses(k, q, shown, q->n);
	if (q->n == 2)
		fprintf(k->tty, "\nBetter: 1, 2; t(ie), s(kip), b(ack), q(uit)? ");
	else
		fprintf(k->tty, "\nNumbers best first, = between equal ones, Enter: the rest are equal; t(ie), s(kip), b(ack), q(uit)? ");
	while (placed < q->n) {
		int c = key(k), i = c - '1', rest = 0;

		if (c == 'q' || (c == 'b' && !placed))
			return c == 'q' ? QUIT : BACK;
		if (c == 's') {
			strcpy(s->order, "skip");
			return SAID;
		}
		if (c == 'b') {
			used = placed = 0, end = s->order;
			fputs(" ... again: ", k->tty);
		} else if (c == '=' && placed) {
			tie = 1;
			fputc('=', k->tty);
		} else if ((c == 't' && !placed) || (c == '\n' && placed)) {
			rest = 1;
		} else if (i >= 0 && i < q->n && !(used >> i & 1)) {
			if (placed++)
				*end++ = tie ? '=' : '>';
			*end++ = (char)('1' + (int)shown[i]);
			used |= 1 << i;
			tie = 0;
			fputc(c, k->tty);
			rest = placed == q->n - 1;
		}
		for (int j = 0, sep = '>'; rest && j < q->n; j++)       /* all that have no place share the last */
			if (!(used >> j & 1)) {
				if (placed++)
					*end++ = (char)(used ? sep : '=');
				*end++ = (char)('1' + (int)shown[j]);
				sep = '=';
			}
		*end = '\0';
	}
	return SAID;
}

static enum key
ask_rating(struct asking *k, const struct question *q, struct said *s)
{
	size_t which = (size_t)q->answer - 1;

	if (!q->scale) {
		put_prompt(k, q);
		put_responses(k, q, &which, 1);
	}
	fprintf(k->tty, "\n%s, 1 (not at all) to 5; s(kip), b(ack), q(uit)? ", people_scale[q->scale]);
	for (;;) {
		int c = key(k);

		if (c == 'q' || c == 'b')
			return c == 'q' ? QUIT : BACK;
		if (c == 's' || (c >= '1' && c <= '5')) {
			s->rating = c == 's' ? 0 : c - '0';
			fputc(c, k->tty);
			return SAID;
		}
	}
}

/* Kept on the disk before the next question is put. */
static int
keep(struct asking *k, const struct said *s, struct err *e)
{
	struct buf b = { 0 };
	int bad = 0;

	VEC_PUSH(k->said.v, k->said.n, k->said.cap, *s);
	k->asked++;
	if (k->log >= 0) {
		people_print(s, &b);
		bad = write(k->log, b.p, b.n) != (ssize_t)b.n || fsync(k->log) ? err_sys(e, "%s", k->o->answers) : 0;
		buf_free(&b);
	}
	return bad;
}

static int
ask_all(struct asking *k, struct err *e)
{
	for (size_t i = 0, again = 0; i < k->n;) {
		const struct question *q = &k->q[i];
		struct said s = { .item = q->item, .answer = q->answer, .scale = q->scale };
		enum key key;

		if (!again && people_find(&k->said, s.item, s.answer, s.scale)) {
			i++;
			continue;
		}
		if (!k->tty && open_terminal(k, e))
			return -1;
		key = q->answer ? ask_rating(k, q, &s) : ask_order(k, q, &s);
		fputc('\n', k->tty);
		if (key == QUIT)
			return err_set(e, "stopped after %zu answers%s", k->asked,
				k->o->answers ? "; the same command goes on from there" : "");
		again = key == BACK;
		if (again)
			i -= i > 0;
		else if (keep(k, &s, e))
			return -1;
		else
			i++;
	}
	return 0;
}

/* ---- pairs */

/* A response, scored by the last scale where it was given. */
static struct roll
rated(const struct asking *k, const struct question *q, int which)
{
	const struct said *s = people_find(&k->said, q->item, which + 1, PEOPLE_SCALES - 1);
	struct roll r = k->all->v[q->first + (size_t)which];

	if (s && s->rating)
		r.score = (float)s->rating;
	return r;
}

static void
make_pairs(struct asking *k, struct rolls *pairs, size_t *ties)
{
	int place[PEOPLE_MOST];

	for (size_t i = 0; i < k->n; i++) {
		const struct question *q = &k->q[i];

		if (q->answer || people_places(people_find(&k->said, q->item, 0, 0)->order, place) < 1)
			continue;
		for (int a = 0; a < q->n; a++)
			for (int b = a + 1; b < q->n; b++) {
				struct roll x = rated(k, q, a), y = rated(k, q, b);

				if (place[a] == place[b])
					++*ties;
				else
					prefs_add_pair(pairs, place[a] < place[b] ? &x : &y, place[a] < place[b] ? &y : &x);
			}
	}
}

int
people_ask(const struct people_ask *o, const struct rolls *all, const struct vocab *v, struct rolls *pairs, size_t *ties,
	struct err *e)
{
	struct asking k = { .o = o, .all = all, .v = v, .log = -1 };
	int bad = 0;

	*pairs = (struct rolls){ .head = xstrdup(all->head) };
	*ties = 0;
	if (o->answers) {
		if (people_read(&k.said, o->answers, e))
			return -1;
		if ((k.log = open(o->answers, O_WRONLY | O_APPEND | O_CREAT, 0666)) < 0)
			bad = err_sys(e, "%s", o->answers);
	}
	find_questions(&k);
	bad = bad || ask_all(&k, e);
	close_terminal(&k);
	if (!bad)
		make_pairs(&k, pairs, ties);
	if (k.log >= 0)
		close(k.log);
	free(k.q);
	free(k.said.v);
	return bad ? -1 : 0;
}

/* rules - quality rules for documents: Gopher, C4 and FineWeb, each as datatrove defines it */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/rules.h"
#include "text/rule/signals.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>

enum filter { GOPHER_REP, GOPHER, C4, FINEWEB, FILTERS };
static const char *const filter_names[FILTERS] = { "gopher-rep", "gopher", "c4", "fineweb" };

/* What a threshold does: a signal above or below it rejects; PARAM is for the filter's own code.  A threshold
 * of 0 turns its rule off. */
enum how { ABOVE, BELOW, PARAM };
static const struct row {
	enum filter filter;
	const char *name;
	enum how    how;
	int         what;       /* signal */
	double      value;
	const char *reason;
} rows[] = {
	{ GOPHER_REP, "dup_paragraphs", ABOVE, SIG_DUP_PARAGRAPHS, .30, "gopher-rep.dup_paragraphs" },
	{ GOPHER_REP, "dup_paragraph_chars", ABOVE, SIG_DUP_PARAGRAPH_CHARS, .20, "gopher-rep.dup_paragraph_chars" },
	{ GOPHER_REP, "dup_lines", ABOVE, SIG_DUP_LINES, .30, "gopher-rep.dup_lines" },
	{ GOPHER_REP, "dup_line_chars", ABOVE, SIG_DUP_LINE_CHARS, .20, "gopher-rep.dup_line_chars" },
	{ GOPHER_REP, "top_2_gram", ABOVE, SIG_TOP_2, .20, "gopher-rep.top_2_gram" },
	{ GOPHER_REP, "top_3_gram", ABOVE, SIG_TOP_3, .18, "gopher-rep.top_3_gram" },
	{ GOPHER_REP, "top_4_gram", ABOVE, SIG_TOP_4, .16, "gopher-rep.top_4_gram" },
	{ GOPHER_REP, "dup_5_gram", ABOVE, SIG_DUP_5, .15, "gopher-rep.dup_5_gram" },
	{ GOPHER_REP, "dup_6_gram", ABOVE, SIG_DUP_6, .14, "gopher-rep.dup_6_gram" },
	{ GOPHER_REP, "dup_7_gram", ABOVE, SIG_DUP_7, .13, "gopher-rep.dup_7_gram" },
	{ GOPHER_REP, "dup_8_gram", ABOVE, SIG_DUP_8, .12, "gopher-rep.dup_8_gram" },
	{ GOPHER_REP, "dup_9_gram", ABOVE, SIG_DUP_9, .11, "gopher-rep.dup_9_gram" },
	{ GOPHER_REP, "dup_10_gram", ABOVE, SIG_DUP_10, .10, "gopher-rep.dup_10_gram" },
	{ GOPHER, "min_words", BELOW, SIG_WORDS, 50, "gopher.word_count" },
	{ GOPHER, "max_words", ABOVE, SIG_WORDS, 100000, "gopher.word_count" },
	{ GOPHER, "min_word_length", BELOW, SIG_WORD_LENGTH, 3, "gopher.word_length" },
	{ GOPHER, "max_word_length", ABOVE, SIG_WORD_LENGTH, 10, "gopher.word_length" },
	{ GOPHER, "max_hashes", ABOVE, SIG_HASHES, .1, "gopher.hashes" },
	{ GOPHER, "max_ellipses", ABOVE, SIG_ELLIPSES, .1, "gopher.ellipses" },
	{ GOPHER, "max_bullets", ABOVE, SIG_BULLETS, .9, "gopher.bullets" },
	{ GOPHER, "max_end_ellipses", ABOVE, SIG_END_ELLIPSES, .3, "gopher.end_ellipses" },
	{ GOPHER, "min_alpha", BELOW, SIG_ALPHA, .8, "gopher.alpha" },
	{ GOPHER, "min_stop_words", BELOW, SIG_STOP_WORDS, 2, "gopher.stop_words" },
#define C4_FIRST 23
	{ C4, "max_word_length", PARAM, 0, 1000, NULL },
	{ C4, "citations", PARAM, 0, 1, NULL },
	{ C4, "end_punctuation", PARAM, 0, 0, NULL },
	{ C4, "min_line_words", PARAM, 0, 3, NULL },
	{ C4, "lorem_ipsum", PARAM, 0, 1, NULL },
	{ C4, "javascript", PARAM, 0, 1, NULL },
	{ C4, "curly_bracket", PARAM, 0, 1, NULL },
	{ C4, "policy", PARAM, 0, 1, NULL },
	{ C4, "min_sentences", PARAM, 0, 5, NULL },
	{ FINEWEB, "min_lines", BELOW, SIG_LINES, 1, "fineweb.empty" },
	{ FINEWEB, "min_terminal_lines", BELOW, SIG_TERMINAL_LINES, .12, "fineweb.terminal_lines" },
	{ FINEWEB, "max_short_lines", ABOVE, SIG_SHORT_LINES, .67, "fineweb.short_lines" },
	{ FINEWEB, "max_dup_chars", ABOVE, SIG_DUP_CHARS, .01, "fineweb.dup_chars" },
	{ FINEWEB, "max_newlines", ABOVE, SIG_NEWLINES, .3, "fineweb.newlines" },
#define SHORT_LINE 37
	{ FINEWEB, "short_line", PARAM, 0, 30, NULL },
};
enum { ROWS = sizeof rows / sizeof *rows };
/* offsets of the parameters of C4 from C4_FIRST */
enum { WORD_LENGTH, CITATIONS, END_PUNCTUATION, LINE_WORDS, LOREM_IPSUM, JAVASCRIPT, CURLY_BRACKET, POLICY, SENTENCES };

struct rules {
	enum filter order[FILTERS];
	int         n, by_language;
	double      value[ROWS];
};

struct rules *
rules_new(const char *list, struct err *err)
{
	struct rules *r = xcalloc(1, sizeof *r);

	for (int i = 0; i < ROWS; i++)
		r->value[i] = rows[i].value;
	if (!list) {
		r->by_language = 1;
		for (r->n = 0; r->n < 3; r->n++)
			r->order[r->n] = (enum filter)r->n;
		return r;
	}
	while (*list) {
		size_t n = strcspn(list, ",");
		int f = 0;

		while (f < FILTERS && (strlen(filter_names[f]) != n || memcmp(filter_names[f], list, n)))
			f++;
		if (f < FILTERS && r->n < FILTERS) {
			r->order[r->n++] = (enum filter)f;
		} else if (n != 4 || memcmp(list, "none", 4)) {
			err_set(err, "'%.*s' is none of gopher-rep, gopher, c4, fineweb, none, or is there twice", (int)n, list);
			free(r);
			return NULL;
		}
		list += n + (list[n] == ',');
	}
	return r;
}

void
rules_free(struct rules *r)
{
	free(r);
}

int
rules_set(struct rules *r, const char *assignment, struct err *err)
{
	const char *eq = strchr(assignment, '=');
	char *end;

	for (int i = 0; eq && i < ROWS; i++) {
		size_t n = strlen(filter_names[rows[i].filter]);

		if (strncmp(assignment, filter_names[rows[i].filter], n) || assignment[n] != '.' ||
		    strlen(rows[i].name) != (size_t)(eq - assignment) - n - 1 || memcmp(assignment + n + 1, rows[i].name, strlen(rows[i].name)))
			continue;
		r->value[i] = strtod(eq + 1, &end);
		if (end == eq + 1 || *end || !(r->value[i] >= 0))
			return err_set(err, "'%s': a number from 0 is needed", assignment);
		return 0;
	}
	return err_set(err, "'%s': RULE.NAME=VALUE is needed, such as gopher.min_words=50", assignment);
}

/* ---- C4, line by line */

static int
contains(const char *p, size_t n, const char *what)
{
	return memmem(p, n, what, strlen(what)) != NULL;
}

/* Words between blanks; *longest gets the characters of the longest. */
static size_t
blank_words(const char *p, size_t n, size_t *longest)
{
	size_t words = 0, chars = 0, len;

	*longest = 0;
	for (size_t i = 0; i < n; i += len) {
		if (uni_space(uni_decode(p + i, n - i, &len))) {
			chars = 0;
			continue;
		}
		words += chars++ == 0;
		*longest = chars > *longest ? chars : *longest;
	}
	return words;
}

/* Bytes of [12], [edit] or [citation needed] at p, 0 for none. */
static size_t
citation_len(const char *p, size_t n)
{
	size_t i = 1, len;

	if (n > 5 && !memcmp(p, "[edit]", 6))
		return 6;
	if (n > 16 && !memcmp(p, "[citation needed]", 17))
		return 17;
	while (i < n && uni_digit(uni_decode(p + i, n - i, &len)))
		i += len;
	return i < n && p[i] == ']' ? i + 1 : 0;
}

static void
drop_citations(const char *p, size_t n, struct buf *out)
{
	buf_clear(out);
	buf_need(out, n);
	for (size_t i = 0; i < n; ) {
		size_t len = p[i] == '[' ? citation_len(p + i, n - i) : 0;

		if (len)
			i += len;
		else
			out->p[out->n++] = p[i++];
	}
	out->p[out->n] = 0;
}

/* A sentence ends at blanks behind . ! or ? */
static size_t
sentences(const char *p, size_t n)
{
	size_t count = 0, len;
	int open = 0;
	uint32_t before = 0;

	for (size_t i = 0; i < n; i += len) {
		uint32_t c = uni_decode(p + i, n - i, &len);

		if (uni_space(c)) {
			if (open && (before == '.' || before == '!' || before == '?')) {
				count++;
				open = 0;
			}
		} else {
			open = 1;
		}
		before = c;
	}
	return count + (size_t)open;
}

static int
ends_line(const char *p, size_t n)
{
	return n && strchr(".?!\"'", p[n - 1]) && p[n - 1] && !(n > 2 && !memcmp(p + n - 3, "...", 3));
}

/* One line, blanks off: 0 it stays (*line has it), 1 it goes, -1 the page goes with *reason. */
static int
c4_line(const double *v, const char *p, size_t n, struct buf *line, struct buf *lower, const char **reason)
{
	static const char *const policies[] = { "terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies" };
	size_t longest, words;

	words = blank_words(p, n, &longest);
	if (v[WORD_LENGTH] && (double)longest > v[WORD_LENGTH])
		return 1;
	buf_clear(line);
	if (v[CITATIONS] && memchr(p, '[', n))
		drop_citations(p, n, line);
	else
		buf_add(line, p, n);
	if ((v[END_PUNCTUATION] && !ends_line(line->p, line->n)) || (double)words < v[LINE_WORDS])
		return 1;
	buf_clear(lower);
	buf_need(lower, line->n);
	for (size_t i = 0; i < line->n; i++)
		lower->p[i] = (char)uni_lower((unsigned char)line->p[i] < 128 ? (unsigned char)line->p[i] : 0);
	*reason = "c4.lorem_ipsum";
	if (v[LOREM_IPSUM] && contains(lower->p, line->n, "lorem ipsum"))
		return -1;
	if (v[JAVASCRIPT] && contains(lower->p, line->n, "javascript"))
		return 1;
	*reason = "c4.curly_bracket";
	if (v[CURLY_BRACKET] && memchr(line->p, '{', line->n))
		return -1;
	for (size_t i = 0; v[POLICY] && i < sizeof policies / sizeof *policies; i++)
		if (contains(lower->p, line->n, policies[i]))
			return 1;
	return 0;
}

static const char *
c4_apply(const struct rules *r, struct buf *text)
{
	const double *v = r->value + C4_FIRST;
	struct buf out = { 0 }, line = { 0 }, lower = { 0 };
	const char *reason = NULL, *s;
	size_t from = 0, count = 0, kept = 0, len, n;
	int what = 0;

	for (size_t i = 0; i < text->n && what >= 0; i += len) {
		uint32_t c = uni_decode(text->p + i, text->n - i, &len);
		const char *p = text->p + from;

		if (!uni_line_end(c) && i + len < text->n)
			continue;
		n = (uni_line_end(c) ? i : text->n) - from;
		if (c == '\r' && i + 1 < text->n && text->p[i + 1] == '\n')
			len++;
		from = i + len;
		uni_strip(&p, &n);
		what = c4_line(v, p, n, &line, &lower, &reason);
		if (what)
			continue;
		count += sentences(line.p, line.n);
		if (kept++)
			buf_char(&out, '\n');
		buf_add(&out, line.p, line.n);
	}
	if (what >= 0)
		reason = v[SENTENCES] && (double)count < v[SENTENCES] ? "c4.sentences" : NULL;
	if (!reason) {
		s = out.p ? out.p : "";
		n = out.n;
		uni_strip(&s, &n);
		buf_clear(text);
		buf_add(text, s, n);
	}
	buf_free(&out);
	buf_free(&line);
	buf_free(&lower);
	return reason;
}

/* ---- the filters that are thresholds on signals */

static const char *
threshold_apply(const struct rules *r, enum filter f, struct signals *s)
{
	for (int i = 0; i < ROWS; i++) {
		double x;

		if (rows[i].filter != f || rows[i].how == PARAM || !(r->value[i] > 0))
			continue;
		x = signals_get(s, (enum signal)rows[i].what);
		if (rows[i].how == ABOVE ? x > r->value[i] : x < r->value[i])
			return rows[i].reason;
	}
	return NULL;
}

const char *
rules_apply(const struct rules *r, const char *lang, struct buf *text)
{
	struct signals s;
	const char *reason = NULL;
	int fresh = 0;

	for (int i = 0; i < r->n && !reason; i++) {
		if (r->by_language && r->order[i] != GOPHER_REP && (!lang || strcmp(lang, "en") != 0))
			continue;
		if (r->order[i] == C4) {
			reason = c4_apply(r, text);
			if (fresh)
				signals_free(&s);
			fresh = 0;
			continue;
		}
		if (!fresh) {
			signals_init(&s, text->p ? text->p : "", text->n);
			s.short_line = (size_t)r->value[SHORT_LINE];
			fresh = 1;
		}
		reason = threshold_apply(r, r->order[i], &s);
	}
	if (fresh)
		signals_free(&s);
	return reason;
}

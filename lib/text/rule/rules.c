/* rules - quality rules for documents: thresholds of all, and in which order they are applied */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/rule/rules.h"
#include "base/list.h"
#include "text/rule/lines.h"
#include "text/rule/signals.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>

enum filter { GOPHER_REP, GOPHER, C4, FINEWEB, DOLMA, REFINEDWEB, CODE, FILTERS };
static const struct {
	const char *name;
	/* what applies it when it takes lines out, by its values in the order of `rows` */
	const char *(*edit)(const double *v, struct buf *text, double *measured);
} filters[FILTERS] = {
	{ "gopher-rep", NULL }, { "gopher", NULL }, { "c4", c4_apply }, { "fineweb", NULL }, { "dolma", NULL },
	{ "refinedweb", refinedweb_apply }, { "code", NULL }
};

/* What a threshold does: a signal above or below it rejects; PARAM is for the filter's own code, and LAST, which is the last
 * of such, for that which is also measured.  A threshold of 0 turns its rule off. */
enum how { ABOVE, BELOW, PARAM, LAST };
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
	{ C4, "max_word_length", PARAM, 0, 1000, NULL },
	{ C4, "citations", PARAM, 0, 1, NULL },
	{ C4, "end_punctuation", PARAM, 0, 0, NULL },
	{ C4, "min_line_words", PARAM, 0, 3, NULL },
	{ C4, "lorem_ipsum", PARAM, 0, 1, NULL },
	{ C4, "javascript", PARAM, 0, 1, NULL },
	{ C4, "curly_bracket", PARAM, 0, 1, NULL },
	{ C4, "policy", PARAM, 0, 1, NULL },
	{ C4, "min_sentences", LAST, 0, 5, "c4.sentences" },
	{ FINEWEB, "min_lines", BELOW, SIG_LINES, 1, "fineweb.empty" },
	{ FINEWEB, "min_terminal_lines", BELOW, SIG_TERMINAL_LINES, .12, "fineweb.terminal_lines" },
	{ FINEWEB, "max_short_lines", ABOVE, SIG_SHORT_LINES, .67, "fineweb.short_lines" },
	{ FINEWEB, "max_dup_chars", ABOVE, SIG_DUP_CHARS, .01, "fineweb.dup_chars" },
	{ FINEWEB, "max_newlines", ABOVE, SIG_NEWLINES, .3, "fineweb.newlines" },
#define SHORT_LINE 37
	{ FINEWEB, "short_line", PARAM, 0, 30, NULL },
	/* the mixes of Dolma; they look for its values of the most frequent n-grams by other names than these are given, so without effect */
	{ DOLMA, "min_words", BELOW, SIG_D_WORDS, 50, "dolma.word_count" },
	{ DOLMA, "max_words", ABOVE, SIG_D_WORDS, 100000, "dolma.word_count" },
	{ DOLMA, "min_word_length", BELOW, SIG_D_WORD_LENGTH, 3, "dolma.word_length" },
	{ DOLMA, "max_word_length", ABOVE, SIG_D_WORD_LENGTH, 10, "dolma.word_length" },
	{ DOLMA, "max_symbols", ABOVE, SIG_D_SYMBOLS, .1, "dolma.symbols" },
	{ DOLMA, "min_alpha", BELOW, SIG_D_ALPHA, .8, "dolma.alpha" },
	{ DOLMA, "min_stop_words", BELOW, SIG_D_STOP_WORDS, 2, "dolma.stop_words" },
	{ DOLMA, "max_bullets", ABOVE, SIG_D_BULLETS, .9, "dolma.bullets" },
	{ DOLMA, "max_end_ellipses", ABOVE, SIG_D_END_ELLIPSES, .3, "dolma.end_ellipses" },
	{ DOLMA, "dup_lines", ABOVE, SIG_D_DUP_LINES, .30, "dolma.dup_lines" },
	{ DOLMA, "dup_line_chars", ABOVE, SIG_D_DUP_LINE_CHARS, .30, "dolma.dup_line_chars" },
	{ DOLMA, "top_2_gram", ABOVE, SIG_D_TOP_2, 0, "dolma.top_2_gram" },
	{ DOLMA, "top_3_gram", ABOVE, SIG_D_TOP_3, 0, "dolma.top_3_gram" },
	{ DOLMA, "top_4_gram", ABOVE, SIG_D_TOP_4, 0, "dolma.top_4_gram" },
	{ DOLMA, "dup_5_gram", ABOVE, SIG_D_DUP_5, .15, "dolma.dup_5_gram" },
	{ DOLMA, "dup_6_gram", ABOVE, SIG_D_DUP_6, .14, "dolma.dup_6_gram" },
	{ DOLMA, "dup_7_gram", ABOVE, SIG_D_DUP_7, .13, "dolma.dup_7_gram" },
	{ DOLMA, "dup_8_gram", ABOVE, SIG_D_DUP_8, .12, "dolma.dup_8_gram" },
	{ DOLMA, "dup_9_gram", ABOVE, SIG_D_DUP_9, .11, "dolma.dup_9_gram" },
	{ DOLMA, "dup_10_gram", ABOVE, SIG_D_DUP_10, .10, "dolma.dup_10_gram" },
	{ REFINEDWEB, "max_upper", PARAM, 0, .5, NULL },
	{ REFINEDWEB, "max_numeric", PARAM, 0, .999999, NULL },
	{ REFINEDWEB, "counters", PARAM, 0, 1, NULL },
	{ REFINEDWEB, "min_line_words", PARAM, 0, 2, NULL },
	{ REFINEDWEB, "snippet_words", PARAM, 0, 10, NULL },
	{ REFINEDWEB, "max_removed", LAST, 0, .05, "refinedweb.removed" },
	/* The Stack and StarCoder (Li et al. 2023, Lozhkov et al. 2024): lengths of lines, letters, marks of generators, encoded data */
	{ CODE, "max_line", ABOVE, SIG_LONGEST_LINE, 1000, "code.longest_line" },
	{ CODE, "mean_line", ABOVE, SIG_MEAN_LINE, 100, "code.mean_line" },
	{ CODE, "max_lines", ABOVE, SIG_ALL_LINES, 100000, "code.lines" },
	{ CODE, "min_alnum", BELOW, SIG_ALNUM, .25, "code.alnum" },
	{ CODE, "min_alpha", BELOW, SIG_LETTERS, .25, "code.letters" },
	{ CODE, "generated", ABOVE, SIG_GENERATED, .5, "code.generated" },
	{ CODE, "max_encoded_run", ABOVE, SIG_ENCODED_RUN, 1024, "code.encoded_run" },
	{ CODE, "max_encoded", ABOVE, SIG_ENCODED, .5, "code.encoded" },
};
enum { ROWS = sizeof rows / sizeof *rows };

struct rules {
	enum filter order[FILTERS];
	int         n, by_language;
	double      value[ROWS];
};

struct rules *
rules_new(const char *list, struct err *err)
{
	struct rules *r = xcalloc(1, sizeof *r);
	unsigned listed = 0;
	const char *name;
	size_t n;

	for (int i = 0; i < ROWS; i++)
		r->value[i] = rows[i].value;
	if (!list) {
		r->by_language = 1;
		for (r->n = 0; r->n < 3; r->n++)
			r->order[r->n] = (enum filter)r->n;
		return r;
	}
	while (list_next(&list, &name, &n)) {
		int f = ROW_OF(filters, name, n);

		if (f >= 0 && !(listed >> f & 1)) {
			listed |= 1u << f;
			r->order[r->n++] = (enum filter)f;
		} else if (n != 4 || memcmp(name, "none", 4)) {
			err_set(err, "'%.*s' is none of gopher-rep, gopher, c4, fineweb, dolma, refinedweb, code, none, or is there twice", (int)n, name);
			free(r);
			return NULL;
		}
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
		size_t n = strlen(filters[rows[i].filter].name);

		if (strncmp(assignment, filters[rows[i].filter].name, n) || assignment[n] != '.' ||
		    strlen(rows[i].name) != (size_t)(eq - assignment) - n - 1 || memcmp(assignment + n + 1, rows[i].name, strlen(rows[i].name)))
			continue;
		r->value[i] = strtod(eq + 1, &end);
		if (end == eq + 1 || *end || !(r->value[i] >= 0))
			return err_set(err, "'%s': a number from 0 is needed", assignment);
		return 0;
	}
	return err_set(err, "'%s': RULE.NAME=VALUE is needed, such as gopher.min_words=50", assignment);
}

static const char *
threshold_apply(const struct rules *r, enum filter f, struct signals *s)
{
	for (int i = 0; i < ROWS; i++) {
		double x;

		if (rows[i].filter != f || rows[i].how >= PARAM || !(r->value[i] > 0) ||
		    (rows[i].how == ABOVE && signals_bound(s, (enum signal)rows[i].what) <= r->value[i]))
			continue;
		x = signals_get(s, (enum signal)rows[i].what);
		if (rows[i].how == ABOVE ? x > r->value[i] : x < r->value[i])
			return rows[i].reason;
	}
	return NULL;
}

static const char *
edit(const struct rules *r, enum filter f, struct buf *text, double *measured)
{
	int first = 0;

	while (rows[first].filter != f)
		first++;
	return filters[f].edit(r->value + first, text, measured);
}

const char *
rules_apply(const struct rules *r, const char *lang, struct buf *text)
{
	struct signals s;
	const char *reason = NULL;
	double measured;
	int fresh = 0;

	for (int i = 0; i < r->n && !reason; i++) {
		if (r->by_language && r->order[i] != GOPHER_REP && (!lang || strcmp(lang, "en") != 0))
			continue;
		if (filters[r->order[i]].edit) {
			reason = edit(r, r->order[i], text, &measured);
			if (fresh)
				signals_free(&s);
			fresh = 0;
			continue;
		}
		if (!fresh) {
			signals_init(&s, buf_text(text), text->n);
			s.short_line = (size_t)r->value[SHORT_LINE];
			fresh = 1;
		}
		reason = threshold_apply(r, r->order[i], &s);
	}
	if (fresh)
		signals_free(&s);
	return reason;
}

int
rules_code(const struct rules *r)
{
	int is = 0;

	for (int i = 0; i < r->n; i++)
		is |= r->order[i] == CODE;
	return is;
}

/* Rows of equal filter and signal are one value, and stand side by side. */
static int
is_value(int i)
{
	return rows[i].how == LAST || (rows[i].how < PARAM && !(i && rows[i - 1].filter == rows[i].filter && rows[i - 1].what == rows[i].what));
}

const char *
rules_value_name(int nth)
{
	for (int i = 0; i < ROWS; i++)
		if (is_value(i) && !nth--)
			return rows[i].reason;
	return NULL;
}

void
rules_measure(const struct rules *r, const struct buf *text, double *value)
{
	struct buf now[FILTERS + 1] = { { 0 } };
	struct signals s[FILTERS + 1];
	double measured[FILTERS];
	int from[FILTERS] = { 0 }, n = 0, last, nth = 0;
	unsigned listed = 0;

	/* each filter sees what those before it in the list leave; those that are not in it see the text as it was */
	signals_init(&s[n++], buf_text(text), text->n);
	for (int i = 0; i < r->n + FILTERS; i++) {
		enum filter f = i < r->n ? r->order[i] : (enum filter)(i - r->n);

		if (i >= r->n && listed >> f & 1)
			continue;
		listed |= 1u << f;
		from[f] = last = i < r->n ? n - 1 : 0;
		if (!filters[f].edit)
			continue;
		buf_clear(&now[n]);
		buf_add(&now[n], s[last].text, s[last].n);
		if (!edit(r, f, &now[n], &measured[f]) && i < r->n) {
			signals_init(&s[n], now[n].p, now[n].n);
			n++;
		}
	}
	for (int i = 0; i < n; i++)
		s[i].short_line = (size_t)r->value[SHORT_LINE];
	for (int i = 0; i < ROWS; i++)
		if (is_value(i))
			value[nth++] = rows[i].how == LAST ? measured[rows[i].filter] : signals_get(&s[from[rows[i].filter]], (enum signal)rows[i].what);
	for (int i = 0; i <= FILTERS; i++) {
		if (i < n)
			signals_free(&s[i]);
		buf_free(&now[i]);
	}
}

int
rules_values(void)
{
	int n = 0;

	while (rules_value_name(n))
		n++;
	return n;
}

/* answer - answers taken out of responses, and how right they are */
/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "score/task/answer.h"
#include "base/utf8.h"
#include "text/uni.h"
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

struct answer_filter {
	pcre2_code       *re;           /* NULL: the whole */
	pcre2_match_data *match;
	int               last;
};

struct answer_filter *
answer_filter_new(const struct task_filter *t, struct err *e)
{
	struct answer_filter *f = xcalloc(1, sizeof *f);
	int code;
	size_t at;
	unsigned char why[120];

	f->last = t->last;
	if (!t->regex)
		return f;
	f->re = pcre2_compile((PCRE2_SPTR)t->regex, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code, &at, NULL);
	if (!f->re) {
		pcre2_get_error_message(code, why, sizeof why);
		err_set(e, "--filter=%s: at %zu: %s", t->regex, at, (char *)why);
		free(f);
		return NULL;
	}
	f->match = pcre2_match_data_create_from_pattern(f->re, NULL);
	return f;
}

void
answer_filter_free(struct answer_filter *f)
{
	if (!f)
		return;
	pcre2_match_data_free(f->match);
	pcre2_code_free(f->re);
	free(f);
}

/* The first group that took part, else all. */
static void
group(const size_t *at, int n, size_t *from, size_t *to)
{
	int g = n > 1 ? 1 : 0;

	while (g && g < n && at[2 * g] == PCRE2_UNSET)
		g++;
	if (g == n)
		g = 0;
	*from = at[2 * g];
	*to = at[2 * g + 1];
}

void
answer_take(const struct answer_filter *f, const char *s, size_t n, struct buf *out)
{
	size_t from = 0, to = 0, at = 0;
	int found = 0, groups;

	if (!f->re) {
		uni_strip(&s, &n);
		buf_add(out, s, n);
		return;
	}
	while (at <= n && (groups = pcre2_match(f->re, (PCRE2_SPTR)s, n, at, 0, f->match, NULL)) > 0) {
		const size_t *o = pcre2_get_ovector_pointer(f->match);
		group(o, groups, &from, &to);
		found = 1;
		at = o[1] > o[0] && o[1] > at ? o[1] : o[1] + 1;
		if (!f->last)
			break;
	}
	if (found)
		buf_add(out, s + from, to - from);
	else
		buf_str(out, "[invalid]");
}

/* lm-eval's for GSM8K: what is before the last "#### " goes, commas, $, one full stop at the end; letters small. */
static void
bare_number(const char *s, size_t n, struct buf *out)
{
	for (size_t i = 5; i <= n; i++)
		if (!memcmp(s + i - 5, "#### ", 5)) {
			s += i;
			n -= i;
			i = 4;
		}
	for (size_t i = 0; i < n; i++)
		if (s[i] != ',' && s[i] != '$' && !(s[i] == '.' && i + 1 == n))
			buf_char(out, s[i] >= 'A' && s[i] <= 'Z' ? s[i] + 32 : s[i]);
}

int
answer_exact(const char *a, const char *b, int number)
{
	size_t n = strlen(a), m = strlen(b);
	struct buf x = { 0 }, y = { 0 };
	int same;

	uni_strip(&a, &n);
	uni_strip(&b, &m);
	if (!number)
		return n == m && !memcmp(a, b, n);
	bare_number(a, n, &x);
	bare_number(b, m, &y);
	same = x.n == y.n && (!x.n || !memcmp(x.p, y.p, x.n));
	buf_free(&x);
	buf_free(&y);
	return same;
}

/* The words that count, each with a zero behind it; returns how many. */
static size_t
words(const char *s, struct buf *out)
{
	size_t n = strlen(s), len, start = 0, count = 0;
	char c[4];

	buf_str(out, "");
	for (size_t i = 0; i <= n; i += len) {
		uint32_t u = i < n ? uni_decode(s + i, n - i, &len) : ' ';
		const char *w;
		if (i == n)
			len = 1;
		if (!uni_space(u)) {
			if (u >= 128 || uni_alpha(u) || uni_digit(u))
				buf_add(out, c, utf8_put(c, uni_lower(u)));
			continue;
		}
		buf_char(out, 0);
		w = out->p + start;
		if (!*w || !strcmp(w, "a") || !strcmp(w, "an") || !strcmp(w, "the"))
			out->n = start;
		else
			count++;
		start = out->n;
	}
	return count;
}

double
answer_f1(const char *answer, const char *right)
{
	struct buf a = { 0 }, b = { 0 };
	size_t n = words(answer, &a), m = words(right, &b), same = 0;

	for (const char *w = a.p; w < a.p + a.n; w += strlen(w) + 1)
		for (char *x = b.p; x < b.p + b.n; x += strlen(x) + 1)
			if (!strcmp(w, x) && *x != 1) {
				*x = 1;         /* each counts once: no word holds this byte */
				same++;
				break;
			}
	buf_free(&a);
	buf_free(&b);
	if (!n || !m)
		return n == m;
	return 2 * (double)same / (double)(n + m);
}

double
answer_pass(long long n, long long c, long long k)
{
	double none = 1;

	if (n - c < k)
		return 1;
	for (long long i = n - c + 1; i <= n; i++)
		none *= 1 - (double)k / (double)i;
	return 1 - none;
}

/* match - names that a Perl-compatible pattern finds: weights to freeze, modules to adapt */
/* SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "model/match.h"
#include "base/mem.h"
#include <pcre2.h>
#include <stdlib.h>

struct match {
	pcre2_code       *re;
	pcre2_match_data *found;
};

struct match *
match_new(const char *pattern, struct err *e)
{
	struct match *m;
	int code;
	PCRE2_SIZE at;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF, &code, &at, NULL);

	if (!re) {
		PCRE2_UCHAR why[128];
		pcre2_get_error_message(code, why, sizeof why);
		err_set(e, "%s: %s (byte %zu)", pattern, (const char *)why, (size_t)at);
		return NULL;
	}
	m = xmalloc(sizeof *m);
	m->re = re;
	m->found = pcre2_match_data_create_from_pattern(re, NULL);
	return m;
}

int
match_in(const struct match *m, const char *text)
{
	return pcre2_match(m->re, (PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, 0, m->found, NULL) >= 0;
}

void
match_free(struct match *m)
{
	if (!m)
		return;
	pcre2_match_data_free(m->found);
	pcre2_code_free(m->re);
	free(m);
}

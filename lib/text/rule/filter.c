/* filter - what a user leaves out: hosts, addresses, texts by pattern */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#define PCRE2_CODE_UNIT_WIDTH 8
#include "text/rule/filter.h"
#include "base/file.h"
#include "base/mem.h"
#include "text/same/seen.h"
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct patterns {
	pcre2_code **v;
	size_t       n, cap;
};

struct filter {
	struct seen     sites;          /* hosts, and hosts with the beginning of a path */
	struct patterns urls, drop, keep;
};

struct filter *
filter_new(void)
{
	return xcalloc(1, sizeof(struct filter));
}

static int
add_pattern(struct patterns *p, const char *s, size_t n, uint32_t flags, struct err *err)
{
	PCRE2_SIZE at;
	PCRE2_UCHAR why[200];
	int code;
	pcre2_code *re = pcre2_compile((PCRE2_SPTR)s, n, flags, &code, &at, NULL);

	if (!re) {
		pcre2_get_error_message(code, why, sizeof why);
		return err_set(err, "%.*s: %s, at %zu", (int)n, s, (char *)why, (size_t)at);
	}
	pcre2_jit_compile(re, PCRE2_JIT_COMPLETE);      /* without it, it is only slower */
	VEC_PUSH(p->v, p->n, p->cap, re);
	return 0;
}

/* A match that is given up, for its effort or for bytes that are no UTF-8, is none. */
static int
matches(const struct patterns *p, const char *s, size_t n)
{
	pcre2_match_data *md = p->n ? pcre2_match_data_create(1, NULL) : NULL;
	int hit = 0;

	for (size_t i = 0; i < p->n && !hit; i++)
		hit = pcre2_match(p->v[i], (PCRE2_SPTR)s, n, 0, 0, md, NULL) >= 0;
	pcre2_match_data_free(md);
	return hit;
}

/* host/path of an address: without scheme, user, "www.", port, query and fragment; the host in lower case; appended. */
static void
site_of(const char *s, size_t n, struct buf *out)
{
	const char *end = s + n, *p = memmem(s, n, "://", 3), *slash, *at;
	size_t host = out->n;

	p = p ? p + 3 : s;
	for (slash = p; slash < end && !strchr("/?#", *slash); slash++)
		;
	if ((at = memchr(p, '@', (size_t)(slash - p))))
		p = at + 1;
	if (slash - p > 4 && strncasecmp(p, "www.", 4) == 0)
		p += 4;
	for (; p < slash && *p != ':'; p++)
		buf_char(out, *p >= 'A' && *p <= 'Z' ? *p | 32 : *p);
	while (out->n > host && out->p[out->n - 1] == '.')
		out->n--;
	for (p = slash; p < end && *p != '?' && *p != '#'; p++)
		buf_char(out, *p);
	while (out->n > host && out->p[out->n - 1] == '/')
		out->n--;
}

int
filter_block(struct filter *f, const char *path, struct err *err)
{
	struct file_map m;
	struct buf site = { 0 };
	int rc = 0;

	if (file_map(&m, path, err))
		return -1;
	for (size_t i = 0, n, line = 1; i < m.n && rc == 0; i += n + 1, line++) {
		const char *s = (const char *)m.p + i, *nl = memchr(s, '\n', m.n - i);
		size_t len = n = nl ? (size_t)(nl - s) : m.n - i;

		while (len && strchr(" \t\r", s[len - 1]))
			len--;
		if (len == 0 || *s == '#')
			continue;
		if (len > 2 && *s == '/' && s[len - 1] == '/') {
			if ((rc = add_pattern(&f->urls, s + 1, len - 2, PCRE2_CASELESS | PCRE2_NEVER_UTF, err)))
				err_in(err, path);
			continue;
		}
		buf_clear(&site);
		site_of(s, len, &site);
		if (site.n)
			seen_put(&f->sites, hash128(site.p, site.n));
	}
	buf_free(&site);
	file_unmap(&m);
	return rc;
}

int
filter_pattern(struct filter *f, const char *pcre, int keep, struct err *err)
{
	return add_pattern(keep ? &f->keep : &f->drop, pcre, strlen(pcre), PCRE2_UTF | PCRE2_UCP, err);
}

/* Each ending of the host that begins after a dot, alone and with each beginning of the path that ends before a slash. */
static int
site_listed(const struct filter *f, const char *s, size_t n)
{
	const char *slash = memchr(s, '/', n);
	size_t host = slash ? (size_t)(slash - s) : n;

	for (size_t i = 0; i < host; i++) {
		if (i && s[i - 1] != '.')
			continue;
		for (size_t k = host; k <= n; k++)
			if ((k == n || s[k] == '/') && seen_has(&f->sites, hash128(s + i, k - i)))
				return 1;
	}
	return 0;
}

int
filter_blocks(const struct filter *f, const char *url, size_t n)
{
	struct buf site = { 0 };
	int hit = 0;

	if (f->sites.n && n) {
		site_of(url, n, &site);
		hit = site_listed(f, buf_text(&site), site.n);
	}
	buf_free(&site);
	return hit || matches(&f->urls, url, n);
}

const char *
filter_text(const struct filter *f, const char *text, size_t n)
{
	if (matches(&f->drop, text, n))
		return "drop";
	return f->keep.n && !matches(&f->keep, text, n) ? "keep" : NULL;
}

void
filter_free(struct filter *f)
{
	struct patterns *all[] = { &f->urls, &f->drop, &f->keep };

	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; i < all[k]->n; i++)
			pcre2_code_free(all[k]->v[i]);
		free(all[k]->v);
	}
	seen_free(&f->sites);
	free(f);
}

/* key - keys and tokens of known forms */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/redact/find.h"
#include <string.h>

static size_t
run_of(const char *s, size_t n, const char *also)
{
	size_t i = 0;

	while (i < n && i < 2048 && (find_alnum(s[i]) || (s[i] && strchr(also, s[i]))))
		i++;
	return i;
}

/* Three parts in base64url, the first two JSON objects: eyJ is {" encoded. */
static size_t
web_token(const char *s, size_t n)
{
	size_t a = run_of(s, n, "-_"), b, c;

	if (a < 10 || a + 4 > n || memcmp(s + a, ".eyJ", 4) != 0)
		return 0;
	b = a + 1 + run_of(s + a + 1, n - a - 1, "-_");
	if (b >= n || s[b] != '.')
		return 0;
	c = run_of(s + b + 1, n - b - 1, "-_");
	return c < 10 ? 0 : b + 1 + c;
}

static size_t
private_key(const char *s, size_t n)
{
	static const char end[] = "PRIVATE KEY-----";
	const char *p = memmem(s, n < 60 ? n : 60, end, sizeof end - 1), *q;

	if (!p)
		return 0;
	p += sizeof end - 1;
	q = memmem(p, n - (size_t)(p - s), end, sizeof end - 1);
	return (size_t)((q ? q + sizeof end - 1 : s + n) - s);
}

static size_t
key_at(const char *s, size_t n)
{
	static const struct { const char *prefix, *also; size_t min, max; } forms[] = {
		{ "AKIA", "", 20, 20 }, { "ASIA", "", 20, 20 }, { "ghp_", "_", 40, 255 }, { "gho_", "_", 40, 255 }, { "ghu_", "_", 40, 255 },
		{ "ghs_", "_", 40, 255 }, { "ghr_", "_", 40, 255 }, { "github_pat_", "_", 33, 255 }, { "glpat-", "-_", 26, 64 },
		{ "xoxb-", "-", 20, 255 }, { "xoxp-", "-", 20, 255 }, { "xoxa-", "-", 20, 255 }, { "AIza", "-_", 39, 39 },
		{ "sk_live_", "_", 24, 255 }, { "rk_live_", "_", 24, 255 }, { "sk-proj-", "-_", 40, 255 }, { "sk-ant-", "-_", 40, 255 },
		{ "hf_", "", 37, 37 }, { "npm_", "", 40, 40 }, { "sk-", "", 51, 51 }, { "SG.", "._-", 69, 69 }, { "pypi-", "-_", 90, 255 }
	};

	if (n > 3 && !memcmp(s, "eyJ", 3))
		return web_token(s, n);
	if (n > 11 && !memcmp(s, "-----BEGIN ", 11))
		return private_key(s, n);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t len = strlen(forms[i].prefix);

		if (n >= forms[i].min && !memcmp(s, forms[i].prefix, len)) {
			len += run_of(s + len, n - len, forms[i].also);
			if (len >= forms[i].min && len <= forms[i].max)
				return len;
		}
	}
	return 0;
}

int
find_key(const char *s, size_t n, size_t from, struct match *m)
{
	for (size_t i = from; i < n; i++) {
		if ((i && (find_alnum(s[i - 1]) || s[i - 1] == '_')) || !s[i] || !strchr("AghxsrenpS-", s[i]))
			continue;
		if ((m->len = key_at(s + i, n - i))) {
			m->at = i;
			return 1;
		}
	}
	return 0;
}

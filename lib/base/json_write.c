/* json_write - JSON written, piece by piece */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "base/utf8.h"
#include <math.h>
#include <string.h>

void
json_quote(struct buf *b, const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n, *q;

	buf_char(b, '"');
	while (p < end) {
		uint32_t k;
		for (q = p; q < end && *q >= 0x20 && *q < 0x80 && *q != '"' && *q != '\\'; q++)
			;
		buf_add(b, p, (size_t)(q - p));
		if ((p = q) == end)
			break;
		if (*p == '"' || *p == '\\')
			buf_printf(b, "\\%c", *p++);
		else if (*p == '\n')
			buf_str(b, "\\n"), p++;
		else if (*p == '\t')
			buf_str(b, "\\t"), p++;
		else if (*p < 0x20)
			buf_printf(b, "\\u%04x", *p++);
		else if (utf8_next(p, end, &k) != UTF8_BAD)
			buf_add(b, p, k), p += k;
		else
			buf_str(b, "\xef\xbf\xbd"), p++;
	}
	buf_char(b, '"');
}

void
json_raw(struct buf *b, struct json v)
{
	buf_add(b, v.p, (size_t)(v.end - v.p));
}

void
json_key(struct buf *b, const char *key)
{
	if (b->n && !strchr("{[", b->p[b->n - 1]))
		buf_char(b, ',');
	json_quote(b, key, strlen(key));
	buf_char(b, ':');
}

void
json_add_rest(struct buf *b, struct json object, const char *const *except)
{
	struct json_iter it = json_walk(object);

	while (it.object && json_next(&it)) {
		const char *const *x = except;

		while (*x && !json_is(it.key, *x))
			x++;
		if (*x)
			continue;
		if (b->n && !strchr("{[", b->p[b->n - 1]))
			buf_char(b, ',');
		json_raw(b, it.key);
		buf_char(b, ':');
		json_raw(b, it.value);
	}
}

void
json_add_str(struct buf *b, const char *key, const char *s)
{
	json_key(b, key);
	json_quote(b, s, strlen(s));
}

void
json_add_num(struct buf *b, const char *key, double x)
{
	json_key(b, key);
	if (isfinite(x))
		buf_num(b, x, fabs(x) < 1e15 && x == floor(x) ? 17 : 6);        /* counts as counts, not 3.7e+08 */
	else
		buf_str(b, "null");
}

void
json_add_bool(struct buf *b, const char *key, int v)
{
	json_key(b, key);
	buf_str(b, v ? "true" : "false");
}

void
json_add_int(struct buf *b, const char *key, long long v)
{
	json_key(b, key);
	buf_printf(b, "%lld", v);
}

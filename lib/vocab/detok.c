/* detok - ids to text */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "stream/input.h"
#include "stream/toks.h"
#include "vocab/detok.h"
#include "vocab/idtext.h"
#include "vocab/table.h"
#include <stdlib.h>
#include <string.h>

#define SOME  4096              /* ids at a time */
#define CHUNK 65536             /* bytes */

void
decode_part(const struct vocab *v, const uint32_t *ids, size_t n, int skip_special, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (ids[i] >= v->n || (v->flags[ids[i]] & TOKEN_HOLE) || (skip_special && (v->flags[ids[i]] & TOKEN_SPECIAL)))
			continue;
		buf_add(out, v->pool.p + v->tok[ids[i]].at, v->tok[ids[i]].len);
	}
}

/* Ids of a text that goes on.  *begun: 0 where it begins; a byte of it that is no special's has come. */
static void
decode_more(const struct vocab *v, const uint32_t *ids, size_t n, int skip_special, int *begun, struct buf *out)
{
	size_t i = 0, at;

	while (i < n && !*begun && v->spm && v->prefix) {
		at = out->n;
		decode_part(v, ids + i, 1, skip_special, out);
		if (!vocab_special(v, ids[i++]) && out->n > at) {
			*begun = 1;
			if (out->p[at] == ' ')
				memmove(out->p + at, out->p + at + 1, out->n-- - at);
		}
	}
	decode_part(v, ids + i, n - i, skip_special, out);
}

void
decode_ids(const struct vocab *v, const uint32_t *ids, size_t n, int skip_special, struct buf *out)
{
	int begun = 0;

	decode_more(v, ids, n, skip_special, &begun, out);
}

/* Ids of a document, the last unless there are more. */
struct detok {
	const struct vocab *v;
	FILE *out;
	int   begun;
	struct buf text;
};

static void
put(struct detok *d, size_t n)
{
	if (n)
		fwrite(d->text.p, 1, n, d->out);
	memmove(d->text.p, d->text.p + n, d->text.n - n);
	d->text.n -= n;
}

static void
put_ids(struct detok *d, const uint32_t *ids, size_t n, int more)
{
	for (size_t k; n; ids += k, n -= k) {
		k = n < SOME ? n : SOME;
		decode_more(d->v, ids, k, 0, &d->begun, &d->text);
		if (d->text.n >= CHUNK)
			put(d, utf8_whole(d->text.p, d->text.n));
	}
	d->begun &= more;
}

static void
finish(struct detok *d)
{
	put(d, d->text.n);
	buf_free(&d->text);
}

void
detok_stream(const struct vocab *v, struct toks_in *in, FILE *out)
{
	struct detok d = { v, out, 0, {0} };
	const uint32_t *ids;
	size_t n;
	int more;

	buf_need(&d.text, CHUNK);
	setvbuf(out, NULL, _IONBF, 0);  /* what is written goes out as it is */
	while (!ferror(out) && toks_next_part(in, &ids, &n, &more))
		put_ids(&d, ids, n, more);
	finish(&d);
}

/* Bytes of n that do not end within a number. */
static size_t
whole_numbers(const char *p, size_t n, int last)
{
	while (!last && n && p[n - 1] >= '0' && p[n - 1] <= '9')
		n--;
	return n;
}

int
detok_lines(const struct vocab *v, struct input *in, FILE *out, struct err *err)
{
	struct detok d = { v, out, 0, {0} };
	struct ids ids = {0};
	const char *p = "", *nl;
	char where[256];
	uint64_t line = 1;
	size_t n;
	int rc = 0;

	buf_need(&d.text, CHUNK);
	setvbuf(out, NULL, _IONBF, 0);
	while (!rc && !ferror(out) && (p = (const char *)input_peek(in, CHUNK, &n, err)) && n) {
		n = whole_numbers(p, n, n < CHUNK);
		nl = memchr(p, '\n', n);
		rc = n ? idtext_parse_ids(p, nl ? (size_t)(nl - p) : n, vocab_size(v), &ids, err) :
		     err_set(err, "a number of more than %d digits", CHUNK);
		if (rc) {
			snprintf(where, sizeof where, "%s: line %llu", input_name(in), (unsigned long long)line);
			err_in(err, where);
		}
		put_ids(&d, ids.v, rc ? 0 : ids.n, !nl);
		line += nl != NULL;
		input_skip(in, nl ? (size_t)(nl + 1 - p) : n);
	}
	finish(&d);
	free(ids.v);
	return rc || !p ? -1 : 0;
}

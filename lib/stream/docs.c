/* docs - documents in a stream; a record is two lengths, the metadata, the text, zeros up to 8 */
/* SPDX-License-Identifier: MIT */
#include "stream/docs.h"
#include "base/cli.h"
#include "base/size.h"
#include "stream/input.h"
#include <stdlib.h>
#include <string.h>

#define LINE_MAX  ((size_t)1 << 30)
#define TEXT_PART ((size_t)1 << 18)

enum face { FRAMES, JSONL, TEXT };

struct docs_in {
	int            nfiles;
	enum docs_text plain;
	int            more;
	char         **files;
	enum face      face;
	struct input  *in;              /* JSONL and TEXT */
	struct stream *s;               /* FRAMES */
	struct frame   f;
	size_t         pos;
	char          *head;
	struct buf     line, text, meta;
	uint64_t       count, record;   /* of all, and within the file */
};

/* ---- JSONL */

int
doc_from_jsonl(const char *line, size_t n, struct buf *text, struct buf *meta, struct err *e)
{
	struct json j;
	struct json_iter it;
	int found = 0;

	buf_clear(text), buf_clear(meta);
	if (json_parse(&j, line, n, e) < 0)
		return -1;
	if (json_kind(j) != '{')
		return err_set(e, "a line that is no JSON object");
	buf_char(meta, '{');
	it = json_walk(j);
	while (json_next(&it)) {
		if (!found && json_is(it.key, "text")) {
			if (json_str(it.value, text) < 0)
				return err_set(e, "\"text\" is not a string");
			found = 1;
			continue;
		}
		if (meta->n > 1)
			buf_char(meta, ',');
		json_raw(meta, it.key);
		buf_char(meta, ':');
		json_raw(meta, it.value);
	}
	buf_char(meta, '}');
	return !found;
}

void
doc_to_jsonl(struct buf *b, const struct doc *d)
{
	struct json m;

	buf_str(b, "{\"text\":");
	json_quote(b, d->text, d->text_len);
	if (json_parse(&m, d->meta, d->meta_len, NULL) == 0 && json_kind(m) == '{' && json_count(m)) {
		buf_char(b, ',');
		buf_add(b, m.p + 1, (size_t)(m.end - m.p) - 1);
	} else
		buf_char(b, '}');
	buf_char(b, '\n');
}

/* ---- reading */

/* An array of objects begins so, blanks aside. */
static int
looks_like_array(const unsigned char *p, size_t n)
{
	size_t seen = 0;

	for (size_t i = 0; i < n; i++)
		if (!strchr(" \t\r\n", p[i]) && (p[i] != "[{"[seen] || ++seen == 2))
			break;
	return seen == 2;
}

/* JSONL begins with '{' and a whole first object, as far as can be seen. */
static int
looks_like_jsonl(struct input *in)
{
	size_t n = 4096, got;
	const unsigned char *p, *nl;
	struct json j;
	struct err e;
	int last;

	for (;; n *= 4) {
		if (!(p = input_peek(in, n, &got, &e)))
			die_err(&e);
		last = got < n;
		if (got >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
			p += 3, got -= 3;
		if (!got || p[0] != '{')
			return looks_like_array(p, got);
		if ((nl = memchr(p, '\n', got)) || last)
			return json_parse(&j, (const char *)p, nl ? (size_t)(nl - p) : got, &e) == 0;
		if (n > LINE_MAX / 4)
			return 0;
	}
}

/* What the file at d->in is. */
static void
tell_face(struct docs_in *d)
{
	const unsigned char *p;
	size_t got;
	struct err e;

	if (!(p = input_peek(d->in, 8, &got, &e)))
		die_err(&e);
	if (got == 0)
		die("%s: empty (did the command before it fail?)", input_name(d->in));
	if (stream_is(p, got)) {
		d->face = FRAMES;
		d->s = stream_from(d->in, "docs");
		d->in = NULL;
		d->pos = 0;
		stream_next(d->s, &d->f);       /* HEAD */
	} else if (looks_like_jsonl(d->in))
		d->face = JSONL;
	else if (d->plain)
		d->face = TEXT;
	else
		die("%s: neither a stream of docs nor JSONL", input_name(d->in));
	if (!d->head)
		d->head = xstrdup(d->s ? stream_head(d->s) : "{\"type\":\"docs\"}");
}

static int
next_file(struct docs_in *d)
{
	struct err e;

	if (!d->nfiles)
		return 0;
	if (d->in)
		input_close(d->in), d->in = NULL;
	if (d->s)
		stream_close(d->s), d->s = NULL;
	d->record = 0;
	d->in = input_open(d->files ? *d->files++ : NULL, 1, &e);
	d->nfiles--;
	if (!d->in)
		die_err(&e);
	tell_face(d);
	return 1;
}

struct docs_in *
docs_from(struct input *in)
{
	struct docs_in *d = xcalloc(1, sizeof *d);

	d->in = in;
	tell_face(d);
	return d;
}

struct docs_in *
docs_open(int nfiles, char **files, enum docs_text plain)
{
	struct docs_in *d = xcalloc(1, sizeof *d);

	d->nfiles = nfiles ? nfiles : 1, d->files = nfiles ? files : NULL, d->plain = plain;
	next_file(d);
	return d;
}

const char *docs_head(struct docs_in *d) { return d->head; }
uint64_t docs_count(struct docs_in *d) { return d->count; }
int docs_more(const struct docs_in *d) { return d->more; }

const char *
docs_at(struct docs_in *d, uint64_t *record)
{
	*record = d->record;
	if (d->files && strcmp(d->files[-1], "-") != 0)
		return d->files[-1];
	return d->files ? "standard input" : d->s ? stream_name(d->s) : input_name(d->in);
}

static int
next_record(struct docs_in *d, struct doc *doc)
{
	uint32_t len[2];
	const char *p;
	size_t left;

	while (d->f.kind != 'D' || d->pos == d->f.data_len) {
		if (d->f.kind == 'D' && d->f.nrec)
			stream_damaged(d->s, "a frame of fewer documents than it says");
		if (!stream_data(d->s, &d->f))
			return 0;
		d->pos = 0;
	}
	left = d->f.data_len - d->pos;
	p = (const char *)d->f.data + d->pos;
	if (left >= 8)
		memcpy(len, p, 8);
	if (left < 8 || (uint64_t)len[0] + len[1] > left - 8)
		stream_damaged(d->s, "a document longer than its frame (byte %zu of the frame's data)", d->pos);
	if (!d->f.nrec--)
		stream_damaged(d->s, "a frame of more documents than it says");
	*doc = (struct doc){ .meta = p + 8, .meta_len = len[0], .text = p + 8 + len[0], .text_len = len[1] };
	d->pos += round_up(8 + (size_t)len[0] + len[1], 8);
	if (d->pos > d->f.data_len)
		stream_damaged(d->s, "a document longer than its frame (byte %zu of the frame's data)", d->pos);
	return 1;
}

static int
next_line(struct docs_in *d, struct doc *doc)
{
	struct err e;
	int r = input_object(d->in, &d->line, LINE_MAX, &e);

	if (r < 0)
		die_err(&e);
	if (r == 0)
		return 0;
	if (doc_from_jsonl(d->line.p, d->line.n, &d->text, &d->meta, &e) < 0)
		die("%s: record %llu, byte %llu: %s", input_name(d->in), (unsigned long long)input_record(d->in),
		    (unsigned long long)(input_offset(d->in) - d->line.n - 1), e.text);
	*doc = (struct doc){ .text = buf_text(&d->text), .text_len = d->text.n, .meta = d->meta.p, .meta_len = d->meta.n };
	return 1;
}

void
docs_grow(struct docs_in *d, struct doc *doc, size_t used, size_t more)
{
	struct buf *b = &d->text;
	size_t want, got = 0;
	ssize_t n = 1;
	struct err e;

	b->n -= used;
	memmove(b->p, b->p + used, b->n);
	want = b->n + (b->n > more ? b->n : more);
	while (b->n < want && n > 0) {
		buf_need(b, TEXT_PART);
		n = input_read(d->in, b->p + b->n, TEXT_PART, &e);
		b->n += n > 0 ? (size_t)n : 0;
	}
	if (n < 0 || !input_peek(d->in, 1, &got, &e))
		die_err(&e);
	if (got && b->n >= 2 * LINE_MAX)
		die("%s: a text of more than 2 GB that cannot be cut", input_name(d->in));
	doc->text = b->p;
	doc->text_len = b->n;
	d->more = got > 0;
}

static int
plain_text(struct docs_in *d, struct doc *doc)
{
	if (d->record)
		return 0;
	buf_clear(&d->text), buf_clear(&d->meta);
	buf_need(&d->text, TEXT_PART);
	buf_char(&d->meta, '{');
	json_add_str(&d->meta, "id", input_name(d->in));
	buf_char(&d->meta, '}');
	*doc = (struct doc){ .meta = d->meta.p, .meta_len = d->meta.n };
	docs_grow(d, doc, 0, d->plain == TEXT_PARTS ? TEXT_PART : 2 * LINE_MAX);
	return 1;
}

int
docs_next(struct docs_in *d, struct doc *doc)
{
	do
		if (d->face == FRAMES ? next_record(d, doc) : d->face == JSONL ? next_line(d, doc) : plain_text(d, doc)) {
			d->count++, d->record++;
			return 1;
		}
	while (next_file(d));
	return 0;
}

void
docs_close(struct docs_in *d)
{
	if (d->in)
		input_close(d->in);
	if (d->s)
		stream_close(d->s);
	buf_free(&d->line), buf_free(&d->text), buf_free(&d->meta);
	free(d->head), free(d);
}

/* ---- writing */

void
docs_put(struct stream_out *s, const struct doc *doc)
{
	uint32_t len[2] = { (uint32_t)doc->meta_len, (uint32_t)doc->text_len };
	struct buf *b = stream_record(s, sizeof len + doc->meta_len + doc->text_len);

	if (doc->meta_len > UINT32_MAX || doc->text_len > UINT32_MAX)
		die("a document of more than 4 GiB");
	buf_add(b, len, sizeof len);
	buf_add(b, doc->meta, doc->meta_len);
	buf_add(b, doc->text, doc->text_len);
	buf_zeros(b, 8);
}

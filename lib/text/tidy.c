/* tidy - text made regular: one encoding, one line end, no invisible characters, no ragged blanks */
/* SPDX-License-Identifier: MIT */
#include "base/nfc.h"
#include "base/utf8.h"
#include "text/tidy.h"
#include "text/uni.h"

/* Where the text that was put out stands. */
struct tidy {
	struct buf *out;
	size_t      start;              /* of our text in out */
	int         newlines;           /* put off until a character follows */
	struct buf  indent;             /* the blanks that begin the line, likewise; all that are kept */
	int         keep;               /* runs of blanks within a line too */
	int         blank, in_line;     /* a space is put off; whether the line has a character yet */
	uint32_t    last;               /* the last character, for an accent that follows */
	size_t      last_at;
};

static void
put(struct tidy *t, uint32_t c)
{
	char b[4];

	if (t->out->n > t->start)
		for (int i = 0; i < t->newlines && i < 2; i++)
			buf_char(t->out, '\n');
	t->newlines = 0;
	if (!t->in_line || t->keep) {
		buf_add(t->out, t->indent.p, t->indent.n);
		buf_clear(&t->indent);
	} else if (t->blank) {
		buf_char(t->out, ' ');
	}
	t->blank = 0;
	t->in_line = 1;
	t->last = c;
	t->last_at = t->out->n;
	buf_add(t->out, b, utf8_put(b, c));
}

static void
newline(struct tidy *t, int n)
{
	t->newlines = t->newlines + n > 2 ? 2 : t->newlines + n;
	t->blank = t->in_line = 0;
	t->last = 0;
	buf_clear(&t->indent);
}

/* A letter and its accent in one character, if that is a Latin one; else 0. */
static uint32_t
compose(uint32_t letter, uint32_t accent)
{
	uint32_t both = accent >= 0x300 && accent < 0x370 ? nfc_compose(letter, accent) : 0;

	return both < 0x250 || (both >= 0x1e00 && both < 0x1f00) ? both : 0;
}

/* Shows nothing and joins nothing: soft hyphen, zero-width space, marks of direction, byte order ... */
static int
invisible(uint32_t c)
{
	return (c < 32 && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x200b || c == 0x200e || c == 0x200f ||
	       (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0x180e || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
	       (c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe || (c >= 0xe0000 && c < 0xe0080);
}

static void
character(struct tidy *t, uint32_t c)
{
	uint32_t both;

	if (c == '\n' || c == 0x85 || c == 0x2028 || c == '\f' || c == '\v') {
		newline(t, 1);
	} else if (c == 0x2029) {
		newline(t, 2);
	} else if (c == '\t' || uni_space(c)) {
		if (c >= 0x1c && c <= 0x1f)
			return;
		t->blank = 1;
		t->last = 0;
		if (!t->in_line || t->keep)
			buf_char(&t->indent, c == '\t' ? '\t' : ' ');
	} else if (invisible(c)) {
		return;
	} else if (t->last && (both = compose(t->last, c))) {
		t->out->n = t->last_at;
		t->last = both;
		buf_need(t->out, 4);
		t->out->n += utf8_put(t->out->p + t->out->n, both);
	} else {
		put(t, c);
	}
}

/* Letters of scripts that join need U+200C and U+200D; anywhere else they are noise. */
static int
joiner_stays(uint32_t before, const char *next, size_t n)
{
	size_t len;
	uint32_t after = n ? uni_decode(next, n, &len) : 0;

	return before >= 0x600 && after >= 0x600 && !uni_space(before) && !uni_space(after) && after != 0x200c && after != 0x200d &&
	       !invisible(after);
}

static void
tidy_all(const char *s, size_t n, int keep, struct buf *out)
{
	struct tidy t = { .out = out, .start = out->n, .keep = keep };
	size_t len;

	buf_need(out, n + 1);
	for (size_t i = 0; i < n; i += len) {
		uint32_t c;

		if (t.in_line && !t.blank && (len = uni_plain(s + i, n - i))) {
			buf_add(out, s + i, len);
			t.last = (unsigned char)s[i + len - 1];
			t.last_at = out->n - 1;
			continue;
		}
		c = uni_decode(s + i, n - i, &len);
		if (c == '\r')
			c = i + 1 < n && s[i + 1] == '\n' ? 0 : '\n';
		if (c > ' ' && c < 127 && t.in_line && !t.blank) {
			t.last = c;             /* by far the most: a character within a word */
			t.last_at = out->n;
			buf_need(out, 1);
			out->p[out->n++] = (char)c;
			continue;
		}
		if (c == 0x200c || c == 0x200d) {
			if (joiner_stays(t.last, s + i + len, n - i - len))
				put(&t, c);
			continue;
		}
		character(&t, c);
	}
	if (out->p)
		out->p[out->n] = 0;
	buf_free(&t.indent);
}

void
tidy_text(const char *s, size_t n, struct buf *out)
{
	tidy_all(s, n, 0, out);
}

void
tidy_laid_out(const char *s, size_t n, struct buf *out)
{
	tidy_all(s, n, 1, out);
}

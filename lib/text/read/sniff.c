/* sniff - what a file is, by its first bytes */
/* SPDX-License-Identifier: MIT */
#include "text/read/sniff.h"
#include "base/json.h"
#include "text/markup/latex.h"
#include "text/read/arc.h"
#include <string.h>
#include <strings.h>
#include <zlib.h>

/* Whether markup begins here: "<!doctype", "<html" and what else pages begin with. */
static int
begins_page(const char *s, size_t n)
{
	static const char *const starts[] = { "<!doctype html", "<html", "<head", "<body", "<title", "<meta", "<script", "<link",
		"<table", "<div", "<p>", "<h1", "<center", "<style", "<!doctype" };

	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
		if (n >= strlen(starts[i]) && strncasecmp(s, starts[i], strlen(starts[i])) == 0)
			return 1;
	return 0;
}

enum source_format
sniff_text(const char *s, size_t n, int at_end)
{
	char plain[512];
	const char *nl, *end;
	struct json j;

	if (n >= 2 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0)) {       /* UTF-16: every other byte */
		size_t k = 0;

		for (size_t i = 2 + (s[0] == '\xfe'); i < n && k < sizeof plain; i += 2)
			plain[k++] = s[i];
		s = plain;
		n = k;
		at_end = 1;
	}
	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		s += 3, n -= 3;
	end = s + n;
	if (n && *s == '{') {
		nl = memchr(s, '\n', n);
		if ((nl || at_end) && json_parse(&j, s, (size_t)((nl ? nl : end) - s), NULL) == 0)
			return FORMAT_JSONL;
		if (!nl && !at_end && n > 2 && (s[1] == '"' || s[1] == ' '))
			return FORMAT_JSONL;
	}
	for (int i = 0; i < 16; i++) {          /* past blanks, comments and an XML declaration */
		while (s < end && (unsigned char)*s <= ' ')
			s++;
		if (end - s < 4 || *s != '<')
			return latex_is_whole(s, (size_t)(end - s < 1 << 14 ? end - s : 1 << 14)) ? FORMAT_LATEX : FORMAT_TEXT;
		if (end - s > 10 && (memcmp(s, "<mediawiki", 10) == 0 || memcmp(s, "<page>", 6) == 0))
			return FORMAT_WIKI;
		if (begins_page(s, (size_t)(end - s)))
			return FORMAT_HTML;
		if (memcmp(s, "<!--", 4) == 0) {
			while (end - s >= 3 && memcmp(s, "-->", 3) != 0)
				s++;
			if (end - s < 3)
				return FORMAT_HTML;
			s += 3;
		} else if (s[1] == '?' && (nl = memchr(s, '>', (size_t)(end - s)))) {
			s = nl + 1;
		} else {
			return FORMAT_TEXT;
		}
	}
	return FORMAT_TEXT;
}

int
sniff_crawl(const char *s, size_t n)
{
	return (n > 5 && memcmp(s, "WARC/", 5) == 0) || (n > 11 && memcmp(s, "filedesc://", 11) == 0) || arc_head(s, n, NULL);
}

/* Whether a gzip member at p begins as a WARC: 1, 0, -1 when nothing comes out of it. */
static int
member_is_warc(const unsigned char *p, size_t n)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)p, .avail_in = (unsigned)n };
	unsigned char out[ARC_LINE] = { 0 };
	int r;

	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return -1;
	z.next_out = out;
	z.avail_out = sizeof out;
	r = inflate(&z, Z_SYNC_FLUSH);
	inflateEnd(&z);
	return sniff_crawl((char *)out, sizeof out - z.avail_out) ? 1 : r == Z_DATA_ERROR || z.avail_out == sizeof out ? -1 : 0;
}

/* The same of a frame. */
static int
frame_is_warc(struct zst *zst, const unsigned char *p, size_t n)
{
	unsigned char out[ARC_LINE];
	struct zst_step s = { .in = p, .n = n, .out = out, .room = sizeof out };
	size_t made = 0;
	int r;

	zst_reset(zst);
	do {
		r = zst_undo(zst, &s);
		s.in = (const unsigned char *)s.in + s.used;
		s.n -= s.used;
		made += s.made;
	} while (r == 0 && !made && s.n);
	zst_reset(zst);
	return sniff_crawl((char *)out, made) ? 1 : r < 0 || !made ? -1 : 0;
}

int
sniff_packed_warc(struct zst *zst, const unsigned char *p, size_t n)
{
	int is = -1, tries = 0;

	if (!zst && (n < 3 || p[0] != 0x1f || p[1] != 0x8b))
		return 0;
	for (size_t i = 0; i + 2 < n && is < 0 && tries < 32; i++)
		if (zst ? zst_begins(p + i, n - i, 1) : p[i] == 0x1f && p[i + 1] == 0x8b && p[i + 2] == 8) {
			is = zst ? frame_is_warc(zst, p + i, n - i) : member_is_warc(p + i, n - i);
			tries++;
		}
	return is > 0;
}

/* arc - the heads of records of ARC files, the form of web archives before WARC */
/* SPDX-License-Identifier: MIT */
#include "text/read/arc.h"
#include <string.h>
#include <strings.h>

#define WORDS 10

struct word {
	const char *p;
	size_t      n;
};

static int
all_digits(struct word w, size_t least, size_t most)
{
	if (w.n < least || w.n > most)
		return 0;
	for (size_t i = 0; i < w.n; i++)
		if ((unsigned)w.p[i] - '0' > 9)
			return 0;
	return 1;
}

/* What crawlers have written; any word with a colon would find heads in the middle of others. */
static int
has_scheme(struct word w)
{
	static const char *const known[] = { "http:", "https:", "filedesc:", "dns:", "ftp:", "whois:", "metadata:", "screenshot:",
		"gopher:", "rtsp:", "mms:", "news:" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (w.n > strlen(known[i]) && strncasecmp(w.p, known[i], strlen(known[i])) == 0)
			return 1;
	return 0;
}

static void
to_fields(struct word url, struct word date, struct word length, struct buf *head)
{
	const char *d = date.p;
	int web = url.n > 4 && strncasecmp(url.p, "http", 4) == 0;

	buf_clear(head);
	buf_printf(head, "WARC-Type: %s\nWARC-Target-URI: ", web ? "response" : "other");
	buf_add(head, url.p, url.n);
	if (date.n >= 14)
		buf_printf(head, "\nWARC-Date: %.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4, d + 6, d + 8, d + 10, d + 12);
	buf_str(head, "\nContent-Type: application/http\nContent-Length: ");
	buf_add(head, length.p, length.n);
	buf_str(head, "\n\n");
}

size_t
arc_head(const char *s, size_t n, struct buf *head)
{
	const char *nl = n ? memchr(s, '\n', n < ARC_LINE ? n : ARC_LINE) : NULL, *end = nl;
	struct word w[WORDS], url;
	int k = WORDS, date;

	if (!nl || !((unsigned)(*s | 32) - 'a' < 26))
		return 0;
	if (end > s && end[-1] == '\r')
		end--;
	for (const char *p = end; p > s && k; p -= p > s) {     /* from the right: there may be blanks in the address */
		const char *from = p;

		while (from > s && from[-1] != ' ')
			from--;
		w[--k] = (struct word){ from, (size_t)(p - from) };
		p = from;
	}
	date = k <= WORDS - 10 && all_digits(w[WORDS - 8], 8, 17) ? WORDS - 8 : WORDS - 3;
	if (date < k + 2 || !all_digits(w[date], 8, 17) || !all_digits(w[WORDS - 1], 1, 15))
		return 0;
	url = (struct word){ s, (size_t)(w[date - 1].p - 1 - s) };
	if (!has_scheme(url))
		return 0;
	if (head)
		to_fields(url, w[date], w[WORDS - 1], head);
	return (size_t)(nl + 1 - s);
}

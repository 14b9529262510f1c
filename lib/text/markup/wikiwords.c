/* wikiwords - what the names in wikitext mean: tags, templates, namespaces */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/markup/wikiwords.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct wiki_tag wiki_tags[] = {
	{ "ref", TAG_GONE }, { "gallery", TAG_GONE }, { "timeline", TAG_GONE }, { "imagemap", TAG_GONE }, { "score", TAG_GONE },
	{ "graph", TAG_GONE }, { "templatedata", TAG_GONE }, { "mapframe", TAG_GONE }, { "hiero", TAG_GONE },
	{ "math", TAG_MATH }, { "chem", TAG_MATH }, { "nowiki", TAG_PLAIN }, { "pre", TAG_PRE }, { "syntaxhighlight", TAG_PRE },
	{ "source", TAG_PRE }, { "ce", TAG_MATH },
	{ "br", TAG_BREAK }, { "br/", TAG_BREAK }, { "p", TAG_BREAK }, { "/p", TAG_BREAK }, { "li", TAG_BREAK }, { "/div", TAG_BREAK },
	{ "/blockquote", TAG_BREAK }, { "tr", TAG_BREAK },
	{ NULL, 0 }
};

int
wiki_tag(const char *name, size_t n)
{
	for (int i = 0; wiki_tags[i].name; i++)
		if (strlen(wiki_tags[i].name) == n && strncasecmp(wiki_tags[i].name, name, n) == 0)
			return i;
	return -1;
}

/* Templates that stand for words.  arg: which argument they show; JOIN: all, with blanks. */
enum { JOIN = -1 };
static const struct {
	const char *name, *before, *after;
	int         arg;
} shown[] = {
	{ "nowrap", "", "", 1 }, { "nobr", "", "", 1 }, { "small", "", "", 1 }, { "big", "", "", 1 }, { "em", "", "", 1 }, { "strong", "", "", 1 },
	{ "abbr", "", "", 1 }, { "tooltip", "", "", 1 }, { "quote", "", "", 1 }, { "blockquote", "", "", 1 }, { "cquote", "", "", 1 },
	{ "quotation", "", "", 1 }, { "zitat", "", "", 1 }, { "poem", "", "", 1 }, { "lang", "", "", 2 }, { "langx", "", "", 2 },
	{ "transl", "", "", 2 }, { "transliteration", "", "", 2 }, { "ill", "", "", 1 }, { "interlanguage link", "", "", 1 },
	{ "math", "", "", 1 }, { "mvar", "", "", 1 }, { "mono", "", "", 1 }, { "code", "", "", 1 }, { "tl", "", "", 1 }, { "sic", "", "", 1 },
	{ "val", "", "", 1 }, { "num", "", "", 1 }, { "formatnum", "", "", 1 }, { "convert", "", "", 12 }, { "cvt", "", "", 12 },
	{ "unit\xc3\xa9", "", "", JOIN }, { "unite", "", "", JOIN }, { "date", "", "", JOIN }, { "frac", "", "", 1 }, { "as of", "As of ", "", JOIN },
	{ "circa", "c. ", "", 1 }, { "c.", "c. ", "", 1 }, { "snd", " \xe2\x80\x93 ", "", 0 }, { "spaced ndash", " \xe2\x80\x93 ", "", 0 },
	{ "ndash", "\xe2\x80\x93", "", 0 }, { "mdash", "\xe2\x80\x94", "", 0 }, { "dash", "\xe2\x80\x93", "", 0 }, { "'", "'", "", 0 },
	{ "!", "|", "", 0 }, { "=", "=", "", 0 }, { "si\xc3\xa8""cle", "", "e", 1 }, { "s-", "", "e", 1 }, { "tlx", "", "", 1 }, { "URL", "", "", 1 },
	{ "oldstyledate", "", "", 1 }, { "sup", "", "", 1 }, { "sub", "", "", 1 }, { "nihongo", "", "", 1 }, { "nbsp", " ", "", 0 },
};

/* Where the argument that begins at `at` ends. */
static size_t
arg_end(const struct wiki *w, size_t at, size_t to)
{
	while (at < to && w->s[at] != '|')
		at = w->close[at] > at && w->close[at] <= to ? w->close[at] : at + 1;
	return at;
}

/* "3=x" has the value x, at once a position; "name=x" has none: 0. */
static int
positional(const struct wiki *w, size_t *from, size_t to)
{
	size_t i = *from;

	while (i < to && w->s[i] != '=' && !w->close[i] && w->s[i] != '<')
		i++;
	if (i == to || w->s[i] != '=')
		return 1;
	for (size_t k = *from; k < i; k++)
		if ((unsigned)w->s[k] - '0' > 9 && w->s[k] != ' ')
			return 0;
	*from = i + 1;
	return 1;
}

static void
trim(const struct wiki *w, size_t *from, size_t *to)
{
	while (*from < *to && (unsigned char)w->s[*from] <= ' ')
		++*from;
	while (*to > *from && (unsigned char)w->s[*to - 1] <= ' ')
		--*to;
}

void
wiki_template(struct wiki *w, size_t from, size_t to, int depth)
{
	size_t end = arg_end(w, from, to), a = from, b = end, row;
	int count = sizeof shown / sizeof *shown, nth = 0;

	trim(w, &a, &b);
	for (row = 0; row < (size_t)count; row++)
		if (strlen(shown[row].name) == b - a && strncasecmp(shown[row].name, w->s + a, b - a) == 0)
			break;
	if (row == (size_t)count) {
		w->taken = 1;
		return;
	}
	for (const char *p = shown[row].before; *p; p++)
		buf_char(w->out, *p);
	while (end < to) {
		int show;

		a = end + 1;
		b = end = arg_end(w, a, to);
		if (!positional(w, &a, b))
			continue;
		nth++;
		trim(w, &a, &b);
		show = shown[row].arg == JOIN || shown[row].arg == nth || (shown[row].arg == 12 && nth <= 2);
		if (show && nth > 1 && shown[row].arg != nth && a < b)
			buf_char(w->out, ' ');
		if (show)
			wiki_emit(w, a, b, depth + 1);
	}
	buf_str(w->out, shown[row].after);
}

uint32_t *
wiki_pairs(const char *s, size_t n)
{
	uint32_t *close = xcalloc(n + 1, sizeof *close), *open = NULL;
	size_t n_open = 0, cap = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		if (s[i] == '<' && n - i > 8 && (strncasecmp(s + i, "<nowiki>", 8) == 0 || strncasecmp(s + i, "<math>", 6) == 0)) {
			const char *e = memmem(s + i, n - i, s[i + 1] == 'n' || s[i + 1] == 'N' ? "</nowiki>" : "</math>", s[i + 1] == 'n' || s[i + 1] == 'N' ? 9 : 7);

			if (!e)
				break;
			i = (size_t)(e - s);
		} else if ((s[i] == '{' || s[i] == '[') && s[i + 1] == s[i]) {
			VEC_PUSH(open, n_open, cap, (uint32_t)i);
			i++;
		} else if ((s[i] == '}' || s[i] == ']') && s[i + 1] == s[i]) {
			int want = s[i] == '}' ? '{' : '[';
			size_t k = n_open;

			while (k && s[open[k - 1]] != want && n_open - k < 4)    /* what was left open within is none */
				k--;
			if (k && s[open[k - 1]] == want) {
				close[open[k - 1]] = (uint32_t)i + 2;
				n_open = k - 1;
				i++;
			}
		}
	}
	free(open);
	return close;
}

int
wiki_hidden(const char *t, size_t n, int labelled)
{
	static const char *const spaces[] = { "File", "Image", "Category", "Media", "Datei", "Bild", "Kategorie", "Fichier", "Cat\xc3\xa9gorie",
		"Archivo", "Imagen", "Categor\xc3\xad""a", "Categoria", "Immagine", "Arquivo", "Ficheiro", "Imagem", "Bestand", "Afbeelding", "Categorie",
		"Plik", "Grafika", "Kategoria", "Kategori", "Fil", "\xd0\xa4\xd0\xb0\xd0\xb9\xd0\xbb", "\xd0\x9a\xd0\xb0\xd1\x82\xd0\xb5\xd0\xb3\xd0\xbe\xd1\x80\xd0\xb8\xd1\x8f",
		"\xe3\x83\x95\xe3\x82\xa1\xe3\x82\xa4\xe3\x83\xab", "\xe7\x94\xbb\xe5\x83\x8f", "\xe6\x96\x87\xe4\xbb\xb6", "\xe5\x88\x86\xe7\xb1\xbb" };
	const char *colon = memchr(t, ':', n);
	size_t k, i;

	if (!colon || colon == t)
		return 0;
	k = (size_t)(colon - t);
	for (i = 0; i < sizeof spaces / sizeof *spaces; i++)
		if (strlen(spaces[i]) == k && strncasecmp(spaces[i], t, k) == 0)
			return 1;
	for (i = 0; i < k && ((unsigned)(t[i] - 'a') < 26 || t[i] == '-'); i++)
		;
	return !labelled && i == k && k >= 2 && (k <= 3 || memchr(t, '-', k)) && k <= 12;
}

size_t
wiki_cell_style(const char *s, size_t n)
{
	for (size_t i = 0; i + 1 < n && s[i] != '\n' && s[i] != '[' && s[i] != '{' && !(s[i] == '!' && s[i + 1] == '!'); i++)
		if (s[i] == '|')
			return s[i + 1] == '|' ? 0 : i + 1;
	return 0;
}

void
wiki_cell(struct wiki *w)
{
	while (w->out->n && strchr(" \n", w->out->p[w->out->n - 1]))
		w->out->n--;
	buf_str(w->out, " | ");
}

int
wiki_table_line(struct wiki *w, const char *s, size_t n, size_t *used)
{
	size_t i = 0;
	const char *nl = memchr(s, '\n', n);
	size_t line = nl ? (size_t)(nl - s) : n;

	while (i < line && s[i] == ' ')
		i++;
	if (i == line || (s[i] != '|' && s[i] != '!'))
		return 0;
	if (i + 1 < line && s[i] == '|' && s[i + 1] == '}') {
		w->tables--;
		*used = line + (nl != NULL);
	} else if (i + 1 < line && s[i] == '|' && s[i + 1] == '-') {
		w->cells = 0;
		*used = line + (nl != NULL);
	} else {
		int caption = i + 1 < line && s[i + 1] == '+';

		i += 1 + (size_t)caption;
		i += wiki_cell_style(s + i, line - i);
		while (i < line && s[i] == ' ')
			i++;
		w->cells += !caption;
		if (w->cells > 1)
			wiki_cell(w);
		*used = i;
	}
	return 1;
}

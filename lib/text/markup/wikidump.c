/* wikidump - one page of a dump of MediaWiki */
/* SPDX-License-Identifier: MIT */
#include "text/markup/wiki.h"
#include "text/markup/xml.h"
#include <stdlib.h>
#include <string.h>

void
wiki_free(struct wiki_page *p)
{
	buf_free(&p->title);
	buf_free(&p->id);
	buf_free(&p->date);
	buf_free(&p->text);
}

void
wiki_parse(struct wiki_page *p, const char *s, size_t n)
{
	struct xml x = { .p = s, .end = s + n };
	struct buf word = { 0 };
	int in_revision = 0;

	buf_clear(&p->title), buf_clear(&p->id), buf_clear(&p->date), buf_clear(&p->text);
	p->redirect = p->other = 0;
	p->ns = 0;
	while (xml_next(&x)) {
		if (xml_is(&x, "revision"))
			in_revision = x.kind == XML_OPEN;
		if (xml_is(&x, "redirect"))
			p->redirect = 1;
		if (x.kind != XML_OPEN)
			continue;
		buf_clear(&word);
		if (xml_is(&x, "ns")) {
			xml_content(&x, &word);
			p->ns = word.n ? strtol(word.p, NULL, 10) : 0;
		} else if (xml_is(&x, "title")) {
			xml_content(&x, &p->title);
		} else if (xml_is(&x, "id") && !in_revision && !p->id.n) {
			xml_content(&x, &p->id);
		} else if (xml_is(&x, "contributor")) {
			xml_content(&x, &word);                 /* has an id of its own */
		} else if (xml_is(&x, "timestamp")) {
			buf_clear(&p->date);
			xml_content(&x, &p->date);
		} else if (xml_is(&x, "model")) {
			xml_content(&x, &word);
			p->other = word.n && strcmp(word.p, "wikitext") != 0;
		} else if (xml_is(&x, "text")) {
			buf_clear(&p->text);
			xml_content(&x, &p->text);
		}
	}
	buf_free(&word);
}

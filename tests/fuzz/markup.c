/* markup - fuzz target: dumps of MediaWiki, wikitext, LaTeX, EPUB's package files, books of Gutenberg */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "text/markup/epub.h"
#include "text/markup/gutenberg.h"
#include "text/markup/latex.h"
#include "text/markup/wiki.h"
#include <string.h>

/* Any name is this file itself. */
static const struct buf *
itself(void *ctx, const char *name)
{
	(void)name;
	return ctx;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	struct wiki_page w;
	struct latex l;
	struct epub e;
	struct buf text = { 0 }, title = { 0 }, author = { 0 };

	memset(&w, 0, sizeof w), memset(&l, 0, sizeof l), memset(&e, 0, sizeof e);
	wiki_parse(&w, s, n);
	wikitext(s, n, n & 1, &text);
	latex_read(s, n, n & 1, &l);
	epub_container(s, n, &title);
	epub_package(&e, s, n);
	buf_clear(&text);
	buf_add(&text, s, n);
	gutenberg_cut(&text, &title, &author);
	buf_clear(&title);
	latex_join(text.p ? text.p : "", text.n, itself, &text, 4096, &title);
	wiki_free(&w), latex_free(&l), epub_free(&e);
	buf_free(&text), buf_free(&title), buf_free(&author);
	return 0;
}

const struct fuzz_seed fuzz_seeds[] = {
	{ "wikitext", "{{a|b={{convert|4|km}}}} '''x''' ([[A|b]]; {{c}}) [http://x y]\n== H ==\n* i\n{| c\n|+ t\n! a !! s=1 | b\n|-\n| c || d\n|}\n"
	    "<ref>x</ref><math>a</math><pre>p</pre><nowiki>[[</nowiki>&amp;__TOC__[[File:x|y [[z]]]]{{lang|de|{{nowrap|w}}}}<!-- c --><ref name=x />", 0 },
	{ "page of a dump", "<page><title>T &amp; t</title><ns>0</ns><id>1</id><revision><id>2</id><timestamp>2024</timestamp>"
	    "<contributor><id>3</id></contributor><text a='>' b=\"c\">x<![CDATA[<y>]]></text></revision></page>", 0 },
	{ "LaTeX", "\\documentclass{a}\\newcommand{\\x}[2][d]{#1#2}\\def\\y#1{\\y #1}\\let\\z=\\x\\title{T\\thanks{q}}\\begin{document}\\x[a]{b}\\y c"
	    "\\section*{S}$a\\x{b}$ \\[c\\] \\begin{align}d&\\text{e}\\end{align}\\begin{tabular}{l}a&b\\\\c\\end{tabular}\\verb|x|\\'e\\iffalse a\\else b\\fi"
	    "\\begin{verbatim}v\\end{verbatim}\\item[i] \\footnote{f}\\vskip 3pt\\input{self}%c\n\\end{document}", 0 },
	{ "a paper of itself", "\\input{x}\\input{x}\\input{x}\\input{x}\\input{x}\\input{x}\\input{x}\\input{x}\\input{x}\\input{x}\\input{x}", 0 },
	{ "package", "<container><rootfile full-path=\"a/b.opf\"/></container><package><dc:title>T</dc:title><item id='x' href='a%20b#c'/><itemref idref=\"x\"/></package>", 0 },
	{ "book", "Project Gutenberg\nTitle: T\nAuthor: A\n*** START OF THE PROJECT GUTENBERG EBOOK T ***\ntext\n*** END OF THE PROJECT GUTENBERG EBOOK T ***\n", 0 },
	{ 0 }
};

/* page - charsets, the HTML tree, main content, what a page says of itself */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include "text/charset.h"
#include "text/page/extract.h"
#include "text/read/sniff.h"
#include <stdlib.h>
#include <string.h>
#include <time.h>

static struct extract *x;
static struct extracted e;

static int
same(const char *got, const char *want)
{
	if (strcmp(got, want) == 0)
		return 1;
	printf("# got  %s\n# want %s\n", got, want);
	return 0;
}

/* All that a page shows. */
static const char *
all(const char *html)
{
	extract_page(x, html, strlen(html), 1, &e);
	return e.text.p ? e.text.p : "";
}

static const char *
main_of(const char *html)
{
	extract_page(x, html, strlen(html), 0, &e);
	return e.text.p ? e.text.p : "";
}

/* Bytes in an encoding that is declared (or not) to UTF-8. */
static const char *
utf8(const char *s, size_t n, const char *declared, int html)
{
	static struct buf out;

	buf_clear(&out);
	charset_convert(s, n, charset_of(s, n, declared, html), &out);
	return out.p;
}

static void
charsets(void)
{
	const char *s;

	OK(same(utf8("caf\xe9 \x93q\x94", 8, "ISO-8859-1", 0), "caf\xc3\xa9 \xe2\x80\x9cq\xe2\x80\x9d"), "iso-8859-1 is windows-1252");
	OK(same(utf8("caf\xc3\xa9", 5, "iso-8859-1", 0), "caf\xc3\xa9"), "valid UTF-8 that is declared otherwise");
	OK(same(utf8("\xff\xfe""a\0\xe9\0", 6, "utf-8", 0), "a\xc3\xa9"), "a byte order mark comes first");
	OK(same(utf8("<meta charset=koi8-r><p>\xf0\xd2\xc9", 27, "", 1), "<meta charset=koi8-r><p>\xd0\x9f\xd1\x80\xd0\xb8"), "a meta element");
	s = "<!-- <meta charset=koi8-r> --><script charset=utf-8></script><meta content='text/html; charset=windows-1251'>\xcf.";
	OK(strncmp(strrchr(utf8(s, strlen(s), "", 1), '>') + 1, "\xd0\x9f", 2) == 0, "not one in a comment, nor a script's");
	s = "<meta charset=iso-2022-jp>\33$BF|K\\\33(B";
	OK(same(utf8(s, strlen(s), "", 1), "<meta charset=iso-2022-jp>\xe6\x97\xa5\xe6\x9c\xac"), "ISO-2022-JP, which is ASCII with escapes");
	OK(same(utf8("\x93\xfa\x96\x7b", 4, "shift_jis", 0), "\xe6\x97\xa5\xe6\x9c\xac"), "Shift JIS");
	OK(same(utf8("\xd6\xd0", 2, "gb2312", 0), "\xe4\xb8\xad"), "gb2312 is GB 18030");
	OK(same(utf8("a\xff""b\xc3", 4, "utf-8", 0), "a\xef\xbf\xbd""b\xef\xbf\xbd"), "wrong bytes become U+FFFD");
	OK(charset_label(" Latin1\n", 8) && strcmp(charset_label(" Latin1\n", 8), "CP1252") == 0, "labels in any case, with blanks");
	OK(charset_label("x-nonsense", 10) == NULL, "an unknown label");
	OK(!utf8_valid("\xc0\xaf", 2) && !utf8_valid("\xed\xa0\x80", 3) && utf8_valid("\xf0\x9f\x98\x80", 4), "what UTF-8 is");
}

static void
blocks(void)
{
	OK(same(all("<p>one<p>two<div>three<br>four</div>five"), "one\n\ntwo\n\nthree\nfour\nfive"), "paragraphs, divisions, breaks");
	OK(same(all("<ul><li>a<li>b<ol start=3><li>x<li>y</ol><li>c</ul>"), "- a\n- b\n  3. x\n  4. y\n- c"), "lists in lists");
	OK(same(all("<table><tr><th>a<th>b<tr><td>1<td><b>2</b> 3</table>"), "a | b\n1 | 2 3"), "rows of a table");
	OK(same(all("<table><tr><td><p>a</p><p>b</p></td><td>c</td></tr></table>"), "a\n\nb\n\nc"), "a table that lays out");
	OK(same(all("x<pre>\n  if a:\n\n\t b  c\n</pre>y"), "x\n\n  if a:\n\n\t b  c\n\ny"), "preformatted text");
	OK(same(all("<pre><span>a</span>\n  <span>b</span></pre>"), "a\n  b"), "indentation before an element");
	OK(same(all("<p>so<b>me</b> <i>te</i>xt<span>s</span>"), "some texts"), "formatting does not part words");
	OK(same(all("<a href=1>one</a><a href=2>two</a><select></select>three<option>4<option>5"), "one two three 4 5"), "neighbours are not glued");
	OK(same(all("a &lt;b&gt; &amp;amp; &eacute;&#233;&#x20AC;&#150;&nbsp;c &copy &notit; &bogus;"),
	    "a <b> &amp; \xc3\xa9\xc3\xa9\xe2\x82\xac\xe2\x80\x93 c \xc2\xa9 \xc2\xacit; &bogus;"), "character references");
	OK(same(all("&nGt;&CounterClockwiseContourIntegral;&Aopf;&notin;&notinx &frac12&frac123 <img alt='' title='&sect2'><a href='?a&sect2'>x</a>"),
	    "\xe2\x89\xab\xe2\x83\x92\xe2\x88\xb3\xf0\x9d\x94\xb8\xe2\x88\x89\xc2\xacinx \xc2\xbd\xc2\xbd""3 x"), "two characters, long names, the longest that fits");
	OK(same(all("<script>if (a<b) document.write('<p>no')</script><style>p{}</style><!-- <p>no --><p>yes<svg><title>no</title></svg>"), "yes"),
	    "scripts, styles, comments and drawings are no text");
	OK(same(all("<svg><path><div>a</div><svg><foreignObject><p>no</p></foreignObject></svg><svg><g>no<b>b"), "a\nb"), "a drawing without its end");
	OK(same(all("<button>no<button>no</button>a<select><option>no<input>b<button><caption>no</button>c"), "a b c"), "what is pressed, without its end");
	OK(same(all("1 < 2 and <3 </ p>x<p hidden>no</p><div style='display: none'>no</div>"), "1 < 2 and <3 x"), "a < that is text; what is hidden");
}

static const char page[] =
    "<!DOCTYPE html><html lang='en-GB'><head><title>A day | The Site</title><meta property='og:title' content='A day'>"
    "<meta name=author content='A. Writer'><meta property='article:published_time' content='2020-02-03T04:05:06Z'>"
    "<link rel=canonical href='https://example.org/day'><meta name=robots content='noarchive'></head><body>"
    "<header class=site-header><a href=/>The Site</a></header><nav><ul><li><a href=/a>About us</a><li><a href=/b>Contact</a></ul></nav>"
    "<div class=wrap><div id=sidebar><h3>Popular</h3><ul><li><a href=1>First popular story of the site</a><li><a href=2>Second one</a></ul></div>"
    "<div class=content><h1>A day</h1><p>The cat sat on the mat, and looked at the birds for a long while, until it slept.</p>"
    "<h2>Evening</h2><p>Nobody came to the house on that day, and the birds went away when the evening was cold.</p>"
    "<ul><li>milk, which the cat likes</li><li>fish</li></ul><div class='share-buttons'><a href=t>Tweet</a></div>"
    "<p>In the night the cat went out, as cats do, and it came back in the morning with a feather.</p></div>"
    "<div class=related-posts><p>You may also like this other story about a dog, which is rather long to read.</p></div></div>"
    "<footer>Copyright 2020 The Site, all rights reserved, and much more text about that</footer></body></html>";

static void
content(void)
{
	main_of(page);
	OK(same(e.text.p, "A day\n\nThe cat sat on the mat, and looked at the birds for a long while, until it slept.\n\nEvening\n\n"
	    "Nobody came to the house on that day, and the birds went away when the evening was cold.\n\n- milk, which the cat likes\n- fish\n\n"
	    "In the night the cat went out, as cats do, and it came back in the morning with a feather."), "the main content and nothing else");
	OK(same(e.title.p, "A day") && same(e.author.p, "A. Writer") && same(e.date.p, "2020-02-03T04:05:06Z"), "title, author, date");
	OK(same(e.lang.p, "en-GB") && same(e.url.p, "https://example.org/day"), "language and address");
	OK(e.asks == ASKS_NOARCHIVE && robots_asks("noindex,follow") == ASKS_NOINDEX && !robots_asks("googlebot: noindex"), "robots");
	main_of("<script type='application/ld+json'>{\"@graph\":[{\"datePublished\":\"2021\",\"author\":[{\"name\":\"B\"}]}]}</script><h1>T<i>i</i></h1><p>x");
	OK(same(e.date.p, "2021") && same(e.author.p, "B") && same(e.title.p, "Ti"), "schema.org, and a heading for a title");
	main_of("<body><nav>Home</nav><div class=comments><div class=comment><p>The first to write asks how the thing is done, at some length.</div>"
	    "<div class=comment><p>The second answers that it depends, and on what, and gives two examples of it.</div></div>");
	OK(strstr(e.text.p, "first to write") && strstr(e.text.p, "second answers") && !strstr(e.text.p, "Home"), "comments that are the page");
	main_of("<div><button><div>x</button></div><p>What follows a button that is not nested well is text all the same.</p>");
	OK(strstr(e.text.p, "What follows") != NULL, "a button that is not nested well");
	main_of("<div><p>The first paragraph of the page is of some length, and says what there is to say.</p><p>A second.</p>"
	    "<div class=wide><p>The first paragraph of the <b>page</b> is of some length,\nand says what there is to say.</p></div>"
	    "<pre>a line of code that is written down twice, and has to be\n</pre>"
	    "<pre>a line of code that is written down twice, and has to be\n</pre></div>");
	OK(same(e.text.p, "The first paragraph of the page is of some length, and says what there is to say.\n\nA second.\n\n"
	    "a line of code that is written down twice, and has to be\n\na line of code that is written down twice, and has to be"),
	    "a paragraph that stood before goes, code stays");
	main_of("<div><p>What tabs show, one at a time, is all of it a part of the page.</p><div role=tabpanel hidden>The second tab.</div>"
	    "<details><div style='display:none'>The fold.</div></details><div hidden>Not this.</div></div>");
	OK(strstr(e.text.p, "The second tab.") && strstr(e.text.p, "The fold.") && !strstr(e.text.p, "Not this"), "tabs and folds");
	OK(same(main_of("<p>Short."), "Short."), "a page of one word");
	OK(same(main_of(""), ""), "an empty page");
}

/* A board, long enough for its blocks to be judged. */
static void
judged(void)
{
	struct buf b = { 0 };
	static const char *const posts[] = { "I have tried to mend the old bicycle, but the chain keeps falling off whenever I ride up a hill.",
		"Look at the rear wheel first: if it is not straight, then the chain has to bend, and it falls off.",
		"That was it, thank you. I turned the wheel a little, and it has run for a week now without trouble.",
		"And do not forget the brakes; they tend to wear out sooner than anyone would think, in the rain above all.",
		"Good to hear. Oil the chain now and then, and count the links before you buy another one." };

	buf_str(&b, "<html><head><link rel=canonical href='https://example.org/threads/the-chain.12/'></head><body><nav><a href=/>Board</a> <a href=/faq>Help</a></nav><h1>The chain falls off</h1><div class=thread>");
	for (size_t i = 0; i < sizeof posts / sizeof *posts; i++)
		buf_printf(&b, "<article class=message><section class='message-user'><h4 class='message-name username'>rider%zu</h4><h5 class='userTitle message-userTitle'>Senior member</h5>"
		    "<div class='message-userExtras'><dl><dt>Joined</dt><dd>May 3, 2019</dd></dl><dl><dt>Messages</dt><dd>1,204</dd></dl></div></section>"
		    "<div class='message-content'><div class='bbWrapper'>%s</div></div></article>", i, posts[i]);
	buf_str(&b, "</div><footer>Terms and rules</footer></body></html>");
	main_of(b.p);
	for (size_t i = 0; i < sizeof posts / sizeof *posts; i++)
		OK(strstr(e.text.p, posts[i]) != NULL, "a post");
	OK(!strstr(e.text.p, "Help") && !strstr(e.text.p, "Terms and rules"), "what is around them goes");
	buf_clear(&b);
	buf_str(&b, "<html><head><title>Shop</title></head><body><div id=root></div><footer class=footer>");
	for (int i = 0; i < 12; i++)
		buf_printf(&b, "<ul class=footer-links><li><a href='/p/%d'>Privacy policy of our shop, number %d</a></li></ul>", i, i);
	buf_str(&b, "</footer></body></html>");
	OK(same(main_of(b.p), ""), "a page of a menu alone has no content");
	buf_free(&b);
}

/* A piece repeated behind what is in b, which is empty then; what it takes must not grow faster than the page. */
static double
seconds(struct buf *b, const char *piece, size_t times)
{
	clock_t t;

	for (size_t i = 0; i < times; i++)
		buf_str(b, piece);
	t = clock();
	extract_page(x, b->p, b->n, 0, &e);
	buf_clear(b);
	return (double)(clock() - t) / CLOCKS_PER_SEC;
}

static void
hostile(void)
{
	static const struct { const char *piece, *what; } cases[] = {
		{ "<div>", "200,000 divisions in each other" }, { "<p><a>", "links in each other" }, { "<table><tr><td>", "tables in tables" },
		{ "<b></p></div></i>", "end tags of nothing" }, { "<textarea>", "elements that never end" }, { "<!--", "comments that never end" },
		{ "</span", "tags in tags" }, { "&amp", "references without an end" }, { "<li><ul>", "lists in lists" },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		OK(seconds(&b, cases[i].piece, 200000) < 4, cases[i].what);
	buf_str(&b, "<div class='");
	for (int i = 0; i < 200000; i++)
		buf_str(&b, "wide ");
	buf_str(&b, "'>");
	OK(seconds(&b, "<p>a", 200000) < 4, "paragraphs in a division of very many classes");
	buf_str(&b, "<figure>");
	OK(seconds(&b, "<figcaption>a", 200000) < 4, "captions of one figure");
	buf_str(&b, "<p ");
	for (int i = 0; i < 100000; i++)
		buf_printf(&b, "a%d=x class=y ", i);
	buf_str(&b, ">text");
	OK(same(main_of(b.p), "text"), "100,000 attributes");
	buf_clear(&b);
	for (size_t i = 0; i < HTML_NODES; i++)
		buf_str(&b, "<p>");
	OK(extract_page(x, b.p, b.n, 0, &e) < 0 && extract_page(x, b.p, b.n / 16, 0, &e) == 0, "more elements than a page may have");
	buf_free(&b);
}

static void
kinds(void)
{
	OK(sniff_text("\xef\xbb\xbf <!-- x --> <HTML>", 20, 1) == FORMAT_HTML, "a page, behind a mark and a comment");
	OK(sniff_text("<?xml version='1.0'?>\n<!DOCTYPE html PUBLIC>", 45, 1) == FORMAT_HTML, "a page of XHTML");
	OK(sniff_text("{\"text\":\"x\"}\nrest", 17, 1) == FORMAT_JSONL, "JSON lines");
	OK(sniff_text("{ this is text }", 16, 1) == FORMAT_TEXT, "a brace does not make JSON");
	OK(sniff_text("<3 you", 6, 1) == FORMAT_TEXT, "a < does not make a page");
	OK(sniff_text("\xff\xfe<\0h\0t\0m\0l\0>\0", 14, 1) == FORMAT_HTML, "a page in UTF-16");
}

int
main(void)
{
	struct err err;

	if (!(x = extract_new(&err))) {
		printf("Bail out! %s\n", err.text);
		return 1;
	}
	charsets();
	blocks();
	content();
	judged();
	kinds();
	hostile();
	extract_free(x);
	extracted_free(&e);
	return DONE();
}

/* html - fuzz target: charsets, the HTML parser, extraction, what a page says of itself */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "text/charset.h"
#include "text/page/extract.h"
#include <stdlib.h>

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct extract *x;
	struct extracted e = { 0 };
	struct buf utf8 = { 0 };
	const char *s = (const char *)p;

	if (!x && !(x = extract_new(NULL)))
		abort();
	charset_convert(s, n, charset_of(s, n, n && p[0] & 1 ? "shift_jis" : "", 1), &utf8);
	if (utf8.n && (!utf8_valid(utf8.p, utf8.n)))
		abort();
	extract_page(x, s, n, 0, &e);
	extract_page(x, utf8.p ? utf8.p : "", utf8.n, 1, &e);
	if (e.text.n && !utf8_valid(e.text.p, e.text.n))
		abort();
	extracted_free(&e);
	buf_free(&utf8);
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
#define SOME "<div class=c id=d>One, $2 &pound;3.<li><a href=x>two</a><p>Three.<table><td>4<td><math>5</math></table>"
#define MANY SOME SOME SOME SOME SOME SOME
const struct fuzz_seed fuzz_seeds[] = {
	SEED("a page", "<!DOCTYPE html><html lang=en><head><title>A &amp; B</title><meta name=author content=\"Me\">"
	    "<script type='application/ld+json'>{\"datePublished\":\"2020-01-01\",\"author\":[{\"name\":\"You\"}]}</script></head><body class=x>"
	    "<nav><a href=/>Home</a></nav><div id=content><h1>A day</h1><p>The cat sat, and looked at &eacute;&#8364;&#x1F600; birds.<br>More.<p>Two"
	    "<ul><li>one<li>two<ol start=3><li>x</ol></ul><pre>\n  a\n\tb</pre><table><tr><td>1<td>2<tr><th>3</table></div><!-- c --></body></html>"),
	SEED("broken markup", "<div <p a=\"b c=d>text<!-</p></b></td><textarea><script><!--x</script></title <a href='x' <table><a><td></a></table>&#xfffffff;&notanentity;&#"),
	SEED("blocks enough to be weighed", "<body><h1>T</h1>" MANY "<figure><figcaption>x</figure>"),
	SEED("the same for readers without scripts", "<noscript>" MANY "</noscript>"),
	SEED("UTF-16", "\xff\xfe<\0p\0>\0\xe9\0\x3d\xd8\x00\xde"),
	SEED("a declared charset", "<meta charset=koi8-r><p>\xf0\xd2\xc9\xd7\xc5\xd4 \xff\xfe</p>"),
	{ 0 }
};

/* archive - fuzz target: what a file is, archives, archives in them, what their members make together, compressed bytes */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "stream/input.h"
#include "text/charset.h"
#include "text/read/sniff.h"
#include "text/read/unpack.h"

enum { ENOUGH = 1 << 20 };      /* bytes of a bomb */

/* The kind that first bytes are of. */
static void
sniff(const uint8_t *p, size_t n)
{
	const char *s = (const char *)p;
	struct buf none = { 0 };
	struct zst *zst = zst_begins(p, n, 0) ? zst_new(&none) : NULL;

	sniff_text(s, n, 0);
	sniff_text(s, n, 1);
	sniff_crawl(s, n);
	sniff_packed_warc(NULL, p, n);
	if (zst)
		sniff_packed_warc(zst, p, n);
	zst_free(zst);
	charset_of(s, n, NULL, 1);
}

static void
members(const uint8_t *p, size_t n, int code)
{
	struct input *in = input_bytes(p, n, "seed");
	struct err err;
	struct unpack *u = unpack_open(in, NULL, code, &err);
	struct page page = { .kind = PAGE_HTML };
	size_t sum = 0;

	do {
		sum += page.body.n;
		buf_clear(&page.body), buf_clear(&page.id), buf_clear(&page.title), buf_clear(&page.author), buf_clear(&page.date);
		page.reason = NULL;
	} while (u && sum < ENOUGH && unpack_next(u, &page, &err) > 0);
	buf_free(&page.body), buf_free(&page.id), buf_free(&page.title), buf_free(&page.author), buf_free(&page.date);
	if (u)
		unpack_close(u);
	input_close(in);
}

/* Whatever compression it has undone. */
static void
undo(const uint8_t *p, size_t n)
{
	struct input *in = input_bytes(p, n, "seed");
	char some[4096];
	struct err err;
	size_t sum = 0;
	ssize_t got = input_unpack(in, &err) < 0 ? 0 : 1;

	while (got > 0 && sum < ENOUGH && (got = input_read(in, some, sizeof some, &err)) > 0)
		sum += (size_t)got;
	input_close(in);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	sniff(p, n);
	undo(p, n);
	members(p, n, 0);
	members(p, n, 1);
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	{ "nothing", "", 0 },
	SEED("ar: a page, an archive, a compressed text",
	    "!<arch>\na.html/         0           0     0     100644  13        `\n<p>A page</p>\ni.a/            0           0    "
	    " 0     100644  74        `\n!<arch>\nb.txt/          0           0     0     100644  6         `\nwithint.txt.gz/     "
	    "  0           0     0     100644  32        `\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03+I\xad(Q\xc8\xccSH\xaf\xca,\x00"
	    "\x00\x8b\xb8\x01:\x0c\x00\x00\x00"),
	SEED("cpio: the parts of a paper",
	    "0707070000000000001006440000000000000000010000000000000000000001100000000073main.tex\x00\\documentclass{x}\\begin{docu"
	    "ment}\\input{part}\\end{document}0707070000000000011006440000000000000000010000000000000000000001100000000007part.tex\x00"
	    "A part.0707070000000000021006440000000000000000010000000000000000000000600000000011x.tex\x00\\input{x}0707070000000000"
	    "031006440000000000000000010000000000000000000001300000000000TRAILER!!!\x00"),
	SEED("cpio: a book",
	    "0707070000000000001006440000000000000000010000000000000000000001100000000024mimetype\x00\x61pplication/epub+zip0707070"
	    "000000000011006440000000000000000010000000000000000000002700000000037META-INF/container.xml\x00<rootfile full-path=\"o"
	    "/p.opf\"/>0707070000000000021006440000000000000000010000000000000000000001000000000156o/p.opf\x00<dc:title>T</dc:title"
	    "><manifest><item id=\"a\" href=\"../a.xhtml\"/></manifest><spine><itemref idref=\"a\"/></spine>07070700000000000310064"
	    "40000000000000000010000000000000000000001000000000015a.xhtml\x00<p>A page</p>07070700000000000410064400000000000000000"
	    "10000000000000000000001300000000000TRAILER!!!\x00"),
	SEED("zip",
	    "PK\x03\x04\x14\x00\x00\x00\x00\x00\x00\x00!\x00\x02.h\x9d\r\x00\x00\x00\r\x00\x00\x00\x06\x00\x00\x00\x61.html<p>A pag"
	    "e</p>PK\x03\x04\x14\x00\x00\x00\x08\x00\x00\x00!\x00\xa4\"!\xc2\n\x00\x00\x00\x64\x00\x00\x00\x07\x00\x00\x00\x62/c.tx"
	    "t+I\xad(Q(\xa1-\x01\x00PK\x01\x02\x14\x03\x14\x00\x00\x00\x00\x00\x00\x00!\x00\x02.h\x9d\r\x00\x00\x00\r\x00\x00\x00\x06"
	    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01\x00\x00\x00\x00\x61.htmlPK\x01\x02\x14\x03\x14\x00\x00\x00\x08\x00"
	    "\x00\x00!\x00\xa4\"!\xc2\n\x00\x00\x00\x64\x00\x00\x00\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x80\x01\x31\x00"
	    "\x00\x00\x62/c.txtPK\x05\x06\x00\x00\x00\x00\x02\x00\x02\x00i\x00\x00\x00`\x00\x00\x00\x00\x00"),
	SEED("gzip, damaged before",
	    "\x1f\x8b\x08xx\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x0bw\x0cr\xd6\x37\xd4\x33\xe0\xe5r\xce\xcf+I\xcd+\xd1\xf5I\xcdK"
	    "/\xc9\xb0R\x00\nA \x00q\x82\x17(#\x00\x00\x00"),
	SEED("zstd, two frames",
	    "(\xb5/\xfd\x04X\x19\x01\x00WARC/1.0\r\nContent-Length: 0\r\n\r\n\r\n\r\n\xc3\xfb\xef?(\xb5/\xfd\x04Xi\x00\x00<p>A page"
	    "</p>\x84\xfc\xf2x"),
	SEED("a page",
	    "<!-- x --><?xml?> <!DOCTYPE html><title>\xc3\xa9"),
	SEED("UTF-16",
	    "\xff\xfe<\x00h\x00t\x00m\x00l\x00>\x00"),
	SEED("JSON lines",
	    "{\"text\":\"a\"}\n{\"text\":\"b\"}\n"),
	{ 0 }
};

/* warc - records whole, damaged, cut, in gzip members and without; HTTP heads and bodies */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "tap.h"
#include "text/read/http.h"
#include "text/read/warc.h"
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#ifdef HAVE_ZSTD
#include <zdict.h>
#include <zstd.h>
#endif

static char said[512];

static void LM_PRINTF(1, 2)
say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof said, fmt, ap);
	va_end(ap);
}

/* What undoes the frames of an input, with the dictionary that it begins with. */
static struct zst *
frames_for(struct input *in)
{
	struct buf dict = { 0 };
	struct err err;
	struct zst *zst = zst_dictionary(in, &dict, &err) < 0 ? NULL : zst_new(&dict);

	buf_free(&dict);
	return zst;
}

enum { PLAIN, GZIP, ZSTD };

/* What a run over bytes found: bodies joined by '|', then the error or the number of damaged places. */
static char *
run(const void *bytes, size_t n, int packed)
{
	static char out[4096];
	struct input *in = input_bytes(bytes, n, "x.warc");
	struct warc *w = warc_open(in, packed, packed == ZSTD ? frames_for(in) : NULL, 1000, say);
	struct warc_record r;
	struct err err;
	size_t k = 0;
	int got;

	while ((got = warc_next(w, &r, &err)) > 0)
		k += (size_t)snprintf(out + k, sizeof out - k, "%.*s@%d|", r.body ? (int)r.body_len : 1, r.body ? r.body : "-", (int)r.offset);
	if (got < 0)
		snprintf(out + k, sizeof out - k, "%s", err.text);
	else
		snprintf(out + k, sizeof out - k, "%d", (int)warc_damaged(w));
	warc_close(w);
	input_close(in);
	return out;
}

#define REC(type, length, body) "WARC/1.0\r\nWARC-Type: " type "\r\nContent-Length: " length "\r\n\r\n" body "\r\n\r\n"

static int
is(const char *bytes, const char *want)
{
	char *got = run(bytes, strlen(bytes), PLAIN);

	if (strcmp(got, want) == 0)
		return 1;
	printf("# got %s, not %s\n", got, want);
	return 0;
}

static void
plain(void)
{
	OK(is(REC("response", "3", "one") REC("conversion", "3", "two"), "one@0|two@59|0"), "records one after the other");
	OK(is(REC("warcinfo", "3", "one") REC("response", "2000", "x"), "-@0|x.warc: byte 59: cut short within a record"),
	    "a record that the input ends in is an error");
	OK(is("WARC/0.18\nWARC-Type: resource\nContent-Length: 4\n\nabc\n\nWARC/1.1\nwarc-type:response\ncontent-length:1\n\nz\n",
	    "abc\n@0|z@54|0"), "lines that end in LF, other versions, names in lower case");
	OK(is(REC("response", "1", "three") REC("response", "3", "two"), "three@0|two@61|1"), "a length that is too small");
	OK(is(REC("response", "30", "three") REC("response", "3", "two"), "three@0|two@62|1"), "a length that reaches into the next record");
	OK(is("WARC/1.0\r\nWARC-Type: response\r\n\r\nbody\r\n\r\n" REC("response", "3", "two"), "body@0|two@41|1"), "no length");
	OK(is("rubbish\nWARC?" "\n" REC("response", "3", "two"), "two@14|1"), "rubbish before a record");
	OK(is(REC("response", "3", "one") "\n\n\r\n" REC("response", "3", "two"), "one@0|two@63|0"), "more blank lines than there should be");
	OK(is(REC("response", "3", "one") "WARC/1.0\r\nWARC-Ty", "one@0|x.warc: byte 59: cut short within a record's head"),
	    "a head that the input ends in is an error");
}

/* Appends bytes as one gzip member. */
static void
member(struct buf *out, const char *s)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)s, .avail_in = (unsigned)strlen(s) };

	buf_need(out, 1000);
	deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
	z.next_out = (unsigned char *)out->p + out->n;
	z.avail_out = 1000;
	deflate(&z, Z_FINISH);
	out->n += 1000 - z.avail_out;
	deflateEnd(&z);
}

#ifdef HAVE_ZSTD
/* Appends bytes as one zstd frame. */
static void
frame(struct buf *out, const char *s, size_t n, const struct buf *dict)
{
	ZSTD_CCtx *z = ZSTD_createCCtx();

	ZSTD_CCtx_setParameter(z, ZSTD_c_checksumFlag, 1);
	if (dict)
		ZSTD_CCtx_loadDictionary(z, dict->p, dict->n);
	buf_need(out, ZSTD_compressBound(n));
	out->n += ZSTD_compress2(z, out->p + out->n, ZSTD_compressBound(n), s, n);
	ZSTD_freeCCtx(z);
}

/* Appends a frame that decoders skip. */
static void
skippable(struct buf *out, char magic, const char *s, size_t n)
{
	char head[8] = { magic, 0x2a, 0x4d, 0x18, (char)(n & 255), (char)(n >> 8), (char)(n >> 16), 0 };

	buf_add(out, head, 8);
	buf_add(out, s, n);
}
#endif

static void
pack(struct buf *out, const char *s, int packed)
{
#ifdef HAVE_ZSTD
	if (packed == ZSTD) {
		frame(out, s, strlen(s), NULL);
		return;
	}
#endif
	(void)packed;
	member(out, s);
}

/* The same of gzip members and of frames. */
static void
members(int packed)
{
	struct buf b = { 0 };
	size_t second, third;
	char want[200], *got;

	pack(&b, REC("response", "3", "one"), packed);
	second = b.n;
	pack(&b, REC("response", "9", "body two."), packed);
	third = b.n;
	pack(&b, REC("resource", "5", "three"), packed);
	snprintf(want, sizeof want, "one@0|body two.@%zu|three@%zu|0", second, third);
	OK(strcmp(run(b.p, b.n, packed), want) == 0, packed == GZIP ? "gzip members, with their offsets" : "zstd frames, with their offsets");
	b.p[second + 30] ^= 0x55;
	got = run(b.p, b.n, packed);
	OK(strncmp(got, "one@0|", 6) == 0 && strstr(got, "three@") && !strstr(got, "two"), "a damaged member costs its own record");
	OK(strstr(said, "x.warc: byte ") != NULL, "and is told with its offset");
	b.p[second + 30] ^= 0x55;
	snprintf(want, sizeof want, "one@0|body two.@%zu|x.warc: byte %zu: cut short within a ", second, third);
	OK(strncmp(run(b.p, b.n - 12, packed), want, strlen(want)) == 0, "a cut member is an error, after the whole ones");
	buf_add(&b, "garbage", 7);
	snprintf(want, sizeof want, "one@0|body two.@%zu|three@%zu|1", second, third);
	OK(strcmp(run(b.p, b.n, packed), want) == 0, "bytes after the last member are damage, not the end");
	buf_clear(&b);
	pack(&b, REC("response", "900", "one"), packed);
	pack(&b, REC("response", "3", "two"), packed);
	got = run(b.p, b.n, packed);
	OK(strncmp(got, "one@0|two@", 10) == 0, "a length that reaches past its member");
	buf_clear(&b);
	pack(&b, REC("response", "3", "one") REC("response", "3", "two"), packed);
	OK(strcmp(run(b.p, b.n, packed), "one@0|two@0|0") == 0, "two records in one member");
	buf_free(&b);
}

#ifdef HAVE_ZSTD
static void
frames(void)
{
	struct buf b = { 0 }, dict = { 0 }, many = { 0 };
	size_t sizes[400], second, third;
	char want[200], *got;

	pack(&b, REC("response", "3", "one"), ZSTD);
	skippable(&b, 0x50, "\x28\xb5\x2f\xfd in it", 10);
	second = b.n;
	pack(&b, REC("response", "3", "two"), ZSTD);
	third = b.n;
	pack(&b, REC("response", "5", "three"), ZSTD);
	snprintf(want, sizeof want, "one@0|two@%zu|three@%zu|0", second, third);
	OK(strcmp(run(b.p, b.n, ZSTD), want) == 0, "frames that are to be skipped");
	b.p[second + 8] = (char)0xff;           /* the block's length: it now reaches past the end */
	got = run(b.p, b.n, ZSTD);
	OK(strncmp(got, "one@0|three@", 12) == 0 && !strstr(got, "cut short"), "a frame that swallows those behind it costs its own record");
	OK(strncmp(run(b.p, second + 2, ZSTD), "one@0|x.warc: byte ", 19) == 0, "a cut within the first bytes of a frame is one");

	buf_clear(&b);
	for (int i = 0; i < 400; i++) {
		sizes[i] = many.n;
		buf_printf(&many, "WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 7\r\nWARC-Date: %d\r\n\r\n%07d\r\n\r\n", i * i, i * 37);
		sizes[i] = many.n - sizes[i];
	}
	buf_need(&dict, 4096);
	dict.n = ZDICT_trainFromBuffer(dict.p, 4096, many.p, sizes, 400);
	OK(!ZDICT_isError(dict.n), "a dictionary is made");
	for (int raw = 0; raw < 2; raw++) {
		buf_clear(&b), buf_clear(&many);
		frame(&many, dict.p, dict.n, NULL);
		skippable(&b, 0x5d, raw ? dict.p : many.p, raw ? dict.n : many.n);
		second = b.n;
		frame(&b, REC("response", "3", "one"), strlen(REC("response", "3", "one")), &dict);
		snprintf(want, sizeof want, "one@%zu|0", second);
		OK(strcmp(run(b.p, b.n, ZSTD), want) == 0, raw ? "with a dictionary" : "that is compressed");
	}
	OK(strcmp(run(b.p + second, b.n - second, ZSTD), "1") == 0 && strstr(said, "ictionary"), "without it the frames are damaged");
	buf_free(&b), buf_free(&dict), buf_free(&many);
}

/* A frame in whose blocks others begin, which all go on to the same damaged end. */
static void
nested(void)
{
	static const char unit[] = "\x48\0\0" "\x28\xb5\x2f\xfd\0\x58" "\0\0";       /* 9 bytes stored: a frame's head, a block of nothing; 0 follows */
	struct buf b = { 0 };
	const char *got;
	char want[64];
	size_t after;

	for (int k = 0; k < 2; k++) {
		pack(&b, REC("response", "3", "one"), ZSTD);
		buf_add(&b, unit + 3, 8);
		buf_char(&b, 0);
		for (int i = 0; i < 20000 && !k; i++)
			buf_add(&b, unit, sizeof unit);
		buf_add(&b, "\x55\0\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 13);
	}
	after = b.n;
	pack(&b, REC("response", "3", "two"), ZSTD);
	got = run(b.p, b.n, ZSTD);
	snprintf(want, sizeof want, "two@%zu|", after);
	OK(strncmp(got, "one@0|one@", 10) == 0 && strstr(got, want), "what is behind a chain of damaged frames");
	OK(atoi(strrchr(got, '|') + 1) < 200, "not each of a chain of damaged frames is looked into (%s)", strrchr(got, '|') + 1);
	buf_free(&b);
}
#endif

/* The body that a response holds, or why it has none. */
static const char *
body(const char *s, size_t n)
{
	static struct buf out;
	struct http h;
	const char *why;

	buf_clear(&out);
	buf_add(&out, "", 0);
	if (http_parse(&h, s, n) < 0)
		return "none";
	why = http_body(&h, s, n, 100, &out);
	return why ? why : out.p;
}

#ifdef HAVE_BROTLI
static void
brotli(void)
{
	static const unsigned char x101[] = { 0x1b, 0x64, 0, 0xf8, 0x25, 0xf0, 2, 0xb1, 0x40, 0xc0, 3 }, gzipped[] = {
		0x8b, 0xd, 0x80, 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 0x2b, 0xcd, 0x2b, 0x48, 0x4c, 0xce, 0x4e, 0x4d, 1, 0, 0x96, 0x62, 0x2f, 0xca, 8, 0, 0, 0, 3
	};
	struct buf b = { 0 };

	buf_str(&b, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, br\r\n\r\n");
	buf_add(&b, gzipped, sizeof gzipped);
	OK(strcmp(body(b.p, b.n), "unpacked") == 0, "brotli undone, then gzip");
	OK(strcmp(body(b.p, b.n - 8), "unpacked") == 0, "brotli that breaks off");
	memset(b.p + b.n - sizeof gzipped, 0xff, 4);
	OK(strcmp(body(b.p, b.n), "http.damaged") == 0, "damaged brotli");
	buf_clear(&b);
	buf_str(&b, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n");
	buf_add(&b, x101, sizeof x101);
	OK(strcmp(body(b.p, b.n), "too_large") == 0, "more of brotli than is allowed");
	buf_clear(&b);
	buf_str(&b, "HTTP/1.1 200 OK\r\nContent-Encoding: br\r\n\r\n <p>plain");
	OK(strcmp(body(b.p, b.n), " <p>plain") == 0, "brotli that crawlers undid");
	buf_free(&b);
}
#endif

static void
responses(void)
{
	struct http h;
	struct buf z = { 0 }, packed = { 0 };
	const char *s = "HTTP/1.1 200 OK\nX: 1\ncontent-type: Text/HTML; Charset=\"Shift_JIS\"\n\nbody";

	OK(http_parse(&h, s, strlen(s)) == 0 && h.status == 200 && strcmp(h.type, "text/html") == 0 && strcmp(h.charset, "Shift_JIS") == 0,
	    "type and charset of a response");
	OK(strcmp(body(s, strlen(s)), "body") == 0, "its body");
	OK(http_parse(&h, "<html>", 6) < 0, "a page is no response");
	s = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\nA\r\n, 10 bytes\r\n0\r\nTrailer: x\r\n\r\n";
	OK(strcmp(body(s, strlen(s)), "hello, 10 bytes") == 0, "chunks");
	s = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<p>not chunked";
	OK(strcmp(body(s, strlen(s)), "<p>not chunked") == 0, "chunks that crawlers undid");
	s = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nff\r\ncut";
	OK(strcmp(body(s, strlen(s)), "hellocut") == 0, "chunks that break off");
	buf_str(&z, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
	member(&z, "unpacked");
	OK(strcmp(body(z.p, z.n), "unpacked") == 0, "gzip undone");
	s = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n<p>plain";
	OK(strcmp(body(s, strlen(s)), "<p>plain") == 0, "gzip that crawlers undid");
#ifdef HAVE_ZSTD
	buf_clear(&z);
	buf_str(&z, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip, zstd\r\n\r\n");
	frame(&z, "unpa", 4, NULL);
	frame(&z, "cked", 4, NULL);
	OK(strcmp(body(z.p, z.n), "unpacked") == 0, "two frames of zstd undone");
	OK(strcmp(body(z.p, z.n - 2), "unpacked") == 0, "zstd that breaks off behind its last block");
	OK(strcmp(body(z.p, z.n - 6), "unpack") == 0, "and within it");
	z.p[z.n - 1] ^= 1;
	OK(strcmp(body(z.p, z.n), "unpa") == 0, "what comes before a damaged frame");
	buf_clear(&z);
	buf_str(&z, "HTTP/1.1 200 OK\r\nContent-Encoding: zstd\r\n\r\n");
	frame(&z, "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x", 101, NULL);
	OK(strcmp(body(z.p, z.n), "too_large") == 0, "more of zstd than is allowed");
#endif
#ifdef HAVE_BROTLI
	brotli();
#endif
	member(&packed, "two ");
	member(&packed, "members");
	buf_clear(&z);
	buf_printf(&z, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n%zx\r\n", packed.n);
	buf_add(&z, packed.p, packed.n);
	buf_str(&z, "\r\n0\r\n\r\n");
	OK(strcmp(body(z.p, z.n), "two members") == 0, "members of gzip within a chunk");
	s = "HTTP/1.1 200 OK\r\nContent-Encoding: compress\r\n\r\n\x8b\x01\x02";
	OK(strcmp(body(s, strlen(s)), "http.coding") == 0, "a coding that is unknown");
	buf_clear(&z);
	buf_str(&z, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
	member(&z, "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789x");
	OK(strcmp(body(z.p, z.n), "too_large") == 0, "more bytes than are allowed");
	buf_free(&z);
	buf_free(&packed);
}

int
main(void)
{
	plain();
	members(GZIP);
#ifdef HAVE_ZSTD
	members(ZSTD);
	frames();
	nested();
#endif
	responses();
	return DONE();
}

/* charset - labels, detection, conversion by iconv */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/charset.h"
#include "base/lanes.h"
#include "base/order.h"
#include "base/utf8.h"
#include <errno.h>
#include <iconv.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#ifdef HAVE_UCHARDET
#include <uchardet.h>
#endif

#define DECLARED_IN 8192        /* bytes of a page that are searched for what it declares */

/* What iconv calls an encoding by each label, in order. */
static const char *const labels[][2] = {
	{ "866", "IBM866" }, { "8859-1", "CP1252" }, { "ansi", "CP1252" }, { "ansi_x3.4-1968", "CP1252" },
	{ "arabic", "ISO-8859-6" }, { "ascii", "CP1252" }, { "asmo-708", "ISO-8859-6" }, { "big5", "BIG5-HKSCS" },
	{ "big5-hkscs", "BIG5-HKSCS" }, { "chinese", "GB18030" }, { "cn-big5", "BIG5-HKSCS" }, { "cp1250", "CP1250" },
	{ "cp1251", "CP1251" }, { "cp1252", "CP1252" }, { "cp1253", "CP1253" }, { "cp1254", "CP1254" },
	{ "cp1255", "CP1255" }, { "cp1256", "CP1256" }, { "cp1257", "CP1257" }, { "cp1258", "CP1258" },
	{ "cp819", "CP1252" }, { "cp866", "IBM866" }, { "cp874", "CP874" }, { "cp932", "CP932" },
	{ "cp936", "GB18030" }, { "cp949", "UHC" }, { "csbig5", "BIG5-HKSCS" }, { "cseuckr", "UHC" },
	{ "cseucpkdfmtjapanese", "EUC-JP" }, { "csgb2312", "GB18030" }, { "csibm866", "IBM866" },
	{ "csiso2022jp", "ISO-2022-JP" }, { "csiso58gb231280", "GB18030" }, { "csisolatin1", "CP1252" },
	{ "csisolatin2", "ISO-8859-2" }, { "csisolatin9", "ISO-8859-15" }, { "cskoi8r", "KOI8-R" },
	{ "csksc56011987", "UHC" }, { "csmacintosh", "MACINTOSH" }, { "csshiftjis", "CP932" },
	{ "csunicode", "UTF-16LE" }, { "cyrillic", "ISO-8859-5" }, { "dos-874", "CP874" },
	{ "ecma-114", "ISO-8859-6" }, { "ecma-118", "ISO-8859-7" }, { "elot_928", "ISO-8859-7" },
	{ "euc-cn", "GB18030" }, { "euc-jp", "EUC-JP" }, { "euc-kr", "UHC" }, { "eucjp", "EUC-JP" },
	{ "gb18030", "GB18030" }, { "gb2312", "GB18030" }, { "gb_2312", "GB18030" }, { "gb_2312-80", "GB18030" },
	{ "gbk", "GB18030" }, { "greek", "ISO-8859-7" }, { "greek8", "ISO-8859-7" }, { "hebrew", "ISO-8859-8" },
	{ "ibm819", "CP1252" }, { "ibm866", "IBM866" }, { "iso-10646-ucs-2", "UTF-16LE" },
	{ "iso-2022-jp", "ISO-2022-JP" }, { "iso-8859-1", "CP1252" }, { "iso-8859-10", "ISO-8859-10" },
	{ "iso-8859-11", "CP874" }, { "iso-8859-13", "ISO-8859-13" }, { "iso-8859-14", "ISO-8859-14" },
	{ "iso-8859-15", "ISO-8859-15" }, { "iso-8859-16", "ISO-8859-16" }, { "iso-8859-2", "ISO-8859-2" },
	{ "iso-8859-3", "ISO-8859-3" }, { "iso-8859-4", "ISO-8859-4" }, { "iso-8859-5", "ISO-8859-5" },
	{ "iso-8859-6", "ISO-8859-6" }, { "iso-8859-7", "ISO-8859-7" }, { "iso-8859-8", "ISO-8859-8" },
	{ "iso-8859-8-e", "ISO-8859-8" }, { "iso-8859-8-i", "ISO-8859-8" }, { "iso-8859-9", "CP1254" },
	{ "iso-ir-100", "CP1252" }, { "iso-ir-101", "ISO-8859-2" }, { "iso-ir-144", "ISO-8859-5" },
	{ "iso-ir-149", "UHC" }, { "iso-ir-58", "GB18030" }, { "iso8859-1", "CP1252" },
	{ "iso8859-10", "ISO-8859-10" }, { "iso8859-11", "CP874" }, { "iso8859-13", "ISO-8859-13" },
	{ "iso8859-14", "ISO-8859-14" }, { "iso8859-15", "ISO-8859-15" }, { "iso8859-2", "ISO-8859-2" },
	{ "iso8859-3", "ISO-8859-3" }, { "iso8859-4", "ISO-8859-4" }, { "iso8859-5", "ISO-8859-5" },
	{ "iso8859-6", "ISO-8859-6" }, { "iso8859-7", "ISO-8859-7" }, { "iso8859-8", "ISO-8859-8" },
	{ "iso8859-9", "CP1254" }, { "iso88591", "CP1252" }, { "iso88592", "ISO-8859-2" }, { "iso88599", "CP1254" },
	{ "iso_8859-1", "CP1252" }, { "iso_8859-1:1987", "CP1252" }, { "iso_8859-2", "ISO-8859-2" },
	{ "koi", "KOI8-R" }, { "koi8", "KOI8-R" }, { "koi8-r", "KOI8-R" }, { "koi8-ru", "KOI8-U" },
	{ "koi8-u", "KOI8-U" }, { "koi8_r", "KOI8-R" }, { "korean", "UHC" }, { "ks_c_5601-1987", "UHC" },
	{ "ks_c_5601-1989", "UHC" }, { "ksc5601", "UHC" }, { "ksc_5601", "UHC" }, { "l1", "CP1252" },
	{ "l2", "ISO-8859-2" }, { "l3", "ISO-8859-3" }, { "l4", "ISO-8859-4" }, { "l5", "CP1254" },
	{ "l6", "ISO-8859-10" }, { "l9", "ISO-8859-15" }, { "latin-1", "CP1252" }, { "latin-9", "ISO-8859-15" },
	{ "latin1", "CP1252" }, { "latin2", "ISO-8859-2" }, { "latin3", "ISO-8859-3" }, { "latin4", "ISO-8859-4" },
	{ "latin5", "CP1254" }, { "latin6", "ISO-8859-10" }, { "latin9", "ISO-8859-15" }, { "logical", "ISO-8859-8" },
	{ "mac", "MACINTOSH" }, { "macintosh", "MACINTOSH" }, { "ms932", "CP932" }, { "ms936", "GB18030" },
	{ "ms_kanji", "CP932" }, { "shift-jis", "CP932" }, { "shift_jis", "CP932" }, { "sjis", "CP932" },
	{ "sun_eu_greek", "ISO-8859-7" }, { "tis-620", "CP874" }, { "ucs-2", "UTF-16LE" }, { "unicode", "UTF-16LE" },
	{ "unicode-1-1-utf-8", "UTF-8" }, { "unicode11utf8", "UTF-8" }, { "unicode20utf8", "UTF-8" },
	{ "unicodefeff", "UTF-16LE" }, { "unicodefffe", "UTF-16BE" }, { "us-ascii", "CP1252" },
	{ "utf-16", "UTF-16LE" }, { "utf-16be", "UTF-16BE" }, { "utf-16le", "UTF-16LE" }, { "utf-8", "UTF-8" },
	{ "utf8", "UTF-8" }, { "visual", "ISO-8859-8" }, { "win-1251", "CP1251" }, { "windows-1250", "CP1250" },
	{ "windows-1251", "CP1251" }, { "windows-1252", "CP1252" }, { "windows-1253", "CP1253" },
	{ "windows-1254", "CP1254" }, { "windows-1255", "CP1255" }, { "windows-1256", "CP1256" },
	{ "windows-1257", "CP1257" }, { "windows-1258", "CP1258" }, { "windows-31j", "CP932" },
	{ "windows-874", "CP874" }, { "windows-949", "UHC" }, { "x-cp1250", "CP1250" }, { "x-cp1251", "CP1251" },
	{ "x-cp1252", "CP1252" }, { "x-cp1253", "CP1253" }, { "x-cp1254", "CP1254" }, { "x-cp1255", "CP1255" },
	{ "x-cp1256", "CP1256" }, { "x-cp1257", "CP1257" }, { "x-cp1258", "CP1258" }, { "x-euc-jp", "EUC-JP" },
	{ "x-gbk", "GB18030" }, { "x-mac-cyrillic", "MAC-CYRILLIC" }, { "x-mac-roman", "MACINTOSH" },
	{ "x-mac-ukrainian", "MAC-CYRILLIC" }, { "x-sjis", "CP932" }, { "x-unicode20utf8", "UTF-8" },
	{ "x-x-big5", "BIG5-HKSCS" },
};

const char *
charset_label(const char *label, size_t n)
{
	char key[32];
	const char *at = key, *const *row;

	while (n && (unsigned char)*label <= ' ')
		label++, n--;
	while (n && (unsigned char)label[n - 1] <= ' ')
		n--;
	if (n == 0 || n >= sizeof key)
		return NULL;
	for (size_t i = 0; i < n; i++)
		key[i] = (char)(label[i] >= 'A' && label[i] <= 'Z' ? label[i] | 32 : label[i]);
	key[n] = 0;
	row = bsearch(&at, labels, sizeof labels / sizeof *labels, sizeof *labels, order_text);
	return row ? row[1] : NULL;
}

/* How many bytes from s are ASCII and not NUL, or some of them. */
static size_t
ascii_run(const unsigned char *s, size_t n)
{
	size_t i = 0;

	for (; i + 64 <= n; i += 64) {
		lanes a = lanes_at(s + i), b = lanes_at(s + i + 16), c = lanes_at(s + i + 32), d = lanes_at(s + i + 48);

		if (lanes_set((lanes)(a - 1 < 127) & (lanes)(b - 1 < 127) & (lanes)(c - 1 < 127) & (lanes)(d - 1 < 127)) != 0xffff)
			break;
	}
	for (; i + 16 <= n; i += 16) {
		uint64_t other = ~lanes_set((lanes)(lanes_at(s + i) - 1 < 127)) & 0xffff;

		if (other)
			return i + (size_t)__builtin_ctzll(other);
	}
	return i;
}

int
utf8_valid(const char *str, size_t n)
{
	const unsigned char *s = (const unsigned char *)str;
	uint32_t len;

	for (size_t i = 0; i < n; i += len)
		if ((len = (uint32_t)ascii_run(s + i, n - i)) == 0 && utf8_next(s + i, s + n, &len) == UTF8_BAD)
			return i + len == n && s[i] >= 0xc2 && s[i] <= 0xf4;
	return 1;
}

static int
is_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80)
			return 0;
	return 1;
}

/* What a tag says behind a word and "=", or NULL. */
static const char *
label_in(const char *s, const char *end, const char *word)
{
	ptrdiff_t skip = (ptrdiff_t)strlen(word);
	const char *name;
	size_t n;

	for (; end - s > skip; s++) {
		if (strncasecmp(s, word, (size_t)skip) != 0)
			continue;
		for (s += skip; s < end && (unsigned char)*s <= ' '; )
			s++;
		if (s >= end || *s != '=')
			continue;
		for (s++; s < end && (*s == '"' || *s == '\'' || (unsigned char)*s <= ' '); )
			s++;
		for (n = 0; n < (size_t)(end - s) && !strchr("\"'>;/ \t\r\n", s[n]); )
			n++;
		if ((name = charset_label(s, n)))
			return name;
	}
	return NULL;
}

/* <meta charset=x>, <meta http-equiv content="...; charset=x">, <?xml encoding="x"?>, but in comments. */
static const char *
declared_inside(const char *s, size_t n)
{
	const char *end = s + (n < DECLARED_IN ? n : DECLARED_IN), *name = NULL, *stop;

	while (!name && (s = memchr(s, '<', (size_t)(end - s)))) {
		if (end - s > 4 && memcmp(s, "<!--", 4) == 0 && (stop = memmem(s, (size_t)(end - s), "-->", 3))) {
			s = stop;
			continue;
		}
		if (end - s > 5 && (strncasecmp(s, "<meta", 5) == 0 || memcmp(s, "<?xml", 5) == 0)) {
			stop = memchr(s, '>', (size_t)(end - s));
			name = label_in(s, stop ? stop : end, s[1] == '?' ? "encoding" : "charset");
		}
		s++;
	}
	/* bytes that could be read this far are not UTF-16 */
	return name && strncmp(name, "UTF-16", 6) == 0 ? "UTF-8" : name;
}

static const char *
guess(const char *s, size_t n)
{
#ifdef HAVE_UCHARDET
	uchardet_t u = uchardet_new();
	const char *name = NULL, *got;

	if (uchardet_handle_data(u, s, n < 1 << 17 ? n : 1 << 17) == 0) {
		uchardet_data_end(u);
		got = uchardet_get_charset(u);
		name = charset_label(got, strlen(got));
	}
	uchardet_delete(u);
	if (name && strcmp(name, "UTF-8") != 0)
		return name;
#endif
	(void)s, (void)n;
	return "CP1252";
}

const char *
charset_of(const char *s, size_t n, const char *declared, int html)
{
	const char *name = NULL;

	if (n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0)
		return "UTF-8";
	if (n >= 2 && memcmp(s, "\xff\xfe", 2) == 0)
		return "UTF-16LE";
	if (n >= 2 && memcmp(s, "\xfe\xff", 2) == 0)
		return "UTF-16BE";
	if (declared && declared[0])
		name = charset_label(declared, strlen(declared));
	if (!name && html)
		name = declared_inside(s, n);
	if (name && (strncmp(name, "UTF-16", 6) == 0 || strcmp(name, "UTF-8") == 0))
		return name;
	/* seven bits may be more than ASCII: ISO-2022-JP has escapes */
	if (utf8_valid(s, n) && (name ? !is_ascii(s, n) : !memchr(s, 0x1b, n)))
		return "UTF-8";
	return name ? name : guess(s, n);
}

/* How many bytes from s are whole characters, and no NUL. */
static size_t
good_run(const unsigned char *s, size_t n)
{
	size_t i = 0;
	uint32_t len;

	while ((i += ascii_run(s + i, n - i)) < n && s[i] && utf8_next(s + i, s + n, &len) != UTF8_BAD)
		i += len;
	return i;
}

static void
copy_utf8(const unsigned char *s, size_t n, struct buf *out)
{
	size_t i = n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	buf_need(out, n);
	for (;;) {
		size_t k = good_run(s + i, n - i);

		buf_add(out, s + i, k);
		if ((i += k) == n)
			return;
		buf_str(out, s[i++] ? "\xef\xbf\xbd" : " ");
	}
}

int
charset_keeps(const char *s, size_t n, const char *from)
{
	return strcmp(from, "UTF-8") == 0 && !(n >= 3 && memcmp(s, "\xef\xbb\xbf", 3) == 0) && good_run((const unsigned char *)s, n) == n;
}

void
charset_convert(const char *s, size_t n, const char *from, struct buf *out)
{
	iconv_t cd;
	struct buf raw = { 0 };
	char *in = (char *)(uintptr_t)s;
	size_t left = n;

	if (strcmp(from, "UTF-8") == 0 || (cd = iconv_open("UTF-8", from)) == (iconv_t)-1) {
		copy_utf8((const unsigned char *)s, n, out);
		return;
	}
	if (n >= 2 && strncmp(from, "UTF-16", 6) == 0 && (memcmp(s, "\xff\xfe", 2) == 0 || memcmp(s, "\xfe\xff", 2) == 0))
		in += 2, left -= 2;
	while (left) {
		char *o;
		size_t room, wide = strncmp(from, "UTF-16", 6) == 0 ? 2 : 1;

		buf_need(&raw, left + left / 2 + 64);
		o = raw.p + raw.n;
		room = raw.cap - raw.n - 1;
		if (iconv(cd, &in, &left, &o, &room) != (size_t)-1)
			left = 0;
		raw.n = (size_t)(o - raw.p);
		if (left && errno != E2BIG) {           /* a wrong byte, or a character cut by the end */
			wide = wide < left ? wide : left;
			in += wide, left -= wide;
			buf_str(&raw, "\xef\xbf\xbd");
		}
	}
	iconv_close(cd);
	copy_utf8((const unsigned char *)buf_text(&raw), raw.n, out);
	buf_free(&raw);
}

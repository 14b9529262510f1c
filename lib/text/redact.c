/* redact - what identifies a person taken out of a text */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "text/redact.h"
#include "text/uni.h"
#include <string.h>

/* A find function looks for the first match that begins at or after `from`, in n bytes: whether there is one,
 * where it begins and how long it is.  keep is set for what only looks alike and stays. */
struct match {
	size_t at, len;
	int    keep;
};
typedef int finder(const char *s, size_t n, size_t from, struct match *);

static int digit(char c) { return c >= '0' && c <= '9'; }
static int alnum(char c) { return digit(c) || ((c | 32) >= 'a' && (c | 32) <= 'z'); }
static int in_local(char c) { return alnum(c) || (c && strchr("!#$%&'*+/=?^_`{|}~-", c)); }

/* Whether the character that ends before s[i] is part of a word (\w). */
static int
word_before(const char *s, size_t i)
{
	size_t back = 1, len;

	if (i == 0)
		return 0;
	while (back < 4 && back < i && ((unsigned char)s[i - back] & 0xc0) == 0x80)
		back++;
	return uni_word(uni_decode(s + i - back, back, &len));
}

/* Bytes of a domain of at least two labels at s, 0 for none. */
static size_t
domain_len(const char *s, size_t n)
{
	size_t i = 0, labels = 0;

	for (;;) {
		size_t j = i, core;

		while (j < n && (alnum(s[j]) || s[j] == '-'))
			j++;
		for (core = j; core > i && s[core - 1] == '-'; core--)
			;
		labels++;
		if (core == j && j + 1 < n && s[j] == '.' && alnum(s[j + 1])) {
			i = j + 1;
			continue;
		}
		return labels < 2 ? 0 : core;
	}
}

/* Digits of a number 0..255 at s that is followed by `after`, 0 for none. */
static size_t
octet_before(const char *s, size_t n, char after)
{
	size_t k = 0;
	int v = 0;

	while (k < n && k < 3 && digit(s[k]))
		v = 10 * v + s[k++] - '0';
	return k && v <= 255 && k < n && s[k] == after ? k : 0;
}

/* The form [1.2.3.4], or [1.2.3.tag:], after the @. */
static size_t
literal_len(const char *s, size_t n)
{
	size_t i = 1, k;

	if (!n || s[0] != '[')
		return 0;
	for (int o = 0; o < 3; o++) {
		if (!(k = octet_before(s + i, n - i, '.')))
			return 0;
		i += k + 1;
	}
	if ((k = octet_before(s + i, n - i, ']')))
		return i + k + 1;
	for (k = i; k < n && (alnum(s[k]) || s[k] == '-'); k++)
		;
	return k > i && alnum(s[k - 1]) && k + 1 < n && s[k] == ':' && s[k + 1] == ']' ? k + 2 : 0;
}

/* datatrove's expression for e-mail addresses (pipeline/formatters/pii.py), from the @ both ways. */
static int
find_email(const char *s, size_t n, size_t from, struct match *m)
{
	const char *p = s + from;

	while ((p = memchr(p, '@', n - (size_t)(p - s)))) {
		size_t at = (size_t)(p - s), i = at, len = 0;

		p++;
		if (at + 1 < n && alnum(s[at + 1]))
			len = domain_len(s + at + 1, n - at - 1);
		else
			len = literal_len(s + at + 1, n - at - 1);
		if (!len)
			continue;
		while (i > from && (in_local(s[i - 1]) || (s[i - 1] == '.' && i < at && s[i] != '.')))
			i--;
		/* the address begins where a word begins or ends, and with no full stop */
		while (i < at && (s[i] == '.' || word_before(s, i) == (alnum(s[i]) || s[i] == '_')))
			i++;
		if (i == at)
			continue;
		m->at = i;
		m->len = at + 1 + len - i;
		return 1;
	}
	return 0;
}

/* What Python's ipaddress calls global: reachable, not set aside by IANA's registry. */
static int
global_ip(const unsigned o[4])
{
	uint32_t ip = (uint32_t)o[0] << 24 | o[1] << 16 | o[2] << 8 | o[3];
	static const struct { uint32_t net; int bits; } special[] = {
		{ 0x00000000, 8 }, { 0x0a000000, 8 }, { 0x64400000, 10 }, { 0x7f000000, 8 }, { 0xa9fe0000, 16 }, { 0xac100000, 12 },
		{ 0xc0000000, 24 }, { 0xc0000200, 24 }, { 0xc0a80000, 16 }, { 0xc6120000, 15 }, { 0xc6336400, 24 }, { 0xcb007100, 24 },
		{ 0xf0000000, 4 }
	};

	for (size_t i = 0; i < sizeof special / sizeof *special; i++)
		if ((ip ^ special[i].net) >> (32 - special[i].bits) == 0)
			return 0;
	return 1;
}

/* The last number of an address: as many digits as make one. */
static size_t
octet_last(const char *s, size_t n)
{
	if (!n || !digit(s[0]))
		return 0;
	if (n < 2 || !digit(s[1]))
		return 1;
	if (n < 3 || !digit(s[2]))
		return 2;
	return (s[0] - '0') * 100 + (s[1] - '0') * 10 + s[2] - '0' <= 255 ? 3 : 2;
}

static int
ip_at(const char *s, size_t n, struct match *m)
{
	unsigned o[4] = { 0 };
	size_t i = 0;

	m->keep = 0;
	for (int k = 0; k < 4; k++) {
		size_t len = k < 3 ? octet_before(s + i, n - i, '.') : octet_last(s + i, n - i);

		if (!len)
			return 0;
		m->keep |= len > 1 && s[i] == '0';      /* 01.2.3.4 is no address */
		for (size_t j = 0; j < len; j++)
			o[k] = 10 * o[k] + (unsigned)(s[i + j] - '0');
		i += len + (k < 3);
	}
	m->len = i;
	m->keep |= !global_ip(o);
	return 1;
}

static int
find_ip(const char *s, size_t n, size_t from, struct match *m)
{
	for (size_t i = from; i < n; i++)
		if (digit(s[i]) && ip_at(s + i, n - i, m)) {
			m->at = i;
			return 1;
		}
	return 0;
}

/* Digits at s, with single separators between them; *digits gets them, at most max. */
static size_t
digit_group(const char *s, size_t n, const char *separators, char *digits, size_t max, size_t *count)
{
	size_t i = 0, end = 0;

	*count = 0;
	while (i < n && *count < max) {
		if (digit(s[i])) {
			digits[(*count)++] = s[i++];
			end = i;
		} else if (end && strchr(separators, s[i]) && s[i] && i + 1 < n && (digit(s[i + 1]) || strchr("( ", s[i + 1]))) {
			i++;
		} else {
			break;
		}
	}
	return end;
}

static int
luhn(const char *d, size_t n)
{
	int sum = 0;

	for (size_t i = 0; i < n; i++) {
		int v = d[n - 1 - i] - '0';

		if (i & 1)
			v = v > 4 ? 2 * v - 9 : 2 * v;
		sum += v;
	}
	return sum % 10 == 0;
}

/* Visa, Mastercard, American Express, Discover, JCB, Diners by prefix and length. */
static int
card_issuer(const char *d, size_t n)
{
	int two = (d[0] - '0') * 10 + d[1] - '0', four = two * 100 + (d[2] - '0') * 10 + d[3] - '0';

	if (d[0] == '4')
		return n == 13 || n == 16 || n == 19;
	if ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720) || two == 35)
		return n == 16;
	if (two == 34 || two == 37)
		return n == 15;
	if (four == 6011 || two == 65)
		return n >= 16;
	return (two == 36 || two == 38 || two == 30) && n == 14;
}

static int
find_card(const char *s, size_t n, size_t from, struct match *m)
{
	char d[20];
	size_t count;

	for (size_t i = from; i < n; i++) {
		if (!digit(s[i]) || (i && (alnum(s[i - 1]) || s[i - 1] == '.' || s[i - 1] == '-')))
			continue;
		m->len = digit_group(s + i, n - i, " -", d, sizeof d, &count);
		if (count >= 13 && count <= 19 && (i + m->len == n || !alnum(s[i + m->len])) && card_issuer(d, count) && luhn(d, count)) {
			m->at = i;
			return 1;
		}
	}
	return 0;
}

/* (ddd) ddd-dddd, ddd-ddd-dddd, ddd.ddd.dddd at s: bytes, 0 for none. */
static size_t
phone_american(const char *s, size_t n)
{
	size_t i = 0;
	int paren = n && s[0] == '(';
	char sep;

	i += (size_t)paren;
	if (n < i + 12 || s[i] < '2' || !digit(s[i]) || !digit(s[i + 1]) || !digit(s[i + 2]))
		return 0;
	i += 3;
	if (paren) {
		if (s[i++] != ')')
			return 0;
		i += s[i] == ' ' || s[i] == '-';
		sep = 0;
	} else {
		sep = s[i++];
		if (sep != '-' && sep != '.' && sep != ' ')
			return 0;
	}
	if (n < i + 8 || s[i] < '2' || !digit(s[i]) || !digit(s[i + 1]) || !digit(s[i + 2]))
		return 0;
	if (sep ? s[i + 3] != sep : s[i + 3] != '-' && s[i + 3] != '.' && s[i + 3] != ' ')
		return 0;
	for (int k = 4; k < 8; k++)
		if (!digit(s[i + (size_t)k]))
			return 0;
	return i + 8 < n && alnum(s[i + 8]) ? 0 : i + 8;
}

static int
find_phone(const char *s, size_t n, size_t from, struct match *m)
{
	char d[20];
	size_t count;

	for (size_t i = from; i < n; i++) {
		if (i && (alnum(s[i - 1]) || s[i - 1] == '.' || s[i - 1] == '-' || s[i - 1] == '/'))
			continue;
		m->at = i;
		if (s[i] == '+' && i + 1 < n && s[i + 1] > '0' && digit(s[i + 1])) {
			m->len = 1 + digit_group(s + i + 1, n - i - 1, " -.()", d, sizeof d, &count);
			if (count >= 8 && count <= 15 && (i + m->len == n || !alnum(s[i + m->len])))
				return 1;
		} else if ((digit(s[i]) || s[i] == '(') && (m->len = phone_american(s + i, n - i))) {
			return 1;
		}
	}
	return 0;
}

static size_t
run_of(const char *s, size_t n, const char *also)
{
	size_t i = 0;

	while (i < n && i < 2048 && (alnum(s[i]) || (s[i] && strchr(also, s[i]))))
		i++;
	return i;
}

/* Three parts in base64url, the first two JSON objects: eyJ is {" encoded. */
static size_t
web_token(const char *s, size_t n)
{
	size_t a = run_of(s, n, "-_"), b, c;

	if (a < 10 || a + 4 > n || memcmp(s + a, ".eyJ", 4) != 0)
		return 0;
	b = a + 1 + run_of(s + a + 1, n - a - 1, "-_");
	if (b >= n || s[b] != '.')
		return 0;
	c = run_of(s + b + 1, n - b - 1, "-_");
	return c < 10 ? 0 : b + 1 + c;
}

static size_t
private_key(const char *s, size_t n)
{
	static const char end[] = "PRIVATE KEY-----";
	const char *p = memmem(s, n < 60 ? n : 60, end, sizeof end - 1), *q;

	if (!p)
		return 0;
	p += sizeof end - 1;
	q = memmem(p, n - (size_t)(p - s), end, sizeof end - 1);
	return (size_t)((q ? q + sizeof end - 1 : s + n) - s);
}

static size_t
key_at(const char *s, size_t n)
{
	static const struct { const char *prefix, *also; size_t min, max; } forms[] = {
		{ "AKIA", "", 20, 20 }, { "ASIA", "", 20, 20 }, { "ghp_", "_", 40, 255 }, { "gho_", "_", 40, 255 }, { "ghu_", "_", 40, 255 },
		{ "ghs_", "_", 40, 255 }, { "ghr_", "_", 40, 255 }, { "github_pat_", "_", 33, 255 }, { "glpat-", "-_", 26, 64 },
		{ "xoxb-", "-", 20, 255 }, { "xoxp-", "-", 20, 255 }, { "xoxa-", "-", 20, 255 }, { "AIza", "-_", 39, 39 },
		{ "sk_live_", "_", 24, 255 }, { "rk_live_", "_", 24, 255 }, { "sk-proj-", "-_", 40, 255 }, { "sk-ant-", "-_", 40, 255 },
		{ "hf_", "", 37, 37 }
	};

	if (n > 3 && !memcmp(s, "eyJ", 3))
		return web_token(s, n);
	if (n > 11 && !memcmp(s, "-----BEGIN ", 11))
		return private_key(s, n);
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		size_t len = strlen(forms[i].prefix);

		if (n >= forms[i].min && !memcmp(s, forms[i].prefix, len)) {
			len += run_of(s + len, n - len, forms[i].also);
			if (len >= forms[i].min && len <= forms[i].max)
				return len;
		}
	}
	return 0;
}

static int
find_key(const char *s, size_t n, size_t from, struct match *m)
{
	for (size_t i = from; i < n; i++) {
		if (!s[i] || !strchr("AghxsreG-", s[i]) || (i && (alnum(s[i - 1]) || s[i - 1] == '_')))
			continue;
		if ((m->len = key_at(s + i, n - i))) {
			m->at = i;
			return 1;
		}
	}
	return 0;
}

static const struct kind {
	const char *name;
	unsigned    bit;
	finder     *find;
	const char *by[7];      /* replacements, in turn */
} kinds[] = {
	{ "key", REDACT_KEY, find_key, { "[KEY]" } },
	{ "email", REDACT_EMAIL, find_email, { "email@example.com", "firstname.lastname@example.org" } },
	{ "ip", REDACT_IP, find_ip, { "22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168" } },
	{ "card", REDACT_CARD, find_card, { "0000 0000 0000 0000" } },
	{ "phone", REDACT_PHONE, find_phone, { "+1-555-0100" } },
};

int
redact_parse(const char *list, unsigned *what, struct err *err)
{
	*what = 0;
	while (*list) {
		size_t n = strcspn(list, ","), i = 0;

		while (i < sizeof kinds / sizeof *kinds && (strlen(kinds[i].name) != n || memcmp(kinds[i].name, list, n)))
			i++;
		if (i == sizeof kinds / sizeof *kinds)
			return err_set(err, "'%.*s' is none of email, ip, phone, key, card", (int)n, list);
		*what |= kinds[i].bit;
		list += n + (list[n] == ',');
	}
	return 0;
}

static size_t
redact_kind(struct buf *text, const struct kind *k)
{
	struct buf out = { 0 };
	struct match m = { 0 };
	size_t from = 0, count = 0, turn = 0, copied = 0;

	while (from < text->n && k->find(text->p, text->n, from, &m)) {
		from = m.at + m.len;
		if (m.keep)
			continue;
		buf_add(&out, text->p + copied, m.at - copied);
		buf_str(&out, k->by[turn++]);
		if (!k->by[turn])
			turn = 0;
		copied = from;
		count++;
	}
	if (count) {
		buf_add(&out, text->p + copied, text->n - copied);
		buf_free(text);
		*text = out;
	}
	return count;
}

size_t
redact(struct buf *text, unsigned what)
{
	size_t count = 0;

	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (what & kinds[i].bit)
			count += redact_kind(text, &kinds[i]);
	return count;
}

/* address - e-mail and IP addresses */
/* SPDX-License-Identifier: MIT */
#include "text/redact/find.h"
#include "text/uni.h"
#include <arpa/inet.h>
#include <string.h>

static int in_local(char c) { return find_alnum(c) || (c && strchr("!#$%&'*+/=?^_`{|}~-", c)); }

/* Bytes of a domain of at least two labels at s, 0 for none. */
static size_t
domain_len(const char *s, size_t n)
{
	size_t i = 0, labels = 0;

	for (;;) {
		size_t j = i, core;

		while (j < n && (find_alnum(s[j]) || s[j] == '-'))
			j++;
		for (core = j; core > i && s[core - 1] == '-'; core--)
			;
		labels++;
		if (core == j && j + 1 < n && s[j] == '.' && find_alnum(s[j + 1])) {
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

	while (k < n && k < 3 && find_digit(s[k]))
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
	for (k = i; k < n && (find_alnum(s[k]) || s[k] == '-'); k++)
		;
	return k > i && find_alnum(s[k - 1]) && k + 1 < n && s[k] == ':' && s[k + 1] == ']' ? k + 2 : 0;
}

/* datatrove's expression for e-mail addresses (pipeline/formatters/pii.py), from the @ both ways. */
int
find_email(const char *s, size_t n, size_t from, struct match *m)
{
	const char *p = s + from;

	while ((p = memchr(p, '@', n - (size_t)(p - s)))) {
		size_t at = (size_t)(p - s), i = at, len = 0;

		p++;
		if (at + 1 < n && find_alnum(s[at + 1]))
			len = domain_len(s + at + 1, n - at - 1);
		else
			len = literal_len(s + at + 1, n - at - 1);
		if (!len)
			continue;
		while (i > from && (in_local(s[i - 1]) || (s[i - 1] == '.' && i < at && s[i] != '.')))
			i--;
		/* the address begins where a word begins or ends, and with no full stop */
		while (i < at && (s[i] == '.' || uni_word_before(s, i) == (find_alnum(s[i]) || s[i] == '_')))
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
	if (!n || !find_digit(s[0]))
		return 0;
	if (n < 2 || !find_digit(s[1]))
		return 1;
	if (n < 3 || !find_digit(s[2]))
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

int
find_ip(const char *s, size_t n, size_t from, struct match *m)
{
	for (size_t i = from; i < n; i++)
		if (find_digit(s[i]) && ip_at(s + i, n - i, m)) {
			m->at = i;
			return 1;
		}
	return 0;
}

/* IPv6: what is global, of 2000::/3 but for the addresses of documentation. */
int
find_ip6(const char *s, size_t n, size_t from, struct match *m)
{
	const char *p = s + from;
	char word[40];
	unsigned char a[16];

	while ((p = memchr(p, ':', n - (size_t)(p - s)))) {
		size_t at = (size_t)(p - s), end = at;

		while (at > from && find_alnum(s[at - 1]))
			at--;
		while (end < n && (find_alnum(s[end]) || (s[end] == ':' && end + 1 < n && (s[end + 1] == ':' || s[end - 1] == ':' || find_alnum(s[end + 1])))))
			end++;
		p = s + end + (end == (size_t)(p - s));
		if (end - at < 4 || end - at >= sizeof word)
			continue;
		memcpy(word, s + at, end - at);
		word[end - at] = 0;
		if (inet_pton(AF_INET6, word, a) != 1)
			continue;
		*m = (struct match){ at, end - at, a[0] >> 5 != 1 || memcmp(a, "\x20\x01\x0d\xb8", 4) == 0 };
		return 1;
	}
	return 0;
}

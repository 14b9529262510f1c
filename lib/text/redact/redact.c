/* redact - what identifies a person taken out of a text */
/* SPDX-License-Identifier: MIT */
#include "text/redact/redact.h"
#include "base/list.h"
#include "text/redact/find.h"
#include <string.h>

static const struct kind {
	const char *name;
	unsigned    bit;
	finder     *find;
	const char *by[7];      /* replacements, in turn */
} kinds[] = {
	{ "key", REDACT_KEY, find_key, { "[KEY]" } },
	{ "email", REDACT_EMAIL, find_email, { "email@example.com", "firstname.lastname@example.org" } },
	{ "ip", REDACT_IP, find_ip, { "22.214.171.124", "126.96.36.199", "188.8.131.52", "184.108.40.206", "220.127.116.11", "18.104.22.168" } },
	{ "ip", REDACT_IP, find_ip6, { "2001:db8::1" } },
	{ "card", REDACT_CARD, find_card, { "0000 0000 0000 0000" } },
	{ "phone", REDACT_PHONE, find_phone, { "+1-555-0100" } },
};

int
redact_parse(const char *list, unsigned *what, struct err *err)
{
	const char *name;
	size_t n;
	int i;

	*what = 0;
	while (list_next(&list, &name, &n)) {
		if ((i = ROW_OF(kinds, name, n)) < 0)
			return err_set(err, "'%.*s' is none of email, ip, phone, key, card", (int)n, name);
		*what |= kinds[i].bit;
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

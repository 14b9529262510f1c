/* tally - what crawl-clean kept and left out, by reason */
/* SPDX-License-Identifier: MIT */
#include "text/rule/clean.h"
#include "base/json.h"
#include <string.h>

void
tally_add(struct tally *t, const struct cleaned *c, size_t bytes_in)
{
	int i;

	t->in++;
	t->in_bytes += bytes_in;
	if (!c->reason) {
		t->out++;
		t->out_bytes += c->text.n;
		t->redacted += c->redacted;
		return;
	}
	for (i = 0; i < t->n_row && strcmp(t->row[i].reason, c->reason) != 0; i++)
		;
	if (i == (int)(sizeof t->row / sizeof *t->row))
		i--;
	if (i == t->n_row)
		t->row[t->n_row++].reason = c->reason;
	t->row[i].n++;
	t->row[i].bytes += bytes_in;
}

void
tally_json(const struct tally *t, const struct source *s, struct buf *out)
{
	buf_char(out, '{');
	json_add_int(out, "in", (long long)t->in);
	json_add_int(out, "in_bytes", (long long)t->in_bytes);
	json_add_int(out, "out", (long long)t->out);
	json_add_int(out, "out_bytes", (long long)t->out_bytes);
	json_add_int(out, "redacted", (long long)t->redacted);
	json_key(out, "rejected");
	buf_char(out, '{');
	for (int i = 0; i < t->n_row; i++) {
		json_key(out, t->row[i].reason);
		buf_char(out, '{');
		json_add_int(out, "n", (long long)t->row[i].n);
		json_add_int(out, "bytes", (long long)t->row[i].bytes);
		buf_char(out, '}');
	}
	buf_char(out, '}');
	json_add_int(out, "skipped", (long long)source_skipped(s));
	json_add_int(out, "damaged", (long long)source_damaged(s));
	buf_str(out, "}\n");
}

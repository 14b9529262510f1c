/* detok - ids to text */
/* SPDX-License-Identifier: MIT */
#include "vocab/table.h"
#include <string.h>

void
decode_part(const struct vocab *v, const uint32_t *ids, size_t n, int skip_special, struct buf *out)
{
	for (size_t i = 0; i < n; i++) {
		if (ids[i] >= v->n || (v->flags[ids[i]] & TOKEN_HOLE) || (skip_special && (v->flags[ids[i]] & TOKEN_SPECIAL)))
			continue;
		buf_add(out, v->pool.p + v->tok[ids[i]].at, v->tok[ids[i]].len);
	}
}

void
decode_ids(const struct vocab *v, const uint32_t *ids, size_t n, int skip_special, struct buf *out)
{
	size_t at = out->n, i = 0;

	if (!v->spm || !v->prefix) {
		decode_part(v, ids, n, skip_special, out);
		return;
	}
	while (i < n && vocab_special(v, ids[i]))
		i++;
	decode_part(v, ids, i, skip_special, out);
	at = out->n;
	decode_part(v, ids + i, n - i, skip_special, out);
	if (out->n > at && out->p[at] == ' ') {
		memmove(out->p + at, out->p + at + 1, out->n - at);
		out->n--;
	}
}

/* logprobs - how likely tokens were, as completions and as chats tell it */
/* SPDX-License-Identifier: MIT */
#include "serve/logprobs.h"
#include "base/utf8.h"
#include "text/uni.h"
#include <string.h>

/* The same float gives the same text wherever it stands. */
static void
put_logp(struct buf *b, float logp)
{
	buf_printf(b, "%.9g", logp > -9999 ? (double)logp : -9999.);
}

/* A token by itself, special ones too; one that is no whole text, as OpenAI writes it: bytes:\xe2\x80 */
static void
token_text(const struct desk *d, uint32_t id, struct buf *text)
{
	struct buf raw = { 0 };

	buf_clear(text);
	buf_need(&raw, 1);
	decode_part(d->open->vocab, &id, 1, 0, &raw);
	if (utf8_check(raw.p, raw.n) == raw.n) {
		buf_add(text, raw.p, raw.n);
	} else {
		buf_str(text, "bytes:");
		for (size_t i = 0; i < raw.n; i++)
			buf_printf(text, "\\x%02x", (unsigned char)raw.p[i]);
	}
	buf_free(&raw);
}

void
logprobs_token(const struct desk *d, uint32_t id, struct buf *b)
{
	struct buf text = { 0 };

	token_text(d, id, &text);
	json_quote(b, buf_text(&text), text.n);
	buf_free(&text);
}

/* Whether an object's text has a key, given with its quotes and the colon: a quote within a string has a '\\' before it. */
static int
has_key(const char *object, const char *key)
{
	const char *p = strstr(object, key);

	while (p && p[-1] == '\\')
		p = strstr(p + 1, key);
	return p != NULL;
}

/* {text: logprob, ...}: the likeliest first, then the token's own; of several with one text the first. */
static void
put_tops(const struct desk *d, const struct answer *a, size_t i, struct buf *b)
{
	int n = answer_tops(a);
	size_t from = b->n;
	struct buf key = { 0 };

	buf_str(b, n ? "{" : "null");
	for (int k = 0; n && k <= n; k++) {
		const struct logprob *l = k < n ? a->top + i * (size_t)n + k : a->own + i;
		buf_clear(&key);
		logprobs_token(d, l->id, &key);
		buf_char(&key, ':');
		if (has_key(b->p + from, key.p))
			continue;
		buf_str(b, k ? "," : "");
		buf_add(b, key.p, key.n);
		put_logp(b, l->logp);
	}
	buf_str(b, n ? "}" : "");
	buf_free(&key);
}

/* Characters that a token adds to a text. */
static size_t
width(const struct desk *d, uint32_t id)
{
	struct buf raw = { 0 };
	size_t n;

	decode_part(d->open->vocab, &id, 1, 1, &raw);
	n = uni_count(buf_text(&raw), raw.n);
	buf_free(&raw);
	return n;
}

/* Where in the text tokens begin.  The blank that SentencePiece puts in front of a text is not there. */
static void
put_offsets(const struct desk *d, const struct answer *a, const struct gen_out *o, size_t from, size_t to, struct buf *b)
{
	size_t first = a->job->r.echo ? 0 : o->n_prompt, n = 0, extra = 0;

	for (size_t i = first; i < o->n_prompt; i++)
		extra += width(d, o->tok[i]);
	extra -= first ? 0 : uni_count(buf_text(&a->echo), a->echo.n);
	for (size_t i = first; i < to; i++) {
		if (i >= from)
			buf_printf(b, "%s%zu", i > from ? "," : "", n > extra ? n - extra : 0);
		n += width(d, o->tok[i]);
	}
}

void
logprobs_put(const struct desk *d, const struct answer *a, const struct gen_out *o, size_t from, size_t to, struct buf *b)
{
	buf_str(b, "{\"tokens\":[");
	for (size_t i = from; i < to; i++)
		buf_str(b, i > from ? "," : ""), logprobs_token(d, o->tok[i], b);
	buf_str(b, "],\"token_logprobs\":[");
	for (size_t i = from; i < to; i++) {
		buf_str(b, i > from ? "," : "");
		if (i < a->first)
			buf_str(b, "null");
		else
			put_logp(b, a->own[i - a->first].logp);
	}
	buf_str(b, "],\"top_logprobs\":[");
	for (size_t i = from; i < to; i++) {
		buf_str(b, i > from ? "," : "");
		if (i < a->first)
			buf_str(b, "null");
		else
			put_tops(d, a, i - a->first, b);
	}
	buf_str(b, "],\"text_offset\":[");
	put_offsets(d, a, o, from, to, b);
	buf_str(b, "]}");
}

static void
put_likely(const struct desk *d, const struct logprob *l, struct buf *b)
{
	struct buf raw = { 0 };

	decode_part(d->open->vocab, &l->id, 1, 0, &raw);
	buf_str(b, "{\"token\":");
	logprobs_token(d, l->id, b);
	buf_str(b, ",\"logprob\":");
	put_logp(b, l->logp);
	buf_str(b, ",\"bytes\":[");
	for (size_t i = 0; i < raw.n; i++)
		buf_printf(b, "%s%d", i ? "," : "", (unsigned char)raw.p[i]);
	buf_char(b, ']');
	buf_free(&raw);
}

void
logprobs_chat(const struct desk *d, const struct answer *a, size_t from, size_t to, struct buf *b)
{
	int n = answer_tops(a);

	buf_str(b, "{\"content\":[");
	for (size_t i = from - a->first; i < to - a->first; i++) {
		buf_str(b, i > from - a->first ? "," : "");
		put_likely(d, a->own + i, b);
		buf_str(b, ",\"top_logprobs\":[");
		for (int k = 0; k < n; k++) {
			buf_str(b, k ? "," : "");
			put_likely(d, a->top + i * (size_t)n + k, b);
			buf_char(b, '}');
		}
		buf_str(b, "]}");
	}
	buf_str(b, "]}");
}

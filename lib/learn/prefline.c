/* prefline - a line of preference JSONL as records: the conversation rendered, what else it says as meta */
/* SPDX-License-Identifier: MIT */
#include "learn/prefread.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void
raw(struct buf *b, struct json v)
{
	buf_add(b, v.p, (size_t)(v.end - v.p));
}

static void
message(struct buf *b, const char *role, const char *text, size_t n)
{
	if (b->p[b->n - 1] != '[')
		buf_char(b, ',');
	buf_printf(b, "{\"role\":\"%s\",\"content\":", role);
	json_quote(b, text, n);
	buf_char(b, '}');
}

/* Turns written out as Anthropic's HH does: "\n\nHuman: ...\n\nAssistant: ...". */
static void
turns(struct buf *b, const char *text)
{
	static const char *const mark[] = { "\n\nHuman:", "\n\nAssistant:" }, *const role[] = { "user", "assistant" };
	int who = strncmp(text, mark[0], strlen(mark[0])) != 0;

	for (text += strlen(mark[who]);;) {
		const char *h = strstr(text, mark[0]), *a = strstr(text, mark[1]);
		const char *end = !h || (a && a < h) ? a : h;

		text += *text == ' ';
		message(b, role[who], text, end ? (size_t)(end - text) : strlen(text));
		if (!end)
			return;
		who = end == a;
		text = end + strlen(mark[who]);
	}
}

/* A value of an object as messages of one role: a string, or an array of messages; nothing when absent. */
static int
add_messages(struct buf *b, struct json v, const char *role, int may_be_turns)
{
	struct json_iter it = json_walk(v);
	char *text;

	switch (json_kind(v)) {
	case 0:
		return 0;
	case '"':
		text = json_dup(v);
		if (may_be_turns && !strncmp(text, "\n\nHuman:", 8))
			turns(b, text);
		else
			message(b, role, text, strlen(text));
		free(text);
		return 0;
	case '[':
		while (json_next(&it)) {
			if (b->p[b->n - 1] != '[')
				buf_char(b, ',');
			raw(b, it.value);
		}
		return 0;
	default:
		return -1;
	}
}

struct rendered {
	struct ids ids;
	struct buf mask;
	size_t     n_prompt;
};

static void
rendered_free(struct rendered *x)
{
	free(x->ids.v);
	buf_free(&x->mask);
}

/* Prompt and response rendered; the response is the last run of the assistant's own tokens. */
static int
render(struct pref_text *t, struct json prompt, struct json response, struct rendered *out, struct err *e)
{
	struct buf b = { 0 };
	const char *mask;
	struct json o;
	size_t end, begin;
	int bad;

	buf_str(&b, "{\"messages\":[");
	bad = add_messages(&b, prompt, "user", 1) || add_messages(&b, response, "assistant", !json_kind(prompt));
	buf_str(&b, "]}");
	if (bad)
		err_set(e, "a prompt or response that is neither text nor messages");
	bad = bad || json_parse(&o, b.p, b.n, e) || chat_render(&t->chat, t->enc, o, 0, &out->ids, &out->mask, e);
	if (!bad) {
		mask = out->mask.p;
		for (end = out->mask.n; end && !mask[end - 1];)
			end--;
		for (begin = end; begin && mask[begin - 1];)
			begin--;
		out->ids.n = end;
		out->n_prompt = begin;
		if (begin == end || !begin)
			bad = err_set(e, "no %s", begin ? "response" : "prompt");
	}
	buf_free(&b);
	return bad ? -1 : 0;
}

/* Conversations that part before the last turn: the prompt ends where the last assistant's turn begins that both
 * have in common, and all that follows is the response. */
static int
common_prompt(struct rendered *a, struct rendered *b)
{
	size_t n = a->ids.n < b->ids.n ? a->ids.n : b->ids.n, same = 0, begin;

	while (same < n && a->ids.v[same] == b->ids.v[same])
		same++;
	if (a->n_prompt == b->n_prompt && a->n_prompt <= same)
		return 0;
	for (begin = same < n ? same : n - 1; begin; begin--)
		if (a->mask.p[begin] && b->mask.p[begin] && !a->mask.p[begin - 1] && !b->mask.p[begin - 1])
			break;
	a->n_prompt = b->n_prompt = begin;
	return begin ? 0 : -1;
}

/* What an object says beside the conversation. */
static void
meta_of(struct json o, struct buf *meta)
{
	static const char *const ours[] = { "prompt", "chosen", "rejected", "completion", "label", "messages",
		"score_chosen", "score_rejected", "margin" };
	struct json_iter it = json_walk(o);

	buf_char(meta, '{');
	while (json_next(&it)) {
		char *key = json_dup(it.key);
		size_t i = 0;

		while (i < sizeof ours / sizeof *ours && strcmp(ours[i], key))
			i++;
		if (i == sizeof ours / sizeof *ours) {
			json_key(meta, key);
			raw(meta, it.value);
		}
		free(key);
	}
	buf_char(meta, '}');
}

static int
is_eos(const struct chat *c, uint32_t id)
{
	for (int i = 0; i < c->n_eos; i++)
		if ((uint32_t)c->eos[i] == id)
			return 1;
	return 0;
}

static void
add(struct rolls *all, const struct pref_text *t, const struct rendered *x, int role, uint32_t group, double score,
	double margin, const struct buf *meta)
{
	struct roll r = { .group = group, .role = (uint16_t)role, .n_prompt = (uint32_t)x->n_prompt,
		.n_tok = (uint32_t)x->ids.n, .score = (float)score, .logp = NAN, .ref_logp = NAN, .margin = (float)margin,
		.tok = x->ids.v, .meta = meta->p, .meta_len = (uint32_t)meta->n };

	r.flags = is_eos(&t->chat, x->ids.v[x->ids.n - 1]) ? ROLL_ENDED : 0;
	rolls_add(all, &r);
}

static int
pair_line(struct rolls *all, struct pref_text *t, struct json o, uint32_t group, const struct buf *meta, struct err *e)
{
	struct json prompt = json_get(o, "prompt");
	struct rendered c = { 0 }, r = { 0 };
	double margin = json_num(json_get(o, "margin"), NAN);
	int bad = render(t, prompt, json_get(o, "chosen"), &c, e) ? err_in(e, "chosen") :
		render(t, prompt, json_get(o, "rejected"), &r, e) ? err_in(e, "rejected") : 0;

	if (!bad && common_prompt(&c, &r))
		bad = err_set(e, "chosen and rejected do not answer one prompt");
	if (!bad) {
		add(all, t, &c, ROLL_CHOSEN, group, json_num(json_get(o, "score_chosen"), NAN), margin, meta);
		add(all, t, &r, ROLL_REJECTED, group, json_num(json_get(o, "score_rejected"), NAN), margin, meta);
	}
	rendered_free(&c);
	rendered_free(&r);
	return bad;
}

static int
judged_line(struct rolls *all, struct pref_text *t, struct json o, uint32_t group, const struct buf *meta, struct err *e)
{
	struct json label = json_get(o, "label");
	struct rendered x = { 0 };
	int good = json_kind(label) == '0' ? json_num(label, 0) > 0 : json_bool(label, -1);
	int bad = render(t, json_get(o, "prompt"), json_get(o, "completion"), &x, e);

	if (!bad && good < 0)
		bad = err_set(e, "\"label\" is neither true nor false");
	if (!bad)
		add(all, t, &x, good ? ROLL_CHOSEN : ROLL_REJECTED, group, NAN, NAN, meta);
	rendered_free(&x);
	return bad;
}

int
prefs_line(struct rolls *all, struct pref_text *t, const char *line, size_t n, uint32_t group, struct err *e)
{
	struct buf meta = { 0 };
	struct json o;
	int bad = json_parse(&o, line, n, e);

	if (!bad && json_kind(o) != '{')
		bad = err_set(e, "no JSON object");
	if (bad)
		return bad;
	meta_of(o, &meta);
	if (json_kind(json_get(o, "chosen")) && json_kind(json_get(o, "rejected")))
		bad = pair_line(all, t, o, group, &meta, e);
	else if (json_kind(json_get(o, "completion")) && json_kind(json_get(o, "label")))
		bad = judged_line(all, t, o, group, &meta, e);
	else
		bad = err_set(e, "neither \"chosen\" and \"rejected\", nor \"prompt\", \"completion\" and \"label\"");
	buf_free(&meta);
	return bad;
}

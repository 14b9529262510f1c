/* prefline - a line of preference JSONL as records: the conversation rendered, what else it says as meta */
/* SPDX-License-Identifier: MIT */
#include "learn/prefer/prefread.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A line of preference: what the shapes below are turned into. */
static void
put_pair(struct buf *b, struct json prompt, struct json chosen, struct json rejected)
{
	const struct { const char *key; struct json v; } field[] = { { "prompt", prompt }, { "chosen", chosen }, { "rejected", rejected } };

	buf_char(b, '{');
	for (int i = 0; i < 3; i++) {
		json_key(b, field[i].key);
		json_raw(b, field[i].v);
	}
	buf_char(b, '}');
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

	buf_char(&b, '{');
	if (json_kind(prompt)) {
		json_key(&b, "prompt");
		json_raw(&b, prompt);
	}
	json_key(&b, "chosen");
	json_raw(&b, response);
	buf_char(&b, '}');
	bad = json_parse(&o, b.p, b.n, e) || chat_render(&t->chat, t->enc, o, 0, &out->ids, &out->mask, e);
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
		"score_chosen", "score_rejected", "margin", NULL };

	buf_char(meta, '{');
	json_add_rest(meta, o, ours);
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

/* Of two answers the one that `label` (1 or 2) names, as LLMBar has it. */
static int
either_line(struct buf *line, struct json o, struct err *e)
{
	static const char *const output[] = { "output_1", "output_2" };
	long long label = json_int(json_get(o, "label"), 0);

	if (label != 1 && label != 2)
		return err_set(e, "\"label\" is neither 1 nor 2");
	put_pair(line, json_get(o, "input"), json_get(o, output[label - 1]), json_get(o, output[2 - label]));
	return 0;
}

/* The replies to each prompt of a tree, pair by pair in the order of their ranks. */
static int
tree_pairs(struct rolls *all, struct pref_text *t, struct json node, const struct buf *before, uint32_t group, struct err *e)
{
	struct buf path = { 0 }, line = { 0 };
	struct json better, worse;
	struct json_iter it = json_walk(json_get(node, "replies"));
	char *role = json_dup(json_get(node, "role"));
	int bad = role && json_kind(json_get(node, "text")) == '"' ? 0 : err_set(e, "a tree with a message without role or text");

	buf_add(&path, before->p, before->n);
	buf_printf(&path, "%c{", before->n ? ',' : '[');
	json_add_str(&path, "role", role ? role : "");
	json_key(&path, "content");
	json_raw(&path, json_get(node, "text"));
	buf_char(&path, '}');
	for (int r = -1, s; !bad && !strcmp(role, "prompter") && (r = chat_reply(node, r, &better)) >= 0 && r < CHAT_UNRANKED;)
		for (s = r; !bad && (s = chat_reply(node, s, &worse)) >= 0 && s < CHAT_UNRANKED;) {
			struct json prompt;
			size_t n = path.n;

			buf_char(&path, ']');
			buf_clear(&line);
			bad = json_parse(&prompt, path.p, path.n, e);
			if (!bad)
				put_pair(&line, prompt, json_get(better, "text"), json_get(worse, "text"));
			path.n = n;
			bad = bad || prefs_line(all, t, line.p, line.n, group, e);
		}
	while (!bad && json_next(&it))
		bad = tree_pairs(all, t, it.value, &path, group, e);
	free(role);
	buf_free(&path), buf_free(&line);
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
	struct buf meta = { 0 }, same = { 0 }, none = { 0 };
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
	else if (json_kind(json_get(o, "prompt")) == '{')
		bad = tree_pairs(all, t, json_get(o, "prompt"), &none, group, e);
	else if (json_kind(json_get(o, "output_1")) && json_kind(json_get(o, "output_2")))
		bad = either_line(&same, o, e) || prefs_line(all, t, same.p, same.n, group, e);
	else
		bad = err_set(e, "neither \"chosen\" and \"rejected\", nor \"prompt\", \"completion\" and \"label\"");
	buf_free(&meta), buf_free(&same);
	return bad;
}

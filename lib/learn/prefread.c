/* prefread - rollouts and preferences into memory, from roll streams or from JSONL rendered with a chat template */
/* SPDX-License-Identifier: MIT */
#include "learn/prefread.h"
#include "stream/input.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (64u << 20)

int
pref_text_init(struct pref_text *t, const struct model *m, const char *vocab, const char *template, struct err *e)
{
	struct vocab_opts opts = { .special = SPECIAL_NONE, .invalid = INVALID_RAW };
	struct json j;

	memset(t, 0, sizeof *t);
	t->vocab = vocab ? vocab_load(vocab, NULL, e) : model_vocab(m, e);
	if (!t->vocab)
		return -1;
	t->enc = encoder_new(t->vocab, &opts);
	if (template) {
		if (chat_init(&t->chat, template, t->vocab, e))
			return -1;
		t->chatting = 1;
	} else if (m && m->chat) {
		if (json_parse(&j, m->chat, strlen(m->chat), e) || chat_parse(&t->chat, j, e))
			return err_in(e, "pipelm.chat");
		t->chatting = 1;
	}
	return 0;
}

void
pref_text_free(struct pref_text *t)
{
	if (t->chatting)
		chat_free(&t->chat);
	if (t->enc)
		encoder_free(t->enc);
	if (t->vocab)
		vocab_free(t->vocab);
	memset(t, 0, sizeof *t);
}

/* ---- one object of JSONL */

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

/* ---- files */

static char *
head_of(const struct pref_text *t)
{
	struct buf b = { 0 };
	char crc[20];

	vocab_crc(t->vocab, crc);
	buf_char(&b, '{');
	json_add_str(&b, "type", "roll");
	json_add_str(&b, "vocab", crc);
	json_add_int(&b, "n_vocab", (long long)vocab_size(t->vocab));
	if (t->chat.n_eos || vocab_eot(t->vocab) >= 0)
		json_add_int(&b, "eot", t->chat.n_eos ? t->chat.eos[0] : vocab_eot(t->vocab));
	buf_char(&b, '}');
	return b.p;
}

static int
lines(struct rolls *all, struct input *in, struct pref_text *t, uint64_t segment, struct err *e)
{
	struct buf line = { 0 };
	uint32_t group = 0;
	int got, cut = 0;

	while ((got = input_line(in, &line, LINE_MAX_BYTES, &cut, e)) > 0) {
		size_t n = all->n;

		if (cut) {
			got = err_set(e, "%s: cut short: the last line has no newline", input_name(in));
			break;
		}
		if (line.n == strspn(line.p ? line.p : "", " \t\r"))
			continue;
		if (prefs_line(all, t, line.p, line.n, group++, e)) {
			struct buf where = { 0 };

			buf_printf(&where, "%s: line %" PRIu64, input_name(in), input_record(in));
			got = err_in(e, where.p);
			buf_free(&where);
			break;
		}
		for (; n < all->n; n++)
			all->v[n].segment = segment;
	}
	buf_free(&line);
	return got;
}

static int
jsonl(struct rolls *all, struct input *in, struct pref_text *t, uint64_t segment, struct err *e)
{
	if (!t)
		return err_set(e, "%s: JSON lines, and no model or vocabulary that makes tokens of them", input_name(in));
	if (!t->chatting)
		return err_set(e, "%s: JSON lines, and the model names no chat template: give --chat=", input_name(in));
	if (lines(all, in, t, segment, e))
		return -1;
	if (!all->head)
		all->head = head_of(t);
	return 0;
}

/* Both name the vocabulary: they must agree; else its size must. */
static int
same_vocab(const char *a, const char *b, struct err *e)
{
	struct json x, y;

	if (json_parse(&x, a, strlen(a), e) || json_parse(&y, b, strlen(b), e))
		return -1;
	char *p = json_dup(json_get(x, "vocab")), *q = json_dup(json_get(y, "vocab"));
	int same = p && q && *p && *q ? !strcmp(p, q)
		: json_int(json_get(x, "n_vocab"), -1) == json_int(json_get(y, "n_vocab"), -1);
	free(p);
	free(q);
	return same ? 0 : err_set(e, "the inputs are of different vocabularies");
}

static int
frames(struct rolls *all, struct input *in, uint64_t segment, struct err *e)
{
	struct roll_in *r = roll_from(in);
	char *head = all->head;
	size_t n = all->n;
	int bad;

	all->head = NULL;
	roll_all(r, all);
	roll_close(r);
	for (; n < all->n; n++)
		all->v[n].segment += segment;
	if (!head)
		return 0;
	bad = same_vocab(head, all->head, e);
	free(all->head);
	all->head = head;
	return bad;
}

static int
one_file(struct rolls *all, const char *path, struct pref_text *t, struct err *e)
{
	uint64_t segment = all->n ? all->v[all->n - 1].segment + 1 : 0;
	struct input *in = input_open(path, 1, e);
	const unsigned char *p;
	size_t got;
	int bad = -1;

	if (!in)
		return -1;
	p = input_peek(in, 8, &got, e);
	if (p && !got)
		err_set(e, "%s: empty: not one byte (did the command before it fail?)", input_name(in));
	else if (p && stream_is(p, got))
		return frames(all, in, segment, e);     /* owns the input */
	else if (p)
		bad = jsonl(all, in, t, segment, e);
	input_close(in);
	return bad;
}

int
prefs_read(struct rolls *all, int nfiles, char **files, struct pref_text *t, struct err *e)
{
	memset(all, 0, sizeof *all);
	if (!nfiles)
		return one_file(all, "-", t, e);
	for (int i = 0; i < nfiles; i++)
		if (one_file(all, files[i], t, e))
			return -1;
	return 0;
}

void
pref_response(const struct vocab *v, const struct roll *r, struct buf *out)
{
	decode_ids(v, r->tok + r->n_prompt, r->n_tok - r->n_prompt, 1, out);
}

void
pref_prompt(const struct vocab *v, const struct roll *r, struct buf *out)
{
	decode_ids(v, r->tok, r->n_prompt, 1, out);
}

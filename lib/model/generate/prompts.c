/* prompts - what to go on from: lines of text, or JSON objects, as tokens */
/* SPDX-License-Identifier: MIT */
#include "model/generate/prompts.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 1 << 28 };

/* Too long: an error, or cut so that the tokens to follow still fit, or half the context does.  A first token
 * that is the BOS stays. */
static int
fit(struct ids *ids, const struct prompt_opts *o, int bos, struct err *e)
{
	size_t T = (size_t)o->T, after = (size_t)(o->n < o->T / 2 ? o->n : o->T / 2), keep = T - (after ? after : 1);
	size_t head = ids->n && bos >= 0 && ids->v[0] == (uint32_t)bos;

	if (ids->n < T)
		return 0;
	if (!o->truncate)
		return err_set(e, "%zu tokens, and the context has %d: see --truncate", ids->n, o->T);
	if (o->truncate == 'l' && keep > head)
		memmove(ids->v + head, ids->v + ids->n - (keep - head), (keep - head) * sizeof *ids->v);
	ids->n = keep;
	return 0;
}

static int
finish(struct prompt *p, struct ids *ids, const struct prompt_opts *o, int bos, struct buf *meta, struct err *e)
{
	uint32_t instead = (uint32_t)o->otherwise;

	if (!ids->n && o->otherwise < 0)
		return err_set(e, "an empty prompt, and the vocabulary has no token to begin with");
	if (!ids->n)
		VEC_PUSH(ids->v, ids->n, ids->cap, instead);
	if (fit(ids, o, bos, e) < 0)
		return -1;
	*p = (struct prompt){ .tok = ids->v, .n = ids->n, .meta = meta ? xstrdup(meta->p) : xstrdup("{}") };
	return 0;
}

static int
plain(struct prompt *p, const struct prompt_opts *o, const char *text, size_t n, struct buf *meta, struct err *e)
{
	struct ids ids = { 0 };
	uint32_t bos = (uint32_t)o->bos;

	if (o->bos >= 0)
		VEC_PUSH(ids.v, ids.n, ids.cap, bos);
	if (encode(o->encoder, text, n, &ids, e) == 0 && finish(p, &ids, o, o->bos, meta, e) == 0)
		return 0;
	free(ids.v);
	return -1;
}

static int
conversation(struct prompt *p, const struct prompt_opts *o, struct json messages, struct buf *meta, struct err *e)
{
	struct buf text = { 0 }, mask = { 0 };
	struct ids ids = { 0 };
	struct json object;
	int r = -1;

	if (!o->chat)
		return err_set(e, "the model has no chat template (it was not trained on conversations)");
	buf_str(&text, "{\"messages\":");
	json_raw(&text, messages);
	buf_char(&text, '}');
	if (json_parse(&object, text.p, text.n, e) == 0 && chat_render(o->chat, o->encoder, object, 1, &ids, &mask, e) == 0)
		r = finish(p, &ids, o, o->chat->bos, meta, e);
	if (r < 0)
		free(ids.v);
	buf_free(&text);
	buf_free(&mask);
	return r;
}

static int
user_line(struct prompt *p, const struct prompt_opts *o, const char *line, size_t n, struct buf *meta, struct err *e)
{
	struct buf text = { 0 };
	struct json messages;
	int r;

	buf_str(&text, "[{\"role\":\"user\",\"content\":");
	json_quote(&text, line, n);
	buf_str(&text, "}]");
	r = json_parse(&messages, text.p, text.n, e);
	if (r == 0)
		r = conversation(p, o, messages, meta, e);
	buf_free(&text);
	return r;
}

int
prompt_text(struct prompt *p, const struct prompt_opts *o, const char *line, size_t n, struct err *e)
{
	return o->chat_lines ? user_line(p, o, line, n, NULL, e) : plain(p, o, line, n, NULL, e);
}

int
prompt_json(struct prompt *p, const struct prompt_opts *o, const char *line, size_t n, struct err *e)
{
	static const char *const ours[] = { "prompt", "messages", NULL };
	struct json object, what;
	struct buf meta = { 0 }, text = { 0 };
	int r;

	if (json_parse(&object, line, n, e) < 0)
		return -1;
	what = json_get(object, "prompt");
	if (!what.p)
		what = json_get(object, "messages");
	buf_char(&meta, '{');
	json_add_rest(&meta, object, ours);
	buf_char(&meta, '}');
	if (json_kind(object) != '{' || (json_kind(what) != '[' && json_kind(what) != '"'))
		r = err_set(e, "no prompt (a text, or messages) and no messages");
	else if (json_kind(what) == '[')
		r = conversation(p, o, what, &meta, e);
	else if (json_str(what, &text) < 0)
		r = err_set(e, "prompt is no text");
	else if (o->chat_lines)
		r = user_line(p, o, buf_text(&text), text.n, &meta, e);
	else
		r = plain(p, o, buf_text(&text), text.n, &meta, e);
	buf_free(&meta);
	buf_free(&text);
	return r;
}

void
prompt_free(struct prompt *p)
{
	free(p->tok);
	free(p->meta);
	*p = (struct prompt){ 0 };
}

int
prompts_read(struct prompts *ps, const struct prompt_opts *o, struct input *in, struct err *e)
{
	struct buf line = { 0 };
	int objects = -1, r = 0, cut, failed;
	size_t got = 0;
	const unsigned char *begin = input_peek(in, 8, &got, e);

	failed = !begin ? -1 : stream_is(begin, got) ? err_set(e, "a stream of frames, where prompts are wanted: lines of text or JSON") : 0;
	while (!failed && (r = input_line(in, &line, LINE_MAX_BYTES, &cut, e)) > 0) {
		struct prompt p = { 0 };
		struct json first;
		while (line.n && line.p[line.n-1] == '\r')
			line.p[--line.n] = '\0';
		if (objects < 0)
			objects = line.n && line.p[0] == '{' && json_parse(&first, line.p, line.n, NULL) == 0;
		if (objects && !line.n)
			continue;
		if (objects ? prompt_json(&p, o, line.p, line.n, e) : prompt_text(&p, o, buf_text(&line), line.n, e)) {
			failed = err_at(e, "line %llu", (unsigned long long)input_record(in));
		} else if (objects && cut) {
			prompt_free(&p);
			failed = err_set(e, "cut short: the last line has no newline") < 0;
		} else {
			VEC_PUSH(ps->v, ps->n, ps->cap, p);
		}
	}
	if (!failed && r == 0 && objects < 0)
		failed = err_set(e, "empty") < 0;
	buf_free(&line);
	return failed ? err_in(e, input_name(in)) : r;
}

void
prompts_free(struct prompts *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		prompt_free(&ps->v[i]);
	free(ps->v);
	*ps = (struct prompts){ 0 };
}

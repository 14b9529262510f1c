/* render - a conversation as tokens and their mask: one renderer for training, sampling and serving */
/* SPDX-License-Identifier: MIT */
#include "vocab/chat/form.h"
#include "vocab/chat/tools.h"
#include <stdlib.h>
#include <string.h>

#define ALPACA "Below is an instruction that describes a task"
#define WRITE  " Write a response that appropriately completes the request."

static int
is_alpaca(const struct form *f)
{
	return !strcmp(f->name, "alpaca");
}

/* One rendering: where it goes, and text that waits to be encoded in one piece. */
struct render {
	const struct form *f;
	const struct chat *chat;
	struct encoder    *e;
	struct ids        *ids;
	struct buf        *mask;
	struct buf         text;        /* not yet encoded */
	struct buf         role, content, input;
	int                turns, any_text;
	struct json        tools;       /* to be offered in the system message */
	int                results;     /* a turn of tools' results is open: they share one, a user's, with Qwen */
};

static void
mark(struct render *r, size_t from, int count)
{
	if (r->mask)
		for (size_t i = from; i < r->ids->n; i++)
			buf_char(r->mask, count);
}

static void
put_id(struct render *r, int id, int count)
{
	size_t from = r->ids->n;

	VEC_PUSH(r->ids->v, r->ids->n, r->ids->cap, (uint32_t)id);
	mark(r, from, count);
}

static int
flush(struct render *r, int count, struct err *err)
{
	size_t from = r->ids->n;
	int rc = 0;

	if (r->text.n)
		rc = r->any_text ? encode_more(r->e, r->text.p, r->text.n, 0, r->ids, err) :
				   encode(r->e, r->text.p, r->text.n, r->ids, err);
	r->any_text |= r->text.n > 0;
	buf_clear(&r->text);
	mark(r, from, count);
	return rc;
}

static int
put_token(struct render *r, const char *name, struct err *err)
{
	int64_t id = vocab_find(encoder_vocab(r->e), name, strlen(name));

	if (id < 0)
		return err_set(err, "template %s: the vocabulary has no %s", r->f->name, name);
	if (flush(r, 0, err))
		return -1;
	put_id(r, (int)id, 0);
	return 0;
}

/* Up to the content: the assistant's is encoded apart from what follows, so that a prompt for generation is
 * a prefix of the whole conversation. */
static int
put_header(struct render *r, const char *role, struct err *err)
{
	const struct form *f = r->f;

	if (f->open) {
		if (put_token(r, f->open, err))
			return -1;
		buf_str(&r->text, role);
		if (f->role_end && put_token(r, f->role_end, err))
			return -1;
		buf_str(&r->text, f->after_role);
	} else if (!strcmp(role, "user")) {
		buf_str(&r->text, f->user);
	} else if (!strcmp(role, "assistant")) {
		buf_str(&r->text, f->assistant);
	} else if (!strcmp(role, "system")) {
		buf_str(&r->text, f->sys);
	} else {
		return err_set(err, "template %s has no role '%.40s'", f->name, role);
	}
	return strcmp(role, "assistant") ? 0 : flush(r, 0, err);
}

static void
put_content(struct render *r)
{
	const char *p = r->content.p, *e = p + r->content.n;

	if (r->f->trim) {
		while (p < e && strchr(" \t\r\n", *p) && *p)
			p++;
		while (p < e && strchr(" \t\r\n", e[-1]) && e[-1])
			e--;
	}
	buf_add(&r->text, p, (size_t)(e - p));
}

/* The turn in r->role, r->content, r->input. */
static int
put_turn(struct render *r, struct err *err)
{
	const struct form *f = r->f;
	int assistant = !strcmp(r->role.p, "assistant");

	if (!r->turns++ && is_alpaca(f) && strcmp(r->role.p, "system"))
		buf_printf(&r->text, "%s%s." WRITE "\n\n", ALPACA,
			   r->input.n ? ", paired with an input that provides further context" : "");
	if (put_header(r, r->role.p, err))
		return -1;
	put_content(r);
	if (r->input.n) {
		buf_str(&r->text, is_alpaca(f) ? "\n\n### Input:\n" : "\n\n");
		buf_add(&r->text, r->input.p, r->input.n);
	}
	if (!assistant && !f->end) {
		buf_str(&r->text, f->after_user);
		return 0;
	}
	if (flush(r, assistant, err))
		return -1;
	put_id(r, r->chat->eos[0], assistant);
	buf_str(&r->text, f->after_end);
	return 0;
}

/* A message's content: a string, or parts of type text; nothing is enough where it calls tools. */
static int
read_content(struct json v, int calls, struct buf *out, struct err *err)
{
	struct json_iter it = json_walk(v);

	buf_clear(out);
	buf_need(out, 1);
	if (calls && (!json_kind(v) || json_kind(v) == 'n'))
		return 0;
	if (json_kind(v) == '"')
		return json_str(v, out);
	if (json_kind(v) != '[')
		return err_set(err, "a message without content");
	while (json_next(&it))
		if (!json_is(json_get(it.value, "type"), "text") || json_str(json_get(it.value, "text"), out))
			return err_set(err, "a message with a part that is no text");
	return 0;
}

static void
set_role(struct render *r, const char *role)
{
	static const char *const same[][2] = {
		{ "human", "user" }, { "gpt", "assistant" }, { "chatgpt", "assistant" }, { "bot", "assistant" },
		{ "model", "assistant" }, { "prompter", "user" },
	};

	buf_clear(&r->role);
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		if (!strcmp(role, same[i][0]))
			role = same[i][1];
	buf_str(&r->role, role);
}

static int
default_system(struct render *r, const char *first, struct err *err)
{
	if (r->turns || (!r->chat->system && !json_count(r->tools)) || !strcmp(first, "system"))
		return 0;
	set_role(r, "system");
	buf_clear(&r->content);
	buf_need(&r->content, 1);
	if (r->chat->system)
		buf_str(&r->content, r->chat->system);
	if (json_count(r->tools))
		tools_offer(r->tools, &r->content);
	buf_clear(&r->input);
	return put_turn(r, err);
}

/* Qwen's: results in a row are one turn of the user. */
static int
put_result(struct render *r, struct err *err)
{
	if (!r->results && put_token(r, r->f->open, err))
		return -1;
	buf_str(&r->text, r->results++ ? "" : "user");
	buf_str(&r->text, "\n<tool_response>\n");
	put_content(r);
	buf_str(&r->text, "\n</tool_response>");
	r->turns++;
	return 0;
}

static int
end_results(struct render *r, struct err *err)
{
	if (!r->results)
		return 0;
	r->results = 0;
	if (flush(r, 0, err))
		return -1;
	put_id(r, r->chat->eos[0], 0);
	buf_str(&r->text, r->f->after_end);
	return 0;
}

/* What a tool returned, in r->content. */
static int
put_tool(struct render *r, struct err *err)
{
	if (!strcmp(r->f->name, "qwen"))
		return put_result(r, err);
	if (r->f->role_end) {           /* Llama 3.1: the role ipython, and the content as JSON */
		struct buf b = { 0 };

		json_quote(&b, r->content.p, r->content.n);
		buf_clear(&r->content);
		buf_add(&r->content, b.p, b.n);
		buf_free(&b);
		set_role(r, "ipython");
	}
	return put_turn(r, err);
}

static int
put_one(struct render *r, struct json message, struct err *err)
{
	struct json calls = json_get(message, "tool_calls");
	char *role = json_dup(json_get(message, "role"));
	int tool, rc = role ? 0 : err_set(err, "a message without role");

	if (!rc) {
		set_role(r, role);
		free(role);
		role = xstrdup(r->role.p);
		tool = !strcmp(role, "tool") || !strcmp(role, "ipython");
		rc = default_system(r, role, err) || (!tool && end_results(r, err)) ? -1 : 0;
	}
	if (!rc) {
		set_role(r, role);
		buf_clear(&r->input);
		json_str(json_get(message, "input"), &r->input);
		rc = read_content(json_get(message, "content"), json_count(calls) > 0, &r->content, err);
	}
	if (!rc && json_count(calls))
		rc = r->f->open ? tools_calls(calls, r->f->role_end != NULL, &r->content, err) :
			err_set(err, "template %s has no tool_calls", r->f->name);
	if (!rc && !r->turns && !strcmp(role, "system") && json_count(r->tools))
		tools_offer(r->tools, &r->content);
	if (!rc)
		rc = tool ? put_tool(r, err) : put_turn(r, err);
	free(role);
	return rc;
}

static int
put_object(struct render *r, struct json o, int header, struct err *err)
{
	struct buf b = { 0 };
	struct json list;
	int rc = chat_messages(o, !header, &b, err) || json_parse(&list, b.p, b.n, err) ? -1 : 0;
	struct json_iter it = json_walk(rc ? (struct json){ 0 } : list);

	r->tools = json_get(o, "tools");
	if (!rc && json_count(r->tools) && (!r->f->open || r->f->role_end))
		rc = err_set(err, "template %s has no place for tools", r->f->name);
	while (!rc && json_next(&it))
		rc = put_one(r, it.value, err);
	rc = rc || end_results(r, err) ? -1 : 0;
	buf_free(&b);
	return rc;
}

int
chat_render(const struct chat *c, struct encoder *e, struct json object, int header, struct ids *ids, struct buf *mask,
	    struct err *err)
{
	struct render r = { .f = form_named(c->template_name), .chat = c, .e = e, .ids = ids, .mask = mask };
	int rc;

	if (!r.f || !c->n_eos)
		return err_set(err, "chat: not initialised");
	if (c->bos >= 0)
		put_id(&r, c->bos, 0);
	rc = put_object(&r, object, header, err);
	if (!rc && !r.turns)
		rc = err_set(err, "a conversation without messages");
	if (!rc && header)
		rc = put_header(&r, "assistant", err);
	if (!rc)
		rc = flush(&r, 0, err);
	buf_free(&r.text), buf_free(&r.role), buf_free(&r.content), buf_free(&r.input);
	return rc;
}

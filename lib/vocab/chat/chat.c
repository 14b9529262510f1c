/* chat - conversations as tokens: six templates, one renderer */
/* SPDX-License-Identifier: MIT */
#include "vocab/chat/chat.h"
#include <stdlib.h>
#include <string.h>

/* How a template writes one turn: head, role and tail; the content; then the token that ends the turn, and
 * text after it.  A NULL role is written by its name. */
struct form {
	const char *name;
	const char *open, *role_end;    /* special tokens around the role; NULL: none, the turn's text is below */
	const char *after_role;         /* text between the header and the content */
	const char *end;                /* the special token that ends a turn; NULL: the vocabulary's end of text */
	const char *after_end;
	const char *system;             /* when a conversation brings none */
	int         trim;               /* blanks around contents are taken off */
	const char *user, *assistant, *sys;     /* without special tokens: the headers in full */
	const char *after_user;         /* what ends a turn that is not the assistant's */
};

#define ALPACA "Below is an instruction that describes a task"
#define WRITE  " Write a response that appropriately completes the request."

static const struct form forms[] = {
	{ "chatml", "<|im_start|>", NULL, "\n", "<|im_end|>", "\n", NULL, 0, NULL, NULL, NULL, NULL },
	{ "llama3", "<|start_header_id|>", "<|end_header_id|>", "\n\n", "<|eot_id|>", "", NULL, 1, NULL, NULL, NULL, NULL },
	{ "qwen", "<|im_start|>", NULL, "\n", "<|im_end|>", "\n", "You are a helpful assistant.", 0, NULL, NULL, NULL, NULL },
	{ "smollm2", "<|im_start|>", NULL, "\n", "<|im_end|>", "\n",
	  "You are a helpful AI assistant named SmolLM, trained by Hugging Face", 0, NULL, NULL, NULL, NULL },
	{ "alpaca", NULL, NULL, "", NULL, "", NULL, 1, "### Instruction:\n", "### Response:\n", "", "\n\n" },
	{ "plain", NULL, NULL, "", NULL, "", NULL, 1, "User:\n", "Assistant:\n", "System:\n", "\n" },
};

static const struct form *
form_named(const char *name)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (!strcmp(forms[i].name, name))
			return forms + i;
	return NULL;
}

const char *const *
chat_specials(const char *name)
{
	static const char *const none[] = { NULL };
	static const char *const chatml[] = { "<|im_start|>", "<|im_end|>", NULL };
	static const char *const llama3[] = { "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>", NULL };
	const struct form *f = form_named(name);

	return !f ? NULL : !f->open ? none : f->role_end ? llama3 : chatml;
}

static int
is_alpaca(const struct form *f)
{
	return !strcmp(f->name, "alpaca");
}

static int
add_eos(struct chat *c, int64_t id)
{
	for (int i = 0; i < c->n_eos; i++)
		if (c->eos[i] == id)
			return 0;
	if (id >= 0 && c->n_eos < 8)
		c->eos[c->n_eos++] = (int)id;
	return 0;
}

static int
need_token(const struct vocab *v, const char *name, const char *template_name, struct err *err)
{
	int64_t id = vocab_find(v, name, strlen(name));

	if (id < 0 || !vocab_special(v, (uint32_t)id))
		return err_set(err, "template %s needs the special token %s, which the vocabulary lacks", template_name, name);
	return 0;
}

int
chat_init(struct chat *c, const char *name, const struct vocab *v, struct err *err)
{
	const struct form *f = form_named(name);

	memset(c, 0, sizeof *c);
	c->bos = -1;
	if (!f)
		return err_set(err, "no chat template '%s' (chatml llama3 qwen smollm2 alpaca plain)", name);
	strcpy(c->template_name, f->name);
	if (f->open) {
		if (need_token(v, f->open, name, err) || need_token(v, f->end, name, err) ||
		    (f->role_end && need_token(v, f->role_end, name, err)))
			return -1;
		add_eos(c, vocab_find(v, f->end, strlen(f->end)));
	} else if (vocab_eot(v) < 0) {
		return err_set(err, "template %s needs an end-of-text token, which the vocabulary lacks", name);
	}
	add_eos(c, vocab_eot(v));
	if (!f->open || !strcmp(name, "llama3"))
		c->bos = vocab_bos(v);
	if (f->system)
		c->system = xstrdup(f->system);
	return 0;
}

int
chat_parse(struct chat *c, struct json j, struct err *err)
{
	struct json name = json_get(j, "template"), eos = json_get(j, "eos");
	struct json_iter it = json_walk(eos);
	char *text = json_dup(name);
	const struct form *f = text ? form_named(text) : NULL;

	memset(c, 0, sizeof *c);
	if (!f)
		err_set(err, "chat: no template '%.40s' (chatml llama3 qwen smollm2 alpaca plain)", text ? text : "");
	free(text);
	if (!f)
		return -1;
	strcpy(c->template_name, f->name);
	c->bos = (int)json_int(json_get(j, "bos"), -1);
	while (json_next(&it))
		add_eos(c, json_int(it.value, -1));
	if (!c->n_eos)
		return err_set(err, "chat: no eos");
	c->system = json_dup(json_get(j, "system"));
	return 0;
}

void
chat_print(const struct chat *c, struct buf *b)
{
	buf_char(b, '{');
	json_add_str(b, "template", c->template_name);
	if (c->bos >= 0)
		json_add_int(b, "bos", c->bos);
	json_key(b, "eos");
	for (int i = 0; i < c->n_eos; i++)
		buf_printf(b, "%c%d", i ? ',' : '[', c->eos[i]);
	buf_str(b, c->n_eos ? "]" : "[]");
	if (c->system)
		json_add_str(b, "system", c->system);
	buf_char(b, '}');
}

void
chat_free(struct chat *c)
{
	free(c->system);
	memset(c, 0, sizeof *c);
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

/* A message's content: a string, or parts of type text. */
static int
read_content(struct json v, struct buf *out, struct err *err)
{
	struct json_iter it = json_walk(v);

	buf_clear(out);
	buf_need(out, 1);
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
	if (r->turns || !r->chat->system || !strcmp(first, "system"))
		return 0;
	set_role(r, "system");
	buf_clear(&r->content);
	buf_str(&r->content, r->chat->system);
	buf_clear(&r->input);
	return put_turn(r, err);
}

static int
put_one(struct render *r, struct json message, struct err *err)
{
	char *role = json_dup(json_get(message, "role"));
	int rc = !role ? err_set(err, "a message without role") :
		json_count(json_get(message, "tool_calls")) ? err_set(err, "a message with tool_calls: not supported") : 0;

	if (!rc) {
		set_role(r, role);
		free(role);
		role = xstrdup(r->role.p);
		rc = default_system(r, role, err);
	}
	if (!rc) {
		set_role(r, role);
		buf_clear(&r->input);
		json_str(json_get(message, "input"), &r->input);
		rc = read_content(json_get(message, "content"), &r->content, err);
	}
	if (!rc)
		rc = put_turn(r, err);
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

	while (!rc && json_next(&it))
		rc = put_one(r, it.value, err);
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

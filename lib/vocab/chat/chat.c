/* chat - six templates: their names, their special tokens, and what a model says of its own */
/* SPDX-License-Identifier: MIT */
#include "vocab/chat/form.h"
#include "base/list.h"
#include <stdlib.h>
#include <string.h>

static const struct form forms[] = {
	{ "chatml", "<|im_start|>", NULL, "\n", "<|im_end|>", "\n", NULL, 0, NULL, NULL, NULL, NULL },
	{ "llama3", "<|start_header_id|>", "<|end_header_id|>", "\n\n", "<|eot_id|>", "", NULL, 1, NULL, NULL, NULL, NULL },
	{ "qwen", "<|im_start|>", NULL, "\n", "<|im_end|>", "\n", "You are a helpful assistant.", 0, NULL, NULL, NULL, NULL },
	{ "smollm2", "<|im_start|>", NULL, "\n", "<|im_end|>", "\n",
	  "You are a helpful AI assistant named SmolLM, trained by Hugging Face", 0, NULL, NULL, NULL, NULL },
	{ "alpaca", NULL, NULL, "", NULL, "", NULL, 1, "### Instruction:\n", "### Response:\n", "", "\n\n" },
	{ "plain", NULL, NULL, "", NULL, "", NULL, 1, "User:\n", "Assistant:\n", "System:\n", "\n" },
};

const struct form *
form_named(const char *name)
{
	int i = ROW_OF(forms, name, strlen(name));

	return i < 0 ? NULL : forms + i;
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

/* chatread - conversations in the shapes in which people publish them, as one list of messages */
/* SPDX-License-Identifier: MIT */
#include "vocab/chat/chat.h"
#include <stdlib.h>
#include <string.h>

/* Begins a message: its role and the name of its content, whose value the caller writes, and '}'. */
static void
open_message(struct buf *b, const char *role)
{
	if (b->p[b->n - 1] != '[')
		buf_char(b, ',');
	buf_char(b, '{');
	json_add_str(b, "role", role);
	json_key(b, "content");
}

static void
put_message(struct buf *b, const char *role, struct json content)
{
	open_message(b, role);
	json_raw(b, content);
	buf_char(b, '}');
}

/* Turns written out as Anthropic's HH does: "\n\nHuman: ...\n\nAssistant: ...". */
static void
put_turns(struct buf *b, const char *text)
{
	static const char *const mark[] = { "\n\nHuman:", "\n\nAssistant:" }, *const role[] = { "user", "assistant" };
	int who = strncmp(text, mark[0], strlen(mark[0])) != 0;

	for (text += strlen(mark[who]);;) {
		const char *h = strstr(text, mark[0]), *a = strstr(text, mark[1]);
		const char *end = !h || (a && a < h) ? a : h;

		text += *text == ' ';
		open_message(b, role[who]);
		json_quote(b, text, end ? (size_t)(end - text) : strlen(text));
		buf_char(b, '}');
		if (!end)
			return;
		who = end == a;
		text = end + strlen(mark[who]);
	}
}

/* A string of one role, or with turns in it, or an array of messages. */
static int
put_value(struct buf *b, struct json v, const char *role, struct err *err)
{
	struct json_iter it = json_walk(v);
	char *text;

	if (json_kind(v) == '[') {
		while (json_next(&it)) {
			if (b->p[b->n - 1] != '[')
				buf_char(b, ',');
			json_raw(b, it.value);
		}
		return 0;
	}
	if (json_kind(v) != '"')
		return err_set(err, "a %s that is neither text nor messages", strcmp(role, "user") ? "response" : "prompt");
	text = json_dup(v);
	if (!strncmp(text, "\n\nHuman:", 8))
		put_turns(b, text);
	else
		put_message(b, role, v);
	free(text);
	return 0;
}

static int
put_shared(struct buf *b, struct json list, struct err *err)
{
	struct json_iter it = json_walk(list);

	while (json_next(&it)) {
		char *from = json_dup(json_get(it.value, "from"));

		if (!from)
			return err_set(err, "a message without from");
		put_message(b, from, json_get(it.value, "value"));
		free(from);
	}
	return 0;
}

int
chat_reply(struct json node, int than, struct json *reply)
{
	struct json_iter it = json_walk(json_get(node, "replies"));
	int best = -1, at = 0, n = -1;

	while (json_next(&it)) {
		struct json rank = json_get(it.value, "rank");
		int r = json_kind(rank) == '0' ? (int)json_int(rank, 0) : CHAT_UNRANKED;

		n++;
		if (json_bool(json_get(it.value, "deleted"), 0) || r <= than || (best >= 0 && r >= at))
			continue;
		best = n, at = r;
		*reply = it.value;
	}
	return best < 0 ? -1 : at;
}

/* A tree of OpenAssistant's: from the root along the replies ranked best. */
static int
put_tree(struct buf *b, struct json node, struct err *err)
{
	do {
		char *role = json_dup(json_get(node, "role"));

		if (!role || json_kind(json_get(node, "text")) != '"') {
			free(role);
			return err_set(err, "a tree with a message without role or text");
		}
		put_message(b, role, json_get(node, "text"));
		free(role);
	} while (chat_reply(node, -1, &node) >= 0);
	return 0;
}

static struct json
either(struct json o, const char *a, const char *b)
{
	struct json v = json_get(o, a);

	return json_kind(v) ? v : json_get(o, b);
}

/* A question and its answer, in two fields; of an instruction the input goes along. */
static int
put_two(struct buf *b, struct json question, struct json input, struct json answer, int answered, struct err *err)
{
	if (put_value(b, question, "user", err))
		return -1;
	if (json_kind(input) == '"') {
		b->n--;
		json_key(b, "input");
		json_raw(b, input);
		buf_char(b, '}');
	}
	if (json_kind(answer))
		return put_value(b, answer, "assistant", err);
	return answered ? err_set(err, "a question without its answer") : 0;
}

int
chat_messages(struct json o, int answered, struct buf *out, struct err *err)
{
	struct json v, none = { 0 };
	int rc;

	buf_char(out, '[');
	if (json_kind(v = json_get(o, "messages")) == '[')
		rc = put_value(out, v, "user", err);
	else if (json_kind(v = json_get(o, "conversations")) == '[')
		rc = put_shared(out, v, err);
	else if (json_kind(v = json_get(o, "prompt")) == '{')
		rc = put_tree(out, v, err);
	else if (json_kind(v)) {
		struct json chosen = json_get(o, "chosen");

		rc = put_two(out, v, none, json_kind(chosen) ? chosen : either(o, "completion", "response"), answered, err);
	} else if (json_kind(v = json_get(o, "chosen")))
		rc = put_value(out, v, "assistant", err);
	else if (json_kind(v = json_get(o, "instruction")))
		rc = put_two(out, v, either(o, "input", "context"), either(o, "output", "response"), answered, err);
	else if (json_kind(v = json_get(o, "inputs")))
		rc = put_two(out, v, none, json_get(o, "targets"), answered, err);
	else
		rc = err_set(err, "none of messages, conversations, prompt and completion, instruction and output, inputs and targets");
	buf_char(out, ']');
	return rc;
}

int
chat_is(const char *meta, size_t n)
{
	static const char *const keys[] = { "messages", "conversations", "prompt", "chosen", "instruction", "inputs" };
	struct json o;

	if (json_parse(&o, meta, n, NULL))
		return 0;
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (json_kind(json_get(o, keys[i])))
			return 1;
	return 0;
}

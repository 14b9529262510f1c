/* tools - functions that a model may call: what is known of them, its calls, as the families' templates write them */
/* SPDX-License-Identifier: MIT */
#include "vocab/chat/tools.h"

/* A value as Python's json.dumps has it, which is what the templates' tojson calls: ", " and ": " between. */
static void
dump(struct json v, struct buf *out)
{
	struct json_iter it = json_walk(v);
	int kind = json_kind(v), n = 0;

	if (kind != '{' && kind != '[') {
		json_raw(out, v);
		return;
	}
	buf_char(out, kind);
	while (json_next(&it)) {
		buf_str(out, n++ ? ", " : "");
		if (kind == '{') {
			json_raw(out, it.key);
			buf_str(out, ": ");
		}
		dump(it.value, out);    /* as deep as json_parse allows */
	}
	buf_char(out, kind == '{' ? '}' : ']');
}

void
tools_offer(struct json tools, struct buf *out)
{
	struct json_iter it = json_walk(tools);

	buf_str(out, out->n ? "\n\n" : "");
	buf_str(out, "# Tools\n\nYou may call one or more functions to assist with the user query.\n\n"
		"You are provided with function signatures within <tools></tools> XML tags:\n<tools>");
	while (json_next(&it)) {
		buf_char(out, '\n');
		dump(it.value, out);
	}
	buf_str(out, "\n</tools>\n\nFor each function call, return a json object with function name and arguments within "
		"<tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\": <args-json-object>}\n</tool_call>");
}

int
tools_calls(struct json calls, int llama, struct buf *out, struct err *err)
{
	struct json_iter it = json_walk(calls);

	if (llama && json_count(calls) != 1)
		return err_set(err, "more than one call in a message, which this template cannot write");
	if (llama)
		buf_clear(out);
	while (json_next(&it)) {
		struct json f = json_get(it.value, "function"), args;

		if (!json_kind(f))
			f = it.value;
		args = json_get(f, "arguments");
		if (json_kind(json_get(f, "name")) != '"' || !json_kind(args))
			return err_set(err, "a call without name or arguments");
		buf_str(out, llama ? "" : out->n ? "\n<tool_call>\n" : "<tool_call>\n");
		buf_str(out, "{\"name\": \"");
		json_str(json_get(f, "name"), out);
		buf_str(out, llama ? "\", \"parameters\": " : "\", \"arguments\": ");
		if (json_kind(args) == '"')
			json_str(args, out);    /* the JSON as a text, as OpenAI has it */
		else
			dump(args, out);
		buf_str(out, llama ? "}" : "}\n</tool_call>");
	}
	return 0;
}

/* jinja - our chat templates as other programs want them: Jinja */
/* SPDX-License-Identifier: MIT */
#include "model/gguf/jinja.h"
#include "base/json.h"
#include <stdlib.h>
#include <string.h>

/* s as a Jinja string. */
static void
quote(struct buf *out, const char *s)
{
	buf_char(out, '\'');
	for (; *s; s++) {
		if (*s == '\n') {
			buf_str(out, "\\n");
			continue;
		}
		if (*s == '\'' || *s == '\\')
			buf_char(out, '\\');
		buf_char(out, *s);
	}
	buf_char(out, '\'');
}

static void
chatml(const char *system, struct buf *out)
{
	struct buf turn = { 0 };

	buf_str(out, "{% for message in messages %}");
	if (system) {
		buf_printf(&turn, "<|im_start|>system\n%s<|im_end|>\n", system);
		buf_str(out, "{% if loop.first and message['role'] != 'system' %}{{ ");
		quote(out, turn.p);
		buf_str(out, " }}{% endif %}");
		buf_free(&turn);
	}
	buf_str(out, "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}{% endfor %}"
	        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}");
}

static void
llama3(struct buf *out)
{
	buf_str(out, "{% for message in messages %}{% if loop.first %}{{ bos_token }}{% endif %}"
	        "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}"
	        "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}");
}

int
jinja_of_chat(const char *chat, struct buf *out)
{
	struct json o, name;
	char *system;

	if (!chat || json_parse(&o, chat, strlen(chat), NULL))
		return -1;
	name = json_get(o, "template");
	if (json_is(name, "llama3")) {
		llama3(out);
		return 0;
	}
	if (!json_is(name, "chatml") && !json_is(name, "qwen") && !json_is(name, "smollm2"))
		return -1;
	system = json_dup(json_get(o, "system"));
	chatml(system, out);
	free(system);
	return 0;
}

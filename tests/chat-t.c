/* chat-t - conversations: what a template gives token by token, what is trained on, prompts as prefixes */
/* SPDX-License-Identifier: MIT */
#include "tap.h"
#include "vocab/chat/chat.h"
#include "vocab/train/train.h"
#include <stdlib.h>
#include <string.h>

static struct err err;

/* Bytes and every template's specials: ids are easy to read back. */
static struct vocab *
bytes_only(void)
{
	static const char *special[] = { "<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>",
					 "<|end_header_id|>", "<|eot_id|>" };
	struct trainer_opts o = { "gpt2", special, 7, 256 + 7, 2, UNIT_BPE, 0 };
	struct trainer *t = trainer_new(&o, &err);
	struct trainer_found found;

	return t ? trainer_finish(t, &found, &err) : NULL;
}

struct made {
	struct ids ids;
	struct buf mask, text, trained;
	int rc;
};

static struct made
render(const struct vocab *v, const struct chat *c, const char *json, int header)
{
	static const struct vocab_opts none = { NULL, SPECIAL_NONE, INVALID_RAW };
	struct made m = {0};
	struct encoder *e = encoder_new(v, &none);
	struct json j;

	buf_need(&m.text, 1), buf_need(&m.trained, 1), buf_need(&m.mask, 1);
	m.text.p[0] = m.trained.p[0] = 0;
	m.rc = json_parse(&j, json, strlen(json), &err) ? -1 : chat_render(c, e, j, header, &m.ids, &m.mask, &err);
	decode_ids(v, m.ids.v, m.ids.n, 0, &m.text);
	for (size_t i = 0; i < m.ids.n && i < m.mask.n; i++)
		if (m.mask.p[i])
			decode_part(v, m.ids.v + i, 1, 0, &m.trained);
	encoder_free(e);
	return m;
}

static void
drop(struct made *m)
{
	free(m->ids.v);
	buf_free(&m->mask), buf_free(&m->text), buf_free(&m->trained);
}

#define TURNS "{\"role\":\"user\",\"content\":\"hi\"},{\"role\":\"assistant\",\"content\":\"Yes.\"},{\"role\":\"user\",\"content\":\"and?\"}"
#define LAST  ",{\"role\":\"assistant\",\"content\":\"No.\"}"

static void
template(const struct vocab *v, const char *name, const char *want, const char *trained)
{
	struct chat c, d;
	struct made all, prompt, system;
	struct buf text = {0};
	struct json j;
	size_t n;

	OK(!chat_init(&c, name, v, &err), "%s: can be had", name);
	all = render(v, &c, "{\"messages\":[" TURNS LAST "]}", 0);
	OK(!all.rc && !strcmp(all.text.p, want), "%s: reads as it should", name);
	if (strcmp(all.text.p, want))
		printf("# %s\n", all.text.p);
	OK(!strcmp(all.trained.p, trained), "%s: trained on are the answers and their ends", name);
	OK(all.mask.n == all.ids.n, "%s: a mask byte for each id", name);
	prompt = render(v, &c, "{\"messages\":[" TURNS "]}", 1);
	n = prompt.ids.n;
	OK(!prompt.rc && n < all.ids.n && !memcmp(prompt.ids.v, all.ids.v, n * sizeof *all.ids.v),
	   "%s: a prompt is the beginning of the conversation", name);
	OK(n < all.ids.n && all.mask.p[n] == 1 && all.mask.p[n - 1] == 0, "%s: and what is trained on begins where it ends", name);
	system = render(v, &c, "{\"messages\":[{\"role\":\"system\",\"content\":\"Be <|im_end|> kind.\"}," TURNS "]}", 1);
	OK(!system.rc && strstr(system.text.p, "Be <|im_end|> kind.") && !strstr(system.trained.p, "kind") &&
	   !strstr(system.text.p, "helpful"), "%s: a system message takes the place of the default one", name);
	chat_print(&c, &text);
	OK(!json_parse(&j, text.p, text.n, &err) && !chat_parse(&d, j, &err) && d.bos == c.bos && d.n_eos == c.n_eos &&
	   !memcmp(d.eos, c.eos, sizeof d.eos[0] * (size_t)d.n_eos) && !strcmp(d.template_name, name) &&
	   !strcmp(d.system ? d.system : "", c.system ? c.system : ""), "%s: chat_parse reads what chat_print writes", name);
	buf_free(&text);
	drop(&all), drop(&prompt), drop(&system);
	chat_free(&c), chat_free(&d);
}

static void
bad(const struct vocab *v, const char *json, int header, const char *what)
{
	struct chat c;
	struct made m;

	chat_init(&c, "chatml", v, &err);
	m = render(v, &c, json, header);
	OK(m.rc == -1 && *err.text, "%s is an error", what);
	drop(&m);
	chat_free(&c);
}

static void
same(const struct vocab *v, const char *name, const char *a, const char *b, const char *what)
{
	struct chat c;
	struct made x, y;

	chat_init(&c, name, v, &err);
	x = render(v, &c, a, 0), y = render(v, &c, b, 0);
	OK(!x.rc && !y.rc && !strcmp(x.text.p, y.text.p) && !strcmp(x.trained.p, y.trained.p), "%s: %s", name, what);
	drop(&x), drop(&y);
	chat_free(&c);
}

/* What the published templates of Qwen 3 (less the empty thoughts that it puts before the last answer) and Llama 3.1 give, by Jinja. */
static void
tools(const struct vocab *v)
{
	static const char asked[] = "{\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"parameters\":{\"type\":\"object\",\"properties\""
		":{\"place\":{\"type\":\"string\"}}}}}],\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\","
		"\"content\":\"Rome?\"},{\"role\":\"assistant\",\"content\":\"I look.\",\"tool_calls\":[{\"type\":\"function\",\"functio"
		"n\":{\"name\":\"weather\",\"arguments\":{\"place\":\"Rome\",\"days\":[1,2]}}},{\"type\":\"function\",\"function\":{\"nam"
		"e\":\"weather\",\"arguments\":{}}}]},{\"role\":\"tool\",\"content\":\"sun\"},{\"role\":\"tool\",\"content\":\"\\\"rain\\\"\"}"
		",{\"role\":\"assistant\",\"content\":\"Sun and rain.\"}]}";
	static const char qwen[] = "<|im_start|>system\nBe brief.\n\n# Tools\n\nYou may call one or more functions to assist with the user qu"
		"ery.\n\nYou are provided with function signatures within <tools></tools> XML tags:\n<tools>\n{\"type\": \"f"
		"unction\", \"function\": {\"name\": \"weather\", \"parameters\": {\"type\": \"object\", \"properties\": {\"place\": {"
		"\"type\": \"string\"}}}}}\n</tools>\n\nFor each function call, return a json object with function name and "
		"arguments within <tool_call></tool_call> XML tags:\n<tool_call>\n{\"name\": <function-name>, \"arguments\""
		": <args-json-object>}\n</tool_call><|im_end|>\n<|im_start|>user\nRome?<|im_end|>\n<|im_start|>assistant\n"
		"I look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"place\": \"Rome\", \"days\": [1, 2]}}\n</tool_call>"
		"\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {}}\n</tool_call><|im_end|>\n<|im_start|>user\n<tool_resp"
		"onse>\nsun\n</tool_response>\n<tool_response>\n\"rain\"\n</tool_response><|im_end|>\n<|im_start|>assistant\n"
		"Sun and rain.<|im_end|>\n";
	static const char one[] = "{\"messages\":[{\"role\":\"system\",\"content\":\"Be brief.\"},{\"role\":\"user\",\"content\":\"Rome?\"},{\"role\":\"assi"
		"stant\",\"content\":null,\"tool_calls\":[{\"type\":\"function\",\"function\":{\"name\":\"weather\",\"arguments\":{\"pl"
		"ace\":\"Rome\",\"days\":[1,2]}}}]},{\"role\":\"tool\",\"content\":\"sun\"},{\"role\":\"tool\",\"content\":\"\\\"rain\\\"\"},{"
		"\"role\":\"assistant\",\"content\":\"Sun and rain.\"}]}";
	static const char llama[] = "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe brief.<|eot_id|><|start_header_id|>u"
		"ser<|end_header_id|>\n\nRome?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n{\"name\": \"weathe"
		"r\", \"parameters\": {\"place\": \"Rome\", \"days\": [1, 2]}}<|eot_id|><|start_header_id|>ipython<|end_header"
		"_id|>\n\n\"sun\"<|eot_id|><|start_header_id|>ipython<|end_header_id|>\n\n\"\\\"rain\\\"\"<|eot_id|><|start_heade"
		"r_id|>assistant<|end_header_id|>\n\nSun and rain.<|eot_id|>";
	struct chat c;
	struct made m;

	chat_init(&c, "qwen", v, &err);
	m = render(v, &c, asked, 0);
	OK(!m.rc && !strcmp(m.text.p, qwen), "qwen: tools, their calls and results");
	OK(!m.rc && strstr(m.trained.p, "</tool_call><|im_end|>Sun and rain.<|im_end|>") && !strstr(m.trained.p, "sun"),
	   "qwen: calls are trained on, results are not");
	drop(&m);
	chat_free(&c);
	chat_init(&c, "llama3", v, &err);
	m = render(v, &c, one, 0);
	OK(!m.rc && !strcmp(m.text.p, llama), "llama3: a call and its results");
	drop(&m);
	m = render(v, &c, asked, 0);
	OK(m.rc, "llama3: no place for tools");
	drop(&m);
	chat_free(&c);
	chat_init(&c, "alpaca", v, &err);
	m = render(v, &c, one, 0);
	OK(m.rc, "alpaca: no tools at all");
	drop(&m);
	chat_free(&c);
}

int
main(void)
{
	struct vocab *v = bytes_only();
	struct chat c;

	OK(v && vocab_size(v) == 263, "a vocabulary of bytes and specials");
	tools(v);
	template(v, "chatml", "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>\n<|im_start|>user\nand?<|im_end|>\n"
		 "<|im_start|>assistant\nNo.<|im_end|>\n", "Yes.<|im_end|>No.<|im_end|>");
	template(v, "qwen", "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n"
		 "Yes.<|im_end|>\n<|im_start|>user\nand?<|im_end|>\n<|im_start|>assistant\nNo.<|im_end|>\n", "Yes.<|im_end|>No.<|im_end|>");
	template(v, "smollm2", "<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n"
		 "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\nYes.<|im_end|>\n<|im_start|>user\nand?<|im_end|>\n"
		 "<|im_start|>assistant\nNo.<|im_end|>\n", "Yes.<|im_end|>No.<|im_end|>");
	template(v, "llama3", "<|begin_of_text|><|start_header_id|>user<|end_header_id|>\n\nhi<|eot_id|><|start_header_id|>assistant<|end_header_id|>"
		 "\n\nYes.<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nand?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"
		 "No.<|eot_id|>", "Yes.<|eot_id|>No.<|eot_id|>");
	template(v, "alpaca", "<|begin_of_text|>Below is an instruction that describes a task. Write a response that appropriately completes the "
		 "request.\n\n### Instruction:\nhi\n\n### Response:\nYes.<|endoftext|>### Instruction:\nand?\n\n### Response:\nNo.<|endoftext|>",
		 "Yes.<|endoftext|>No.<|endoftext|>");
	template(v, "plain", "<|begin_of_text|>User:\nhi\nAssistant:\nYes.<|endoftext|>User:\nand?\nAssistant:\nNo.<|endoftext|>",
		 "Yes.<|endoftext|>No.<|endoftext|>");

	same(v, "chatml", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}",
	     "{\"prompt\":[{\"role\":\"user\",\"content\":\"a\"}],\"completion\":[{\"role\":\"assistant\",\"content\":\"b\"}]}",
	     "prompt and completion as messages");
	same(v, "qwen", "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"a\"}]},{\"role\":\"assistant\",\"content\":\"b\"}]}",
	     "{\"conversations\":[{\"from\":\"human\",\"value\":\"a\"},{\"from\":\"gpt\",\"value\":\"b\"}]}", "ShareGPT, and content in parts");
	same(v, "plain", "{\"prompt\":\"a\\n\\nc\",\"completion\":\"b\"}", "{\"instruction\":\"a\",\"input\":\"c\",\"output\":\"b\"}", "an input is added");
#define TWO "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"}]}"
	same(v, "llama3", TWO, "{\"inputs\":\"a\",\"targets\":\"b\"}", "FLAN's inputs and targets");
	same(v, "chatml", TWO, "{\"chosen\":\"\\n\\nHuman: a\\n\\nAssistant: b\",\"rejected\":\"x\"}", "turns as HH writes them");
	same(v, "chatml", TWO, "{\"prompt\":\"a\",\"response\":\"b\"}", "prompt and response");
	same(v, "plain", "{\"instruction\":\"a\",\"input\":\"c\",\"output\":\"b\"}",
	     "{\"instruction\":\"a\",\"context\":\"c\",\"response\":\"b\",\"category\":\"qa\"}", "Dolly's context and response");
	same(v, "chatml", TWO, "{\"prompt\":{\"text\":\"a\",\"role\":\"prompter\",\"replies\":[{\"text\":\"x\",\"role\":\"assistant\",\"rank\":1},"
	     "{\"text\":\"y\",\"role\":\"assistant\",\"rank\":0,\"deleted\":true},{\"text\":\"b\",\"role\":\"assistant\",\"rank\":0,\"replies\":[]}]}}",
	     "of a tree the path ranked best");
	{
		struct made m;

		chat_init(&c, "alpaca", v, &err);
		m = render(v, &c, "{\"instruction\":\"a\",\"input\":\"c\",\"output\":\"b\"}", 0);
		OK(strstr(m.text.p, "paired with an input") && strstr(m.text.p, "### Instruction:\na\n\n### Input:\nc\n\n### Response:\nb<|end"),
		   "alpaca: an input has a heading of its own");
		drop(&m);
		chat_free(&c);
	}
	bad(v, "{\"text\":\"a\"}", 0, "an object without a conversation");
	bad(v, "{\"messages\":[]}", 0, "no message");
	bad(v, "{\"messages\":[{\"role\":\"user\"}]}", 0, "a message without content");
	bad(v, "{\"messages\":[{\"content\":\"a\"}]}", 0, "a message without role");
	bad(v, "{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}]}", 0, "a part that is no text");
	bad(v, "{\"messages\":[{\"role\":\"assistant\",\"content\":\"\",\"tool_calls\":[{}]}]}", 0, "a call of a tool");
	bad(v, "{\"prompt\":{\"text\":\"a\"}}", 0, "a tree without roles");
	bad(v, "{\"instruction\":7,\"output\":\"b\"}", 0, "an instruction that is a number");
	bad(v, "{\"prompt\":\"a\"}", 0, "a prompt without completion, unless to be answered,");
	OK(chat_init(&c, "vicuna", v, &err) && strstr(err.text, "chatml"), "an unknown template is an error that names those there are");
	vocab_free(v);
	return DONE();
}

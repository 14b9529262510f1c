/* request - what a client asks for: a JSON body, read and checked */
/* SPDX-License-Identifier: MIT */
#include "serve/request.h"
#include "model/grammar/grammar.h"
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { C = 1 << ASK_COMPLETION, T = 1 << ASK_CHAT, TO = 1 << ASK_TOKENIZE, DE = 1 << ASK_DETOKENIZE, ALL = C | T | TO | DE };

/* A field of a body: taken by its function, or a number or a flag that goes to `off`. */
struct field {
	const char *name;
	int         asks;               /* where it may stand */
	int       (*take)(struct request *, struct json, struct err *);
	char        kind;               /* 'n' number, 'i' whole number, 'b' flag; '-': it changes no result */
	size_t      off;
	double      least, most;
};

static int
take_text(struct request *r, struct json v, struct err *e)
{
	struct buf b = { 0 };
	struct asked a = { 0 };

	buf_need(&b, 1);
	if (json_str(v, &b))
		return buf_free(&b), err_set(e, "prompt: texts or token ids");
	a.text = b.p, a.n = b.n;
	VEC_PUSH(r->prompt, r->n_prompts, r->cap, a);
	return 0;
}

static int
take_ids(struct request *r, struct json v, struct err *e)
{
	struct json_iter it = json_walk(v);
	struct asked a = { 0 };
	size_t cap = 0;

	while (json_next(&it)) {
		long long id = json_int(it.value, -1);
		if (id < 0 || id > UINT32_MAX)
			return free(a.ids), err_set(e, "token ids are whole numbers from 0 on");
		VEC_PUSH(a.ids, a.n, cap, (uint32_t)id);
	}
	VEC_PUSH(r->prompt, r->n_prompts, r->cap, a);
	return 0;
}

/* A text, several, token ids, several lists of them. */
static int
take_prompt(struct request *r, struct json v, struct err *e)
{
	struct json_iter it = json_walk(v), first = it;
	int kind = json_kind(v), inner = kind == '[' && json_next(&first) ? json_kind(first.value) : 0, bad = 0;

	if (r->n_prompts)
		return err_set(e, "prompt: is there twice");
	if (kind == '"')
		return take_text(r, v, e);
	if (kind != '[' || (inner != '"' && inner != '[' && inner != '0') || r->ask == ASK_TOKENIZE)
		return err_set(e, "prompt: %s", r->ask == ASK_TOKENIZE ? "a text" : "a text, texts, token ids or lists of token ids");
	if (inner == '0')
		return take_ids(r, v, e);
	while (!bad && json_next(&it))
		bad = json_kind(it.value) == '"' ? take_text(r, it.value, e) : json_kind(it.value) == '[' ? take_ids(r, it.value, e) :
			err_set(e, "prompt: a text, texts, token ids or lists of token ids");
	return bad;
}

static int
take_tokens(struct request *r, struct json v, struct err *e)
{
	return json_kind(v) == '[' ? take_ids(r, v, e) : err_set(e, "tokens: a list of token ids");
}

static int
take_messages(struct request *r, struct json v, struct err *e)
{
	(void)r;
	return json_kind(v) == '[' && json_count(v) ? 0 : err_set(e, "messages: a list of at least one");
}

static int
take_tools(struct request *r, struct json v, struct err *e)
{
	(void)r;
	return json_kind(v) == '[' ? 0 : err_set(e, "tools: a list");
}

static int
take_tool_choice(struct request *r, struct json v, struct err *e)
{
	(void)r;
	return json_is(v, "auto") || json_is(v, "none") ? 0 : err_set(e, "tool_choice: auto and none are offered");
}

static int
take_stop(struct request *r, struct json v, struct err *e)
{
	struct json_iter it = json_walk(v);
	int one = json_kind(v) == '"';

	if (!one && json_kind(v) != '[')
		return err_set(e, "stop: a text or texts");
	while (one || json_next(&it)) {
		char *text = NULL;
		if (!one && json_kind(it.value) == 'n')
			continue;
		text = json_dup(one ? v : it.value);
		if (!text || !*text || r->n_stop == REQUEST_STOPS)
			return free(text), err_set(e, "stop: %d texts at most, none of them empty", REQUEST_STOPS);
		r->stop[r->n_stop++] = text;
		if (one)
			break;
	}
	return 0;
}

static int
take_bias(struct request *r, struct json v, struct err *e)
{
	struct json_iter it = json_walk(v);
	size_t n = 0, cap = 0;

	if (json_kind(v) != '{' || r->sampler.bias)
		return err_set(e, "logit_bias: an object of token ids and numbers");
	while (json_next(&it)) {
		char *key = json_dup(it.key), *end = NULL;
		unsigned long long id = key ? strtoull(key, &end, 10) : 0;
		double add = json_num(it.value, NAN);
		int bad = !key || *key < '0' || *key > '9' || *end || id > UINT32_MAX || !(fabs(add) <= 1e9);
		struct sampler_bias b = { (uint32_t)id, (float)add };
		free(key);
		if (bad)
			return err_set(e, "logit_bias: an object of token ids and numbers");
		VEC_PUSH(r->sampler.bias, n, cap, b);
		r->sampler.n_bias = (int)n;
	}
	return 0;
}

static int
take_logprobs(struct request *r, struct json v, struct err *e)
{
	int chat = r->ask == ASK_CHAT;
	long long n = json_int(v, -1);

	if (chat ? json_bool(v, -1) < 0 : n < 0 || n > REQUEST_TOP)
		return err_set(e, chat ? "logprobs: true or false" : "logprobs: 0 to %d", REQUEST_TOP);
	if (chat)
		r->logprobs = json_bool(v, 0) ? r->logprobs < 0 ? 0 : r->logprobs : -1;
	else
		r->logprobs = n;
	return 0;
}

static int
set_grammar(struct request *r, char *text, struct err *e)
{
	if (!text || r->grammar)
		return free(text), err_set(e, "grammar: one text, or response_format");
	r->grammar = text;
	return 0;
}

static int
take_grammar(struct request *r, struct json v, struct err *e)
{
	return set_grammar(r, json_dup(v), e);
}

static int
take_format(struct request *r, struct json v, struct err *e)
{
	struct json type = json_get(v, "type");
	struct buf b = { 0 };

	if (json_is(type, "text"))
		return 0;
	if (!json_is(type, "json_object"))
		return err_set(e, "response_format: the types text and json_object are offered");
	buf_str(&b, "root ::= ws object");      /* in place of any value */
	buf_str(&b, strchr(grammar_json(), '\n'));
	return set_grammar(r, b.p, e);
}

static int
take_stream_options(struct request *r, struct json v, struct err *e)
{
	r->usage = json_bool(json_get(v, "include_usage"), 0);
	return json_kind(v) == '{' ? 0 : err_set(e, "stream_options: an object");
}

#define NUMBER(name, asks, kind, member, least, most) { name, asks, NULL, kind, offsetof(struct request, member), least, most }
#define IGNORED(name) { name, ALL, NULL, '-', 0, 0, 0 }
static const struct field fields[] = {
	{ "prompt", C | TO, take_prompt, 0, 0, 0, 0 },
	{ "content", TO, take_prompt, 0, 0, 0, 0 },
	{ "tokens", DE, take_tokens, 0, 0, 0, 0 },
	{ "messages", T | TO, take_messages, 0, 0, 0, 0 },
	{ "tools", T | TO, take_tools, 0, 0, 0, 0 },
	{ "tool_choice", T, take_tool_choice, 0, 0, 0, 0 },
	NUMBER("max_tokens", C | T, 'i', max_tokens, 0, 1 << 30),
	NUMBER("max_completion_tokens", T, 'i', max_tokens, 0, 1 << 30),
	NUMBER("temperature", C | T, 'n', sampler.temperature, 0, 1e6),
	NUMBER("top_p", C | T, 'n', sampler.top_p, 1e-9, 1),
	NUMBER("top_k", C | T, 'n', top_k, -1, 1 << 30),
	NUMBER("min_p", C | T, 'n', sampler.min_p, 0, 1),
	NUMBER("presence_penalty", C | T, 'n', sampler.presence, -100, 100),
	NUMBER("frequency_penalty", C | T, 'n', sampler.frequency, -100, 100),
	NUMBER("repeat_penalty", C | T, 'n', sampler.repeat_penalty, 1e-3, 1e3),
	NUMBER("repetition_penalty", C | T, 'n', sampler.repeat_penalty, 1e-3, 1e3),
	NUMBER("seed", C | T, 'i', seed, -9e18, 9e18),
	NUMBER("n", C | T, 'i', n, 1, REQUEST_N),
	NUMBER("best_of", C, 'i', best_of, 1, 1),
	NUMBER("echo", C, 'b', echo, 0, 0),
	NUMBER("stream", C | T, 'b', stream, 0, 0),
	NUMBER("add_special_tokens", C | TO, 'b', special, 0, 0),
	NUMBER("add_special", TO, 'b', special, 0, 0),
	{ "stream_options", C | T, take_stream_options, 0, 0, 0, 0 },
	{ "stop", C | T, take_stop, 0, 0, 0, 0 },
	{ "logit_bias", C | T, take_bias, 0, 0, 0, 0 },
	{ "logprobs", C | T, take_logprobs, 0, 0, 0, 0 },
	NUMBER("top_logprobs", T, 'i', logprobs, 0, REQUEST_TOP),
	{ "grammar", C | T, take_grammar, 0, 0, 0, 0 },
	{ "response_format", C | T, take_format, 0, 0, 0, 0 },
	IGNORED("model"), IGNORED("user"), IGNORED("metadata"), IGNORED("store"), IGNORED("service_tier"), IGNORED("cache_prompt"),
	IGNORED("safety_identifier"), IGNORED("prompt_cache_key"), IGNORED("parallel_tool_calls"),
};

static int
take(struct request *r, const struct field *f, struct json v, struct err *e)
{
	char *to = (char *)r + f->off;
	double x = json_num(v, NAN);

	if (f->take)
		return f->take(r, v, e);
	if (f->kind == 'b') {
		if ((*(int *)(void *)to = json_bool(v, -1)) < 0)
			return err_set(e, "%s: true or false", f->name);
	} else if (f->kind != '-') {
		if (!(x >= f->least && x <= f->most) || (f->kind == 'i' && (double)json_int(v, 0) != x))
			return err_set(e, "%s: a %snumber from %g to %g", f->name, f->kind == 'i' ? "whole " : "", f->least, f->most);
		if (f->kind == 'i')
			*(long long *)(void *)to = json_int(v, 0);
		else
			*(double *)(void *)to = x;
	}
	return 0;
}

static int
take_all(struct request *r, struct json object, struct err *e)
{
	struct json_iter it = json_walk(object);

	while (json_next(&it)) {
		size_t i = 0, count = sizeof fields / sizeof *fields;
		if (json_kind(it.value) == 'n')
			continue;
		while (i < count && !((fields[i].asks & 1 << r->ask) && json_is(it.key, fields[i].name)))
			i++;
		if (i == count) {
			char *name = json_dup(it.key);
			err_set(e, "%.60s: no field that is known here", name);
			free(name);
			return -1;
		}
		if (take(r, &fields[i], it.value, e))
			return -1;
	}
	return 0;
}

/* What a conversation is rendered from. */
static void
keep_talk(struct request *r, struct json object)
{
	struct json messages = json_get(object, "messages"), tools = json_get(object, "tools");
	struct buf b = { 0 };

	if (json_kind(messages) != '[')
		return;
	buf_str(&b, "{\"messages\":");
	json_raw(&b, messages);
	if (json_kind(tools) == '[' && json_count(tools) && !json_is(json_get(object, "tool_choice"), "none")) {
		buf_str(&b, ",\"tools\":");
		json_raw(&b, tools);
	}
	buf_char(&b, '}');
	r->talk = b.p;
}

int
request_parse(struct request *r, enum ask ask, const char *body, size_t n, struct err *e)
{
	struct json object;

	*r = (struct request){ .ask = ask, .n = 1, .max_tokens = -1, .logprobs = -1, .special = 1,
		.sampler = { .temperature = 1, .top_p = 1, .typical = 1, .repeat_penalty = 1 } };
	if (json_parse(&object, body, n, e))
		return err_in(e, "the body is no JSON");
	if (json_kind(object) != '{')
		return err_set(e, "the body is no JSON object");
	if (take_all(r, object, e))
		return -1;
	keep_talk(r, object);
	if (ask == ASK_CHAT && json_kind(json_get(object, "top_logprobs")) == '0' && !json_bool(json_get(object, "logprobs"), 0))
		return err_set(e, "top_logprobs: needs logprobs");
	if ((ask == ASK_CHAT ? !r->talk : ask == ASK_TOKENIZE ? (r->talk != NULL) == (r->n_prompts > 0) : !r->n_prompts) || (ask == ASK_TOKENIZE && r->n_prompts > 1))
		return err_set(e, "%s: is missing", ask == ASK_CHAT ? "messages" : ask == ASK_DETOKENIZE ? "tokens" : "prompt");
	r->sampler.seed = (uint64_t)r->seed;
	r->sampler.top_k = r->top_k > 0 ? (int)r->top_k : 0;
	if (r->sampler.temperature < SAMPLER_COLDEST)
		r->sampler.temperature = 1, r->sampler.top_k = 1;
	if (ask == ASK_COMPLETION && r->max_tokens < 0)
		r->max_tokens = 16;
	return 0;
}

void
request_free(struct request *r)
{
	for (size_t i = 0; i < r->n_prompts; i++)
		free(r->prompt[i].text), free(r->prompt[i].ids);
	free(r->prompt);
	for (int i = 0; i < r->n_stop; i++)
		free((char *)r->stop[i]);
	free(r->sampler.bias);
	free(r->talk);
	free(r->grammar);
	*r = (struct request){ 0 };
}

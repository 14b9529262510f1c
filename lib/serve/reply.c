/* reply - what a client is told: JSON, events, numbers for Prometheus */
/* SPDX-License-Identifier: MIT */
#include "serve/logprobs.h"
#include "serve/reply.h"
#include "base/utf8.h"
#include "model/gguf/jinja.h"
#include <stdlib.h>
#include <string.h>

/* The rest of an answer, as a choice; event: as a part of one. */
static void
put_choice(const struct desk *d, struct answer *a, int event, struct buf *b)
{
	const struct request *r = &a->job->r;
	struct gen_out o = answer_out(a);
	size_t n = a->whole ? o.n_text : utf8_whole(o.text, o.n_text), to = o.n_prompt + o.n;
	size_t from = a->sent_tok ? a->sent_tok : r->echo ? 0 : o.n_prompt;
	int chat = r->ask == ASK_CHAT, first = !a->sent_tok;
	struct buf text = { 0 };

	if (first && r->echo)
		buf_add(&text, a->echo.p, a->echo.n);
	if (n > a->sent)
		buf_add(&text, o.text + a->sent, n - a->sent);
	buf_printf(b, "{\"index\":%zu", (size_t)(a - a->job->v));
	if (chat) {
		buf_str(b, event ? ",\"delta\":{" : ",\"message\":{");
		if (first)
			json_add_str(b, "role", "assistant");
		json_key(b, "content");
	} else {
		json_key(b, "text");
	}
	json_quote(b, buf_text(&text), text.n);
	buf_str(b, chat ? "},\"logprobs\":" : ",\"logprobs\":");
	if (r->logprobs < 0)
		buf_str(b, "null");
	else if (chat)
		logprobs_chat(d, a, from, to, b);
	else
		logprobs_put(d, a, &o, from, to, b);
	buf_printf(b, ",\"finish_reason\":%s}", !a->whole ? "null" : o.ended ? "\"stop\"" : "\"length\"");
	a->sent = n > a->sent ? n : a->sent;
	a->sent_tok = to;
	buf_free(&text);
}

static void
put_head(const struct desk *d, const struct job *j, int event, struct buf *b)
{
	int chat = j->r.ask == ASK_CHAT;

	buf_printf(b, "{\"id\":\"%s-%llu\",\"object\":\"%s%s\",\"created\":%lld", chat ? "chatcmpl" : "cmpl", j->number,
		chat ? "chat.completion" : "text_completion", chat && event ? ".chunk" : "", j->when);
	json_add_str(b, "model", d->name);
	buf_str(b, ",\"choices\":[");
}

static void
put_usage(const struct job *j, struct buf *b)
{
	size_t in = 0, out = 0;

	for (size_t i = 0; i < j->n_prompts; i++)
		in += j->prompt[i].n;
	for (size_t i = 0; i < j->n; i++)
		out += answer_out(j->v + i).n;
	buf_printf(b, ",\"usage\":{\"prompt_tokens\":%zu,\"completion_tokens\":%zu,\"total_tokens\":%zu}", in, out, in + out);
}

void
reply_whole(const struct desk *d, struct job *j, struct buf *b)
{
	put_head(d, j, 0, b);
	for (size_t i = 0; i < j->n; i++) {
		buf_str(b, i ? "," : "");
		put_choice(d, j->v + i, 0, b);
	}
	buf_char(b, ']');
	put_usage(j, b);
	buf_str(b, "}\n");
}

/* Whether there is something new to tell: text, or the end. */
static int
news(const struct answer *a)
{
	struct gen_out o = answer_out(a);

	if (a->whole)
		return !a->told;
	return a->s && o.n > 0 && (utf8_whole(o.text, o.n_text) > a->sent || !a->sent_tok);
}

void
reply_events(const struct desk *d, struct job *j, struct buf *b)
{
	for (size_t i = 0; i < j->n; i++) {
		struct answer *a = j->v + i;
		if (!news(a))
			continue;
		a->told = a->whole;
		buf_str(b, "data: ");
		put_head(d, j, 1, b);
		put_choice(d, a, 1, b);
		buf_str(b, "]}\n\n");
	}
	if (j->left || j->told)
		return;
	j->told = 1;
	if (j->r.usage) {
		buf_str(b, "data: ");
		put_head(d, j, 1, b);
		buf_char(b, ']');
		put_usage(j, b);
		buf_str(b, "}\n\n");
	}
	buf_str(b, "data: [DONE]\n\n");
}

void
reply_error(int status, const char *text, struct buf *b)
{
	buf_str(b, "{\"error\":{\"message\":");
	json_quote(b, text, strlen(text));
	buf_printf(b, ",\"type\":\"%s\",\"param\":null,\"code\":%d}}\n",
		status == 429 ? "rate_limit_error" : status >= 500 ? "server_error" : "invalid_request_error", status);
}

void
reply_model(const struct desk *d, struct buf *b)
{
	buf_char(b, '{');
	json_add_str(b, "id", d->name);
	json_add_str(b, "object", "model");
	json_add_int(b, "created", 0);
	json_add_str(b, "owned_by", "pipelm");
	json_add_int(b, "max_model_len", d->T);
	buf_char(b, '}');
}

void
reply_models(const struct desk *d, struct buf *b)
{
	buf_str(b, "{\"object\":\"list\",\"data\":[");
	reply_model(d, b);
	buf_str(b, "]}\n");
}

void
reply_metrics(const struct desk *d, struct buf *b)
{
	const struct metric {
		const char *name, *kind, *help;
		unsigned long long value;
	} all[] = {
		{ "requests_total", "counter", "Requests for completions.", d->requests },
		{ "refused_total", "counter", "Requests answered by an error.", d->refused },
		{ "prompt_tokens_total", "counter", "Tokens of prompts.", d->prompt_tokens },
		{ "tokens_total", "counter", "Tokens of whole answers.", d->tokens },
		{ "running", "gauge", "Answers under way.", d->running },
		{ "waiting", "gauge", "Answers that wait for their turn.", d->waiting },
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		buf_printf(b, "# HELP pipelm_%s %s\n# TYPE pipelm_%s %s\npipelm_%s %llu\n", all[i].name, all[i].help, all[i].name,
			all[i].kind, all[i].name, all[i].value);
}

static void
put_special(const struct desk *d, const char *key, int id, struct buf *b)
{
	json_key(b, key);
	if (id < 0)
		buf_str(b, "null");
	else
		logprobs_token(d, (uint32_t)id, b);
}

void
reply_tokenizer(const struct desk *d, struct buf *b)
{
	const struct opened *o = d->open;
	int eot = vocab_eot(o->vocab), end = o->m.cfg.eos >= 0 ? o->m.cfg.eos : eot;
	struct buf jinja = { 0 };

	buf_char(b, '{');
	put_special(d, "eos_token", end, b);
	put_special(d, "bos_token", o->m.cfg.bos, b);
	put_special(d, "pad_token", eot >= 0 ? eot : end, b);
	json_key(b, "chat_template");
	if (o->m.chat && jinja_of_chat(o->m.chat, &jinja) == 0)
		json_quote(b, jinja.p, jinja.n);
	else
		buf_str(b, "null");
	json_add_bool(b, "chat", o->has_chat);
	json_add_int(b, "max_model_len", d->T);
	buf_str(b, "}\n");
	buf_free(&jinja);
}

int
reply_tokens(struct desk *d, const struct request *r, struct buf *b, struct err *e)
{
	struct ids ids = { 0 };
	struct buf text = { 0 };
	int bad = desk_tokens(d, r, 0, d->special, &ids, e);

	if (!bad && r->ask == ASK_DETOKENIZE) {
		buf_need(&text, 1);
		decode_ids(d->open->vocab, ids.v, ids.n, 0, &text);
		buf_str(b, "{\"prompt\":");
		json_quote(b, text.p, text.n);
		buf_str(b, ",\"content\":");
		json_quote(b, text.p, text.n);
		buf_str(b, "}\n");
	} else if (!bad) {
		buf_printf(b, "{\"count\":%zu,\"max_model_len\":%d,\"tokens\":[", ids.n, d->T);
		for (size_t i = 0; i < ids.n; i++)
			buf_printf(b, "%s%u", i ? "," : "", ids.v[i]);
		buf_str(b, "]}\n");
	}
	buf_free(&text);
	free(ids.v);
	return bad;
}

/* serve-model - a model over HTTP, as OpenAI's clients, lm-eval and browsers ask for it */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "serve/http.h"
#include <signal.h>
#include <stdlib.h>

static const char *model_path, *host = "127.0.0.1", *name, *system_text, *quant, *cache;
static long long port = 8080, batch = 16, queue = 128, context, most_body = 8 << 20;
static const struct opt opts[] = {
	{ 'm', "model", OPT_STR, &model_path, "MODEL", "the model, - for a stream", OPT_QUIET },
	{ 0, "host", OPT_STR, &host, "ADDRESS", "listen here", OPT_QUIET },
	{ 0, "port", OPT_INT, &port, "N", "at this port; 0: a free one", OPT_QUIET },
	{ 0, "name", OPT_STR, &name, "NAME", "of the model, for clients [its file's]", OPT_QUIET },
	{ 'B', "batch", OPT_INT, &batch, "COUNT", "answers decoded at once", OPT_QUIET },
	{ 0, "queue", OPT_INT, &queue, "COUNT", "answers that may wait", OPT_QUIET },
	{ 0, "system", OPT_STR, &system_text, "TEXT", "system message of conversations without one", OPT_QUIET },
	{ 0, "context", OPT_INT, &context, "TOKENS", "of a prompt and its answer [the model's]", OPT_QUIET },
	{ 0, "max-body", OPT_INT, &most_body, "BYTES", "of a request [8M]", OPT_QUIET },
	{ 0, "quant", OPT_STR, &quant, "TYPE", "matrices in f32, bf16, q8 or q4 [as they are]", OPT_QUIET },
	{ 0, "cache", OPT_STR, &cache, "TYPE", "keys and values in f32, bf16 or q8 [f32]", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "serve-model", "Answer over HTTP, until interrupted.", "-m MODEL", opts };

static volatile sig_atomic_t stop;

static void
on_signal(int signal)
{
	(void)signal;
	stop = stop ? 2 : 1;
}

static void
check_options(void)
{
	if (!model_path)
		die_usage("-m MODEL is needed");
	if (port < 0 || port > 65535)
		die_usage("--port is 0 to 65535");
	if (batch < 1 || batch > 1 << 12 || queue < 1 || queue > 1 << 20)
		die_usage("-B is 1 to 4096, and --queue 1 to 2^20");
	if (context < 0 || context == 1 || most_body < 2 || most_body > 1 << 30)
		die_usage("--context is at least 2, and --max-body 2 to 1G");
	if ((quant && mats_type(quant) < 0) || (cache && (mats_type(cache) < 0 || mats_type(cache) == QUANT_Q4_0)))
		die_usage("--quant is f32, bf16, q8 or q4, and --cache f32, bf16 or q8");
}

int
main(int argc, char **argv)
{
	static struct opened open;
	static struct desk desk;
	struct gen_opts go = { .sampler = { .temperature = 1, .top_p = 1, .typical = 1, .repeat_penalty = 1 } };
	struct buf address = { 0 };
	struct http *http;
	struct err e;

	if (cli_parse(argc, argv, &tool) < argc)
		die_usage("there are no operands");
	check_options();
	if (opened_load(&open, model_path, quant ? mats_type(quant) : MATS_AS_IS, 0, &e) ||
	    (system_text && opened_system(&open, system_text, &e)))
		die_err(&e);
	if (context > open.m.cfg.T)
		die_usage("--context=%lld: the model has %d", context, open.m.cfg.T);
	go.mats = open.mats;
	go.cache = cache ? (enum quant)mats_type(cache) : QUANT_F32;
	go.eos = open.eos;
	go.n_eos = open.n_eos;
	go.batch = (int)batch;
	desk_init(&desk, &open, &go, context ? (int)context : open.m.cfg.T, (size_t)queue);
	desk.name = name ? name : file_stem(model_path);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	if (!(http = http_open(&desk, host, (int)port, (size_t)most_body, &e)))
		die_err(&e);
	http_address(http, &address);
	note(1, "%s at %s", desk.name, address.p);
	http_serve(http, &stop);
	http_close(http);
	note(2, "%llu requests, %llu refused, %llu tokens", desk.requests, desk.refused, desk.tokens);
	desk_free(&desk);
	buf_free(&address);
	return EXIT_OK;
}

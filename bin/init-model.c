/* init-model - a configuration -> a model that knows nothing yet */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/mem.h"
#include "learn/plan.h"
#include "model/net/grow.h"
#include "model/file/load.h"
#include "model/file/save.h"
#include "model/net/net.h"
#include "vocab/vocab.h"
#include <stdio.h>
#include <string.h>

static const char *preset, *config, *vocab_path, *chat_name, *from, *teacher, *out = "-";
static long long depth, seed, context, vocab_n, batch = 8;
static struct plan how = { .optim = OPTIM_DEFAULTS(6e-4, "constant") };
static const char *dtype = "f32";
static int plan, recompute, list;
static const struct opt opts[] = {
	{ 0, "preset", OPT_STR, &preset, "NAME", "a shape that has a name (see --list)", OPT_RESULT },
	{ 0, "config", OPT_STR, &config, "FILE", "a config.json, or a model, whose shape to take", OPT_FILE },
	{ 0, "depth", OPT_INT, &depth, "N", "N layers, width 64 N, N heads, and all the rest", OPT_RESULT },
	{ 0, "from", OPT_STR, &from, "MODEL", "begin with what this smaller model knows", OPT_FILE },
	{ 'w', "vocab", OPT_STR, &vocab_path, "VOCAB", "the vocabulary, kept within", OPT_FILE },
	{ 0, "vocab-size", OPT_INT, &vocab_n, "N", "the number of tokens, without a vocabulary", OPT_RESULT },
	{ 'T', "context", OPT_INT, &context, "LEN", "tokens of context", OPT_RESULT },
	{ 'S', "seed", OPT_INT, &seed, "N", "seed of the random weights [0]", OPT_RESULT },
	{ 0, "chat", OPT_STR, &chat_name, "NAME", "keep this chat template: chatml, llama3 ...", OPT_RESULT },
	{ 0, "plan", OPT_FLAG, &plan, NULL, "print what it would cost, and write nothing", OPT_QUIET },
	{ 'B', "batch", OPT_INT, &batch, "ROWS", "rows of a micro-batch, for --plan", OPT_QUIET },
	{ 0, "optimizer", OPT_STR, &how.optim.optimizer_name, "NAME", "that of train-step, for --plan", OPT_QUIET },
	{ 0, "dtype", OPT_STR, &dtype, "TYPE", "that of train-step, for --plan", OPT_QUIET },
	{ 0, "recompute", OPT_FLAG, &recompute, NULL, "that of train-step, for --plan", OPT_QUIET },
	{ 0, "lora", OPT_STR, &how.adapt.lora, "RANK", "that of train-step, for --plan", OPT_QUIET },
	{ 0, "lora-targets", OPT_STR, &how.adapt.targets, "PCRE", "that of train-step, for --plan", OPT_QUIET },
	{ 0, "adapter", OPT_STR, &how.adapt.bottleneck, "WIDTH", "that of train-step, for --plan", OPT_QUIET },
	{ 0, "prompt", OPT_INT, &how.adapt.prompt, "N", "that of train-step, for --plan", OPT_QUIET },
	{ 0, "prefix", OPT_INT, &how.adapt.prefix, "N", "that of train-step, for --plan", OPT_QUIET },
	{ 0, "ema", OPT_NUM, &how.ema, "BETA", "that of train-step, for --plan", OPT_QUIET },
	{ 0, "keep-best", OPT_FLAG, &how.keep_best, NULL, "that of train-step, for --plan", OPT_QUIET },
	{ 0, "distill", OPT_STR, &teacher, "MODEL", "that of train-step, for --plan", OPT_QUIET },
	{ 0, "price-per-hour", OPT_NUM, &how.price, "X", "what the machine costs an hour, for --plan", OPT_QUIET },
	{ 0, "watts", OPT_NUM, &how.watts, "X", "what the machine draws, for --plan", OPT_QUIET },
	{ 0, "list", OPT_FLAG, &list, NULL, "print the names of the presets", OPT_QUIET },
	{ 'o', "output", OPT_STR, &out, "FILE", "write to FILE [standard output, as a stream]", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "init-model", "Make a model with random weights.", "--preset=NAME | --config=FILE | --depth=N", opts };

static void
shape(struct config *c)
{
	struct err e;

	if (!!preset + !!config + !!cli_given(&depth) != 1)
		die_usage("one of --preset, --config and --depth says what to make");
	if (preset && config_preset(c, preset))
		die_usage("no preset %s (--list names them)", preset);
	if (config && model_load_config(c, config, &e))
		die_err(&e);
	if (cli_given(&depth) && config_depth(c, depth))
		die_usage("--depth: %lld is not in 1..1024", depth);
	if (cli_given(&context)) {
		if (context < 1 || context > 1 << 24)
			die_usage("--context: %lld is not in 1..%d", context, 1 << 24);
		how.T = (int)context;
	}
	/* A plan may be for records that are shorter than the context, a model has the context that is asked for. */
	if (how.T && (!plan || how.T > c->T))
		c->T = how.T;
	how.T = how.T ? how.T : c->T;
	for (const struct opt *x = opts; x->name; x++)
		if (!plan && strstr(x->help, "for --plan") && cli_given(x->var))
			die_usage("--%s changes nothing but a --plan", x->name);
	if (cli_given(&vocab_n)) {
		if (vocab_path || vocab_n < 1 || vocab_n > 1 << 24)
			die_usage(vocab_path ? "--vocab and --vocab-size exclude each other" : "--vocab-size: out of range");
		config_set_vocab(c, (int)vocab_n, -1, -1);
	}
}

static void
print_plan(const struct config *c)
{
	struct config large;
	struct buf b = { 0 };
	struct err e;

	if (batch < 1 || batch > 1 << 20)
		die_usage("--batch: out of range");
	if (!(how.price >= 0 && how.watts >= 0))
		die_usage("--price-per-hour and --watts: 0 or more");
	if (net_half(dtype) < 0)
		die_usage("--dtype=%s: f32, bf16 or f16", dtype);
	if (optim_check(&how.optim, 0, &e) || adapter_check(&how.adapt, &e))
		die_usage("%s", e.text);
	how.B = (int)batch;
	if (!cli_given(&context))
		how.T -= (int)(how.adapt.prompt + how.adapt.prefix);
	how.use = (recompute ? NET_RECOMPUTE : NET_GRAD) | net_half(dtype);
	if (teacher && model_load_config(&large, teacher, &e))
		die_err(&e);
	how.teacher = teacher ? &large : NULL;
	if (plan_print(c, &how, &b, &e))
		die_err(&e);
	fputs(b.p, stdout);
	buf_free(&b);
	cli_close_stdout();
}

/* --from: the new model says what that one says; its vocabulary is kept. */
static void
grow(struct config *c)
{
	struct model m, small;
	struct err e;

	if (vocab_path || chat_name || cli_given(&vocab_n))
		die_usage("--from: vocabulary and chat template are those of that model");
	if (model_load(&small, from, &e))
		die_err(&e);
	config_set_vocab(c, small.cfg.V, small.cfg.bos, small.cfg.eos);
	if (config_check(c, &e))
		die_err(&e);
	model_init(&m, c);
	if (model_grow(&m, &small, (uint64_t)seed, &e)) {
		err_in(&e, from);
		die_err(&e);
	}
	model_add_prog(&m, cli_prog());
	if (model_save(&m, out, &e))
		die_err(&e);
	model_free(&m);
	model_free(&small);
}

int
main(int argc, char **argv)
{
	struct vocab *v = NULL;
	struct config c;
	struct model m;
	struct err e;

	if (cli_parse(argc, argv, &tool) < argc)
		die_usage("no operands are taken");
	if (plan)
		plan_measure(&how);
	if (list) {
		for (int i = 0; config_preset_name(i); i++)
			puts(config_preset_name(i));
		cli_close_stdout();
		return EXIT_OK;
	}
	shape(&c);
	if (from && !plan) {
		grow(&c);
		return EXIT_OK;
	}
	if (vocab_path && !(v = vocab_load(vocab_path, NULL, &e)))
		die_err(&e);
	if (v)
		config_set_vocab(&c, (int)vocab_size(v), vocab_bos(v), vocab_eot(v));
	if (!c.V)
		die_usage("this shape has no vocabulary of its own: give -w or --vocab-size");
	if (config_check(&c, &e))
		die_err(&e);
	if (plan) {
		print_plan(&c);
	} else {
		model_init(&m, &c);
		params_random(&m.par, &c, (uint64_t)seed, m.w);
		if (v)
			model_set_vocab(&m, v);
		if (chat_name && !v)
			die_usage("--chat needs a vocabulary: give -w");
		if (chat_name && model_set_chat(&m, chat_name, v, &e))
			die_err(&e);
		model_add_prog(&m, cli_prog());
		if (model_save(&m, out, &e))
			die_err(&e);
		model_free(&m);
	}
	vocab_free(v);
	return EXIT_OK;
}

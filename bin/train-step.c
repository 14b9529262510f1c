/* train-step - tokens -> a model trained on them */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "learn/ranks.h"
#include "learn/train.h"
#include "model/file/peft.h"
#include "model/net/net.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int grads, apply;
static const char *dtype = "f32";
static struct train_opts o = { .epochs = 1, .B = 8, .accum = 1, .distill_weight = 0.5, .distill_temperature = 1,
	.optim = OPTIM_DEFAULTS(6e-4, "constant") };

static const struct opt opts[] = {
	{ 'm', "model", OPT_STR, &o.model, "MODEL", "the model to begin with, - for a stream", OPT_QUIET },
	{ 'o', "output", OPT_STR, &o.out, "FILE", "write the model to FILE [that of -m]", OPT_QUIET },
	{ 's', "state", OPT_STR, &o.state, "FILE", "keep what the run needs to go on in FILE", OPT_QUIET },
	{ 'n', "steps", OPT_INT, &o.steps, "STEPS", "steps since the state began [until the data ends]", OPT_RESULT },
	{ 0, "epochs", OPT_INT, &o.epochs, "N", "how often the files are read", OPT_RESULT },
	{ 'B', "batch", OPT_INT, &o.B, "RECORDS", "records a micro-batch", OPT_QUIET },
	{ 'T', "seq", OPT_INT, &o.T, "LEN", "length of records [what the stream says]", OPT_RESULT },
	{ 0, "accum", OPT_INT, &o.accum, "N", "micro-batches a step", OPT_QUIET },
	{ 0, "batch-ramp", OPT_INT, &o.batch_ramp, "STEPS", "steps in which the records of a step grow", OPT_RESULT },
	{ 0, "drop-last", OPT_FLAG, &o.drop_last, NULL, "no step on fewer records than the others have", OPT_RESULT },
	{ 0, "doc-mask", OPT_FLAG, &o.doc_mask, NULL, "tokens see their own document only", OPT_RESULT },
	{ 0, "dtype", OPT_STR, &dtype, "TYPE", "what products multiply: f32, bf16 or f16", OPT_RESULT },
	OPTIM_ROWS(o.optim),
	{ 0, "ema", OPT_NUM, &o.ema, "BETA", "put out the mean of the weights, not the last ones", OPT_RESULT },
	{ 0, "distill", OPT_STR, &o.distill, "MODEL", "learn from this model's distribution too", OPT_QUIET },
	{ 0, "distill-weight", OPT_NUM, &o.distill_weight, "PART", "its part of the loss", OPT_RESULT },
	{ 0, "distill-temperature", OPT_NUM, &o.distill_temperature, "T", "what logits are divided by for it", OPT_RESULT },
	ADAPTER_ROWS(o.adapt),
	{ 0, "dropout", OPT_NUM, &o.dropout, "P", "part of activations that is dropped", OPT_RESULT },
	{ 'S', "seed", OPT_INT, &o.seed, "N", "seed of what is dropped, of how adapters begin [0]", OPT_RESULT },
	{ 0, "recompute", OPT_FLAG, &o.recompute, NULL, "keep less, compute it again: less memory", OPT_QUIET },
	{ 0, "freeze", OPT_STR, &o.freeze, "PCRE", "weights of such names stay as they are", OPT_RESULT },
	{ 0, "save-every", OPT_INT, &o.save_every, "STEPS", "write the state so often [at the end]", OPT_QUIET },
	{ 0, "eval", OPT_STR, &o.eval, "FILE", "tokens to measure the loss on", OPT_QUIET },
	{ 0, "eval-every", OPT_INT, &o.eval_every, "STEPS", "measure it so often, and at the end", OPT_QUIET },
	{ 0, "keep-best", OPT_FLAG, &o.keep_best, NULL, "write the weights with the lowest such loss", OPT_RESULT },
	{ 0, "patience", OPT_INT, &o.patience, "N", "stop when N measurements brought no better one", OPT_RESULT },
	{ 0, "log", OPT_STR, &o.log, "FILE", "one JSON object a step", OPT_QUIET },
	{ 0, "grads", OPT_FLAG, &grads, NULL, "write gradients as a stream and change nothing", OPT_RESULT },
	{ 0, "apply", OPT_FLAG, &apply, NULL, "read such streams and make one step of their sum", OPT_RESULT },
	{ 0 }
};
static const struct tool tool = {
	"train-step", "Train a model on the records of a token stream.", "-m MODEL [FILE ...]", opts
};

static void
need(int good, const char *what)
{
	if (!good)
		die_usage("%s", what);
}

/* What goes into the provenance line in place of rows whose split does not matter. */
static void
provenance(void)
{
	char s[32];

	snprintf(s, sizeof s, "%lld", o.B * o.accum);
	cli_prog_set("global-batch", o.B * o.accum == 8 || apply ? NULL : s);
	if (!o.keep_best)
		return;
	cli_crc(o.eval, s);             /* now the other file has a say */
	cli_prog_set("eval", s);
	snprintf(s, sizeof s, "%lld", o.eval_every);
	cli_prog_set("eval-every", s);
}

static int
from_stdin(const char *path)
{
	return !strcmp(path, "-");
}

static void
check(void)
{
	struct err e;
	int from = !o.nfiles;

	need(o.model != NULL, "-m MODEL says what to train");
	need(o.B > 0 && o.accum > 0 && o.B * o.accum <= 1 << 20, "-B and --accum: from 1, and at most 1048576 records a step");
	o.half = net_half(dtype);
	need(o.half >= 0, "--dtype is f32, bf16 or f16");
	need(o.T >= 0 && o.T <= 1 << 24, "-T: from 1 to 16777216");
	need(o.epochs > 0 && o.epochs <= 1 << 30, "--epochs: from 1");
	need(o.batch_ramp >= 0 && o.batch_ramp <= 1 << 30, "--batch-ramp: a number of steps");
	need(o.ema >= 0 && o.ema < 1, "--ema: from 0 to below 1");
	need(o.steps >= 0 && o.save_every >= 0 && o.eval_every >= 0 && o.patience >= 0, "a number of steps is 0 or more");
	need(!(grads && apply), "--grads makes what --apply reads: one at a time");
	for (int i = 0; i < o.nfiles; i++)
		from |= from_stdin(o.files[i]);
	need(!(from && o.epochs > 1), "--epochs: standard input can be read only once");
	need(ranks_n() == 1 || !(from || from_stdin(o.model)), "under mpirun tokens and model come from named files");
	need(ranks_n() == 1 || !(grads || apply), "--grads and --apply are each one process's");
	need(!(from && from_stdin(o.model)), "-m -: then the tokens come from named files");
	need(o.eval || !(o.keep_best || o.eval_every), "--eval=FILE says what to measure on");
	need(!o.eval || !from_stdin(o.eval), "--eval: a file with a name, it is read many times");
	need(!o.state || (strcmp(o.state, o.model) && (!o.out || strcmp(o.state, o.out))), "-s: the state is a file of its own");
	need(o.state || !o.save_every, "--save-every goes with -s FILE");
	need(o.keep_best || !o.patience, "--patience goes with --keep-best");
	need(!o.patience || o.eval_every, "--patience needs --eval-every");
	need(!((grads || apply) && (o.eval || o.log || o.save_every)), "--grads and --apply make no measurements and no log");
	need(o.dropout >= 0 && o.dropout < 1, "--dropout: from 0 to below 1");
	need(o.distill_weight >= 0 && o.distill_weight <= 1 && o.distill_temperature > 0,
	    "--distill-weight: from 0 to 1; --distill-temperature: above 0");
	need(o.distill || !(cli_given(&o.distill_weight) || cli_given(&o.distill_temperature)), "--distill=MODEL says who teaches");
	need(!((grads || apply) && (o.dropout > 0 || o.ema > 0 || o.batch_ramp || o.distill)),
	    "--dropout, --ema, --batch-ramp and --distill need the whole step in one process");
	need(!(grads && o.freeze), "--freeze goes with --apply");
	need(!(grads && o.state), "--grads changes nothing: the state is with --apply");
	need(strcmp(o.optim.optimizer_name, "adam") || !cli_given(&o.optim.decay), "--decay: adam has none, adamw has");
	if (optim_check(&o.optim, o.steps, &e) || adapter_check(&o.adapt, &e))
		die_usage("%s", e.text);
	o.adapt.seed = o.seed;
	need(!o.adapt.kind || o.out, "-o DIR says where the adapter goes");
	need(!o.adapt.kind || !(grads || apply), "--grads and --apply: of an adapter that is there (-m DIR)");
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct stat st;
	struct err e;
	int bad;

	o.nfiles = argc - first;
	o.files = argv + first;
	if (ranks_start(&e))
		die_err(&e);
	if (ranks_me())
		verbosity = 0;
	check();
	provenance();
	if (!o.out && !grads && !stat(o.model, &st) && S_ISDIR(st.st_mode) && !adapter_is(o.model))
		die_usage("%s is a folder: -o FILE says where the model goes", o.model);
	if (!o.out)
		o.out = grads ? "-" : o.model;
	if (grads)
		bad = train_grads(&o, &e);
	else if (apply)
		bad = train_apply(&o, &e);
	else
		bad = train_run(&o, &e);
	if (bad)
		die_err(&e);
	ranks_end();
	return EXIT_OK;
}

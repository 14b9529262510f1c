/* eval-task - a model at a published task: choices by likelihood, answers by comparison, programs by running them */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "score/task/taskrun.h"
#include <stdlib.h>
#include <string.h>

static const char *out = "-", *at = "1", *truncate_end;
static int json, greedy;
static double temperature = 0, timeout = 5;
static long long memory = 1LL << 30, processes = 32, top_k;
static struct strs allow;
static struct task_opts o = { .batch = 32, .samples = 1, 
	.sampler = { .temperature = 1, .top_p = 1, .typical = 1, .repeat_penalty = 1 }, .box = BOX_LIMITS };

static const struct opt opts[] = {
	{ 'm', "model", OPT_STR, &o.model, "MODEL", "the model that is asked", OPT_QUIET },
	{ 'o', "output", OPT_STR, &out, "FILE", "write to FILE [standard output]", OPT_QUIET },
	{ 'n', "items", OPT_INT, &o.items, "N", "stop after N items", OPT_RESULT },
	{ 0, "task", OPT_STR, &o.task, "NAME", "what the files hold [told by the first record]", OPT_RESULT },
	{ 0, "labels", OPT_STR, &o.labels, "FILE", "the right answers, where the items lack them", OPT_FILE },
	{ 0, "shots", OPT_INT, &o.shots, "N", "examples before each question [0]", OPT_RESULT },
	{ 0, "examples", OPT_STR, &o.examples, "FILE", "where they come from [the items]", OPT_FILE },
	{ 'S', "seed", OPT_INT, &o.seed, "N", "draw examples anew for each item; of sampling", OPT_RESULT },
	{ 0, "chat", OPT_FLAG, &o.chat, NULL, "ask by the model's chat template", OPT_RESULT },
	{ 0, "no-bos", OPT_FLAG, &o.no_bos, NULL, "do not begin with the model's BOS", OPT_RESULT },
	{ 0, "truncate", OPT_STR, &truncate_end, "END", "cut what is too long, at its left", OPT_RESULT },
	{ 0, "mutual", OPT_FLAG, &o.mutual, NULL, "choices also by mutual information", OPT_RESULT },
	{ 'k', "samples", OPT_INT, &o.samples, "N", "responses to each item", OPT_RESULT },
	{ 0, "at", OPT_STR, &at, "LIST", "pass@k for these k", OPT_RESULT },
	{ 0, "tokens", OPT_INT, &o.tokens, "N", "of a response at most [the task's]", OPT_RESULT },
	{ 0, "temperature", OPT_NUM, &temperature, "X", "sample with logits over X; 0 is greedy [0]", OPT_RESULT },
	{ 0, "top-k", OPT_INT, &top_k, "N", "only the N likeliest tokens [all]", OPT_RESULT },
	{ 0, "top-p", OPT_NUM, &o.sampler.top_p, "P", "only the likeliest that reach P together", OPT_RESULT },
	{ 0, "stop", OPT_LIST, &o.stops, "TEXT", "end a response before TEXT [the task's]", OPT_RESULT },
	{ 0, "filter", OPT_STR, &o.filter, "REGEX", "the answer is what this finds first", OPT_RESULT },
	{ 0, "verify", OPT_STR, &o.verify, "CMD", "judge responses by a command, in a sandbox", OPT_RESULT },
	{ 0, "timeout", OPT_NUM, &timeout, "SECONDS", "that a command may take", OPT_RESULT },
	{ 0, "memory", OPT_INT, &memory, "BYTES", "of each of its processes [1G]", OPT_RESULT },
	{ 0, "processes", OPT_INT, &processes, "N", "that it may have at once", OPT_RESULT },
	{ 0, "allow", OPT_LIST, &allow, "PATH", "that it may read beside the system's", OPT_QUIET },
	{ 0, "responses", OPT_STR, &o.responses, "FILE", "judge these instead of asking a model", OPT_FILE },
	{ 'B', "batch", OPT_INT, &o.batch, "N", "sequences that are run at once", OPT_QUIET },
	{ 0, "results", OPT_STR, &o.results, "DIR", "also results and samples as lm-eval writes them", OPT_QUIET },
	{ 'j', "json", OPT_FLAG, &json, NULL, "one JSON object", OPT_RESULT },
	{ 0 }
};
static const struct tool tool = { "eval-task", "Measure a model at a published task.", "-m MODEL [FILE ...]", opts };

static void
check_at(void)
{
	char *end;

	for (const char *p = at; ; p = end + 1) {
		long long k = strtoll(p, &end, 10);
		if (end == p || k < 1 || k > o.samples || o.n_at == TASK_AT_MOST || (*end && *end != ','))
			die_usage("--at=%s: numbers from 1 to --samples=%lld, commas between", at, o.samples);
		o.at[o.n_at++] = k;
		if (!*end)
			return;
	}
}

static void
check(void)
{
	struct buf names = { 0 };
	struct err e;

	o.sampler.temperature = temperature;
	o.sampler.top_k = (int)top_k;
	o.sampler.seed = (uint64_t)o.seed;
	if (!o.model == !o.responses)
		die_usage("-m MODEL says whom to ask, or --responses=FILE what was answered");
	for (int i = 0; o.model && !strcmp(o.model, "-") && i <= o.nfiles; i++)
		if (i == o.nfiles ? !i : !strcmp(o.files[i], "-"))
			die_usage("-m -: then the items come from named files");
	if (o.task && !task_named(o.task)) {
		task_names(&names);
		die_usage("--task=%s: one of %s", o.task, names.p);
	}
	if (o.items < 0 || o.shots < 0 || o.shots > 1000 || o.samples < 1 || o.samples > 1 << 20 || o.tokens < 0 || o.tokens > 1 << 24)
		die_usage("-n, --shots and --tokens are 0 or more, --samples 1 or more");
	if (o.batch < 1 || o.batch > 65536)
		die_usage("-B: from 1 to 65536");
	if (truncate_end && strcmp(truncate_end, "left"))
		die_usage("--truncate=%s: left, the end that matters less", truncate_end);
	if (top_k > 1 << 30 || sampler_check(&o.sampler, &e))
		die_usage("%s", top_k > 1 << 30 ? "--top-k is too large" : e.text);
	if (!(timeout > 0 && timeout < 1e6) || memory < 1 << 20 || processes < 1)
		die_usage("--timeout, --memory (a megabyte or more) and --processes are limits");
	greedy = temperature < SAMPLER_COLDEST;
	if (greedy)
		o.sampler.temperature = 1, o.sampler.top_k = 1;
	if (greedy && o.samples > 1 && !o.responses)
		die_usage("--samples=%lld of a greedy model are all the same: --temperature is needed", o.samples);
	check_at();
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct task_result r;
	struct buf b = { 0 };
	struct file_out *f;
	struct err e;

	o.nfiles = argc - first;
	o.files = argv + first;
	check();
	o.drawn = cli_given(&o.seed);
	o.truncate = truncate_end != NULL;
	o.box.seconds = timeout;
	o.box.memory = memory;
	o.box.processes = processes;
	o.box.allow = allow.v;
	o.box.n_allow = allow.n;
	if (!(f = file_create(out, 0, &e)) || task_run(&r, &o, &e))
		die_err(&e);
	if (json)
		task_json(&r, &o, &b);
	else
		task_text(&r, &o, &b);
	if (o.results && task_save(&r, &o, &e))
		die_err(&e);
	fwrite(b.p, 1, b.n, file_stream(f));    /* commit sees a failure */
	buf_free(&b);
	task_result_free(&r);
	if (file_commit(f, &e))
		die_err(&e);
	return EXIT_OK;
}

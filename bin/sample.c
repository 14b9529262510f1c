/* sample - prompts -> continuations: text, rollouts, or a table of the likeliest next tokens */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/clock.h"
#include "base/file.h"
#include "model/generate/beam.h"
#include "model/generate/genout.h"
#include "model/decode/opened.h"
#include "model/generate/talk.h"
#include <stdlib.h>
#include <string.h>

static const char *model_path, *output = "-", *truncate_end, *log_path, *quant, *cache, *draft_path, *grammar_path, *price, *system_text;
static long long n_tokens = 128, k_samples = 1, top_k, seed, batch = 32, next_n, beams;
static struct sampler sampler = { .temperature = 1, .top_p = 1, .typical = 1, .repeat_penalty = 1 };
static int greedy, echo, chatting, rolling, no_bos;
static struct strs stops, biases;
static const struct opt opts[] = {
	{ 'm', "model", OPT_STR, &model_path, "MODEL", "the model, - for a stream", OPT_QUIET },
	{ 'o', "output", OPT_STR, &output, "FILE", "write to FILE", OPT_QUIET },
	{ 'n', "tokens", OPT_INT, &n_tokens, "TOKENS", "tokens of a continuation at most", OPT_RESULT },
	{ 'k', "samples", OPT_INT, &k_samples, "COUNT", "continuations of each prompt", OPT_RESULT },
	{ 0, "temperature", OPT_NUM, &sampler.temperature, "X", "divide logits by X; 0 is --greedy", OPT_RESULT },
	{ 0, "top-k", OPT_INT, &top_k, "N", "only the N likeliest tokens [all]", OPT_RESULT },
	{ 0, "typical", OPT_NUM, &sampler.typical, "P", "those that surprise as usual, to P together", OPT_RESULT },
	{ 0, "top-p", OPT_NUM, &sampler.top_p, "P", "only the likeliest that reach P together", OPT_RESULT },
	{ 0, "min-p", OPT_NUM, &sampler.min_p, "P", "only those at P times the likeliest [0]", OPT_RESULT },
	{ 0, "repeat-penalty", OPT_NUM, &sampler.repeat_penalty, "X", "weaken tokens seen before", OPT_RESULT },
	{ 0, "logit-bias", OPT_LIST, &biases, "BIAS", "ID=X adds X to the logit of a token; -inf: never", OPT_RESULT },
	{ 0, "greedy", OPT_FLAG, &greedy, NULL, "always the likeliest token", OPT_RESULT },
	{ 0, "beam", OPT_INT, &beams, "N", "the likeliest continuations that a beam of N finds", OPT_RESULT },
	{ 'S', "seed", OPT_INT, &seed, "N", "of the random numbers [0]", OPT_RESULT },
	{ 0, "stop", OPT_LIST, &stops, "TEXT", "end a continuation before TEXT", OPT_RESULT },
	{ 0, "grammar", OPT_STR, &grammar_path, "FILE", "only what this grammar has; json: any JSON value", OPT_RESULT },
	{ 0, "chat", OPT_FLAG, &chatting, NULL, "each line is what a user says; or converse", OPT_RESULT },
	{ 0, "system", OPT_STR, &system_text, "TEXT", "system message of conversations without one", OPT_RESULT },
	{ 0, "no-bos", OPT_FLAG, &no_bos, NULL, "do not begin with the model's BOS", OPT_RESULT },
	{ 0, "truncate", OPT_STR, &truncate_end, "END", "cut prompts too long: left or right", OPT_RESULT },
	{ 0, "echo", OPT_FLAG, &echo, NULL, "print the prompt too", OPT_QUIET },
	{ 0, "next", OPT_INT, &next_n, "N", "print the N likeliest next tokens instead", OPT_QUIET },
	{ 0, "roll", OPT_FLAG, &rolling, NULL, "write rollouts, as a stream", OPT_QUIET },
	{ 0, "quant", OPT_STR, &quant, "TYPE", "matrices in f32, bf16, q8 or q4 [as they are]", OPT_RESULT },
	{ 0, "cache", OPT_STR, &cache, "TYPE", "keys and values in f32, bf16 or q8 [f32]", OPT_RESULT },
	{ 0, "draft", OPT_STR, &draft_path, "MODEL", "a small model that guesses ahead: same text", OPT_QUIET },
	{ 'B', "batch", OPT_INT, &batch, "COUNT", "sequences decoded at once", OPT_QUIET },
	{ 0, "log", OPT_STR, &log_path, "FILE", "one JSON object a continuation", OPT_QUIET },
	{ 0, "price", OPT_STR, &price, "IN,OUT", "of a million tokens: puts the cost into --log", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "sample", "Continue prompts, one a line.", "-m MODEL [FILE ...]", opts };

/* What the run is about; out functions get it. */
struct run {
	struct opened      open, draft;
	struct encoder    *encoder;
	struct grammar    *grammar;
	struct prompt_opts po;
	struct gen_opts    go;
	struct prompts     prompts;
	struct file_out   *text, *log;          /* NULL: not asked for; likewise roll */
	struct stream_out *roll;
	size_t             printed;             /* bytes of a lone continuation that are out already */
	uint64_t           given, ended, tokens;
	struct buf         answer;              /* of a conversation */
	double             start, price[2];
};

static void
check_options(void)
{
	struct err e;

	if (!model_path)
		die_usage("-m MODEL is needed");
	sampler.top_k = top_k < 0 || top_k > 1 << 30 ? -1 : (int)top_k;
	sampler.seed = (uint64_t)seed;
	if (sampler_check(&sampler, &e))
		die_usage("%s", e.text);
	if (n_tokens < 1 || n_tokens > 1 << 30 || k_samples < 1 || k_samples > 1 << 20 || batch < 1 || batch > 1 << 16)
		die_usage("-n, -k and -B are at least 1 (and -k at most 2^20, -B 2^16)");
	if (truncate_end && strcmp(truncate_end, "left") != 0 && strcmp(truncate_end, "right") != 0)
		die_usage("--truncate is left or right");
	if (next_n < 0 || (next_n && (rolling || chatting)))
		die_usage("--next=N goes with neither --roll nor --chat");
	if ((quant && mats_type(quant) < 0) || (cache && (mats_type(cache) < 0 || mats_type(cache) == QUANT_Q4_0)))
		die_usage("--quant is f32, bf16, q8 or q4, and --cache f32, bf16 or q8");
	if (beams < 0 || beams > 1 << 10 || (beams && (k_samples > beams || draft_path || stops.n || chatting || grammar_path)))
		die_usage("--beam=N is at least -k, at most 1024, and goes with none of --draft, --grammar, --stop and --chat");
	if (greedy || sampler.temperature < SAMPLER_COLDEST)
		sampler.temperature = 1, sampler.top_k = 1;
}

static void
open_models(struct run *r)
{
	struct opened *o = &r->open;
	struct err e;

	if (opened_load(o, model_path, quant ? mats_type(quant) : MATS_AS_IS, rolling, &e))
		die_err(&e);
	if (rolling)
		cli_prog_set("model", o->crc);
	if (grammar_path && !(r->grammar = grammar_load(grammar_path, o->vocab, (size_t)o->m.cfg.V, &e)))
		die_err(&e);
	if (grammar_path)
		cli_prog_set("grammar", grammar_crc(r->grammar));
	if (no_bos)
		o->chat.bos = -1;
	if (system_text && opened_system(o, system_text, &e))
		die_err(&e);
	if (draft_path && (opened_load(&r->draft, draft_path, MATS_AS_IS, 0, &e) ||
	    (opened_same(o, &r->draft, &e) && err_in(&e, draft_path))))
		die_err(&e);
	if (sampler_set_bias(&sampler, &biases, (size_t)o->m.cfg.V, &e))
		die_usage("%s", e.text);
	r->encoder = encoder_new(o->vocab, &(struct vocab_opts){ .special = SPECIAL_NONE });
}

static void
set_up(struct run *r)
{
	const struct opened *o = &r->open;

	r->po = (struct prompt_opts){ .encoder = r->encoder, .chat = o->has_chat ? &o->chat : NULL, .chat_lines = chatting,
		.bos = no_bos ? -1 : o->m.cfg.bos, .otherwise = vocab_eot(o->vocab), .T = o->m.cfg.T,
		.n = next_n ? 1 : (int)n_tokens, .truncate = truncate_end ? truncate_end[0] : 0 };
	r->go = (struct gen_opts){ .mats = o->mats, .cache = cache ? (enum quant)mats_type(cache) : QUANT_F32,
		.n = (int)n_tokens, .k = (int)k_samples, .eos = o->eos, .n_eos = o->n_eos, .stop = stops.v, .n_stop = stops.n,
		.draft = draft_path ? &r->draft.m : NULL, .draft_mats = r->draft.mats, .sampler = sampler, .grammar = r->grammar };
	if (price && gen_price(price, r->price))
		die_usage("--price=%s: not two numbers with a comma between", price);
}

static void
read_prompts(struct run *r, int n, char **files)
{
	struct err e;

	for (int i = 0; i < (n ? n : 1); i++) {
		struct input *in = input_open(n ? files[i] : "-", 1, &e);
		if (!in || prompts_read(&r->prompts, &r->po, in, &e) < 0)
			die_err(&e);
		input_close(in);
	}
}

/* The rest of a continuation; before its first byte the prompt with --echo, after its last a newline. */
static void
out_text(struct run *r, const struct gen_out *o, FILE *f)
{
	if (echo && r->printed == 0 && (o->n_text || o->whole)) {
		struct buf prompt = { 0 };
		decode_ids(r->open.vocab, o->tok, o->n_prompt, 1, &prompt);
		fwrite(prompt.p, 1, prompt.n, f);
		buf_free(&prompt);
	}
	fwrite(o->text + r->printed, 1, o->n_text - r->printed, f);
	r->printed = o->n_text;
	if (o->whole) {
		fputc('\n', f);
		r->printed = 0;
	}
	if (fflush(f) != 0)
		die_errno("%s", strcmp(output, "-") ? output : "standard output");
}

static void
out(void *ctx, const struct gen_out *o)
{
	struct run *r = ctx;

	if (r->roll && o->whole)
		gen_roll_put(r->roll, o, r->prompts.v[o->prompt].meta);
	if (r->text)
		out_text(r, o, file_stream(r->text));
	if (!o->whole)
		return;
	if (r->log)
		gen_log(o, price ? r->price : NULL, file_stream(r->log));
	r->given++;
	r->ended += (uint64_t)o->ended;
	r->tokens += o->n;
	r->answer.n = 0;
	buf_add(&r->answer, o->text, o->n_text);
	if (r->roll || strcmp(output, "-"))
		progress(r->given, r->prompts.n * (uint64_t)k_samples, "samples", "%.0f tokens/s", (double)r->tokens / (clock_seconds() - r->start));
}

/* All prompts, or their tables; the longest says how much room a sequence needs. */
static void
run_prompts(struct run *r)
{
	size_t n = r->prompts.n, longest = 0, jobs = n * (size_t)k_samples;
	struct gen_prompt *p = xcalloc(n + 1, sizeof *p);
	struct generator *g;
	int T;

	for (size_t i = 0; i < n; i++) {
		p[i] = (struct gen_prompt){ r->prompts.v[i].tok, r->prompts.v[i].n };
		longest = p[i].n > longest ? p[i].n : longest;
	}
	if (next_n) {
		gen_next(&r->open.m, r->open.vocab, &r->go, p, n, (size_t)next_n, &r->answer);
		if (r->answer.n)
			fwrite(r->answer.p, 1, r->answer.n, file_stream(r->text));
		free(p);
		return;
	}
	T = r->open.m.cfg.T - (long long)longest < n_tokens ? r->open.m.cfg.T : (int)(longest + (size_t)n_tokens);
	r->go.batch = (size_t)batch < jobs ? (int)batch : jobs ? (int)jobs : 1;
	r->start = clock_seconds();
	if (beams) {
		beam_search(&r->open.m, r->open.vocab, &r->go, (int)beams, T, p, n, out, r);
	} else {
		g = generator_new(&r->open.m, r->open.vocab, &r->go, T);
		generate(g, p, n, 0, out, r);
		generator_free(g);
	}
	progress_end();
	note(rolling ? 1 : 2, "%llu samples, %llu tokens, %.1f %% ended by themselves, %.0f tokens/s", (unsigned long long)r->given,
		(unsigned long long)r->tokens, r->given ? 100 * (double)r->ended / (double)r->given : 0,
		(double)r->tokens / (clock_seconds() - r->start));
	free(p);
}

/* At a terminal: a line, an answer, until the end of input. */
static void
converse(struct run *r)
{
	struct talk talk = { 0 };
	struct generator *g;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	struct err e;

	if (!r->open.has_chat)
		die("%s: the model has no chat template (it was not trained on conversations)", model_path);
	r->go.batch = r->go.k = 1;
	g = generator_new(&r->open.m, r->open.vocab, &r->go, r->open.m.cfg.T);
	for (uint64_t turn = 0; ; turn++) {
		struct prompt p;
		size_t before = talk.forgotten;
		printf("> ");
		fflush(stdout);
		if ((n = getline(&line, &cap, stdin)) <= 0)
			break;
		n -= line[n-1] == '\n';
		talk_add(&talk, "user", line, (size_t)n);
		if (talk_prompt(&talk, &r->po, &p, &e) < 0)
			die_err(&e);
		if (talk.forgotten > before)
			warn("the context is full: the oldest turns are forgotten");
		generate(g, &(struct gen_prompt){ p.tok, p.n }, 1, turn, out, r);
		talk_add(&talk, "assistant", r->answer.p, r->answer.n);
		prompt_free(&p);
	}
	printf("\n");
	generator_free(g);
	talk_free(&talk);
	free(line);
}

int
main(int argc, char **argv)
{
	static struct run r;
	int first = cli_parse(argc, argv, &tool), terminal;
	struct err e;

	check_options();
	terminal = chatting && !rolling && first == argc && cli_on_terminal(0);
	if (!strcmp(model_path, "-") && first == argc)
		die_usage("the model comes from standard input: name the files of the prompts");
	open_models(&r);
	set_up(&r);
	if (!terminal)
		read_prompts(&r, argc - first, argv + first);
	r.log = cli_create(log_path);
	r.text = cli_create(rolling ? NULL : output);
	if (rolling) {
		char *head = gen_roll_head(&r.open.m, r.open.crc, r.open.vocab, &r.go.sampler);
		r.roll = stream_create(output, head);
		free(head);
	}
	if (terminal)
		converse(&r);
	else
		run_prompts(&r);
	if (r.roll)
		stream_finish(r.roll);
	prompts_free(&r.prompts);
	if ((r.text && file_commit(r.text, &e) < 0) || (r.log && file_commit(r.log, &e) < 0))
		die_err(&e);
	return EXIT_OK;
}

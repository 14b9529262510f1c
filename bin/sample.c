/* sample - prompts -> continuations: text, rollouts, or a table of the likeliest next tokens */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/clock.h"
#include "base/file.h"
#include "model/genout.h"
#include "model/talk.h"
#include <stdlib.h>
#include <string.h>

static const char *model_path, *output = "-", *truncate_end, *log_path, *quant, *cache;
static long long n_tokens = 128, k_samples = 1, top_k, seed, batch = 32, next_n;
static double temperature = 1, top_p = 1, min_p, repeat_penalty = 1;
static int greedy, echo, chatting, rolling, no_bos;
static struct strs stops;
static const struct opt opts[] = {
	{ 'm', "model", OPT_STR, &model_path, "MODEL", "the model, - for a stream", OPT_QUIET },
	{ 'o', "output", OPT_STR, &output, "FILE", "write to FILE [-]", OPT_QUIET },
	{ 'n', "tokens", OPT_INT, &n_tokens, "TOKENS", "tokens of a continuation at most [128]", OPT_RESULT },
	{ 'k', "samples", OPT_INT, &k_samples, "COUNT", "continuations of each prompt [1]", OPT_RESULT },
	{ 0, "temperature", OPT_NUM, &temperature, "X", "divide logits by X; 0 is --greedy [1]", OPT_RESULT },
	{ 0, "top-k", OPT_INT, &top_k, "N", "only the N likeliest tokens [all]", OPT_RESULT },
	{ 0, "top-p", OPT_NUM, &top_p, "P", "only the likeliest that reach P together [1]", OPT_RESULT },
	{ 0, "min-p", OPT_NUM, &min_p, "P", "only those at P times the likeliest [0]", OPT_RESULT },
	{ 0, "repeat-penalty", OPT_NUM, &repeat_penalty, "X", "weaken tokens seen before [1]", OPT_RESULT },
	{ 0, "greedy", OPT_FLAG, &greedy, NULL, "always the likeliest token", OPT_RESULT },
	{ 'S', "seed", OPT_INT, &seed, "N", "of the random numbers [0]", OPT_RESULT },
	{ 0, "stop", OPT_LIST, &stops, "TEXT", "end a continuation before TEXT", OPT_RESULT },
	{ 0, "chat", OPT_FLAG, &chatting, NULL, "each line is what a user says; or converse", OPT_RESULT },
	{ 0, "no-bos", OPT_FLAG, &no_bos, NULL, "do not begin with the model's BOS", OPT_RESULT },
	{ 0, "truncate", OPT_STR, &truncate_end, "END", "cut prompts too long: left or right", OPT_RESULT },
	{ 0, "echo", OPT_FLAG, &echo, NULL, "print the prompt too", OPT_QUIET },
	{ 0, "next", OPT_INT, &next_n, "N", "print the N likeliest next tokens instead", OPT_QUIET },
	{ 0, "roll", OPT_FLAG, &rolling, NULL, "write rollouts, as a stream", OPT_QUIET },
	{ 0, "quant", OPT_STR, &quant, "TYPE", "matrices in f32, bf16, q8 or q4 [as they are]", OPT_RESULT },
	{ 0, "cache", OPT_STR, &cache, "TYPE", "keys and values in f32, bf16 or q8 [f32]", OPT_RESULT },
	{ 'B', "batch", OPT_INT, &batch, "COUNT", "sequences decoded at once [32]", OPT_QUIET },
	{ 0, "log", OPT_STR, &log_path, "FILE", "one JSON object a continuation", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "sample", "Continue prompts, one a line.", "[FILE ...]", opts };

/* What the run is about; out functions get it. */
struct run {
	struct model       m;
	struct mats       *mats;
	char               crc[20];             /* of the weights, for rollouts */
	struct vocab      *vocab;
	struct encoder    *encoder;
	struct chat        chat;
	int                has_chat, eos[9];
	struct prompt_opts po;
	struct gen_opts    go;
	struct prompts     prompts;
	struct file_out   *text, *log;          /* NULL: not asked for; likewise roll */
	struct roll_out   *roll;
	size_t             printed;             /* bytes of a lone continuation that are out already */
	uint64_t           given, ended, tokens;
	struct buf         answer;              /* of a conversation */
	double             start;
};

static void
check_options(void)
{
	if (!model_path)
		die_usage("-m MODEL is needed");
	if (temperature == 0)
		greedy = 1;
	if (n_tokens < 1 || n_tokens > 1 << 30 || k_samples < 1 || k_samples > 1 << 20 || batch < 1 || batch > 1 << 16)
		die_usage("-n, -k and -B are at least 1 (and -k at most 2^20, -B 2^16)");
	if (!(temperature >= 0) || !(top_p > 0 && top_p <= 1) || !(min_p >= 0 && min_p <= 1) || top_k < 0 || !(repeat_penalty > 0))
		die_usage("--temperature >= 0, --top-k >= 0, 0 < --top-p <= 1, 0 <= --min-p <= 1 and --repeat-penalty > 0 are needed");
	if (truncate_end && strcmp(truncate_end, "left") != 0 && strcmp(truncate_end, "right") != 0)
		die_usage("--truncate is left or right");
	if (next_n < 0 || (next_n && (rolling || chatting)))
		die_usage("--next=N goes with neither --roll nor --chat");
	if ((quant && mats_type(quant) < 0) || (cache && (mats_type(cache) < 0 || mats_type(cache) == QUANT_Q4_0)))
		die_usage("--quant is f32, bf16, q8 or q4, and --cache f32, bf16 or q8");
	if (greedy)
		temperature = 1, top_k = 1;
}

static void
open_model(struct run *r)
{
	struct err e;
	struct json j;

	if (model_open(&r->m, model_path, &e) < 0)
		die_err(&e);
	if (!(r->vocab = model_vocab(&r->m, &e))) {
		err_in(&e, model_path);
		die_err(&e);
	}
	if (rolling) {
		snprintf(r->crc, sizeof r->crc, "crc32c:%08x", model_crc(&r->m));
		cli_prog_set("model", r->crc);
	}
	r->mats = mats_new(&r->m, quant ? mats_type(quant) : MATS_AS_IS);
	model_drop(&r->m);
	r->encoder = encoder_new(r->vocab, &(struct vocab_opts){ .special = SPECIAL_NONE });
	if (r->m.chat) {
		if (json_parse(&j, r->m.chat, strlen(r->m.chat), &e) < 0 || chat_parse(&r->chat, j, &e) < 0) {
			err_in(&e, "pipelm.chat");
			err_in(&e, model_path);
			die_err(&e);
		}
		r->has_chat = 1;
		if (no_bos)
			r->chat.bos = -1;
	}
}

static void
set_up(struct run *r)
{
	int n_eos = 0;

	for (; n_eos < r->chat.n_eos && r->has_chat; n_eos++)
		r->eos[n_eos] = r->chat.eos[n_eos];
	r->eos[n_eos++] = r->m.cfg.eos;
	r->po = (struct prompt_opts){ .encoder = r->encoder, .chat = r->has_chat ? &r->chat : NULL, .chat_lines = chatting,
		.bos = no_bos ? -1 : r->m.cfg.bos, .otherwise = vocab_eot(r->vocab), .T = r->m.cfg.T,
		.n = next_n ? 1 : (int)n_tokens, .truncate = truncate_end ? truncate_end[0] : 0 };
	r->go = (struct gen_opts){ .mats = r->mats, .cache = cache ? (enum quant)mats_type(cache) : QUANT_F32, .n = (int)n_tokens, .k = (int)k_samples, .eos = r->eos, .n_eos = n_eos,
		.stop = stops.v, .n_stop = stops.n, .sampler = { temperature, (int)top_k, top_p, min_p, repeat_penalty,
		(uint64_t)seed } };
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
		decode_ids(r->vocab, o->tok, o->n_prompt, 1, &prompt);
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
		die_errno("%s", output);
}

static void
out_log(const struct gen_out *o, FILE *f)
{
	fprintf(f, "{\"prompt\":%zu,\"sample\":%d,\"n_prompt\":%zu,\"tokens\":%zu,\"ended\":%s,\"logp\":%.6g}\n",
		o->prompt, o->sample, o->n_prompt, o->n, o->ended ? "true" : "false", gen_logp(o));
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
		out_log(o, file_stream(r->log));
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
		gen_next(&r->m, r->vocab, &r->go, p, n, (size_t)next_n, &r->answer);
		if (r->answer.n)
			fwrite(r->answer.p, 1, r->answer.n, file_stream(r->text));
		free(p);
		return;
	}
	T = r->m.cfg.T - (long long)longest < n_tokens ? r->m.cfg.T : (int)(longest + (size_t)n_tokens);
	r->go.batch = (size_t)batch < jobs ? (int)batch : jobs ? (int)jobs : 1;
	g = generator_new(&r->m, r->vocab, &r->go, T);
	r->start = clock_seconds();
	generate(g, p, n, 0, out, r);
	progress_end();
	note(rolling ? 1 : 2, "%llu samples, %llu tokens, %.1f %% ended by themselves, %.0f tokens/s", (unsigned long long)r->given,
		(unsigned long long)r->tokens, r->given ? 100 * (double)r->ended / (double)r->given : 0,
		(double)r->tokens / (clock_seconds() - r->start));
	generator_free(g);
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

	if (!r->has_chat)
		die("%s: the model has no chat template (it was not trained on conversations)", model_path);
	r->go.batch = r->go.k = 1;
	g = generator_new(&r->m, r->vocab, &r->go, r->m.cfg.T);
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
	open_model(&r);
	set_up(&r);
	if (!terminal)
		read_prompts(&r, argc - first, argv + first);
	if ((log_path && !(r.log = file_create(log_path, 0, &e))) || (!rolling && !(r.text = file_create(output, 0, &e))))
		die_err(&e);
	if (rolling) {
		char *head = gen_roll_head(&r.m, r.crc, r.vocab, &r.go.sampler);
		r.roll = roll_create(output, head);
		free(head);
	}
	if (terminal)
		converse(&r);
	else
		run_prompts(&r);
	if (r.roll)
		roll_finish(r.roll);
	prompts_free(&r.prompts);
	if ((r.text && file_commit(r.text, &e) < 0) || (r.log && file_commit(r.log, &e) < 0))
		die_err(&e);
	return EXIT_OK;
}

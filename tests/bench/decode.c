/* decode - tokens a second in each precision beside the memory that they read and a rival, measured in turns: medians */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "limit.h"
#include "model/decode/decode.h"
#include "model/gguf/gguf.h"
#include <stdio.h>
#include <unistd.h>

enum { TOKENS = 128, PROMPT = 512, MANY = 64, STEPS = 8 };
enum { ONE, FILL, BATCH, RATES };

/* ---- reading all the matrices, in order, and doing nothing else */

struct read {
	const struct panels *p[1024];
	int n;
};

static void
read_all(int thread, int threads, void *ctx)
{
	struct read *r = ctx;
	float sum = 0;

	for (int i = 0; i < r->n; i++) {
		size_t words = r->p[i]->mem.size / 4, from = words * (size_t)thread / (size_t)threads / 64 * 64;
		size_t to = words * (size_t)(thread + 1) / (size_t)threads / 64 * 64;
		const float *x = (const float *)(const void *)r->p[i]->data;
		sum += kern_now()->max(x + from, to - from);
	}
	sink[thread % LIMIT_THREADS] = sum;
}

static void
list(struct read *r, const struct mats *m)
{
	r->n = 0;
	for (int l = 0; l < m->L; l++) {
		r->p[r->n++] = &m->layer[l].qkv;
		r->p[r->n++] = &m->layer[l].o;
		r->p[r->n++] = &m->layer[l].up;
		r->p[r->n++] = &m->layer[l].down;
	}
	r->p[r->n++] = mats_head(m);
}

static double
bytes_of(const struct read *r)
{
	double n = 0;

	for (int i = 0; i < r->n; i++)
		n += (double)r->p[i]->mem.size;
	return n;
}

/* ---- a rival: the command of $BENCH_LLAMA, given a GGUF, the number of threads, and "cpu" for processor time */

static void
rival(const char *gguf, double rate[RATES])
{
	char command[4096], line[256] = "";
	FILE *f;

	snprintf(command, sizeof command, "%s '%s' %d%s", getenv("BENCH_LLAMA"), gguf, par_threads(), cpu_time ? " cpu" : "");
	f = popen(command, "r");
	if (!f || !fgets(line, sizeof line, f) || pclose(f) ||
			sscanf(line, "tg128 %lf pp512 %lf batch64 %lf", &rate[ONE], &rate[FILL], &rate[BATCH]) != RATES)
		die("BENCH_LLAMA: \"tg128 X pp512 X batch64 X\" was expected of %s", command);
}

static int
write_gguf(const struct model *m, enum quant type, char path[64])
{
	FILE *f;
	struct err e;
	int fd;

	snprintf(path, 64, "/tmp/bench-decode-XXXXXX");
	if ((fd = mkstemp(path)) < 0 || !(f = fdopen(fd, "wb")))
		die_errno("%s", path);
	if (gguf_write(m, type, f, &e))
		die_err(&e);
	return fclose(f);
}

/* ---- one round of ours */

struct bench {
	struct decoder *d;
	float   *logits;
	uint32_t tok[PROMPT];
	int      one[PROMPT], each[MANY];
};

static void
round_of(struct bench *b, double rate[RATES])
{
	double t;

	decoder_cut(b->d, 0, 0);
	decoder_feed(b->d, 1, b->one, b->tok, NULL, b->logits);
	t = now();
	for (int k = 0; k < TOKENS; k++)
		decoder_feed(b->d, 1, b->one, b->tok + k, NULL, b->logits);
	rate[ONE] = TOKENS / (now() - t);
	decoder_cut(b->d, 0, 0);
	t = now();
	decoder_prefill(b->d, PROMPT, b->one, b->tok);
	rate[FILL] = PROMPT / (now() - t);
	for (int k = 0; k < MANY; k++)
		decoder_cut(b->d, k, 0);
	t = now();
	for (int k = 0; k < STEPS; k++)
		decoder_feed(b->d, MANY, b->each, b->tok + k * MANY, NULL, b->logits);
	rate[BATCH] = STEPS * MANY / (now() - t);
}

static void
run(const struct config *c, const struct mats *m, const char *name, const char *gguf)
{
	static const char *const what[] = { "one sequence", "a prompt of 512", "64 sequences" };
	struct bench b = { .d = decoder_new(c, m, MANY, PROMPT + 64, QUANT_F32) };
	double band[ROUNDS], share[ROUNDS], rate[RATES][ROUNDS], theirs[RATES][ROUNDS], ratio[RATES][ROUNDS];
	struct read r;

	b.logits = xmalloc((size_t)MANY * (size_t)c->V * sizeof *b.logits);
	list(&r, m);
	for (int i = 0; i < PROMPT; i++)
		b.tok[i] = (uint32_t)(i * 7 % c->V);
	for (int i = 0; i < MANY; i++)
		b.each[i] = i;
	for (int i = 0; i < ROUNDS; i++) {
		double now_, ours[RATES], other[RATES] = { 0 };
		now_ = now();
		par_run(read_all, &r);
		band[i] = bytes_of(&r) / (now() - now_);
		round_of(&b, ours);
		if (gguf)
			rival(gguf, other);
		share[i] = ours[ONE] * bytes_of(&r) / band[i];
		for (int k = 0; k < RATES; k++) {
			rate[k][i] = ours[k];
			theirs[k][i] = other[k];
			ratio[k][i] = ours[k] / other[k];
		}
	}
	printf("%-5s %7.1f MB, read at %.1f GB/s: one sequence reaches %.0f %% of that\n", name, bytes_of(&r) * 1e-6, median(band) * 1e-9,
			100 * median(share));
	for (int k = 0; k < RATES; k++) {
		printf("      %-16s %9.1f tokens/s", what[k], median(rate[k]));
		if (gguf)
			printf("  the rival's %9.1f  %.2f times", median(theirs[k]), median(ratio[k]));
		putchar('\n');
	}
	fflush(stdout);
	decoder_free(b.d);
	free(b.logits);
}

int
main(int argc, char **argv)
{
	static const char *preset, *only;
	static const struct opt opts[] = {
		{ 0, "preset", OPT_STR, &preset, "NAME", "a shape [llama of 110M parameters]", OPT_QUIET },
		{ 0, "quant", OPT_STR, &only, "TYPE", "f32, bf16, q8 or q4 [all]", OPT_QUIET },
		{ 0, "cpu", OPT_FLAG, &cpu_time, NULL, "measure processor time: for a machine that others use", OPT_QUIET },
		{ 0 }
	};
	static const struct tool tool = { "decode", "measure decoding beside the memory that it reads", "", opts };
	static const char *const types[] = { "f32", "bf16", "q8", "q4" };
	struct config c;
	struct model m;

	cli_parse(argc, argv, &tool);
	if (config_preset(&c, preset ? preset : "llama2-7b"))
		die_usage("no preset of that name");
	if (!preset) {
		c.C = 768, c.L = 12, c.H = c.KV = 12, c.D = 64, c.F = 2048, c.tied = 1;
	}
	c.T = PROMPT + 64;
	model_init(&m, &c);
	for (size_t i = 0; i < m.par.total; i++)
		m.w[i] = (float)((i * 2654435761u >> 8 & 0xffff) - 32768.0) * 1e-6f;
	for (int i = 0; i < 4; i++) {
		struct mats *mats;
		char path[64] = "";
		if (only && strcmp(only, types[i]))
			continue;
		if (getenv("BENCH_LLAMA") && *getenv("BENCH_LLAMA"))
			write_gguf(&m, (enum quant)mats_type(types[i]), path);
		mats = mats_new(&m, mats_type(types[i]));
		if (only)
			model_drop(&m);
		run(&c, mats, types[i], *path ? path : NULL);
		mats_free(mats);
		if (*path)
			unlink(path);
	}
	return EXIT_OK;
}

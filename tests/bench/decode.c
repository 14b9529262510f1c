/* decode - tokens a second in each precision beside the memory that they read, measured in turns: medians */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/clock.h"
#include "base/par.h"
#include "kern/kern.h"
#include "model/decode/decode.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 7, TOKENS = 16, PROMPT = 512, MANY = 64 };

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median(double *v)
{
	qsort(v, ROUNDS, sizeof *v, ascending);
	return v[ROUNDS / 2];
}

/* ---- reading all the matrices, in order, and doing nothing else */

struct read {
	const struct panels *p[1024];
	int n;
	float sink[64];
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
	r->sink[thread % 64] = sum;
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

static void
run(const struct config *c, const struct mats *m, const char *name)
{
	struct decoder *d = decoder_new(c, m, MANY, PROMPT + 64, QUANT_F32);
	float *logits = xmalloc((size_t)MANY * (size_t)c->V * sizeof *logits);
	double band[ROUNDS], one[ROUNDS], share[ROUNDS], fill[ROUNDS], many[ROUNDS], t;
	int seq[PROMPT] = { 0 }, each[MANY];
	uint32_t tok[PROMPT];
	struct read r;

	list(&r, m);
	for (int i = 0; i < PROMPT; i++)
		tok[i] = (uint32_t)(i * 7 % c->V);
	for (int i = 0; i < MANY; i++)
		each[i] = i;
	for (int i = 0; i < ROUNDS; i++) {
		t = clock_seconds();
		par_run(read_all, &r);
		band[i] = bytes_of(&r) / (clock_seconds() - t);
		decoder_cut(d, 0, 0);
		decoder_feed(d, 1, seq, tok, NULL, logits);
		t = clock_seconds();
		for (int k = 0; k < TOKENS; k++)
			decoder_feed(d, 1, seq, tok + k, NULL, logits);
		one[i] = TOKENS / (clock_seconds() - t);
		share[i] = one[i] * bytes_of(&r) / band[i];
		decoder_cut(d, 0, 0);
		t = clock_seconds();
		decoder_prefill(d, PROMPT, seq, tok);
		fill[i] = PROMPT / (clock_seconds() - t);
		for (int k = 0; k < MANY; k++)
			decoder_cut(d, k, 0);
		t = clock_seconds();
		decoder_feed(d, MANY, each, tok, NULL, logits);
		many[i] = MANY / (clock_seconds() - t);
	}
	printf("%-5s %7.1f MB  reading %6.1f GB/s  one sequence %7.1f tokens/s = %3.0f %%  prompt of %d %7.1f/s  %d at once %7.1f/s\n",
		name, bytes_of(&r) * 1e-6, median(band) * 1e-9, median(one), 100 * median(share), PROMPT, median(fill), MANY, median(many));
	decoder_free(d);
	free(logits);
}

int
main(int argc, char **argv)
{
	static const char *preset, *only;
	static const struct opt opts[] = {
		{ 0, "preset", OPT_STR, &preset, "NAME", "a shape [llama of 110M parameters]", OPT_QUIET },
		{ 0, "quant", OPT_STR, &only, "TYPE", "f32, bf16, q8 or q4 [all]", OPT_QUIET },
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
		if (only && strcmp(only, types[i]))
			continue;
		mats = mats_new(&m, mats_type(types[i]));
		if (only)
			model_drop(&m);
		run(&c, mats, types[i]);
		mats_free(mats);
	}
	return EXIT_OK;
}

/* stories - a trained model, end to end: llama2.c's checkpoint and vocabulary against llama2.c's own numbers */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "tap.h"
#include "base/file.h"
#include "model/decode/decode.h"
#include "model/file/llama2c.h"
#include "vocab/vocab.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *dir;

static int
map(struct file_map *f, const char *name)
{
	char path[600];

	snprintf(path, sizeof path, "%s/data/%s", dir, name);
	return file_map(f, path, NULL);
}

static double
log_softmax(const float *z, size_t n, uint32_t target)
{
	double max = z[0], sum = 0;

	for (size_t i = 1; i < n; i++)
		max = fmax(max, z[i]);
	for (size_t i = 0; i < n; i++)
		sum += exp(z[i] - max);
	return z[target] - max - log(sum);
}

/* BOS before it, which is not scored: nats, and how many tokens. */
static double
nll(const struct model *m, const struct vocab *v, const char *text, size_t n, size_t *tokens)
{
	struct encoder *enc = encoder_new(v, &(struct vocab_opts){ 0 });
	struct mats *w = mats_new(m, MATS_AS_IS);
	struct decoder *d = decoder_new(&m->cfg, w, 1, m->cfg.T, QUANT_F32);
	struct ids ids = { 0 };
	struct err e;
	float *logits;
	int *seq;
	double sum = 0;
	uint32_t bos = 1;

	VEC_PUSH(ids.v, ids.n, ids.cap, bos);
	if (encode(enc, text, n, &ids, &e))
		printf("# %s\n", e.text);
	seq = xcalloc(ids.n, sizeof *seq);
	logits = xcalloc(ids.n * (size_t)m->cfg.V, sizeof *logits);
	decoder_feed(d, (int)ids.n - 1, seq, ids.v, NULL, logits);
	for (size_t i = 1; i < ids.n; i++)
		sum -= log_softmax(logits + (i - 1) * (size_t)m->cfg.V, (size_t)m->cfg.V, ids.v[i]);
	*tokens = ids.n - 1;
	free(logits);
	free(seq);
	free(ids.v);
	decoder_free(d);
	mats_free(w);
	encoder_free(enc);
	return sum;
}

static void
test_nll(const struct model *m, const struct vocab *v)
{
	static const char sep[] = "<|endoftext|>";
	static const struct {
		size_t n;
		double nats;
	} want[] = { { 373, 490.863986 }, { 329, 407.484730 }, { 222, 211.395993 } };
	struct file_map f;
	double sum = 0, piece;
	size_t tokens = 0, n, pieces = 0;
	const char *p, *end, *next;

	if (map(&f, "tokenizers/cs336-bpe/tests/fixtures/tinystories_sample.txt")) {
		OK(0, "tinystories_sample.txt is there");
		return;
	}
	p = (const char *)f.p;
	for (end = p + f.n; p < end; p = next + (next < end ? sizeof sep - 1 : 0)) {
		const char *a = p, *b;
		next = memmem(p, (size_t)(end - p), sep, sizeof sep - 1);
		next = b = next ? next : end;
		while (a < b && strchr(" \r\n", *a))
			a++;
		while (b > a && strchr(" \r\n", b[-1]))
			b--;
		if (a == b)
			continue;
		piece = nll(m, v, a, (size_t)(b - a), &n);
		if (pieces < 3)
			OK(n == want[pieces].n && fabs(piece - want[pieces].nats) < 1e-3, "piece %zu: %zu tokens, %.6f nats",
			   pieces, n, piece);
		pieces++;
		tokens += n;
		sum += piece;
	}
	OK(pieces == 5 && tokens == 1804, "%zu pieces, %zu tokens", pieces, tokens);
	OK(fabs(sum / (double)tokens - 1.266441) < 2e-6, "mean %.6f nats", sum / (double)tokens);
	file_unmap(&f);
}

static void
test_greedy(const struct model *m, const struct vocab *v)
{
	static const char want[] = "Once upon a time, there was a little girl named Lily. She loved to play outside in the park.";
	struct mats *w = mats_new(m, MATS_AS_IS);
	struct decoder *d = decoder_new(&m->cfg, w, 1, m->cfg.T, QUANT_F32);
	float *z = xcalloc((size_t)m->cfg.V, sizeof *z);
	struct buf text = { 0 };
	uint32_t tok = 1, ids[40];
	int seq = 0;

	for (int i = 0; i < 40; i++) {
		decoder_feed(d, 1, &seq, &tok, NULL, z);
		tok = 0;
		for (int k = 1; k < m->cfg.V; k++)
			if (z[k] > z[tok])
				tok = (uint32_t)k;
		ids[i] = tok;
	}
	decode_ids(v, ids, 40, 1, &text);
	OK(!strncmp(text.p + (*text.p == ' '), want, 60), "greedy: %.70s", text.p);
	buf_free(&text);
	free(z);
	decoder_free(d);
	mats_free(w);
}

int
main(void)
{
	struct file_map f;
	struct model m;
	struct vocab *v;
	struct err e;

	dir = getenv("LM_TESTDATA");
	if (!dir || map(&f, "models/stories260K/stories260K.bin")) {
		printf("1..0 # SKIP no stories260K below $LM_TESTDATA\n");
		return 0;
	}
	OK(llama2c_parse(&m, f.p, f.n, &e) == 0, "the checkpoint");
	file_unmap(&f);
	if (map(&f, "models/stories260K/tok512.bin"))
		return 1;
	v = vocab_parse(f.p, f.n, "tok512.bin", NULL, &e);
	OK(v && vocab_size(v) == 512 && vocab_bos(v) == 1, "its vocabulary");
	if (v) {
		test_nll(&m, v);
		test_greedy(&m, v);
	}
	vocab_free(v);
	file_unmap(&f);
	model_free(&m);
	return DONE();
}

/* foreign-t - models of others: GGUF and its quantised rows, llama2.c's checkpoints */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "base/file.h"
#include "kern/kern.h"
#include "model-util.h"
#include "model/file/llama2c.h"
#include "model/gguf/gguf.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>

static void
test_llama2c(int tied)
{
	struct config c;
	struct model m, r;
	char *p = NULL, *again = NULL;
	size_t n = 0, n2 = 0;
	struct err e;
	FILE *f = open_memstream(&p, &n);

	small(&c, "tinyllama-1.1b");
	c.tied = tied;
	model_init(&m, &c);
	params_random(&m.par, &c, 3, m.w);
	OK(llama2c_write(&m, f, &e) == 0 && fclose(f) == 0, "llama2.c, %s: written", tied ? "tied" : "untied");
	OK(llama2c_is(p, n) && llama2c_parse(&r, p, n, &e) == 0 && same(&m, &r), "the same weights");
	OK(llama2c_parse(&(struct model){ 0 }, p, n - 1, &e) == -1, "cut: %s", e.text);
	f = open_memstream(&again, &n2);
	llama2c_write(&r, f, &e);
	fclose(f);
	OK(n == n2 && !memcmp(p, again, n), "and the same bytes again");
	model_free(&r);
	model_free(&m);
	free(p);
	free(again);
}

static void
test_finite(void)
{
	static const enum quant types[] = { QUANT_F32, QUANT_F16, QUANT_BF16, QUANT_Q8_0, QUANT_Q4_0 };
	const double large = 1e300, nan = NAN;
	float v[64] = { [5] = -3e4f, [63] = 1e-30f };
	unsigned char packed[4 * 64];

	for (size_t t = 0; t < N(types); t++)
		for (int bad = 0; bad < 4; bad++) {
			v[40] = bad == 0 ? 2 : bad == 1 ? NAN : bad == 2 ? INFINITY : -INFINITY;
			if (t > 2)                      /* the scale has it, whatever the block was made of */
				v[40] = 2;
			quant_pack(types[t], v, 64, packed);
			if (t > 2 && bad)
				memcpy(packed + quant_bytes(types[t], 32), bad == 1 ? "\0\x7e" : bad == 2 ? "\0\x7c" : "\0\xfc", 2);
			OK(quant_finite(types[t], packed, 64) == !bad, "type %d: %s", (int)types[t], bad ? "one of them is no number" : "all are finite");
		}
	OK(!quant_finite(QUANT_F64, &large, 1) && !quant_finite(QUANT_F64, &nan, 1), "a number that fp32 cannot hold is none either");
}

static void
test_gguf_rows(void)
{
	static const enum quant types[] = { QUANT_Q8_0, QUANT_Q4_0 };
	static const double within[] = { 0.5 / 127, 1.0 / 8 };  /* of the largest in its block: half a step, and the scale is a half; q4_0 has no +8 */
	static const float hard[][2] = { { 65519, 65504 }, { 65520, INFINITY }, { 0x1p-25f, 0 }, { 0x1.8p-25f, 0x1p-24f },
		{ 2049, 2048 }, { 2051, 2052 }, { -0x1.ffep-15f, -0x1p-14f }, { 1, 1 } };
	unsigned char packed[4 * 64];
	float v[64], u[64];
	int same_halves = 0, wrong = 0;

	for (int h = 0; h < 65536; h++) {
		uint16_t in = (uint16_t)h, out;
		float f;
		quant_unpack(QUANT_F16, &in, 1, &f);
		quant_pack(QUANT_F16, &f, 1, &out);
		same_halves += in == out || (isnan(f) && (out & 0x7c00) == 0x7c00);
	}
	OK(same_halves == 65536, "every half goes to float and back");
	for (size_t i = 0; i < N(hard); i++) {
		quant_pack(QUANT_F16, hard[i], 1, packed);
		quant_unpack(QUANT_F16, packed, 1, u);
		wrong += u[0] != hard[i][1];
	}
	OK(!wrong, "halves are the nearest, ties to even");
	wrong = 0;
	for (int h = 0; h < 65536; h++) {
		uint16_t in = (uint16_t)h, out, theirs;
		float f;
		quant_unpack(QUANT_BF16, &in, 1, &f);
		quant_pack(QUANT_BF16, &f, 1, &out);
		kern_now()->to_bf16(&theirs, &f, 1);
		wrong += out != theirs || out != (in & 0x7f80 ? isnan(f) ? in | 0x40 : in : in & 0x8000);
	}
	OK(!wrong, "every normal bfloat goes to float and back, the others to 0, in files as in kernels");
	for (int i = 0; i < 64; i++)
		v[i] = (float)rng_normal(rng_at(1, (uint64_t)i, 0, 0, 0));
	for (size_t t = 0; t < N(types); t++) {
		double worst = 0;
		quant_pack(types[t], v, 64, packed);
		quant_unpack(types[t], packed, 64, u);
		for (int b = 0; b < 64; b += 32) {
			double max = 0;
			for (int i = b; i < b + 32; i++)
				max = fmax(max, fabs(v[i]));
			for (int i = b; i < b + 32; i++)
				worst = fmax(worst, fabs((double)v[i] - u[i]) / max);
		}
		OK(worst > 0 && worst < within[t] + 5e-4, "type %d: %g of the largest", types[t], worst);
	}
	OK(quant_bytes(QUANT_Q8_0, 33) == 0 && quant_bytes(QUANT_Q8_0, 64) == 68 && quant_bytes(QUANT_Q4_0, 64) == 36 &&
	   quant_bytes((enum quant)12, 32) == 0, "sizes of rows");
}

static void
test_gguf(const char *family)
{
	struct model m, r;
	char *p = NULL;
	size_t n = 0;
	struct err e;
	FILE *f = open_memstream(&p, &n);
	int cut = 0, tried = 0;
	uint32_t was;

	make(&m, family, 9);
	OK(gguf_write(&m, QUANT_F32, f, &e) == 0 && fclose(f) == 0 && gguf_is(p, n), "%s: as GGUF", family);
	was = crc32c(0, p, n);
	OK(gguf_parse(&r, p, n, &e) == 0 && (model_widen(&r), same(&m, &r)), "%s: the same shape and weights", family);
	OK(crc32c(0, p, n) == was, "%s: its bytes are as they were", family);
	model_free(&r);
	for (size_t k = 0; k < n - 64; k += k < 300 ? 1 : n / 97, tried++)
		cut += gguf_parse(&r, p, k, &e) == -1;
	OK(cut == tried, "%s: cut anywhere, it is refused", family);
	model_free(&m);
	free(p);
}

static struct buf
data_path(const char *name)
{
	const char *dir = getenv("LM_TESTDATA");
	struct buf b = { 0 };

	buf_printf(&b, "%s/data/models/stories260K/%s", dir ? dir : ".", name);
	return b;
}

static int
load_data(struct model *m, const char *name)
{
	struct buf path = data_path(name);
	struct file_map f;
	struct err e;
	int r = file_map(&f, path.p, &e);

	if (!r) {
		r = llama2c_parse(m, f.p, f.n, &e);
		file_unmap(&f);
	}
	if (r)
		printf("# %s: %s\n", name, e.text);
	buf_free(&path);
	return r;
}

static void
test_stories(void)
{
	struct buf path = data_path("stories260K.bin");
	struct model a, b, q;
	struct file_map f;
	double worst = 0;

	if (file_map(&f, path.p, NULL)) {
		OK(1, "stories260K # SKIP no $LM_TESTDATA");
		buf_free(&path);
		return;
	}
	buf_free(&path);
	file_unmap(&f);
	OK(load_data(&a, "stories260K.bin") == 0, "legacy");
	OK(load_data(&b, "llama2.zig/models/tinystories_260k/checkpoint_v1.bin") == 0, "version 1");
	OK(load_data(&q, "llama2.v/model/stories260K-q8.bin") == 0, "version 2, int8");
	OK(a.cfg.C == 64 && a.cfg.L == 5 && a.cfg.H == 8 && a.cfg.KV == 4 && a.cfg.V == 512 && a.cfg.T == 512 && a.cfg.tied,
	   "its shape");
	OK(same(&a, &b), "legacy and version 1 hold the same weights");
	for (size_t i = 0; i < a.par.total; i++)
		worst = fmax(worst, fabs((double)a.w[i] - q.w[i]));
	OK(worst > 0 && worst < 0.02, "int8 is near (%g)", worst);
	model_free(&a);
	model_free(&b);
	model_free(&q);
}

int
main(void)
{
	test_llama2c(0);
	test_llama2c(1);
	test_finite();
	test_gguf_rows();
	test_gguf("gpt2");
	test_gguf("llama2-7b");
	test_gguf("qwen2.5-0.5b");
	test_gguf("qwen3-0.6b");
	test_stories();
	return DONE();
}

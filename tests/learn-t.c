/* learn: schedules, the optimizer's formulas, the state file, records as rows, the log */
/* SPDX-License-Identifier: MIT */
#include "base/file.h"
#include "base/par.h"
#include "base/rng.h"
#include "learn/batch.h"
#include "learn/log.h"
#include "learn/muon.h"
#include "learn/optim.h"
#include "learn/state.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
near(double a, double b, double rel)
{
	return fabs(a - b) <= rel * (fabs(a) + fabs(b)) + 1e-12;
}

static struct optim_opts
options(const char *schedule, const char *optimizer, double clip)
{
	struct optim_opts o = OPTIM_DEFAULTS(1e-3, schedule);

	o.optimizer_name = optimizer;
	o.clip = clip;
	return o;
}

static void
schedules(void)
{
	struct optim_opts o = options("cosine", "adamw", 1);
	struct err e;

	OK(optim_check(&o, 0, &e) < 0, "cosine without an end is refused");
	o.warmup = 10;
	o.lr_end = 1e-4;
	OK(optim_check(&o, 110, &e) == 0 && o.total == 110, "-n gives the schedule its end");
	OK(near(optim_lr(&o, 0), 1e-4, 1e-12) && near(optim_lr(&o, 9), 1e-3, 1e-12), "warm-up: lr (step+1) / warmup");
	OK(near(optim_lr(&o, 10), 1e-3, 1e-12) && near(optim_lr(&o, 60), 5.5e-4, 1e-12) && near(optim_lr(&o, 110), 1e-4, 1e-12) &&
	    near(optim_lr(&o, 5000), 1e-4, 1e-12), "cosine: peak, half-way, end, past it");
	OK(near(optim_lr(&o, 35), 1e-4 + 0.5 * (1 + sqrt(0.5)) * 9e-4, 1e-12), "cosine: a quarter");
	o.schedule = SCHED_LINEAR;
	OK(near(optim_lr(&o, 60), 5.5e-4, 1e-12) && near(optim_lr(&o, 35), 7.75e-4, 1e-12), "linear");
	o.schedule = SCHED_WSD;
	OK(near(optim_lr(&o, 87), 1e-3, 1e-12) && near(optim_lr(&o, 88), 1e-3, 1e-12) &&
	    near(optim_lr(&o, 99), 1e-4 + (1 - sqrt(0.5)) * 9e-4, 1e-12), "wsd: holds for four fifths, then 1 - sqrt");
	o.schedule = SCHED_CONSTANT;
	OK(optim_lr(&o, 4) == 5e-4 && optim_lr(&o, 1000) == 1e-3, "constant");
	o = options("cosine", "lion", 1);
	OK(optim_check(&o, 5, &e) < 0 && strstr(e.text, "lion"), "an optimizer that there is not is named");
	o = options("wsd", "adamw", 1);
	o.beta1 = 1;
	OK(optim_check(&o, 5, &e) < 0, "beta1 = 1 is refused");
}

/* A table of a matrix and a gain, with a gap between them. */
static struct param two[2] = {
	{ .name = "a.weight", .ndim = 2, .shape = { 3, 5 }, .offset = 0, .count = 15 },
	{ .name = "b.weight", .ndim = 1, .shape = { 4, 0 }, .offset = 16, .count = 4 },
};
static struct params par = { .v = two, .n = 2, .total = 32, .tok = SIZE_MAX, .pos = SIZE_MAX, .head = SIZE_MAX };

static float
value(uint64_t seed, size_t i)
{
	return (float)rng_normal(rng_at(seed, 1, 2, 3, i));
}

/* `n` steps beside the formulas in double (Loshchilov & Hutter 2019; global clipping). The largest difference. */
static double
against_formula(const char *name, double clip, int n)
{
	struct optim_opts o = options("constant", name, clip);
	struct optim opt;
	struct err e;
	_Alignas(64) float w[32] = { 0 }, g[32] = { 0 };
	double W[32] = { 0 }, M[32] = { 0 }, V[32] = { 0 }, worst = 0, count = 7;

	optim_check(&o, 0, &e);
	optim_init(&opt, &o, &par);
	for (int p = 0; p < 2; p++)
		for (size_t i = two[p].offset; i < two[p].offset + two[p].count; i++)
			W[i] = w[i] = value(0, i);
	for (int t = 1; t <= n; t++) {
		double sum = 0, norm, want, scale = 1 / count;
		for (int p = 0; p < 2; p++)
			for (size_t i = two[p].offset; i < two[p].offset + two[p].count; i++) {
				g[i] = value((uint64_t)t, i);
				sum += (double)g[i] * g[i];
			}
		want = sqrt(sum) / count;
		if (optim_step(&opt, w, g, count, &norm, &e) || !near(norm, want, 1e-6))
			worst = INFINITY;
		if (clip > 0 && want > clip)
			scale *= clip / want;
		for (int p = 0; p < 2; p++)
			for (size_t i = two[p].offset; i < two[p].offset + two[p].count; i++) {
				double decay = p == 0 && strcmp(name, "adam") ? o.decay : 0, x = g[i] * scale;
				if (!strcmp(name, "sgd")) {
					M[i] = o.beta1 * M[i] + x;
					W[i] -= o.lr * (M[i] + decay * W[i]);
				} else {
					M[i] = o.beta1 * M[i] + (1 - o.beta1) * x;
					V[i] = o.beta2 * V[i] + (1 - o.beta2) * x * x;
					W[i] -= o.lr * (M[i] / (1 - pow(o.beta1, t)) / (sqrt(V[i] / (1 - pow(o.beta2, t))) + o.eps) + decay * W[i]);
				}
				worst = fmax(worst, fabs(W[i] - w[i]));
			}
	}
	for (size_t i = 0; i < 32; i++)
		if ((i == 15 || i >= 20) && w[i] != 0)
			worst = INFINITY;
	optim_free(&opt);
	return worst;
}

/* x (r,c) by the published iteration, plainly and in double. */
static void
orthogonal(double *x, size_t r, size_t c)
{
	double A[64], B[64], y[64], sum = 0;

	for (size_t i = 0; i < r * c; i++)
		sum += x[i] * x[i];
	for (size_t i = 0; i < r * c; i++)
		x[i] /= sqrt(sum) + 1e-7;
	for (int n = 0; n < 5; n++) {
		for (size_t i = 0; i < r * r; i++) {
			A[i] = 0;
			for (size_t k = 0; k < c; k++)
				A[i] += x[i / r * c + k] * x[i % r * c + k];
		}
		for (size_t i = 0; i < r * r; i++) {
			B[i] = -4.7750 * A[i];
			for (size_t k = 0; k < r; k++)
				B[i] += 2.0315 * A[i / r * r + k] * A[k * r + i % r];
		}
		for (size_t i = 0; i < r * c; i++) {
			y[i] = 3.4445 * x[i];
			for (size_t k = 0; k < r; k++)
				y[i] += B[i / c * r + k] * x[k * c + i % c];
		}
		memcpy(x, y, r * c * sizeof *x);
	}
}

/* Ten steps on the matrix and the gain, the first by Muon, the second by AdamW. */
static double
muon_against_formula(int turned)
{
	struct optim_opts o = options("constant", "muon", 0);
	struct param was = two[0];
	struct optim opt;
	struct err e;
	_Alignas(64) float w[32] = { 0 }, g[32] = { 0 };
	double W[19], M[19] = { 0 }, V[19] = { 0 }, u[15], worst = 0, norm, rms = 0.2 * sqrt(5);

	if (turned)
		two[0].shape[0] = 5, two[0].shape[1] = 3;
	optim_check(&o, 0, &e);
	optim_init(&opt, &o, &par);
	for (size_t i = 0; i < 19; i++)
		W[i] = w[i < 15 ? i : i + 1] = value(0, i);
	for (int t = 1; t <= 10; t++) {
		for (size_t i = 0; i < 19; i++)
			g[i < 15 ? i : i + 1] = value((uint64_t)t, i);
		optim_step(&opt, w, g, 7, &norm, &e);
		for (size_t i = 0; i < 15; i++) {
			double x = (double)g[i] / 7;
			M[i] = 0.95 * M[i] + 0.05 * x;
			u[turned ? i % 3 * 5 + i / 3 : i] = 0.05 * x + 0.95 * M[i];
		}
		orthogonal(u, 3, 5);
		for (size_t i = 0; i < 15; i++)
			W[i] -= o.lr * (rms * u[turned ? i % 3 * 5 + i / 3 : i] + o.decay * W[i]);
		for (size_t i = 15; i < 19; i++) {
			double x = (double)g[i + 1] / 7;
			M[i] = o.beta1 * M[i] + (1 - o.beta1) * x;
			V[i] = o.beta2 * V[i] + (1 - o.beta2) * x * x;
			W[i] -= o.lr * M[i] / (1 - pow(o.beta1, t)) / (sqrt(V[i] / (1 - pow(o.beta2, t))) + o.eps);
		}
	}
	for (size_t i = 0; i < 19; i++)
		worst = fmax(worst, fabs(W[i] - w[i < 15 ? i : i + 1]));
	optim_free(&opt);
	two[0] = was;
	return worst;
}

/* A matrix of known singular values, turned on both sides: each goes through the polynomial by itself. */
static double
singular_values(void)
{
	static const double s[3] = { 3, 1, 0.5 };
	static _Alignas(64) float x[3 * 4], scratch[1024];
	double want[12] = { 0 }, worst = 0, a = 0.3, b = 1.1, left[9] = { cos(a), -sin(a), 0, sin(a), cos(a), 0, 0, 0, 1 },
	    right[16] = { cos(b), 0, 0, sin(b), 0, 1, 0, 0, 0, 0, 1, 0, -sin(b), 0, 0, cos(b) };

	for (int i = 0; i < 12; i++)
		x[i] = 0;
	for (int k = 0; k < 3; k++) {
		double v = s[k] / sqrt(10.25);
		for (int n = 0; n < 5; n++)
			v = 3.4445 * v - 4.7750 * pow(v, 3) + 2.0315 * pow(v, 5);
		worst = fmax(worst, fabs(v - 1) > 0.5);
		for (int i = 0; i < 12; i++) {
			want[i] += left[i / 4 * 3 + k] * v * right[k * 4 + i % 4];
			x[i] = (float)((double)x[i] + left[i / 4 * 3 + k] * s[k] * right[k * 4 + i % 4]);
		}
	}
	muon_orthogonal(x, 3, 4, scratch);
	for (int i = 0; i < 12; i++)
		worst = fmax(worst, fabs(x[i] - want[i]));
	return worst;
}

static void
optimizers(void)
{
	struct optim_opts o = options("constant", "adamw", 1);
	struct optim opt;
	struct err e;
	float w[32] = { 1, 1 }, g[32] = { 1, NAN };
	double norm;

	OK(against_formula("adamw", 0, 20) < 3e-6, "adamw, 20 steps, no clipping");
	OK(against_formula("adamw", 0.05, 20) < 3e-6, "adamw, clipped at each step");
	OK(against_formula("adam", 1, 20) < 3e-6, "adam does not decay");
	OK(against_formula("sgd", 0.1, 20) < 3e-6, "sgd with momentum");
	OK(singular_values() < 1e-4, "muon: singular values go through the polynomial (%.1e)", singular_values());
	OK(muon_against_formula(0) < 3e-6, "muon: matrices by the published rule, gains by AdamW");
	OK(muon_against_formula(1) < 3e-6, "muon: matrices of more rows than columns");
	optim_check(&o, 0, &e);
	optim_init(&opt, &o, &par);
	OK(optim_step(&opt, w, g, 1, &norm, &e) < 0 && w[0] == 1 && opt.step == 0, "a gradient that is no number changes nothing");
	g[1] = 1;
	OK(optim_freeze(&opt, "^a\\.", &e) == 1 && !optim_step(&opt, w, g, 1, &norm, &e) && w[0] == 1 && norm == 0,
	    "frozen weights stay, and do not count in the norm");
	OK(optim_freeze(&opt, "(", &e) < 0, "a pattern that is none");
	optim_free(&opt);
}

/* The same bits at any number of threads, over many chunks. */
static void
threads(const char *optimizer)
{
	struct param one = { .name = "x", .ndim = 2, .shape = { 500, 200 }, .offset = 0, .count = 100000 };
	struct params big = { .v = &one, .n = 1, .total = 100032, .tok = SIZE_MAX };
	struct optim_opts o = options("constant", optimizer, 0.01);
	float *w[2], *g = xcalloc(big.total, sizeof *g);
	double norm[2];
	struct err e;
	int n = par_threads();

	optim_check(&o, 0, &e);
	for (size_t i = 0; i < one.count; i++)
		g[i] = value(9, i);
	for (int k = 0; k < 2; k++) {
		struct optim opt;
		w[k] = xcalloc(big.total, sizeof *g);
		par_set_threads(k ? 3 : 1);
		optim_init(&opt, &o, &big);
		optim_step(&opt, w[k], g, 3, &norm[k], &e);
		optim_step(&opt, w[k], g, 3, &norm[k], &e);
		optim_free(&opt);
	}
	par_set_threads(n);
	OK(norm[0] == norm[1] && !memcmp(w[0], w[1], big.total * sizeof *g), "%s on one thread and three: the same bits", optimizer);
	free(w[0]);
	free(w[1]);
	free(g);
}

static void
states(const char *path)
{
	float a[15], b[4], c[2] = { 5, 6 };
	struct state s = { 0 }, r = { 0 };
	struct file_map f;
	struct err e;
	char *copy;
	int refused = 0, taken = 0;

	for (size_t i = 0; i < 15; i++)
		a[i] = value(4, i);
	state_array(&s, "w.a", a, 2, two[0].shape, 0);
	state_array(&s, "critic.w", c, 1, (const uint64_t[]){ 2 }, 1);
	state_set_int(&s, "step", 12);
	state_set_num(&s, "beta", 0.1);
	OK(state_load(&s, path, &e) == 0, "no file yet");
	state_set(&s, "data", "crc32c:1");
	OK(state_save(&s, path, &e) == 0, "saved");
	state_set(&s, "data", "crc32c:2");
	memset(a, 0, sizeof a);
	OK(state_load(&s, path, &e) == 1 && a[7] == value(4, 7) && state_int(&s, "step", 0) == 12 && state_num(&s, "beta", 0) == 0.1,
	    "loaded: arrays and numbers as they were");
	OK(!state_found(&s, "critic"), "what is optional and not there");
	OK(!strcmp(state_get(&s, "data"), "crc32c:1"), "texts are those of the file");
	state_show(&s, "critic", 1);
	OK(state_save(&s, path, &e) == 0 && !(c[0] = 0) && state_load(&s, path, &e) == 1 && c[0] == 5 && state_found(&s, "critic"),
	    "what is optional and there");
	state_array(&r, "w.a", b, 1, (const uint64_t[]){ 4 }, 0);
	OK(state_load(&r, path, &e) < 0 && strstr(e.text, "shape"), "a tensor of another shape is refused");
	file_map(&f, path, &e);
	copy = xmalloc(f.n);
	for (size_t n = 0; n < f.n; n++)
		taken += !state_parse(&s, f.p, n, &e);
	OK(taken == 0, "cut at any of %zu bytes, it is refused", f.n);
	for (size_t i = 0; i < 200 && i < f.n; i++) {
		memcpy(copy, f.p, f.n);
		copy[i] = (char)(copy[i] ^ 0x55);
		refused += state_parse(&s, copy, f.n, &e) < 0;
	}
	OK(refused > 100, "%d of 200 changed bytes of the header are noticed, none does harm", refused);
	file_unmap(&f);
	free(copy);
	state_free(&s);
	state_free(&r);
}

/* Three documents of 5, 1 and 7 tokens: ids 1..13; the second is not supervised. */
static void
write_toks(const char *path, int seq, int masked)
{
	struct toks_head h = { .n_vocab = 50, .eot = 0, .seq = seq, .masked = masked };
	struct buf f = { 0 };
	char *head;
	struct toks_out *o;
	uint32_t t[13];
	uint8_t m[13];

	for (uint32_t i = 0; i < 13; i++) {
		t[i] = i + 1;
		m[i] = i != 5 && i != 0 && i != 6;
	}
	toks_head_fields(&f, &h);
	head = head_new("toks", f.p);
	o = toks_create(path, head, &h);
	if (seq) {
		toks_put_record(o, t, masked ? m : NULL, (const uint32_t[]){ 5, 6 }, 2);
		toks_put_record(o, t + 6, masked ? m + 6 : NULL, (const uint32_t[]){ 7 }, 1);
	} else {
		toks_put_doc(o, t, masked ? m : NULL, 5);
		toks_put_doc(o, t + 5, masked ? m + 5 : NULL, 1);
		toks_put_doc(o, t + 6, masked ? m + 6 : NULL, 7);
	}
	toks_finish(o);
	free(head);
	buf_free(&f);
}

static void
rows_of(const char *path, int T, int masked)
{
	char *file = (char *)(uintptr_t)path;
	struct batches_opts o = { .nfiles = 1, .files = &file, .T = T, .epochs = 2, .doc_mask = 1 };
	static const uint32_t starts[2][6] = { { 0, 0, 0, 0, 0, 5 }, { 0, 0, 0, 0, 0, 0 } };
	struct batches *b, *again;
	struct batch x;
	struct err e;
	int good = 1, marks = 1;

	write_toks(path, T ? 0 : 6, masked);
	b = batches_open(&o, &e);
	batch_init(&x, b, 3);
	OK(batches_T(b) == 6 && batch_read(&x, b) == 3 && x.rows == 3, "three records over the end of an epoch");
	for (uint32_t r = 0; r < 3; r++)
		for (uint32_t i = 0; i < 6; i++) {
			uint32_t at = r % 2 * 6 + i, target = at + 1;
			good &= x.tok[r * 6 + i] == at + 1 && x.target[r * 6 + i] == at + 2;
			good &= x.coef[r * 6 + i] == (masked && (target == 5 || (target == 6)) ? 0 : -1);
			marks &= x.start[r * 6 + i] == starts[r % 2][i];
		}
	OK(good, "tokens, targets, and which of them count");
	OK(marks, "where documents begin");
	OK(x.supervised == (masked ? 14 : 18), "their number: %d", (int)x.supervised);
	OK(batch_read(&x, b) == 1 && batch_read(&x, b) == 0 && batches_count(b) == 4, "the last one, then the end");
	again = batches_open(&o, &e);
	OK(batches_skip(again, 4) == 4 && batches_crc(again) == batches_crc(b), "passing over gives the same checksum");
	OK(batches_skip(again, 4) == 0, "and no more than there is");
	batch_free(&x);
	batches_close(b);
	batches_close(again);
}

static void
batch(const char *path)
{
	char *file = (char *)(uintptr_t)path;
	struct batches_opts o = { .nfiles = 1, .files = &file, .epochs = 1 };
	struct err e;

	rows_of(path, 0, 0);
	rows_of(path, 0, 1);
	rows_of(path, 6, 0);
	rows_of(path, 6, 1);
	OK(!batches_open(&o, &e) && strstr(e.text, "-T"), "an unsharded stream needs -T");
	write_toks(path, 6, 0);
	o.T = 7;
	OK(!batches_open(&o, &e), "another -T than HEAD's is refused");
}

static void
logs(const char *path)
{
	struct log *l;
	struct file_map f;
	struct err e;
	static const char want[] = "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n";

	OK(!log_open(&l, NULL, 0, 0, &e) && !l && !log_put(l, NULL, &e) && !log_close(l, &e), "no log is no work");
	for (int from = 0; from < 3; from += 2) {       /* 1..4, then on from 2: lines 3, 4 go */
		log_open(&l, path, from, from, &e);
		for (int i = from + 1; i <= (from ? 3 : 4); i++) {
			struct buf b = { 0 };
			buf_printf(&b, "{\"step\":%d", i);
			log_put(l, &b, &e);
			buf_free(&b);
		}
		log_close(l, &e);
	}
	file_map(&f, path, &e);
	OK(f.n == sizeof want - 1 && !memcmp(f.p, want, f.n), "a run that goes on drops the lines past its state");
	file_unmap(&f);
}

int
main(void)
{
	static const struct opt none[] = { { 0 } };
	static const struct tool tool = { "learn-t", "Test.", "", none };
	char *argv[] = { (char *)(uintptr_t)"learn-t", NULL }, path[] = "/tmp/learn-t.XXXXXX";
	int fd = mkstemp(path);

	cli_parse(1, argv, &tool);
	close(fd);
	unlink(path);
	schedules();
	optimizers();
	threads("adamw");
	threads("muon");
	states(path);
	batch(path);
	logs(path);
	unlink(path);
	return DONE();
}

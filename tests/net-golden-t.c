/* net-golden-t - ten steps of training against an independent implementation */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/file.h"
#include "kern/kern.h"
#include "model/net/net.h"
#include "soft.h"
#include "tap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { B = 3, T = 32, V = 257, STEPS = 10 };

static const struct golden {
	const char *name;
	int gpt2, pairs;        /* pairs: rotates (2i, 2i+1), so q and k rows are put in Hugging Face's order */
} goldens[] = { { "gpt2", 1, 0 }, { "llama-half", 0, 0 }, { "llama", 0, 1 } };

static struct config
golden_config(int gpt2)
{
	struct config c = { .V = V, .T = T, .C = 48, .L = 3, .H = 4, .KV = 4, .D = 12, .F = 192, .norm = NORM_LAYER,
		.norm_eps = 1e-5, .pos = POS_LEARNED, .act = ACT_GELU_TANH, .bias = 1, .tied = 1 };

	if (gpt2)
		return c;
	c = (struct config){ .V = V, .T = T, .C = 48, .L = 3, .H = 4, .KV = 2, .D = 12, .F = 128, .norm = NORM_RMS,
		.norm_eps = 1e-5, .pos = POS_ROPE, .rope_theta = 1e4, .act = ACT_SILU, .gated = 1 };
	return c;
}

static void *
golden_file(const struct golden *gd, const char *file, size_t *n)
{
	const char *dir = getenv("LM_TESTDATA");
	struct buf path = { 0 };
	struct file_map m;
	void *p;

	buf_printf(&path, "%s/golden/oracle/%s/%s", dir ? dir : "", gd->name, file);
	if (file_map(&m, path.p, NULL) < 0) {
		buf_free(&path);
		return NULL;
	}
	*n = m.n;
	p = xmalloc(m.n);
	memcpy(p, m.p, m.n);
	file_unmap(&m);
	buf_free(&path);
	return p;
}

/* The next tensor of the file, (rows, cols), into place; heads > 0: pairs become halves. */
static void
place(double *to, const double **from, size_t rows, size_t cols, size_t heads)
{
	size_t D = heads ? rows / heads : rows;

	for (size_t r = 0; r < rows; r++) {
		size_t h = r / D, i = r % D, old = heads ? h * D + (i < D / 2 ? 2 * i : 2 * (i - D / 2) + 1) : r;
		memcpy(to + r * cols, *from + old * cols, cols * sizeof **from);
	}
	*from += rows * cols;
}

/* The file's order of parameters into ours. */
static double *
golden_params(const struct golden *gd, const struct config *c, const struct params *p, const char *file, int single)
{
	size_t n, C = (size_t)c->C, F = (size_t)c->F, q = (size_t)(c->H * c->D), kv = (size_t)(c->KV * c->D);
	double *to = xcalloc(p->total, sizeof *to), *wide;
	void *bytes = golden_file(gd, file, &n);
	const double *from;

	if (!bytes)
		return free(to), NULL;
	n /= single ? sizeof(float) : sizeof(double);
	from = wide = xmalloc(n * sizeof *wide);
	for (size_t i = 0; i < n; i++)
		wide[i] = single ? (double)((float *)bytes)[i] : ((double *)bytes)[i];
	place(to + p->tok, &from, V, C, 0);
	if (gd->gpt2)
		place(to + p->pos, &from, T, C, 0);
	for (int l = 0; l < c->L; l++) {
		const struct layer_offsets *o = &p->layer[l];
		place(to + o->norm1, &from, C, 1, 0);
		if (gd->gpt2)
			place(to + o->norm1_b, &from, C, 1, 0);
		place(to + o->qkv, &from, q, C, gd->pairs ? (size_t)c->H : 0);
		place(to + o->qkv + q * C, &from, kv, C, gd->pairs ? (size_t)c->KV : 0);
		place(to + o->qkv + (q + kv) * C, &from, kv, C, 0);
		if (gd->gpt2)
			place(to + o->qkv_b, &from, q + 2 * kv, 1, 0);
		place(to + o->o, &from, C, q, 0);
		if (gd->gpt2)
			place(to + o->o_b, &from, C, 1, 0);
		place(to + o->norm2, &from, C, 1, 0);
		if (gd->gpt2)
			place(to + o->norm2_b, &from, C, 1, 0);
		place(to + o->up, &from, F * (c->gated ? 2 : 1), C, 0);
		if (gd->gpt2)
			place(to + o->up_b, &from, F, 1, 0);
		place(to + o->down, &from, C, F, 0);
		if (gd->gpt2)
			place(to + o->down_b, &from, C, 1, 0);
	}
	place(to + p->norm_f, &from, C, 1, 0);
	if (gd->gpt2)
		place(to + p->norm_f_b, &from, C, 1, 0);
	else
		place(to + p->head, &from, V, C, 0);
	OK((size_t)(from - wide) == n, "%s: %s has the expected size", gd->name, file);
	free(bytes), free(wide);
	return to;
}

/* The worst, over tensors, of the largest difference over what is allowed: `part` of the tensor's largest magnitude
 * plus `floor`, or, given a float32 run of the reference, twice what that is off.
 * skip_key: leaves out the key third of q, k, v biases, whose gradient is rounding noise. */
static double
worst(const struct params *p, const float *got, const double *want, const double *single, double part, double floor,
		int skip_key)
{
	double most = 0;

	for (int i = 0; i < p->n; i++) {
		const struct param *t = &p->v[i];
		int key = skip_key && strstr(t->name, "c_attn.bias");
		double off = 0, top = 0, theirs = 0;
		for (size_t k = 0; k < t->count; k++) {
			size_t at = t->offset + k;
			if (key && k >= t->count / 3 && k < t->count / 3 * 2)
				continue;
			off = fmax(off, fabs((double)got[at] - want[at]));
			top = fmax(top, fabs(want[at]));
			theirs = single ? fmax(theirs, fabs(single[at] - want[at])) : 0;
		}
		most = fmax(most, off / fmax(part * top + floor, 2 * theirs));
	}
	return most;
}

struct run {
	struct config c;
	struct params p;
	struct net   *n;
	float        *w, *g, *m, *v;
};

static void
adamw(struct run *r, int step)
{
	struct op_adamw o = { .lr = 1e-3f, .beta1 = .9f, .beta2 = .95f, .eps = 1e-8f, .c1 = (float)(1 - pow(.9, step)),
		.c2 = (float)(1 - pow(.95, step)), .gscale = 1.f / (B * T) };

	for (int i = 0; i < r->p.n; i++) {
		const struct param *t = &r->p.v[i];
		o.decay = t->ndim >= 2 ? .1f : 0;
		op_adamw(r->w + t->offset, r->g + t->offset, r->m + t->offset, r->v + t->offset, t->count, &o);
	}
}

/* One step's forward and backward; the mean loss. */
static double
step(struct run *r, const int32_t *batch)
{
	uint32_t tok[B*T], target[B*T];
	float coef[B*T], logp[B*T];
	double sum = 0;

	for (int i = 0; i < B * T; i++) {
		tok[i] = (uint32_t)batch[i / T * (T + 1) + i % T];
		target[i] = (uint32_t)batch[i / T * (T + 1) + i % T + 1];
		coef[i] = -1;
	}
	memset(r->g, 0, r->p.total * sizeof *r->g);
	net_forward(r->n, r->w, &(struct net_batch){ B, T, tok, NULL });
	net_head(r->n, r->w, r->g, &(struct net_head){ .target = target, .coef = coef, .scale = 1, .logp = logp });
	net_backward(r->n, r->w, r->g);
	net_finish(r->n, r->g);
	for (int i = 0; i < B * T; i++)
		sum -= (double)logp[i];
	return sum / (B * T);
}

static void
check_logits(const struct golden *gd, struct run *r, double allowed)
{
	size_t n;
	double *want = golden_file(gd, "logits_step1_f64.f64", &n), off = 0, top = 0;
	float *got = xmalloc((size_t)(B * T * V) * sizeof *got);

	net_logits(r->n, r->w, 0, B * T, got);
	for (int i = 0; i < B * T * V; i++) {
		off = fmax(off, fabs((double)got[i] - want[i]));
		top = fmax(top, fabs(want[i]));
	}
	OK(n == B * T * V * sizeof *want && off < allowed * top, "%s: logits to %.0e of the largest (%.1e)", gd->name, allowed, off / top);
	free(want), free(got);
}

/* How far from the numbers in double it may be: of the largest logit, each tensor's largest gradient, each loss, each
 * tensor's largest weight after ten steps (Adam's first steps follow the sign of gradients near 0, too). */
struct allowed {
	int how;
	double logits, grads, losses, weights;
};
static const struct allowed in_f32 = { NET_GRAD, 1e-5, 1e-5, 2e-6, 1e-4 };
static const struct allowed in_bf16 = { NET_GRAD | NET_BF16, 5e-2, 1e-1, 2e-3, 3e-2 };
/* The last is wide: where a gradient is next to nothing its sign is rounding, and Adam steps by the sign. */
static const struct allowed in_f16 = { NET_GRAD | NET_F16, 5e-3, 1e-2, 2e-4, 2e-2 };

static void
check_golden(const struct golden *gd, const struct allowed *to)
{
	struct run r = { .c = golden_config(gd->gpt2) };
	double *init, *grads, *after, *single, *losses, off = 0;
	int32_t *tokens;
	size_t n;

	params_init(&r.p, &r.c);
	if (!(init = golden_params(gd, &r.c, &r.p, "init.f32", 1))) {
		printf("ok %d # SKIP %s: no golden numbers ($LM_TESTDATA)\n", ++tap_n, gd->name);
		params_free(&r.p);
		return;
	}
	grads = golden_params(gd, &r.c, &r.p, "grads_step1_f64.f64", 0);
	after = golden_params(gd, &r.c, &r.p, "weights_after_step10_f64.f64", 0);
	single = golden_params(gd, &r.c, &r.p, "weights_after_step10_f32.f32", 1);
	tokens = golden_file(gd, "tokens.i32", &n);
	losses = golden_file(gd, "losses_f64.f64", &n);
	r.w = xcalloc(4 * r.p.total, sizeof *r.w);
	r.g = r.w + r.p.total, r.m = r.g + r.p.total, r.v = r.m + r.p.total;
	for (size_t i = 0; i < r.p.total; i++)
		r.w[i] = (float)init[i];
	r.n = net_new(&r.c, &r.p, B, T, to->how);
	for (int s = 0; s < STEPS; s++) {
		double loss = step(&r, tokens + s * B * (T + 1));
		off = fmax(off, fabs(loss / losses[s] - 1));
		if (s == 0) {
			double d;
			check_logits(gd, &r, to->logits);
			for (size_t i = 0; i < r.p.total; i++)
				r.g[i] /= B * T;
			d = worst(&r.p, r.g, grads, NULL, to->grads, 1e-8, to->how != NET_GRAD && gd->gpt2);
			OK(d < 1, "%s: gradients to %.0e of each tensor's largest (%.2f of it)", gd->name, to->grads, d);
			for (size_t i = 0; i < r.p.total; i++)
				r.g[i] *= B * T;
		}
		adamw(&r, s + 1);
	}
	OK(off < to->losses, "%s: losses of ten steps to %.0e (%.1e)", gd->name, to->losses, off);
	off = worst(&r.p, r.w, after, single, to->weights, 0, gd->gpt2);
	OK(off < 1, "%s: weights after ten steps to %.0e of each tensor's largest, or twice the reference's own rounding (%.2f of it)",
		gd->name, to->weights, off);
	net_free(r.n);
	params_free(&r.p);
	free(init), free(grads), free(after), free(single), free(tokens), free(losses), free(r.w);
}

int
main(void)
{
	const struct kern *best = kern_now(), *soft = kern_soft();

	for (size_t i = 0; i < sizeof goldens / sizeof *goldens; i++) {
		check_golden(&goldens[i], &in_f32);
		check_golden(&goldens[i], &in_bf16);
		check_golden(&goldens[i], &in_f16);
		if (!soft)
			continue;
		kern_use(soft);
		check_golden(&goldens[i], &in_bf16);
		kern_use(best);
	}
	return DONE();
}

/* model-util - small random models of each family, for the tests of models at rest */
/* SPDX-License-Identifier: MIT */
#include "base/rng.h"
#include "model/model.h"
#include <string.h>

#define N(a) (sizeof (a) / sizeof *(a))

static inline void
small(struct config *c, const char *family)
{
	config_preset(c, family);
	config_set_vocab(c, 50, 1, 2);
	c->T = 24;
	c->C = 24;
	c->L = 2;
	c->H = 6;
	c->KV = c->norm == NORM_LAYER ? 6 : 2;
	c->D = strcmp(family, "qwen3-0.6b") ? 4 : 6;
	c->F = 40;
}

static inline void
make(struct model *m, const char *family, uint64_t seed)
{
	struct config c;

	small(&c, family);
	model_init(m, &c);
	params_random(&m->par, &c, seed, m->w);
	for (int i = 0; i < m->par.n; i++)      /* no two the same, gains and biases too */
		for (size_t k = 0; k < m->par.v[i].count; k++)
			m->w[m->par.v[i].offset + k] += (float)rng_unit(rng_at(seed, (uint64_t)i, k, 0, 0));
}

static inline int
same(const struct model *a, const struct model *b)
{
	return config_same(&a->cfg, &b->cfg) && a->par.total == b->par.total &&
	       !memcmp(a->w, b->w, a->par.total * sizeof *a->w);
}

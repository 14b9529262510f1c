/* grow - a model that begins with what a smaller one knows */
#ifndef LM_GROW_H
#define LM_GROW_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"

/* Fills the weights of m (shape set, model_init) so that it says what `from` says: units, heads and channels are
 * repeated and what reads them is divided among the copies, unevenly by `seed` so that training tells them apart;
 * further layers are copies whose last matrices are 0, so they add nothing at first (Chen et al. 2016; Wang et al. 2024).
 * Vocabulary, template, data and prog go over too.  -1: the shapes are not of one kind, or not larger: width a multiple,
 * heads as large and in groups as large, layers, heads and feed-forward width at least as many. */
int model_grow(struct model *m, const struct model *from, uint64_t seed, struct err *);
#endif

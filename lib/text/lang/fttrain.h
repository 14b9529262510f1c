/* fttrain - training a classifier of texts, written as a model of fastText */
#ifndef LM_FTTRAIN_H
#define LM_FTTRAIN_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

struct fttrain_opts {
	int      dim, epochs, ngrams;   /* words in a run that counts as a feature, 1 to ngrams */
	uint32_t buckets;               /* rows for runs of two words and more */
	long     min_count;             /* words that come less often are left out */
	double   lr;
	uint64_t seed;
};

/*
 * A linear classifier over the mean of its features' rows, softmax over the labels, fitted by stochastic gradient descent with
 * a falling learning rate (Joulin et al. 2016).  Texts are taken in an order shuffled by seed and epoch, one after the other: the
 * same texts give the same model.  The texts stay in memory.
 */
struct fttrain;
struct fttrain *fttrain_new(const struct fttrain_opts *);
/* Adds a text with its label ("hq"): neither may be empty.  -1 with the reason. */
int             fttrain_add(struct fttrain *, const char *label, size_t n_label, const char *text, size_t n, struct err *);
size_t          fttrain_labels(const struct fttrain *);
/* Fits; after each epoch tells the mean loss in nats and the share of texts whose label was the likeliest when they came. */
void            fttrain_fit(struct fttrain *, void (*tell)(int epoch, double loss, double right));
void            fttrain_write(const struct fttrain *, struct buf *model);       /* a .bin of version 12 */
void            fttrain_free(struct fttrain *);
#endif

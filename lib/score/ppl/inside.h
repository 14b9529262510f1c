/* inside - what a model has within while it reads: attention by layer and head, hidden states of documents */
#ifndef LM_INSIDE_H
#define LM_INSIDE_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "stream/toks.h"
#include "vocab/vocab.h"
#include <stdio.h>

enum inside_form { INSIDE_TABLE, INSIDE_TERM, INSIDE_HTML };
struct inside_opts {
	const char      *model;
	int              window;        /* tokens at once, 0: the context */
	long long        stop_after;    /* documents, 0: all */
	int              nfiles;
	char           **files;
};
/* The probabilities of each document: lines "document layer head query key weight" with tabs, shaded blocks for a
 * terminal, or a page.  -1: also when a document is longer than the window. */
int inside_attention(const struct inside_opts *, enum inside_form, FILE *, struct err *);
/* Mean of the hidden states after the final norm over a document's tokens, as a tens stream: images of up to 1024
 * documents each, whose tensor `embedding` is (documents, C).  A document longer than the window is read in several,
 * each token once. */
int inside_embed(const struct inside_opts *, const char *out, struct err *);
#endif

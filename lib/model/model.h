/* model - a model in memory, and what it carries: weights, shape, vocabulary, provenance */
#ifndef LM_MODEL_H
#define LM_MODEL_H
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "model/params.h"

struct adapter;
struct file_map;
struct toks_head;
struct vocab;
struct weight_src;

struct model {
	struct config cfg;
	struct params par;
	float        *w;                /* [par.total], 64-aligned; within mem; NULL: they are at src */
	struct arena  mem;
	struct weight_src *src;         /* (par.n) within files, which model_open() left mapped; NULL: none */
	struct file_map *file;
	int           n_file;
	struct buf    tokenizer;        /* tokenizer.json, empty: none */
	char          vocab[20];        /* "crc32c:XXXXXXXX" of the vocabulary (lmstream.5), "": unknown */
	char         *prog;             /* JSON array of the commands that made it */
	char         *data;             /* JSON: {"tokens":n,"from":date,"to":date}, or NULL */
	char         *chat;             /* JSON: {"template":...,"bos":id,"eos":[ids],"system":...}, or NULL */
	/* A reward model's head: NULL, or score.weight (C), and reward = gain * (score . hidden) + bias. */
	float        *score;
	double        score_gain, score_bias;
	struct adapter *adapter;        /* NULL, or what is added to it and trained in its place */
};

void model_init(struct model *, const struct config *);         /* weights 0 */
void model_shape(struct model *, const struct config *);        /* no weights */
void model_free(struct model *);
void model_widen(struct model *);               /* what was opened becomes loaded: all weights in w */
/* Forgets the weights (w, and what is mapped), not the rest. */
void model_drop(struct model *);
/* One more of k models is taken into the mean of k-1: w += (x.w - w) / k.  -1: they differ in shape. */
int  model_average(struct model *, const struct model *x, int k, struct err *);
void model_add_prog(struct model *, const char *line);          /* one line more in prog */
uint32_t model_crc(const struct model *);                       /* CRC-32C of the weights, by name order of the table, and the adapter's */
int  model_finite(const struct model *, struct err *);           /* -1 with the name of a tensor that has NaN or an infinity */
void model_crc_text(const struct model *, char out[CRC32C_TEXT]);        /* the same as "crc32c:XXXXXXXX" */
/* What training moves: the adapter's tensors where there is one, else all. */
const struct params *model_moving(const struct model *);
float *model_moving_w(const struct model *);
float *model_swap(struct model *, float *w);    /* puts others in their place; returns those that were there */
/* Gives it a vocabulary: tokenizer.json and its checksum. */
void model_set_vocab(struct model *, const struct vocab *);
/* Keeps the chat template of that name; -1: there is none, or the vocabulary lacks its tokens. */
int  model_set_chat(struct model *, const char *name, const struct vocab *, struct err *);
/* The vocabulary within, to be freed; NULL with the reason when there is none. */
struct vocab *model_vocab(const struct model *, struct err *);
/* Whether tokens of that HEAD are the model's: by the vocabulary, or by n_vocab where one side does not say.  0, -1. */
int  model_agrees(const struct model *, const struct toks_head *, struct err *);
#endif

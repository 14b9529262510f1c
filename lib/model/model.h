/* model - a model at rest is one file, and what it carries: weights, shape, vocabulary, provenance */
#ifndef LM_MODEL_H
#define LM_MODEL_H
/* SPDX-License-Identifier: MIT */
#include "model/params.h"

struct vocab;

struct model {
	struct config cfg;
	struct params par;
	float        *w;                /* [par.total], 64-aligned; owned */
	struct buf    tokenizer;        /* tokenizer.json, empty: none */
	char         *prog;             /* JSON array of the commands that made it */
	char         *data;             /* JSON: {"tokens":n,"from":date,"to":date}, or NULL */
	char         *chat;             /* JSON: {"template":...,"bos":id,"eos":[ids],"system":...}, or NULL */
	char          vocab[20];        /* "crc32c:XXXXXXXX" of the vocabulary (lmstream.5), "": unknown */
	/* A reward model's head: NULL, or score.weight (C), and reward = gain * (score . hidden) + bias. */
	float        *score;
	double        score_gain, score_bias;
};

/* `path`: model.safetensors, a Hugging Face folder (config.json, *.safetensors with or without an index,
 * tokenizer.json), or "-": a tens stream on standard input.  F32, F16 and BF16 are read; missing, extra or
 * misshapen tensors are an error that names them.  0 or -1. */
int  model_load(struct model *, const char *path, struct err *);
/* A file (whole or absent; "-": a tens stream on standard output).  Adds nothing to prog: the caller did. */
int  model_save(const struct model *, const char *path, struct err *);
int  model_save_folder(const struct model *, const char *dir, struct err *);   /* Hugging Face's layout */
void model_init(struct model *, const struct config *);         /* weights 0 */
void model_free(struct model *);
void model_add_prog(struct model *, const char *line);          /* one line more in prog */
uint32_t model_crc(const struct model *);                       /* CRC-32C of the weights, by name order of the table */
/* Gives it a vocabulary: tokenizer.json and its checksum. */
void model_set_vocab(struct model *, const struct vocab *);
#endif

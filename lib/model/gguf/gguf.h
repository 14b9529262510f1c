/* gguf - models as llama.cpp keeps them (GGUF version 3): read and written */
#ifndef LM_GGUF_H
#define LM_GGUF_H
/* SPDX-License-Identifier: MIT */
#include "base/quant.h"
#include "model/model.h"
#include <stdio.h>

/* Pure: whether the bytes begin as one. */
int gguf_is(const void *bytes, size_t n);
/* Pure: architectures gpt2, llama, qwen2 and qwen3; weights of F64, F32, F16, BF16, Q8_0 and Q4_0, which stay where they
 * are (m->src) until model_widen.  The vocabulary is taken from the key tokenizer.huggingface.json, or else from llama.cpp's.  0 or -1; on -1 nothing
 * needs to be freed. */
int gguf_parse(struct model *, const void *bytes, size_t n, struct err *);
/* Matrices in that type (rows that 32 does not divide stay F16 in the quantised ones), the rest F32; what llama.cpp
 * needs of the vocabulary within, and tokenizer.json whole.  -1: the shape has no GGUF form; write errors stay in
 * the FILE. */
int gguf_write(const struct model *, enum quant, FILE *, struct err *);
/* The model's LoRA alone, as llama.cpp takes it beside the model, in F32. */
int gguf_write_adapter(const struct model *, FILE *, struct err *);

/* "blk.0.attn_q.weight" of "model.layers.0.self_attn.q_proj.weight": into out[80]. */
void   gguf_name(const char *name, char out[80]);
int    gguf_pairs(const struct config *, const char *gguf_name);      /* rows in adjacent pairs: of how many heads; 0 none */
const char *gguf_arch(const struct config *);
#endif

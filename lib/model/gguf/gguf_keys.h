/* gguf_keys - the keys at the front of a GGUF file, written */
#ifndef LM_GGUF_KEYS_H
#define LM_GGUF_KEYS_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "base/ggufkey.h"

struct gguf_keys {
	struct buf  b;
	uint64_t    n;
	const char *arch;
};

/* "%name" is the architecture's. */
void keys_name(struct gguf_keys *, const char *name, uint32_t type);    /* its value is to follow */
void keys_int(struct gguf_keys *, const char *name, int);
void keys_num(struct gguf_keys *, const char *name, double);
void keys_text(struct gguf_keys *, const char *name, const char *, size_t n);
void keys_array(struct gguf_keys *, const char *name, uint32_t type, uint64_t n);       /* n elements are to follow */
void keys_put(struct gguf_keys *, const void *, size_t n);              /* bytes of a value */
void keys_put_text(struct gguf_keys *, const char *, size_t n);         /* a text within one */

/* The model's vocabulary, as llama.cpp wants it and whole, or that there is none; BOS, end and chat template.
 * -1: llama.cpp does not know its pattern. */
int  keys_vocab(struct gguf_keys *, const struct model *, struct err *);
#endif

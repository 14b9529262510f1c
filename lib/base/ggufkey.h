/* ggufkey - the keys at the front of a GGUF file (ggml's docs/gguf.md), for who wants its vocabulary or its weights */
#ifndef LM_GGUFKEY_H
#define LM_GGUFKEY_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

enum {
	GGUF_KEY_U8, GGUF_KEY_I8, GGUF_KEY_U16, GGUF_KEY_I16, GGUF_KEY_U32, GGUF_KEY_I32, GGUF_KEY_F32, GGUF_KEY_BOOL,
	GGUF_KEY_STRING, GGUF_KEY_ARRAY, GGUF_KEY_U64, GGUF_KEY_I64, GGUF_KEY_F64, GGUF_KEY_END
};

/* Bytes not read yet. */
struct gguf_bytes {
	const unsigned char *p, *end;
};
struct gguf_text {
	const char *p;                  /* within the file, no NUL */
	size_t      n;
};
struct gguf_key {
	struct gguf_text  name, text;   /* text: of a string */
	uint32_t          type, of;     /* of: the type of an array's elements */
	uint64_t          n;            /* how many elements */
	struct gguf_bytes at;           /* from the first element on; all of them are there */
	double            num;          /* of a number */
};

/* Pure.  -1: the bytes end before, or the type is none; arrays of arrays are part of no file that there is. */
int gguf_take(struct gguf_bytes *, void *out, size_t n);
int gguf_take_text(struct gguf_bytes *, struct gguf_text *);
int gguf_take_key(struct gguf_bytes *, struct gguf_key *);
int gguf_text_is(struct gguf_text, const char *);
#endif

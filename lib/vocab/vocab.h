/* vocab - text <-> tokens */
#ifndef LM_VOCAB_H
#define LM_VOCAB_H
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "base/err.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

struct vocab;                   /* immutable once loaded: many threads may encode with one */

enum vocab_special { SPECIAL_REFUSE, SPECIAL_NONE, SPECIAL_ALL };       /* specials in plain text: error, plain text, recognised */
enum vocab_invalid { INVALID_RAW, INVALID_REPLACE, INVALID_REFUSE };    /* bytes that are not UTF-8 */

struct vocab_opts {
	const char *pattern;            /* for files that have none; NULL: by content or by what the file says */
	enum vocab_special special;
	enum vocab_invalid invalid;
};

/* From a file's bytes, told by content: tokenizer.json, .tiktoken, SentencePiece .model, GGUF, llama2.c tokenizer.bin (name for messages). */
struct vocab *vocab_parse(const void *bytes, size_t n, const char *name, const char *pattern, struct err *);
/* From a path: any of those, vocab.json with merges.txt beside it, or a model.safetensors / folder that carries one. */
struct vocab *vocab_load(const char *path, const char *pattern, struct err *);
void          vocab_free(struct vocab *);

size_t      vocab_size(const struct vocab *);                   /* ids are below it, holes counted */
const char *vocab_bytes(const struct vocab *, uint32_t id, size_t *n);  /* NULL for a hole */
int         vocab_special(const struct vocab *, uint32_t id);
int64_t     vocab_find(const struct vocab *, const char *bytes, size_t n);      /* id, or -1 */
int         vocab_eot(const struct vocab *);                    /* <|endoftext|>, </s> ...; -1: none */
int         vocab_bos(const struct vocab *);                    /* -1: none */
void        vocab_crc(const struct vocab *, char out[CRC32C_TEXT]);      /* "crc32c:XXXXXXXX" as lmstream.5 defines */
/* A tokenizer.json that Hugging Face tokenizers load, appended. */
void        vocab_json(const struct vocab *, struct buf *);

/* Appends the ids of n bytes; *ids grows.  Equal results at any split into threads.  -1: specials or bytes
 * refused, with the byte offset in the reason. */
struct ids {
	uint32_t *v;
	size_t    n, cap;
	void    (*full)(struct ids *, void *ctx);       /* NULL, or takes all but the last where there are many: n becomes 1 */
	void     *ctx;
};
struct encoder;                 /* one thread's scratch and cache */
struct encoder *encoder_new(const struct vocab *, const struct vocab_opts *);
int             encode(struct encoder *, const char *text, size_t n, struct ids *, struct err *);
/* The same for a text that goes on, `offset` bytes in (for messages), from what was encoded before: SentencePiece's
 * vocabularies put no space in front. */
int             encode_more(struct encoder *, const char *text, size_t n, size_t offset, struct ids *, struct err *);
/* The first place from `from` on where a text may be cut in two that are encoded apart, the second by encode_more,
 * and give the same ids; n: there is none. */
size_t          vocab_cut(const struct vocab *, const char *text, size_t n, size_t from);
const struct vocab *encoder_vocab(const struct encoder *);
void            encoder_free(struct encoder *);

/* Appends the text of n ids; ids that are none add nothing.  decode_ids takes them for a whole text: the space
 * that SentencePiece's vocabularies put in front of one is taken off again.  decode_part leaves it. */
void decode_part(const struct vocab *, const uint32_t *ids, size_t n, int skip_special, struct buf *out);
void decode_ids(const struct vocab *, const uint32_t *ids, size_t n, int skip_special, struct buf *out);
#endif

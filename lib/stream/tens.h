/* tens - tensors: safetensors images, at rest in a file or as the data of frames */
#ifndef LM_TENS_H
#define LM_TENS_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/quant.h"
#include <stddef.h>
#include <stdint.h>

enum tens_dtype { TENS_F32, TENS_F16, TENS_BF16, TENS_F64, TENS_U8, TENS_I8, TENS_I32, TENS_I64, TENS_OTHER };

#define TENS_DIMS 8

struct tens {
	char           *name;
	enum tens_dtype dtype;
	int             ndim;
	uint64_t        shape[TENS_DIMS];
	const void     *data;           /* within the image */
	size_t          bytes, count;   /* count: elements */
};

/* A safetensors image taken apart.  Tensors in the order of their offsets. */
struct tens_set {
	struct tens *v;
	size_t       n;
	struct json  meta;              /* __metadata__: an object of strings, or no value; within the image */
};

/* Pure: checks everything (sizes before use, overlaps, holes, duplicate names, trailing bytes) and points into
 * the image, which must stay.  0, or -1 with the reason. */
int  tens_parse(struct tens_set *, const void *image, size_t n, struct err *);
void tens_free(struct tens_set *);
/* A line for each tensor of an image, appended: name, shape, bytes; no newline behind the last.  0, or -1 with the reason. */
int  tens_list(const void *image, size_t n, struct buf *out, struct err *);
const struct tens *tens_find(const struct tens_set *, const char *name);
char *tens_meta(const struct tens_set *, const char *key);      /* decoded, to be freed; NULL when absent */
size_t tens_size(enum tens_dtype);                              /* bytes an element */
enum quant tens_quant(enum tens_dtype);                         /* the same type; of floats alone */
/* Elements [first, first + n) as fp32, from F32 F16 BF16 F64; -1 when the type is no float. */
int  tens_to_f32(const struct tens *, float *out, size_t first, size_t n);

/* Writing an image: declare all, then the data in the same order.  The header is padded so that the
 * buffer starts at a multiple of 64. */
struct tens_new {
	struct buf entries, meta;
	uint64_t   offset;
};
void tens_declare(struct tens_new *, const char *name, enum tens_dtype, int ndim, const uint64_t *shape);
void tens_declare_meta(struct tens_new *, const char *key, const char *value);  /* NULL: nothing */
void tens_declare_num(struct tens_new *, const char *key, double value);        /* as metadata that reads back exactly */
void tens_header(struct tens_new *, struct buf *out);           /* length, JSON, padding; frees the rest */
#endif

/* ggufkey - the keys at the front of a GGUF file */
/* SPDX-License-Identifier: MIT */
#include "base/ggufkey.h"
#include <string.h>

static const unsigned char type_size[GGUF_KEY_END] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

int
gguf_take(struct gguf_bytes *b, void *out, size_t n)
{
	if ((size_t)(b->end - b->p) < n)
		return -1;
	memcpy(out, b->p, n);
	b->p += n;
	return 0;
}

int
gguf_take_text(struct gguf_bytes *b, struct gguf_text *t)
{
	uint64_t n;

	if (gguf_take(b, &n, 8) || (uint64_t)(b->end - b->p) < n)
		return -1;
	*t = (struct gguf_text){ (const char *)b->p, (size_t)n };
	b->p += n;
	return 0;
}

int
gguf_text_is(struct gguf_text t, const char *s)
{
	return t.n == strlen(s) && !memcmp(t.p, s, t.n);
}

static double
number(uint32_t type, const unsigned char *p)
{
	int8_t i8; int16_t i16; int32_t i32; int64_t i64; uint16_t u16; uint32_t u32; uint64_t u64; float f; double d;

#define AS(v) (memcpy(&v, p, sizeof v), (double)v)
	switch (type) {
	case GGUF_KEY_U8: case GGUF_KEY_BOOL: return *p;
	case GGUF_KEY_I8: return AS(i8);
	case GGUF_KEY_U16: return AS(u16);
	case GGUF_KEY_I16: return AS(i16);
	case GGUF_KEY_U32: return AS(u32);
	case GGUF_KEY_I32: return AS(i32);
	case GGUF_KEY_F32: return AS(f);
	case GGUF_KEY_U64: return AS(u64);
	case GGUF_KEY_I64: return AS(i64);
	default: return AS(d);
	}
#undef AS
}

static int
take_array(struct gguf_bytes *b, struct gguf_key *k)
{
	struct gguf_text t;

	if (gguf_take(b, &k->of, 4) || gguf_take(b, &k->n, 8) || k->of >= GGUF_KEY_END || k->of == GGUF_KEY_ARRAY)
		return -1;
	k->at = *b;
	if (k->of != GGUF_KEY_STRING) {
		if (k->n > (uint64_t)(b->end - b->p) / type_size[k->of])
			return -1;
		b->p += k->n * type_size[k->of];
		return 0;
	}
	for (uint64_t i = 0; i < k->n; i++)
		if (gguf_take_text(b, &t))
			return -1;
	return 0;
}

int
gguf_take_key(struct gguf_bytes *b, struct gguf_key *k)
{
	*k = (struct gguf_key){ .type = 0 };
	if (gguf_take_text(b, &k->name) || gguf_take(b, &k->type, 4) || k->type >= GGUF_KEY_END)
		return -1;
	if (k->type == GGUF_KEY_STRING)
		return gguf_take_text(b, &k->text);
	if (k->type == GGUF_KEY_ARRAY)
		return take_array(b, k);
	if (b->end - b->p < type_size[k->type])
		return -1;
	k->num = number(k->type, b->p);
	b->p += type_size[k->type];
	return 0;
}

/* gguf_keys - the keys at the front of a GGUF file, written (ggml's docs/gguf.md) */
/* SPDX-License-Identifier: MIT */
#include "model/gguf/gguf_keys.h"

void
keys_put(struct gguf_keys *k, const void *p, size_t n)
{
	buf_add(&k->b, p, n);
}

void
keys_put_text(struct gguf_keys *k, const char *p, size_t n)
{
	uint64_t len = n;

	keys_put(k, &len, 8);
	keys_put(k, p, n);
}

void
keys_name(struct gguf_keys *k, const char *name, uint32_t type)
{
	struct buf full = { 0 };

	if (*name == '%')
		buf_printf(&full, "%s.", k->arch);
	buf_str(&full, name + (*name == '%'));
	keys_put_text(k, full.p, full.n);
	keys_put(k, &type, 4);
	k->n++;
	buf_free(&full);
}

void
keys_int(struct gguf_keys *k, const char *name, int v)
{
	uint32_t u = (uint32_t)v;

	keys_name(k, name, GGUF_KEY_U32);
	keys_put(k, &u, 4);
}

void
keys_num(struct gguf_keys *k, const char *name, double v)
{
	float f = (float)v;

	keys_name(k, name, GGUF_KEY_F32);
	keys_put(k, &f, 4);
}

void
keys_text(struct gguf_keys *k, const char *name, const char *s, size_t n)
{
	keys_name(k, name, GGUF_KEY_STRING);
	keys_put_text(k, s, n);
}

void
keys_array(struct gguf_keys *k, const char *name, uint32_t type, uint64_t n)
{
	keys_name(k, name, GGUF_KEY_ARRAY);
	keys_put(k, &type, 4);
	keys_put(k, &n, 8);
}

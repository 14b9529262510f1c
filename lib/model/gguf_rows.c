/* gguf_rows - rows of numbers in GGUF's types (ggml: F16, BF16, Q8_0, Q4_0), and its names of tensors */
/* SPDX-License-Identifier: MIT */
#include "model/gguf.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 32        /* values that share a scale */

static float
from_half(uint16_t h)
{
	float v = ldexpf((float)(h & 0x3ff) + (h & 0x7c00 ? 1024 : 0), (h >> 10 & 31) - 25 + !(h & 0x7c00));

	if ((h & 0x7c00) == 0x7c00)
		v = h & 0x3ff ? NAN : INFINITY;
	return h & 0x8000 ? -v : v;
}

/* Nearest, ties to even. */
static uint16_t
to_half(float v)
{
	uint32_t bits;
	uint16_t sign;
	int e;
	float a = fabsf(v), scaled;

	memcpy(&bits, &v, 4);
	sign = (uint16_t)(bits >> 16 & 0x8000);
	if (isnan(v))
		return sign | 0x7e00;
	if (a >= 65520)
		return sign | 0x7c00;
	if (a < 0x1p-14f)
		return (uint16_t)(sign | (uint16_t)nearbyintf(a * 0x1p24f));
	frexpf(a, &e);                                  /* a in [2^(e-1), 2^e) */
	scaled = nearbyintf(ldexpf(a, 11 - e));         /* [1024, 2048] */
	return (uint16_t)(sign | (uint16_t)(((e + 14) << 10) + (int)scaled - 1024));
}

static uint16_t
to_bfloat(float v)
{
	uint32_t bits;

	memcpy(&bits, &v, 4);
	if (isnan(v))
		return (uint16_t)(bits >> 16 | 64);
	return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

size_t
gguf_bytes(enum gguf_type t, size_t n)
{
	switch (t) {
	case GGUF_F32: return 4 * n;
	case GGUF_F16: case GGUF_BF16: return 2 * n;
	case GGUF_Q8_0: return n % BLOCK ? 0 : n / BLOCK * 34;
	case GGUF_Q4_0: return n % BLOCK ? 0 : n / BLOCK * 18;
	}
	return 0;
}

static void
unpack_block(enum gguf_type t, const unsigned char *p, float *out)
{
	uint16_t h;
	float d;

	memcpy(&h, p, 2);
	d = from_half(h);
	for (int i = 0; i < BLOCK; i++)
		out[i] = t == GGUF_Q8_0 ? (float)(int8_t)p[2 + i] * d :
		         (float)((i < 16 ? p[2 + i] & 15 : p[2 + i - 16] >> 4) - 8) * d;
}

void
gguf_unpack(enum gguf_type t, const void *from, size_t n, float *out)
{
	const unsigned char *p = from;

	if (t == GGUF_F32) {
		memcpy(out, p, 4 * n);
	} else if (t == GGUF_F16 || t == GGUF_BF16) {
		for (size_t i = 0; i < n; i++) {
			uint16_t h;
			uint32_t bits;
			memcpy(&h, p + 2 * i, 2);
			bits = (uint32_t)h << 16;
			if (t == GGUF_F16)
				out[i] = from_half(h);
			else
				memcpy(out + i, &bits, 4);
		}
	} else {
		for (size_t b = 0; b < n / BLOCK; b++)
			unpack_block(t, p + b * gguf_bytes(t, BLOCK), out + b * BLOCK);
	}
}

static void
pack_q8(const float *v, unsigned char *out)
{
	float max = 0, d;
	uint16_t h;

	for (int i = 0; i < BLOCK; i++)
		max = fmaxf(max, fabsf(v[i]));
	d = max / 127;
	h = to_half(d);
	memcpy(out, &h, 2);
	for (int i = 0; i < BLOCK; i++)
		out[2 + i] = (unsigned char)(int8_t)(d > 0 ? roundf(v[i] / d) : 0);
}

/* The value of largest magnitude becomes -8 d. */
static void
pack_q4(const float *v, unsigned char *out)
{
	float max = 0, d;
	int q[BLOCK];
	uint16_t h;

	for (int i = 0; i < BLOCK; i++)
		if (fabsf(v[i]) > fabsf(max))
			max = v[i];
	d = max / -8;
	h = to_half(d);
	memcpy(out, &h, 2);
	for (int i = 0; i < BLOCK; i++) {
		q[i] = d != 0 ? (int)(v[i] / d + 8.5f) : 8;
		q[i] = q[i] > 15 ? 15 : q[i] < 0 ? 0 : q[i];
	}
	for (int i = 0; i < BLOCK / 2; i++)
		out[2 + i] = (unsigned char)(q[i] | q[i + 16] << 4);
}

void
gguf_pack(enum gguf_type t, const float *v, size_t n, void *to)
{
	unsigned char *out = to;

	if (t == GGUF_F32) {
		memcpy(out, v, 4 * n);
	} else if (t == GGUF_F16 || t == GGUF_BF16) {
		for (size_t i = 0; i < n; i++) {
			uint16_t h = t == GGUF_F16 ? to_half(v[i]) : to_bfloat(v[i]);
			memcpy(out + 2 * i, &h, 2);
		}
	} else {
		for (size_t b = 0; b < n / BLOCK; b++)
			(t == GGUF_Q8_0 ? pack_q8 : pack_q4)(v + b * BLOCK, out + b * gguf_bytes(t, BLOCK));
	}
}

void
gguf_name(const char *name, char out[80])
{
	static const char *const parts[][2] = {
		{ "input_layernorm", "attn_norm" }, { "self_attn.q_proj", "attn_q" }, { "self_attn.k_proj", "attn_k" },
		{ "self_attn.v_proj", "attn_v" }, { "self_attn.o_proj", "attn_output" },
		{ "self_attn.q_norm", "attn_q_norm" }, { "self_attn.k_norm", "attn_k_norm" },
		{ "post_attention_layernorm", "ffn_norm" }, { "mlp.gate_proj", "ffn_gate" }, { "mlp.up_proj", "ffn_up" },
		{ "mlp.down_proj", "ffn_down" }, { "model.embed_tokens", "token_embd" }, { "model.norm", "output_norm" },
		{ "lm_head", "output" }, { "wte", "token_embd" }, { "wpe", "position_embd" }, { "ln_f", "output_norm" },
		{ "ln_1", "attn_norm" }, { "attn.c_attn", "attn_qkv" }, { "attn.c_proj", "attn_output" },
		{ "ln_2", "ffn_norm" }, { "mlp.c_fc", "ffn_up" }, { "mlp.c_proj", "ffn_down" },
	};
	const char *tail = strrchr(name, '.');
	int l, at = 0;
	size_t n;

	if (sscanf(name, "model.layers.%d.%n", &l, &at) == 1 || sscanf(name, "h.%d.%n", &l, &at) == 1)
		name += at;
	n = tail ? (size_t)(tail - name) : strlen(name);
	snprintf(out, 80, "%s", name);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (strlen(parts[i][0]) == n && !strncmp(name, parts[i][0], n)) {
			if (at)
				snprintf(out, 80, "blk.%d.%s%s", l, parts[i][1], tail);
			else
				snprintf(out, 80, "%s%s", parts[i][1], tail);
			return;
		}
}

const char *
gguf_arch(const struct config *c)
{
	return strcmp(c->model_type, "mistral") ? c->model_type : "llama";
}

int
gguf_pairs(const struct config *c, const char *name)
{
	if (strcmp(gguf_arch(c), "llama"))
		return 0;
	return strstr(name, ".attn_q.") ? c->H : strstr(name, ".attn_k.") ? c->KV : 0;
}

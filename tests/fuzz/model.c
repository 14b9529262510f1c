/* model - fuzz target: configurations, models as images, GGUF files, llama2.c checkpoints */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "model/file/card.h"
#include "model/gguf/gguf.h"
#include "model/file/llama2c.h"
#include "model/file/llmc.h"
#include "model/file/load.h"
#include <string.h>

static void
drop(struct model *m)
{
	struct buf b = { 0 };

	model_card(m, &b);
	buf_free(&b);
	model_free(m);
}

/* Text that starts with '{' is a config.json, or, with more lines, the header of an image and its data: the
 * length in front is made here, so that changes of the text do not end there. */
int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const uint8_t *nl = n ? memchr(p, '\n', n) : NULL;
	struct buf b = { 0 };
	struct config c;
	struct model m;
	struct err e;
	uint64_t len;

	if (!config_parse(&c, (const char *)p, n, &e))
		config_print(&c, &b);
	buf_clear(&b);
	if (nl) {
		len = (uint64_t)(nl - p);
		buf_add(&b, &len, sizeof len);
		buf_add(&b, p, len);
		buf_add(&b, nl + 1, n - len - 1);
		if (!model_parse(&m, b.p, b.n, &e))
			drop(&m);
	}
	buf_free(&b);
	if (!model_parse(&m, p, n, &e))
		drop(&m);
	if (gguf_is(p, n) && !gguf_parse(&m, p, n, &e) && (model_widen(&m), 1))
		drop(&m);
	if (llmc_is(p, n) && !llmc_parse(&m, p, n, &e))
		drop(&m);
	if (llama2c_is(p, n) && !llama2c_parse(&m, p, n, &e))
		drop(&m);
	return 0;
}

#define T(name, shape, from, to) ",\"" name "\":{\"dtype\":\"F32\",\"shape\":[" shape "],\"data_offsets\":[" from "," to "]}"
#define L "model.layers.0."
#define F "0123"
#define F4 F F F F
#define IMAGE "{\"__metadata__\":{\"pipelm.config\":\"{\\\"model_type\\\":\\\"llama\\\",\\\"vocab_size\\\":2," \
	"\\\"hidden_size\\\":2,\\\"num_hidden_layers\\\":1,\\\"num_attention_heads\\\":1,\\\"intermediate_size\\\":2," \
	"\\\"tie_word_embeddings\\\":true}\",\"pipelm.prog\":\"[\\\"a\\\"]\",\"pipelm.data\":\"{\\\"to\\\":\\\"2024\\\"}\"," \
	"\"pipelm.score_gain\":\"1.5\"}" \
	T("model.embed_tokens.weight", "2,2", "0", "16") T(L "input_layernorm.weight", "2", "16", "24") \
	T(L "self_attn.q_proj.weight", "2,2", "24", "40") T(L "self_attn.k_proj.weight", "2,2", "40", "56") \
	T(L "self_attn.v_proj.weight", "2,2", "56", "72") T(L "self_attn.o_proj.weight", "2,2", "72", "88") \
	T(L "post_attention_layernorm.weight", "2", "88", "96") T(L "mlp.gate_proj.weight", "2,2", "96", "112") \
	T(L "mlp.up_proj.weight", "2,2", "112", "128") T(L "mlp.down_proj.weight", "2,2", "128", "144") \
	T("model.norm.weight", "2", "144", "152") T("score.weight", "1,2", "152", "160") "}\n" \
	F4 F4 F4 F4 F4 F4 F4 F4 F4 F4

/* GGUF: names with their length, numbers and texts by key, vectors and matrices of 2 with their place. */
#define LEN(n) n "\0\0\0\0\0\0\0"
#define KEY(len, name, v) LEN(len) name "\4\0\0\0" v "\0\0\0"
#define VEC(len, name, at) LEN(len) name "\1\0\0\0" LEN("\2") "\0\0\0\0" LEN(at)
#define MAT(len, name, at) LEN(len) name "\2\0\0\0" LEN("\2") LEN("\2") "\0\0\0\0" LEN(at)
#define GGUF "GGUF\3\0\0\0" LEN("\13") LEN("\10") \
	LEN("\24") "general.architecture" "\10\0\0\0" LEN("\5") "llama" KEY("\24", "llama.context_length", "\2") \
	KEY("\26", "llama.embedding_length", "\2") KEY("\21", "llama.block_count", "\1") \
	KEY("\31", "llama.feed_forward_length", "\2") KEY("\32", "llama.attention.head_count", "\1") \
	LEN("\25") "tokenizer.ggml.tokens" "\11\0\0\0\10\0\0\0" LEN("\2") LEN("\1") "a" LEN("\1") "b" \
	LEN("\32") "tokenizer.huggingface.json" "\10\0\0\0" LEN("\2") "{}" \
	MAT("\21", "token_embd.weight", "\0") VEC("\26", "blk.0.attn_norm.weight", "\20") \
	MAT("\23", "blk.0.attn_q.weight", "\30") MAT("\23", "blk.0.attn_k.weight", "\50") \
	MAT("\23", "blk.0.attn_v.weight", "\70") MAT("\30", "blk.0.attn_output.weight", "\110") \
	VEC("\25", "blk.0.ffn_norm.weight", "\130") MAT("\25", "blk.0.ffn_gate.weight", "\140") \
	MAT("\23", "blk.0.ffn_up.weight", "\160") MAT("\25", "blk.0.ffn_down.weight", "\200") \
	VEC("\22", "output_norm.weight", "\220") F4 F4 F4 F4 F4 F4 F4 F4 F4 F4 F4 F4

/* C 2, F 1, L 1, H 1, KV 1, V 1, T 1, tied. */
#define SIZES "\2\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0"
#define Z "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define K Z Z Z Z Z Z Z Z Z Z Z Z Z Z Z Z
#define SEED(name, s) { name, s, sizeof(s) - 1 }
const struct fuzz_seed fuzz_seeds[] = {
	SEED("a Llama's configuration", "{\"model_type\":\"llama\",\"vocab_size\":64,\"hidden_size\":32,\"num_hidden_layers\":2,"
	     "\"num_attention_heads\":4,\"intermediate_size\":48,\"rope_scaling\":{\"rope_type\":\"llama3\",\"factor\":8,"
	     "\"original_max_position_embeddings\":64},\"eos_token_id\":[1,2]}"),
	SEED("GPT-2's", "{\"model_type\":\"gpt2\",\"vocab_size\":64,\"n_embd\":32,\"n_layer\":2,\"n_head\":4,\"n_inner\":null}"),
	SEED("a model", IMAGE),
	SEED("GGUF", GGUF),
	SEED("llm.c", "\xc6\xd7\x34\1\5\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\2\0\0\0"
	     K K K Z Z Z Z Z Z Z Z Z Z Z Z Z Z F4 F4 F4 F F F),
	SEED("llama2.c, legacy", SIZES F4 F4 F4 F4 F4 F4 F4 F4),
	SEED("llama2.c, int8", "\x32\x34\x6b\x61\2\0\0\0" SIZES "\1\1\0\0\0\0\0\0\0\0\0\0" Z Z Z Z Z Z Z Z Z Z Z Z Z
	     F4 F4 F4 F4 F4 F4 F4 F4 F4),
	{ 0 }
};

/* vocab - fuzz target: vocabulary files of every kind, encoding and decoding with what was read */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "vocab/chat/chat.h"
#include "vocab/table.h"
#include <stdlib.h>
#include <string.h>

static void
use(const struct vocab *v)
{
	static const char text[] = "ab abc  a\xff\xe6\x97\xa5<s>\n<|x|>e\xcc\x81 1234'S";
	static const struct vocab_opts opts[] = {
		{ NULL, SPECIAL_ALL, INVALID_RAW }, { NULL, SPECIAL_NONE, INVALID_REPLACE }, { NULL, SPECIAL_REFUSE, INVALID_RAW },
	};
	struct ids ids = { 0 };
	struct buf out = { 0 }, again = { 0 };
	struct vocab *w;
	struct err e;
	char crc[20];

	for (int i = 0; i < 3; i++) {
		struct encoder *en = encoder_new(v, opts + i);

		ids.n = 0;
		if (encode(en, text, sizeof text - 1, &ids, &e) == 0)
			decode_ids(v, ids.v, ids.n, i & 1, &out);
		encoder_free(en);
	}
	vocab_crc(v, crc);
	buf_clear(&out);
	vocab_json(v, &out);
	w = vocab_parse(out.p, out.n, "again", NULL, &e);
	if (w)
		vocab_json(w, &again);
	vocab_free(w);
	buf_free(&out), buf_free(&again);
	free(ids.v);
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct err e;
	struct vocab *v = vocab_parse(p, n, "fuzz", NULL, &e);
	const uint8_t *brace = n ? memchr(p, '}', n) : NULL;
	struct json j;
	struct chat c;

	if (brace) {            /* vocab.json, then merges.txt */
		size_t k = (size_t)(brace + 1 - p);
		struct vocab *w = pair_files((const char *)p, k, (const char *)brace + 1, n - k, NULL, &e);

		if (w)
			use(w);
		vocab_free(w);
	}
	if (!v)
		v = vocab_parse(p, n, "fuzz", "gpt2", &e);
	if (v)
		use(v);
	vocab_free(v);
	if (json_parse(&j, (const char *)p, n, &e) == 0) {
		chat_parse(&c, j, &e);
		chat_free(&c);
	}
	return 0;
}

#define SEED(name, s) { name, s, sizeof(s) - 1 }
#define LEVEL "\"pre_tokenizer\":{\"type\":\"ByteLevel\",\"add_prefix_space\":false,\"use_regex\":true},"
#define BLANK "\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Prepend\",\"prepend\":\"\xe2\x96\x81\"}," \
	"{\"type\":\"Replace\",\"pattern\":{\"String\":\" \"},\"content\":\"\xe2\x96\x81\"}]},"
const struct fuzz_seed fuzz_seeds[] = {
	SEED("byte level", "{" LEVEL "\"added_tokens\":[{\"id\":4,\"content\":\"<|x|>\",\"special\":true}],"
	     "\"model\":{\"type\":\"BPE\",\"vocab\":{\"a\":0,\"b\":1,\"ab\":2,\"\xc4\xa0\":3},\"merges\":[\"a b\"]}}"),
	SEED("pairs in lists", "{" LEVEL "\"normalizer\":{\"type\":\"NFC\"},\"model\":{\"ignore_merges\":true,"
	     "\"vocab\":{\"a\":0,\"b\":1,\"ab\":7},\"merges\":[[\"a\",\"b\"],[\"a\",\"b\"]]}}"),
	SEED("sentencepiece", "{" BLANK "\"model\":{\"type\":\"BPE\",\"unk_token\":\"<unk>\",\"byte_fallback\":true,"
	     "\"vocab\":{\"<unk>\":0,\"<0x61>\":1,\"\xe2\x96\x81\":2,\"b\":3,\"\xe2\x96\x81" "b\":4},\"merges\":[\"\xe2\x96\x81 b\"]}}"),
	SEED("a split of its own", "{\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Digits\",\"individual_digits\":true},"
	     "{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[a-z]+|\\\\s+(?!\\\\S)\"},\"behavior\":\"Isolated\"},"
	     "{\"type\":\"ByteLevel\",\"use_regex\":false}]},\"model\":{\"vocab\":{\"a\":0},\"merges\":[]}}"),
	SEED("sets, and added tokens", "{\"added_tokens\":[{\"id\":1,\"content\":\"b\",\"lstrip\":true,\"rstrip\":true},{\"id\":0,\"content\":\"a\"}],"
	     "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"Split\",\"pattern\":{\"Regex\":\"[a(|[-c]&&[^b]]|[^d[e-]\\\\h]\"},"
	     "\"behavior\":\"Removed\",\"invert\":true},{\"type\":\"ByteLevel\",\"use_regex\":false}]},\"model\":{\"vocab\":{\"a\":0,\"c\":2},\"merges\":[]}}"),
	SEED("Unigram that splits", "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[]},\"pre_tokenizer\":{\"type\":\"Metaspace\","
	     "\"replacement\":\"\xe2\x96\x81\"},\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",-1]]}}"),
	SEED("merge of nothing", "{" LEVEL "\"model\":{\"vocab\":{\"a\":0,\"b\":1},\"merges\":[\"a b\"]}}"),
	SEED("large id", "{" LEVEL "\"model\":{\"vocab\":{\"a\":16777215},\"merges\":[]}}"),
	SEED("unsupported", "{" LEVEL "\"model\":{\"type\":\"Unigram\",\"vocab\":[]}}"),
	SEED("tiktoken", "YQ== 0\nYg== 1\nYWI= 2\n"),
	SEED("tiktoken, a rank twice", "YQ== 0\nYg== 0\n"),
	SEED("tiktoken, no rank", "YQ==\n"),
	SEED("tiktoken, large rank", "YQ== 99999999999999999999\n"),
	SEED("llama2.c, cut", "\7\0\0\0\0\0\0\0\5\0\0\0<unk>\0\0\0\0\5\0\0\0\n<s>\n\0\0"),
	SEED("llama2.c, a length below 0", "\7\0\0\0\0\0\0\0\5\0\0\0<unk>\0\0\0\0\377\377\377\377"),
	SEED("chat", "{\"template\":\"chatml\",\"bos\":1,\"eos\":[2,3,3,4,5,6,7,8,9,10,11,12],\"system\":\"s\"}"),
	SEED("vocab.json and merges.txt", "{\"a\":0,\"b\":1,\"ab\":2,\"<|x|>\":4}\n#version: 0.2\na b\n"),
	SEED("GGUF", "GGUF\3\0\0\0\0\0\0\0\0\0\0\0\3\0\0\0\0\0\0\0"
	     "\24\0\0\0\0\0\0\0tokenizer.ggml.model\10\0\0\0\5\0\0\0\0\0\0\0llama"
	     "\25\0\0\0\0\0\0\0tokenizer.ggml.tokens\11\0\0\0\10\0\0\0\3\0\0\0\0\0\0\0"
	     "\1\0\0\0\0\0\0\0a\1\0\0\0\0\0\0\0b\2\0\0\0\0\0\0\0ab"
	     "\25\0\0\0\0\0\0\0tokenizer.ggml.scores\11\0\0\0\6\0\0\0\3\0\0\0\0\0\0\0\0\0\0\0\0\0\200\277\0\0\0\300"),
	SEED("SentencePiece, unigram", "\n\016\n\005<unk>\025\0\0\0\0\030\002\n\010\n\001a\025\0\0\200\277\n\012\n\003\xe2\x96\x81\025\0\0\200\277"
	     "\032\024\022\022\010\0\0\0\0\010\0\0\0\0\0\200ab\0cd\0"),
	SEED("SentencePiece, BPE", "\n\016\n\005<unk>\025\0\0\0\0\030\002\n\010\n\001a\025\0\0\0\0\n\010\n\001b\025\0\0\0\0\n\011\n\002ab\025\0\0\200\277"
	     "\022\002\030\002\032\002\040\0"),
	SEED("SentencePiece, cut", "\n\016\n\005<unk>\025\0\0\0\0\030\002\n\377"),
	SEED("Unigram", "{\"normalizer\":{\"type\":\"Sequence\",\"normalizers\":[{\"type\":\"Precompiled\",\"precompiled_charsmap\":"
	     "\"CAAAAAAIAAAAAACAYWIAY2QA\"},{\"type\":\"Strip\"}]},\"pre_tokenizer\":{\"type\":\"Metaspace\",\"replacement\":\"\xe2\x96\x81\","
	     "\"prepend_scheme\":\"first\",\"split\":false},\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",-1],"
	     "[\"\xe2\x96\x81\",-2]]}}"),
	SEED("empty", ""),
	{ NULL, NULL, 0 }
};

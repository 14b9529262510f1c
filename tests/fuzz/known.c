/* known - fuzz target: the image in a frame of dedup's index */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "text/same/known.h"
#include <stdlib.h>
#include <string.h>

static int
each(void *ctx, const char *id, size_t n, const struct traits *t, struct err *err)
{
	(void)err;
	*(uint64_t *)ctx += (uint64_t)id[n - 1] + t->keys[0] + t->keys[1] + t->text.a + t->shingles->n;
	return t->shingles->n > SKETCH ? abort(), -1 : 0;
}

static void
piece(void *ctx, struct hash128 h)
{
	*(uint64_t *)ctx += h.a + h.b;
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	void *aligned = aligned_alloc(64, (n / 64 + 1) * 64);    /* as the data of frames are */
	uint64_t sum = 0;

	memcpy(aligned, p, n);
	known_frame(aligned, n, 2, each, piece, &sum, NULL);
	free(aligned);
	return 0;
}

/* One document with two keys, a sketch of one shingle and the id 7, and a paragraph. */
#define HEAD "{\"hashes\":{\"dtype\":\"I64\",\"shape\":[4],\"data_offsets\":[0,32]},\"keys\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[32,48]}," \
	"\"parts\":{\"dtype\":\"I64\",\"shape\":[2],\"data_offsets\":[48,64]}," \
	"\"sketch\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[64,68]},\"sketch_n\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[68,72]}," \
	"\"id_n\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[72,76]},\"id\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[76,77]}}"
static const char one[] = "\xb8\x01\0\0\0\0\0\0" HEAD "                            "
	"12345678" "12345678" "12345678" "12345678" "abcdefgh" "abcdefgh" "12345678" "12345678" "1234" "\1\0\0\0" "\1\0\0\0" "7";

const struct fuzz_seed fuzz_seeds[] = {
	{ "one", one, sizeof one - 1 },
	{ "nothing", "\0\0\0\0\0\0\0\0", 8 },
	{ NULL, NULL, 0 }
};

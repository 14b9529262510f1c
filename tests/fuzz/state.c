/* state - fuzz target: the state of a run, as an image in memory */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "learn/state.h"

const struct fuzz_seed fuzz_seeds[] = {
	{ "empty", "", 0 },
	{ "no header", "\x02\0\0\0\0\0\0\0{}", 10 },
	{ "texts alone", "\x37\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"pipelm.state 1\",\"step\":\"7\"}}", 8 + 0x37 },
	{ "an array", "\x74\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"pipelm.state 1\",\"step\":\"x\"},"
	    "\"w.a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]}}    12345678", 8 + 0x74 + 8 },
	{ "cut", "\x7a\0\0\0\0\0\0\0{\"__metadata__\":{\"format\":\"pipelm.state 1\"", 45 },
	{ 0 }
};

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	float a[2] = { 0 }, b[3] = { 0 };
	struct state s = { 0 };
	struct err e;

	state_array(&s, "w.a", a, 2, (const uint64_t[]){ 1, 2 }, 0);
	state_array(&s, "best.a", b, 1, (const uint64_t[]){ 3 }, 1);
	if (state_parse(&s, p, n, &e) == 0) {
		(void)state_int(&s, "step", -1);
		(void)state_num(&s, "best_loss", 0);
		(void)state_found(&s, "best");
	}
	state_free(&s);
	return 0;
}

/* fuzz - what a target gives: the function that a fuzzer calls, and small seeds that `make check` runs */
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

struct fuzz_seed {
	const char *name, *bytes;
	size_t      n;          /* 0: bytes is a C string */
};
extern const struct fuzz_seed fuzz_seeds[];     /* ends in one without a name */
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

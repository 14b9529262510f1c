/* tap - just enough TAP for tests in C */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
static int tap_n;
#define OK(cond, ...) do { int ok_ = !!(cond); tap_n++; \
	printf("%sok %d - ", ok_ ? "" : "not ", tap_n); printf(__VA_ARGS__); putchar('\n'); } while (0)
#define DONE() (printf("1..%d\n", tap_n), 0)

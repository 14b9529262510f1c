/* clock - seconds that only go forward */
#ifndef LM_CLOCK_H
#define LM_CLOCK_H
/* SPDX-License-Identifier: MIT */
#include <time.h>

/* From some fixed moment: only differences mean something. */
static inline double
clock_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
#endif

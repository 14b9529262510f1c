/* window - a long document in windows: each token is predicted once, with what context fits */
/* SPDX-License-Identifier: MIT */
#include "score/window.h"

int
window_next(struct window *w, size_t n, size_t L, size_t stride)
{
	size_t from = w->to ? w->to : 1, most = w->to ? stride : L, to = n - from < most ? n : from + most;

	if (n < 2 || from >= n)
		return 0;
	w->from = from;
	w->to = to;
	w->first = to - 1 > L ? to - 1 - L : 0;
	w->len = to - 1 - w->first;
	return 1;
}

/* netattn - what attention looked at: its probabilities, which nothing else keeps */
/* SPDX-License-Identifier: MIT */
#include "model/net/net_int.h"
#include <math.h>
#include <string.h>

void
net_attn(const struct net *n, int l, int h, float *p)
{
	struct attn a = net_attention(n, l);
	size_t T = (size_t)a.T, D = (size_t)a.D, kv = (size_t)(h / (a.H / a.KV));

	memset(p, 0, T * T * sizeof *p);
	for (size_t t = 0; t < T; t++) {
		const float *q = a.q + t * a.ld + (size_t)h * D;
		size_t first = a.start ? a.start[t] : 0;
		double sum = 0, top = -INFINITY;
		float *row = p + t * T;
		if (a.window && t + 1 > first + (size_t)a.window)
			first = t + 1 - (size_t)a.window;
		for (size_t s = first; s <= t; s++) {
			const float *k = a.k + s * a.ld + kv * D;
			double dot = 0;
			for (size_t i = 0; i < D; i++)
				dot += (double)q[i] * (double)k[i];
			row[s] = (float)(dot * (double)a.scale);
			top = row[s] > top ? (double)row[s] : top;
		}
		for (size_t s = first; s <= t; s++)
			sum += exp((double)row[s] - top);
		for (size_t s = first; s <= t; s++)
			row[s] = (float)(exp((double)row[s] - top) / sum);
	}
}

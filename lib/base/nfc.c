/* nfc - normalization form C (UAX #15) */
/* SPDX-License-Identifier: MIT */
#include "base/nfc.h"
#include "base/nfc_tab.h"
#include "base/utf8.h"
#include <stdlib.h>
#include <string.h>

#define COUNT(a) (sizeof (a) / sizeof *(a))

/* The last of n ascending runs that begins at or before c << shift, without its low bits' meaning; 0: none. */
static uint32_t
run_of(const uint32_t *run, size_t n, uint32_t c, int shift)
{
	size_t lo = 0, hi = n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (run[mid] >> shift <= c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? run[lo - 1] : 0;
}

static int
combining(uint32_t c)
{
	return (int)(run_of(nfc_ccc, COUNT(nfc_ccc), c, 8) & 255);
}

static int
active(uint32_t c)
{
	return c >= 0x300 && c != UTF8_BAD && (run_of(nfc_active, COUNT(nfc_active), c, 1) & 1);
}

static const uint32_t *
decomposition(uint32_t c)
{
	size_t lo = 0, hi = COUNT(nfc_pairs);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (nfc_pairs[mid][0] == c)
			return nfc_pairs[mid];
		if (nfc_pairs[mid][0] < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

enum { S_BASE = 0xac00, L_BASE = 0x1100, V_BASE = 0x1161, T_BASE = 0x11a7, L_COUNT = 19, V_COUNT = 21, T_COUNT = 28 };

uint32_t
nfc_compose(uint32_t a, uint32_t b)
{
	if (a - L_BASE < L_COUNT && b - V_BASE < V_COUNT)
		return S_BASE + ((a - L_BASE) * V_COUNT + (b - V_BASE)) * T_COUNT;
	if (a - S_BASE < L_COUNT * V_COUNT * T_COUNT && (a - S_BASE) % T_COUNT == 0 && b > T_BASE && b < T_BASE + T_COUNT)
		return a + (b - T_BASE);
	for (size_t lo = 0, hi = COUNT(nfc_parts); lo < hi; ) {
		size_t mid = (lo + hi) / 2;
		const uint32_t *p = nfc_pairs[nfc_parts[mid]];

		if (p[1] == a && p[2] == b)
			return p[0];
		if (p[1] < a || (p[1] == a && p[2] < b))
			lo = mid + 1;
		else
			hi = mid;
	}
	return 0;
}

struct run {
	uint32_t *c;
	size_t n, cap;
};

static void
decompose(struct run *r, uint32_t c)
{
	const uint32_t *d;
	uint32_t s = c - S_BASE;

	if (s < L_COUNT * V_COUNT * T_COUNT) {
		VEC_PUSH(r->c, r->n, r->cap, L_BASE + s / (V_COUNT * T_COUNT));
		VEC_PUSH(r->c, r->n, r->cap, V_BASE + s % (V_COUNT * T_COUNT) / T_COUNT);
		if (s % T_COUNT)
			VEC_PUSH(r->c, r->n, r->cap, T_BASE + s % T_COUNT);
	} else if ((d = decomposition(c))) {    /* the table is finite and acyclic: at most four levels */
		decompose(r, d[1]);
		if (d[2])
			VEC_PUSH(r->c, r->n, r->cap, d[2]);
	} else {
		VEC_PUSH(r->c, r->n, r->cap, c);
	}
}

/* Marks in canonical order: a stable merge sort by class within each run of non-starters, so that a
 * long run of them costs n log n. */
static void
order(uint32_t *c, size_t n, struct run *tmp)
{
	if (n < 2)
		return;
	order(c, n / 2, tmp);
	order(c + n / 2, n - n / 2, tmp);
	tmp->n = 0;
	for (size_t i = 0, j = n / 2; i < n / 2 || j < n; ) {
		if (j == n || (i < n / 2 && combining(c[i]) <= combining(c[j])))
			VEC_PUSH(tmp->c, tmp->n, tmp->cap, c[i++]);
		else
			VEC_PUSH(tmp->c, tmp->n, tmp->cap, c[j++]);
	}
	memcpy(c, tmp->c, n * sizeof *c);
}

/* UAX #15, canonical composition, in place. */
static void
recompose(struct run *r)
{
	size_t starter = SIZE_MAX, out = 0;
	int last = 0;                   /* class of the last one kept after the starter; 0: none between */
	uint32_t made;

	for (size_t i = 0; i < r->n; i++) {
		uint32_t c = r->c[i];
		int k = combining(c), adjacent = starter != SIZE_MAX && out == starter + 1;

		if (starter != SIZE_MAX && (adjacent || last < k) &&
		    (made = nfc_compose(r->c[starter], c))) {
			r->c[starter] = made;
			continue;
		}
		if (!k)
			starter = out;
		last = k;
		r->c[out++] = c;
	}
	r->n = out;
}

static void
flush(struct run *r, struct run *tmp, struct buf *out)
{
	char u[4];

	for (size_t i = 0; i < r->n; ) {
		size_t j = i;

		while (j < r->n && combining(r->c[j]))
			j++;
		order(r->c + i, j - i, tmp);
		i = j > i ? j : i + 1;
	}
	recompose(r);
	for (size_t i = 0; i < r->n; i++)
		buf_add(out, u, utf8_put(u, r->c[i]));
	r->n = 0;
}

int
nfc(const char *text, size_t n, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)text, *e = p + n, *done = p, *starter = p, *q;
	struct run r = {0}, tmp = {0};
	uint32_t c, len;

	for (q = p; q < e; q += len) {
		if (*q < 0xcc) {                /* below U+0300 nothing changes what is before it */
			starter = q;
			len = *q < 0x80 || *q < 0xc2 || q + 1 == e || q[1] >> 6 != 2 ? 1 : 2;
			continue;
		}
		c = utf8_next(q, e, &len);
		if (!active(c)) {
			starter = q;
			continue;
		}
		/* From the starter before it to the next one that nothing changes. */
		buf_add(out, done, (size_t)(starter - done));
		for (q = starter; q < e; q += len) {
			c = utf8_next(q, e, &len);
			if (q > starter && !active(c))
				break;
			if (c == UTF8_BAD)
				break;
			decompose(&r, c);
		}
		if (q == starter) {             /* it is no character: what is active stands by itself */
			buf_add(out, q, len);
			for (q += len; q < e; q += len) {
				c = utf8_next(q, e, &len);
				if (!active(c))
					break;
				decompose(&r, c);
			}
		}
		flush(&r, &tmp, out);
		done = starter = q;
		len = 0;
	}
	free(r.c);
	free(tmp.c);
	if (done == p)
		return 0;
	buf_add(out, done, (size_t)(e - done));
	return 1;
}

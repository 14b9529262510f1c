/* ucd - character classes */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "vocab/ucd.h"
#include "vocab/ucd_tab.h"
#include <string.h>

#define COUNT(a) (sizeof (a) / sizeof *(a))

unsigned char *
ucd_classes(void)
{
	unsigned char *cls = xmalloc(0x110001);
	size_t n = COUNT(ucd_runs);

	for (size_t i = 0; i < n; i++) {
		uint32_t from = ucd_runs[i] >> 3, to = i + 1 < n ? ucd_runs[i + 1] >> 3 : 0x110000;

		memset(cls + from, (int)(ucd_runs[i] & 7), to - from);
	}
	cls[0x110000] = UCD_OTHER;
	return cls;
}

int
ucd_space(uint32_t c)
{
	size_t lo = 0, hi = COUNT(ucd_runs);

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (ucd_runs[mid] >> 3 <= c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return (ucd_runs[lo - 1] & 7) == UCD_SPACE;     /* the first run begins at 0 */
}

uint32_t
ucd_like(uint32_t c)
{
	size_t lo = 0, hi = COUNT(ucd_newer);

	if (c < ucd_newer[0][0] || (c >= 0x3400 && c < 0x9ff0) || (c >= 0xac00 && c < 0xd7a4))       /* Han and Hangul by the million */
		return c;
	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (ucd_newer[mid][1] < c)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < COUNT(ucd_newer) && ucd_newer[lo][0] <= c ? ucd_newer[lo][2] : c;
}

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

/* tasktext - texts of tasks put right, as lm-eval does it */
/* SPDX-License-Identifier: MIT */
#include "base/utf8.h"
#include "score/task/task.h"
#include "text/uni.h"
#include <stdlib.h>
#include <string.h>

char *
task_strip(const char *s)
{
	size_t n = strlen(s);

	uni_strip(&s, &n);
	return xstrndup(s, n);
}

char *
task_replace(char *s, const char *old, const char *new)
{
	struct buf out = { 0 };
	char *p = s, *hit;

	buf_str(&out, "");
	for (; (hit = strstr(p, old)); p = hit + strlen(old)) {
		buf_add(&out, p, (size_t)(hit - p));
		buf_str(&out, new);
	}
	buf_str(&out, p);
	free(s);
	return out.p;
}

/* Strips, " [title]" to ". ", drops what is in brackets on one line, then two blanks to one. */
char *
task_clean(char *text)
{
	char *s = task_replace(task_strip(text), " [title]", ". ");
	struct buf out = { 0 };

	free(text);
	buf_str(&out, "");
	for (char *p = s; *p; p++) {
		size_t n = *p == '[' ? strcspn(p, "]\n") : 0;
		if (n && p[n] == ']')
			p += n;
		else
			buf_char(&out, *p);
	}
	free(s);
	return task_replace(out.p, "  ", " ");
}

/* As str.capitalize: the first character large (here: if it is ASCII), all others small. */
char *
task_capital(const char *s)
{
	struct buf out = { 0 };
	size_t n = strlen(s), len;
	char c[4];

	buf_str(&out, "");
	for (size_t i = 0; i < n; i += len) {
		uint32_t u = uni_decode(s + i, n - i, &len);
		if (i || u >= 128)
			buf_add(&out, c, utf8_put(c, i ? uni_lower(u) : u));
		else
			buf_char(&out, *s >= 'a' && *s <= 'z' ? *s - 32 : *s);
	}
	return out.p;
}

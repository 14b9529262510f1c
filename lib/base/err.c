/* err - how the library reports a failure */
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
say(struct err *e, int code, const char *fmt, va_list ap)
{
	size_t n;

	if (!e)
		return;
	vsnprintf(e->text, sizeof e->text, fmt, ap);
	n = strlen(e->text);
	if (code)
		snprintf(e->text + n, sizeof e->text - n, ": %s", strerror(code));
}

int
err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(e, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_sys(struct err *e, const char *fmt, ...)
{
	int code = errno;
	va_list ap;

	va_start(ap, fmt);
	say(e, code, fmt, ap);
	va_end(ap);
	return -1;
}

int
err_in(struct err *e, const char *where)
{
	size_t n = strlen(where), old = strlen(e ? e->text : "");

	if (!e)
		return -1;
	if (n > sizeof e->text / 2)
		n = sizeof e->text / 2;
	if (old > sizeof e->text - n - 3)
		old = sizeof e->text - n - 3;
	memmove(e->text + n + 2, e->text, old);
	memcpy(e->text, where, n);
	memcpy(e->text + n, ": ", 2);
	e->text[n + 2 + old] = 0;
	return -1;
}

int
err_at(struct err *e, const char *fmt, ...)
{
	char where[sizeof e->text];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(where, sizeof where, fmt, ap);
	va_end(ap);
	return err_in(e, where);
}

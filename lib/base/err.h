/* err - how the library reports a failure: it never prints and never exits */
#ifndef LM_ERR_H
#define LM_ERR_H
/* SPDX-License-Identifier: MIT */

#if defined __GNUC__
#define LM_PRINTF(a, b) __attribute__((format(printf, a, b)))
#else
#define LM_PRINTF(a, b)
#endif

/* What went wrong, for a person: "file: what (record n, byte b)".  The caller owns it; a function
 * that takes one fills it only when it fails, and NULL is allowed where the reason is not wanted. */
struct err {
	char text[512];
};

int err_set(struct err *, const char *fmt, ...) LM_PRINTF(2, 3);     /* always returns -1 */
int err_sys(struct err *, const char *fmt, ...) LM_PRINTF(2, 3);     /* the same, and adds strerror(errno) */
int err_in(struct err *, const char *where);     /* puts "where: " in front of the text; returns -1 */
int err_at(struct err *, const char *fmt, ...) LM_PRINTF(2, 3);      /* the same, of a place that is printed */
#endif

/* list - names with commas between, and where in a table a name is */
#ifndef LM_LIST_H
#define LM_LIST_H
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

/* The next of "a,b,c", its n bytes without a NUL; *list goes on.  0 at the end. */
static inline int
list_next(const char **list, const char **name, size_t *n)
{
	if (!**list)
		return 0;
	*name = *list;
	*n = strcspn(*list, ",");
	*list += *n + ((*list)[*n] == ',');
	return 1;
}

/* The first of `count` rows, each of `size` bytes and with a const char * in front, that has this name; -1: none. */
static inline int
list_row(const void *rows, size_t count, size_t size, const char *name, size_t n)
{
	const char *row = rows, *s;

	for (size_t i = 0; i < count; i++, row += size) {
		memcpy(&s, row, sizeof s);
		if (!strncmp(s, name, n) && !s[n])
			return (int)i;
	}
	return -1;
}
#define ROW_OF(table, name, n) list_row(table, sizeof (table) / sizeof *(table), sizeof *(table), name, n)
#endif

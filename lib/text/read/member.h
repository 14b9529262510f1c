/* member - what the name of a file within an archive promises */
#ifndef LM_MEMBER_H
#define LM_MEMBER_H
/* SPDX-License-Identifier: MIT */

enum member { MEMBER_OTHER, MEMBER_PAGE, MEMBER_TEXT, MEMBER_TEX, MEMBER_CODE, MEMBER_ARCHIVE, MEMBER_PACKED };

/* PACKED: one of the others with a compression around it, or what only a look inside can tell ("2301.00001.gz").
 * code: source code is wanted, and text of every kind counts as such.  Pure. */
enum member member_of(const char *name, int code);
/* What is inside of a PACKED file of this name; PACKED: only its bytes can tell. */
enum member member_inside(const char *name, int code);
/* "c", "py" ... of source code, lower case without the dot, or NULL.  The name is good as long as the program runs. */
const char *member_language(const char *name);
#endif

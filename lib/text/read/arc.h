/* arc - the heads of records of ARC files, the form of web archives before WARC */
#ifndef LM_ARC_H
#define LM_ARC_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stddef.h>

#define ARC_LINE 4096           /* bytes of a head at most */

/* Bytes of the head at s with its newline, "URL IP date type length" or, in version 2, "URL IP date type status checksum
 * location offset file length"; 0: there is none.  The same as fields of a WARC head to *head (emptied), if not NULL.  Pure. */
size_t arc_head(const char *s, size_t n, struct buf *head);
#endif

/* cdx - where each page is: lines as in a CDXJ index of a web archive */
#ifndef LM_CDX_H
#define LM_CDX_H
/* SPDX-License-Identifier: MIT */
#include "text/read/source.h"

/* Appends "org,example)/path 20240102030405 {"url":...,"filename":...,"offset":...}" and a newline; nothing for a page
 * that has no offset.  Pure. */
void cdx_line(const struct page *, struct buf *out);
#endif

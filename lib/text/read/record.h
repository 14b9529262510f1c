/* record - a record of a web archive as a page */
#ifndef LM_RECORD_H
#define LM_RECORD_H
/* SPDX-License-Identifier: MIT */
#include "text/read/source.h"
#include "text/read/warc.h"

/* Fills an emptied page.  One that is none has a reason.  Pure. */
void page_of_record(struct page *, const struct warc_record *);
#endif

/* spool - bytes put aside in a temporary file that has no name: gone however the program ends */
#ifndef LM_SPOOL_H
#define LM_SPOOL_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include <stddef.h>
#include <stdint.h>

struct spool;

/* In $TMPDIR, else /tmp.  NULL with the reason. */
struct spool *spool_new(struct err *);
/* Appends; the place where it begins is what spool_size said before. */
int           spool_put(struct spool *, const void *, size_t n, struct err *);
uint64_t      spool_size(const struct spool *);
/* n bytes from `at`, which were put before; any number of threads may read once nothing is put any more
 * and spool_flush was called. */
int           spool_get(const struct spool *, uint64_t at, void *, size_t n, struct err *);
int           spool_flush(struct spool *, struct err *);
void          spool_free(struct spool *);

/* n bytes of memory that is a temporary file's: the system writes it out where it needs room.  NULL with the reason. */
void *spool_map(size_t n, struct err *);
void  spool_rest(void *, size_t n);             /* not needed for now: no memory until it is looked at again */
void  spool_unmap(void *, size_t n);

/* The same for what grows, or plain memory; all zero but for `disk` is none. */
struct spool_area {
	void  *p;               /* moves when it grows */
	size_t n;
	int    disk, fd;
};
int  spool_area_need(struct spool_area *, size_t n, struct err *);     /* n bytes at least; -1: the disk is full, p is NULL */
void spool_area_free(struct spool_area *);      /* none again */
#endif

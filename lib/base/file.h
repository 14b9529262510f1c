/* file - whole files in, whole files out */
#ifndef LM_FILE_H
#define LM_FILE_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

/* A file's bytes: mapped read-only where it can be, read where it cannot ("-" and pipes). */
struct file_map {
	const unsigned char *p;
	size_t n;
	int    mapped;
};
int  file_map(struct file_map *, const char *path, struct err *);       /* 0, or -1 with the reason */
void file_unmap(struct file_map *);

/* A file that appears under its name whole or not at all: written beside it, renamed by commit.
 * "-" is standard output (refused on a terminal when binary). */
struct file_out;
struct file_out *file_create(const char *path, int binary, struct err *);      /* NULL on failure */
int              file_check(const char *path, int binary, struct err *);       /* whether file_create would go; pipes, devices: 0 */
FILE            *file_stream(struct file_out *);                               /* to write with; not to be closed */
int              file_commit(struct file_out *, struct err *);                 /* flush, fsync, rename; frees it */
void             file_abort(struct file_out *);                                /* leaves nothing; frees it */
int              file_write(const char *path, int binary, const void *, size_t n, struct err *);       /* all of these, of n bytes */

/* All bytes or an error; interrupted and short transfers go on. */
int     fd_write(int fd, const void *, size_t, const char *name, struct err *);
ssize_t fd_read(int fd, void *, size_t, const char *name, struct err *);       /* fewer only at the end of input */

char    *file_stem(const char *path);   /* the name without folders and what follows its last dot; to be freed */
char    *file_within(const char *dir, const char *name);                       /* "DIR/NAME", to be freed */
int      file_has(const char *dir, const char *name);                          /* whether that is there */
int      file_map_in(struct file_map *, const char *dir, const char *name, struct err *);
/* Of a file's bytes; of a folder's, those of the files that a model is made of, by name; 0 of "-": what a stream holds says itself
 * where it came from.  0 or -1. */
int      file_crc32c(const char *path, uint32_t *crc, struct err *);
#endif

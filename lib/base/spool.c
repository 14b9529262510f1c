/* spool - bytes put aside in a temporary file that has no name */
/* SPDX-License-Identifier: MIT */
#include "base/spool.h"
#include "base/file.h"
#include "base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CHUNK = 1 << 18 };

struct spool {
	int      fd;
	uint64_t written;       /* bytes in the file; those after it wait in buf */
	size_t   n;
	char     buf[CHUNK];
};

static int
open_nameless(struct err *err)
{
	const char *dir = getenv("TMPDIR");
	struct buf path = { 0 };
	int fd;

	buf_printf(&path, "%s/pipelm.XXXXXX", dir && *dir ? dir : "/tmp");
	fd = mkstemp(path.p);
	if (fd < 0)
		err_sys(err, "%s: a temporary file", path.p);
	else
		unlink(path.p);
	buf_free(&path);
	return fd;
}

struct spool *
spool_new(struct err *err)
{
	int fd = open_nameless(err);
	struct spool *s;

	if (fd < 0)
		return NULL;
	s = xmalloc(sizeof *s);
	s->fd = fd;
	s->written = s->n = 0;
	return s;
}

int
spool_flush(struct spool *s, struct err *err)
{
	if (s->n && fd_write(s->fd, s->buf, s->n, "temporary file", err))
		return -1;
	s->written += s->n;
	s->n = 0;
	return 0;
}

int
spool_put(struct spool *s, const void *p, size_t n, struct err *err)
{
	if (n > CHUNK - s->n && spool_flush(s, err))
		return -1;
	if (n > CHUNK) {
		if (fd_write(s->fd, p, n, "temporary file", err))
			return -1;
		s->written += n;
		return 0;
	}
	if (n)
		memcpy(s->buf + s->n, p, n);
	s->n += n;
	return 0;
}

uint64_t
spool_size(const struct spool *s)
{
	return s->written + s->n;
}

int
spool_get(const struct spool *s, uint64_t at, void *to, size_t n, struct err *err)
{
	char *p = to;

	if (at > spool_size(s) || n > spool_size(s) - at)
		return err_set(err, "temporary file: byte %llu was never written", (unsigned long long)at);
	while (n && at < s->written) {
		size_t want = n < s->written - at ? n : s->written - at;
		ssize_t got = pread(s->fd, p, want, (off_t)at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got ? err_sys(err, "temporary file: reading") : err_set(err, "temporary file: shorter than what was written");
		p += got, at += (uint64_t)got, n -= (size_t)got;
	}
	if (n)
		memcpy(p, s->buf + (at - s->written), n);
	return 0;
}

void
spool_free(struct spool *s)
{
	if (!s)
		return;
	close(s->fd);
	free(s);
}

/* Of a file that grows to n bytes; MAP_FAILED with errno. */
static void *
map_more(int fd, size_t was, size_t n)
{
	errno = posix_fallocate(fd, (off_t)was, (off_t)(n - was));      /* a full disk is found out now, not by a signal later */
	return errno ? MAP_FAILED : mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

void *
spool_map(size_t n, struct err *err)
{
	int fd = open_nameless(err);
	void *p;

	if (fd < 0)
		return NULL;
	if ((p = map_more(fd, 0, n)) == MAP_FAILED)
		err_sys(err, "temporary file of %zu bytes", n);
	close(fd);
	return p == MAP_FAILED ? NULL : p;
}

void spool_rest(void *p, size_t n) { madvise(p, n, MADV_DONTNEED); }
void spool_unmap(void *p, size_t n) { munmap(p, n); }

int
spool_area_need(struct spool_area *a, size_t n, struct err *err)
{
	size_t bytes = a->n ? a->n : 1 << 16;

	if (n <= a->n)
		return 0;
	while (bytes < n)
		bytes *= 2;
	if (!a->disk) {
		a->p = xrealloc(a->p, bytes);
		a->n = bytes;
		return 0;
	}
	if (!a->n && (a->fd = open_nameless(err)) < 0)
		return -1;
	if (a->p)
		munmap(a->p, a->n);
	a->p = map_more(a->fd, a->n, bytes);
	a->n = bytes;
	if (a->p != MAP_FAILED)
		return 0;
	a->p = NULL;
	return err_sys(err, "temporary file of %zu bytes", bytes);
}

void
spool_area_free(struct spool_area *a)
{
	if (!a->disk)
		free(a->p);
	else if (a->p)
		munmap(a->p, a->n);
	if (a->disk && a->n)
		close(a->fd);
	*a = (struct spool_area){ .disk = a->disk };
}

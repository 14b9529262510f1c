/* file - whole files in, whole files out */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "base/file.h"
#include "base/cli.h"
#include "base/crc32c.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

int
fd_write(int fd, const void *buf, size_t n, const char *name, struct err *e)
{
	const char *p = buf;

	while (n) {
		ssize_t r = write(fd, p, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, "%s", name);
		p += r, n -= (size_t)r;
	}
	return 0;
}

ssize_t
fd_read(int fd, void *buf, size_t n, const char *name, struct err *e)
{
	char *p = buf;
	size_t left = n;

	while (left) {
		ssize_t r = read(fd, p, left);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return err_sys(e, "%s", name);
		if (r == 0)
			break;
		p += r, left -= (size_t)r;
	}
	return (ssize_t)(n - left);
}

static int
read_whole(struct file_map *m, int fd, const char *name, struct err *e)
{
	struct buf b = { 0 };
	ssize_t r;

	do {
		buf_need(&b, (size_t)1 << 20);
		if ((r = fd_read(fd, b.p + b.n, (size_t)1 << 20, name, e)) < 0) {
			buf_free(&b);
			return -1;
		}
		b.n += (size_t)r;
	} while (r > 0);
	*m = (struct file_map){ .p = (unsigned char *)b.p, .n = b.n };
	return 0;
}

int
file_map(struct file_map *m, const char *path, struct err *e)
{
	int fd = strcmp(path, "-") == 0 ? dup(0) : open(path, O_RDONLY | O_CLOEXEC), result;
	const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
	struct stat st;
	void *p;

	if (fd < 0 || fstat(fd, &st) < 0) {
		err_sys(e, "%s", name);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (S_ISREG(st.st_mode) && st.st_size > 0 && lseek(fd, 0, SEEK_CUR) == 0 &&
	    (p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) != MAP_FAILED) {
		*m = (struct file_map){ .p = p, .n = (size_t)st.st_size, .mapped = 1 };
		result = 0;
	} else
		result = read_whole(m, fd, name, e);
	close(fd);
	return result;
}

void
file_unmap(struct file_map *m)
{
	if (m->mapped)
		munmap((void *)(uintptr_t)m->p, m->n);
	else
		free((void *)(uintptr_t)m->p);
	*m = (struct file_map){ 0 };
}

struct file_out {
	FILE *f;
	char *name, *tmp;       /* tmp NULL: standard output */
};

/* What is there and no regular file (a device, a pipe) is written to as it is, never renamed over. */
static int
is_special(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && !S_ISREG(st.st_mode);
}

/* A descriptor of this process by its path: what it stands for may be a file, which another writes to as well, or none any more. */
static int
own_fd(const char *path)
{
	int fd = -1;
	char more;

	if (strcmp(path, "/dev/stdout") == 0)
		return 1;
	if (strcmp(path, "/dev/stderr") == 0)
		return 2;
	return sscanf(path, "/dev/fd/%d%c", &fd, &more) == 1 || sscanf(path, "/proc/self/fd/%d%c", &fd, &more) == 1 ? fd : -1;
}

struct file_out *
file_create(const char *path, int binary, struct err *e)
{
	int to_stdout = strcmp(path, "-") == 0, own = own_fd(path), fd = -1;
	struct file_out o = { 0 };
	struct buf tmp = { 0 };
	char *real;

	if (to_stdout && binary && cli_on_terminal(1)) {
		err_set(e, "will not write binary data to a terminal: use -o FILE");
		return NULL;
	}
	if (to_stdout || own >= 0 || is_special(path)) {
		o.f = to_stdout ? stdout : own < 0 ? fopen(path, "wb") : (fd = dup(own)) < 0 ? NULL : fdopen(fd, "wb");
		real = NULL;
	} else {
		real = realpath(path, NULL);            /* a symbolic link stays one */
		buf_printf(&tmp, "%s.XXXXXX", real ? real : path);
		o.f = (fd = mkstemp(tmp.p)) < 0 ? NULL : fdopen(fd, "wb");
	}
	if (!o.f) {
		err_sys(e, "%s", path);
		if (fd >= 0)
			close(fd);
		if (fd >= 0 && tmp.p)
			unlink(tmp.p);
		buf_free(&tmp);
		free(real);
		return NULL;
	}
	o.name = real ? real : xstrdup(to_stdout ? "standard output" : path);
	if ((o.tmp = tmp.p))
		cli_cleanup(o.tmp);
	return memcpy(xmalloc(sizeof o), &o, sizeof o);
}

FILE *file_stream(struct file_out *o) { return o->f; }

static void
out_free(struct file_out *o)
{
	if (o->tmp)
		cli_keep(o->tmp);
	free(o->tmp), free(o->name), free(o);
}

void
file_abort(struct file_out *o)
{
	if (!o->tmp && o->f != stdout)
		fclose(o->f);
	if (o->tmp) {
		fclose(o->f);
		unlink(o->tmp);
	}
	out_free(o);
}

int
file_check(const char *path, int binary, struct err *e)
{
	struct stat st;
	struct file_out *o;

	if (strcmp(path, "-") && !stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return 0;
	if (!(o = file_create(path, binary, e)))
		return -1;
	file_abort(o);
	return 0;
}

/* mkstemp makes private files; a result is as readable as any other new file. */
static int
give_mode(int fd)
{
	mode_t mask = umask(0);

	umask(mask);
	return fchmod(fd, 0666 & ~mask);
}

int
file_commit(struct file_out *o, struct err *e)
{
	int bad = fflush(o->f) != 0 || ferror(o->f);

	if (!o->tmp && o->f != stdout) {        /* a device or a pipe */
		bad |= fclose(o->f) != 0;
		o->f = stdout;
	}
	if (o->tmp && !bad)
		bad = give_mode(fileno(o->f)) < 0 || fsync(fileno(o->f)) < 0;
	if (bad) {
		err_sys(e, "%s", o->name);
		file_abort(o);
		return -1;
	}
	if (o->tmp && (fclose(o->f) != 0 || rename(o->tmp, o->name) < 0)) {
		err_sys(e, "%s", o->name);
		unlink(o->tmp);
		out_free(o);
		return -1;
	}
	out_free(o);
	return 0;
}

int
file_write(const char *path, int binary, const void *bytes, size_t n, struct err *e)
{
	struct file_out *o = file_create(path, binary, e);

	if (!o)
		return -1;
	if (n && fwrite(bytes, 1, n, o->f) != n) {
		err_sys(e, "%s", o->name);
		file_abort(o);
		return -1;
	}
	return file_commit(o, e);
}

/* What a model folder is made of. */
static int
model_part(const struct dirent *d)
{
	size_t n = strlen(d->d_name);

	return !strcmp(d->d_name, "config.json") || !strcmp(d->d_name, "tokenizer.json") ||
	    (n > 12 && !strcmp(d->d_name + n - 12, ".safetensors"));
}

static int
folder_crc(const char *path, uint32_t *crc, struct err *e)
{
	struct dirent **part;
	struct file_map m;
	int n = scandir(path, &part, model_part, alphasort), bad = 0;

	if (n < 0)
		return err_sys(e, "%s", path);
	for (int i = 0; i < n; i++) {
		if (!bad && !(bad = file_map_in(&m, path, part[i]->d_name, e))) {
			*crc = crc32c(*crc, m.p, m.n);
			file_unmap(&m);
		}
		free(part[i]);
	}
	free(part);
	return bad;
}

int
file_crc32c(const char *path, uint32_t *crc, struct err *e)
{
	struct file_map m;
	struct stat st;

	*crc = 0;
	if (strcmp(path, "-") == 0)
		return 0;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return folder_crc(path, crc, e);
	if (file_map(&m, path, e) < 0)
		return -1;
	*crc = crc32c(0, m.p, m.n);
	file_unmap(&m);
	return 0;
}

char *
file_within(const char *dir, const char *name)
{
	struct buf b = { 0 };
	size_t n = strlen(dir);

	buf_printf(&b, "%s%s%s", dir, n && dir[n - 1] == '/' ? "" : "/", name);
	return b.p;
}

int
file_has(const char *dir, const char *name)
{
	char *path = file_within(dir, name);
	int has = !access(path, F_OK);

	free(path);
	return has;
}

int
file_map_in(struct file_map *m, const char *dir, const char *name, struct err *e)
{
	char *path = file_within(dir, name);
	int bad = file_map(m, path, e);

	free(path);
	return bad;
}

char *
file_stem(const char *path)
{
	const char *from = strrchr(path, '/'), *dot;

	from = from && from[1] ? from + 1 : path;
	dot = strrchr(from, '.');
	return dot && dot > from ? xstrndup(from, (size_t)(dot - from)) : xstrdup(from);
}

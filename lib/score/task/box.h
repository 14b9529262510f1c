/* box - a command that is not trusted, shut in: namespaces, Landlock, seccomp, limits; Linux alone has them */
#ifndef LM_BOX_H
#define LM_BOX_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"

struct box_limits {
	double             seconds;     /* of the clock, and of each process's computing */
	long long          memory;      /* bytes of addresses of each process */
	long long          processes;   /* at once, threads counted */
	long long          output;      /* bytes */
	long long          disk;        /* bytes of its folder, which is in memory */
	const char *const *allow;       /* n_allow paths that it may read beside the system's, or NULL */
	int                n_allow;
};
#define BOX_LIMITS { .seconds = 5, .memory = 1LL << 30, .processes = 32, .output = 1 << 20, .disk = 64 << 20 }

enum box_end { BOX_EXITED, BOX_KILLED, BOX_TIME, BOX_OUTPUT };
struct box_result {
	enum box_end end;
	int          status;            /* exit status, or the signal */
};

/* Runs `sh -c command` with the n bytes on its standard input; what it writes, errors too, is appended to out.
 * It has user, process, network, mount and IPC namespaces of its own.  Its folder is /tmp, empty at the beginning and
 * gone at the end, the only place where it can write; it reads there, in the system's folders (/usr /bin /sbin
 * /lib* /etc /opt) and what is allowed.  No sockets, no capabilities; root becomes nobody first.  When this returns all its processes are
 * gone.  -1: something of this could not be set up here, and nothing was run: the reason says what. */
int box_run(const char *command, const void *in, size_t n, const struct box_limits *, struct buf *out,
	struct box_result *, struct err *);
#endif

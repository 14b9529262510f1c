/* box-t - the sandbox: what is done in there, and what is refused */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "score/task/box.h"
#include "base/clock.h"
#include "tap.h"
#include <dirent.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct buf out;
static struct box_result r;
static struct box_limits limits = BOX_LIMITS;
static int parent_hit;

static int
box(const char *command, const char *in)
{
	struct err e;

	buf_clear(&out);
	buf_str(&out, "");
	if (box_run(command, in, strlen(in), &limits, &out, &r, &e)) {
		printf("# %s\n", e.text);
		return -1;
	}
	return 0;
}

/* Ran to its end by itself with that status. */
static int
exits(const char *command, int status)
{
	if (box(command, ""))
		return 0;
	if (r.end != BOX_EXITED || r.status != status)
		printf("# end %d status %d: %.200s\n", r.end, r.status, out.p);
	return r.end == BOX_EXITED && r.status == status;
}

static int
ends(const char *command, enum box_end end)
{
	double t = clock_seconds();

	if (box(command, ""))
		return 0;
	t = clock_seconds() - t;
	if (r.end != end || t > 10)
		printf("# end %d status %d after %.1f s: %.200s\n", r.end, r.status, t, out.p);
	return r.end == end && t <= 10;
}

static void
hit(int s)
{
	(void)s;
	parent_hit++;
}

/* Processes of this machine whose command line holds the text. */
static int
running(const char *text)
{
	DIR *d = opendir("/proc");
	struct dirent *p;
	int n = 0;

	while (d && (p = readdir(d))) {
		char path[300], line[4096];
		size_t len;
		FILE *f;
		snprintf(path, sizeof path, "/proc/%s/cmdline", p->d_name);
		if (*p->d_name < '0' || *p->d_name > '9' || !(f = fopen(path, "r")))
			continue;
		len = fread(line, 1, sizeof line, f);
		fclose(f);
		n += len && memmem(line, len, text, strlen(text)) != NULL;
	}
	if (d)
		closedir(d);
	return n;
}

static void
plain(void)
{
	OK(exits("exit 0", 0) && exits("exit 3", 3), "its exit status");
	OK(!box("cat; echo err >&2", "hello\n") && !strcmp(out.p, "hello\nerr\n"), "input, output, errors");
	OK(exits("pwd; echo x >f && mkdir d && mv f d && cat d/f && ls -A", 0) && !strcmp(out.p, "/tmp\nx\nd\n"), "a folder to write in, empty at first");
	OK(ends("kill -9 $$", BOX_KILLED) && r.status == 9, "its signal");
	OK(exits("(sleep 0.1; echo late) & wait; echo $HOME", 0) && !strcmp(out.p, "late\n/tmp\n"), "processes of its own");
	OK(exits("echo $LM_SECRET", 0) && !strcmp(out.p, "\n"), "nothing of the environment but PATH");
	OK(exits("id -u", 0) && strcmp(out.p, "0\n"), "never root");
}

static void
files(const char *dir)
{
	struct buf c = { 0 };
	char path[200];
	struct stat st;

	buf_printf(&c, "cat %s/answer", dir);
	OK(exits(c.p, 1) && !strstr(out.p, "forty-two"), "a file with the answers is not read");
	buf_clear(&c);
	buf_printf(&c, "(echo x >%s/new); (true >%s/answer); rm -rf %s; mv %s/answer /tmp; ln %s/answer /tmp/a; chmod 777 %s/answer; for f in /usr/x /etc/x /dev/shm/x /var/tmp/x; do (echo x >$f); done; exit 7", dir, dir, dir, dir, dir, dir);
	snprintf(path, sizeof path, "%s/new", dir);
	OK(exits(c.p, 7) && access(path, F_OK), "nothing is written outside");
	snprintf(path, sizeof path, "%s/answer", dir);
	OK(!stat(path, &st) && st.st_size == 10 && (st.st_mode & 0777) == 0644, "nothing outside is cut, moved or given other rights");
	OK(access("/usr/x", F_OK) && access("/etc/x", F_OK) && access("/dev/shm/x", F_OK) && access("/var/tmp/x", F_OK), "nor in the system's folders");
	OK(exits("ls -d /root/. /home/. /proc/self/. 2>/dev/null; ls / >/dev/null 2>&1", 2) && !strstr(out.p, "root"), "folders of others are not listed");
	OK(exits("head -c 200000000 /dev/zero >big", 1) || r.end == BOX_KILLED, "its folder has an end");
	OK(exits("i=0; while echo x >f$i; do i=$((i+1)); [ $i -lt 5000 ] || exit 9; done 2>/dev/null; exit 1", 1), "and so has its number of files");
	limits.allow = (const char *const[]){ path };
	limits.n_allow = 1;
	buf_clear(&c);
	buf_printf(&c, "cat %s", path);
	OK(!box(c.p, "") && !strcmp(out.p, "forty-two\n"), "what is allowed is read");
	limits.allow = NULL;
	limits.n_allow = 0;
	buf_free(&c);
}

static void
hostile(void)
{
	struct buf c = { 0 };
	struct sigaction a = { .sa_handler = hit };

	limits.seconds = 1;
	OK(ends("while :; do :; done", BOX_TIME), "an endless loop is ended");
	OK(ends("trap '' TERM INT HUP; sleep 7654", BOX_TIME) && !running("7654"), "and one that heeds no signal");
	OK(ends("setsid sleep 7653 & (setsid setsid sleep 7653 &) ; exit 0", BOX_EXITED) && !running("7653"), "what it left in the background is gone");
	OK((ends("f() { f | f & sleep 7652; }; f; sleep 7652", BOX_TIME) || r.end == BOX_EXITED) && !running("7652"), "a fork bomb finds its end");
	OK(ends("yes", BOX_OUTPUT) && out.n <= 1 << 20, "endless output is cut off");
	OK(ends("yes >&2", BOX_OUTPUT) && out.n <= 1 << 20, "on either stream");
	sigaction(SIGUSR1, &a, NULL);
	buf_printf(&c, "kill -USR1 %d; kill -USR1 $PPID; kill -USR1 0; kill -USR1 -1; sleep 0.2", (int)getpid());
	OK(!box(c.p, "") && !parent_hit, "no signal reaches the parent");
	OK(ends("kill -9 -1; kill -9 1; exit 0", BOX_EXITED) || r.end == BOX_KILLED, "nor does one to all");
	limits.seconds = 5;
	limits.memory = 64 << 20;
	OK(!box("x=0123456789abcdef; while :; do x=$x$x; done", "") && (r.end == BOX_KILLED || r.status), "memory has an end");
	limits.memory = 1LL << 30;
	buf_free(&c);
}

static void
network(void)
{
	if (!exits("python3 -c 'pass'", 0)) {
		OK(1, "no network # SKIP no python3 that nobody can run");
		return;
	}
	OK(!box("python3 -", "import socket\nfor f in (socket.AF_INET, socket.AF_UNIX, socket.AF_INET6):\n  try:\n    socket.socket(f)\n    print('open')\n  except PermissionError:\n    print('no')\n") &&
		!strcmp(out.p, "no\nno\nno\n"), "no sockets of any kind");
	OK(!box("python3 -", "import os\nfor f in (0x10000000, 0x20000, 0x40000000):\n  try:\n    import ctypes\n    l = ctypes.CDLL(None, use_errno=True)\n    print(l.unshare(f), ctypes.get_errno())\n  except Exception as e:\n    print(e)\n") &&
		!strcmp(out.p, "-1 1\n-1 1\n-1 1\n"), "no namespaces within");
	OK(!box("python3 -", "import os\nfor i in range(3, 1000):\n  try:\n    os.fstat(i)\n    print(i)\n  except OSError:\n    pass\n") && !out.n, "no open files but the three");
}

int
main(void)
{
	char dir[] = "/var/tmp/box-t.XXXXXX", path[64];
	FILE *f;

	setenv("LM_SECRET", "forty-two", 1);
	if (box("exit 0", "")) {
		printf("1..0 # SKIP commands cannot be confined here\n");
		return 0;
	}
	if (!mkdtemp(dir))
		return 99;
	snprintf(path, sizeof path, "%s/answer", dir);
	if (!(f = fopen(path, "w")))
		return 99;
	fputs("forty-two\n", f);
	fclose(f);
	chmod(path, 0644);
	chmod(dir, 0755);
	plain();
	files(dir);
	hostile();
	network();
	unlink(path);
	rmdir(dir);
	buf_free(&out);
	return DONE();
}

/* box - a command that is not trusted, shut in: namespaces, Landlock, seccomp, limits; Linux alone has them */
/* SPDX-License-Identifier: MIT */
#include "config.h"
#include "score/task/box.h"
#if !defined __linux__ || !(defined __x86_64__ || defined __aarch64__)

int
box_run(const char *command, const void *in, size_t n, const struct box_limits *l, struct buf *out,
    struct box_result *r, struct err *e)
{
	(void)command, (void)in, (void)n, (void)l, (void)out, (void)r;
	return err_set(e, "commands cannot be confined on this system: that needs Linux on x86-64 or ARM64");
}
#else
#include "base/clock.h"
#include "base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOLDER "/tmp"
enum { NOBODY = 65534, FILES_MOST = 256 };
#define NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)

struct box {
	const char              *command;
	const struct box_limits *l;
	int     in, out[2], go[2], said[2];     /* go: the identities are set; said: a reason why it cannot be */
	uid_t   uid;
	gid_t   gid;
	int     root;
	char    mount[64], path[4096];
};

/* ---- inside; between fork and exec nothing is allocated */

/* Says what failed and why, and ends. */
static _Noreturn void
fail(const struct box *b, const char *what)
{
	char text[200];
	int n = snprintf(text, sizeof text, "%s: %s", what, strerror(errno));

	if (write(b->said[1], text, (size_t)n) < 0)
		_exit(126);
	_exit(125);
}

static void
must(const struct box *b, long result, const char *what)
{
	if (result < 0)
		fail(b, what);
}

/* All mounts read-only, an empty folder of memory over /tmp. */
static void
own_mounts(const struct box *b)
{
	struct { uint64_t set, clear, propagation, userns; } attr = { MS_RDONLY | MS_NOSUID, 0, 0, 0 };

	must(b, mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mounts of its own");
	must(b, syscall(SYS_mount_setattr, AT_FDCWD, "/", 0x8000 /* AT_RECURSIVE */, &attr, sizeof attr), "read-only mounts");
	must(b, mount("box", FOLDER, "tmpfs", MS_NOSUID | MS_NODEV, b->mount), "a folder at " FOLDER);
	must(b, chdir(FOLDER), FOLDER);
}

static void
allow(const struct box *b, int rules, const char *path, uint64_t access, int needed)
{
	struct landlock_path_beneath_attr at = { .allowed_access = access };

	at.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (at.parent_fd < 0 && !needed)
		return;
	must(b, at.parent_fd, path);
	must(b, syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &at, 0), path);
	close(at.parent_fd);
}

/* What it may read; writing elsewhere than in its folder fails at the mounts already, but for devices. */
static void
own_files(const struct box *b)
{
	static const char *const system[] = { "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/opt", "/nix/store", "/gnu/store" };
	static const char *const devices[] = { "/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom" };
	const uint64_t files = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE, look = files | LANDLOCK_ACCESS_FS_READ_DIR;
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	/* 13 rights from the first version on, then moving between folders, then cutting files */
	uint64_t all = (1u << (abi < 2 ? 13 : abi < 3 ? 14 : 15)) - 1;
	int rules;

	must(b, abi, "Landlock");
	rules = (int)syscall(SYS_landlock_create_ruleset, &(struct { uint64_t fs; }){ all }, sizeof(uint64_t), 0);
	must(b, rules, "Landlock");
	for (size_t i = 0; i < sizeof system / sizeof *system; i++)
		allow(b, rules, system[i], look, 0);
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++)
		allow(b, rules, devices[i], LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE, 0);
	for (int i = 0; i < b->l->n_allow; i++) {
		int fd = open(b->l->allow[i], O_PATH | O_DIRECTORY | O_CLOEXEC);
		allow(b, rules, b->l->allow[i], fd < 0 ? files : look, 1);
		if (fd >= 0)
			close(fd);
	}
	allow(b, rules, FOLDER, all, 1);
	must(b, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
	must(b, syscall(SYS_landlock_restrict_self, rules, 0), "Landlock");
}

/* Calls by which it could leave the box or take memory that no limit counts: these fail. */
static void
own_calls(const struct box *b)
{
#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)
#define REFUSE RETURN(SECCOMP_RET_ERRNO | EPERM)
#define NO(name) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), REFUSE
	struct sock_filter code[] = {
		LOAD(arch),
#ifdef __x86_64__
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0),
#else
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_AARCH64, 1, 0),
#endif
		RETURN(SECCOMP_RET_KILL_PROCESS),
		LOAD(nr),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1),          /* x32 */
		REFUSE,
		NO(socket), NO(unshare), NO(setns), NO(ptrace), NO(process_vm_readv), NO(process_vm_writev),
		NO(mount), NO(umount2), NO(pivot_root), NO(chroot), NO(move_mount), NO(open_tree), NO(fsopen), NO(fspick),
		NO(mount_setattr), NO(bpf), NO(perf_event_open), NO(userfaultfd), NO(add_key), NO(request_key), NO(keyctl),
		NO(memfd_create), NO(shmget), NO(msgget), NO(semget), NO(mq_open), NO(io_uring_setup), NO(io_uring_enter),
		NO(io_uring_register), NO(swapon), NO(reboot), NO(kexec_load), NO(init_module), NO(finit_module), NO(syslog),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone3, 0, 1),          /* its flags are out of sight: clone is used instead */
		RETURN(SECCOMP_RET_ERRNO | ENOSYS),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
		LOAD(args[0]),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, NAMESPACES, 0, 1),
		REFUSE,
		RETURN(SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { sizeof code / sizeof *code, code };

	must(b, prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0), "seccomp");
}

static void
limit(const struct box *b, int which, long long most, const char *name)
{
	struct rlimit r = { (rlim_t)most, (rlim_t)most };

	must(b, setrlimit((__rlimit_resource_t)which, &r), name);
}

static _Noreturn void
run(const struct box *b)
{
	char *env[] = { (char *)(uintptr_t)b->path, (char *)(uintptr_t)"HOME=" FOLDER, (char *)(uintptr_t)"TMPDIR=" FOLDER,
		(char *)(uintptr_t)"LANG=C.UTF-8", (char *)(uintptr_t)"OMP_NUM_THREADS=1", NULL };
	struct sigaction plain = { .sa_handler = SIG_DFL };
	long seconds = (long)b->l->seconds + 1;
	sigset_t none;

	for (int s = 1; s < 65; s++)
		sigaction(s, &plain, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	limit(b, RLIMIT_CORE, 0, "limit of cores");
	limit(b, RLIMIT_CPU, seconds, "limit of computing");
	limit(b, RLIMIT_FSIZE, b->l->disk, "limit of files");
	limit(b, RLIMIT_NOFILE, FILES_MOST, "limit of open files");
	limit(b, RLIMIT_NPROC, b->l->processes, "limit of processes");
	limit(b, RLIMIT_AS, b->l->memory, "limit of memory");
	setsid();
	execle("/bin/sh", "sh", "-c", b->command, (char *)NULL, env);
	fail(b, "/bin/sh");
}

/* The first process of the box: shuts itself in, starts the command, waits.  When it ends the kernel ends all others. */
static _Noreturn void
first(struct box *b)
{
	char c;
	int status;
	pid_t pid, gone;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	close(b->go[1]);
	if (read(b->go[0], &c, 1) != 1)
		_exit(125);
	own_mounts(b);
	if (b->root) {
		must(b, syscall(SYS_setresgid, b->gid, b->gid, b->gid), "giving up root's group");
		must(b, syscall(SYS_setresuid, b->uid, b->uid, b->uid), "giving up root");
		prctl(PR_SET_PDEATHSIG, SIGKILL);       /* another user forgets it */
	}
	if (dup2(b->in, 0) < 0 || dup2(b->out[1], 1) < 0 || dup2(1, 2) < 0 || dup2(b->said[1], 3) < 0)
		fail(b, "standard input and output");
	b->said[1] = 3;
	must(b, syscall(SYS_close_range, 4, ~0u, 0), "closing files");
	fcntl(3, F_SETFD, FD_CLOEXEC);
	own_files(b);
	own_calls(b);
	if ((pid = _Fork()) < 0)        /* fork without what libraries (OpenMP's) would do after it */
		fail(b, "fork");
	if (!pid)
		run(b);
	close(0), close(1), close(2), close(3);
	while ((gone = wait(&status)) != pid)
		if (gone < 0 && errno != EINTR)
			_exit(125);
	_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

/* ---- outside */

static int
put(pid_t pid, const char *name, const char *text, struct err *e)
{
	char path[64];
	int fd, bad;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	if ((fd = open(path, O_WRONLY | O_CLOEXEC)) < 0)
		return err_sys(e, "%s", path);
	bad = write(fd, text, strlen(text)) < 0 ? err_sys(e, "%s", path) : 0;
	close(fd);
	return bad;
}

/* One user and one group in there: this one, or nobody where this one is root. */
static int
identify(const struct box *b, pid_t pid, struct err *e)
{
	char uid[64], gid[64];

	snprintf(uid, sizeof uid, "%u %u 1", b->uid, b->uid);
	snprintf(gid, sizeof gid, "%u %u 1", b->gid, b->gid);
	if (put(pid, "setgroups", "deny", e) || put(pid, "uid_map", uid, e) || put(pid, "gid_map", gid, e))
		return -1;
	return write(b->go[1], "", 1) == 1 ? 0 : err_sys(e, "pipe");
}

/* Reads until nobody can write any more; says whether that took too long or was too much. */
static enum box_end
listen(const struct box *b, pid_t pid, struct buf *out)
{
	double end = clock_seconds() + b->l->seconds;
	enum box_end how = BOX_EXITED;
	size_t from = out->n;
	char bytes[65536];
	ssize_t n = 1;

	while (n) {
		struct pollfd p = { .fd = b->out[0], .events = POLLIN };
		double left = end - clock_seconds();
		if (how == BOX_EXITED && left <= 0) {
			how = BOX_TIME;
			kill(pid, SIGKILL);
		}
		if (poll(&p, 1, how == BOX_EXITED ? (int)(left * 1000) + 1 : -1) <= 0)
			continue;
		if ((n = read(b->out[0], bytes, sizeof bytes)) < 0)
			n = errno == EINTR;
		else if (out->n - from + (size_t)n <= (size_t)b->l->output)
			buf_add(out, bytes, (size_t)n);
		else if (how == BOX_EXITED) {
			how = BOX_OUTPUT;
			kill(pid, SIGKILL);
		}
	}
	return how;
}

static int
start(struct box *b, struct box_result *r, struct buf *out, struct err *e)
{
	char why[256];
	ssize_t n;
	int status, bad;
	/* a fork that begins the namespaces: its first process is our child, and everything in there ends with it */
	pid_t pid = (pid_t)syscall(SYS_clone, NAMESPACES | SIGCHLD, NULL, NULL, NULL, NULL);

	if (!pid)
		first(b);
	if (pid < 0)
		return err_sys(e, "namespaces of its own");
	close(b->out[1]), close(b->said[1]), close(b->go[0]);
	b->out[1] = b->said[1] = b->go[0] = -1;
	bad = identify(b, pid, e);
	if (bad)
		kill(pid, SIGKILL);
	n = read(b->said[0], why, sizeof why - 1);      /* ends when the command runs */
	if (!bad && n > 0)
		bad = err_set(e, "%.*s", (int)n, why);
	r->end = listen(b, pid, out);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(e, "waiting for the box");
	r->status = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	if (r->end == BOX_EXITED && (WIFSIGNALED(status) || r->status > 128)) {
		r->end = BOX_KILLED;
		r->status -= WIFSIGNALED(status) ? 0 : 128;
	}
	return bad;
}

/* Its input: sealed, so that it takes no more memory than this. */
static int
input_of(const void *in, size_t n, struct err *e)
{
	int fd = memfd_create("input", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return err_sys(e, "memory for its input");
	if (fd_write(fd, in, n, "its input", e) || lseek(fd, 0, SEEK_SET) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
		close(fd);
		return err_sys(e, "its input");
	}
	return fd;
}

int
box_run(const char *command, const void *in, size_t n, const struct box_limits *l, struct buf *out,
    struct box_result *r, struct err *e)
{
	struct box b = { .command = command, .l = l, .out = { -1, -1 }, .go = { -1, -1 }, .said = { -1, -1 },
		.root = geteuid() == 0, .uid = geteuid() ? geteuid() : NOBODY, .gid = geteuid() ? getegid() : NOBODY };
	const char *path = getenv("PATH");
	int bad = 0;

	snprintf(b.mount, sizeof b.mount, "size=%lld,nr_inodes=4096,mode=0777", l->disk);
	snprintf(b.path, sizeof b.path, "PATH=%s", path ? path : "/usr/local/bin:/usr/bin:/bin");
	if ((b.in = input_of(in, n, e)) < 0)
		return -1;
	if (pipe2(b.out, O_CLOEXEC) || pipe2(b.go, O_CLOEXEC) || pipe2(b.said, O_CLOEXEC))
		bad = err_sys(e, "pipe");
	else if (start(&b, r, out, e))
		bad = err_in(e, "a command cannot be confined here");
	close(b.in);
	for (int i = 0; i < 2; i++) {
		if (b.out[i] >= 0)
			close(b.out[i]);
		if (b.go[i] >= 0)
			close(b.go[i]);
		if (b.said[i] >= 0)
			close(b.said[i]);
	}
	return bad;
}
#endif

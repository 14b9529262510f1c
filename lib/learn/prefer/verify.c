/* verify - a command that scores responses: JSON lines in, numbers out */
/* SPDX-License-Identifier: MIT */
#include "learn/prefer/rank.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* {"prompt":..., "response":..., <meta>} */
static int
object(struct buf *b, const struct roll *r, const struct vocab *v, struct err *e)
{
	static const char *const ours[] = { "prompt", "response", NULL };
	struct buf text = { 0 };
	struct json meta;

	buf_clear(b);
	buf_str(b, "{");
	pref_prompt(v, r, &text);
	json_key(b, "prompt");
	json_quote(b, buf_text(&text), text.n);
	buf_clear(&text);
	pref_response(v, r, &text);
	json_key(b, "response");
	json_quote(b, buf_text(&text), text.n);
	buf_free(&text);
	if (json_parse(&meta, r->meta, r->meta_len, e))
		return err_in(e, "meta");
	json_add_rest(b, meta, ours);
	buf_str(b, "}\n");
	return 0;
}

/* The questions go through a file, so that neither side waits for the other. */
static int
write_questions(FILE *f, const struct rolls *all, const struct vocab *v, struct err *e)
{
	struct buf b = { 0 };
	int bad = 0;

	for (size_t i = 0; !bad && i < all->n; i++)
		bad = object(&b, &all->v[i], v, e) || (fwrite(b.p, 1, b.n, f) != b.n && err_sys(e, "verifier's input"));
	buf_free(&b);
	if (!bad && (fflush(f) || lseek(fileno(f), 0, SEEK_SET) < 0))
		bad = err_sys(e, "verifier's input");
	return bad;
}

/* Starts the command with that file for its input; *out is its output. */
static pid_t
start(const char *command, int in, FILE **out, struct err *e)
{
	int fd[2];
	pid_t pid;

	if (pipe(fd))
		return err_sys(e, "pipe");
	if (!(*out = fdopen(fd[0], "r")) || (pid = fork()) < 0) {
		err_sys(e, "a process for the verifier");
		*out ? fclose(*out) : close(fd[0]);
		close(fd[1]);
		return -1;
	}
	if (!pid) {
		if (dup2(in, 0) < 0 || dup2(fd[1], 1) < 0)
			_exit(127);
		close(fd[0]);
		close(fd[1]);
		execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	return pid;
}

/* 0; 1: the answers ended too soon, which the command's own end may explain; -1. */
static int
read_answers(FILE *f, struct rolls *all, struct err *e)
{
	char line[256], *end;
	size_t n = 0;

	while (fgets(line, sizeof line, f)) {
		double x = strtod(line, &end);

		if (!strchr(line, '\n'))
			return err_set(e, "answer %zu: cut short or too long", n + 1);
		if (end == line || end[strspn(end, " \t\r\n")] || !isfinite(x))
			return err_set(e, "answer %zu: no number: %.*s", n + 1, (int)strcspn(line, "\n"), line);
		if (n == all->n)
			return err_set(e, "more answers than the %zu questions", all->n);
		all->v[n++].score = (float)x;
	}
	return n < all->n ? -err_set(e, "%zu answers to %zu questions", n, all->n) : 0;
}

int
rank_verify(struct rolls *all, const struct vocab *v, const char *command, struct err *e)
{
	FILE *in = tmpfile(), *out = NULL;
	struct err said = { "" };
	int bad, status;
	pid_t pid;

	if (!in)
		return err_sys(e, "temporary file");
	if (write_questions(in, all, v, e) || (pid = start(command, fileno(in), &out, e)) < 0) {
		fclose(in);
		return -1;
	}
	bad = read_answers(out, all, &said);
	fclose(out);
	fclose(in);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)     /* whoever started this program may have it that nobody waits for children */
			return err_sys(e, "--verify: the command's exit status");
	if (WIFSIGNALED(status) && bad >= 0)
		return err_set(e, "--verify: the command was killed by signal %d", WTERMSIG(status));
	if (WIFEXITED(status) && WEXITSTATUS(status) && bad >= 0)
		return err_set(e, "--verify: the command exited %d", WEXITSTATUS(status));
	if (bad)
		return err_set(e, "--verify: %.400s", said.text);
	return 0;
}

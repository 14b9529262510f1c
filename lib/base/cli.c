/* cli - what every program does alike: options, --help, messages, progress; the only file that exits */
/* SPDX-License-Identifier: MIT */
#include "base/cli_int.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/list.h"
#include "base/par.h"
#include "config.h"
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int verbosity = 1;
static const struct tool *tool;
static struct cli_row row[CLI_ROWS];
static long long threads;

/* ---- messages */

static int progress_shown;

static void
say(const char *kind, int code, const char *fmt, va_list ap)
{
	char text[1024];
	size_t n, i;

	progress_end();
	fflush(stdout);                  /* keep the order when both go to one place */
	n = (size_t)snprintf(text, sizeof text, "%s: %s", tool ? tool->name : PACKAGE_NAME, kind);
	vsnprintf(text + n, sizeof text - n, fmt, ap);
	n = strlen(text);
	if (code)
		snprintf(text + n, sizeof text - n, ": %s", strerror(code));
	for (i = 0; text[i]; i++)
		if (iscntrl((unsigned char)text[i]))
			text[i] = '?';
	fprintf(stderr, "%s\n", text);
}

#define SAY(kind, code) \
	do { \
		int e_ = (code); \
		va_list ap_; \
		va_start(ap_, fmt); \
		say(kind, e_, fmt, ap_); \
		va_end(ap_); \
	} while (0)

void die(const char *fmt, ...) { SAY("", 0); exit(EXIT_BAD); }
void die_errno(const char *fmt, ...) { SAY("", errno); exit(EXIT_BAD); }
void die_err(const struct err *e) { die("%s", e->text); }
void warn(const char *fmt, ...) { if (verbosity) SAY("warning: ", 0); }
void note(int level, const char *fmt, ...) { if (verbosity >= level) SAY("", 0); }

void
die_usage(const char *fmt, ...)
{
	SAY("", 0);
	fprintf(stderr, "Try '%s --help'.\n", tool ? tool->name : PACKAGE_NAME);
	exit(EXIT_USAGE);
}

int cli_on_terminal(int fd) { return isatty(fd); }

struct file_out *
cli_create(const char *path)
{
	struct err e;
	struct file_out *f = path ? file_create(path, 0, &e) : NULL;

	if (path && !f)
		die_err(&e);
	return f;
}

void
cli_close_stdout(void)
{
	if (fflush(stdout) || ferror(stdout))
		die_errno("standard output");
}

/* ---- files to remove should the program end badly */

static char **clean;
static int n_clean, cap_clean;
static volatile sig_atomic_t changing;

static void
clean_up(void)
{
	for (int i = 0; i < n_clean; i++)
		unlink(clean[i]);
}

/* As if it had not been caught, but for the files. */
static void
on_signal(int signal)
{
	if (!changing)
		clean_up();
	raise(signal);
}

void
cli_cleanup(const char *path)
{
	static const int fatal[] = { SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGXCPU, SIGXFSZ };
	struct sigaction now, a = { .sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND };

	for (size_t i = 0; !clean && i < sizeof fatal / sizeof *fatal; i++)
		if (!sigaction(fatal[i], NULL, &now) && now.sa_handler == SIG_DFL)
			sigaction(fatal[i], &a, NULL);
	if (!clean)
		atexit(clean_up);
	changing = 1;
	VEC_PUSH(clean, n_clean, cap_clean, xstrdup(path));
	changing = 0;
}

void
cli_keep(const char *path)
{
	changing = 1;
	for (int i = n_clean; i-- > 0;)
		if (strcmp(clean[i], path) == 0) {
			free(clean[i]);
			clean[i] = clean[--n_clean];
		}
	changing = 0;
}

/* ---- progress */

void
progress(uint64_t done, uint64_t total, const char *unit, const char *fmt, ...)
{
	static const char *counted;
	static uint64_t first;
	static double start, last;
	static int terminal = -1;
	double now = clock_seconds(), rate;
	va_list ap;

	if (terminal < 0)
		terminal = verbosity > 0 && isatty(2);
	if (counted != unit) {          /* another loop */
		counted = unit;
		first = done;
		start = now;
	}
	if (!terminal || now - last < .2)
		return;
	last = now;
	rate = now > start && done > first ? (double)(done - first) / (now - start) : 0;
	fprintf(stderr, "\r\033[K%s: %llu", tool->name, (unsigned long long)done);
	if (total)
		fprintf(stderr, "/%llu", (unsigned long long)total);
	fprintf(stderr, " %s", unit);
	if (rate > 0)
		fprintf(stderr, ", %.*f/s", rate < 10 ? 2 : 0, rate);
	if (total && rate > 0) {
		double left = (double)(total - done) / rate;
		fprintf(stderr, ", %d:%02d left", (int)(left / 60), (int)left % 60);
	}
	if (*fmt) {
		fputs(", ", stderr);
		va_start(ap, fmt);
		vfprintf(stderr, fmt, ap);
		va_end(ap);
	}
	progress_shown = 1;
}

void
progress_end(void)
{
	if (progress_shown)
		fputs("\r\033[K", stderr);
	progress_shown = 0;
}

/* ---- options */

static const struct opt common[] = {
	{ 't', "threads", OPT_INT, &threads, "N", "use N threads [all cores]", OPT_QUIET },
	{ 'q', "quiet", OPT_FLAG, NULL, NULL, "say errors only", OPT_QUIET },
	{ 'v', "verbose", OPT_FLAG, NULL, NULL, "say more; may be given twice", OPT_QUIET },
	{ 'h', "help", OPT_FLAG, NULL, NULL, "show this help", OPT_QUIET },
	{ 'V', "version", OPT_FLAG, NULL, NULL, "show the version", OPT_QUIET },
	{ 0 }
};

/* The rows of --help; `r`: what they are unless given, shown where there is something and the text has no [default] of its own. */
static void
help_rows(const struct opt *o, const struct cli_row *r)
{
	for (; o->name; o++, r += r != NULL) {
		char left[80], letter[8] = "    ";
		int maybe = o->kind == OPT_MAYBE;
		const char *otherwise = !r || strchr(o->help, '[') ? "" : r->otherwise;

		if (strstr(otherwise, "nan") || strcmp(otherwise, "0") == 0)
			otherwise = "";
		if (o->letter)
			snprintf(letter, sizeof letter, "-%c, ", o->letter);
		snprintf(left, sizeof left, "%s--%s%s%s%s%s", letter, o->name, maybe ? "[" : "",
		    o->arg ? "=" : "", o->arg ? o->arg : "", maybe ? "]" : "");
		if (strlen(left) > 26)
			printf("  %s\n  %-26s", left, "");
		else
			printf("  %-26s", left);
		printf(*otherwise ? " %s [%s]\n" : " %s\n", o->help, otherwise);
	}
}

static void
help(void)
{
	printf("usage: %s [options]%s%s\n%s\n\n", tool->name, *tool->operands ? " " : "", tool->operands, tool->does);
	help_rows(tool->opts, row);
	help_rows(common, NULL);
	printf("\nExit status: 0 done, 1 bad input or a failed write, 2 bad usage.\n"
	    "See also: man %s\n", tool->name);
}

static long long
whole(const struct opt *o, const char *arg)
{
	char *end;
	long long v, k = 1;

	errno = 0;
	v = strtoll(arg, &end, 0);
	if (end != arg && *end && !end[1])
		switch (toupper((unsigned char)*end)) {
		case 'K': k = 1ll << 10, end++; break;
		case 'M': k = 1ll << 20, end++; break;
		case 'G': k = 1ll << 30, end++; break;
		}
	if (errno || end == arg || *end || __builtin_mul_overflow(v, k, &v))
		die_usage("--%s needs a whole number, not '%s'", o->name, arg);
	return v;
}

static void
set(const struct opt *o, const char *arg)
{
	struct strs *l;
	char *end;

	switch (o->kind) {
	case OPT_FLAG: *(int *)o->var = 1; break;
	case OPT_STR: *(const char **)o->var = arg; break;
	case OPT_MAYBE: *(const char **)o->var = arg ? arg : ""; break;
	case OPT_INT: *(long long *)o->var = whole(o, arg); break;
	case OPT_LIST:
		l = o->var;
		VEC_PUSH(l->v, l->n, l->cap, arg);
		break;
	case OPT_NUM:
		errno = 0;
		*(double *)o->var = strtod(arg, &end);
		if (errno || end == arg || *end || *(double *)o->var != *(double *)o->var)
			die_usage("--%s needs a number, not '%s'", o->name, arg);
		break;
	}
}

void
cli_print(const struct opt *o, struct buf *b)
{
	const char *s;

	switch (o->kind) {
	case OPT_FLAG: buf_str(b, *(int *)o->var ? "1" : ""); break;
	case OPT_INT: buf_printf(b, "%lld", *(long long *)o->var); break;
	case OPT_NUM: buf_num(b, *(double *)o->var, 6); break;          /* as 0.003 was typed */
	case OPT_STR:
	case OPT_MAYBE:
		if ((s = *(const char **)o->var))
			buf_str(b, s);
		break;
	case OPT_LIST: break;
	}
}

static void
version(void)
{
	printf("%s (%s) %s\n", tool->name, PACKAGE_NAME, PACKAGE_VERSION);
}

static void
take_common(int c, const char *arg)
{
	switch (c) {
	case 'q': verbosity = 0; break;
	case 'v': verbosity++; break;
	case 't':
		if ((threads = whole(&common[0], arg)) < 1 || threads > 4096)
			die_usage("--threads needs a number from 1 to 4096, not '%s'", arg);
		par_set_threads((int)threads);
		break;
	case 'h':
	case 'V':
		if (c == 'h')
			help();
		else
			version();
		cli_close_stdout();
		exit(EXIT_OK);
	}
}

int
cli_parse(int argc, char **argv, const struct tool *t)
{
	struct option lo[CLI_ROWS + 8] = { 0 };
	char so[3 * CLI_ROWS + 16], *s = so;
	int n = 0, c, i;
	const struct opt *o;

	tool = t;
	for (o = t->opts; o->name; o++, n++) {
		struct buf b = { 0 };
		lo[n] = (struct option){ o->name, !o->arg ? no_argument :
		    o->kind == OPT_MAYBE ? optional_argument : required_argument, NULL, 256 + n };
		if (o->letter)
			s += sprintf(s, "%c%s", o->letter, !o->arg ? "" : o->kind == OPT_MAYBE ? "::" : ":");
		cli_print(o, &b);       /* before parsing, so that the provenance line can leave out what was not changed */
		row[n].otherwise = b.p ? b.p : xstrdup("");
	}
	for (i = 0; common[i].name; i++) {
		lo[n + i] = (struct option){ common[i].name, common[i].arg != NULL, NULL, common[i].letter };
		s += sprintf(s, "%c%s", common[i].letter, common[i].arg ? ":" : "");
	}
	while ((c = getopt_long(argc, argv, so, lo, NULL)) != -1) {
		for (i = 0; i < n && c != 256 + i && (c >= 256 || t->opts[i].letter != c); i++)
			;
		if (i < n)
			row[i].given++, set(&t->opts[i], optarg);
		else if (c == '?') {
			fprintf(stderr, "Try '%s --help'.\n", t->name);
			exit(EXIT_USAGE);
		} else
			take_common(c, optarg);
	}
	return optind;
}

int
cli_one_of(const char *option, const char *value, const char *words)
{
	const char *list = words, *word;
	size_t n;

	for (int i = 0; list_next(&list, &word, &n); i++)
		if (strlen(value) == n && !memcmp(value, word, n))
			return i;
	die_usage("--%s=%s: none of %s", option, value, words);
}

int
cli_given(const void *var)
{
	for (int i = 0; tool && tool->opts[i].name; i++)
		if (tool->opts[i].var == var)
			return row[i].given;
	return 0;
}

const struct tool *cli_tool(void) { return tool; }
const struct cli_row *cli_row(int i) { return &row[i]; }

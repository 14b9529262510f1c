/* cli - what every program does alike: options, --help, messages, progress; the only file that exits */
#ifndef LM_CLI_H
#define LM_CLI_H
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "base/err.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

enum { EXIT_OK = 0, EXIT_BAD = 1, EXIT_USAGE = 2 };   /* the only exit codes */

enum opt_kind {
	OPT_FLAG,               /* int: 1 when given */
	OPT_INT,                /* long long; suffixes K M G (1024) are understood */
	OPT_NUM,                /* double */
	OPT_STR,                /* const char *; given again, the last one holds */
	OPT_MAYBE,              /* const char *; --name=ARG or --name alone, which sets "" */
	OPT_LIST                /* struct strs: each use adds one */
};
enum opt_use {
	OPT_RESULT,             /* changes the result: part of the provenance line */
	OPT_FILE,               /* a file whose content changes the result: its CRC-32C is part of the line */
	OPT_QUIET               /* changes nothing in the result: -o -s --log --save-every ... */
};

struct strs {
	const char **v;
	int n, cap;
};

/* One option: parsed, shown by --help and checked against the man page from this row alone. */
struct opt {
	int           letter;   /* short form, or 0 */
	const char   *name;     /* long form */
	enum opt_kind kind;
	void         *var;
	const char   *arg;      /* the argument's name in capitals, NULL for a flag */
	const char   *help;     /* --help puts the default behind it, as [default], if it does not say one itself */
	enum opt_use  use;
};

struct tool {
	const char       *name, *does, *operands;
	const struct opt *opts;          /* ends in a row with no name */
};

extern int verbosity;                    /* -q makes it 0, each -v adds one; 1 to begin with */

/* Parses; -h -V -q -v and -t (threads) are understood everywhere.  Returns the index of the first
 * operand; bad usage ends the program with 2. */
int cli_parse(int argc, char **argv, const struct tool *);

/* Which of "one,two,three" an option's value is, from 0; another one ends the program with 2. */
int cli_one_of(const char *option, const char *value, const char *words);

int cli_given(const void *var);          /* whether the option with this variable was on the command line */

/* The provenance line of this run: "NAME --long=value ...": only what changes the result and differs from
 * the default, sorted; files as crc32c:XXXXXXXX.  Owned by cli; good until the end. */
const char *cli_prog(void);
/* Makes `name=value` part of the line in place of its own option rows (--global-batch for -B and --accum);
 * value NULL takes an option out of it. */
void cli_prog_set(const char *name, const char *value);
/* "crc32c:XXXXXXXX" of a file, as there; a failure ends the program. */
void cli_crc(const char *path, char out[CRC32C_TEXT]);

/* Messages, to standard error, with the program's name in front.  Control characters show as '?'. */
_Noreturn void die(const char *fmt, ...) LM_PRINTF(1, 2);        /* exit 1 */
_Noreturn void die_errno(const char *fmt, ...) LM_PRINTF(1, 2);  /* exit 1, with strerror */
_Noreturn void die_err(const struct err *);                      /* exit 1, with what a library function said */
_Noreturn void die_usage(const char *fmt, ...) LM_PRINTF(1, 2);  /* exit 2 */
void warn(const char *fmt, ...) LM_PRINTF(1, 2);
void note(int level, const char *fmt, ...) LM_PRINTF(2, 3);      /* when verbosity >= level */

/* One line of standard error, rewritten in place, at most some times a second and only on a terminal:
 * done, rate, time left (total 0: unknown), then the text.  progress_end() clears it. */
void progress(uint64_t done, uint64_t total, const char *unit, const char *fmt, ...) LM_PRINTF(4, 5);
void progress_end(void);

struct file_out *cli_create(const char *path);  /* a file of text to be written; NULL: none; a failure ends the program */
int  cli_on_terminal(int fd);            /* isatty */
/* Remove this file should the program end, or a signal end it, before cli_keep(path). */
void cli_cleanup(const char *path);
void cli_keep(const char *path);

/* Standard output as text, every write checked: call last, ends the program when a write failed. */
void cli_close_stdout(void);
#endif

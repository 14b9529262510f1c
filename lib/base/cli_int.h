/* cli_int - what cli.c knows of the options, for the provenance line; within this folder */
#ifndef LM_CLI_INT_H
#define LM_CLI_INT_H
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"

enum { CLI_ROWS = 96 };                 /* options of a program at most */

struct cli_row {
	int   given;                    /* how often */
	char *otherwise;                /* its value when it is not */
};
const struct tool    *cli_tool(void);
const struct cli_row *cli_row(int i);
void cli_print(const struct opt *, struct buf *);       /* the value at hand */
#endif

/* lmcat - any stream -> text: what a stream holds, for people and for awk */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "stream/docs.h"
#include <stdio.h>

static int check;
static const struct opt opts[] = {
	{ 0, "check", OPT_FLAG, &check, NULL, "read it all and say nothing: the exit status tells", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "lmcat", "Show what a stream holds, or check that it is whole.", "[FILE ...]", opts };

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct stream *s = stream_open(argc - first, argv + first, NULL);
	struct frame f;

	while (stream_next(s, &f))
		if (!check)
			printf("%c\t%u\t%llu\t%zu\t%llu\t%s\n", f.kind, f.seq, (unsigned long long)f.offset,
			    f.data_len, (unsigned long long)f.nrec, f.meta);
	stream_close(s);
	cli_close_stdout();
	return EXIT_OK;
}

/* eval-ppl - how well a model predicts tokens */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "score/ppl.h"
#include <stdio.h>
#include <string.h>

static const char *out = "-";
static long long window, stride, batch = 8;
static int each, json;
static struct ppl_opts o;

static const struct opt opts[] = {
	{ 'm', "model", OPT_STR, &o.model, "MODEL", "the model that predicts", OPT_QUIET },
	{ 'o', "output", OPT_STR, &out, "FILE", "write to FILE [standard output]", OPT_QUIET },
	{ 'n', "documents", OPT_INT, &o.stop_after, "N", "stop after N documents or records", OPT_RESULT },
	{ 'T', "window", OPT_INT, &window, "LEN", "tokens seen at once [the record's or the context]", OPT_RESULT },
	{ 0, "stride", OPT_INT, &stride, "N", "tokens predicted by each further window [LEN]", OPT_RESULT },
	{ 'B', "batch", OPT_INT, &batch, "ROWS", "windows that are run at once", OPT_QUIET },
	{ 0, "doc-mask", OPT_FLAG, &o.doc_mask, NULL, "tokens of a record see their own document only", OPT_RESULT },
	{ 0, "kl", OPT_STR, &o.kl, "MODEL", "also the divergence from another model", OPT_QUIET },
	{ 0, "each", OPT_FLAG, &each, NULL, "one JSON object a document, none for all", OPT_RESULT },
	{ 'j', "json", OPT_FLAG, &json, NULL, "one JSON object for all", OPT_RESULT },
	{ 0 }
};
static const struct tool tool = { "eval-ppl", "Measure how well a model predicts tokens.", "-m MODEL [FILE ...]", opts };

static void
check(void)
{
	int from = !o.nfiles;

	for (int i = 0; i < o.nfiles; i++)
		from |= !strcmp(o.files[i], "-");
	if (!o.model)
		die_usage("-m MODEL says what to measure");
	if (from && !strcmp(o.model, "-"))
		die_usage("-m -: then the tokens come from named files");
	if (window < 0 || window > 1 << 24 || stride < 0 || stride > 1 << 24 || o.stop_after < 0)
		die_usage("-T, --stride and -n are 0 or more");
	if (batch < 1 || batch > 65536)
		die_usage("-B: from 1 to 65536");
	if (each && json)
		die_usage("--each or --json: one at a time");
	o.window = (int)window;
	o.stride = (int)stride;
	o.B = (int)batch;
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct buf b = { 0 };
	struct file_out *f;
	struct ppl p;
	struct err e;

	o.nfiles = argc - first;
	o.files = argv + first;
	check();
	if (!(f = file_create(out, 0, &e)))
		die_err(&e);
	o.each = each ? file_stream(f) : NULL;
	if (ppl_run(&p, &o, &e))
		die_err(&e);
	if (json)
		ppl_json(&p, &b);
	else if (!each)
		ppl_text(&p, &b);
	if (b.n)
		fwrite(b.p, 1, b.n, file_stream(f));    /* commit sees a failure */
	buf_free(&b);
	if (file_commit(f, &e))
		die_err(&e);
	return EXIT_OK;
}

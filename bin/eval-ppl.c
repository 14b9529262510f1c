/* eval-ppl - how well a model predicts tokens */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "score/ppl/inside.h"
#include "score/ppl/ppl.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *out = "-";
static long long window, stride, batch = 8;
static int each, json, roll, embed;
static const char *heat, *attention;
static struct ppl_opts o;
static struct file_out *f;
static struct stream_out *rolls;

static const struct opt opts[] = {
	{ 'm', "model", OPT_STR, &o.model, "MODEL", "the model that predicts", OPT_QUIET },
	{ 'o', "output", OPT_STR, &out, "FILE", "write to FILE [standard output]", OPT_QUIET },
	{ 'n', "documents", OPT_INT, &o.stop_after, "N", "stop after N documents or records", OPT_RESULT },
	{ 'T', "window", OPT_INT, &window, "LEN", "tokens seen at once [the record's or the context]", OPT_RESULT },
	{ 0, "stride", OPT_INT, &stride, "N", "tokens predicted by each further window [LEN]", OPT_RESULT },
	{ 'B', "batch", OPT_INT, &batch, "ROWS", "windows that are run at once", OPT_QUIET },
	{ 0, "doc-mask", OPT_FLAG, &o.doc_mask, NULL, "tokens of a record see their own document only", OPT_RESULT },
	{ 0, "halves", OPT_FLAG, &o.halves, NULL, "windows apart, their second halves: as llama.cpp", OPT_RESULT },
	{ 0, "kl", OPT_STR, &o.kl, "MODEL", "also the divergence from another model", OPT_QUIET },
	{ 0, "each", OPT_FLAG, &each, NULL, "one JSON object a document, none for all", OPT_RESULT },
	{ 0, "roll", OPT_FLAG, &roll, NULL, "write each token's log-probability, as a stream", OPT_QUIET },
	{ 0, "heat", OPT_MAYBE, &heat, "HOW", "text coloured by surprise, as html or term", OPT_RESULT },
	{ 0, "attention", OPT_MAYBE, &attention, "HOW", "what each token looks at: html, term or table", OPT_RESULT },
	{ 0, "embed", OPT_FLAG, &embed, NULL, "write documents' mean hidden states, as tensors", OPT_QUIET },
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
	if (each + json + roll + embed + (heat != NULL) + (attention != NULL) > 1)
		die_usage("--each, --json, --roll, --heat, --attention or --embed: one at a time");
	if (attention && *attention && strcmp(attention, "html") && strcmp(attention, "term") && strcmp(attention, "table"))
		die_usage("--attention=%s: html, term or table", attention);
	if ((attention || embed) && (o.kl || o.halves || o.doc_mask || stride))
		die_usage("--attention and --embed predict nothing: no --kl, --halves, --doc-mask or --stride");
	if (heat && *heat && strcmp(heat, "html") && strcmp(heat, "term"))
		die_usage("--heat=%s: html or term", heat);
	if (o.halves && (o.doc_mask || stride || roll || heat))
		die_usage("--halves has its own windows, and leaves most tokens out");
	o.window = (int)window;
	o.stride = (int)stride;
	o.B = (int)batch;
}

static void
add_roll(void *ctx, const struct model *m, const struct vocab *v, const struct told *d)
{
	(void)ctx, (void)v;
	if (d) {
		told_roll(rolls, d);
	} else {
		char *head = told_roll_head(m);
		rolls = stream_create(out, head);
		free(head);
	}
}

/* HTML for a file that is named so; else for a terminal. */
static int
html(const char *how)
{
	size_t n = strlen(out);

	return *how ? *how == 'h' : n > 5 && !strcmp(out + n - 5, ".html");
}

static void
add_heat(void *ctx, const struct model *m, const struct vocab *v, const struct told *d)
{
	struct buf *b = ctx;

	(void)m;
	if (!v)
		die("%s: it carries no vocabulary to show text by", o.model);
	if (d)
		heat_add(b, html(heat), v, d);
	else
		heat_begin(b, html(heat), o.model);
	if (b->n)
		fwrite(b->p, 1, b->n, file_stream(f));
	buf_clear(b);
}

/* What is within the model, rather than how well it predicts. */
static int
look_inside(struct err *e)
{
	struct inside_opts in = { o.model, (int)window, o.stop_after, o.nfiles, o.files };
	enum inside_form form;

	if (embed)
		return inside_embed(&in, out, e);
	form = html(attention) ? INSIDE_HTML : !strcmp(attention, "term") ? INSIDE_TERM : INSIDE_TABLE;
	if (!(f = file_create(out, 0, e)) || inside_attention(&in, form, file_stream(f), e))
		return -1;
	return file_commit(f, e);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct buf b = { 0 };
	struct ppl p;
	struct err e;

	o.nfiles = argc - first;
	o.files = argv + first;
	check();
	if (attention || embed) {
		if (look_inside(&e))
			die_err(&e);
		return EXIT_OK;
	}
	f = cli_create(roll ? NULL : out);
	o.each = each ? file_stream(f) : NULL;
	o.tell = roll ? add_roll : heat ? add_heat : NULL;
	o.ctx = &b;
	if (ppl_run(&p, &o, &e))
		die_err(&e);
	if (roll) {
		stream_finish(rolls);
		return EXIT_OK;
	}
	if (heat)
		heat_end(&b, html(heat));
	else if (json)
		ppl_json(&p, &b);
	else if (!each)
		ppl_text(&p, &b);
	if (b.n)
		fwrite(b.p, 1, b.n, file_stream(f));    /* commit sees a failure */
	buf_free(&b);
	ppl_free(&p);
	if (file_commit(f, &e))
		die_err(&e);
	return EXIT_OK;
}

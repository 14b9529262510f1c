/* lmcat - any stream -> text: what a stream or a model holds, for people and for awk */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "model/file/card.h"
#include "model/file/load.h"
#include "model/file/nearest.h"
#include "stream/look/dochtml.h"
#include "stream/docs.h"
#include "stream/shard/export.h"
#include "stream/input.h"
#include "stream/look/pick.h"
#include "stream/roll.h"
#include "stream/look/salvage.h"
#include "stream/tens.h"
#include "stream/toks.h"
#include "vocab/show.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int check, frames, head, html, json, jsonl, from_jsonl, npy, raw, show_mask, rescue;
static long long stop_after = -1, segments, some, seed;
static const char *vocab_path, *near, *out = "-";
static struct vocab *vocab;
static FILE *text;              /* where what is no stream goes */

static const struct opt opts[] = {
	{ 0, "check", OPT_FLAG, &check, NULL, "read it all, say nothing: the exit status tells", OPT_QUIET },
	{ 0, "frames", OPT_FLAG, &frames, NULL, "list the frames, one a line", OPT_QUIET },
	{ 0, "head", OPT_FLAG, &head, NULL, "print the stream's header and its provenance", OPT_QUIET },
	{ 0, "html", OPT_FLAG, &html, NULL, "documents as a page to be read in a browser", OPT_QUIET },
	{ 0, "json", OPT_FLAG, &json, NULL, "one JSON object a record, everything in it", OPT_QUIET },
	{ 0, "jsonl", OPT_FLAG, &jsonl, NULL, "documents or preferences as others read them", OPT_QUIET },
	{ 0, "from-jsonl", OPT_FLAG, &from_jsonl, NULL, "turn JSONL into a stream of documents", OPT_RESULT },
	{ 0, "mask", OPT_FLAG, &show_mask, NULL, "mark the tokens that are trained on: [so]", OPT_QUIET },
	{ 0, "npy", OPT_FLAG, &npy, NULL, "tokens or tensors as arrays of NumPy", OPT_QUIET },
	{ 0, "raw", OPT_FLAG, &raw, NULL, "tokens or tensors as bytes alone", OPT_QUIET },
	{ 0, "near", OPT_STR, &near, "TOKEN", "of a model: the tokens most like this one", OPT_QUIET },
	{ 0, "salvage", OPT_FLAG, &rescue, NULL, "a stream of the frames that are still whole", OPT_QUIET },
	{ 0, "sample", OPT_INT, &some, "N", "N documents at random, in their order", OPT_RESULT },
	{ 'S', "seed", OPT_INT, &seed, "N", "of --sample [0]", OPT_RESULT },
	{ 0, "segments", OPT_INT, &segments, "N", "demand that N segments came", OPT_QUIET },
	{ 'n', "records", OPT_INT, &stop_after, "N", "stop after N records", OPT_QUIET },
	{ 'w', "vocab", OPT_STR, &vocab_path, "VOCAB", "show tokens as text by this vocabulary", OPT_QUIET },
	{ 'o', "output", OPT_STR, &out, "FILE", "write to FILE [standard output]", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "lmcat", "Show what a stream or a model holds, or check that it is whole.", "[FILE ...]", opts };

static struct buf line;

static void
put_line(void)
{
	buf_char(&line, '\n');
	fwrite(line.p, 1, line.n, text);
	buf_clear(&line);
}

static int
more(uint64_t done)
{
	return stop_after < 0 || done < (uint64_t)stop_after;
}

static void
show_doc(const struct doc *d, struct stream_out *o, struct dochtml *page)
{
	if (o || page) {
		o ? docs_put(o, d) : dochtml_add(page, d);
		return;
	}
	if (json || jsonl)
		doc_to_jsonl(&line, d);
	else {
		buf_add(&line, d->text, d->text_len);
		buf_char(&line, '\n');
	}
	fwrite(line.p, 1, line.n, text);
	buf_clear(&line);
}

static void
show_docs(int n, char **files)
{
	struct docs_in *in = docs_open(n, files, TEXT_NONE);
	char *h = from_jsonl ? head_next(docs_head(in), "docs", "") : NULL;
	struct stream_out *o = h ? stream_create(out, h) : NULL;
	struct dochtml *page = html && !o ? dochtml_new() : NULL;
	struct pick *picked = some > 0 ? pick_new((size_t)some, (uint64_t)seed) : NULL;
	struct doc d;

	while (more(docs_count(in)) && docs_next(in, &d))
		if (picked)
			pick_add(picked, &d);
		else if (!check)
			show_doc(&d, o, page);
	while (picked && pick_next(picked, &d))
		show_doc(&d, o, page);
	if (picked)
		pick_free(picked);
	if (page)
		dochtml_end(page, &line), put_line();
	if (o)
		stream_finish(o);
	free(h), docs_close(in);
}

static void
show_toks(int n, char **files)
{
	struct toks_in *in = toks_open(n, files);
	struct item d;
	uint8_t *ones = NULL;

	for (uint64_t done = 0; more(done) && toks_next_doc(in, &d); done++) {
		if (json)
			show_doc_json(&line, vocab, &d);
		else if (show_mask && !d.mask) {      /* no mask: all but a document's first token count */
			ones = xrealloc(ones, d.n_tok);
			memset(ones, 1, d.n_tok);
			if (d.n_tok)
				ones[0] = 0;
			show_tokens(&line, vocab, d.tok, d.n_tok, ones);
		} else
			show_tokens(&line, vocab, d.tok, d.n_tok, show_mask ? d.mask : NULL);
		put_line();
	}
	free(ones);
	toks_close(in);
}

/* A pair is two neighbours: what may be a first half waits for the next record, and no more is kept. */
static void
show_rolls(int n, char **files)
{
	struct roll_in *in = roll_open(n, files);
	struct rolls half = { 0 };
	struct roll r;
	int got;
	if (jsonl && !vocab)
		die_usage("--jsonl of rollouts needs -w VOCAB");
	for (uint64_t done = 0; more(done) && ((got = roll_next(in, &r)) || half.n);) {
		int pair = half.n && got && r.role == ROLL_REJECTED && r.group == half.v->group && r.segment == half.v->segment;

		if (half.n) {
			show_preference(&line, vocab, half.v, pair ? &r : NULL);
			rolls_free(&half);
			put_line(), done++;
		}
		if (got && !pair && jsonl && r.role == ROLL_CHOSEN)
			rolls_add(&half, &r);
		else if (got && !pair) {
			(jsonl ? show_preference(&line, vocab, &r, NULL) : json ? show_roll_json(&line, vocab, &r) : show_roll(&line, vocab, &r));
			put_line(), done++;
		}
	}
	rolls_free(&half);
	roll_close(in);
}

static void
show_tens(int n, char **files)
{
	struct stream *s = stream_open(n, files, "tens");
	struct frame f;
	struct err e;

	while (stream_data(s, &f))
		if (tens_list(f.data, f.data_len, &line, &e) < 0)
			stream_damaged(s, "%s", e.text);
		else if (line.n)
			put_line();
	stream_close(s);
}

static void
show_frames(int n, char **files)
{
	struct stream *s = stream_open(n, files, NULL);
	struct frame f;

	stream_want_segments(s, segments);
	while (stream_next(s, &f)) {
		if (frames)
			fprintf(text, "%c\t%u\t%llu\t%zu\t%llu\t%s\n", f.kind, f.seq, (unsigned long long)f.offset,
			    f.data_len, (unsigned long long)f.nrec, f.meta);
		if (head && f.kind == 'H') {
			fprintf(text, "%s\n", f.meta);
			if (!check)
				break;
		}
	}
	stream_close(s);
}

static void
show_salvaged(const char *path)
{
	struct salvage r;
	struct err e;

	if (salvage_file(path, out, &r, &e) < 0)
		die_err(&e);
	note(1, "%llu frames with %llu records saved, %llu bytes lost", (unsigned long long)r.frames,
	    (unsigned long long)r.records, (unsigned long long)r.lost);
}

static void
show_model(const char *path)
{
	struct model m;
	struct err e;
	struct buf b = { 0 };

	if (model_load(&m, path, &e) < 0)
		die_err(&e);
	if (near && model_nearest(&m, near, stop_after < 0 ? 10 : (size_t)stop_after, &b, &e) < 0)
		err_in(&e, path), die_err(&e);
	if (!near && !check)
		model_card(&m, &b);
	if (b.n)
		fwrite(b.p, 1, b.n, text);
	buf_free(&b);
	model_free(&m);
}

static void
show(int n, char **files)
{
	struct err e;
	struct input *in;
	char *type;

	if (near && !n)
		die_usage("--near=%s asks a model: name its file", near);
	if (near || (n && model_is(files[0]))) {
		for (int i = 0; i < n; i++)
			show_model(files[i]);
		return;
	}
	if (!(in = input_open(n ? files[0] : NULL, 1, &e)))
		die_err(&e);
	if (head_type(in, &type, &e))
		die_err(&e);
	input_again(in);
	if (npy || raw) {
		if (export_stream(type, n, files, out, npy, &e))
			die_err(&e);
	} else if (type && (check || frames || head || segments))
		show_frames(n, files);
	else if (!type || strcmp(type, "docs") == 0)
		show_docs(n, files);
	else if (strcmp(type, "toks") == 0)
		show_toks(n, files);
	else if (strcmp(type, "roll") == 0)
		show_rolls(n, files);
	else if (strcmp(type, "tens") == 0)
		show_tens(n, files);
	else
		show_frames(n, files);
	free(type);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct file_out *o = NULL;
	struct err e;

	if (vocab_path && !(vocab = vocab_load(vocab_path, NULL, &e)))
		die_err(&e);
	if (some < 0 || (!some && cli_given(&some)))
		die_usage("--sample counts from 1");
	if (rescue) {
		show_salvaged(first < argc ? argv[first] : NULL);
		return EXIT_OK;
	}
	if (!from_jsonl && !npy && !raw) {
		o = cli_create(out);
		text = file_stream(o);
	}
	show(argc - first, argv + first);
	if (o && file_commit(o, &e))
		die_err(&e);
	return EXIT_OK;
}

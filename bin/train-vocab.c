/* train-vocab - docs -> tokenizer.json: byte-level BPE, bytes, characters, words */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "base/list.h"
#include "base/par.h"
#include "stream/docs.h"
#include "vocab/chat/chat.h"
#include "vocab/train/train.h"
#include <stdlib.h>
#include <string.h>

#define BATCH ((size_t)8 << 20)

static long long size = 32768, min_count = 2, memory;
static const char *pattern = "gpt2", *out_path = "-", *chat_name, *unit = "bpe";
static struct strs special;
static const struct opt opts[] = {
	{ 'o', "output", OPT_STR, &out_path, "FILE", "write to FILE [standard output]", OPT_QUIET },
	{ 0, "size", OPT_INT, &size, "N", "tokens in all", OPT_RESULT },
	{ 0, "pattern", OPT_STR, &pattern, "PATTERN", "how text is cut: a name or a PCRE", OPT_RESULT },
	{ 0, "unit", OPT_STR, &unit, "UNIT", "what tokens are: bpe, byte, char, word", OPT_RESULT },
	{ 0, "special", OPT_LIST, &special, "LIST", "special tokens [<|endoftext|>]", OPT_RESULT },
	{ 0, "chat", OPT_STR, &chat_name, "TEMPLATE", "add the special tokens of a chat template", OPT_RESULT },
	{ 0, "min-count", OPT_INT, &min_count, "N", "join no pair that is rarer", OPT_RESULT },
	{ 0, "memory", OPT_INT, &memory, "SIZE", "count in that much, the rest on disk [no limit]", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "train-vocab", "Learn a vocabulary from documents.", "[FILE ...]", opts };

static struct strs names;
static struct err err;

static void
add_name(const char *p, size_t n)
{
	char *name = xstrndup(p, n);

	for (int i = 0; i < names.n; i++)
		if (!strcmp(names.v[i], name)) {
			free(name);
			return;
		}
	VEC_PUSH(names.v, names.n, names.cap, name);
}

static void
add_list(const char *list)
{
	const char *name;
	size_t n;

	while (list_next(&list, &name, &n))
		if (n)
			add_name(name, n);
}

static void
find_names(void)
{
	const char *const *more;

	for (int i = 0; i < special.n; i++)
		add_list(special.v[i]);
	if (!special.n)
		add_list("<|endoftext|>");
	if (!chat_name)
		return;
	more = chat_specials(chat_name);
	if (!more)
		die_usage("--chat: no template '%s' (chatml llama3 qwen smollm2 alpaca plain)", chat_name);
	for (; *more; more++)
		add_list(*more);
}

/* Texts, or parts of one, that wait for the threads, and one count of pieces for each of these. */
struct work {
	struct trainer **trainer;
	struct buf  text;
	const char *p;          /* where they are, one after another */
	size_t     *end;
	size_t      n, cap;
	struct err *why;        /* one a thread; no text: all is well */
};

static void
count_one(size_t i, int thread, void *ctx)
{
	struct work *w = ctx;
	size_t from = i ? w->end[i - 1] : 0;

	trainer_add(w->trainer[thread], w->p + from, w->end[i] - from, &w->why[thread]);
}

static void
count_batch(struct work *w, const char *p)
{
	w->p = p;
	par_for_on(w->n, count_one, w);
	for (int i = 0; i < par_threads(); i++)
		if (*w->why[i].text)
			die_err(&w->why[i]);
	w->n = 0;
}

static void
count_waiting(struct work *w)
{
	count_batch(w, w->text.p);
	buf_clear(&w->text);
}

/* A large text, in parts, where it is; what there is of it up to the last cut makes room for more of it. */
static uint64_t
count_large(struct work *w, struct docs_in *in, struct doc *doc, uint64_t before)
{
	size_t at = 0, end = 0, cut;
	uint64_t bytes = before;
	int all;

	do {
		cut = trainer_cut(w->trainer[0], doc->text, doc->text_len, end + BATCH / 16);
		all = cut == doc->text_len && !docs_more(in);
		if (cut < doc->text_len || all)
			VEC_PUSH(w->end, w->n, w->cap, (end = cut) - at);
		if (cut < doc->text_len && end - at < BATCH)
			continue;
		count_batch(w, doc->text + at);
		bytes += end - at;
		progress(docs_count(in), 0, "documents", "%.1f MB", (double)bytes / 1e6);
		at = end;
		if (cut == doc->text_len && !all) {
			docs_grow(in, doc, at, BATCH);
			at = end = 0;
		}
	} while (!all);
	return bytes - before;
}

static uint64_t
count_all(int nfiles, char **files, struct work *w)
{
	struct docs_in *in = docs_open(nfiles, files, TEXT_PARTS);
	struct doc doc;
	uint64_t bytes = 0, record;
	const char *name;

	while (docs_next(in, &doc)) {
		if (!doc.text_len && chat_is(doc.meta, doc.meta_len)) {
			name = docs_at(in, &record);
			die("%s: record %llu: a conversation, not a text to learn from", name, (unsigned long long)record);
		}
		if (doc.text_len >= BATCH || docs_more(in)) {
			count_waiting(w);
			bytes += count_large(w, in, &doc, bytes);
		} else {
			buf_add(&w->text, doc.text, doc.text_len);
			VEC_PUSH(w->end, w->n, w->cap, w->text.n);
			bytes += doc.text_len;
		}
		if (w->text.n >= BATCH || w->n >= 65536)
			count_waiting(w);
		progress(docs_count(in), 0, "documents", "%.1f MB", (double)bytes / 1e6);
	}
	count_waiting(w);
	progress_end();
	docs_close(in);
	return bytes;
}

static void
write_out(const struct vocab *v)
{
	struct buf json = {0};

	vocab_json(v, &json);
	if (file_write(out_path, 0, json.p, json.n, &err))
		die_err(&err);
	buf_free(&json);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool), threads = par_threads();
	struct trainer_opts o;
	struct work w = { 0 };
	struct trainer_found found;
	uint64_t bytes;
	struct vocab *v;

	if (size < 256 || size > 1 << 24)
		die_usage("--size: from 256 to 16777216");
	if (cli_given(&memory) && memory < 1 << 20)
		die_usage("--memory: 1M at least");
	if (min_count < 1)
		die_usage("--min-count: 1 or more");
	if (file_check(out_path, 0, &err))
		die_err(&err);
	find_names();
	o = (struct trainer_opts){ pattern, names.v, names.n, (size_t)size, (uint64_t)min_count, (enum unit)cli_one_of("unit", unit, "bpe,byte,char,word"),
				   (size_t)(memory / threads) };
	w.trainer = xcalloc((size_t)threads, sizeof *w.trainer);
	w.why = xcalloc((size_t)threads, sizeof *w.why);
	for (int i = 0; i < threads; i++)
		if (!(w.trainer[i] = trainer_new(&o, &err)))
			die_err(&err);
	bytes = count_all(argc - first, argv + first, &w);
	for (int i = 1; i < threads; i++)
		if (trainer_join(w.trainer[0], w.trainer[i], &err))
			die_err(&err);
	v = trainer_finish(w.trainer[0], &found, &err);
	if (!v)
		die_err(&err);
	note(2, "%llu bytes, %llu pieces, %llu of them distinct, %zu merges; counts went to disk %zu times", (unsigned long long)bytes,
	     (unsigned long long)found.pieces, (unsigned long long)found.distinct, found.merges, found.runs);
	if (o.unit == UNIT_BPE && vocab_size(v) < (size_t)size)
		warn("%zu tokens, not %lld: no other pair occurs %lld times", vocab_size(v), size, min_count);
	write_out(v);
	vocab_free(v);
	buf_free(&w.text);
	free(w.trainer), free(w.end), free(w.why);
	return EXIT_OK;
}

/* train-quality - labelled documents -> a classifier that crawl-clean applies */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "stream/docs.h"
#include "text/lang/fasttext.h"
#include "text/lang/fttrain.h"
#include <stdlib.h>
#include <string.h>

static const char *output, *key = "label", *test;
static struct strs files;
static long long dim = 16, epochs = 5, ngrams = 2, buckets = 1 << 17, min_count = 1, seed = 1;
static double lr = .5;

static const struct opt opts[] = {
	{ 'o', "output", OPT_STR, &output, "FILE", "write the model to FILE", OPT_QUIET },
	{ 0, "label", OPT_LIST, &files, "LABEL=FILE", "documents of one label", OPT_QUIET },
	{ 0, "key", OPT_STR, &key, "KEY", "of metadata that holds the label", OPT_RESULT },
	{ 0, "test", OPT_STR, &test, "FILE", "documents to count what the model gets right", OPT_QUIET },
	{ 0, "dim", OPT_INT, &dim, "N", "numbers for a word", OPT_RESULT },
	{ 0, "epochs", OPT_INT, &epochs, "N", "times that all is read", OPT_RESULT },
	{ 0, "ngram", OPT_INT, &ngrams, "N", "words in a row that count", OPT_RESULT },
	{ 0, "buckets", OPT_INT, &buckets, "N", "places for these [128K]", OPT_RESULT },
	{ 0, "min-count", OPT_INT, &min_count, "N", "leave out words that come less often", OPT_RESULT },
	{ 0, "lr", OPT_NUM, &lr, "X", "learning rate at the beginning", OPT_RESULT },
	{ 'S', "seed", OPT_INT, &seed, "N", "of what is random", OPT_RESULT },
	{ 0 }
};
static const struct tool tool = { "train-quality", "Train a classifier of documents.", "-o FILE [FILE ...]", opts };

/* The label of a document by its metadata, appended. */
static void
label_of(struct docs_in *in, const struct doc *d, struct buf *label)
{
	struct json meta, v;
	const char *name;
	uint64_t record;

	if (json_parse(&meta, d->meta, d->meta_len, NULL) == 0 && (v = json_get(meta, key)).p) {
		if (json_kind(v) == '"')
			json_str(v, label);
		else
			json_raw(label, v);
	}
	if (label->n)
		return;
	name = docs_at(in, &record);
	die("%s: record %llu: no label under \"%s\" (see --key, --label)", name, (unsigned long long)record, key);
}

/* All documents of a file; label NULL: each has its own. */
static void
read_docs(struct fttrain *t, int n, char **paths, const char *label)
{
	struct docs_in *in = docs_open(n, paths, TEXT_WHOLE);
	struct buf own = { 0 };
	struct doc d;
	struct err err;

	while (docs_next(in, &d)) {
		buf_clear(&own);
		if (label)
			buf_str(&own, label);
		else
			label_of(in, &d, &own);
		if (fttrain_add(t, own.p, own.n, d.text, d.text_len, &err))
			die_err(&err);
		progress(docs_count(in), 0, "documents", "%s", "");
	}
	progress_end();
	docs_close(in);
	buf_free(&own);
}

/* LABEL=FILE */
static void
read_labelled(struct fttrain *t, const char *arg)
{
	const char *is = strchr(arg, '=');
	char *label = xstrndup(arg, (size_t)(is - arg)), *path = xstrdup(is + 1);

	read_docs(t, 1, &path, label);
	free(label);
	free(path);
}

static void
tell(int epoch, double loss, double right)
{
	note(1, "epoch %d: loss %.4f, %.1f %% right", epoch + 1, loss, 100 * right);
}

/* How often the likeliest label is the right one, on documents that were not trained on. */
static void
try(const struct buf *model)
{
	char *path = xstrdup(test);
	struct docs_in *in = docs_open(1, &path, TEXT_NONE);
	struct err err;
	struct fasttext *m = fasttext_parse(model->p, model->n, &err);
	struct buf label = { 0 };
	struct doc d;
	unsigned long long n = 0, right = 0;
	double prob;

	if (!m)
		die_err(&err);
	for (; docs_next(in, &d); n++) {
		int best = fasttext_best(m, d.text, d.text_len, &prob);

		buf_clear(&label);
		label_of(in, &d, &label);
		right += best >= 0 && fasttext_find(m, label.p, label.n) == best;
	}
	note(0, "%s: %llu of %llu right", test, right, n);
	docs_close(in);
	fasttext_free(m);
	buf_free(&label);
	free(path);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct fttrain_opts o = { (int)dim, (int)epochs, (int)ngrams, (uint32_t)buckets, (long)min_count, lr, (uint64_t)seed };
	struct fttrain *t;
	struct buf model = { 0 };
	struct err err;

	if (!output)
		die_usage("-o FILE: where the model goes");
	if (dim < 1 || dim > 1024 || epochs < 1 || epochs > 10000 || ngrams < 1 || ngrams > 16 || buckets < 1 || buckets > 1 << 28 ||
	    min_count < 1 || !(lr > 0 && lr < 100))
		die_usage("--dim 1 to 1024, --epochs 1 to 10000, --ngram 1 to 16, --buckets 1 to 256M, --min-count 1 up, --lr above 0");
	for (int i = 0; i < files.n; i++) {
		const char *is = strchr(files.v[i], '=');

		if (!is || is == files.v[i] || !is[1])
			die_usage("--label=%s: LABEL=FILE is needed", files.v[i]);
	}
	t = fttrain_new(&o);
	for (int i = 0; i < files.n; i++)
		read_labelled(t, files.v[i]);
	if (first < argc || !files.n)
		read_docs(t, argc - first, argv + first, NULL);
	if (fttrain_labels(t) < 2)
		die("documents of %zu label: there is nothing to tell apart", fttrain_labels(t));
	fttrain_fit(t, tell);
	fttrain_write(t, &model);
	if (file_write(output, 1, model.p, model.n, &err))
		die_err(&err);
	if (test)
		try(&model);
	fttrain_free(t);
	buf_free(&model);
	return EXIT_OK;
}

/* shard - pack tokens into records of one length; shuffle, split and mix them */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "base/rng.h"
#include "stream/shard/mix.h"
#include "stream/shard/pack.h"
#include "stream/shard/shards.h"
#include "stream/shard/shuffle.h"
#include <stdlib.h>
#include <string.h>

/* Where they go: -o, or one --split file. */
struct sink {
	struct shards   *out;
	struct pack     *pack;
	struct shuffle  *shuffle;
	char            *name;
	double           below;         /* takes documents whose hash is below this */
	uint64_t         docs, tokens, items;
};

static long long T, seed, size;
static const char *output = "-", *how = "concat", *format = "lms";
static int shuffled;
static struct strs splits, mixes;
static const struct opt opts[] = {
	{ 'o', "output", OPT_STR, &output, "FILE", "write to FILE", OPT_QUIET },
	{ 'T', "seq", OPT_INT, &T, "LEN", "records of LEN+1 tokens [documents as they are]", OPT_RESULT },
	{ 0, "pack", OPT_STR, &how, "HOW", "concat or best-fit", OPT_RESULT },
	{ 0, "shuffle", OPT_FLAG, &shuffled, NULL, "the order drawn from the seed", OPT_RESULT },
	{ 'S', "seed", OPT_INT, &seed, "N", "of --shuffle and --split [0]", OPT_RESULT },
	{ 0, "split", OPT_LIST, &splits, "NAME=FRACTION", "that share of the documents to NAME.lms", OPT_RESULT },
	{ 0, "size", OPT_INT, &size, "TOKENS", "several files of about TOKENS tokens [one]", OPT_RESULT },
	{ 0, "format", OPT_STR, &format, "FORMAT", "lms, llmc, megatron, npy or raw", OPT_RESULT },
	{ 0, "mix", OPT_LIST, &mixes, "FILE=WEIGHT", "read FILE, for a share of the tokens", OPT_RESULT },
	{ 0 }
};
static const struct tool tool = { "shard", "Pack tokens into records of one length.", "[FILE ...]", opts };

static enum shards_format shards_format(void) { return (enum shards_format)cli_one_of("format", format, "lms,llmc,megatron,npy,raw"); }

static struct mix *mix;
static struct sink *sinks;              /* the --split files, then -o */
static int n_sinks;

/* "NAME=NUMBER" to a copy of NAME and the number, which must be above 0. */
static char *
name_number(const char *arg, const char *option, double *number)
{
	const char *eq = strrchr(arg, '=');
	char *end;

	if (!eq || eq == arg)
		die_usage("--%s=%s: NAME=NUMBER is needed", option, arg);
	*number = strtod(eq + 1, &end);
	if (end == eq + 1 || *end || !(*number > 0) || *number > 1e300)
		die_usage("--%s=%s: '%s' is no number above 0", option, arg, eq + 1);
	return xstrndup(arg, (size_t)(eq - arg));
}

/* All operands joined, or each --mix file for its share. */
static void
open_sources(int n, char **files)
{
	struct buf line = { 0 };
	struct err err = { "" };
	char crc[CRC32C_TEXT];
	double weight;

	mix = mix_new();
	if (mixes.n && n)
		die_usage("--mix names the files: no operands beside it");
	if (!mixes.n && mix_add(mix, n, files, 1, &err))
		die_err(&err);
	for (int i = 0; i < mixes.n; i++) {
		char *name = name_number(mixes.v[i], "mix", &weight);

		if (!strcmp(name, "-"))
			die_usage("--mix reads files, not standard input");
		cli_crc(name, crc);
		buf_printf(&line, "%s%s=%.15g", i ? "," : "", crc, weight);
		if (mix_add(mix, 1, &name, weight, &err))
			die_err(&err);
		free(name);
	}
	if (mixes.n)
		cli_prog_set("mix", line.p);
	buf_free(&line);
	if (toks_info(mix_toks(mix, 0))->seq && T)
		die("%s: its records have %d+1 tokens already; -T wants documents", stream_name(toks_stream(mix_toks(mix, 0))),
		    toks_info(mix_toks(mix, 0))->seq);
}

static void
sink_write(void *ctx, const struct item *it)
{
	struct sink *s = ctx;
	struct err err = { "" };

	if (shards_put(s->out, it, &err))
		die_err(&err);
	for (int i = 0; mix_toks(mix, i); i++)
		shards_dates(s->out, mix_toks(mix, i));
}

static void
sink_item(struct sink *s, const struct item *it)
{
	struct err err = { "" };

	s->items++;
	if (!s->shuffle)
		sink_write(s, it);
	else if (shuffle_put(s->shuffle, it, &err))
		die_err(&err);
}

static void
record_put(void *ctx, const uint32_t *tok, const uint8_t *mask, const uint32_t *end, size_t n_doc)
{
	struct item it = { .tok = tok, .mask = mask, .end = end, .n_tok = (size_t)T + 1, .n_doc = n_doc };

	sink_item(ctx, &it);
}

static void
sink_put(struct sink *s, const struct item *it)
{
	s->docs++;
	s->tokens += it->n_tok;
	if (s->pack)
		pack_doc(s->pack, it->tok, it->mask, it->n_tok);
	else
		sink_item(s, it);
}

static void
sink_end(struct sink *s)
{
	uint64_t filled = 0;
	struct err err = { "" };

	if (s->pack) {
		pack_end(s->pack);
		filled = pack_filled(s->pack);
	}
	if (s->shuffle && shuffle_out(s->shuffle, (uint64_t)seed, sink_write, s, &err))
		die_err(&err);
	shuffle_free(s->shuffle);
	pack_free(s->pack);
	if (shards_finish(s->out, &err))
		die_err(&err);
	note(2, "%s: %llu documents or records of %llu tokens in, %llu out, %llu places filled up", s->name, (unsigned long long)s->docs,
	     (unsigned long long)s->tokens, (unsigned long long)s->items, (unsigned long long)filled);
	free(s->name);
}

static void
sink_open(struct sink *s, char *path, const char *head, const struct toks_head *info)
{
	struct err err = { "" };

	s->name = path;
	if (!(s->out = shards_create(path, shards_format(), (uint64_t)size, head, info, &err)))
		die_err(&err);
	if (T)
		s->pack = pack_new((size_t)T, (enum pack_how)cli_one_of("pack", how, "concat,best-fit"),
		                   info->eot < 0 ? 0 : (uint32_t)info->eot, record_put, s);
	if (shuffled && !(s->shuffle = shuffle_new(&err)))
		die_err(&err);
}

/* NAME.lms, or as the format is called, in the folder of -o. */
static char *
split_path(const char *name)
{
	const char *slash = strrchr(output, '/');
	struct buf b = { 0 };

	if (strchr(name, '/'))
		die_usage("--split=%s: a name, not a path; the file goes beside -o", name);
	if (slash)
		buf_add(&b, output, (size_t)(slash + 1 - output));
	buf_printf(&b, "%s.%s", name, strcmp(format, "megatron") && strcmp(format, "llmc") ? format : "bin");
	if (!strcmp(b.p, output))
		die_usage("--split=%s: that is the file of -o", name);
	return b.p;
}

static void
open_sinks(void)
{
	struct toks_head info = *toks_info(mix_toks(mix, 0));
	struct buf fields = { 0 };
	double sum = 0, f;
	char *head;

	info.seq = T ? (int)T : info.seq;
	for (int i = 0; mix_toks(mix, i); i++)
		info.masked |= T || toks_info(mix_toks(mix, i))->masked;
	toks_head_fields(&fields, &info);
	head = head_next(toks_meta(mix_toks(mix, 0)), "toks", fields.p);
	n_sinks = splits.n + 1;
	sinks = xcalloc((size_t)n_sinks, sizeof *sinks);
	for (int i = 0; i < splits.n; i++) {
		char *name = name_number(splits.v[i], "split", &f);

		sinks[i].below = sum += f;
		if (sum > 1 + 1e-9)
			die_usage("--split: the fractions are more than 1 together");
		for (int j = 0; j < i; j++)
			if (!strncmp(splits.v[j], splits.v[i], strlen(name) + 1))
				die_usage("--split=%s: named twice", name);
		sink_open(&sinks[i], split_path(name), head, &info);
		free(name);
	}
	sink_open(&sinks[splits.n], xstrdup(output), head, &info);
	free(head);
	buf_free(&fields);
}

/* Equal documents go to one place, whatever comes before them. */
static struct sink *
sink_of(const struct item *it)
{
	double u = rng_unit(rng_hash(it->tok, it->n_tok * sizeof *it->tok, (uint64_t)seed));
	int i = 0;

	while (i < n_sinks - 1 && u >= sinks[i].below)
		i++;
	return &sinks[i];
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct item it;
	uint64_t n = 0, given;
	int ended;

	if (cli_given(&T) ? T < 1 || T > 1 << 24 : 0)
		die_usage("-T: 1 to 16M");
	cli_one_of("pack", how, "concat,best-fit");
	if (size < 0 || (T && (shards_format() == SHARDS_LLMC || shards_format() == SHARDS_MEGATRON)))
		die_usage(size < 0 ? "--size: from 1" : "--format=%s wants documents, not records: no -T", format);
	open_sources(argc - first, argv + first);
	open_sinks();
	while (mix_next(mix, &it, &ended, &given)) {
		sink_put(sink_of(&it), &it);
		n += it.n_tok;
		progress(n, 0, "tokens", "%s", "");
	}
	progress_end();
	if (mixes.n > 1)
		note(1, "%s ended after %llu tokens, and the mix with it", stream_name(toks_stream(mix_toks(mix, ended))), (unsigned long long)given);
	for (int i = 0; i < n_sinks; i++)
		sink_end(&sinks[i]);
	mix_close(mix);
	free(sinks);
	return EXIT_OK;
}

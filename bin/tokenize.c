/* tokenize - docs or text -> toks, and back */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "stream/input.h"
#include "stream/toks.h"
#include "text/lang/lang.h"
#include "vocab/chat/ebatch.h"
#include "vocab/detok.h"
#include "vocab/idtext.h"
#include <stdlib.h>
#include <string.h>

static const char *vocab_path, *out_path = "-", *chat_name, *special = "refuse", *invalid = "raw", *pattern, *by;
static int decode, as_ids, count, pieces, bos, eot;
static double price;
static const struct opt opts[] = {
	{ 'w', "vocab", OPT_STR, &vocab_path, "VOCAB", "the vocabulary: a file, or a model that has one", OPT_FILE },
	{ 'o', "output", OPT_STR, &out_path, "FILE", "write to FILE [standard output]", OPT_QUIET },
	{ 'd', "decode", OPT_FLAG, &decode, NULL, "tokens to text", OPT_QUIET },
	{ 0, "ids", OPT_FLAG, &as_ids, NULL, "tokens are numbers in text, a line a document", OPT_QUIET },
	{ 0, "count", OPT_FLAG, &count, NULL, "say how many tokens, bytes, words ...", OPT_QUIET },
	{ 0, "by", OPT_STR, &by, "lang", "with --count: a line for each language", OPT_QUIET },
	{ 0, "price", OPT_NUM, &price, "PER_MILLION", "with --count: what that many tokens cost", OPT_QUIET },
	{ 0, "pieces", OPT_FLAG, &pieces, NULL, "show each token: number, offset, bytes", OPT_QUIET },
	{ 0, "chat", OPT_MAYBE, &chat_name, "TEMPLATE", "render conversations, with a mask [the model's]", OPT_RESULT },
	{ 0, "special", OPT_STR, &special, "HOW", "specials in text: refuse, none, all [refuse]", OPT_RESULT },
	{ 0, "invalid", OPT_STR, &invalid, "HOW", "not UTF-8: raw, replace, refuse [raw]", OPT_RESULT },
	{ 0, "bos", OPT_FLAG, &bos, NULL, "begin each document with BOS", OPT_RESULT },
	{ 0, "eot", OPT_FLAG, &eot, NULL, "end each document with the end-of-text token", OPT_RESULT },
	{ 0, "pattern", OPT_STR, &pattern, "PATTERN", "how to cut text first, for a .tiktoken file", OPT_RESULT },
	{ 0 }
};
static const struct tool tool = { "tokenize", "Turn documents or text into tokens, or tokens into text.", "-w VOCAB [FILE ...]", opts };

static struct file_out *text_out;
static struct toks_out *toks;
static struct idtext_count total, part;         /* of all, of the document at hand */
static struct idtext_langs langs;
static uint64_t supervised, offset;
static struct err err;

static void
check_usage(void)
{
	if (!vocab_path)
		die_usage("no vocabulary: give -w");
	if (as_ids + count + pieces > 1)
		die_usage("only one of --ids, --count and --pieces");
	if (decode && (count || pieces || chat_name || bos || eot))
		die_usage("--decode takes --ids and no other of these options");
	if (cli_given(&price) && !count)
		die_usage("--price goes with --count");
	if (by && (!count || chat_name || cli_given(&price) || strcmp(by, "lang")))
		die_usage("--by=lang goes with --count, and neither --price nor --chat");
	if (chat_name && (bos || eot))
		die_usage("--chat puts BOS and the ends of turns itself: no --bos, no --eot");
}

static void
open_output(const struct docs_in *in, const struct vocab *v, const struct chat *chat)
{
	struct toks_head h = { .n_vocab = (long long)vocab_size(v), .eot = vocab_eot(v), .masked = chat != NULL };
	struct buf fields = {0};
	char *head;

	if (as_ids || count || pieces || decode) {
		text_out = cli_create(out_path);
		return;
	}
	h.wide = h.n_vocab > 65536;
	vocab_crc(v, h.vocab);
	toks_head_fields(&fields, &h);
	if (chat) {
		json_key(&fields, "chat");
		chat_print(chat, &fields);
	}
	head = head_next(docs_head((struct docs_in *)in), "toks", fields.p);
	toks = toks_create(out_path, head, &h);
	free(head);
	buf_free(&fields);
}

static void
put_date(const char *meta, size_t n)
{
	struct json j;

	if (json_parse(&j, meta, n, NULL) == 0 && json_kind(j = json_get(j, "date")) == '"')
		toks_date(toks, j.p + 1, (size_t)(j.end - j.p) - 2);
}

/* The end of a document: it counts for the language that it says it is in, or that its text is taken for. */
static void
count_doc(const struct ebatch_doc *d)
{
	struct lang found;
	struct json j;
	struct buf said = {0};

	part.docs = 1;
	idtext_sum(&total, &part);
	if (by) {
		if (json_parse(&j, d->meta, d->meta_len, NULL) || json_str(json_get(j, "lang"), &said) || !said.n)
			lang_detect(d->text, d->text_len, &found);
		idtext_add_lang(&langs, said.n ? said.p : found.code, &part);
	}
	buf_free(&said);
	part = (struct idtext_count){0};
}

static void
put_text(const struct ebatch_doc *d, const struct vocab *v)
{
	static struct buf line;

	buf_clear(&line);
	if (as_ids)
		idtext_ids(&d->ids, d->goes_on, d->more, &line);
	else if (pieces)
		idtext_pieces(v, &d->ids, d->mask, d->more, &offset, &line);
	if (line.n)
		fwrite(line.p, 1, line.n, file_stream(text_out));
}

static void
put(const struct ebatch_doc *d, void *v)
{
	if (count) {
		idtext_add(&part, d->text, d->text_len, d->ids.n);
		if (!d->more)
			count_doc(d);
		return;
	}
	total.tokens += d->ids.n;
	total.docs += !d->more;
	for (size_t k = 0; d->mask && k < d->ids.n; k++)
		supervised += (uint64_t)d->mask[k];
	if (!toks) {
		put_text(d, v);
	} else if (d->more) {
		toks_put_part(toks, d->ids.v, d->ids.n);
	} else {
		toks_put_doc(toks, d->ids.v, (const uint8_t *)d->mask, d->ids.n);
		put_date(d->meta, d->meta_len);
	}
	progress(total.docs, 0, "documents", "%.1f M tokens", (double)total.tokens / 1e6);
}

static void
encode_all(int nfiles, char **files, struct vocab *v, const struct vocab_opts *vo)
{
	struct chat chat = {0};
	struct ebatch b = { .v = v, .opts = vo, .chat = chat_name ? &chat : NULL, .bos = -1, .eot = -1, .put = put, .ctx = v };
	struct buf line = {0};
	struct docs_in *in;

	if (chat_name && (*chat_name ? chat_init(&chat, chat_name, v, &err) : chat_load(&chat, vocab_path, &err)))
		die_err(&err);
	if ((bos && vocab_bos(v) < 0) || (eot && vocab_eot(v) < 0))
		die("%s: the vocabulary has no %s token", vocab_path, bos && vocab_bos(v) < 0 ? "BOS" : "end-of-text");
	in = docs_open(nfiles, files, TEXT_PARTS);
	open_output(in, v, b.chat);
	if (bos)
		b.bos = vocab_bos(v);
	if (eot)
		b.eot = vocab_eot(v);
	if (ebatch_run(&b, in, &err))
		die_err(&err);
	progress_end();
	if (chat_name && total.docs && !supervised)
		die("no token is supervised: no conversation has an assistant's turn");
	if (count) {
		by ? idtext_by_lang(&langs, &total, &line) : idtext_total(&total, price, &line);
		fwrite(line.p, 1, line.n, file_stream(text_out));
	}
	if (chat_name)
		note(2, "%llu tokens in %llu conversations, %llu of them supervised", (unsigned long long)total.tokens,
		     (unsigned long long)total.docs, (unsigned long long)supervised);
	docs_close(in);
	buf_free(&line);
	chat_free(&chat);
}

static void
decode_lines(const char *path, const struct vocab *v)
{
	struct input *in = input_open(path, 1, &err);

	if (!in || detok_lines(v, in, file_stream(text_out), &err))
		die_err(&err);
	if (!input_offset(in))
		die("%s: empty", input_name(in));
	input_close(in);
}

static void
decode_all(int nfiles, char **files, const struct vocab *v)
{
	struct toks_in *in;
	char crc[CRC32C_TEXT];

	open_output(NULL, v, NULL);
	if (as_ids) {
		for (int i = 0; i < (nfiles ? nfiles : 1) && !ferror(file_stream(text_out)); i++)
			decode_lines(nfiles ? files[i] : "-", v);
		return;
	}
	in = toks_open(nfiles, files);
	vocab_crc(v, crc);
	if (*toks_info(in)->vocab ? strcmp(toks_info(in)->vocab, crc) != 0 : toks_info(in)->n_vocab > (long long)vocab_size(v))
		die("%s: the tokens are of another vocabulary (%s, %lld tokens) than %s (%s, %zu tokens)", stream_name(toks_stream(in)),
		    toks_info(in)->vocab, toks_info(in)->n_vocab, vocab_path, crc, vocab_size(v));
	detok_stream(v, in, file_stream(text_out));
	toks_close(in);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct vocab_opts vo = { .pattern = NULL };
	struct vocab *v;

	check_usage();
	vo.special = (enum vocab_special)cli_one_of("special", special, "refuse,none,all");
	vo.invalid = (enum vocab_invalid)cli_one_of("invalid", invalid, "raw,replace,refuse");
	v = vocab_load(vocab_path, pattern, &err);
	if (!v)
		die_err(&err);
	if (decode)
		decode_all(argc - first, argv + first, v);
	else
		encode_all(argc - first, argv + first, v, &vo);
	if (toks)
		toks_finish(toks);
	else if (file_commit(text_out, &err))
		die_err(&err);
	vocab_free(v);
	return EXIT_OK;
}

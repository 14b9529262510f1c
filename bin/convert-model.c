/* convert-model - models between our file, Hugging Face's folder, GGUF, llama2.c's and llm.c's checkpoints */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "model/adapter.h"
#include "model/file/image.h"
#include "model/file/llama2c.h"
#include "model/file/llmc.h"
#include "model/file/load.h"
#include "model/file/peft.h"
#include "model/file/save.h"
#include "model/gguf/gguf.h"
#include "vocab/vocab.h"
#include <stdlib.h>
#include <string.h>

static const char *vocab_path, *merge, *to, *quant, *chat_name, *out = "-";
static int average, adapter;
static const struct opt opts[] = {
	{ 'w', "vocab", OPT_STR, &vocab_path, "VOCAB", "the vocabulary to keep within", OPT_FILE },
	{ 0, "to", OPT_STR, &to, "FORMAT", "pipelm, hf, gguf, llama2c, llmc [by FILE's name]", OPT_QUIET },
	{ 0, "quant", OPT_STR, &quant, "TYPE", "of gguf: f32 f16 bf16 q8_0 q4_0 [f32]", OPT_RESULT },
	{ 0, "average", OPT_FLAG, &average, NULL, "the mean of the weights of several models", OPT_RESULT },
	{ 0, "merge", OPT_STR, &merge, "ADAPTER", "add a folder's LoRA to the weights", OPT_FILE },
	{ 0, "adapter", OPT_FLAG, &adapter, NULL, "the LoRA of a folder alone, as GGUF", OPT_RESULT },
	{ 0, "chat", OPT_STR, &chat_name, "NAME", "keep this chat template: chatml, llama3 ...", OPT_RESULT },
	{ 'o', "output", OPT_STR, &out, "FILE", "write to this file or folder [a stream]", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "convert-model", "Read a model of one format and write it in another.", "MODEL [MODEL ...]", opts };

/* What a file is shows in its bytes; llama2.c's legacy kind has no magic, so it is asked last. */
static const struct {
	int (*is)(const void *, size_t);
	int (*parse)(struct model *, const void *, size_t, struct err *);
} kinds[] = { { llmc_is, llmc_parse }, { llama2c_is, llama2c_parse } };

static void
load(struct model *m, const char *path)
{
	int (*parse)(struct model *, const void *, size_t, struct err *) = NULL;
	struct file_map f;
	struct err e;
	int r;

	if (!strcmp(path, "-") || folder_is(path)) {
		if ((adapter ? model_load_adapted : model_load)(m, path, &e))
			die_err(&e);
		if (!m->chat && !chat_name && folder_is(path) && folder_has_chat(path))
			warn("%s: its chat template is none that is offered: left out (--chat=NAME names one)", path);
		return;
	}
	if (file_map(&f, path, &e))
		die_err(&e);
	for (int i = 0; i < 2 && !parse; i++)
		if (kinds[i].is(f.p, f.n))
			parse = kinds[i].parse;
	if (!parse)
		r = model_load(m, path, &e);
	else if ((r = parse(m, f.p, f.n, &e)))
		err_in(&e, path);
	if (r)
		die_err(&e);
	file_unmap(&f);
}

/* The vocabulary given or the one within; an embedding may have rows to spare. */
static void
set_vocab(struct model *m)
{
	struct vocab *v = NULL;
	struct err e;

	if (vocab_path && !(v = vocab_load(vocab_path, NULL, &e)))
		die_err(&e);
	if (v && vocab_size(v) > (size_t)m->cfg.V)
		die("%s: %zu tokens, where the model has %d", vocab_path, vocab_size(v), m->cfg.V);
	if (v)
		model_set_vocab(m, v);
	if (chat_name) {
		if (!v && !(v = model_vocab(m, &e)))
			die_err(&e);
		if (model_set_chat(m, chat_name, v, &e))
			die_err(&e);
	}
	vocab_free(v);
}

static enum quant
gguf_type(void)
{
	static const struct {
		const char    *name;
		enum quant type;
	} types[] = {
		{ "f32", QUANT_F32 }, { "f16", QUANT_F16 }, { "bf16", QUANT_BF16 }, { "q8_0", QUANT_Q8_0 }, { "q4_0", QUANT_Q4_0 },
	};

	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (!quant || !strcmp(types[i].name, quant))
			return types[i].type;
	die_usage("--quant: f32, f16, bf16, q8_0 or q4_0, not %s", quant);
}

static int
save_file(const struct model *m, const char *kind, struct err *e)
{
	struct file_out *o = file_create(out, 1, e);
	int r;

	if (!o)
		return -1;
	if (!strcmp(kind, "adapter"))
		r = gguf_write_adapter(m, file_stream(o), e);
	else if (!strcmp(kind, "gguf"))
		r = gguf_write(m, gguf_type(), file_stream(o), e);
	else
		r = (strcmp(kind, "llmc") ? llama2c_write : llmc_write)(m, file_stream(o), e);
	if (r) {
		file_abort(o);
		return -1;
	}
	return file_commit(o, e);
}

static const char *
format(void)
{
	size_t n = strlen(out);

	if (to)
		return to;
	if (n > 5 && !strcmp(out + n - 5, ".gguf"))
		return "gguf";
	return (n && out[n - 1] == '/') || folder_is(out) ? "hf" : "pipelm";
}

/* --merge: and how far the logits move by it, which is rounding alone. */
static void
add_adapter(struct model *m)
{
	double delta;
	struct err e;

	if (adapter_load(m, merge, &e) || adapter_merge_measured(m, 64, &delta, &e))
		die_err(&e);
	note(1, "merged: max |delta logit| %.3g", delta);
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool), r;
	const char *f = format();
	struct model m, x;
	struct err e;

	if (strcmp(f, "pipelm") && strcmp(f, "hf") && strcmp(f, "gguf") && strcmp(f, "llama2c") && strcmp(f, "llmc"))
		die_usage("--to: pipelm, hf, gguf, llama2c or llmc, not %s", f);
	gguf_type();
	if (adapter && (strcmp(f, "gguf") || quant || merge || average))
		die_usage("--adapter writes GGUF as it is: -o FILE.gguf");
	if (quant && strcmp(f, "gguf"))
		die_usage("--quant is for GGUF: -o FILE.gguf, or --to=gguf");
	if (first == argc || (!average && argc - first > 1))
		die_usage(first == argc ? "a model is needed" : "one model only, or --average");
	if (!strcmp(f, "hf") && !strcmp(out, "-"))
		die_usage("a folder needs a name: give -o");
	load(&m, argv[first]);
	for (int i = first + 1; i < argc; i++) {
		load(&x, argv[i]);
		if (model_average(&m, &x, i - first + 1, &e)) {
			err_in(&e, argv[i]);
			die_err(&e);
		}
		model_free(&x);
	}
	if (merge)
		add_adapter(&m);
	set_vocab(&m);
	model_add_prog(&m, cli_prog());
	if (adapter)
		r = save_file(&m, "adapter", &e);
	else if (!strcmp(f, "hf"))
		r = model_save_folder(&m, out, &e);
	else if (!strcmp(f, "pipelm"))
		r = model_save(&m, out, &e);
	else
		r = save_file(&m, f, &e);
	if (r)
		die_err(&e);
	model_free(&m);
	return EXIT_OK;
}

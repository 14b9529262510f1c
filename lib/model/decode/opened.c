/* opened - a model ready to go on from prompts */
/* SPDX-License-Identifier: MIT */
#include "model/decode/opened.h"
#include "base/json.h"
#include "model/file/load.h"
#include <stdlib.h>
#include <string.h>

int
opened_load(struct opened *o, const char *path, int quant, int want_crc, struct err *e)
{
	struct json j;

	*o = (struct opened){ 0 };
	if (model_open_adapted(&o->m, path, e))
		return -1;
	if (!(o->vocab = model_vocab(&o->m, e)))
		return err_in(e, path);
	if (o->m.chat && (json_parse(&j, o->m.chat, strlen(o->m.chat), e) || chat_parse(&o->chat, j, e)))
		return err_at(e, "%s: pipelm.chat", path);
	o->has_chat = o->m.chat != NULL;
	for (int i = 0; o->has_chat && i < o->chat.n_eos; i++)
		o->eos[o->n_eos++] = o->chat.eos[i];
	o->eos[o->n_eos++] = o->m.cfg.eos;
	if (want_crc)
		model_crc_text(&o->m, o->crc);
	o->mats = mats_new(&o->m, quant);
	model_drop(&o->m);
	return 0;
}

void
opened_free(struct opened *o)
{
	mats_free(o->mats);
	vocab_free(o->vocab);
	chat_free(&o->chat);
	model_free(&o->m);
}

int
opened_system(struct opened *o, const char *text, struct err *e)
{
	if (!o->has_chat)
		return err_set(e, "a system message, and the model has no chat template (it was not trained on conversations)");
	free(o->chat.system);
	o->chat.system = xstrdup(text);
	return 0;
}

int
opened_same(const struct opened *a, const struct opened *b, struct err *e)
{
	char x[20], y[20];

	vocab_crc(a->vocab, x);
	vocab_crc(b->vocab, y);
	if (a->m.cfg.V != b->m.cfg.V || strcmp(x, y))
		return err_set(e, "of another vocabulary");
	return 0;
}

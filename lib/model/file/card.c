/* card - what a model is, for a person */
/* SPDX-License-Identifier: MIT */
#include "model/file/card.h"
#include "base/json.h"
#include <string.h>

void
config_describe(const struct config *c, struct buf *b)
{
	buf_printf(b, "%s, %d layer%s, width %d, %d head%s of %d", c->model_type, c->L, c->L == 1 ? "" : "s", c->C,
	           c->H, c->H == 1 ? "" : "s", c->D);
	if (c->KV != c->H)
		buf_printf(b, " (%d of keys and values)", c->KV);
	buf_printf(b, ", feed-forward %d", c->F);
	if (c->tied)
		buf_str(b, ", tied head");
}

static struct json
parsed(const char *text)
{
	struct json v = { 0 };

	if (text && json_parse(&v, text, strlen(text), NULL))
		v = (struct json){ 0 };
	return v;
}

static void
add_clean(struct buf *b, struct json string)
{
	size_t from = b->n;

	if (json_str(string, b))
		buf_str(b, "?");
	for (size_t i = from; i < b->n; i++)
		if ((unsigned char)b->p[i] < ' ' || b->p[i] == 127)
			b->p[i] = '?';
}

static void
card_data(const char *text, struct buf *b)
{
	struct json d = parsed(text), from = json_get(d, "from"), to = json_get(d, "to");

	buf_printf(b, "tokens seen   %lld\n", json_int(json_get(d, "tokens"), 0));
	if (json_kind(from) != '"' && json_kind(to) != '"')
		return;
	buf_str(b, "data");
	if (json_kind(from) == '"') {
		buf_str(b, "          from ");
		add_clean(b, from);
	}
	if (json_kind(to) == '"') {
		buf_str(b, json_kind(from) == '"' ? " to " : "          to ");
		add_clean(b, to);
		buf_str(b, " (knowledge cut-off)");
	}
	buf_char(b, '\n');
}

void
model_card(const struct model *m, struct buf *b)
{
	struct json chat = parsed(m->chat), prog = parsed(m->prog);
	struct json_iter it = json_walk(prog);

	buf_str(b, "family        ");
	config_describe(&m->cfg, b);
	buf_printf(b, "\nparameters    %zu (%zu in matrices, embeddings not counted)\n", params_count(&m->par),
	           params_matrix(&m->par, &m->cfg));
	buf_printf(b, "context       %d tokens", m->cfg.T);
	if (m->cfg.window)
		buf_printf(b, ", of which each sees %d", m->cfg.window);
	buf_printf(b, "\nvocabulary    %d tokens%s%s%s\n", m->cfg.V, m->vocab[0] ? ", " : "", m->vocab,
	           m->tokenizer.n ? ", tokenizer within" : ", no tokenizer within");
	buf_str(b, "precision     float32\n");
	if (m->data)
		card_data(m->data, b);
	buf_printf(b, "weights       crc32c:%08x\n", (unsigned)model_crc(m));
	if (json_kind(json_get(chat, "template"))) {
		buf_str(b, "chat          ");
		add_clean(b, json_get(chat, "template"));
		buf_char(b, '\n');
	}
	if (m->score)
		buf_printf(b, "reward        gain %g, bias %g\n", m->score_gain, m->score_bias);
	while (json_next(&it)) {
		buf_str(b, "made by       ");
		add_clean(b, it.value);
		buf_char(b, '\n');
	}
}

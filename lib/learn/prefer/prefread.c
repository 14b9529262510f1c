/* prefread - rollouts and preferences into memory, from roll streams or from JSONL rendered with a chat template */
/* SPDX-License-Identifier: MIT */
#include "learn/prefer/prefread.h"
#include "base/cli.h"
#include "base/crc32c.h"
#include "stream/input.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES (64u << 20)

int
pref_text_init(struct pref_text *t, const struct model *m, const char *vocab, const char *template, struct err *e)
{
	struct vocab_opts opts = { .special = SPECIAL_NONE, .invalid = INVALID_RAW };
	struct json j;

	memset(t, 0, sizeof *t);
	t->vocab = vocab ? vocab_load(vocab, NULL, e) : model_vocab(m, e);
	if (!t->vocab)
		return -1;
	t->enc = encoder_new(t->vocab, &opts);
	if (template) {
		if (chat_init(&t->chat, template, t->vocab, e))
			return -1;
		t->chatting = 1;
	} else if (m && m->chat) {
		if (json_parse(&j, m->chat, strlen(m->chat), e) || chat_parse(&t->chat, j, e))
			return err_in(e, "pipelm.chat");
		t->chatting = 1;
	}
	return 0;
}

void
pref_text_free(struct pref_text *t)
{
	if (t->chatting)
		chat_free(&t->chat);
	if (t->enc)
		encoder_free(t->enc);
	if (t->vocab)
		vocab_free(t->vocab);
	memset(t, 0, sizeof *t);
}

static char *
head_of(const struct pref_text *t)
{
	struct buf b = { 0 };
	char crc[CRC32C_TEXT];

	vocab_crc(t->vocab, crc);
	buf_char(&b, '{');
	json_add_str(&b, "type", "roll");
	json_add_str(&b, "vocab", crc);
	json_add_int(&b, "n_vocab", (long long)vocab_size(t->vocab));
	if (t->chat.n_eos || vocab_eot(t->vocab) >= 0)
		json_add_int(&b, "eot", t->chat.n_eos ? t->chat.eos[0] : vocab_eot(t->vocab));
	buf_char(&b, '}');
	return b.p;
}

static int
lines(struct rolls *all, struct input *in, struct pref_text *t, uint64_t segment, struct err *e)
{
	struct buf line = { 0 };
	uint32_t group = 0;
	int got;

	while ((got = input_object(in, &line, LINE_MAX_BYTES, e)) > 0) {
		size_t n = all->n;

		if (prefs_line(all, t, line.p, line.n, group++, e)) {
			got = err_at(e, "%s: record %" PRIu64, input_name(in), input_record(in));
			break;
		}
		for (; n < all->n; n++)
			all->v[n].segment = segment;
	}
	buf_free(&line);
	return got;
}

static int
jsonl(struct rolls *all, struct input *in, struct pref_text *t, uint64_t segment, struct err *e)
{
	if (!t)
		return err_set(e, "%s: JSON lines, and no model or vocabulary that makes tokens of them (give -m)", input_name(in));
	if (!t->chatting)
		return err_set(e, "%s: JSON lines, and the model names no chat template: give --chat=", input_name(in));
	if (lines(all, in, t, segment, e))
		return -1;
	if (!all->head)
		all->head = head_of(t);
	return 0;
}

/* Both name the vocabulary: they must agree; else its size must. */
static int
same_vocab(const char *a, const char *b, struct err *e)
{
	struct json x, y;

	if (json_parse(&x, a, strlen(a), e) || json_parse(&y, b, strlen(b), e))
		return -1;
	char *p = json_dup(json_get(x, "vocab")), *q = json_dup(json_get(y, "vocab"));
	int same = p && q && *p && *q ? !strcmp(p, q)
		: json_int(json_get(x, "n_vocab"), -1) == json_int(json_get(y, "n_vocab"), -1);
	free(p);
	free(q);
	return same ? 0 : err_set(e, "the inputs are of different vocabularies");
}

static int
frames(struct rolls *all, struct input *in, uint64_t segment, struct err *e)
{
	struct roll_in *r = roll_from(in);
	char *head = all->head;
	size_t n = all->n;
	int bad;

	all->head = NULL;
	roll_all(r, all);
	roll_close(r);
	for (; n < all->n; n++)
		all->v[n].segment += segment;
	if (!head)
		return 0;
	bad = same_vocab(head, all->head, e);
	free(all->head);
	all->head = head;
	return bad;
}

static int
one_file(struct rolls *all, const char *path, struct pref_text *t, struct err *e)
{
	uint64_t segment = all->n ? all->v[all->n - 1].segment + 1 : 0;
	struct input *in = input_open(path, 1, e);
	const unsigned char *p;
	size_t got;
	int bad = -1;

	if (!in)
		return -1;
	p = input_peek(in, 8, &got, e);
	if (p && !got)
		err_set(e, "%s: empty: not one byte (did the command before it fail?)", input_name(in));
	else if (p && stream_is(p, got))
		return frames(all, in, segment, e);     /* owns the input */
	else if (p)
		bad = jsonl(all, in, t, segment, e);
	input_close(in);
	return bad;
}

int
prefs_read(struct rolls *all, int nfiles, char **files, struct pref_text *t, struct err *e)
{
	memset(all, 0, sizeof *all);
	if (!nfiles)
		return one_file(all, "-", t, e);
	for (int i = 0; i < nfiles; i++)
		if (one_file(all, files[i], t, e))
			return -1;
	return 0;
}

int
prefs_fit_known(const char *how)
{
	return !strcmp(how, "left") || !strcmp(how, "right") || !strcmp(how, "drop");
}

/* 0, or -1: it cannot be cut to T tokens. */
static int
cut(struct roll *r, int end, uint32_t T)
{
	uint32_t over = r->n_tok - T;
	uint32_t *tok = (uint32_t *)(uintptr_t)r->tok;  /* ours: a struct rolls owns its records */

	if (end == 'l' && over < r->n_prompt) {
		memmove(tok, tok + over, T * sizeof *tok);
		r->n_prompt -= over;
	} else if (end == 'r' && r->n_prompt && r->n_prompt < T) {
		r->flags &= (uint16_t)~ROLL_ENDED;
		r->logp = r->ref_logp = NAN;
	} else {
		return -1;
	}
	r->n_tok = T;
	return 0;
}

void
prefs_fit(struct rolls *all, const char *how, int T)
{
	char *gone = xcalloc(all->n + 1, 1);
	size_t n_cut = 0, n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].n_tok > (uint32_t)T) {
			gone[i] = cut(&all->v[i], *how, (uint32_t)T) != 0;
			n_cut += !gone[i];
		}
	for (size_t i = 0; i < all->n; i++)
		if (rolls_pair(all->v, all->n, i))
			gone[i] = gone[i + 1] = gone[i] | gone[i + 1], i++;
	for (size_t i = 0; i < all->n; i++)
		if (!gone[i])
			all->v[n++] = all->v[i];
	if (n_cut || n < all->n)
		warn("--truncate=%s: of %zu records %zu cut, %zu dropped", how, all->n, n_cut, all->n - n);
	all->n = n;
	free(gone);
}

static uint32_t
record_crc(uint32_t crc, const struct roll *r)
{
	uint32_t fixed[4] = { r->n_prompt, r->n_tok, (uint32_t)r->role << 16 | r->flags, r->group };
	float numbers[3] = { r->score, r->ref_logp, r->margin };

	crc = crc32c(crc, fixed, sizeof fixed);
	crc = crc32c(crc, numbers, sizeof numbers);
	return crc32c(crc, r->tok, r->n_tok * sizeof *r->tok);
}

uint32_t
prefs_crc(const struct rolls *all)
{
	uint32_t crc = 0;

	for (size_t i = 0; i < all->n; i++)
		crc = record_crc(crc, &all->v[i]);
	return crc;
}

int
prefs_vocab(const struct rolls *all, const struct model *m, struct err *e)
{
	struct json head;
	char *vocab;
	int other;

	if (json_parse(&head, all->head, strlen(all->head), e))
		return -1;
	vocab = json_dup(json_get(head, "vocab"));
	other = vocab && *vocab && m->vocab[0] && strcmp(vocab, m->vocab);
	if (other)
		err_set(e, "the input is of another vocabulary (%.40s) than the model (%s)", vocab, m->vocab);
	free(vocab);
	return other ? -1 : 0;
}

void
prefs_add_pair(struct rolls *pairs, const struct roll *better, const struct roll *worse)
{
	uint32_t group = (uint32_t)(pairs->n / 2);

	for (int i = 0; i < 2; i++) {
		struct roll r = i ? *worse : *better;

		r.group = group;
		r.role = i ? ROLL_REJECTED : ROLL_CHOSEN;
		r.segment = 0;
		rolls_add(pairs, &r);
	}
}

void
pref_response(const struct vocab *v, const struct roll *r, struct buf *out)
{
	decode_ids(v, r->tok + r->n_prompt, r->n_tok - r->n_prompt, 1, out);
}

void
pref_prompt(const struct vocab *v, const struct roll *r, struct buf *out)
{
	decode_ids(v, r->tok, r->n_prompt, 1, out);
}

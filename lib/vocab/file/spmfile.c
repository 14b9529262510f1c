/* spmfile - SentencePiece's .model: a protobuf message with pieces, and what the trainer and the normalizer were told */
/* SPDX-License-Identifier: MIT */
#include "vocab/charsmap.h"
#include "vocab/table.h"
#include <math.h>
#include <stdlib.h>

struct bytes {
	const unsigned char *p, *e;
};

struct field {
	uint64_t number, value;         /* value: of whole numbers, and the bits of fixed ones */
	struct bytes text;
};

static int
varint(struct bytes *b, uint64_t *v)
{
	*v = 0;
	for (int shift = 0; b->p < b->e && shift < 64; shift += 7) {
		*v |= (uint64_t)(*b->p & 127) << shift;
		if (!(*b->p++ & 128))
			return 0;
	}
	return -1;
}

/* The next field of a message: 1, 0 at its end, -1 when it is none. */
static int
next_field(struct bytes *b, struct field *f)
{
	uint64_t key, n;

	if (b->p == b->e)
		return 0;
	*f = (struct field){0};
	if (varint(b, &key))
		return -1;
	f->number = key >> 3;
	switch (key & 7) {
	case 0:
		return varint(b, &f->value) ? -1 : 1;
	case 1:
	case 5:
		n = key & 4 ? 4 : 8;
		if ((uint64_t)(b->e - b->p) < n)
			return -1;
		memcpy(&f->value, b->p, n);
		b->p += n;
		return 1;
	case 2:
		if (varint(b, &n) || n > (uint64_t)(b->e - b->p))
			return -1;
		f->text = (struct bytes){ b->p, b->p + n };
		b->p += n;
		return 1;
	}
	return -1;
}

enum { NORMAL = 1, UNKNOWN, CONTROL, USER_DEFINED, UNUSED, BYTE };

struct model {
	struct vocab *v;
	float   *score;
	size_t   n, cap;
	struct buf text;
	uint64_t type, prefix, squeeze, escape, suffix, bos, eos;
};

static int
read_piece(struct model *m, struct bytes b, struct err *err)
{
	struct bytes text = { NULL, NULL };
	uint64_t type = NORMAL;
	uint32_t bits;
	float score = 0;
	struct field f;
	size_t n;
	int rc, byte;

	while ((rc = next_field(&b, &f)) > 0) {
		bits = (uint32_t)f.value;
		if (f.number == 1)
			text = f.text;
		else if (f.number == 2)
			memcpy(&score, &bits, 4);
		else if (f.number == 3)
			type = f.value;
	}
	n = text.p ? (size_t)(text.e - text.p) : 0;
	if (rc || !n || isnan(score) || type < NORMAL || type > BYTE)
		return err_set(err, "piece %zu is damaged", m->n);
	VEC_PUSH(m->score, m->n, m->cap, score);
	if (type == UNKNOWN && m->v->unk < 0)
		m->v->unk = (int)m->n - 1;
	blanks_bytes((const char *)text.p, n, &m->text);
	if (type == BYTE) {
		if ((byte = fallback_byte((const char *)text.p, n)) < 0)
			return err_set(err, "piece %zu is of type BYTE and not <0x..>", m->n - 1);
		return table_set(m->v, m->n - 1, &(char){ (char)byte }, 1, TOKEN_BYTE, err);
	}
	if (type == UNKNOWN || type == CONTROL)
		return table_set(m->v, m->n - 1, text.p, n, TOKEN_ADDED | TOKEN_SPECIAL, err);
	if (memchr(text.p, ' ', n))     /* it is looked for where spaces are U+2581 already */
		type = UNUSED;
	return table_set(m->v, m->n - 1, m->text.p, m->text.n,
			 type == USER_DEFINED ? TOKEN_ADDED : type == UNUSED ? TOKEN_LOST : 0, err);
}

static int
read_spec(struct model *m, struct bytes b, int normalizer, struct err *err)
{
	struct { uint64_t number, *to; } of_trainer[] = { { 3, &m->type }, { 24, &m->suffix }, { 41, &m->bos }, { 42, &m->eos } },
		of_normalizer[] = { { 3, &m->prefix }, { 4, &m->squeeze }, { 5, &m->escape } };
	struct field f;
	int rc;

	while ((rc = next_field(&b, &f)) > 0) {
		for (size_t i = 0; !normalizer && i < sizeof of_trainer / sizeof *of_trainer; i++)
			if (f.number == of_trainer[i].number)
				*of_trainer[i].to = f.value;
		for (size_t i = 0; normalizer && i < sizeof of_normalizer / sizeof *of_normalizer; i++)
			if (f.number == of_normalizer[i].number)
				*of_normalizer[i].to = f.value;
		if (normalizer && f.number == 2 && f.text.p < f.text.e && table_charsmap(m->v, f.text.p, (size_t)(f.text.e - f.text.p), err))
			return -1;
	}
	return rc ? err_set(err, "damaged %s", normalizer ? "normalizer_spec" : "trainer_spec") : 0;
}

static int
read_model(struct model *m, struct bytes b, struct err *err)
{
	const unsigned char *from = b.p;
	struct field f;
	int rc;

	while ((rc = next_field(&b, &f)) > 0) {
		if (f.number == 1 && f.text.p && read_piece(m, f.text, err))
			return -1;
		if ((f.number == 2 || f.number == 3) && f.text.p && read_spec(m, f.text, f.number == 3, err))
			return -1;
	}
	if (rc)
		return err_set(err, "byte %zu: no field of a SentencePiece model", (size_t)(b.p - from));
	if (m->type != 1 && m->type != 2)
		return err_set(err, "a SentencePiece model of type %s is not supported", m->type == 3 ? "WORD" : m->type == 4 ? "CHAR" : "unknown");
	if (m->suffix || !m->escape)
		return err_set(err, "a SentencePiece model with %s is not supported", m->suffix ? "treat_whitespace_as_suffix" : "escape_whitespaces=false");
	return 0;
}

int
is_spm_file(const unsigned char *p, size_t n)
{
	struct bytes b = { p, p + n };
	struct field f, g;

	return n > 4 && *p == 0x0a && next_field(&b, &f) == 1 && next_field(&f.text, &g) == 1 && g.number == 1 && g.text.p &&
	       (b.p == b.e || *b.p == 0x0a || *b.p == 0x12);
}

struct vocab *
spm_file(const unsigned char *p, size_t n, struct err *err)
{
	struct model m = { .v = table_new(n), .type = 1, .prefix = 1, .squeeze = 1, .escape = 1, .bos = 1, .eos = 2 };
	struct vocab *v = m.v;

	v->spm = v->spm_text = v->fuse_unk = 1;
	if (read_model(&m, (struct bytes){ p, p + n }, err)) {
		vocab_free(v);
		v = NULL;
	} else {
		v->prefix = m.prefix ? PREFIX_FIRST : 0;
		v->squeeze = m.squeeze != 0;
		v->bos = m.bos < m.n ? (int)m.bos : -1;
		v->eot = m.eos < m.n ? (int)m.eos : -1;
		table_index(v);
		if (m.type == 2)
			table_merges_from_scores(v, m.score);
		else
			table_scores(v, m.score);
		table_split_spaces(v);
		v = table_finish(v, err);
	}
	free(m.score);
	buf_free(&m.text);
	return v;
}

/* tokjson - reading tokenizer.json: byte-level BPE, and SentencePiece's BPE with byte fallback */
/* SPDX-License-Identifier: MIT */
#include "base/par.h"
#include "vocab/file/tokjson.h"
#include <stdlib.h>
#include <string.h>

enum { TYPE, DROPOUT, PREFIX, SUFFIX, VOCAB, MERGES, IGNORE_MERGES, BYTE_FALLBACK, FUSE_UNK, UNK_TOKEN, UNK_ID, MODEL_KEYS };
static const char *const model_keys[MODEL_KEYS] = { "type", "dropout", "continuing_subword_prefix", "end_of_word_suffix", "vocab",
	"merges", "ignore_merges", "byte_fallback", "fuse_unk", "unk_token", "unk_id" };

/* What is being read: the vocabulary and its parts of the file. */
struct reading {
	struct vocab *v;
	struct json   model, in[MODEL_KEYS];
	struct buf    key, one;
	int           byte_level, byte_fallback, metaspace, unigram;
	float        *score;            /* unigram: of each id */
};

/* A token as the file spells it, in r->key, becomes its bytes in r->one: 0, TOKEN_BYTE, or TOKEN_LOST when it
 * has letters that stand for no byte. */
static int
spelled(struct reading *r)
{
	int byte;

	if (r->metaspace) {
		buf_clear(&r->one);
		if (r->byte_fallback && (byte = fallback_byte(r->key.p, r->key.n)) >= 0) {
			buf_char(&r->one, byte);
			return TOKEN_BYTE;
		}
		blanks_bytes(r->key.p, r->key.n, &r->one);
		return 0;
	}
	if (!letters_bytes(r->key.p, r->key.n, &r->one))
		return 0;
	buf_clear(&r->one);
	buf_add(&r->one, r->key.p, r->key.n);
	return TOKEN_LOST;
}

static int
read_added(struct reading *r, struct json list, struct err *err)
{
	struct json_iter it = json_walk(list);

	while (json_next(&it)) {
		long long id = json_int(json_get(it.value, "id"), -1);

		buf_clear(&r->key);
		if (id < 0 || json_str(json_get(it.value, "content"), &r->key))
			return err_set(err, "added_tokens: an entry without id or content");
		if (json_bool(json_get(it.value, "single_word"), 0))
			return err_set(err, "added token %.100s: single_word is not supported", buf_text(&r->key));
		if (table_set(r->v, (uint64_t)id, r->key.p, r->key.n, TOKEN_ADDED |
			      (json_bool(json_get(it.value, "special"), 0) ? TOKEN_SPECIAL : 0), err))
			return err_in(err, "added_tokens");
		if (r->key.n)
			r->v->added[r->v->n_added - 1].strip = (json_bool(json_get(it.value, "lstrip"), 0) ? STRIP_LEFT : 0) |
							       (json_bool(json_get(it.value, "rstrip"), 0) ? STRIP_RIGHT : 0);
	}
	return 0;
}

/* [token, score] for each id in turn. */
static int
read_scored(struct reading *r, struct err *err)
{
	struct json_iter it = json_walk(r->in[VOCAB]);
	long long unk = json_int(r->in[UNK_ID], -1);
	size_t n = 0, cap = 0;

	for (; json_next(&it); n++) {
		struct json_iter two = json_walk(it.value);
		double score;
		int flags;

		buf_clear(&r->key);
		if (!json_next(&two) || json_str(two.value, &r->key) || !json_next(&two))
			return err_set(err, "model.vocab: entry %zu is not [token, score]", n);
		score = json_num(two.value, 0);
		flags = spelled(r);
		if (n == cap)
			r->score = xreallocarray(r->score, cap = cap ? 2 * cap : 1024, sizeof *r->score);
		r->score[n] = (float)score;
		if ((n >= r->v->n || !(r->v->flags[n] & TOKEN_ADDED)) &&
		    table_set(r->v, n, r->one.p, r->one.n, flags, err))
			return err_in(err, "model.vocab");
	}
	for (size_t i = n; i < r->v->n; i++)
		if (!(r->v->flags[i] & TOKEN_HOLE))
			return err_set(err, "added_tokens: id %zu, and the Unigram model has %zu", i, n);
	r->v->unk = unk >= 0 && (size_t)unk < n ? (int)unk : -1;
	return 0;
}

static int
read_tokens(struct reading *r, struct err *err)
{
	struct json_iter it = json_walk(r->in[VOCAB]);

	while (json_next(&it)) {
		long long id = json_int(it.value, -1);
		int flags;

		if (id < 0)
			return err_set(err, "model.vocab: an id that is no whole number");
		buf_clear(&r->key);
		json_str(it.key, &r->key);
		flags = spelled(r);
		if ((size_t)id < r->v->n && r->v->flags[id] == TOKEN_ADDED && r->v->tok[id].len == r->key.n &&
		    !memcmp(r->v->pool.p + r->v->tok[id].at, r->key.p, r->key.n))
			r->v->flags[id] = TOKEN_HOLE;           /* merging makes it too */
		else if ((size_t)id < r->v->n && (r->v->flags[id] & TOKEN_ADDED))
			continue;
		if (table_set(r->v, (uint64_t)id, r->one.p, r->one.n, flags, err))
			return err_in(err, "model.vocab");
	}
	return 0;
}

/* One of the two that an entry of the merges joins, as the file spells it, into r->key. */
static int
merge_side(struct reading *r, struct json entry, int side)
{
	struct json_iter two = json_walk(entry);
	const char *blank;

	buf_clear(&r->key);
	if (json_kind(entry) == '[') {
		for (int i = 0; i <= side; i++)
			if (!json_next(&two))
				return -1;
		return json_str(two.value, &r->key) || (side && json_next(&two)) ? -1 : 0;
	}
	buf_clear(&r->one);
	if (json_str(entry, &r->one) || !(blank = memchr(r->one.p, ' ', r->one.n)))
		return -1;
	if (side)
		buf_add(&r->key, blank + 1, (size_t)(r->one.p + r->one.n - blank - 1));
	else
		buf_add(&r->key, r->one.p, (size_t)(blank - r->one.p));
	return 0;
}

#define PART  4096              /* entries that a thread takes at a time */
#define GROUP 128               /* look-ups under way together, so that memory is asked ahead */

struct listing {
	const struct reading *r;
	struct json *entry;
	uint32_t    *id;                /* two an entry, NO_TOKEN where it is none */
	size_t       n, cap;
};

static void
merges_part(size_t part, void *ctx)
{
	const struct listing *l = ctx;
	struct reading r = *l->r;
	size_t i = 2 * PART * part, end = 2 * l->n < i + 2 * PART ? 2 * l->n : i + 2 * PART, from[GROUP + 1], k;
	uint64_t hash[GROUP];
	struct buf bytes = {0};

	r.key = r.one = (struct buf){0};
	for (; i < end; i += k) {
		buf_clear(&bytes);
		for (k = from[0] = 0; k < GROUP && i + k < end; from[++k] = bytes.n) {
			if (!merge_side(&r, l->entry[(i + k) / 2], (int)(k & 1)) && !spelled(&r))
				buf_add(&bytes, r.one.p, r.one.n);      /* else nothing, which is no token */
			hash[k] = table_hash(bytes.p + from[k], bytes.n - from[k]);
			table_expect(r.v, hash[k]);
		}
		for (size_t m = 0; m < k; m++)
			l->id[i + m] = table_find_hashed(r.v, bytes.p + from[m], from[m + 1] - from[m], hash[m]);
	}
	buf_free(&r.key), buf_free(&r.one), buf_free(&bytes);
}

static int
read_merges(struct reading *r, struct err *err)
{
	struct json_iter it = json_walk(r->in[MERGES]);
	struct listing l = { .r = r };
	int rc = 0;

	while (json_next(&it))
		VEC_PUSH(l.entry, l.n, l.cap, it.value);
	l.id = xreallocarray(NULL, l.n + 1, 2 * sizeof *l.id);
	par_for((l.n + PART - 1) / PART, merges_part, &l);
	for (size_t i = 0; i < l.n && !rc; i++) {
		if (l.id[2 * i] == NO_TOKEN || l.id[2 * i + 1] == NO_TOKEN)
			rc = err_set(err, "model.merges: entry %zu is no pair of tokens of the vocabulary", i);
		table_merge(r->v, l.id[2 * i], l.id[2 * i + 1]);
	}
	free(l.entry), free(l.id);
	return rc;
}

static int
read_model(struct reading *r, struct err *err)
{
	const struct json *in = r->in;

	json_pick(r->model, model_keys, MODEL_KEYS, r->in);
	r->unigram = json_is(in[TYPE], "Unigram");
	if (json_kind(in[TYPE]) && !json_is(in[TYPE], "BPE") && !r->unigram)
		return json_lacks(err, "model", r->model);
	for (int i = PREFIX; i <= SUFFIX; i++)
		if (!json_none(in[i]) && !json_is(in[i], ""))
			return err_set(err, "model: %s is not supported", model_keys[i]);
	if (json_num(in[DROPOUT], 0) != 0)
		return err_set(err, "model: dropout is not supported");
	if (r->unigram && (json_kind(in[VOCAB]) != '[' || !r->metaspace || !r->v->spm_text))
		return err_set(err, "model: Unigram without a list of tokens, Metaspace and SentencePiece's normalizers is not supported");
	if (r->unigram && r->v->split)
		return err_set(err, "model: Unigram with Metaspace that splits is not supported");
	if (!r->unigram && (json_kind(in[VOCAB]) != '{' || json_kind(in[MERGES]) != '['))
		return err_set(err, "model: no vocab or no merges");
	r->v->whole = json_bool(in[IGNORE_MERGES], 0);
	r->byte_fallback = json_bool(in[BYTE_FALLBACK], 0);
	if (!r->byte_level && !r->metaspace)
		return err_set(err, "neither ByteLevel nor a replacement of the space: such a tokenizer is not supported");
	if (r->byte_level && r->metaspace)
		return err_set(err, "both ByteLevel and a replacement of the space: not supported");
	r->v->spm = r->metaspace;
	r->v->spm_text &= r->metaspace;
	r->v->fuse_unk = r->unigram || json_bool(in[FUSE_UNK], 0);
	return 0;
}

static void
read_unk(struct reading *r)
{
	struct json unk = r->in[UNK_TOKEN];

	buf_clear(&r->key);
	if (json_kind(unk) != '"' || json_str(unk, &r->key))
		return;
	for (size_t i = 0; i < r->v->n && r->v->unk < 0; i++)
		if (!(r->v->flags[i] & TOKEN_HOLE) && r->v->tok[i].len == r->key.n && r->key.n &&
		    !memcmp(r->v->pool.p + r->v->tok[i].at, r->key.p, r->key.n))
			r->v->unk = (int)i;
}

struct vocab *
tokenizer_json(const char *text, size_t n, const char *pattern, struct err *err)
{
	struct reading r = {0};
	struct json root;
	int rc = -1;

	r.v = table_new(n);
	r.v->drops = 1;
	if (json_parse(&root, text, n, err)) {
		err_in(err, "not a tokenizer.json");
		goto out;
	}
	r.model = json_get(root, "model");
	if (json_kind(r.model) != '{') {
		err_set(err, "JSON without a \"model\": not a tokenizer.json");
		goto out;
	}
	if (json_prep(r.v, root, &r.byte_level, &r.metaspace, err) || read_model(&r, err) ||
	    read_added(&r, json_get(root, "added_tokens"), err) || (r.unigram ? read_scored(&r, err) : read_tokens(&r, err)))
		goto out;
	table_index(r.v);
	if (r.unigram)
		table_scores(r.v, r.score);
	else if (read_merges(&r, err))
		goto out;
	else
		read_unk(&r);
	if (pattern && (r.metaspace || r.v->split)) {
		err_set(err, "the file says itself how text is cut: another pattern would give other tokens than it means");
		goto out;
	}
	if (pattern)
		r.v->split = split_new(pattern, err);
	else if (r.metaspace && !r.v->split)
		table_split_spaces(r.v);
	else if (!r.v->split)
		r.v->split = split_spaces(0);
	rc = r.v->split ? 0 : -1;
out:
	buf_free(&r.key);
	buf_free(&r.one);
	free(r.score);
	if (rc) {
		vocab_free(r.v);
		return NULL;
	}
	return table_finish(r.v, err);
}

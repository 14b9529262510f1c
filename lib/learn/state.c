/* state - all that a run needs to go on, in one file; its rename is the only commit point */
/* SPDX-License-Identifier: MIT */
#include "learn/state.h"
#include "base/crc32c.h"
#include "base/file.h"
#include "base/json.h"
#include "stream/tens.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FORMAT "pipelm.state 1"

static void
forget_texts(struct state *s)
{
	for (size_t i = 0; i < s->n_text; i++) {
		free(s->text[i].key);
		free(s->text[i].value);
	}
	s->n_text = 0;
}

void
state_free(struct state *s)
{
	forget_texts(s);
	for (size_t i = 0; i < s->n_array; i++)
		free(s->array[i].name);
	free(s->text);
	free(s->array);
	memset(s, 0, sizeof *s);
}

void
state_array(struct state *s, const char *name, float *v, int ndim, const uint64_t *shape, int optional)
{
	struct state_array a = { .name = xstrdup(name), .v = v, .ndim = ndim, .optional = optional, .found = !optional };

	for (int i = 0; i < ndim && i < 2; i++)
		a.shape[i] = shape[i];
	VEC_PUSH(s->array, s->n_array, s->cap_array, a);
}

static void
add_param(struct state *s, const char *prefix, const struct param *p, float *v, int optional)
{
	struct buf name = { 0 };

	buf_printf(&name, "%s.%s", prefix, p->name);
	state_array(s, name.p, v + p->offset, p->ndim, p->shape, optional);
	buf_free(&name);
}

void
state_params(struct state *s, const char *prefix, const struct params *par, float *v, int optional)
{
	for (int i = 0; i < par->n; i++)
		add_param(s, prefix, &par->v[i], v, optional);
}

void
state_optim(struct state *s, float *w, const struct optim *o)
{
	state_params(s, "w", o->par, w, 0);
	state_params(s, "m", o->par, o->m, 0);
	for (int i = 0; i < o->par->n; i++)
		if (!optim_one_moment(o, i))
			add_param(s, "v", &o->par->v[i], o->v, 0);
}

static int
has_prefix(const char *name, const char *prefix)
{
	size_t n = strlen(prefix);

	return !strncmp(name, prefix, n) && (name[n] == '.' || !name[n]);
}

int
state_found(const struct state *s, const char *prefix)
{
	for (size_t i = 0; i < s->n_array; i++)
		if (has_prefix(s->array[i].name, prefix))
			return s->array[i].found;
	return 0;
}

void
state_show(struct state *s, const char *prefix, int found)
{
	for (size_t i = 0; i < s->n_array; i++)
		if (has_prefix(s->array[i].name, prefix))
			s->array[i].found = found;
}

static struct state_text *
find(const struct state *s, const char *key)
{
	for (size_t i = 0; i < s->n_text; i++)
		if (!strcmp(s->text[i].key, key))
			return &s->text[i];
	return NULL;
}

void
state_set(struct state *s, const char *key, const char *value)
{
	struct state_text *t = find(s, key), one = { 0 };

	if (t) {
		char *new = xstrdup(value);     /* value may be the old one */
		free(t->value);
		t->value = new;
		return;
	}
	one.key = xstrdup(key);
	one.value = xstrdup(value);
	VEC_PUSH(s->text, s->n_text, s->cap_text, one);
}

void
state_set_int(struct state *s, const char *key, long long v)
{
	char t[32];

	snprintf(t, sizeof t, "%lld", v);
	state_set(s, key, t);
}

void
state_set_num(struct state *s, const char *key, double v)
{
	char t[40];

	snprintf(t, sizeof t, "%.17g", v);
	state_set(s, key, t);
}

const char *
state_get(const struct state *s, const char *key)
{
	struct state_text *t = find(s, key);

	return t ? t->value : NULL;
}

long long
state_int(const struct state *s, const char *key, long long otherwise)
{
	const char *v = state_get(s, key);
	char *end;
	long long n;

	if (!v)
		return otherwise;
	n = strtoll(v, &end, 10);
	return end == v || *end ? otherwise : n;
}

double
state_num(const struct state *s, const char *key, double otherwise)
{
	const char *v = state_get(s, key);
	char *end;
	double n;

	if (!v)
		return otherwise;
	n = strtod(v, &end);
	return end == v || *end ? otherwise : n;
}

static size_t
floats(const struct state_array *a)
{
	return (size_t)(a->ndim > 0 ? a->shape[0] : 1) * (size_t)(a->ndim > 1 ? a->shape[1] : 1);
}

/* The checksum is of the texts as they are written, and then of all tensors in the file. */
static uint32_t
crc_of_texts(const struct state *s)
{
	struct buf b = { 0 };
	uint32_t crc;

	for (size_t i = 0; i < s->n_text; i++)
		if (strcmp(s->text[i].key, "format") && strcmp(s->text[i].key, "crc32c")) {
			json_quote(&b, s->text[i].key, strlen(s->text[i].key));
			json_quote(&b, s->text[i].value, strlen(s->text[i].value));
		}
	crc = crc32c(0, b.p, b.n);
	buf_free(&b);
	return crc;
}

/* Tensors that this run has no use for, too: another algorithm's, which are told by its options. */
static int
check_crc(const struct state *s, const struct tens_set *set, struct err *e)
{
	const char *says = state_get(s, "crc32c");
	uint32_t crc = crc_of_texts(s);
	char is[CRC32C_TEXT];

	for (size_t i = 0; says && i < set->n; i++)
		crc = crc32c(crc, set->v[i].data, set->v[i].bytes);
	crc32c_text(crc, is);
	return says && strcmp(says, is) ? err_set(e, "damaged: what is in it does not match its crc32c") : 0;
}

static int
take_texts(struct state *s, struct json meta, struct err *e)
{
	struct json_iter it = json_walk(meta);
	struct buf key = { 0 }, value = { 0 };

	forget_texts(s);
	while (json_next(&it)) {
		buf_clear(&key);
		buf_clear(&value);
		json_str(it.key, &key);
		json_str(it.value, &value);
		state_set(s, buf_text(&key), buf_text(&value));
	}
	buf_free(&key);
	buf_free(&value);
	if (!state_get(s, "format") || strncmp(state_get(s, "format"), FORMAT, sizeof FORMAT - 2))
		return err_set(e, "not the state of a run");
	if (strcmp(state_get(s, "format"), FORMAT))
		return err_set(e, "a state of another version (%.40s)", state_get(s, "format"));
	return 0;
}

static int
take_array(struct state_array *a, const struct tens_set *set, struct err *e)
{
	const struct tens *t = tens_find(set, a->name);
	int same;

	a->found = t != NULL;
	if (!t)
		return a->optional ? 0 : err_set(e, "tensor %s is missing", a->name);
	same = t->ndim == a->ndim;
	for (int i = 0; same && i < a->ndim; i++)
		same = t->shape[i] == a->shape[i];
	if (!same || t->dtype != TENS_F32)
		return err_set(e, "tensor %s has another shape than the model's", a->name);
	if (tens_to_f32(t, a->v, 0, t->count))
		return -1;
	mem_forget(t->data, t->count * sizeof *a->v);          /* never all twice in memory */
	return 0;
}

int
state_parse(struct state *s, const void *image, size_t n, struct err *e)
{
	struct tens_set set;
	int bad;

	if (tens_parse(&set, image, n, e))
		return -1;
	bad = take_texts(s, set.meta, e) || check_crc(s, &set, e);
	for (size_t i = 0; !bad && i < s->n_array; i++)
		bad = take_array(&s->array[i], &set, e);
	tens_free(&set);
	return bad ? -1 : 0;
}

int
state_load(struct state *s, const char *path, struct err *e)
{
	struct file_map f;
	struct stat st;
	int bad;

	if (stat(path, &st)) {
		if (errno == ENOENT)
			return 0;
		return err_sys(e, "%s", path);
	}
	if (!S_ISREG(st.st_mode))
		return err_set(e, "%s: not a file that a state is kept in", path);
	if (file_map(&f, path, e))
		return -1;
	bad = state_parse(s, f.p, f.n, e);
	file_unmap(&f);
	if (bad)
		return err_in(e, path);
	return 1;
}

/* The header of the image: texts, then what arrays follow. */
static void
declare(const struct state *s, struct buf *head)
{
	struct tens_new t = { 0 };
	uint32_t crc = crc_of_texts(s);
	char text[CRC32C_TEXT];

	for (size_t i = 0; i < s->n_array; i++)
		if (s->array[i].found)
			crc = crc32c(crc, s->array[i].v, floats(&s->array[i]) * sizeof *s->array->v);
	crc32c_text(crc, text);
	tens_declare_meta(&t, "format", FORMAT);
	tens_declare_meta(&t, "crc32c", text);
	for (size_t i = 0; i < s->n_text; i++)
		if (strcmp(s->text[i].key, "format") && strcmp(s->text[i].key, "crc32c"))
			tens_declare_meta(&t, s->text[i].key, s->text[i].value);
	for (size_t i = 0; i < s->n_array; i++)
		if (s->array[i].found)
			tens_declare(&t, s->array[i].name, TENS_F32, s->array[i].ndim, s->array[i].shape);
	tens_header(&t, head);
}

int
state_save(const struct state *s, const char *path, struct err *e)
{
	struct file_out *f = file_create(path, 1, e);
	struct buf head = { 0 };
	int bad;

	if (!f)
		return -1;
	declare(s, &head);
	bad = fwrite(head.p, 1, head.n, file_stream(f)) != head.n;
	buf_free(&head);
	for (size_t i = 0; !bad && i < s->n_array; i++) {
		const struct state_array *a = &s->array[i];
		if (a->found)
			bad = fwrite(a->v, sizeof *a->v, floats(a), file_stream(f)) != floats(a);
	}
	if (bad) {
		err_sys(e, "%s", path);
		file_abort(f);
		return -1;
	}
	return file_commit(f, e);
}

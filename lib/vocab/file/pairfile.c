/* pairfile - GPT-2's pair of files: vocab.json (letters -> id) and merges.txt (one pair a line) */
/* SPDX-License-Identifier: MIT */
#include "base/json.h"
#include "base/list.h"
#include "base/utf8.h"
#include "vocab/table.h"
#include <string.h>

/* The files do not say which tokens are special; these names are, in all such vocabularies that are published. */
static int
looks_special(const char *p, size_t n)
{
	static const char *const names[] = { "<s>", "</s>", "<unk>", "<pad>", "<mask>" };

	return ROW_OF(names, p, n) >= 0 || (n > 4 && !memcmp(p, "<|", 2) && !memcmp(p + n - 2, "|>", 2));
}

static int
read_ids(struct vocab *v, struct json root, struct err *err)
{
	struct json_iter it = json_walk(root);
	struct buf key = {0}, bytes = {0};
	int rc = 0;

	while (!rc && json_next(&it)) {
		long long id = json_int(it.value, -1);
		int flags = 0;

		buf_clear(&key);
		if (id < 0 || json_str(it.key, &key)) {
			rc = err_set(err, "an id that is no whole number");
			break;
		}
		if (looks_special(key.p, key.n))
			flags = TOKEN_SPECIAL | TOKEN_ADDED;
		else if (letters_bytes(key.p, key.n, &bytes))
			flags = TOKEN_LOST;
		rc = flags ? table_set(v, (uint64_t)id, key.p, key.n, flags, err) :
			     table_set(v, (uint64_t)id, bytes.p, bytes.n, 0, err);
	}
	buf_free(&key), buf_free(&bytes);
	return rc;
}

static int
read_merges(struct vocab *v, const char *text, size_t n, struct err *err)
{
	const char *p = text, *e = text + n, *end;

	for (size_t line = 1; p < e; line++, p = end + 1) {
		size_t len;

		end = memchr(p, '\n', (size_t)(e - p));
		if (!end)
			end = e;
		len = (size_t)(end - p);
		if (len && p[len - 1] == '\r')
			len--;
		if (!len || (line == 1 && len >= 8 && !memcmp(p, "#version", 8)))
			continue;
		if (letters_merge(v, p, len))
			return err_set(err, "merges: line %zu is no pair of tokens of the vocabulary", line);
	}
	return 0;
}

struct vocab *
pair_files(const char *json, size_t n, const char *merges, size_t m, const char *pattern, struct err *err)
{
	struct vocab *v = table_new(n);
	struct json root;

	v->drops = 1;
	if (json_parse(&root, json, n, err) || read_ids(v, root, err))
		goto fail;
	table_index(v);
	if (read_merges(v, merges, m, err))
		goto fail;
	v->split = split_new(pattern ? pattern : "gpt2", err);
	if (!v->split)
		goto fail;
	return table_finish(v, err);
fail:
	vocab_free(v);
	return NULL;
}

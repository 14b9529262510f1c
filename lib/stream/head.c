/* head - the texts of HEAD frames: what a stream holds, and the commands that made it */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "stream/stream.h"
#include <stdlib.h>
#include <string.h>

char *
head_new(const char *type, const char *fields)
{
	return head_next("{}", type, fields);
}

static void
copy_keys(struct buf *b, struct json from, struct json except)
{
	struct json_iter it = json_walk(from);

	while (json_next(&it)) {
		char *key = json_dup(it.key);
		if (strcmp(key, "type") != 0 && strcmp(key, "prog") != 0 && !json_get(except, key).p) {
			json_key(b, key);
			buf_add(b, it.value.p, (size_t)(it.value.end - it.value.p));
		}
		free(key);
	}
}

char *
head_next(const char *in, const char *type, const char *fields)
{
	struct buf b = { 0 }, f = { 0 };
	struct json was = { 0 }, set = { 0 };
	struct json_iter it;
	struct err e;

	buf_printf(&f, "{%s}", fields ? fields : "");
	if (json_parse(&was, in, strlen(in), &e) < 0 || json_parse(&set, f.p, f.n, &e) < 0)
		die("a HEAD that is no JSON: %s", e.text);      /* the stream reader checked `in`: a mistake of ours */
	buf_char(&b, '{');
	json_add_str(&b, "type", type);
	copy_keys(&b, was, set);
	copy_keys(&b, set, (struct json){ 0 });
	json_key(&b, "prog");
	buf_char(&b, '[');
	it = json_walk(json_get(was, "prog"));
	while (json_next(&it)) {
		buf_add(&b, it.value.p, (size_t)(it.value.end - it.value.p));
		buf_char(&b, ',');
	}
	json_quote(&b, cli_prog(), strlen(cli_prog()));
	buf_str(&b, "]}");
	buf_free(&f);
	return b.p;
}

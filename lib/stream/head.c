/* head - the texts of HEAD frames: what a stream holds, and the commands that made it */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "stream/input.h"
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
			json_raw(b, it.value);
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
		json_raw(&b, it.value);
		buf_char(&b, ',');
	}
	json_quote(&b, cli_prog(), strlen(cli_prog()));
	buf_str(&b, "]}");
	buf_free(&f);
	return b.p;
}

int
head_type(struct input *in, char **type, struct err *e)
{
	const unsigned char *p;
	size_t got;
	struct frame f;
	struct json j;

	*type = NULL;
	if (!(p = input_peek(in, FRAME_HEADER, &got, e)))
		return -1;
	if (got == 0)
		return err_set(e, "%s: empty (did the command before it fail?)", input_name(in));
	if (!stream_is(p, got))
		return 0;
	if (got >= FRAME_HEADER && frame_unpack(p, &f) == FRAME_OK && f.meta_len < (1u << 20) &&
	    (p = input_peek(in, FRAME_HEADER + f.meta_len, &got, e)) && got >= FRAME_HEADER + f.meta_len &&
	    json_parse(&j, (const char *)p + FRAME_HEADER, f.meta_len, e) == 0)
		*type = json_dup(json_get(j, "type"));
	else
		*type = xstrdup("");    /* a stream, damaged at its front: whoever reads it will say how */
	return 0;
}

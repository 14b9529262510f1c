/* people - the file of what a person said: a JSON object a line, the last one of a thing counts */
/* SPDX-License-Identifier: MIT */
#include "learn/people/people.h"
#include "base/json.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const people_scale[PEOPLE_SCALES] = { "helpful", "harmless", "honest", "overall" };

int
people_places(const char *order, int place[PEOPLE_MOST])
{
	int n = 0, at = 0;

	for (int i = 0; i < PEOPLE_MOST; i++)
		place[i] = -1;
	if (!strcmp(order, "skip"))
		return 0;
	for (const char *p = order;; p += 2) {
		int i = *p - '1';

		if (i < 0 || i >= PEOPLE_MOST || place[i] >= 0)
			return -1;
		place[i] = at;
		n++;
		if (!p[1])
			return n;
		if (p[1] != '>' && p[1] != '=')
			return -1;
		at += p[1] == '>';
	}
}

void
people_print(const struct said *s, struct buf *b)
{
	buf_printf(b, "{\"item\":\"%08" PRIx32 "\"", s->item);
	if (s->answer) {
		json_add_int(b, "response", s->answer);
		json_add_int(b, people_scale[s->scale], s->rating);
	} else {
		json_add_str(b, "order", s->order);
	}
	buf_str(b, "}\n");
}

int
people_parse(struct said *s, const char *line, size_t n, struct err *e)
{
	int place[PEOPLE_MOST];
	long long answer, rating;
	struct json j;
	char *text;

	memset(s, 0, sizeof *s);
	if (json_parse(&j, line, n, e))
		return -1;
	text = json_dup(json_get(j, "item"));
	s->item = text ? (uint32_t)strtoul(text, NULL, 16) : 0;
	if (!text || strlen(text) != 8 || strspn(text, "0123456789abcdef") != 8) {
		free(text);
		return err_set(e, "no \"item\"");
	}
	free(text);
	if ((text = json_dup(json_get(j, "order")))) {
		int bad = strlen(text) >= sizeof s->order || people_places(text, place) < 0;

		if (!bad)
			strcpy(s->order, text);
		free(text);
		return bad ? err_set(e, "an \"order\" that is none") : 0;
	}
	answer = json_int(json_get(j, "response"), 0);
	for (s->scale = 0; s->scale < PEOPLE_SCALES - 1 && !json_kind(json_get(j, people_scale[s->scale]));)
		s->scale++;
	rating = json_int(json_get(j, people_scale[s->scale]), -1);
	if (answer < 1 || answer > PEOPLE_MOST || rating < 0 || rating > 5)
		return err_set(e, "neither an \"order\" nor a \"response\" and its rating");
	s->answer = (int)answer;
	s->rating = (int)rating;
	return 0;
}

int
people_read(struct sayings *all, const char *path, struct err *e)
{
	FILE *f = fopen(path, "r");
	char line[256];
	int bad = 0;

	if (!f)
		return errno == ENOENT ? 0 : err_sys(e, "%s", path);
	for (size_t n = 1; !bad && fgets(line, sizeof line, f); n++) {
		struct said s;

		bad = people_parse(&s, line, strlen(line), e);
		if (bad)
			err_at(e, "%s: line %zu", path, n);
		else
			VEC_PUSH(all->v, all->n, all->cap, s);
	}
	fclose(f);
	return bad;
}

const struct said *
people_find(const struct sayings *all, uint32_t item, int answer, int scale)
{
	for (size_t i = all->n; i-- > 0;)
		if (all->v[i].item == item && all->v[i].answer == answer && (!answer || all->v[i].scale == scale))
			return &all->v[i];
	return NULL;
}

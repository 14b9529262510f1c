/* base-t - JSON, random numbers, checksums, buffers */
/* SPDX-License-Identifier: MIT */
#include "base/crc32c.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/rng.h"
#include "tap.h"
#include <math.h>
#include <string.h>

static int
parses(const char *s)
{
	struct json j;
	struct err e;

	return json_parse(&j, s, strlen(s), &e) == 0;
}

static void
json_accepts(void)
{
	static const char *const good[] = { "1", " -0.5e+3 ", "\"\\u00e9\\ud83d\\ude00\"", "[]", "{}", "[[],{}]", "null",
		"{\"a\":[1,2,{\"b\":true}],\"c\":\"x\"}", "[0]", "\"\xc3\xa9\"" };
	static const char *const bad[] = { "", "{", "[1,]", "{\"a\"}", "{\"a\":1,}", "01", "1.", "-", "+1", "nul", "\"", "\"\\x\"",
		"\"\\u12g4\"", "[1 2]", "\"\n\"", "1 2", "{1:2}", "]", "\"\xff\"", "\"\xc0\x80\"", "[}", "{]" };
	size_t i;

	for (i = 0; i < sizeof good / sizeof *good; i++)
		OK(parses(good[i]), "JSON taken: number %zu", i);
	for (i = 0; i < sizeof bad / sizeof *bad; i++)
		OK(!parses(bad[i]), "JSON refused: number %zu", i);
}

static void
json_depth(void)
{
	char deep[2001];

	memset(deep, '[', 1000), memset(deep + 1000, ']', 1000);
	deep[2000] = 0;
	OK(!parses(deep), "a thousand brackets are refused, not followed");
	memset(deep, '[', 400), memset(deep + 400, ']', 400), deep[800] = 0;
	OK(parses(deep), "four hundred are taken");
}

static void
json_reads(void)
{
	const char *s = "{\"a\": {\"b\": [10, -2.5, \"x\\n\\u00e9\\ud83d\\ude00\\ud800\"]}, \"t\": true , \"k\\u0041\":7}";
	struct json j, v;
	struct json_iter it;
	struct buf b = { 0 };

	json_parse(&j, s, strlen(s), NULL);
	v = json_path(j, "a.b");
	OK(json_count(v) == 3, "three elements");
	it = json_walk(v);
	json_next(&it);
	OK(json_int(it.value, 0) == 10, "a whole number");
	json_next(&it);
	OK(json_num(it.value, 0) == -2.5 && json_int(it.value, 99) == 99, "a fraction is not whole");
	json_next(&it);
	OK(json_str(it.value, &b) == 0 && strcmp(b.p, "x\n\xc3\xa9\xf0\x9f\x98\x80\xef\xbf\xbd") == 0, "escapes, a pair, a lone surrogate");
	OK(!json_next(&it), "the end");
	OK(json_bool(json_get(j, "t"), 0) == 1 && json_int(json_get(j, "kA"), 0) == 7, "keys, escaped ones too");
	OK(!json_get(j, "z").p && json_kind(json_get(j, "z")) == 0, "no such key");
	buf_clear(&b);
	json_quote(&b, "a\"\\\n\x01\xff\xc3\xa9", 8);
	OK(strcmp(b.p, "\"a\\\"\\\\\\n\\u0001\xef\xbf\xbd\xc3\xa9\"") == 0, "writing escapes what it must");
	buf_clear(&b);
	buf_char(&b, '{');
	json_add_num(&b, "x", 0.1), json_add_num(&b, "y", 1e300), json_add_num(&b, "z", NAN), json_add_int(&b, "n", -3);
	OK(strcmp(b.p, "{\"x\":0.1,\"y\":1e+300,\"z\":null,\"n\":-3") == 0, "numbers read back");
	buf_free(&b);
}

/* Values as random as they come, wherever strings, escapes and brackets lie in what is skipped. */
static void
json_skips(void)
{
	static const char *const bits[] = { "\"\\\\\"", "\"]}\"", "\"\\\"[{\"", "[[{}]]", "{\"a]\":[1,\"\\\\\\\"\"]}", "-1.5e3", "\"abcdefg\"", "null" };
	struct buf b = { 0 };
	struct json j, two[2];
	static const char *const keys[] = { "end", "in" };
	size_t bad = 0, from, to;

	for (uint64_t n = 0; n < 2000; n++) {
		buf_clear(&b);
		buf_str(&b, "{ \"in\": ");
		from = b.n;
		buf_char(&b, '[');
		for (uint64_t i = 0; i < n % 97; i++)
			buf_printf(&b, "%s%s", i ? (i + n) & 1 ? ", " : "," : "", bits[rng_at(1, n, i, 0, 0) % 8]);
		buf_char(&b, ']');
		to = b.n;
		buf_str(&b, ",\"end\":7}");
		bad += json_parse(&j, b.p, b.n, NULL) != 0;
		json_pick(j, keys, 2, two);
		bad += two[1].p != b.p + from || two[1].end != b.p + to || json_int(two[0], 0) != 7 || json_count(two[1]) != n % 97;
	}
	OK(!bad, "nested values are skipped whole (%zu)", bad);
	buf_free(&b);
}

static void
randomness(void)
{
	double sum = 0, square = 0;
	struct rng r = { 7, 0 };
	int seen[10] = { 0 }, all = 1;
	enum { N = 100000 };

	for (int i = 0; i < N; i++) {
		double x = rng_normal(rng_at(1, 2, 3, 4, (uint64_t)i));
		sum += x, square += x * x;
	}
	OK(fabs(sum / N) < .02 && fabs(square / N - 1) < .02, "normal deviates have mean 0 and variance 1");
	for (int i = 0; i < 1000; i++)
		seen[rng_below(&r, 10)]++;
	for (int i = 0; i < 10; i++)
		all &= seen[i] > 60 && seen[i] < 140;
	OK(all, "rng_below covers its range evenly");
	OK(rng_at(1, 2, 3, 4, 5) == rng_at(1, 2, 3, 4, 5) && rng_at(1, 2, 3, 4, 5) != rng_at(1, 2, 3, 5, 4), "a function of its arguments");
}

int
main(void)
{
	struct buf b = { 0 };

	OK(crc32c(0, "123456789", 9) == 0xe3069283u, "CRC-32C check value");
	OK(crc32c(crc32c(0, "1234", 4), "56789", 5) == 0xe3069283u, "CRC-32C goes on");
	buf_printf(&b, "%s-%d", "abc", 5);
	buf_zeros(&b, 8);
	OK(b.n == 8 && memcmp(b.p, "abc-5\0\0\0", 8) == 0, "buffers pad");
	buf_free(&b);
	json_accepts();
	json_depth();
	json_reads();
	json_skips();
	randomness();
	return DONE();
}

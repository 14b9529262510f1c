/* json - reading JSON in place (RFC 8259) and writing it: no tree, no allocation but for decoded strings */
#ifndef LM_JSON_H
#define LM_JSON_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include <stddef.h>
#include <stdint.h>

/* One value inside a text that json_parse() accepted: the bytes from its first to past its last.
 * Good as long as the text is.  All zero is "no value": every function below takes it as absent. */
struct json {
	const char *p, *end;
};

/* Checks that the n bytes are one JSON value with blanks around it: syntax, UTF-8, depth at most 512.
 * A key that comes twice is no error here: the first one counts.  Pure; 0, or -1 with "byte b: what". */
int json_parse(struct json *, const char *text, size_t n, struct err *);

/* The kind: '{' '[' '"' '0' (number) 't' 'f' 'n', or 0 for no value. */
int json_kind(struct json);

struct json json_get(struct json object, const char *key);      /* no value when absent */
void        json_pick(struct json object, const char *const *keys, size_t n, struct json *out);  /* n of them in one pass */
struct json json_path(struct json object, const char *dotted);  /* "rope_scaling.factor" */

/* Walk an object or array: it = json_walk(v); while (json_next(&it)) use it.key, it.value (it.key: objects). */
struct json_iter {
	struct json key, value;
	const char *p, *end;
	int         object;
};
struct json_iter json_walk(struct json);
int              json_next(struct json_iter *);
size_t           json_count(struct json);

/* The decoded text of a string appended to *out (lone surrogates become U+FFFD); -1 when not a string. */
int    json_str(struct json, struct buf *out);
char  *json_dup(struct json);                                   /* the same, to be freed; NULL when not a string */
int    json_is(struct json, const char *s);                     /* whether it is the string s */
double json_num(struct json, double otherwise);                 /* a number, else the other */
long long json_int(struct json, long long otherwise);           /* a whole number that fits, else the other */
int    json_bool(struct json, int otherwise);

/* Writing: s as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void json_quote(struct buf *, const char *s, size_t n);
void json_raw(struct buf *, struct json);        /* a value, or a key, as it stands */
/* Appends ,"key": (the comma unless right after '{' or '['), for the value to follow. */
void json_key(struct buf *, const char *key);
void json_add_rest(struct buf *, struct json object, const char *const *except);        /* its members, as they stand, but those named; NULL ends them */
void json_add_str(struct buf *, const char *key, const char *s);
void json_add_num(struct buf *, const char *key, double);        /* shortest that reads back; NaN and inf as null */
void json_add_int(struct buf *, const char *key, long long);
void json_add_bool(struct buf *, const char *key, int);
#endif

/* rules - quality rules for documents: Gopher, C4 and FineWeb as datatrove defines them, Dolma, RefinedWeb, and StarCoder's for source code */
#ifndef LM_RULES_H
#define LM_RULES_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"

struct rules;           /* immutable once set up: many threads may apply it */

/* list: names out of gopher-rep gopher c4 fineweb dolma refinedweb code none, joined by commas, applied in the order given;
 * NULL is the default: gopher-rep for all, gopher and c4 where the language is "en".  A list that is given holds
 * for every language.  NULL with the reason for a name that is unknown or there twice. */
struct rules *rules_new(const char *list, struct err *);
void          rules_free(struct rules *);

/* "gopher.min_words=50": changes one threshold; a number, or 0 and 1 for switches. -1: no such thing. */
int rules_set(struct rules *, const char *assignment, struct err *);

/* Applies the rules to the text in place.  NULL: keep it (c4 and refinedweb may have taken lines out of it, and the text is then what
 * is left); else the reason, a constant "gopher.word_count".  lang: its code, or NULL when unknown. */
const char *rules_apply(const struct rules *, const char *lang, struct buf *text);

int           rules_code(const struct rules *);         /* whether they are about source code */

/* What the rules measure, to choose thresholds by: name `nth` of rules_values(), "gopher.word_count"; NULL past the last. */
int           rules_values(void);
const char   *rules_value_name(int nth);
/* All of them to value[rules_values()], each as its rule would see it at its place in the list, if all before kept the text. */
void          rules_measure(const struct rules *, const struct buf *text, double *value);
#endif

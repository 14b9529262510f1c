/* clean - one page through all steps of crawl-clean: charset, extraction, tidying, judgement */
#ifndef LM_CLEAN_H
#define LM_CLEAN_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"
#include "text/page/extract.h"
#include "text/lang/fasttext.h"
#include "text/rule/filter.h"
#include "text/lang/lang.h"
#include "text/redact/redact.h"
#include "text/rule/rules.h"
#include "text/read/source.h"

enum { SIGNALS_NONE, SIGNALS_META, SIGNALS_JSONL, SIGNALS_TSV };

/* What is done to every page; immutable while pages are cleaned. */
struct clean {
	const struct extract *extract;
	int                   all;      /* no choice of the main content */
	int                   markdown;
	const struct filter  *filter;
	int                   tidy;     /* also what arrives as documents */
	const char           *langs;    /* "en,de": no others are kept; NULL: any */
	int                   by_para;  /* of a page in several languages, paragraphs in others than langs go */
	double                lang_min; /* and these with this score at least */
	const struct fasttext *lang_model;      /* names languages in place of lang_detect; NULL: none */
	const struct fasttext *quality;         /* a classifier; NULL: none */
	int                   quality_label;    /* whose probability is the quality */
	double                quality_min;
	unsigned              respect;  /* ASKS_*: pages that ask for it are left out */
	const struct rules   *rules;
	int                   signals;  /* SIGNALS_*: whether, and how, what rules measure is noted */
	unsigned              redact;   /* REDACT_* */
};

struct cleaned {
	const char *reason;             /* NULL: kept */
	struct buf  text, meta;
	struct extracted ex;            /* scratch */
	struct buf  utf8;
	struct buf  header, licence;    /* of source code */
	struct buf  parts;              /* JSON: the share of each language, by paragraphs */
	struct buf  signals;            /* JSON, or values with tabs before each; empty when there was no text */
	size_t      redacted;           /* things taken out */
	struct lang lang;
	double      quality;            /* -1: not asked for */
};

/* "noindex,tdm" to ASKS_*; -1 with the reason for an unknown name. */
int clean_respect(const char *list, unsigned *what, struct err *);

/* Depends on the page alone: many threads may do it.  The page's bytes are freed on the way. */
void clean_page(const struct clean *, struct page *, struct cleaned *);
void cleaned_trim(struct cleaned *);     /* after its text was put out: lets a large one go */

/* A line of what rules measured, with id, reason and language, and a newline; the line of names before all others. */
void signals_line(const struct clean *, const struct page *, const struct cleaned *, struct buf *out);
void signals_names(const struct clean *, struct buf *out);

/* Within the module. */
int  clean_in_list(const char *list, const char *code);         /* "en,de" */
void clean_lang(const struct clean *, const char *s, size_t n, struct lang *);  /* by the model, if there is one */
/* Paragraphs that are surely in other languages go; *json gets {"en":.9,"de":.1}, of all. */
void parts_choose(const struct clean *, struct buf *text, struct buf *json);

/* Counts by reason. */
struct tally {
	struct { const char *reason; uint64_t n, bytes; } row[128];  /* more than there are reasons */
	int      n_row;
	uint64_t in, in_bytes, out, out_bytes, redacted;
};
void tally_add(struct tally *, const struct cleaned *, size_t bytes_in);
/* JSON with a newline. */
void tally_json(const struct tally *, const struct source *, struct buf *out);
#endif

/* adapter - few weights that are trained in place of a model's own: LoRA, parallel bottlenecks, virtual tokens */
#ifndef LM_ADAPTER_H
#define LM_ADAPTER_H
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "model/params.h"

struct model;

enum adapter_kind { ADAPTER_NONE, ADAPTER_LORA, ADAPTER_BOTTLENECK, ADAPTER_PROMPT, ADAPTER_PREFIX };

/* What the command line asks for; a program has one and ADAPTER_ROWS among its options. */
struct adapter_opts {
	const char *lora, *targets, *bottleneck;        /* NULL: not given */
	int         rslora;
	long long   prompt, prefix;     /* 0: not given */
	const char *text;               /* what virtual tokens begin as, again and again; NULL: tokens drawn at random */
	long long   seed;               /* of what is random at the beginning */
	/* set by adapter_check */
	enum adapter_kind kind;
	int         r;
	double      alpha;
};

/* Rows of a program's option table for the struct adapter_opts `o`. */
#define ADAPTER_ROWS(o) \
	{ 0, "lora", OPT_STR, &(o).lora, "RANK[,ALPHA]", "train low-rank additions alone [alpha: the rank]", OPT_RESULT }, \
	{ 0, "lora-targets", OPT_STR, &(o).targets, "PCRE", "the linear layers to add to [all-linear]", OPT_RESULT }, \
	{ 0, "rslora", OPT_FLAG, &(o).rslora, NULL, "scale by alpha / sqrt(rank), not alpha / rank", OPT_RESULT }, \
	{ 0, "adapter", OPT_STR, &(o).bottleneck, "WIDTH[,SCALE]", "bottlenecks beside each feed-forward [scale 4]", OPT_RESULT }, \
	{ 0, "prompt", OPT_INT, &(o).prompt, "N", "train N virtual tokens before every sequence", OPT_RESULT }, \
	{ 0, "prefix", OPT_INT, &(o).prefix, "N", "train N keys and values before every sequence", OPT_RESULT }, \
	{ 0, "prompt-text", OPT_STR, &(o).text, "TEXT", "what these begin as [random tokens]", OPT_RESULT }

/* Where a branch stands: beside a linear layer (LoRA), beside the whole feed-forward part (bottleneck). */
enum branch_at { BRANCH_QKV, BRANCH_O, BRANCH_UP, BRANCH_DOWN, BRANCH_FFN, N_BRANCHES };

/* y += scale * B f(A x), for each of n parts of y's columns; their As (r,in) stand one after another.
 * f: the identity (LoRA, Hu et al. 2021), ReLU (parallel adapters, He et al. 2022). */
struct branch {
	int    n, relu;         /* n 0: there is none */
	size_t A;               /* (n r, in) */
	struct branch_part {
		size_t B, col, out;     /* B (out,r), for columns [col, col + out) */
	} part[3];
};

enum { ADAPTER_MOST = 1 << 16 };        /* of a rank or width */
extern const char *const adapter_names[];        /* of the kinds, as peft_type has them */

struct adapter {
	enum adapter_kind kind;
	int           r;        /* rank, width, number of virtual tokens */
	double        alpha, scale;     /* scale: alpha / r, with rslora alpha / sqrt(r); of a bottleneck alpha itself */
	int           rslora;
	struct params par;      /* its tensors, named as peft does; `layer` is not used */
	float        *w;        /* [par.total], within mem */
	struct arena  mem;
	struct branch (*layer)[N_BRANCHES];     /* [L]; NULL: of virtual tokens, whose one tensor is w:
	                         * their embeddings (r,C), or keys and values (r, L, 2, KV*D) */
	char         *base;     /* what adapter_config.json calls the model, or NULL */
	char          base_crc[20];     /* "crc32c:XXXXXXXX" of the model's weights, "": not known */
};

/* Makes the numbers of the words; more than one adapter, or numbers that make no sense: -1. */
int  adapter_check(struct adapter_opts *, struct err *);
/* Gives a model one with random beginnings.  LoRA and bottlenecks do not change what it says yet; virtual tokens begin
 * as tokens of the vocabulary do, and take their places from the model's context (cfg.T).  A model without weights gets one
 * without.  -1: no module matches, no such pattern, no room. */
int  adapter_new(struct model *, const struct adapter_opts *, struct err *);
/* Of its kind and r: its table for that model, at the modules that match (NULL: all) or, with a set, that are in it; no
 * weights yet.  -1: no module, no room for virtual tokens. */
struct match;
struct tens_set;
int  adapter_lay_out(struct adapter *, const struct model *, const struct match *, const struct tens_set *, struct err *);
void adapter_make_room(struct adapter *);                               /* w, all 0 */
void adapter_attach(struct model *, struct adapter *);  /* the model has it from now on, and virtual tokens have their places */
struct adapter *adapter_copy(const struct model *);     /* the model's, with weights of its own */
void adapter_free(struct adapter *);
/* Adds the model's adapter to its weights and drops it; a bottleneck cannot be: -1. */
int  adapter_merge(struct model *, struct err *);
/* The same; *delta: the largest difference between the logits before and after, over `rows` tokens drawn at random. */
int  adapter_merge_measured(struct model *, int rows, double *delta, struct err *);

/* Keys and values (P, L, 2, KV*D) that a model makes of a prompt (P,C) before every sequence, to be freed. */
float *virtual_keys(const struct model *, int P, const float *rows);

/* y (rows,ld) += the branch of x (rows,K); u (rows, n r) is scratch. */
void branch_fwd(const struct adapter *, const struct branch *, float *y, size_t ld, const float *x, size_t rows, size_t K, float *u);
/* dx (rows,K) +=, g (par.total) += from dy (rows,ld); u, du (rows, n r) are scratch.  Each gradient is one chain over the rows. */
void branch_bwd(const struct adapter *, const struct branch *, float *g, float *dx, const float *dy, size_t ld, const float *x,
		size_t rows, size_t K, float *u, float *du);
#endif

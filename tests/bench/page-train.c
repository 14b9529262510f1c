/* page-train - [-f FOLD] [-n TREES] PAGES.jsonl: lib/text/page/judge_tables.h out of pages whose content is known */
/* SPDX-License-Identifier: MIT */
#include "../../lib/text/page/extract.c"
#include "base/file.h"
#include "base/json.h"
#include "base/rng.h"
#include "text/charset.h"
#include <ctype.h>
#include <math.h>
#include <stdio.h>

/*
 * A line of PAGES is {"html": FILE, "text": CONTENT, "fold": N}.  A block's label is the share of its words that stand in
 * the content beside the same neighbours; each page weighs the same.  Trees that ask one question a level are fitted to the
 * logistic loss one after another (Friedman 2001, by Newton's step), each on half of the blocks and a third of the features.
 * With FOLD its pages are left out, and the loss on them is told; pages.py cross makes use of that.
 *
 * The tables that are in use, made where the project is built, in a folder of its own within it, with -O2:
 *     ../tests/bench/pages.py list DATA pages >pages.jsonl
 *     make tests/bench/page-train && tests/bench/page-train pages.jsonl >../lib/text/page/judge_tables.h
 */
enum { DEPTH = 4, LEAVES = 1 << DEPTH, SCALE = 1000 };
#define RATE   .1
#define LAMBDA 20.0
#define CUT    .42      /* a block is content from this probability on: F1 wants less than a half */

static struct {
	uint8_t *x;             /* (BLOCK_FEATURES, n) when all are read */
	float   *y, *weight, *score, *g, *h;
	uint8_t *leaf, *fold, *sampled;
	size_t   n, cap;
} all;
static struct block *blocks;
static size_t cap_blocks;

/* The next word of a text as a hash, 0 at its end. */
static uint64_t
word(const char **s, const char *end)
{
	uint64_t h = 0;

	for (; *s < end; (*s)++) {
		unsigned char c = (unsigned char)**s;
		int quote = c == 0xe2 && end - *s > 2 && (unsigned char)(*s)[1] == 0x80;

		if (quote)
			*s += 2;
		if (!quote && (isalnum(c) || c == '_' || c >= 0x80))
			h = (h ^ (uint64_t)tolower(c)) * 0x100000001b3u + 1;
		else if (h)
			break;
	}
	return h;
}

/* Words and pairs of them, counted. */
struct bag {
	struct { uint64_t key; int n; } *v;
	size_t mask, words;
};

static int *
in_bag(struct bag *b, uint64_t one, uint64_t two, int add)
{
	static int none;
	uint64_t key = (one * 0x9e3779b97f4a7c15u ^ two) * 0xff51afd7ed558ccdu | 1;
	size_t at = (size_t)(key >> 20) & b->mask;

	while (b->v[at].key && b->v[at].key != key)
		at = (at + 1) & b->mask;
	if (!b->v[at].key && !add)
		return &none;
	b->v[at].key = key;
	return &b->v[at].n;
}

static struct bag
bag_of(const char *s, size_t n)
{
	struct bag b = { .mask = 1 << 10 };
	const char *end = s + n;
	uint64_t was = 0, w;

	while (b.mask < 8 * n + 1024)
		b.mask *= 2;
	b.v = xcalloc(b.mask, sizeof *b.v);
	b.mask--;
	for (; (w = word(&s, end)); was = w, b.words++) {
		++*in_bag(&b, w, 0, 1);
		if (was)
			++*in_bag(&b, was, w, 1);
	}
	return b;
}

/* The share of a block's words that are content; what is used up does not count again. */
static double
label(struct bag *b, const struct buf *text, size_t *n_words)
{
	const char *s = text->p, *end = text->p + text->n;
	uint64_t w[3] = { 0 };
	double hit = 0;
	int fits = 0;

	*n_words = 0;
	for (w[1] = word(&s, end); w[1]; w[0] = w[1], w[1] = w[2]) {
		int before = *n_words > 0 && fits, *one = in_bag(b, w[1], 0, 0), *pair;

		w[2] = word(&s, end);
		pair = in_bag(b, w[1], w[2], 0);
		fits = w[2] && *pair > 0;
		*pair -= fits;
		++*n_words;
		if (*one > 0 && (before || fits || (!w[0] && !w[2]))) {
			hit++;
			--*one;
		}
	}
	return *n_words ? hit / (double)*n_words : 0;
}

/* Texts of a block are one where nothing but marks within a line is between them. */
static void
block_texts(const struct work *w, const uint32_t *owner, struct buf *text)
{
	int gap = 0;

	for (uint32_t i = 0; i < w->h.n; i++) {
		const struct html_node *e = &w->h.node[i];

		gap |= e->tag == TAG_br || html_flags[e->tag] & H_BLOCK || (e->tag == TAG_TEXT && !owner[i] && !w->letters[i]);
		if (!owner[i])
			continue;
		if (gap)
			buf_char(&text[owner[i] - 1], ' ');
		buf_add(&text[owner[i] - 1], e->text, e->len);
		gap = 0;
	}
}

static void
add_page(struct work *w, uint32_t root, const char *gold, size_t n_gold, int fold)
{
	uint32_t *owner;
	size_t n, first = all.n;
	struct block *b = page_blocks(w, judge_top(&w->h, root), root, &n, &owner);
	struct buf *text = xcalloc(n + 1, sizeof *text);
	struct bag bag = bag_of(gold, n_gold);
	double total = 0;

	block_texts(w, owner, text);
	for (size_t i = 0; i < n; i++) {
		size_t cap = all.cap;

		if (all.n == all.cap) {
			cap = cap ? 2 * cap : 1 << 14;
			all.y = xrealloc(all.y, cap * sizeof *all.y);
			all.weight = xrealloc(all.weight, cap * sizeof *all.weight);
			all.fold = xrealloc(all.fold, cap);
			all.cap = cap;
		}
		if (all.n == cap_blocks)
			blocks = xrealloc(blocks, (cap_blocks = all.cap) * sizeof *blocks);
		blocks[all.n] = b[i];
		all.fold[all.n++] = (uint8_t)fold;
	}
	for (int kept = 1; kept >= 0; kept--)           /* what the rules keep has the first claim */
		for (size_t i = 0; i < n; i++) {
			size_t words;

			if (blocks[first + i].kept != kept)
				continue;
			all.y[first + i] = (float)label(&bag, &text[i], &words);
			all.weight[first + i] = (float)words / (float)(bag.words + 50);
			total += all.weight[first + i];
		}
	for (size_t i = first; i < all.n; i++)
		all.weight[i] *= (float)(total > 2 ? 2 / total : 1) * 100;
	for (size_t i = 0; i <= n; i++)
		buf_free(&text[i]);
	free(text);
	free(bag.v);
	free(owner);
	free(b);
}

/* As extract_page() does, up to the judgement. */
static void
read_page(const struct extract *x, const char *html, size_t n, const struct buf *gold, int fold)
{
	struct work w = { .x = x };
	struct extracted e = { 0 };

	if (html_parse(&w.h, html, n) < 0) {
		html_free(&w.h);
		return;
	}
	work_begin(&w, &e);
	add_page(&w, find_content(&w, &e.title), gold->p ? gold->p : "", gold->n, fold);
	work_end(&w);
	extracted_free(&e);
}

static void
read_all(const char *path)
{
	struct err err;
	struct extract *x = extract_new(&err);
	struct file_map map;
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *f = fopen(path, "r");

	while (f && (n = getline(&line, &cap, f)) > 0) {
		struct json j;
		struct buf gold = { 0 }, html = { 0 };
		char *name;

		if (json_parse(&j, line, (size_t)n, NULL) < 0 || !(name = json_dup(json_get(j, "html"))))
			continue;
		json_str(json_get(j, "text"), &gold);
		if (file_map(&map, name, &err) == 0) {
			charset_convert((const char *)map.p, map.n, charset_of((const char *)map.p, map.n, "", 1), &html);
			read_page(x, html.p, html.n, &gold, (int)json_num(json_get(j, "fold"), 0));
			file_unmap(&map);
		}
		free(name);
		buf_free(&gold);
		buf_free(&html);
	}
	if (f)
		fclose(f);
	free(line);
	extract_free(x);
}

/* The best question for a level: which feature, above what. */
static void
split(int level, uint64_t tree, uint8_t *feature, uint8_t *above)
{
	static struct { double g, h; } hist[LEAVES][256];
	double best = -1;

	for (int f = 0; f < BLOCK_FEATURES; f++) {
		const uint8_t *x = all.x + (size_t)f * all.n;
		double gain[256] = { 0 };

		if (rng_at(2, tree, (uint64_t)f, 0, 0) % 3)
			continue;
		memset(hist, 0, ((size_t)1 << level) * sizeof *hist);
		for (size_t i = 0; i < all.n; i++)
			if (all.sampled[i]) {
				hist[all.leaf[i]][x[i]].g += all.g[i];
				hist[all.leaf[i]][x[i]].h += all.h[i];
			}
		for (int l = 0; l < 1 << level; l++) {
			double G = 0, H = 0, g = 0, h = 0;

			for (int v = 0; v < 256; v++) {
				G += hist[l][v].g;
				H += hist[l][v].h;
			}
			for (int v = 0; v < 255; v++) {
				g += hist[l][v].g;
				h += hist[l][v].h;
				gain[v] += g * g / (h + LAMBDA) + (G - g) * (G - g) / (H - h + LAMBDA);
			}
		}
		for (int v = 0; v < 255; v++)
			if (gain[v] > best) {
				best = gain[v];
				*feature = (uint8_t)f;
				*above = (uint8_t)v;
			}
	}
}

static void
grow(uint64_t tree, int left_out, FILE *out)
{
	uint8_t feature[DEPTH], above[DEPTH];
	double g[LEAVES] = { 0 }, h[LEAVES] = { 0 };
	int value[LEAVES];

	for (size_t i = 0; i < all.n; i++) {
		double p = 1 / (1 + exp(-all.score[i]));

		all.g[i] = (float)(all.weight[i] * (all.y[i] - p));
		all.h[i] = (float)(all.weight[i] * p * (1 - p));
		all.sampled[i] = all.fold[i] != left_out && (rng_at(3, tree, i, 0, 0) & 1);
		all.leaf[i] = 0;
	}
	for (int d = 0; d < DEPTH; d++) {
		split(d, tree, &feature[d], &above[d]);
		for (size_t i = 0; i < all.n; i++)
			all.leaf[i] |= (uint8_t)((all.x[feature[d] * all.n + i] > above[d]) << d);
	}
	for (size_t i = 0; i < all.n; i++)
		if (all.fold[i] != left_out) {
			g[all.leaf[i]] += all.g[i];
			h[all.leaf[i]] += all.h[i];
		}
	fprintf(out, "\t{ { ");
	for (int d = 0; d < DEPTH; d++)
		fprintf(out, "%d%s", feature[d], d < DEPTH - 1 ? ", " : " }, { ");
	for (int d = 0; d < DEPTH; d++)
		fprintf(out, "%d%s", above[d], d < DEPTH - 1 ? ", " : " }, { ");
	for (int l = 0; l < LEAVES; l++) {
		value[l] = (int)lrint(SCALE * RATE * g[l] / (h[l] + LAMBDA));
		fprintf(out, "%d%s", value[l], l < LEAVES - 1 ? "," : " } },\n");
	}
	for (size_t i = 0; i < all.n; i++)
		all.score[i] += (float)value[all.leaf[i]] / SCALE;
}

static void
tell(int tree, int left_out)
{
	double loss[2] = { 0 }, weight[2] = { 0 };

	for (size_t i = 0; i < all.n; i++) {
		int out = all.fold[i] == left_out;
		double p = 1 / (1 + exp(-all.score[i]));

		loss[out] -= all.weight[i] * (all.y[i] * log(p + 1e-9) + (1 - all.y[i]) * log(1 - p + 1e-9));
		weight[out] += all.weight[i];
	}
	fprintf(stderr, "%d trees: loss %.4f, left out %.4f\n", tree, loss[0] / weight[0], weight[1] ? loss[1] / weight[1] : 0);
}

int
main(int argc, char **argv)
{
	int left_out = -1, trees = 200, arg = 1;

	for (; arg + 1 < argc && argv[arg][0] == '-'; arg += 2)
		*(argv[arg][1] == 'f' ? &left_out : &trees) = atoi(argv[arg + 1]);
	if (arg >= argc)
		return 2;
	read_all(argv[arg]);
	fprintf(stderr, "%zu blocks\n", all.n);
	all.x = xmalloc(all.n * BLOCK_FEATURES);
	for (size_t i = 0; i < all.n; i++)
		for (size_t f = 0; f < BLOCK_FEATURES; f++)
			all.x[f * all.n + i] = blocks[i].x[f];
	all.score = xcalloc(all.n, sizeof *all.score);
	all.g = xcalloc(all.n, sizeof *all.g);
	all.h = xcalloc(all.n, sizeof *all.h);
	all.leaf = xcalloc(all.n, 1);
	all.sampled = xcalloc(all.n, 1);
	printf("/* judge_tables - the trees of judge.c; made by tests/bench/page-train.c, which says how */\n/* SPDX-License-Identifier: MIT */\n"
	       "#define JUDGE_SCALE %d\n#define JUDGE_BASE  %d\nstatic const struct tree trees[] = {\n", SCALE, (int)lrint(SCALE * log((1 - CUT) / CUT)));
	for (int t = 0; t < trees; t++) {
		grow((uint64_t)t, left_out, stdout);
		if (t % 25 == 24)
			tell(t + 1, left_out);
	}
	printf("};\n");
	return 0;
}

/* lang-train - DIR: the tables of lang.c out of texts, a line each: DIR/CODE, .prose, .text, .words, .news of each language */
/* SPDX-License-Identifier: MIT */
#include "../../lib/text/lang/lang.c"
#include "base/utf8.h"
#include <stdio.h>

/*
 * What is frequent in a language, or tells it from all others or from one that is near, is a feature with p(feature | language) for its weight;
 * then the weights are fitted to telling windows of 20 to 200 bytes apart (softmax regression, AdaGrad), those that do little go, and the mean of a
 * second round is kept.  The codes and scripts are those of the tables that there are.  tests/bench/lang-corpus.py fetches the texts.
 */
enum { STRINGS = 700, WORDS = 250, TELLING = 480, APART = 1000, FEATURES_MAX = 1 << 22, HEAVIEST = 60 };
enum { KINDS = 5, LINES = 6000, COUNTED = 600000, ROUNDS = 4000, WORD = 5, NAME_BYTES = 48 };
#define FLOOR 12        /* nats: what is rarer than e^-FLOOR weighs nothing */
#define LEAST 3         /* weights below are no features to begin with, */
#define PRUNE 4         /* and below this they go after the first fit */

struct feature {
	uint64_t key;
	uint32_t n[PROFILES];
	double   score;
	char     name[NAME_BYTES];      /* as the tables have it */
	int      taken;
};
struct text {
	char  *v[LINES];
	size_t n;
};

static struct feature *counted;
static struct table places;             /* of them, as slots */
static size_t n_features;
static double totals[PROFILES][WORD + 1];       /* of each language, strings by length, words */
static struct text texts[PROFILES][KINDS];
static const char *const kinds[KINDS] = { "", ".prose", ".text", ".words", ".news" };
static const char shares[] = "0012222233344444";        /* of the kinds */
static uint64_t draws;
static struct buf word;                 /* that count_key reads */

static size_t
below(size_t n)
{
	return (size_t)(rng_at(1, draws++, 0, 0, 0) % n);
}

/* Languages taken for each other: features that tell the two apart, and more windows of them, are wanted. */
static int
near(int l, int j)
{
	static const char pairs[] = "bs-hr cs-sk da-nb da-nn id-ms nb-nn st-tn xh-zu";
	char pair[16];

	snprintf(pair, sizeof pair, "%s-%s", profiles[l < j ? l : j].code, profiles[l < j ? j : l].code);
	return strstr(pairs, pair) != NULL;
}

/* Of another language's text, by the tables that there are: much in translations is English. */
static int
english(int l, const char *s)
{
	struct lang told;

	lang_detect(s, strlen(s), &told);
	return strcmp(told.code, "en") == 0 && strcmp(profiles[l].code, "en") != 0;
}

/* LINES of a language's text, or fewer, drawn by chance; how many. */
static size_t
read_text(int l, int kind, const char *dir)
{
	struct text *t = &texts[l][kind];
	char path[4096], *line = NULL;
	size_t cap = 0, seen = 0;
	ssize_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s%s", dir, profiles[l].code, kinds[kind]);
	if (!(f = fopen(path, "r")))
		return 0;
	while ((n = getline(&line, &cap, f)) > 1) {
		size_t at = below(++seen);

		line[n - 1] = 0;
		if (at >= LINES || (kind == 0 && english(l, line)))
			continue;
		at = t->n < LINES ? t->n++ : at;
		free(t->v[at]);
		t->v[at] = xstrdup(line);
	}
	free(line);
	fclose(f);
	return t->n;
}

static int
kind_of(uint64_t key)
{
	return key >> 63 ? WORD : key >> 48 ? 4 : key >> 32 ? 3 : key >> 16 ? 2 : 1;
}

/* A key of a text of language *to; letters come one by one before the word that they make. */
static int
count_key(uint64_t key, void *to)
{
	int l = *(const int *)to;
	struct slot *slot = slot_of(&places, key);
	int kind = kind_of(key), n = 0;
	struct feature *f;
	char utf8[4];

	if (kind == 1)
		buf_add(&word, utf8, utf8_put(utf8, (uint32_t)key));
	if (kind < WORD || (uni_count(word.p, word.n) > 2 && word.n < NAME_BYTES - 1)) {
		if (!slot->group)
			*slot = (struct slot){ (uint32_t)(key_hash(key) >> 32), (uint32_t)++n_features };
		if (n_features == FEATURES_MAX)
			fprintf(stderr, "lang-train: too many features\n"), exit(1);
		f = &counted[slot->group - 1];
		f->key = key;
		f->n[l]++;
		totals[l][kind]++;
		if (kind == WORD)
			snprintf(f->name, sizeof f->name, "=%.*s", (int)word.n, word.p);
		for (int k = 3; k >= 0 && kind < WORD; k--)
			if (key >> 16 * k & 0xffff)
				n += (int)utf8_put(f->name + n, (uint32_t)(key >> 16 * k & 0xffff));
	}
	if (kind == WORD)
		buf_clear(&word);
	return 1;
}

/* A stretch of the language's lines, cut at blanks: 20 to 200 bytes and some. */
static size_t
window(int l, char buf[SAMPLE])
{
	const struct text *t;
	size_t want = 20 + below(180), n = 0;

	do
		t = &texts[l][shares[below(sizeof shares - 1)] - '0'];
	while (!t->n);
	while (n < want) {
		const char *s = t->v[below(t->n)];
		size_t k = strlen(s), room = want - n;

		if (k > room + 40) {
			size_t at = below(k - room);

			while (at && s[at - 1] != ' ')
				at--;
			k -= at;
			s += at;
			k = k > room + 20 ? room + 20 : k;
		}
		memcpy(buf + n, s, k);
		n += k;
		buf[n++] = ' ';
	}
	return n;
}

static void
count_texts(int l)
{
	char buf[SAMPLE];

	for (size_t bytes = 0, n; bytes < COUNTED; bytes += n)
		each_key(buf, n = window(l, buf), profiles[l].script, count_key, &l);
}

static double
weight_of(const struct feature *f, int l)
{
	int kind = kind_of(f->key);

	return f->n[l] ? (kind == WORD ? 1.2 : 2) * (log(f->n[l] / totals[l][kind]) + FLOOR) : 0;
}

/*
 * How much more likely a feature is in a language than in another, or with -1 than in any other of its script, in nats, times how often it is there;
 * 0: the other has it more.
 */
static double
telling(const struct feature *f, int l, int other)
{
	double most = 0;
	int kind = kind_of(f->key);

	for (int j = 0; j < PROFILES && f->n[l] > 7; j++)
		if (other < 0 ? j != l && profiles[j].script == profiles[l].script : j == other)
			most = fmax(most, (f->n[j] + .5) / totals[j][kind]);
	return f->n[l] > 7 ? fmax(0, f->n[l] * log(f->n[l] / totals[l][kind] / most)) : 0;
}

static int
in_order(const void *a, const void *b)
{
	const struct feature *const *x = a, *const *y = b;

	int longer = kind_of((*x)->key) - kind_of((*y)->key);

	return longer ? longer : strcmp((*x)->name, (*y)->name);
}

static int
by_score(const void *a, const void *b)
{
	const struct feature *const *x = a, *const *y = b;

	return (*x)->score != (*y)->score ? (*x)->score > (*y)->score ? -1 : 1 : in_order(a, b);
}

/* Takes the `wanted` best of a language: by 0 the most frequent strings, 1 words, 2 what tells it from all others, 3 and on from that one. */
static void
take_features(int l, int by, size_t wanted)
{
	struct feature **v = xcalloc(n_features, sizeof *v);
	size_t n = 0;

	for (struct feature *f = counted; f < counted + n_features; f++)
		if (f->n[l] > 2 && (by > 1 || by == (kind_of(f->key) == WORD))) {
			f->score = by < 2 ? f->n[l] : telling(f, l, by - 3);
			v[n++] = f;
		}
	qsort(v, n, sizeof *v, by_score);
	for (size_t i = 0; i < n && i < wanted && v[i]->score > 0; i++)
		v[i]->taken = 1;
	free(v);
}

/* Features in order, short ones first, which are looked up most; in an array to be freed. */
static struct feature **
choose_features(size_t *n)
{
	struct feature **v = xcalloc(n_features, sizeof *v);

	for (int l = 0; l < PROFILES; l++) {
		take_features(l, 0, STRINGS);
		take_features(l, 1, WORDS);
		take_features(l, 2, TELLING);
		for (int j = 0; j < PROFILES; j++)
			if (near(l, j))
				take_features(l, 3 + j, APART);
	}
	*n = 0;
	for (size_t i = 0; i < n_features; i++)
		if (counted[i].taken)
			v[(*n)++] = &counted[i];
	qsort(v, *n, sizeof *v, in_order);
	return v;
}

/* One step on a window of language l; whether it was told. */
static int
fit(const struct table *t, int l, float *w, float *grad2)
{
	static struct votes v;
	char buf[SAMPLE];
	double p[PROFILES], most = -1e9, sum = 0, scale;
	size_t n = window(l, buf), letters;

	v.table = t;
	v.n = 0;
	letters = each_key(buf, n, profiles[l].script, vote, &v);
	scale = .05 * (letters > 150 ? 150. / (double)letters : 1);
	for (int j = 0; j < PROFILES; j++)
		p[j] = profiles[j].script == profiles[l].script ? 0 : -1e9;
	for (size_t i = 0; i < v.n; i++)
		for (uint32_t k = t->first[v.group[i]]; k < t->first[v.group[i] + 1]; k++)
			p[t->entries[k].profile] += v.times[i] * w[k];
	for (int j = 0; j < PROFILES; j++)
		most = fmax(most, p[j]);
	for (int j = 0; j < PROFILES; j++)
		sum += p[j] = exp(scale * (p[j] - most));
	for (size_t i = 0; i < v.n && p[l] < .999 * sum; i++)
		for (uint32_t k = t->first[v.group[i]]; k < t->first[v.group[i] + 1]; k++) {
			int j = t->entries[k].profile;
			float g = (float)(scale * v.times[i] * (p[j] / sum - (j == l)));

			if (w[k] <= 0 || fabsf(g) < 1e-5f)
				continue;
			grad2[k] += g * g;
			w[k] -= .5f * g / sqrtf(grad2[k] + .01f);
			w[k] = w[k] < .1f ? .1f : w[k] > HEAVIEST ? HEAVIEST : w[k];
		}
	return p[l] >= 1;
}

/* A name after the one before it: how many of its characters it begins with, and the others. */
static int
print_name(const char *name, const char *before)
{
	size_t same = 0, bytes = 0;

	for (size_t i = 0; same < 9 && before[i] && name[i] == before[i]; i++)
		if ((name[i + 1] & 0xc0) != 0x80) {
			bytes = i + 1;
			same++;
		}
	return (same ? printf("%zu", same) : 0) + printf("%s", name + bytes);
}

static void
print_tables(const struct table *t, struct feature *const *chosen, const float *w)
{
	static const char *const scripts[] = { "OTHER", "LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI" };
	int left = 0, weights = 0, column = 0;
	const char *before = "";

	puts("/* lang_tables - what tells languages of one script apart; made by tests/bench/lang-train.c, included by lang.c alone */\n"
	     "/* SPDX-License-Identifier: MIT */\n\nstatic const struct profile profiles[] = {");
	for (int l = 0; l < PROFILES; l++)
		printf("\t{ \"%s\", %s },\n", profiles[l].code, scripts[profiles[l].script]);
	puts("};\n\n/* As read_features has them. */\nstatic const char features[] =");
	for (size_t i = 0; i < t->n_groups; i++) {
		int at = 0, first = 1;

		for (uint32_t k = t->first[i]; k < t->first[i + 1]; k++) {
			int skipped = t->entries[k].profile - at, digit = '@' + (int)(w[k] + .5f);

			if (digit == '@')
				continue;
			if (first)
				column += (column ? 0 : printf("\t\"")) + print_name(chosen[i]->name, before);
			for (; skipped > SKIP_MAX; skipped -= SKIP_MAX)
				column += printf("%c", SKIP + SKIP_MAX);
			column += skipped || first ? printf("%c", SKIP + skipped) : 0;
			column += printf("%c", digit + (digit >= '\\'));
			at = t->entries[k].profile + 1;
			first = 0;
			weights++;
		}
		if (first)
			continue;
		before = chosen[i]->name;
		left++;
		column = column > 150 ? printf(" \"\n") * 0 : column + printf(" ");
	}
	printf("%s;\nenum { FEATURES = %d, WEIGHTS = %d };\n", column ? "\"" : "", left, weights);
}

int
main(int argc, char **argv)
{
	struct table t = { 0 };
	struct feature **chosen;
	float *w, *mean, *grad2;
	size_t taken;
	int windows[PROFILES];

	if (argc != 2)
		return fprintf(stderr, "usage: lang-train DIR >lang_tables.h\n"), 2;
	counted = xcalloc(FEATURES_MAX, sizeof *counted);
	places.n_slots = 2 * FEATURES_MAX;
	places.slots = xcalloc(places.n_slots, sizeof *places.slots);
	for (int l = 0; l < PROFILES; l++) {
		size_t n = 0;

		for (int k = 0; k < KINDS; k++)
			n += read_text(l, k, argv[1]);
		if (!n)
			return fprintf(stderr, "lang-train: no text in %s\n", profiles[l].code), 1;
		count_texts(l);
		windows[l] = 1;
		for (int j = 0; j < PROFILES; j++)
			windows[l] += near(l, j);
	}
	chosen = choose_features(&taken);
	table_init(&t, taken, taken * PROFILES);
	w = xcalloc(taken * PROFILES, sizeof *w);
	for (size_t i = 0; i < taken; i++) {
		add_group(&t, chosen[i]->key);
		for (int l = 0; l < PROFILES; l++)
			if (weight_of(chosen[i], l) >= LEAST) {
				w[t.n] = (float)weight_of(chosen[i], l);
				add_entry(&t, (unsigned)l, 0);
			}
	}
	mean = xcalloc(t.n, sizeof *mean);
	grad2 = xcalloc(t.n, sizeof *grad2);
	for (int half = 0; half < 2; half++) {
		size_t told = 0, shown = 0;

		for (int i = 0; i < ROUNDS; i++) {
			for (int l = 0; l < PROFILES; l++)
				for (int k = 0; k < windows[l]; k++, shown++)
					told += (size_t)fit(&t, l, w, grad2);
			for (size_t k = 0; k < t.n && half && i % 10 == 0; k++)
				mean[k] += w[k] * 10 / ROUNDS;
		}
		fprintf(stderr, "%zu features, %zu weights: %.4f of the windows told\n", t.n_groups, t.n, (double)told / (double)shown);
		for (size_t k = 0; k < t.n && !half; k++)
			w[k] = w[k] < PRUNE ? 0 : w[k];
	}
	print_tables(&t, chosen, mean);
	return 0;
}

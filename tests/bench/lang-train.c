/* lang-train - DIR: the tables of lang.c out of texts, a line each: DIR/CODE, .prose, .text, .words of each language */
/* SPDX-License-Identifier: MIT */
#include "../../lib/text/lang/lang.c"
#include "base/utf8.h"
#include <stdio.h>

/*
 * What is frequent in a language is a feature with p(feature | language) for its weight; then the weights are fitted to telling
 * windows of 20 to 200 bytes apart (softmax regression, AdaGrad), those that do little go, and the mean of a second round is kept.  The codes and scripts
 * are those of the tables that there are. tests/bench/lang-corpus.py fetches the texts.
 */
enum { STRINGS = 600, WORDS = 200, TELLING = 400, COUNTED = 600000, ROUNDS = 4000, FEATURES_MAX = 1 << 22, HEAVIEST = 60, KINDS = 4, LINES = 6000 };
#define FLOOR 12        /* nats: what is rarer than e^-FLOOR weighs nothing */
#define LEAST 3         /* weights below are no features to begin with, */
#define PRUNE 4         /* and below this they go after the first fit */

struct feature {
	uint64_t key;
	uint32_t n[PROFILES];
	char     word[48];
	int      taken;
};
struct text {
	char **v;
	size_t n, cap;
};

static struct feature *counted;
static uint32_t *places;                /* open hash table of features, + 1 */
static size_t n_features;
static double totals[PROFILES][6];      /* of each language, strings by length; 5: words */
static struct text texts[PROFILES][KINDS];
static const struct { const char *suffix; size_t share; } kinds[KINDS] = { { "", 2 }, { ".prose", 1 }, { ".text", 5 }, { ".words", 3 } };
static uint64_t draws;

static size_t
below(size_t n)
{
	return (size_t)(rng_at(1, draws++, 0, 0, 0) % n);
}

static int
english(const char *s)
{
	struct lang told;

	lang_detect(s, strlen(s), &told);       /* by the tables that there are: much in translations is English */
	return strcmp(told.code, "en") == 0;
}

/* LINES of a language's text, or fewer, drawn by chance. */
static void
read_text(int l, int kind, const char *dir)
{
	struct text *t = &texts[l][kind];
	char path[4096], *line = NULL;
	size_t cap = 0, seen = 0;
	ssize_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s%s", dir, profiles[l].code, kinds[kind].suffix);
	if (!(f = fopen(path, "r")))
		return;
	while ((n = getline(&line, &cap, f)) > 1) {
		size_t at = below(++seen);

		line[n - 1] = 0;
		if (t->n < LINES) {
			VEC_PUSH(t->v, t->n, t->cap, xstrdup(line));
		} else if (at < LINES) {
			free(t->v[at]);
			t->v[at] = xstrdup(line);
		}
	}
	for (size_t i = 0; kind == 0 && strcmp(profiles[l].code, "en") != 0 && i < t->n; i += !english(t->v[i]))
		while (i < t->n && english(t->v[i]))
			t->v[i] = t->v[--t->n];
	free(line);
	fclose(f);
}

static int
kind_of(uint64_t key)
{
	return key >> 63 ? 5 : key >> 48 ? 4 : key >> 32 ? 3 : key >> 16 ? 2 : 1;
}

static struct feature *
feature_of(uint64_t key)
{
	size_t i = (size_t)key_hash(key) & (2 * FEATURES_MAX - 1);

	while (places[i] && counted[places[i] - 1].key != key)
		i = (i + 1) & (2 * FEATURES_MAX - 1);
	if (!places[i]) {
		if (n_features == FEATURES_MAX)
			fprintf(stderr, "lang-train: too many features\n"), exit(1);
		counted[n_features].key = key;
		places[i] = (uint32_t)++n_features;
	}
	return &counted[places[i] - 1];
}

static void
count(int l, uint64_t key, const char *word)
{
	struct feature *f = feature_of(key);

	f->n[l]++;
	totals[l][kind_of(key)]++;
	if (word && !f->word[0])
		snprintf(f->word, sizeof f->word, "%s", word);
}

/* The same strings and words that count_votes looks for. */
static void
count_line(int l, const char *s, size_t n)
{
	uint64_t last = '_', word = 0;
	size_t len, run = 1, letters = 0;
	struct buf name = { 0 };

	for (size_t i = 0; i <= n; i += len) {
		uint32_t c = i < n ? uni_lower(uni_decode(s + i, n - i, &len)) : ' ';
		char utf8[4];

		len = i < n ? len : 1;
		if (c >= 0x300 && c < 0x370)
			continue;
		if (c > 0xffff || script_of(c) != profiles[l].script || (c >= 128 && uni_class(c) == UNI_OTHER))
			c = '_';
		if (c == '_' && (last & 0xffff) == '_')
			continue;
		last = last << 16 | c;
		run = run < 4 ? run + 1 : 4;
		for (size_t k = 1; k <= run && !(k > 2 && (last >> 16 * (k - 2) & 0xffff) == '_'); k++)
			if (k > 1 || c != '_')
				count(l, k == 4 ? last : last & ((1ull << 16 * k) - 1), NULL);
		if (c == '_') {
			if (letters > 2 && name.n < 47)
				count(l, word_key(word), name.p);
			buf_clear(&name);
			word = letters = 0;
		} else {
			word = fold(word, c);
			buf_add(&name, utf8, utf8_put(utf8, c));
			letters++;
		}
	}
	buf_free(&name);
}

static const struct text *
draw_text(int l)
{
	size_t all = 0, at;
	int k = 0;

	for (int i = 0; i < KINDS; i++)
		all += texts[l][i].n ? kinds[i].share : 0;
	for (at = below(all); !texts[l][k].n || at >= kinds[k].share; k++)
		at -= texts[l][k].n ? kinds[k].share : 0;
	return &texts[l][k];
}

/* A stretch of the language's lines, cut at blanks: 20 to 200 bytes and some. */
static size_t
window(int l, char buf[SAMPLE])
{
	const struct text *t = draw_text(l);
	size_t want = 20 + below(180), n = 0;

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
		count_line(l, buf, n = window(l, buf));
}

static double
weight_of(const struct feature *f, int l)
{
	double w = f->n[l] ? 2 * (log(f->n[l] / totals[l][kind_of(f->key)]) + FLOOR) : 0;

	return f->key >> 63 ? .6 * w : w;
}

/* How much more likely a feature is in a language than in any other of its script, in nats, times how often it is there; 0: some other has it more. */
static double
telling(const struct feature *f, int l)
{
	double most = 0;
	int kind = kind_of(f->key);

	for (int j = 0; j < PROFILES && f->n[l] > 7; j++)
		if (j != l && profiles[j].script == profiles[l].script)
			most = fmax(most, (f->n[j] + .5) / totals[j][kind]);
	return f->n[l] > 7 ? fmax(0, f->n[l] * log(f->n[l] / totals[l][kind] / most)) : 0;
}

struct candidate {
	double   score;
	uint32_t feature;
};

static int
by_score(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->score != y->score)
		return x->score > y->score ? -1 : 1;
	return counted[x->feature].key < counted[y->feature].key ? -1 : 1;
}

/* The most frequent ones of each language, and those that tell it from all others; how many there are. */
static size_t
choose_features(void)
{
	static const size_t wanted[] = { STRINGS, WORDS, TELLING };
	struct candidate *v = xcalloc(n_features, sizeof *v);
	size_t taken = 0;

	for (int l = 0; l < PROFILES; l++)
		for (int by = 0; by < 3; by++) {
			size_t n = 0;

			for (uint32_t i = 0; i < n_features; i++) {
				const struct feature *f = &counted[i];

				if (f->n[l] > 2 && (by == 2 || by == (int)(f->key >> 63)))
					v[n++] = (struct candidate){ by < 2 ? f->n[l] : telling(f, l), i };
			}
			qsort(v, n, sizeof *v, by_score);
			for (size_t i = 0; i < n && i < wanted[by] && v[i].score > 0; i++) {
				taken += !counted[v[i].feature].taken;
				counted[v[i].feature].taken = 1;
			}
		}
	free(v);
	return taken;
}

/* One step on a window of language l; whether it was told. */
static int
fit(const struct table *t, int l, float *w, float *grad2)
{
	static struct votes v;
	char buf[SAMPLE];
	double p[PROFILES] = { 0 }, most = -1e9, sum = 0, scale;
	enum script script = profiles[l].script;
	size_t n = window(l, buf), letters;
	int best = l;

	v.n = 0;
	if (!(letters = count_votes(t, buf, n, script, &v)))
		return 1;
	scale = .05 * (letters > 150 ? 150. / (double)letters : 1);
	for (size_t i = 0; i < v.n; i++)
		for (uint32_t k = t->first[v.group[i]]; k < t->first[v.group[i] + 1]; k++)
			p[t->entries[k].profile] += w[k];
	for (int j = 0; j < PROFILES; j++)
		if (profiles[j].script == script)
			most = scale * p[j] > most ? scale * p[j] : most;
	for (int j = 0; j < PROFILES; j++)
		sum += p[j] = profiles[j].script == script ? exp(scale * p[j] - most) : 0;
	for (int j = 0; j < PROFILES; j++) {
		p[j] /= sum;
		best = p[j] > p[best] ? j : best;
	}
	for (size_t i = 0; i < v.n && p[l] < .999; i++)
		for (uint32_t k = t->first[v.group[i]]; k < t->first[v.group[i] + 1]; k++) {
			int j = t->entries[k].profile;
			float g = (float)(scale * (p[j] - (j == l)));

			if (w[k] <= 0 || fabsf(g) < 1e-5f)
				continue;
			grad2[k] += g * g;
			w[k] -= .5f * g / sqrtf(grad2[k] + .01f);
			w[k] = w[k] < .1f ? .1f : w[k] > HEAVIEST ? HEAVIEST : w[k];
		}
	return best == l;
}

/* A key as features has it. */
static int
print_key(uint64_t key)
{
	char utf8[20];
	int n = 0;

	if (key >> 63)
		return printf("=%s ", feature_of(key)->word);
	for (int k = 3; k >= 0; k--)
		if (key >> 16 * k & 0xffff)
			n += utf8_put(utf8 + n, (uint32_t)(key >> 16 * k & 0xffff));
	return printf("%.*s ", n, utf8);
}

static char
as_digit(int v)
{
	return (char)(v + '@' + (v + '@' >= '\\'));
}

static void
print_tables(const struct table *t, const uint64_t *keys, const float *w)
{
	static const char *const scripts[] = { "OTHER", "LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI" };
	int left = 0, column = 0;

	puts("/* lang_tables - what tells languages of one script apart; made by tests/bench/lang-train.c, included by lang.c alone */\n"
	     "/* SPDX-License-Identifier: MIT */\n\n"
	     "static const struct profile profiles[] = {");
	for (int l = 0; l < PROFILES; l++)
		printf("\t{ \"%s\", %s },\n", profiles[l].code, scripts[profiles[l].script]);
	puts("};\n\n/* Strings of one to four letters, _ for a word's end, and =words; then a character for a profile, one for its weight, and so on. */\n"
	     "static const char features[] =");
	for (size_t i = 0; i < t->n_groups; i++) {
		int said = 0;

		for (uint32_t k = t->first[i]; k < t->first[i + 1]; k++) {
			if (w[k] < .5f)
				continue;
			if (!said++) {
				column += column == 0 ? printf("\t\"") : 0;
				column += print_key(keys[i]);
			}
			column += printf("%c%c", as_digit(t->entries[k].profile), as_digit((int)(w[k] + .5f)));
		}
		left += said > 0;
		if (said)
			column += printf(" ");
		if (column > 150)
			column = printf("\"\n") * 0;
	}
	printf("%s;\nenum { FEATURES = %d };\n", column ? "\"" : "", left);
}

int
main(int argc, char **argv)
{
	struct table t = { 0 };
	float *w, *mean, *grad2;
	uint64_t *keys;
	size_t taken;

	if (argc != 2)
		return fprintf(stderr, "usage: lang-train DIR >lang_tables.h\n"), 2;
	counted = xcalloc(FEATURES_MAX, sizeof *counted);
	places = xcalloc(2 * FEATURES_MAX, sizeof *places);
	for (int l = 0; l < PROFILES; l++) {
		size_t n = 0;

		for (int k = 0; k < KINDS; k++) {
			read_text(l, k, argv[1]);
			n += texts[l][k].n;
		}
		if (!n)
			return fprintf(stderr, "lang-train: no text in %s\n", profiles[l].code), 1;
		count_texts(l);
	}
	taken = choose_features();
	keys = xcalloc(taken, sizeof *keys);
	table_init(&t, taken, taken * PROFILES);
	for (size_t i = 0; i < n_features; i++) {
		if (!counted[i].taken)
			continue;
		keys[t.n_groups] = counted[i].key;
		add_group(&t, counted[i].key);
		for (int l = 0; l < PROFILES; l++)
			if (weight_of(&counted[i], l) >= LEAST)
				add_entry(&t, (unsigned)l, 0);
	}
	w = xcalloc(t.n, sizeof *w);
	mean = xcalloc(t.n, sizeof *mean);
	grad2 = xcalloc(t.n, sizeof *grad2);
	for (size_t i = 0; i < t.n_groups; i++)
		for (uint32_t k = t.first[i]; k < t.first[i + 1]; k++)
			w[k] = (float)weight_of(feature_of(keys[i]), t.entries[k].profile);
	for (int half = 0; half < 2; half++) {
		size_t told = 0;

		for (int i = 0; i < ROUNDS; i++) {
			for (int l = 0; l < PROFILES; l++)
				told += (size_t)fit(&t, l, w, grad2);
			for (size_t k = 0; k < t.n && half && i % 10 == 0; k++)
				mean[k] += w[k] * 10 / ROUNDS;
		}
		fprintf(stderr, "%zu features, %zu weights: %.4f of the windows told\n", t.n_groups, t.n, (double)told / PROFILES / ROUNDS);
		for (size_t k = 0; k < t.n && !half; k++)
			w[k] = w[k] < PRUNE ? 0 : w[k];
	}
	print_tables(&t, keys, mean);
	return 0;
}

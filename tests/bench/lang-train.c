/* lang-train - DIR: the tables of lang.c out of texts: DIR/CODE, a line each, and DIR/CODE.prose, which counts for more */
/* SPDX-License-Identifier: MIT */
#include "../../lib/text/lang/lang.c"
#include "base/utf8.h"
#include <stdio.h>

/*
 * What is frequent in a language is a feature with p(feature | language) for its weight; then the weights are fitted to telling
 * windows of 20 to 200 bytes apart (softmax regression, AdaGrad), and those that do little go.  The codes and scripts
 * are those of the tables that there are. tests/bench/lang-corpus.py fetches the texts.
 */
enum { STRINGS = 1000, WORDS = 400, ROUNDS = 3000, FEATURES = 1 << 22, HEAVIEST = 60 };
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

static struct feature *features;
static uint32_t *places;                /* open hash table of features, + 1 */
static size_t n_features;
static double totals[PROFILES][6];      /* of each language, strings by length; 5: words */
static struct text lines[PROFILES], prose[PROFILES];
static uint64_t draws;

static size_t
below(size_t n)
{
	return (size_t)(rng_at(1, draws++, 0, 0, 0) % n);
}

static void
read_text(struct text *t, const char *dir, const char *name)
{
	char path[4096], *line = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (!(f = fopen(path, "r")))
		return;
	while ((n = getline(&line, &cap, f)) > 0) {
		struct lang told;

		line[n -= line[n - 1] == '\n'] = 0;
		lang_detect(line, (size_t)n, &told);    /* by the tables that there are: much in translations is English */
		if (n && (strcmp(name, "en") == 0 || strcmp(told.code, "en") != 0))
			VEC_PUSH(t->v, t->n, t->cap, xstrdup(line));
	}
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
	size_t i = (size_t)key_hash(key) & (2 * FEATURES - 1);

	while (places[i] && features[places[i] - 1].key != key)
		i = (i + 1) & (2 * FEATURES - 1);
	if (!places[i]) {
		if (n_features == FEATURES)
			fprintf(stderr, "lang-train: too many features\n"), exit(1);
		features[n_features].key = key;
		places[i] = (uint32_t)++n_features;
	}
	return &features[places[i] - 1];
}

static void
count(int l, uint64_t key, unsigned times, const char *word)
{
	struct feature *f = feature_of(key);

	f->n[l] += times;
	totals[l][kind_of(key)] += times;
	if (word && !f->word[0])
		snprintf(f->word, sizeof f->word, "%s", word);
}

/* The same strings and words that count_votes looks for. */
static void
count_line(int l, const char *s, unsigned times)
{
	uint64_t last = '_', word = 0;
	size_t n = strlen(s), len, run = 1, letters = 0;
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
				count(l, k == 4 ? last : last & ((1ull << 16 * k) - 1), times, NULL);
		if (c == '_') {
			if (letters > 2 && name.n < 47)
				count(l, word_key(word), times, name.p);
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

static void
count_texts(int l)
{
	size_t bytes = 0;

	for (size_t i = 0; i < lines[l].n && bytes < 1500000; i++) {
		const char *s = lines[l].v[below(lines[l].n)];

		bytes += strlen(s);
		count_line(l, s, 1);
	}
	for (size_t i = 0; i < prose[l].n; i++)
		count_line(l, prose[l].v[i], bytes > 500000 ? 10 : bytes > 100000 ? 5 : 2);
}

static double
weight_of(const struct feature *f, int l)
{
	double w = f->n[l] ? 2 * (log(f->n[l] / totals[l][kind_of(f->key)]) + 10) : 0;

	return f->key >> 63 ? .5 * (w - 4) : w;
}

static int ordered;     /* by_count: of this language */
static int
by_count(const void *a, const void *b)
{
	const struct feature *x = &features[*(const uint32_t *)a], *y = &features[*(const uint32_t *)b];

	if (x->n[ordered] != y->n[ordered])
		return x->n[ordered] > y->n[ordered] ? -1 : 1;
	return x->key < y->key ? -1 : 1;
}

/* The most frequent ones of each language. */
static void
choose_features(void)
{
	uint32_t *order = xcalloc(n_features, sizeof *order);

	for (ordered = 0; ordered < PROFILES; ordered++) {
		size_t n = 0, strings = 0, words = 0;

		for (uint32_t i = 0; i < n_features; i++)
			if (features[i].n[ordered] > 2)
				order[n++] = i;
		qsort(order, n, sizeof *order, by_count);
		for (size_t i = 0; i < n; i++) {
			struct feature *f = &features[order[i]];
			size_t *of = f->key >> 63 ? &words : &strings;

			if (*of < (f->key >> 63 ? WORDS : STRINGS)) {
				++*of;
				f->taken = 1;
			}
		}
	}
	free(order);
}

/* A stretch of the language's lines, cut at blanks. */
static size_t
window(int l, char buf[8192])
{
	size_t want = 20 + below(180), n = 0;

	while (n < want) {
		int from_prose = prose[l].n && (!lines[l].n || below(lines[l].n < 6000 ? 2 : 5) == 0);
		const struct text *t = from_prose ? &prose[l] : &lines[l];
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

/* One step on a window of language l; whether it was told. */
static int
fit(const struct table *t, int l, float *w, float *grad2, struct votes *v)
{
	char buf[8192];
	double p[PROFILES] = { 0 }, most = -1e9, sum = 0, scale;
	enum script script = profiles[l].script;
	size_t n = window(l, buf), letters;
	int best = l;

	for (size_t i = 0; i < v->n_seen; i++)
		v->count[v->seen[i]] = 0;
	v->n_seen = 0;
	if (!(letters = count_votes(t, buf, n, script, v)))
		return 1;
	scale = .05 * (letters > 150 ? 150. / (double)letters : 1);
	for (size_t i = 0; i < v->n_seen; i++)
		for (uint32_t k = t->first[v->seen[i]]; k < t->first[v->seen[i] + 1]; k++)
			p[t->entries[k].profile] += w[k] * v->count[v->seen[i]];
	for (int j = 0; j < PROFILES; j++)
		if (profiles[j].script == script)
			most = scale * p[j] > most ? scale * p[j] : most;
	for (int j = 0; j < PROFILES; j++)
		sum += p[j] = profiles[j].script == script ? exp(scale * p[j] - most) : 0;
	for (int j = 0; j < PROFILES; j++) {
		p[j] /= sum;
		best = p[j] > p[best] ? j : best;
	}
	for (size_t i = 0; i < v->n_seen && p[l] < .999; i++)
		for (uint32_t k = t->first[v->seen[i]]; k < t->first[v->seen[i] + 1]; k++) {
			int j = t->entries[k].profile;
			double g = scale * v->count[v->seen[i]] * (p[j] - (j == l));

			if (w[k] <= 0)
				continue;
			grad2[k] += (float)(g * g);
			w[k] -= (float)(.5 * g / sqrt(grad2[k] + .01));
			w[k] = w[k] < .1f ? .1f : w[k] > HEAVIEST ? HEAVIEST : w[k];
		}
	return best == l;
}

static void
print_tables(const struct table *t, const float *w)
{
	static const char *const scripts[] = { "OTHER", "LATIN", "CYRILLIC", "ARABIC", "DEVANAGARI" };

	puts("/* lang_tables - what tells languages of one script apart; made by tests/bench/lang-train.c, included by lang.c alone */\n"
	     "/* SPDX-License-Identifier: MIT */\n\n"
	     "/* A weight, then the strings that have it: of one to four letters, _ for a word's end; after = a whole word. */\n"
	     "static const struct profile profiles[] = {");
	for (int l = 0; l < PROFILES; l++) {
		int column = printf("\t{ \"%s\", %s, \"", profiles[l].code, scripts[profiles[l].script]);

		for (int weight = HEAVIEST; weight > 0; weight--) {
			int said = 0;

			for (size_t i = 0; i < t->n; i++) {
				uint64_t key = t->entries[i].key;
				char utf8[5] = { 0 };

				if (t->entries[i].profile != l || (int)(w[i] + .5f) != weight)
					continue;
				if (!said++)
					column += printf("%d ", weight);
				column += key >> 63 ? printf("=%s", feature_of(key)->word) : 0;
				for (int k = 3; k >= 0 && !(key >> 63); k--)
					if (key >> 16 * k & 0xffff) {
						utf8[utf8_put(utf8, (uint32_t)(key >> 16 * k & 0xffff))] = 0;
						column += printf("%s", utf8);
					}
				column += printf(" ");
				if (column > 150)
					column = printf("\"\n\t\"") - 2;
			}
		}
		puts("\" },");
	}
	puts("};");
}

int
main(int argc, char **argv)
{
	static struct votes votes;
	struct table t = { 0 };
	size_t cap = 0;
	float *w, *grad2;

	if (argc != 2)
		return fprintf(stderr, "usage: lang-train DIR >lang_tables.h\n"), 2;
	features = xcalloc(FEATURES, sizeof *features);
	places = xcalloc(2 * FEATURES, sizeof *places);
	for (int l = 0; l < PROFILES; l++) {
		char name[32];

		snprintf(name, sizeof name, "%s.prose", profiles[l].code);
		read_text(&lines[l], argv[1], profiles[l].code);
		read_text(&prose[l], argv[1], name);
		if (!lines[l].n && !prose[l].n)
			return fprintf(stderr, "lang-train: no text in %s\n", profiles[l].code), 1;
		count_texts(l);
	}
	choose_features();
	for (size_t i = 0; i < n_features; i++)
		for (int l = 0; l < PROFILES && features[i].taken; l++)
			if (weight_of(&features[i], l) >= LEAST)
				VEC_PUSH(t.entries, t.n, cap, ((struct entry){ features[i].key, (uint16_t)l, 0 }));
	qsort(t.entries, t.n, sizeof *t.entries, by_key);
	table_index(&t);
	if (t.n_groups > GROUPS_MAX)
		return fprintf(stderr, "lang-train: %zu features, %d fit\n", t.n_groups, GROUPS_MAX), 1;
	w = xcalloc(t.n, sizeof *w);
	grad2 = xcalloc(t.n, sizeof *grad2);
	for (size_t i = 0; i < t.n; i++)
		w[i] = (float)weight_of(feature_of(t.entries[i].key), t.entries[i].profile);
	for (int half = 0; half < 2; half++) {
		size_t told = 0;

		for (int i = 0; i < ROUNDS / (half + 1); i++)
			for (int l = 0; l < PROFILES; l++)
				told += (size_t)fit(&t, l, w, grad2, &votes);
		fprintf(stderr, "%zu features: %.4f of the windows told\n", t.n, (double)told / PROFILES / (ROUNDS / (half + 1)));
		for (size_t i = 0; i < t.n; i++)
			w[i] = w[i] < PRUNE && half == 0 ? 0 : w[i];
	}
	print_tables(&t, w);
	return 0;
}

/* lang - which language a text is in, from its script, words and letters */
/* SPDX-License-Identifier: MIT */
#include "text/lang/lang.h"
#include "base/mem.h"
#include "base/rng.h"
#include "text/uni.h"
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum script {
	OTHER, LATIN, CYRILLIC, ARABIC, DEVANAGARI, HAN, KANA, HANGUL, GREEK, HEBREW, ARMENIAN, GEORGIAN, THAI, BENGALI, GURMUKHI,
	GUJARATI, ORIYA, TAMIL, TELUGU, KANNADA, MALAYALAM, SINHALA, LAO, TIBETAN, MYANMAR, ETHIOPIC, KHMER, SCRIPTS
};

struct profile {
	const char *code;
	enum script script;
};

#ifndef LANG_TABLES
#define LANG_TABLES "text/lang/lang_tables.h"
#endif
#include LANG_TABLES

enum { PROFILES = sizeof profiles / sizeof *profiles, SAMPLE = 2048, PIECES = 8, SEEN = 2048 };

/* Scripts of one language each, here; Han without kana is Chinese. */
static const char *const script_code[SCRIPTS] = {
	"und", NULL, NULL, NULL, NULL, "zh", "ja", "ko", "el", "he", "hy", "ka", "th", "bn", "pa", "gu", "or", "ta", "te", "kn", "ml", "si", "lo",
	"bo", "my", "am", "km"
};

static const struct { uint32_t first, last; enum script script; } blocks[] = {
	{ 0xaa, 0x24f, LATIN }, { 0x300, 0x36f, LATIN }, { 0x370, 0x3ff, GREEK }, { 0x400, 0x52f, CYRILLIC }, { 0x531, 0x58f, ARMENIAN },
	{ 0x591, 0x5f4, HEBREW }, { 0x600, 0x77f, ARABIC }, { 0x900, 0x97f, DEVANAGARI }, { 0x980, 0x9ff, BENGALI }, { 0xa00, 0xa7f, GURMUKHI },
	{ 0xa80, 0xaff, GUJARATI }, { 0xb00, 0xb7f, ORIYA }, { 0xb80, 0xbff, TAMIL }, { 0xc00, 0xc7f, TELUGU }, { 0xc80, 0xcff, KANNADA },
	{ 0xd00, 0xd7f, MALAYALAM }, { 0xd80, 0xdff, SINHALA }, { 0xe00, 0xe7f, THAI }, { 0xe80, 0xeff, LAO }, { 0xf00, 0xfff, TIBETAN },
	{ 0x1000, 0x109f, MYANMAR }, { 0x10a0, 0x10ff, GEORGIAN }, { 0x1100, 0x11ff, HANGUL }, { 0x1200, 0x137f, ETHIOPIC }, { 0x1780, 0x17ff, KHMER },
	{ 0x1e00, 0x1eff, LATIN }, { 0x1f00, 0x1fff, GREEK }, { 0x3040, 0x30ff, KANA }, { 0x3400, 0x4dbf, HAN }, { 0x4e00, 0x9fff, HAN },
	{ 0xac00, 0xd7a3, HANGUL }, { 0xf900, 0xfaff, HAN }, { 0xfb50, 0xfdff, ARABIC }, { 0xfe70, 0xfefc, ARABIC }, { 0x20000, 0x323af, HAN },
};

/* What a string of letters says for which language; a weight is in half nats above the floor. */
struct entry {
	uint8_t profile, weight;
};
struct slot {
	uint32_t tag, group;            /* the upper half of the key's hash; from 1, 0: empty */
};
struct table {
	uint32_t      few[1 << 15];     /* of keys of up to three letters of ASCII: the group, as in a slot */
	struct entry *entries;          /* grouped by key */
	uint32_t     *first;            /* of each group of entries with one key, and past the last */
	struct slot  *slots;
	size_t        n, n_groups, n_slots;
};

/* The keys of the table that are in the text, and how many times: one that returns soon is seen to. */
struct votes {
	const struct table *table;
	uint32_t group[6 * (SAMPLE + 1)];
	uint16_t times[6 * (SAMPLE + 1)];
	uint16_t seen[SEEN];            /* where among them the last one with this remainder is */
	size_t   n;
};

static enum script
script_of(uint32_t c)
{
	if (c < 0xaa)
		return (c | 32) - 'a' < 26 ? LATIN : OTHER;
	for (size_t i = 0; i < sizeof blocks / sizeof *blocks && c >= blocks[i].first; i++)
		if (c <= blocks[i].last)
			return blocks[i].script;
	return OTHER;
}

static uint64_t
word_key(uint64_t h)
{
	return h | 1ull << 63;
}

/* Letters of one word folded into a number that tells words apart. */
static uint64_t
fold(uint64_t h, uint32_t c)
{
	return (h ^ c) * 0x100000001b3u ^ h >> 29;
}

static uint64_t
key_hash(uint64_t key)
{
	key = (key ^ key >> 33) * 0xff51afd7ed558ccdu;
	return key ^ key >> 29;
}

static struct slot *
slot_of(const struct table *t, uint64_t key)
{
	uint64_t h = key_hash(key);
	size_t i = (size_t)h & (t->n_slots - 1);

	while (t->slots[i].group && t->slots[i].tag != (uint32_t)(h >> 32))
		i = (i + 1) & (t->n_slots - 1);
	return &t->slots[i];
}

/* Where in `few` a key belongs, or 0: of 16 bits a letter, 5 tell a to z and _ apart. */
static size_t few_at(uint64_t key) { return key & 0xffffff80ff80ff80u ? 0 : (key & 31) | (key >> 11 & 31 << 5) | (key >> 22 & 31 << 10); }

/* A new group without entries; those that are added next are its. */
static void
add_group(struct table *t, uint64_t key)
{
	uint32_t group = (uint32_t)t->n_groups + 1;

	if (few_at(key))
		t->few[few_at(key)] = group;
	else
		*slot_of(t, key) = (struct slot){ (uint32_t)(key_hash(key) >> 32), group };
	t->first[t->n_groups++] = (uint32_t)t->n;
	t->first[t->n_groups] = (uint32_t)t->n;
}

static void
add_entry(struct table *t, unsigned profile, unsigned weight)
{
	t->entries[t->n++] = (struct entry){ (uint8_t)profile, (uint8_t)weight };
	t->first[t->n_groups] = (uint32_t)t->n;
}

static void
table_init(struct table *t, size_t groups, size_t entries)
{
	t->n = t->n_groups = 0;
	for (t->n_slots = 1; t->n_slots < 2 * groups; t->n_slots *= 2)
		;
	t->slots = xcalloc(t->n_slots, sizeof *t->slots);
	t->first = xcalloc(groups + 1, sizeof *t->first);
	t->entries = xcalloc(entries, sizeof *t->entries);
}

/* Weights as characters from @ on, without the backslash; profiles that are skipped, as ones from # on. */
enum { SKIP = '#', SKIP_MAX = '>' - '#', NAME_MAX = 64 };

static unsigned
digit(char c)
{
	return (unsigned)(c - '@' - (c > '\\'));
}

static int
is_skip(char c)
{
	return c >= SKIP && c <= SKIP + SKIP_MAX;
}

/*
 * "=dem*T 3r*U$F ...": strings in order, = in front of a whole word; a digit says how many characters of the one before it begins with.
 * After each, the weights of the profiles, those that have none skipped.
 */
static void
read_features(struct table *t)
{
	uint32_t name[NAME_MAX];
	size_t len;

	table_init(t, FEATURES, WEIGHTS);
	for (const char *p = features; *p; p++) {
		size_t n = *p >= '1' && *p <= '9' ? (size_t)(*p++ - '0') : 0;
		unsigned profile = 0, word;
		uint64_t key = 0;

		do {
			name[n++] = uni_decode(p, 4, &len);
			p += len;
		} while (!is_skip(*p));
		word = name[0] == '=';
		for (size_t i = word; i < n; i++)
			key = word ? fold(key, name[i]) : key << 16 | name[i];
		add_group(t, word ? word_key(key) : key);
		for (; *p != ' '; p++)
			if (is_skip(*p))
				profile += (unsigned)(*p - SKIP);
			else
				add_entry(t, profile++, digit(*p));
	}
}

/* Made once; should two threads make it at the same time, one of the two equal tables is thrown away. */
static const struct table *
table_get(void)
{
	static _Atomic(struct table *) made;
	struct table *t = atomic_load(&made), *none = NULL;

	if (t)
		return t;
	t = xcalloc(1, sizeof *t);
	read_features(t);
	if (atomic_compare_exchange_strong(&made, &none, t))
		return t;
	free(t->entries), free(t->first), free(t->slots), free(t);
	return none;
}

/* Whether any language knows the key. */
static int
vote(uint64_t key, void *votes)
{
	struct votes *v = votes;
	uint32_t group = few_at(key) ? v->table->few[few_at(key)] : slot_of(v->table, key)->group;
	uint16_t *seen = &v->seen[group % SEEN];

	if (!group--)
		return 0;
	if (*seen < v->n && v->group[*seen] == group) {
		v->times[*seen]++;
		return 1;
	}
	*seen = (uint16_t)v->n;
	v->times[v->n] = 1;
	v->group[v->n++] = group;
	return 1;
}

/* What each profile makes of them, in half nats. */
static void
add_up(const struct votes *v, unsigned sum[PROFILES])
{
	const struct table *t = v->table;

	for (size_t k = 0; k < v->n; k++) {
		__builtin_prefetch(&t->entries[t->first[v->group[k + 8 < v->n ? k + 8 : k]]]);
		for (uint32_t i = t->first[v->group[k]]; i < t->first[v->group[k] + 1]; i++)
			sum[t->entries[i].profile] += v->times[k] * t->entries[i].weight;
	}
}

/*
 * Calls `seen` with the key of each string of one to four letters of the script, which says whether a longer one may be known, and of each word;
 * how many letters there were.
 */
static inline size_t
each_key(const char *s, size_t n, enum script script, int (*seen)(uint64_t key, void *to), void *to)
{
	uint64_t last = '_', word = 0;  /* the last four letters, 16 bits each */
	size_t letters = 0, len, run = 1;

	for (size_t i = 0; i <= n; i += len) {
		uint32_t c = i < n ? (unsigned char)s[i] : ' ';

		len = 1;
		if (c >= 0x80)
			c = uni_lower(uni_decode(s + i, n - i, &len));
		else if (c >= 'A' && c <= 'Z')
			c |= 32;
		if (c >= 0x300 && c < 0x370)
			continue;               /* accents apart from their letters: some write them, some do not */
		if (c > 0xffff || script_of(c) != script || (c >= 128 && uni_class(c) == UNI_OTHER))
			c = '_';
		if (c == '_' && (last & 0xffff) == '_')
			continue;
		last = last << 16 | c;
		run = run < 4 ? run + 1 : 4;
		for (size_t k = 1; k <= run; k++) {
			uint64_t key = k == 4 ? last : last & ((1ull << 16 * k) - 1);

			if (k > 2 && (last >> 16 * (k - 2) & 0xffff) == '_')
				break;          /* a word's end within */
			if (key != '_' && !seen(key, to) && k > 1)
				break;          /* what is longer is rarer */
		}
		if (c == '_') {
			seen(word_key(word), to);
			word = 0;
		} else {
			word = fold(word, c);
			letters++;
		}
	}
	return letters;
}

/*
 * Neighbouring strings overlap, so their votes are no independent evidence: the best one's share is that of
 * a softmax over a tenth of the sums in nats, of 150 letters at most; and it counts for less when even the best language
 * knows few of the strings, as with code, names or noise.
 */
static void
decide(const unsigned sum[PROFILES], enum script script, size_t letters, struct lang *l)
{
	double scale = .05 * (letters > 150 ? 150. / (double)letters : 1), total = 0, known;
	int best = -1;

	for (int i = 0; i < PROFILES; i++)
		if (profiles[i].script == script && (best < 0 || sum[i] > sum[best]))
			best = i;
	for (int i = 0; i < PROFILES; i++)
		if (profiles[i].script == script)
			total += exp(scale * ((double)sum[i] - sum[best]));
	known = (sum[best] / (2. * (double)letters) - 14) / 4;  /* nats a letter: text has 18 to 25, noise 13 */
	strcpy(l->code, profiles[best].code);
	l->score = (known < 0 ? 0 : known < 1 ? known : 1) / total;
}

/* The text itself, or pieces of it spread evenly in buf. */
static const char *
sample(const char *s, size_t *n, char buf[SAMPLE])
{
	size_t piece = SAMPLE / PIECES;

	if (*n <= SAMPLE)
		return s;
	for (size_t i = 0; i < PIECES; i++) {
		memcpy(buf + i * piece, s + (*n - piece) / (PIECES - 1) * i, piece);
		buf[(i + 1) * piece - 1] = ' ';
	}
	*n = SAMPLE;
	return buf;
}

void
lang_detect(const char *s, size_t n, struct lang *l)
{
	size_t count[SCRIPTS] = { 0 }, all = 0, len, letters;
	char buf[SAMPLE];
	unsigned sum[PROFILES] = { 0 };
	struct votes votes;
	enum script best = OTHER;

	s = sample(s, &n, buf);
	for (size_t i = 0; i < n; i += len) {
		uint32_t c = (unsigned char)s[i];
		enum script k;

		len = 1;
		if (c < 0x80) {
			count[LATIN] += (c | 32) - 'a' < 26;
			continue;
		}
		c = uni_decode(s + i, n - i, &len);
		k = script_of(c);
		all += c == UNI_BAD;
		if (k != OTHER && uni_class(c) == UNI_ALPHA)    /* a syllable or an idea a letter */
			count[k] += k == HAN || k == KANA || k == HANGUL ? 3 : 1;
	}
	if (count[KANA] * 12 > count[HAN]) {
		count[KANA] += count[HAN];
		count[HAN] = 0;
	}
	for (enum script k = LATIN; k < SCRIPTS; k++) {
		best = count[k] > count[best] ? k : best;
		all += count[k];
	}
	strcpy(l->code, "und");
	l->score = 0;
	if (best == OTHER)
		return;
	if (script_code[best]) {
		strcpy(l->code, script_code[best]);
		l->score = (double)count[best] / (double)all;
		return;
	}
	votes.table = table_get();
	votes.n = 0;
	memset(votes.seen, 0, sizeof votes.seen);
	letters = each_key(s, n, best, vote, &votes);
	if (!letters)
		return;
	add_up(&votes, sum);
	decide(sum, best, letters, l);
	l->score *= (double)count[best] / (double)all;
}

int
lang_count(void)
{
	int n = PROFILES;

	for (int i = LATIN; i < SCRIPTS; i++)
		n += script_code[i] != NULL;
	return n;
}

const char *
lang_code(int i)
{
	if (i < PROFILES)
		return profiles[i].code;
	i -= PROFILES;
	for (int k = LATIN; k < SCRIPTS; k++)
		if (script_code[k] && i-- == 0)
			return script_code[k];
	return NULL;
}

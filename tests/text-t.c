/* text-t - tidying, rules, languages and redaction of text */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/json.h"
#include "stream/docs.h"
#include "stream/input.h"
#include "tap.h"
#include "text/lang/lang.h"
#include "text/literals.h"
#include "text/redact/redact.h"
#include "text/rule/rules.h"
#include "text/tidy.h"
#include "text/rule/words.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
test_tidy(void)
{
	static const struct { const char *in, *out, *what; } cases[] = {
		{ "a  b\t c ", "a b c", "blanks run together" },
		{ "a\r\nb\rc\n\n\n\nd\n", "a\nb\nc\n\nd", "line ends, and no more than two" },
		{ "\n\n  x\n    y  \n\tz", "  x\n    y\n\tz", "indentation stays, blanks at the end go" },
		{ "a\xc2\xa0\xe2\x80\x83" "b\xe3\x80\x80" "c", "a b c", "blanks of Unicode are spaces" },
		{ "co\xc2\xad" "op\xe2\x80\x8b\xef\xbb\xbf!\x07", "coop!", "what shows nothing goes" },
		{ "caf\x65\xcc\x81 e\xcc\xa3\xcc\x82", "caf\xc3\xa9 \xe1\xbb\x87", "accents are composed" },
		{ "x\xff\xe2\x82y\xc0\xaf", "x\xef\xbf\xbd\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbd", "what is no UTF-8" },
		{ "a\xe2\x80\x8d" "b \xd9\x85\xe2\x80\x8c\xdb\x8c", "ab \xd9\x85\xe2\x80\x8c\xdb\x8c", "joiners stay where letters join" },
		{ "", "", "nothing" }, { " \n \t\n", "", "blanks alone" },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		buf_clear(&b);
		tidy_text(cases[i].in, strlen(cases[i].in), &b);
		OK(!strcmp(b.p, cases[i].out), "tidy: %s", cases[i].what);
	}
	buf_free(&b);
}

static void
test_words(void)
{
	static const struct { const char *in, *out; } cases[] = {
		{ "Good muffins cost $3.88\nin New York.  Please buy me\ntwo of them.\nThanks.",
		  "Good|muffins|cost|$|3.88|in|New|York.|Please|buy|me|two|of|them.|Thanks|." },
		{ "He said, \"I can't, we'll (maybe) cannot.\"", "He|said|,|``|I|ca|n't|,|we|'ll|(|maybe|)|can|not|.|''" },
		{ "'tis the boys' Jones's 'quoted' 12:30, 3,000 and--so...", "'|tis|the|boys|'|Jones|'s|'|quoted|'|12:30|,|3,000|and|--|so|..." },
		{ "gonna wanna more'n d'ye", "gon|na|wan|na|more|'n|d|'ye" },
		{ "\"\"a\" ('b') ''c'' x',, y:5 a'. d', 'n' \"e.\"' \n", "``|``|a|''|(|'|b|'|)|``|c|''|x|'|,|,|y:5|a'.|d|'|,|'n|'|``|e|.|''|'" },
		{ "```a--- \xe2\x80\x9c\"b\xe2\x80\x9d \xc2\xab\xc3\xa9t\xc3\xa9\xc2\xbb\xc2\xa0..x.y GONNA-be They'LL'S", "``|`|a|--|-|\xe2\x80\x9c|``|b|\xe2\x80\x9d|\xc2\xab|\xc3\xa9t\xc3\xa9|\xc2\xbb|..|x.y|GON|NA|-be|They|'LL|'S" },
		{ "", "" },
	};
	struct words w = { 0 };
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		words_split(&w, cases[i].in, strlen(cases[i].in));
		buf_clear(&b);
		buf_str(&b, "");
		for (size_t k = 0; k < w.n; k++)
			buf_printf(&b, "%s%.*s", k ? "|" : "", (int)words_len(&w, k), words_at(&w, k));
		OK(!strcmp(b.p, cases[i].out), "words: %.20s... is %s", cases[i].in, b.p);
	}
	words_free(&w);
	buf_free(&b);
}

static void
test_redact(void)
{
	static const struct { const char *what, *in, *out; } cases[] = {
		{ "email", "Write to jo.doe+x@mail.example.net, or <a@b.co>.", "Write to email@example.com, or <firstname.lastname@example.org>." },
		{ "email", "not@home, a@b..c, @x.org", "not@home, a@b..c, @x.org" },
		{ "ip", "8.8.8.8 and 192.168.1.1 and 01.2.3.4, 1.2.3.256", "22.214.171.124 and 192.168.1.1 and 01.2.3.4, 126.96.36.1996" },
		{ "ip", "2a00:1450::200e, [2606:4700::]:80; ::1 fe80::1 2001:db8::7 12:30:45 std::cout a::b", "2001:db8::1, [2001:db8::1]:80; ::1 fe80::1 2001:db8::7 12:30:45 std::cout a::b" },
		{ "phone", "1-800-356-9377, 1 (212) 555-0187, 1-2-3", "+1-555-0100, +1-555-0100, 1-2-3" },
		{ "phone", "Call +44 20 7946 0958 or (212) 555-0187; in 1999-2000", "Call +1-555-0100 or +1-555-0100; in 1999-2000" },
		{ "card", "4111 1111 1111 1111, 4111 1111 1111 1112", "0000 0000 0000 0000, 4111 1111 1111 1112" },
		{ "key", "id AKIAIOSFODNN7EXAMPLE, ghp_x", "id [KEY], ghp_x" },
	};
	struct buf b = { 0 };
	unsigned what;
	struct err err;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		redact_parse(cases[i].what, &what, &err);
		buf_clear(&b);
		buf_str(&b, cases[i].in);
		redact(&b, what);
		OK(!strcmp(b.p, cases[i].out), "redact: %s: %s", cases[i].what, b.p);
	}
	OK(redact_parse("email,iq", &what, &err) == -1, "redact: an unknown kind is refused");
	OK(redact_parse("email,ip", &what, &err) == 0 && what == (REDACT_EMAIL | REDACT_IP), "redact: a list");
	buf_free(&b);
}

static int
is_lang(const char *text, const char *code, double least)
{
	struct lang l;

	lang_detect(text, strlen(text), &l);
	return !strcmp(l.code, code) && l.score >= least && l.score <= 1;
}

/* Sentences of lingua's test data, every eighth. */
static void
test_lang_sentences(const char *dir)
{
	double sum = 0;
	int n = 0;

	for (int i = 0; i < lang_count(); i++) {
		struct buf path = { 0 }, line = { 0 };
		struct err err;
		struct input *in;
		int right = 0, all = 0, at = 0, cut;

		buf_printf(&path, "%s/data/lid/lingua-testdata/%s/testdata/sentences.txt", dir, lang_code(i));
		in = access(path.p, R_OK) ? NULL : input_open(path.p, 0, &err);
		while (in && input_line(in, &line, 1 << 20, &cut, &err) == 1) {
			if (at++ % 8 || !line.n)
				continue;
			right += is_lang(line.p, lang_code(i), 0);
			all++;
		}
		if (all) {
			sum += (double)right / all;
			n++;
		}
		if (in)
			input_close(in);
		buf_free(&path);
		buf_free(&line);
	}
	if (n)
		OK(sum / n > .96, "lang: macro accuracy %.4f over %d languages", sum / n, n);
	else
		OK(1, "lang: sentences # SKIP no lid/lingua-testdata");
}

static void
test_lang(void)
{
	struct buf b = { 0 };
	struct lang l;

	OK(is_lang("The cat sat on the mat, and it was not at all happy with that.", "en", .65), "lang: English");
	OK(is_lang("Das ist ein kurzer Satz, und er ist nicht besonders gut.", "de", .65), "lang: German");
	OK(is_lang("C'est une phrase courte, et elle n'est pas très bonne.", "fr", .65), "lang: French");
	OK(is_lang("Это была короткая фраза, и она не очень хороша, что же делать.", "ru", .65), "lang: Russian");
	OK(is_lang("これは文です", "ja", .65), "lang: Japanese");
	OK(is_lang("这是一句话", "zh", .65), "lang: Chinese");
	OK(is_lang("", "und", 0) && is_lang("12 + 34 = 46 !!", "und", 0), "lang: nothing to tell from");
	for (int i = 0; i < 4000; i++)
		buf_char(&b, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/"[(unsigned)i * i * 7919u * (unsigned)(i + 3) >> 11 & 63]);
	lang_detect(b.p, b.n, &l);
	OK(l.score < .65, "lang: noise is told from text (%s %.3f)", l.code, l.score);
	buf_free(&b);
}

/* Our reason for datatrove's. */
static const char *
theirs(const char *reason)
{
	static const char *const names[][2] = {
		{ "dup_para_frac", "gopher-rep.dup_paragraphs" }, { "dup_para_char_frac", "gopher-rep.dup_paragraph_chars" },
		{ "dup_line_frac", "gopher-rep.dup_lines" }, { "dup_line_char_frac", "gopher-rep.dup_line_chars" },
		{ "top_2_gram", "gopher-rep.top_2_gram" }, { "top_3_gram", "gopher-rep.top_3_gram" }, { "top_4_gram", "gopher-rep.top_4_gram" },
		{ "duplicated_5_n_grams", "gopher-rep.dup_5_gram" }, { "duplicated_6_n_grams", "gopher-rep.dup_6_gram" },
		{ "duplicated_7_n_grams", "gopher-rep.dup_7_gram" }, { "duplicated_8_n_grams", "gopher-rep.dup_8_gram" },
		{ "duplicated_9_n_grams", "gopher-rep.dup_9_gram" }, { "duplicated_10_n_grams", "gopher-rep.dup_10_gram" },
		{ "gopher_short_doc", "gopher.word_count" }, { "gopher_long_doc", "gopher.word_count" },
		{ "gopher_below_avg_threshold", "gopher.word_length" }, { "gopher_above_avg_threshold", "gopher.word_length" },
		{ "gopher_too_many_hashes", "gopher.hashes" }, { "gopher_too_many_ellipsis", "gopher.ellipses" },
		{ "gopher_too_many_bullets", "gopher.bullets" }, { "gopher_too_many_end_ellipsis", "gopher.end_ellipses" },
		{ "gopher_below_alpha_threshold", "gopher.alpha" }, { "gopher_enough_stop_words", "gopher.stop_words" },
		{ "lorem_ipsum", "c4.lorem_ipsum" }, { "curly_bracket", "c4.curly_bracket" }, { "too_few_sentences", "c4.sentences" },
		{ "empty", "fineweb.empty" }, { "line_punct_ratio", "fineweb.terminal_lines" }, { "short_line_ratio", "fineweb.short_lines" },
		{ "char_dup_ratio", "fineweb.dup_chars" }, { "list_ratio", "fineweb.newlines" }, { "keep", "keep" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (!strcmp(names[i][0], reason))
			return names[i][1];
	return reason;
}

/* Decisions of datatrove's own filters (golden/fineweb). */
static void
test_golden(const char *dir)
{
	static const char *const filters[] = { "gopher-rep", "gopher", "c4", "fineweb" };
	struct buf path = { 0 }, decisions = { 0 }, line = { 0 }, text = { 0 };
	struct rules *rules[4];
	struct input *in;
	struct docs_in *docs;
	struct doc doc;
	struct err err = { "" };
	int wrong[4] = { 0 }, n = 0, cut;
	char *file;

	buf_printf(&path, "%s/golden/fineweb/docs.jsonl.gz", dir);
	buf_printf(&decisions, "%s/golden/fineweb/decisions.jsonl", dir);
	if (access(path.p, R_OK)) {
		OK(1, "decisions of datatrove # SKIP no golden/fineweb");
		return;
	}
	for (int i = 0; i < 4; i++)
		rules[i] = rules_new(filters[i], &err);
	file = path.p;
	docs = docs_open(1, &file, TEXT_NONE);
	in = input_open(decisions.p, 0, &err);
	while (docs_next(docs, &doc) && input_line(in, &line, 1 << 20, &cut, &err) == 1) {
		struct json j;

		json_parse(&j, line.p, line.n, &err);
		n++;
		for (int i = 0; i < 4; i++) {
			char *want = json_dup(json_get(j, filters[i]));
			const char *got;

			buf_clear(&text);
			buf_add(&text, doc.text, doc.text_len);
			got = rules_apply(rules[i], "en", &text);
			if (strcmp(theirs(want), got ? got : "keep")) {
				wrong[i]++;
				printf("# document %d: %s, not %s\n", n - 1, got ? got : "keep", want);
			}
			free(want);
		}
	}
	for (int i = 0; i < 4; i++) {
		OK(n > 1000 && wrong[i] == 0, "%s decides as datatrove does of %d documents (%d differ)", filters[i], n, wrong[i]);
		rules_free(rules[i]);
	}
	docs_close(docs);
	input_close(in);
	buf_free(&path);
	buf_free(&decisions);
	buf_free(&line);
	buf_free(&text);
}

static void
test_literals(void)
{
	static const char *const patterns[] = { "\\bnav(bar|-?menu)?\\b|ads?[-_]x", "she|\\bhers?\\b|he", "(a(b|c)?)?d" };
	static const struct { const char *in; unsigned bits; } cases[] = {
		{ "nav", 1 }, { "x-nav", 1 }, { "x_nav", 0 }, { "navy", 0 }, { "Nav-Menu2", 1 }, { "navmenu2", 0 }, { "navbar navmenu", 1 },
		{ "heads_x", 7 }, { "ad-xx", 5 }, { "adsx", 4 }, { "ushers", 2 }, { "hr", 0 }, { "abd", 4 }, { "ab", 0 }, { "", 0 },
		{ "sh-\xc3\xa9-nav\xc3", 1 }, { "shhshe", 2 },
	};
	struct err err;
	const char *bad[] = { "a.b" };
	struct literals *l = literals_new(patterns, 3, &err);

	for (size_t i = 0; l && i < sizeof cases / sizeof *cases; i++)
		OK(literals_find(l, cases[i].in, strlen(cases[i].in)) == cases[i].bits, "literals in \"%s\"", cases[i].in);
	OK(l && !literals_new(bad, 1, &err), "literals: a pattern of other characters");
	literals_free(l);
}

int
main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	static const struct tool tool = { "text-t", "", "", opts };
	const char *data = getenv("LM_TESTDATA");

	cli_parse(argc, argv, &tool);
	test_tidy();
	test_literals();
	test_words();
	test_redact();
	test_lang();
	test_lang_sentences(data ? data : "");
	test_golden(data ? data : "");
	return DONE();
}

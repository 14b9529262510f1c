/* rank-pairs - say which responses are better, fit a model that does, measure it */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "learn/people/people.h"
#include "learn/prefer/elo.h"
#include "learn/prefer/rank.h"
#include "model/file/load.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *model, *vocab, *chat, *out = "-", *verify, *judge, *constitution, *pairing, *answers, *truncate_end;
static struct strs reward;
static int worst, train, eval, elo, json, match, ask, rate_too, summary;
static long long samples = 1000;
static struct rank_fit fit = { .B = 32, .epochs = 1, .centre = 0.01, .optim = OPTIM_DEFAULTS(1e-4, "linear") };

static const struct opt opts[] = {
	{ 'm', "model", OPT_STR, &model, "MODEL", "whose vocabulary text is in; the base of --train", OPT_FILE },
	{ 'w', "vocab", OPT_STR, &vocab, "VOCAB", "vocabulary, instead of the model's", OPT_FILE },
	{ 0, "truncate", OPT_STR, &truncate_end, "END", "fit the context of -m: left, right, or drop", OPT_RESULT },
	{ 0, "chat", OPT_STR, &chat, "NAME", "chat template for JSON lines [the model's]", OPT_RESULT },
	{ 'o', "output", OPT_STR, &out, "FILE", "write to FILE [standard output]; the --train model", OPT_QUIET },
	{ 0, "reward", OPT_LIST, &reward, "MODEL", "score with a reward model; several: their mean", OPT_FILE },
	{ 0, "worst", OPT_FLAG, &worst, NULL, "of several reward models the least score", OPT_RESULT },
	{ 0, "match", OPT_FLAG, &match, NULL, "score 1 for the answer of the prompt's line, else 0", OPT_RESULT },
	{ 0, "verify", OPT_STR, &verify, "CMD", "score with a command: JSON lines in, numbers out", OPT_RESULT },
	{ 0, "judge", OPT_STR, &judge, "MODEL", "score with a model asked about --constitution", OPT_FILE },
	{ 0, "constitution", OPT_STR, &constitution, "FILE", "the principles, one a line", OPT_FILE },
	{ 0, "ask", OPT_FLAG, &ask, NULL, "let a person at the terminal choose", OPT_RESULT },
	{ 0, "rate", OPT_FLAG, &rate_too, NULL, "and rate each: helpful, harmless, honest, overall", OPT_RESULT },
	{ 0, "answers", OPT_STR, &answers, "FILE", "keep what is said, go on from what is there", OPT_QUIET },
	{ 0, "summary", OPT_FLAG, &summary, NULL, "print how the raters, each FILE's --answers, agree", OPT_RESULT },
	{ 0, "pairs", OPT_STR, &pairing, "HOW", "write pairs, best-worst or all of a group", OPT_RESULT },
	{ 0, "eval", OPT_FLAG, &eval, NULL, "print how the scores agree with the pairs", OPT_RESULT },
	{ 0, "elo", OPT_FLAG, &elo, NULL, "rate who gave the answers of each FILE", OPT_RESULT },
	{ 0, "bootstrap", OPT_INT, &samples, "N", "resamples for the intervals of --elo", OPT_RESULT },
	{ 0, "json", OPT_FLAG, &json, NULL, "--eval, --elo or --summary as JSON", OPT_RESULT },
	{ 0, "train", OPT_FLAG, &train, NULL, "fit a reward model to the pairs", OPT_RESULT },
	{ 's', "state", OPT_STR, &fit.state, "FILE", "what --train needs to go on; made when absent", OPT_QUIET },
	{ 0, "save-every", OPT_INT, &fit.save_every, "N", "write the state after every N steps", OPT_QUIET },
	{ 'B', "batch", OPT_INT, &fit.B, "N", "pairs a step", OPT_RESULT },
	{ 0, "epochs", OPT_INT, &fit.epochs, "N", "times over the pairs", OPT_RESULT },
	{ 0, "centre", OPT_NUM, &fit.centre, "W", "weight that keeps scores about 0", OPT_RESULT },
	OPTIM_ROWS(fit.optim),
	{ 'S', "seed", OPT_INT, &fit.seed, "N", "of the head, of orders [0]", OPT_RESULT },
	{ 0, "log", OPT_STR, &fit.log, "FILE", "one JSON object a step of --train", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "rank-pairs", "Say which responses are better, or fit a model that does.", "[FILE ...]", opts };

/* --reward=A,B is --reward=A --reward=B. */
static void
split_models(void)
{
	struct strs all = { 0 };

	for (int i = 0; i < reward.n; i++)
		for (const char *p = reward.v[i]; *p; p += strcspn(p, ",")) {
			p += *p == ',';
			VEC_PUSH(all.v, all.n, all.cap, xstrndup(p, strcspn(p, ",")));
		}
	free(reward.v);
	reward = all;
}

static void
check(void)
{
	int ways = (reward.n > 0) + match + (verify != NULL) + (judge != NULL) + ask;

	if (ways > 1)
		die_usage("one of --reward, --match, --verify, --judge and --ask");
	if (!judge != !constitution)
		die_usage("--judge and --constitution go together");
	if (train && (ways || eval || pairing))
		die_usage("--train fits a model and does nothing else");
	if (train && (!model || !strcmp(out, "-")))
		die_usage("--train needs -m BASE and -o REWARD");
	if (train && (fit.B < 1 || fit.epochs < 1 || fit.centre < 0))
		die_usage("--batch and --epochs count from 1, --centre from 0");
	if ((match || verify || judge || ask) && !model && !vocab)
		die_usage("--match, --verify, --judge and --ask read text: give -w VOCAB or -m MODEL");
	if (truncate_end && (!prefs_fit_known(truncate_end) || !model))
		die_usage("--truncate is left, right or drop, and needs -m MODEL, whose context is meant");
	for (const struct opt *x = opts; x->name; x++)
		if (!train && (char *)x->var >= (char *)&fit && (char *)x->var < (char *)(&fit + 1) && x->var != &fit.seed && cli_given(x->var))
			die_usage("--%s goes with --train", x->name);
	if (fit.save_every < 0 || (fit.save_every && !fit.state))
		die_usage("--save-every=N goes with -s FILE");
	if (fit.state && (!strcmp(fit.state, out) || !strcmp(fit.state, model)))
		die_usage("-s: the state is a file of its own");
	if (pairing && strcmp(pairing, "best-worst") && strcmp(pairing, "all"))
		die_usage("--pairs=%s: best-worst or all", pairing);
	if (eval && (pairing || ask))
		die_usage("--eval measures scores on pairs that are there");
	if (ask && pairing)
		die_usage("--ask makes pairs by itself");
	if (elo && (ways || train || eval || pairing))
		die_usage("--elo reads scores that are there, and does nothing else");
	if (samples < 0 || samples == 1 || samples > 1000000)
		die_usage("--bootstrap: 0, or from 2 to 1000000");
	if (worst && reward.n < 2)
		die_usage("--worst is of several --reward models");
	if ((answers || rate_too) && !ask)
		die_usage("--answers and --rate go with --ask");
	if (rate_too && !answers)
		die_usage("--rate needs --answers, where ratings are kept");
	if (summary && (ways || train || eval || pairing || elo))
		die_usage("--summary reads what --answers kept, and does nothing else");
}

/* Scores in place; the gain of the reward models, else 1. */
static double
score(struct rolls *all, const struct pref_text *text)
{
	double gain = 1;
	struct err e;
	int bad = 0;

	if (reward.n)
		bad = rank_reward(all, (char *const *)(uintptr_t)reward.v, reward.n, worst, &gain, &e);
	else if (match)
		bad = rank_match(all, text->vocab, &e);
	else if (verify)
		bad = rank_verify(all, text->vocab, verify, &e);
	else if (judge)
		bad = rank_judge(all, text->vocab, judge, constitution, &e);
	if (bad)
		die_err(&e);
	return gain;
}

static void
report(const struct rolls *all, double gain)
{
	struct reward_report r;
	struct buf b = { 0 };
	struct file_out *f;
	FILE *to;
	size_t lone;
	struct err e;

	if (rank_eval(all, gain, &r, &lone, &e) || !(f = file_create(out, 0, &e)))
		die_err(&e);
	to = file_stream(f);
	if (json) {
		buf_char(&b, '{');
		json_add_num(&b, "accuracy", r.accuracy);
		json_add_num(&b, "accuracy_se", r.accuracy_se);
		json_add_num(&b, "loss", r.loss);
		json_add_num(&b, "ece", r.ece);
		json_add_num(&b, "margin", r.margin);
		json_add_int(&b, "ties", (long long)r.ties);
		json_add_int(&b, "n", (long long)r.n);
		json_add_int(&b, "unpaired", (long long)lone);
		fprintf(to, "%s}\n", b.p);
		buf_free(&b);
	} else {
		fprintf(to, "accuracy  %.4f +- %.4f  (%zu pairs, %zu ties counted half)\n", r.accuracy, r.accuracy_se, r.n, r.ties);
		fprintf(to, "loss      %.4f          (nats a pair, of sigmoid(difference))\n", r.loss);
		fprintf(to, "ece       %.4f          (10 bins of the winner's probability)\n", r.ece);
		fprintf(to, "margin    %.4f\n", r.margin);
		if (lone)
			fprintf(to, "unpaired  %zu\n", lone);
	}
	if (file_commit(f, &e))
		die_err(&e);
}

static void
agreement(int nfiles, char **files)
{
	struct buf b = { 0 };
	struct err e;

	if (!nfiles)
		die_usage("--summary: of which FILEs?");
	if (people_summary(nfiles, files, json, &b, &e) || file_write(out, 0, b.p, b.n, &e))
		die_err(&e);
	buf_free(&b);
}

static void
rate(int nfiles, char **files)
{
	struct elo_matches m = { .players = 0 };
	struct elo_player p[ELO_MOST];
	char *standard[] = { (char *)(uintptr_t)"-" };
	struct buf b = { 0 };
	struct err e;

	if (elo_read(&m, nfiles ? nfiles : 1, nfiles ? files : standard, &e))
		die_err(&e);
	elo_fit(&m, (int)samples, (uint64_t)fit.seed, p);
	if (json)
		elo_json(&m, p, &b);
	else
		elo_text(&m, p, (int)samples, &b);
	if (file_write(out, 0, b.p, b.n, &e))
		die_err(&e);
	elo_free(&m);
	buf_free(&b);
}

/* Groups numbered anew, so that they stay apart when segments became one. */
static void
put_all(const struct rolls *all)
{
	char *head = head_next(all->head, "roll", "");
	struct stream_out *o = stream_create(out, head);
	uint32_t group = 0;

	for (size_t i = 0; i < all->n; i++) {
		struct roll r = all->v[i];

		if (i % 4096 == 4095)
			rolls_rest(all);
		if (i && (r.group != all->v[i - 1].group || r.segment != all->v[i - 1].segment))
			group++;
		r.group = group;
		roll_put(o, &r);
	}
	stream_finish(o);
	free(head);
}

static void
make_pairs(struct rolls *all, const struct pref_text *text)
{
	struct rolls pairs;
	struct err e;
	size_t ties;
	int bad;

	if (ask)
		bad = people_ask(&(struct people_ask){ (uint64_t)fit.seed, answers, rate_too }, all, text->vocab, &pairs, &ties, &e);
	else
		bad = rank_pair(all, *pairing == 'a' ? RANK_ALL : RANK_BEST_WORST, &pairs, &ties, &e);
	if (bad)
		die_err(&e);
	if (ties)
		warn("%zu ties dropped, %zu pairs kept", ties, pairs.n / 2);
	rolls_free(all);
	*all = pairs;
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool), need = 0;
	struct pref_text text = { 0 };
	struct model m = { 0 };
	struct rolls all;
	double gain;
	struct err e;

	split_models();
	check();
	if (summary) {
		agreement(argc - first, argv + first);
		return EXIT_OK;
	}
	if (elo) {
		rate(argc - first, argv + first);
		return EXIT_OK;
	}
	if (model && model_load(&m, model, &e))
		die_err(&e);
	need = vocab || m.tokenizer.n || match || verify || judge || ask;
	if (need && pref_text_init(&text, model ? &m : NULL, vocab, chat, &e))
		die_err(&e);
	if (prefs_read(&all, argc - first, argv + first, need ? &text : NULL, &e))
		die_err(&e);
	if (truncate_end)
		prefs_fit(&all, truncate_end, m.cfg.T);
	if (train) {
		fit.out = out;
		if (rank_train(&fit, &all, &m, &e))
			die_err(&e);
	} else {
		gain = score(&all, &text);
		if (ask || pairing)
			make_pairs(&all, &text);
		if (eval)
			report(&all, gain);
		else
			put_all(&all);
	}
	rolls_free(&all);
	pref_text_free(&text);
	if (model)
		model_free(&m);
	return EXIT_OK;
}

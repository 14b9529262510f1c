/* rlhf-step - move a policy by scored rollouts or by preferences */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "learn/policy/rlrun.h"
#include "learn/prefer/prefread.h"
#include <math.h>
#include <string.h>

static struct rl_run_opts o = {
	.rl = { .algo_name = "ppo", .old_name = "check", .beta = NAN, .clip = NAN, .lambda = NAN, .gamma = 1, .horizon = 10000,
		.smooth = NAN, .margin = NAN, .nll = NAN, .batch = 32 },
	.optim = OPTIM_DEFAULTS(1e-5, "constant"),
	.critic_lr = NAN,
};

static const struct opt opts[] = {
	{ 'm', "model", OPT_STR, &o.model, "MODEL", "the policy", OPT_QUIET },
	{ 'o', "output", OPT_STR, &o.out, "FILE", "write the policy to FILE [that of -m]", OPT_QUIET },
	{ 's', "state", OPT_STR, &o.state, "FILE", "what the run needs to go on; made when absent", OPT_QUIET },
	{ 0, "algo", OPT_STR, &o.rl.algo_name, "NAME", "ppo grpo drgrpo rloo reinforce dpo ...", OPT_RESULT },
	{ 0, "ref", OPT_STR, &o.ref, "MODEL", "the reference [the policy as the state began]", OPT_FILE },
	{ 0, "critic", OPT_STR, &o.critic, "MODEL", "what the critic begins as [the policy]", OPT_FILE },
	{ 0, "critic-out", OPT_STR, &o.critic_out, "FILE", "write the critic, too", OPT_QUIET },
	{ 'B', "batch", OPT_INT, &o.rl.batch, "N", "rollouts a minibatch, pairs a step", OPT_RESULT },
	{ 0, "epochs", OPT_INT, &o.rl.epochs, "N", "times over the batch [ppo 4] or the pairs [1]", OPT_RESULT },
	{ 'n', "steps", OPT_INT, &o.rl.steps, "N", "stop after N steps on pairs in all", OPT_RESULT },
	{ 0, "beta", OPT_NUM, &o.rl.beta, "BETA", "weight of the KL penalty, of the preference", OPT_RESULT },
	{ 0, "kl-target", OPT_NUM, &o.rl.kl_target, "NATS", "steer beta to this KL a response", OPT_RESULT },
	{ 0, "kl-horizon", OPT_NUM, &o.rl.horizon, "N", "rollouts in which it may be steered", OPT_RESULT },
	{ 0, "clip", OPT_NUM, &o.rl.clip, "EPSILON", "how far the ratio may leave 1 [0.2]", OPT_RESULT },
	{ 0, "gamma", OPT_NUM, &o.rl.gamma, "GAMMA", "discount of later rewards", OPT_RESULT },
	{ 0, "lambda", OPT_NUM, &o.rl.lambda, "LAMBDA", "of the advantage estimate [0.95]", OPT_RESULT },
	{ 0, "end-penalty", OPT_NUM, &o.rl.end_penalty, "X", "taken from the score of a response that was cut [0]", OPT_RESULT },
	{ 0, "old", OPT_STR, &o.rl.old_name, "HOW", "old log-probabilities: check, own or given", OPT_RESULT },
	{ 0, "truncated", OPT_FLAG, &o.truncated, NULL, "take rollouts of top-k or top-p sampling", OPT_RESULT },
	{ 0, "smooth", OPT_NUM, &o.rl.smooth, "P", "cdpo, robust: share of labels that are wrong [0.1]", OPT_RESULT },
	{ 0, "margin", OPT_NUM, &o.rl.margin, "GAMMA", "simpo: the margin [1]", OPT_RESULT },
	{ 0, "nll-weight", OPT_NUM, &o.rl.nll, "W", "weight of the chosen one's loss [orpo 1, else 0]", OPT_RESULT },
	{ 0, "per-token", OPT_FLAG, &o.rl.mean, NULL, "ipo: log-probabilities a token, not sums", OPT_RESULT },
	{ 0, "truncate", OPT_STR, &o.truncate, "END", "fit the context: left, right, or drop", OPT_RESULT },
	{ 0, "chat", OPT_STR, &o.chat, "NAME", "chat template for JSON lines [the model's]", OPT_RESULT },
	OPTIM_ROWS_CLIP(o.optim, "clip-norm"),
	ADAPTER_ROWS(o.adapt),
	{ 0, "freeze", OPT_STR, &o.freeze, "PCRE", "weights of such names stay as they are", OPT_RESULT },
	{ 0, "critic-lr", OPT_NUM, &o.critic_lr, "RATE", "learning rate of the critic [5 times --lr]", OPT_RESULT },
	{ 'S', "seed", OPT_INT, &o.rl.seed, "N", "of the order of minibatches [0]", OPT_RESULT },
	{ 0, "save-every", OPT_INT, &o.save_every, "N", "keep the state after every N steps on pairs", OPT_QUIET },
	{ 0, "log", OPT_STR, &o.log, "FILE", "one JSON object a step", OPT_QUIET },
	{ 0 }
};
static const struct tool tool = { "rlhf-step", "Move a policy by scored rollouts or by preferences.", "-m MODEL [FILE ...]", opts };

static void
only(int used, const void *var, const char *name)
{
	if (!used && cli_given(var))
		die_usage("--%s does nothing with --algo=%s", name, o.rl.algo_name);
}

static void
check_used(void)
{
	enum rl_algo a = o.rl.algo;
	int pairs = rl_takes_pairs(&o.rl);

	only(a == RL_PPO, &o.critic, "critic");
	only(a == RL_PPO, &o.critic_out, "critic-out");
	only(a == RL_PPO, &o.critic_lr, "critic-lr");
	only(a == RL_PPO, &o.rl.gamma, "gamma");
	only(a == RL_PPO, &o.rl.lambda, "lambda");
	only(!pairs, &o.rl.clip, "clip");
	only(!pairs, &o.rl.kl_target, "kl-target");
	only(!pairs, &o.rl.end_penalty, "end-penalty");
	only(!pairs, &o.rl.old_name, "old");
	only(!pairs, &o.truncated, "truncated");
	only(pairs, &o.rl.nll, "nll-weight");
	only(a == RL_CDPO || a == RL_ROBUST, &o.rl.smooth, "smooth");
	only(a == RL_SIMPO, &o.rl.margin, "margin");
}

static void
check(void)
{
	struct err e;

	if (!o.model)
		die_usage("-m MODEL is needed: the policy");
	if (rl_check(&o.rl, &e) || optim_check(&o.optim, o.rl.steps, &e) || adapter_check(&o.adapt, &e))
		die_usage("%s", e.text);
	if (o.truncate && !prefs_fit_known(o.truncate))
		die_usage("--truncate is left, right or drop");
	o.adapt.seed = o.rl.seed;
	if (o.adapt.kind && !o.out)
		die_usage("-o DIR says where the adapter goes");
	if (o.rl.steps && !rl_takes_pairs(&o.rl))
		die_usage("-n: --algo=%s takes its whole input as one batch", o.rl.algo_name);
	check_used();
	if (o.save_every && !o.state)
		die_usage("--save-every needs -s FILE");
	if (o.save_every < 0)
		die_usage("--save-every counts from 0");
	if (!o.out)
		o.out = o.model;
	if (o.state && (!strcmp(o.state, o.model) || !strcmp(o.state, o.out)))
		die_usage("-s: the state is a file of its own");
	if (o.critic_out && (!strcmp(o.critic_out, o.out) || (o.state && !strcmp(o.critic_out, o.state))))
		die_usage("--critic-out: the critic is a file of its own");
	if (!strcmp(o.model, "-") && !o.nfiles)
		die_usage("-m -: the rollouts are FILEs then");
}

int
main(int argc, char **argv)
{
	int first = cli_parse(argc, argv, &tool);
	struct err e;

	o.nfiles = argc - first;
	o.files = argv + first;
	check();
	if (rl_run(&o, &e))
		die_err(&e);
	return EXIT_OK;
}

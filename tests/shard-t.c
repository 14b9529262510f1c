/* shard-t - packing, shuffling, splitting and mixing of token streams */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/rng.h"
#include "stream/toks.h"
#include "stream/shard/pack.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DOCS = 400, MOST = 60, VOCAB = 60000 };

static uint32_t tok[DOCS][MOST];
static size_t len[DOCS], total;

/* Documents whose tokens tell where they are from: token i of document d is unlike all others. */
static void
make_docs(void)
{
	uint32_t next = 1;

	for (int d = 0; d < DOCS; d++) {
		len[d] = 1 + rng_at(1, (uint64_t)d, 0, 0, 0) % (d % 10 ? 30 : MOST);
		for (size_t i = 0; i < len[d]; i++)
			tok[d][i] = next++;
		total += len[d];
	}
}

struct seen {
	size_t   T, records, bad_mask, ends;
	uint32_t target[VOCAB], there[VOCAB], order[VOCAB], n_order;
	int      whole;         /* documents not longer than a record that are whole within it */
};

static void
see(void *ctx, const uint32_t *t, const uint8_t *mask, const uint32_t *end, size_t n_doc)
{
	struct seen *s = ctx;

	s->records++;
	for (size_t i = 0; i <= s->T; i++) {
		s->there[t[i]]++;
		if (!mask[i])
			continue;
		s->target[t[i]]++;
		s->order[s->n_order++] = t[i];
		s->bad_mask += i == 0 || t[i - 1] + 1 != t[i];
	}
	for (size_t i = 0; i < n_doc; i++) {
		uint32_t last = t[end[i] - 1];

		s->ends++;
		for (int d = 0; d < DOCS; d++)
			if (tok[d][len[d] - 1] == last && len[d] <= end[i] && t[end[i] - len[d]] == tok[d][0])
				s->whole++;
	}
}

static void
test_pack(enum pack_how how, const char *name)
{
	static struct seen s;
	size_t T = 31, once = 0, first = 0, sorted = 1, fit = 0;
	struct pack *p;

	memset(&s, 0, sizeof s);
	s.T = T;
	p = pack_new(T, how, 0, see, &s);
	for (int d = 0; d < DOCS; d++)
		pack_doc(p, tok[d], NULL, len[d]);
	pack_end(p);
	for (int d = 0; d < DOCS; d++) {
		first += s.target[tok[d][0]];
		fit += len[d] <= T + 1;
		for (size_t i = 1; i < len[d]; i++)
			once += s.target[tok[d][i]] == 1;
	}
	for (size_t i = 1; i < s.n_order; i++)
		sorted &= s.order[i] > s.order[i - 1];
	OK(once == total - DOCS, "%s: each token but a first is a target once (%zu of %zu)", name, once, total - DOCS);
	OK(first == 0 && s.target[0] == 0, "%s: no first token and no filling is a target", name);
	OK(s.bad_mask == 0, "%s: each target stands behind its own predecessor", name);
	if (how == PACK_CONCAT) {
		OK(sorted, "concat: in the order of the input");
		OK(s.records == (total - 1 + T - 1) / T, "concat: as few records as there can be");
		OK(s.ends >= DOCS, "concat: every end is in a record");
	} else {
		OK((size_t)s.whole >= fit - 8, "best-fit: documents are whole (%d of %zu)", s.whole, fit);
		OK(pack_filled(p) * 12 < total, "best-fit: less than 8%% is filling (%llu of %zu)",
		   (unsigned long long)pack_filled(p), total);
	}
	pack_free(p);
}

static void
write_docs(const char *path, int first, int step, long long n_vocab)
{
	struct toks_head h = { .n_vocab = n_vocab, .eot = 0 };
	struct buf fields = { 0 };
	struct toks_out *out;
	char *head;

	toks_head_fields(&fields, &h);
	buf_str(&fields, ",\"chat\":{\"template\":\"plain\"}");
	head = head_new("toks", fields.p);
	out = toks_create(path, head, &h);
	for (int d = first; d < DOCS; d += step)
		toks_put_doc(out, tok[d], NULL, len[d]);
	toks_finish(out);
	free(head);
	buf_free(&fields);
}

static int
run(const char *cmd)
{
	int rc = system(cmd);

	return WIFEXITED(rc) ? WEXITSTATUS(rc) : -1;
}

/* Reads a file's items: adds up into seen tokens, gives their number and a hash that knows the order. */
static uint64_t
read_items(const char *path, uint32_t *there, size_t *n, int *chat)
{
	char *files[] = { (char *)(uintptr_t)path };
	struct toks_in *in = toks_open(1, files);
	struct item it;
	uint64_t h = 0;

	*n = 0;
	while (toks_next_item(in, &it)) {
		for (size_t i = 0; i < it.n_tok; i++)
			there[it.tok[i]]++;
		h = rng_hash(it.tok, it.n_tok * 4, h);
		++*n;
	}
	if (chat)
		*chat = strstr(toks_meta(in), "\"chat\":{\"template\":\"plain\"}") != NULL;
	toks_close(in);
	return h;
}

static void
test_shuffle(void)
{
	static uint32_t a[VOCAB], b[VOCAB], c[VOCAB];
	size_t na, nb, nc;
	int chat = 0;
	uint64_t ha, hb;

	OK(run("shard -T 31 -o rec.lms docs.lms") == 0, "shard -T");
	OK(run("shard -T 31 --shuffle -S 7 -o s1.lms docs.lms && shard -T 31 --shuffle -S 7 -t 1 <docs.lms >s2.lms && cmp s1.lms s2.lms") == 0,
	   "a shuffle is the same from a file and a pipe");
	OK(run("shard -T 31 --shuffle -S 8 -o s3.lms docs.lms && ! cmp -s s1.lms s3.lms") == 0, "another seed, another order");
	ha = read_items("rec.lms", a, &na, NULL);
	hb = read_items("s1.lms", b, &nb, &chat);
	OK(na == nb && !memcmp(a, b, sizeof a) && ha != hb, "shuffled: the same records, another order");
	OK(chat, "keys of HEAD are carried on");
	OK(run("shard --shuffle -S 7 -o s4.lms rec.lms && shard -T 31 -o - docs.lms | shard --shuffle -S 7 | cmp - s4.lms") == 0, "records can be shuffled later");
	read_items("s4.lms", c, &nc, NULL);
	OK(nc == na && !memcmp(a, c, sizeof a), "and stay what they are");
	OK(run("shard -T 31 rec.lms 2>e >x; [ $? = 1 ] && grep -q already e") == 0, "records are not packed again");
}

static void
test_split(void)
{
	static uint32_t rest[VOCAB], val[VOCAB], test[VOCAB], val2[VOCAB];
	size_t nr, nv, nt, n2, both = 0, none = 0;

	OK(run("shard --split=val=0.2 --split=test=0.1 -o sub/train.lms docs.lms") == 0, "shard --split");
	read_items("sub/train.lms", rest, &nr, NULL);
	read_items("sub/val.lms", val, &nv, NULL);
	read_items("sub/test.lms", test, &nt, NULL);
	for (uint32_t i = 1; i <= total; i++) {
		both += rest[i] + val[i] + test[i] > 1;
		none += rest[i] + val[i] + test[i] == 0;
	}
	OK(!both && !none && nr + nv + nt == DOCS, "each document goes to one place");
	OK(nv > DOCS / 10 && nv < DOCS * 3 / 10 && nt > DOCS / 25 && nt < DOCS / 5, "in about these shares (%zu %zu)", nv, nt);
	OK(run("shard --split=val=0.2 --split=test=0.1 -o sub2/train.lms odd.lms even.lms") == 0, "in another order");
	read_items("sub2/val.lms", val2, &n2, NULL);
	OK(n2 == nv && !memcmp(val, val2, sizeof val), "the same documents are split off");
	OK(run("shard -T 31 --split=val=0.7 --split=test=0.4 -o x.lms docs.lms 2>e; [ $? = 2 ]") == 0, "more than all: exit 2");
	OK(run("shard --split=a/b=0.4 -o x.lms docs.lms 2>e; [ $? = 2 ] && [ ! -e x.lms ]") == 0, "a path: exit 2");
}

static void
test_mix(void)
{
	static uint32_t m[VOCAB];
	uint32_t from[2] = { 0, 0 };
	size_t n;

	OK(run("shard -q --mix=even.lms=3 --mix=odd.lms=1 -o mix.lms") == 0, "shard --mix");
	read_items("mix.lms", m, &n, NULL);
	for (int d = 0; d < DOCS; d++)
		for (size_t i = 0; i < len[d]; i++)
			from[d % 2] += m[tok[d][i]];
	OK(from[0] > 2.8 * from[1] && from[0] < 3.2 * from[1], "three parts to one (%u %u)", from[0], from[1]);
	OK(run("shard -q --mix=even.lms=3 --mix=odd.lms=1 | cmp - mix.lms") == 0, "the same again");
	OK(run("shard --mix=even.lms=3 --mix=other.lms=1 -o y.lms 2>e; [ $? = 1 ] && [ ! -e y.lms ]") == 0, "another vocabulary is refused");
	OK(run("shard even.lms other.lms -o y.lms 2>e; [ $? = 1 ] && [ ! -e y.lms ]") == 0, "among operands too");
	OK(run("shard --mix=even.lms=3 docs.lms -o y.lms 2>e; [ $? = 2 ]") == 0, "--mix and operands: exit 2");
	OK(run("shard --mix=even.lms=-3 -o y.lms 2>e; [ $? = 2 ]") == 0, "a weight below 0: exit 2");
}

/* What does not fit where it is kept is not taken for what is left of it. */
static void
test_head(void)
{
	static const char *const wrong[] = { "\"eot\":4294967296", "\"eot\":-2", "\"eot\":60000", "\"seq\":4294967296", "\"seq\":-1" };
	struct toks_head h = { .n_vocab = VOCAB, .eot = -1 };
	struct buf head = { 0 };

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		buf_clear(&head);
		buf_printf(&head, "{\"type\":\"toks\",\"dtype\":\"u32\",\"n_vocab\":%s,%s}", i ? "60000" : "4294967295", wrong[i]);
		toks_finish(toks_create("wrong.lms", head.p, &h));
		OK(run("lmcat wrong.lms >e 2>&1; [ $? = 1 ] && grep -q HEAD e") == 0, "refused: %s", wrong[i]);
	}
	buf_free(&head);
}

int
main(int argc, char **argv)
{
	static const struct opt opts[] = { { 0 } };
	static const struct tool tool = { "shard-t", "", "", opts };
	char dir[] = "/tmp/shard-t.XXXXXX", cmd[64];

	cli_parse(argc, argv, &tool);
	if (!mkdtemp(dir) || chdir(dir) || run("mkdir sub sub2"))
		return 99;
	make_docs();
	test_pack(PACK_CONCAT, "concat");
	test_pack(PACK_BEST_FIT, "best-fit");
	write_docs("docs.lms", 0, 1, VOCAB);
	write_docs("even.lms", 0, 2, VOCAB);
	write_docs("odd.lms", 1, 2, VOCAB);
	write_docs("other.lms", 1, 2, VOCAB + 1);
	test_shuffle();
	test_split();
	test_mix();
	test_head();
	OK(run("head -c 2000 docs.lms | shard -T 31 -o z.lms 2>e; [ $? = 1 ] && [ ! -e z.lms ]") == 0, "cut-short input: exit 1, no output");
	OK(run("shard -T 31 --pack=best-fit docs.lms | shard | shard -o z.lms && [ -s z.lms ]") == 0, "best-fit records pass through");
	snprintf(cmd, sizeof cmd, "rm -rf %s", dir);
	run(cmd);
	return DONE();
}

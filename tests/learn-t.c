/* learn-t - the state file, records as rows, the log */
/* SPDX-License-Identifier: MIT */
#include "base/cli.h"
#include "base/file.h"
#include "learn/batch.h"
#include "learn/log.h"
#include "learn/state.h"
#include "tap.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
states(const char *path)
{
	float a[15], b[4], c[2] = { 5, 6 };
	struct state s = { 0 }, r = { 0 };
	struct file_map f;
	struct err e;
	char *copy;
	int refused = 0, taken = 0;

	for (size_t i = 0; i < 15; i++)
		a[i] = (float)(i * i);
	state_array(&s, "w.a", a, 2, (const uint64_t[]){ 3, 5 }, 0);
	state_array(&s, "critic.w", c, 1, (const uint64_t[]){ 2 }, 1);
	state_set_int(&s, "step", 12);
	state_set_num(&s, "beta", 0.1);
	OK(state_load(&s, path, &e) == 0, "no file yet");
	state_set(&s, "data", "crc32c:1");
	OK(state_save(&s, path, &e) == 0, "saved");
	state_set(&s, "data", "crc32c:2");
	memset(a, 0, sizeof a);
	OK(state_load(&s, path, &e) == 1 && a[7] == 49 && state_int(&s, "step", 0) == 12 && state_num(&s, "beta", 0) == 0.1,
	    "loaded: arrays and numbers as they were");
	OK(!state_found(&s, "critic"), "what is optional and not there");
	OK(!strcmp(state_get(&s, "data"), "crc32c:1"), "texts are those of the file");
	state_show(&s, "critic", 1);
	OK(state_save(&s, path, &e) == 0 && !(c[0] = 0) && state_load(&s, path, &e) == 1 && c[0] == 5 && state_found(&s, "critic"),
	    "what is optional and there");
	state_array(&r, "w.a", b, 1, (const uint64_t[]){ 4 }, 0);
	OK(state_load(&r, path, &e) < 0 && strstr(e.text, "shape"), "a tensor of another shape is refused");
	file_map(&f, path, &e);
	copy = xmalloc(f.n);
	for (size_t n = 0; n < f.n; n++)
		taken += !state_parse(&s, f.p, n, &e);
	OK(taken == 0, "cut at any of %zu bytes, it is refused", f.n);
	for (size_t i = 0; i < f.n; i++) {
		memcpy(copy, f.p, f.n);
		copy[i] = (char)(copy[i] ^ 0x55);
		refused += state_parse(&s, copy, f.n, &e) < 0;
	}
	OK(refused + 64 > (int)f.n, "a changed byte is noticed, but for the header's own blanks (%d of %zu)", refused, f.n);
	file_unmap(&f);
	free(copy);
	state_free(&s);
	state_free(&r);
}

/* Three documents of 5, 1 and 7 tokens: ids 1..13; the second is not supervised. */
static void
write_toks(const char *path, int seq, int masked)
{
	struct toks_head h = { .n_vocab = 50, .eot = 0, .seq = seq, .masked = masked };
	struct buf f = { 0 };
	char *head;
	struct toks_out *o;
	uint32_t t[13];
	uint8_t m[13];

	for (uint32_t i = 0; i < 13; i++) {
		t[i] = i + 1;
		m[i] = i != 5 && i != 0 && i != 6;
	}
	toks_head_fields(&f, &h);
	head = head_new("toks", f.p);
	o = toks_create(path, head, &h);
	if (seq) {
		toks_put_record(o, t, masked ? m : NULL, (const uint32_t[]){ 5, 6 }, 2);
		toks_put_record(o, t + 6, masked ? m + 6 : NULL, (const uint32_t[]){ 7 }, 1);
	} else {
		toks_put_doc(o, t, masked ? m : NULL, 5);
		toks_put_doc(o, t + 5, masked ? m + 5 : NULL, 1);
		toks_put_doc(o, t + 6, masked ? m + 6 : NULL, 7);
	}
	toks_finish(o);
	free(head);
	buf_free(&f);
}

static void
rows_of(const char *path, int T, int masked)
{
	char *file = (char *)(uintptr_t)path;
	struct batches_opts o = { .nfiles = 1, .files = &file, .T = T, .epochs = 2, .doc_mask = 1 };
	static const uint32_t starts[2][6] = { { 0, 0, 0, 0, 0, 5 }, { 0, 0, 0, 0, 0, 0 } };
	struct batches *b, *again;
	struct batch x;
	struct err e;
	int good = 1, marks = 1;

	write_toks(path, T ? 0 : 6, masked);
	b = batches_open(&o, &e);
	batch_init(&x, b, 3);
	OK(batches_T(b) == 6 && batch_read(&x, b) == 3 && x.rows == 3, "three records over the end of an epoch");
	for (uint32_t r = 0; r < 3; r++)
		for (uint32_t i = 0; i < 6; i++) {
			uint32_t at = r % 2 * 6 + i, target = at + 1;
			good &= x.tok[r * 6 + i] == at + 1 && x.target[r * 6 + i] == at + 2;
			good &= x.coef[r * 6 + i] == (masked && (target == 5 || (target == 6)) ? 0 : -1);
			marks &= x.start[r * 6 + i] == starts[r % 2][i];
		}
	OK(good, "tokens, targets, and which of them count");
	OK(marks, "where documents begin");
	OK(x.supervised == (masked ? 14 : 18), "their number: %d", (int)x.supervised);
	OK(batch_read(&x, b) == 1 && batch_read(&x, b) == 0 && batches_count(b) == 4, "the last one, then the end");
	again = batches_open(&o, &e);
	OK(batches_skip(again, 4) == 4 && batches_crc(again) == batches_crc(b), "passing over gives the same checksum");
	OK(batches_skip(again, 4) == 0, "and no more than there is");
	batch_free(&x);
	batches_close(b);
	batches_close(again);
}

static void
batch(const char *path)
{
	char *file = (char *)(uintptr_t)path;
	struct batches_opts o = { .nfiles = 1, .files = &file, .epochs = 1 };
	struct err e;

	rows_of(path, 0, 0);
	rows_of(path, 0, 1);
	rows_of(path, 6, 0);
	rows_of(path, 6, 1);
	OK(!batches_open(&o, &e) && strstr(e.text, "-T"), "an unsharded stream needs -T");
	write_toks(path, 6, 0);
	o.T = 7;
	OK(!batches_open(&o, &e), "another -T than HEAD's is refused");
}

static void
logs(const char *path)
{
	struct log *l;
	struct file_map f;
	struct err e;
	static const char want[] = "{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n";

	OK(!log_open(&l, NULL, 0, 0, &e) && !l && !log_put(l, &(struct buf){ 0 }, &e) && !log_close(l, &e), "no log is no work");
	for (int from = 0; from < 3; from += 2) {       /* 1..4, then on from 2: lines 3, 4 go */
		log_open(&l, path, from, from, &e);
		for (int i = from + 1; i <= (from ? 3 : 4); i++) {
			struct buf b = { 0 };
			buf_printf(&b, "{\"step\":%d", i);
			log_put(l, &b, &e);
			buf_free(&b);
		}
		log_close(l, &e);
	}
	file_map(&f, path, &e);
	OK(f.n == sizeof want - 1 && !memcmp(f.p, want, f.n), "a run that goes on drops the lines past its state");
	file_unmap(&f);
}

int
main(void)
{
	static const struct opt none[] = { { 0 } };
	static const struct tool tool = { "learn-t", "Test.", "", none };
	char *argv[] = { (char *)(uintptr_t)"learn-t", NULL }, path[] = "/tmp/learn-t.XXXXXX";
	int fd = mkstemp(path);

	cli_parse(1, argv, &tool);
	close(fd);
	unlink(path);
	states(path);
	batch(path);
	logs(path);
	unlink(path);
	return DONE();
}

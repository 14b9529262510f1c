/* elo - ratings from contests of two: Bradley and Terry's model, on the scale of chess */
#ifndef LM_ELO_H
#define LM_ELO_H
/* SPDX-License-Identifier: MIT */
#include "base/mem.h"
#include <stdint.h>

enum { ELO_MOST = 256 };        /* players */

struct elo_match {
	uint16_t a, b;          /* players */
	int      won;           /* 1: a, -1: b, 0: a tie */
};
struct elo_matches {
	char             *name[ELO_MOST];
	int               players;
	struct elo_match *v;
	size_t            n, cap;
};
/* Either roll streams, each of a player named like the file, whose k-th answers to equal prompts meet, the higher score winning;
 * or JSON lines: model_a, model_b, winner (model_a, model_b; anything with "tie" in it), as Chatbot Arena has them. */
int  elo_read(struct elo_matches *, int nfiles, char **files, struct err *);
void elo_free(struct elo_matches *);

struct elo_player {
	double rating;                  /* 400 / ln 10 times the log of the strength; the mean of all is 1000 */
	double se, low, high;           /* over resamples of the matches, 95 %; NaN without any */
	size_t won, lost, tied;
	int    bounded;                 /* 0: no chain of wins or ties from all others leads here and back: there is no finite rating */
};
/* Maximum likelihood, a tie being half a win (Hunter 2004, MM).  out: [players]. */
void elo_fit(const struct elo_matches *, int samples, uint64_t seed, struct elo_player *out);
void elo_text(const struct elo_matches *, const struct elo_player *, int samples, struct buf *);
void elo_json(const struct elo_matches *, const struct elo_player *, struct buf *);
#endif

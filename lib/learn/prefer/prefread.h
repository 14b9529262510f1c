/* prefread - rollouts and preferences into memory, from roll streams or from JSONL rendered with a chat template */
#ifndef LM_PREFREAD_H
#define LM_PREFREAD_H
/* SPDX-License-Identifier: MIT */
#include "model/model.h"
#include "stream/roll.h"
#include "vocab/chat/chat.h"

/* What text becomes tokens with; all zero: none. */
struct pref_text {
	struct vocab   *vocab;
	struct encoder *enc;
	struct chat     chat;
	int             chatting;       /* chat is set */
};
/* From a vocabulary file, or with NULL from the model's own; template: a name, or NULL for what the model carries.
 * model may be NULL when a vocabulary is given.  0 or -1. */
int  pref_text_init(struct pref_text *, const struct model *, const char *vocab, const char *template, struct err *);
void pref_text_free(struct pref_text *);

/* All FILEs (none: standard input), each a roll stream or JSONL (plain or compressed), told by its first bytes.
 * Groups and segments keep apart those of different files.  all->head is a HEAD text of type roll.
 * text NULL: JSONL is an error.  Damage in a stream ends the program; -1: JSONL that is no preference, with its line. */
int prefs_read(struct rolls *all, int nfiles, char **files, struct pref_text *text, struct err *);

/* Makes the records fit a context of T tokens, and says what that took.  how: left cuts a prompt's beginning, right a
 * response's end; what does not fit all the same, or with drop all that is too long, goes, a pair as a whole. */
void prefs_fit(struct rolls *all, const char *how, int T);
int  prefs_fit_known(const char *how);

/* A checksum of all that training takes from the records. */
uint32_t prefs_crc(const struct rolls *);

/* Whether the records are of the model's vocabulary, where both name theirs.  0 or -1. */
int prefs_vocab(const struct rolls *, const struct model *, struct err *);

/* One JSONL object: `chosen` and `rejected` (strings or messages, with or without `prompt`) gives two records,
 * roles 1 and 2; `prompt`, `completion` and `label` one.  The prompt is rendered with the assistant's header, the
 * response ends in its end-of-turn token.  Other keys go into meta. */
int prefs_line(struct rolls *all, struct pref_text *, const char *line, size_t n, uint32_t group, struct err *);

/* A pair more, of a group of its own. */
void prefs_add_pair(struct rolls *pairs, const struct roll *better, const struct roll *worse);

/* The response, or the prompt, as text without special tokens, appended. */
void pref_response(const struct vocab *, const struct roll *, struct buf *);
void pref_prompt(const struct vocab *, const struct roll *, struct buf *);
#endif

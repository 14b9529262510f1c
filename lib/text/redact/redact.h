/* redact - what identifies a person taken out of a text */
#ifndef LM_REDACT_H
#define LM_REDACT_H
/* SPDX-License-Identifier: MIT */
#include "base/err.h"
#include "base/mem.h"

enum { REDACT_EMAIL = 1, REDACT_IP = 2, REDACT_PHONE = 4, REDACT_KEY = 8, REDACT_CARD = 16 };

/* "email,ip" to bits; -1 with the reason for an unknown name. */
int redact_parse(const char *list, unsigned *what, struct err *);

/*
 * Replaces in place; returns how many.  E-mail addresses and public IPv4 addresses as datatrove finds them, by
 * email@example.com and firstname.lastname@example.org, and six addresses that reach nobody, in turn within a
 * text; phone numbers in international or North American form by +1-555-0100; payment card numbers (13 to 19
 * digits, of a known issuer's range, Luhn's check right) by 0000 0000 0000 0000; keys and tokens of known
 * forms (AWS, GitHub, Slack, Google, Stripe, OpenAI, JSON web tokens, PEM private keys) by [KEY].
 */
size_t redact(struct buf *text, unsigned what);
#endif

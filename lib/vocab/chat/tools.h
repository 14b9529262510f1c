/* tools - functions that a model may call: what is known of them, its calls, as the families' templates write them */
#ifndef LM_TOOLS_H
#define LM_TOOLS_H
/* SPDX-License-Identifier: MIT */
#include "base/json.h"

/* Appends to a system message what may be called, as Qwen's template does. */
void tools_offer(struct json tools, struct buf *);
/* Appends to an assistant's content its calls: each in <tool_call> tags; or llama, as Llama 3.1 has it, a single one in
 * the place of the content.  0 or -1. */
int  tools_calls(struct json calls, int llama, struct buf *, struct err *);
#endif

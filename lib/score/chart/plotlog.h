/* plotlog - what logs of JSON lines hold, as panels of a chart */
#ifndef LM_PLOTLOG_H
#define LM_PLOTLOG_H
/* SPDX-License-Identifier: MIT */
#include "score/chart/chart.h"

struct plotlog_opts {
	const char *x;          /* the key along the bottom; a line without it stands where the one before does; NULL: step, or the line's number */
	const char *y;          /* "loss+eval_loss,lr": keys of one panel joined by +, panels by commas; NULL: losses, or else rewards and KL */
	double      smooth;     /* points that means go over; 1 or less: none */
	int         points, log_x, log_y;
	double      x_range[2], y_range[2];
};
/* Reads all files, a run each, into panels that are made here: *n of them, to be freed each with chart_free and then together.
 * NULL when a file cannot be read, is no JSON lines, or when nothing is in any panel. */
struct chart_panel *plotlog_read(int nfiles, char **files, const struct plotlog_opts *, int *n, struct err *);
#endif

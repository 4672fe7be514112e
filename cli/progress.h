/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_PROGRESS_H
#define WOK_CLI_PROGRESS_H
#include <stdio.h>

#include "lab_result.h"

/*
 * What a way does, while it does it, on stderr: on a terminal a bar that is drawn again and again
 * on its one line, elsewhere a line at the beginning, at the end, and every few seconds between.
 */
struct progress {
	FILE *out;
	bool live;
	bool utf8;
	wok_time shown; /* when the last line or bar was written */
};

void progress_init(struct progress *progress, FILE *out);
void progress_begin(struct progress *progress, const struct way_result *result);
void progress_update(struct progress *progress, const struct way_result *result);
void progress_end(struct progress *progress, const struct way_result *result);

#endif

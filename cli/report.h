/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_REPORT_H
#define WOK_CLI_REPORT_H
#include <stdio.h>

#include "lab_options.h"
#include "lab_result.h"

/*
 * What was measured, for four readers: a table, a waterfall in the terminal, a JSON object, a page.
 */

/* The table, as Markdown has them. */
void report_table(FILE *out, const struct way_result *results, size_t n);

/* The requests of each way as bars in time, on one common axis. */
void report_waterfall(FILE *out, const struct way_result *results, size_t n);

/* {"ways": [{way, seconds, requests, failed, peak_rss_bytes}]}. Returns 0 or a negative errno. */
int report_json(FILE *out, const struct way_result *results, size_t n);

/* The page, as a whole or not at all. Returns 0 or a negative errno. */
int report_html(const struct lab_options *options, const char *url,
		const struct way_result *results, size_t n);

/* Which requests a picture with so many rows shows in a row: [first, end), all of them by turns. */
struct row_range {
	size_t first;
	size_t end;
};

static inline struct row_range row_range(size_t row, size_t rows, size_t n)
{
	return (struct row_range){.first = row * n / rows, .end = (row + 1) * n / rows};
}

#endif

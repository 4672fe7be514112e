/* SPDX-License-Identifier: MIT */
/* What was measured, as JSON: see report.h. */
#include <jansson.h>

#include "report.h"

static json_t *describe(const struct way_result *result)
{
	json_t *peak = result->peak_memory > 0 ? json_integer((json_int_t) result->peak_memory)
					       : json_null();

	return json_pack("{s:s, s:f, s:I, s:I, s:o}", "way", lab_way_word(result->way), "seconds",
			 (double) result->elapsed / (double) WOK_SECOND, "requests",
			 (json_int_t) result->n, "failed", (json_int_t) result->failed,
			 "peak_rss_bytes", peak);
}

int report_json(FILE *out, const struct way_result *results, size_t n)
{
	json_t *ways = json_array();
	int r = 0;

	for (size_t i = 0; i < n; i++)
		r |= json_array_append_new(ways, describe(&results[i]));
	json_t *all = r == 0 ? json_pack("{s:O}", "ways", ways) : NULL;
	json_decref(ways);
	if (!all)
		return -ENOMEM;
	/* A hundred thousandth of a second is more than the clock is good for. */
	r = json_dumpf(all, out, JSON_INDENT(2) | JSON_REAL_PRECISION(7));
	json_decref(all);
	return r < 0 || fputc('\n', out) == EOF ? -EIO : 0;
}

/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_REPORT_SVG_H
#define WOK_CLI_REPORT_SVG_H
#include <stdio.h>

#include "lab_result.h"

/* The waterfall as an <svg> element; its colours and letters are the page's style sheet's. */
void report_svg(FILE *out, const struct way_result *results, size_t n);

#endif

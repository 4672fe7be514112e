/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_REPORTS_H
#define WOK_TEST_REPORTS_H
/*
 * Reports, caught instead of printed. The hook is settled by the first run of a process, so these
 * tests are TEST(), not TEST_TASK(), and run their body with test_run_reporting().
 */
#include <stdio.h>
#include <string.h>
#include <wok/loop.h>

#include "harness/test.h"

struct test_reports {
	size_t n; /* how many came; the first eight are kept */
	struct {
		int code;
		char message[400];
		char task[40]; /* "" if it is not about one */
		int line;      /* of the spawn site; 0 if there is none */
	} kept[8];
};

static inline void test_take_report(const wok_report *report, void *arg)
{
	struct test_reports *reports = arg;

	if (reports->n++ >= sizeof(reports->kept) / sizeof(reports->kept[0]))
		return;
	size_t at = reports->n - 1;
	reports->kept[at].code = report->code;
	snprintf(reports->kept[at].message, sizeof(reports->kept[at].message), "%s",
		 report->message);
	snprintf(reports->kept[at].task, sizeof(reports->kept[at].task), "%s",
		 report->task ? report->task : "");
	reports->kept[at].line = report->site ? report->site->line : 0;
}

/* Run body as the main task on the virtual clock, under this test's seed. */
static inline int test_run_reporting(struct test_reports *reports, wok_fn *body, void *arg)
{
	const wok_test_options options = {.seed = test_seed()};

	memset(reports, 0, sizeof(*reports));
	ASSERT_OK(wok_set_report_hook(test_take_report, reports));
	return wok_test_run(body, arg, &options);
}

/* Whether the report's text contains a word. */
#define ASSERT_REPORT(reports, at, word)                                                           \
	do {                                                                                       \
		ASSERT((size_t) (at) < (reports)->n);                                              \
		if (!strstr((reports)->kept[at].message, (word)))                                  \
			FAIL("the report \"%s\" does not say \"%s\"", (reports)->kept[at].message, \
			     (word));                                                              \
	} while (0)

#endif

/* SPDX-License-Identifier: MIT */
/* `wok bench`: loads a server, and tells how it went. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <wok/error.h>

#include "bench.h"
#include "child.h"
#include "command.h"

static int complain(const char *what, int r)
{
	fprintf(stderr, "wok bench: %s%s%s\n", what ? what : "", what ? ": " : "", wok_errmsg(r));
	return EXIT_FAILURE;
}

static int report(const struct bench_options *options, const struct bench_result *result)
{
	bool good = result->responses > 0 && bench_result_errors(result) == 0 &&
		    bench_result_bad(result) == 0 && result->missed == 0;
	int status = good ? EXIT_SUCCESS : EXIT_FAILURE;
	int r = 0;

	if (options->json)
		r = bench_report_json(stdout, options, result);
	else
		bench_report_text(stdout, options, result);
	if (r < 0)
		status = complain("writing the JSON", r);
	if (options->html) {
		r = bench_report_html(options, result);
		if (r < 0)
			status = complain(options->html, r);
	}
	return status;
}

int bench_main(int argc, char **argv)
{
	struct bench_options options;
	struct bench_result result;

	int r = bench_options_parse(argc, argv, &options);
	if (r != 0)
		return r < 0 ? EXIT_USAGE : EXIT_SUCCESS;
	/* Some more, for what a loop needs itself. */
	child_allow_descriptors(options.connections + 64 + 8 * options.threads, 0);
	r = bench_load(&options, &result);
	int status = EXIT_SUCCESS;
	if (r < 0 && r != -EINTR)
		status = complain(NULL, r);
	if (result.responses > 0 || bench_result_errors(&result) > 0 || r >= 0) {
		int reported = report(&options, &result);
		status = status == EXIT_SUCCESS ? reported : status;
	}
	bench_result_clear(&result);
	bench_options_clear(&options);
	return r == -EINTR ? EXIT_INTERRUPTED : status;
}

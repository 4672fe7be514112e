/* SPDX-License-Identifier: MIT */
/* Running one test many times: under a range of seeds, and without each allocation in turn. */
#include <inttypes.h>
#include <stdlib.h>
#include <wok/error.h>
#include <wok/test.h>

#include "base/memory.h"
#include "loop/report.h"

static int run_seed(const wok_test_options *options, uint64_t seed, wok_fn *fn, void *arg)
{
	wok_test_options seeded = options ? *options : (wok_test_options){0};

	seeded.seed = seed;
	int r = wok_test_run(fn, arg, &seeded);
	if (r < 0)
		wok__report(r, NULL, NULL,
			    "the seed %" PRIu64 " failed: %s; WOK_TEST_SEED=%" PRIu64
			    " runs it alone",
			    seed, wok_errmsg(r), seed);
	return r;
}

int wok_test_run_seeds(wok_fn *fn, void *arg, uint64_t first, size_t n,
		       const wok_test_options *options)
{
	const char *only = getenv("WOK_TEST_SEED");
	int r = 0;

	if (only && *only)
		return run_seed(options, strtoull(only, NULL, 10), fn, arg);
	for (size_t i = 0; i < n && r >= 0; i++)
		r = run_seed(options, first + i, fn, arg);
	return r;
}

int wok_test_run_allocations(wok_fn *fn, void *arg, const wok_test_options *options)
{
	bool failed = true;

	for (uint64_t n = 1; failed; n++) {
		wok__fail_allocation(n, false);
		int r = wok_test_run(fn, arg, options);
		failed = !wok__fail_allocation_pending();
		wok__fail_allocation(0, false);
		if (r < 0 && r != -ENOMEM)
			return wok_fail(r, "with allocation %" PRIu64 " failing: %s", n,
					wok_errmsg(r));
		if (r == -ENOMEM && !failed)
			return wok_fail(r, "out of memory, though no allocation was made to fail");
	}
	return 0;
}

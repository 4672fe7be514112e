/* SPDX-License-Identifier: MIT */
/* process_pool: counts primes in worker processes. Shows functions that are called by name in
 * processes of their own, results by value, and a job that crashes without harm to the others.
 * Try:          process_pool   (or: process_pool 5000000) */
#include <stdio.h>
#include <stdlib.h>
#include <wok/wok.h>

struct range {
	long from, to;
};

struct dish {
	wok_process_pool *pool;
	struct range range;
	long primes;
};

/* In a worker: it may block, and it may use the processor as long as it likes. */
static int count_primes(const void *input, size_t size, wok_output *output)
{
	const struct range *range = input;
	long count = 0;

	if (size != sizeof(*range) || range->from < 2)
		abort(); /* takes this process along, and only this one */
	for (long n = range->from; n < range->to; n++) {
		long divisor = 2;
		while (divisor * divisor <= n && n % divisor != 0)
			divisor++;
		count += divisor * divisor > n;
	}
	return wok_output_write(output, &count, sizeof(count));
}

/* Here: a task for each range waits for its result. */
static int cook(void *arg)
{
	struct dish *dish = arg;

	return wok_run_in_executor(dish->pool, "count_primes", &dish->range, sizeof(dish->range),
				   &dish->primes, sizeof(dish->primes));
}

static int async_main(void *arg)
{
	const long *limit = arg;
	WOK_AUTO(wok_process_pool) *pool = NULL;
	struct dish dishes[4];
	long sum = 0;

	WOK_TRY(wok_process_pool_new(&(wok_process_pool_options){.workers = 2}, &pool));
	for (int i = 0; i < 4; i++)
		dishes[i] = (struct dish){pool, {*limit / 4 * i + 2, *limit / 4 * (i + 1) + 2}, 0};
	WOK_TRY(wok_for_each(cook, dishes, 4, WOK_UNLIMITED, 0));
	for (int i = 0; i < 4; i++)
		sum += dishes[i].primes;
	printf("%ld primes below %ld\n", sum, *limit / 4 * 4 + 2);

	struct dish bad = {pool, {0, 0}, 0};
	int r = cook(&bad);
	printf("a bad one: %s\n", wok_errname(r));
	return wok_process_pool_close(pool);
}

int main(int argc, char **argv)
{
	long limit = argc > 1 ? strtol(argv[1], NULL, 10) : 200000;

	/* In the workers the same program runs, and ends here. */
	if (wok_worker_register("count_primes", count_primes) < 0)
		return 1;
	if (wok_worker(argc, argv))
		return 0;
	int r = wok_run(async_main, &limit);
	if (r < 0)
		fprintf(stderr, "process_pool: %s\n", wok_errmsg(r));
	return r < 0;
}

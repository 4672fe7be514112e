/* W1: spawn and join N tasks, a thousand at a time.
 * Try:      w1-spawn 1000000 */
#include "bench.h"

enum { BATCH = 1000 };

static int body(void *arg)
{
	(void) arg;
	return 1;
}

/* Start n tasks, then await one after another. */
static int batch(size_t n, size_t *sum)
{
	wok_task *tasks[BATCH];

	for (size_t i = 0; i < n; i++)
		tasks[i] = wok_create_task(body, NULL);
	for (size_t i = 0; i < n; i++) {
		int r = wok_await(tasks[i]);
		wok_task_free(tasks[i]);
		*sum += r > 0 ? (size_t) r : 0;
	}
	return 0;
}

static int run(void *arg)
{
	size_t n = *(size_t *) arg, sum = 0;
	wok_time start = wok_now();

	for (size_t done = 0; done < n; done += BATCH)
		WOK_TRY(batch(n - done < BATCH ? n - done : BATCH, &sum));
	if (sum != n)
		return wok_fail(-EPROTO, "%zu of %zu tasks ran", sum, n);
	printf("ns_per_task %.2f\n", (double) (wok_now() - start) / (double) n);
	return 0;
}

int main(int argc, char **argv)
{
	size_t n = bench_count(argc, argv, 1);

	return bench_exit("w1-spawn", wok_run(run, &n));
}

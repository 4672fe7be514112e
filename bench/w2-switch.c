/* W2: two tasks yield to each other, N times in all.
 * Try:      w2-switch 10000000 */
#include "bench.h"

static int yields(void *arg)
{
	for (size_t n = *(size_t *) arg; n > 0; n--)
		WOK_TRY(wok_yield());
	return 0;
}

static int run(void *arg)
{
	size_t n = *(size_t *) arg, half = n / 2;
	wok_time start = wok_now();
	WOK_AUTO(wok_task) *a = wok_create_task(yields, &half);
	WOK_AUTO(wok_task) *b = wok_create_task(yields, &half);

	WOK_TRY(wok_await(a));
	WOK_TRY(wok_await(b));
	printf("ns_per_switch %.2f\n", (double) (wok_now() - start) / (double) n);
	return 0;
}

int main(int argc, char **argv)
{
	size_t n = bench_count(argc, argv, 1);

	return bench_exit("w2-switch", wok_run(run, &n));
}

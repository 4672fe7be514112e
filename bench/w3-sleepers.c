/* W3: N tasks sleep for a second, all at once. Says what a parked task costs in memory.
 * Try:      w3-sleepers 200000 */
#include "bench.h"

static int sleeper(void *arg)
{
	(void) arg;
	return wok_sleep(WOK_SECOND);
}

static int run(void *arg)
{
	size_t n = *(size_t *) arg, before = bench_memory("VmRSS:");
	wok_time start = wok_now();
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok_scope_spawn(scope, sleeper, NULL));
	WOK_TRY(wok_scope_join(scope));
	printf("wall_s %.4f\n", bench_seconds_since(start));
	printf("bytes_per_task %.0f\n", (double) (bench_memory("VmHWM:") - before) / (double) n);
	return 0;
}

int main(int argc, char **argv)
{
	size_t n = bench_count(argc, argv, 1);

	return bench_exit("w3-sleepers", wok_run(run, &n));
}

/* W5: a producer puts N integers into a queue with a limit, four tasks take them out.
 * Try:      w5-queue 10000000 */
#include "bench.h"

enum { CONSUMERS = 4, LIMIT = 100 };

struct counting {
	wok_queue *queue;
	size_t got; /* by all consumers */
};

static int consume(void *arg)
{
	struct counting *counting = arg;
	int item, r;

	while ((r = wok_queue_next(counting->queue, &item)) > 0)
		counting->got++;
	return r;
}

static int run(void *arg)
{
	size_t n = *(size_t *) arg;
	struct counting counting = {0};
	WOK_AUTO(wok_queue) *queue = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	wok_time start = wok_now();

	WOK_TRY(wok_queue_new(sizeof(int), LIMIT, &queue));
	WOK_TRY(wok_scope_new(&scope));
	counting.queue = queue;
	for (int i = 0; i < CONSUMERS; i++)
		WOK_TRY(wok_scope_spawn(scope, consume, &counting));
	for (size_t i = 0; i < n; i++) {
		int item = (int) i;
		WOK_TRY(wok_queue_put(queue, &item));
	}
	wok_queue_shutdown(queue, false);
	WOK_TRY(wok_scope_join(scope));
	if (counting.got != n)
		return wok_fail(-EPROTO, "%zu of %zu items came out", counting.got, n);
	printf("items_per_s %.0f\n", (double) n / bench_seconds_since(start));
	return 0;
}

int main(int argc, char **argv)
{
	size_t n = bench_count(argc, argv, 1);

	return bench_exit("w5-queue", wok_run(run, &n));
}

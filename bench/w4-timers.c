/* W4: N callbacks at random delays within a second.
 * Try:      w4-timers 1000000 */
#include "bench.h"

struct timers {
	size_t n;
	size_t fired;
	wok_event all;
};

static int fire(void *arg)
{
	struct timers *timers = arg;

	if (++timers->fired == timers->n)
		wok_event_set(&timers->all);
	return 0;
}

/* A cheap generator is enough to spread the delays: xorshift, Marsaglia 2003. */
static wok_time random_delay(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return (wok_time) (*state % (uint64_t) WOK_SECOND);
}

static int run(void *arg)
{
	struct timers *timers = arg;
	wok_time start = wok_now();
	uint64_t state = 88172645463325252u;
	double cpu = bench_cpu_seconds();

	for (size_t i = 0; i < timers->n; i++)
		if (wok_call_later(random_delay(&state), fire, timers).id == 0)
			return -ENOMEM;
	WOK_TRY(wok_event_wait(&timers->all));
	printf("wall_s %.4f\n", bench_seconds_since(start));
	printf("cpu_s %.4f\n", bench_cpu_seconds() - cpu);
	return 0;
}

int main(int argc, char **argv)
{
	struct timers timers = {.n = bench_count(argc, argv, 1), .all = WOK_EVENT_INIT};

	return bench_exit("w4-timers", wok_run(run, &timers));
}

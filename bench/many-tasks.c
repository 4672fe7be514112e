/* many-tasks: what does not grow with the number of tasks.
 * Try:      many-tasks short 10000000      that many through one scope: memory stays as it is
 *           many-tasks flat 100000         time of a switch among 10, 100 ... tasks
 *           strace -c many-tasks idle 10   a task that sleeps 10 s: no system calls meanwhile */
#include "bench.h"

static size_t mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	size_t lines = 0;

	for (int c; maps && (c = fgetc(maps)) != EOF;)
		lines += c == '\n';
	if (maps)
		fclose(maps);
	return lines;
}

static void say_memory(const char *when)
{
	printf("rss_%s %zu\nmappings_%s %zu\n", when, bench_memory("VmRSS:"), when, mappings());
}

static int yield_once(void *unused)
{
	(void) unused;
	return wok_yield();
}

/* A thousand are alive at a time. */
static int spawn_short(wok_scope *scope, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		WOK_TRY(wok_scope_spawn(scope, yield_once, NULL));
		while (wok_scope_children(scope) >= 1000)
			WOK_TRY(wok_yield());
	}
	return 0;
}

static int run_short(void *arg)
{
	size_t n = *(size_t *) arg;
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(spawn_short(scope, n / 100 + 1));
	say_memory("early");
	wok_time start = wok_now();
	WOK_TRY(spawn_short(scope, n));
	say_memory("late");
	printf("ns_per_task %.1f\n", (double) (wok_now() - start) / (double) n);
	return wok_scope_join(scope);
}

struct flat {
	size_t turns;    /* left, of all tasks together */
	wok_event start; /* sleepers wait for it, and for the end of the turns */
};

static int take_turns(void *arg)
{
	struct flat *flat = arg;

	WOK_TRY(wok_event_wait(&flat->start));
	while (flat->turns > 0) {
		flat->turns--;
		WOK_TRY(wok_yield());
	}
	return 0;
}

static int sleep_long(void *unused)
{
	(void) unused;
	return wok_sleep(3600 * WOK_SECOND);
}

/* Nanoseconds of a turn where "busy" tasks take turns while "idle" others sleep. */
static int time_turns(size_t busy, size_t idle, double *ret_ns)
{
	enum { TURNS = 3000000 };
	struct flat flat = {.start = WOK_EVENT_INIT};
	WOK_AUTO(wok_scope) *sleepers = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&sleepers));
	for (size_t i = 0; i < idle; i++)
		WOK_TRY(wok_scope_spawn(sleepers, sleep_long, NULL));
	WOK_TRY(wok_scope_new(&scope));
	for (size_t i = 0; i < busy; i++)
		WOK_TRY(wok_scope_spawn(scope, take_turns, &flat));
	for (int i = 0; i < 4; i++) /* until all wait */
		WOK_TRY(wok_yield());
	flat.turns = TURNS;
	wok_time start = wok_now();
	wok_event_set(&flat.start);
	WOK_TRY(wok_scope_join(scope));
	*ret_ns = (double) (wok_now() - start) / TURNS;
	wok_scope_cancel(sleepers, NULL);
	return wok_scope_join(sleepers);
}

static int run_flat(void *arg)
{
	double ns = 0;

	for (size_t n = 10; n <= *(size_t *) arg; n *= 10) {
		WOK_TRY(time_turns(n, 0, &ns));
		printf("ns_per_turn_of_%zu %.1f\n", n, ns);
		WOK_TRY(time_turns(10, n, &ns));
		printf("ns_per_turn_beside_%zu_asleep %.1f\n", n, ns);
	}
	return 0;
}

static int run_idle(void *arg)
{
	wok_loop_info before, after;

	WOK_TRY(wok_loop_get_info(&before));
	WOK_TRY(wok_sleep((wok_time) * (size_t *) arg * WOK_SECOND));
	WOK_TRY(wok_loop_get_info(&after));
	printf("visits_to_the_kernel %.0f\n", (double) (after.polls - before.polls));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	size_t n = bench_count(argc, argv, 2);
	wok_fn *fn = strcmp(what, "short") == 0  ? run_short
		     : strcmp(what, "flat") == 0 ? run_flat
		     : strcmp(what, "idle") == 0 ? run_idle
						 : NULL;

	if (!fn) {
		fprintf(stderr, "usage: many-tasks short|flat|idle N\n");
		return 2;
	}
	return bench_exit("many-tasks", wok_run(fn, &n));
}

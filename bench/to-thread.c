/* to-thread: a round trip to a thread and back, N times: by a bare condition variable, and by
 *            wok_to_thread(), one at a time and 16 at a time.
 * Try:       to-thread 50000 */
#include <pthread.h>

#include "bench.h"

enum { AT_ONCE = 16 };

static int nothing(void *unused)
{
	(void) unused;
	return 0;
}

/* The bare handoff: a flag that two threads turn. */
struct handoff {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	int turn; /* 1: the other thread's; 2: it is over */
};

static void wait_for_turn(struct handoff *handoff, int turn)
{
	while (handoff->turn < turn)
		pthread_cond_wait(&handoff->changed, &handoff->mutex);
}

static void *serve(void *arg)
{
	struct handoff *handoff = arg;

	pthread_mutex_lock(&handoff->mutex);
	for (;;) {
		wait_for_turn(handoff, 1);
		if (handoff->turn == 2)
			break;
		handoff->turn = 0;
		pthread_cond_signal(&handoff->changed);
	}
	pthread_mutex_unlock(&handoff->mutex);
	return NULL;
}

static int bare(size_t n)
{
	struct handoff handoff = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};
	pthread_t thread;

	if (pthread_create(&thread, NULL, serve, &handoff) != 0)
		return -EAGAIN;
	wok_time start = wok_now();
	pthread_mutex_lock(&handoff.mutex);
	for (size_t i = 0; i <= n; i++) {
		handoff.turn = i < n ? 1 : 2;
		pthread_cond_signal(&handoff.changed);
		while (handoff.turn == 1)
			pthread_cond_wait(&handoff.changed, &handoff.mutex);
	}
	pthread_mutex_unlock(&handoff.mutex);
	pthread_join(thread, NULL);
	printf("ns_bare_handoff %.0f\n", (double) (wok_now() - start) / (double) n);
	return 0;
}

static int round_trips(void *arg)
{
	for (size_t n = *(size_t *) arg; n > 0; n--)
		WOK_TRY(wok_to_thread(nothing, NULL));
	return 0;
}

static int run(void *arg)
{
	size_t n = *(size_t *) arg, parts[AT_ONCE];
	double cpu = bench_cpu_seconds();
	wok_time start = wok_now();

	WOK_TRY(round_trips(&n));
	printf("ns_to_thread %.0f\n", (double) (wok_now() - start) / (double) n);
	printf("cpu_ns_to_thread %.0f\n", (bench_cpu_seconds() - cpu) * 1e9 / (double) n);
	for (int i = 0; i < AT_ONCE; i++)
		parts[i] = n / AT_ONCE + 1;
	start = wok_now();
	WOK_TRY(wok_for_each(round_trips, parts, AT_ONCE, 0, 0));
	printf("ns_to_thread_%d_at_once %.0f\n", AT_ONCE,
	       (double) (wok_now() - start) / (double) (AT_ONCE * parts[0]));
	return 0;
}

int main(int argc, char **argv)
{
	size_t n = bench_count(argc, argv, 1);
	int r = bare(n);

	return bench_exit("to-thread", r < 0 ? r : wok_run(run, &n));
}

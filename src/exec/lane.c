/* SPDX-License-Identifier: MIT */
/* Lanes: see exec/lane.h. */
#include "exec/lane.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

enum { LINGER_SECONDS = 10, STACK_SIZE = 256 << 10 };

static struct wok__work *take(struct wok__lane *lane)
{
	struct wok__work *work = lane->first;

	if (!work)
		return NULL;
	lane->first = work->next;
	if (!lane->first)
		lane->end = &lane->first;
	return work;
}

/* Wait for work, for a while; under the mutex. */
static struct wok__work *wait_for_work(struct wok__lane *lane)
{
	struct wok__work *work;
	struct timespec until;
	int r = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += LINGER_SECONDS;
	lane->idle++;
	while (!(work = take(lane)) && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&lane->more, &lane->mutex, &until);
	lane->idle--;
	return work;
}

static void *thread(void *arg)
{
	struct wok__lane *lane = arg;
	struct wok__work *work;

	pthread_mutex_lock(&lane->mutex);
	while ((work = wait_for_work(lane))) {
		pthread_mutex_unlock(&lane->mutex);
		work->run(work);
		pthread_mutex_lock(&lane->mutex);
	}
	lane->threads--;
	pthread_mutex_unlock(&lane->mutex);
	return NULL;
}

/* A detached thread that takes no signals: they are the application's. */
static int start_thread(struct wok__lane *lane)
{
	pthread_attr_t attributes;
	sigset_t all, old;
	pthread_t id;

	int r = pthread_attr_init(&attributes);
	if (r != 0)
		return -r;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&id, &attributes, thread, lane);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	return -r;
}

/* More hands, if all are busy and there may be more; under the mutex. */
static int add_thread(struct wok__lane *lane)
{
	if (lane->idle > 0 || lane->threads >= lane->max_threads)
		return 0;
	int r = start_thread(lane);
	if (r == 0)
		lane->threads++;
	/* Those that are there will come to it, later. */
	return lane->threads > 0 ? 0 : r;
}

int wok__lane_submit(struct wok__lane *lane, struct wok__work *work)
{
	pthread_mutex_lock(&lane->mutex);
	int r = add_thread(lane);
	if (r == 0) {
		if (!lane->first)
			lane->end = &lane->first;
		work->next = NULL;
		*lane->end = work;
		lane->end = &work->next;
		pthread_cond_signal(&lane->more);
	}
	pthread_mutex_unlock(&lane->mutex);
	return r;
}

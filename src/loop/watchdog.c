/* SPDX-License-Identifier: MIT */
/* The watchdog of debug mode: see loop/watchdog.h. */
#include "loop/watchdog.h"

#include <pthread.h>
#include <time.h>

#include "base/memory.h"
#include "loop/report.h"
#include "platform/clock.h"
#include "platform/sys.h"

enum { STACK_SIZE = 64 << 10 };

struct step {
	wok_time since; /* 0: between two steps */
	const char *name;
	const wok_site *site;
	bool told; /* the report that comes while it runs has been made */
};

struct wok__watchdog {
	pthread_t thread;
	wok_time limit;
	pthread_mutex_t mutex;
	pthread_cond_t ending;
	/* Under the mutex: */
	struct step step;
	bool over;
};

static int milliseconds(wok_time span)
{
	return (int) (span / WOK_MS);
}

static void report_running(const struct wok__watchdog *watchdog, const struct step *step)
{
	wok__report(0, step->name, step->site,
		    "%s has held the loop for %d ms, and still does: nothing else runs meanwhile; "
		    "wok_to_thread() is for what blocks, wok_yield() for what computes",
		    step->name ? step->name : "a callback", milliseconds(watchdog->limit));
}

/* Look, and tell if it is time to; under the mutex, which is open during the report. */
static void look(struct wok__watchdog *watchdog)
{
	struct step *step = &watchdog->step;

	if (step->since == 0 || step->told || wok__clock_now() - step->since < watchdog->limit)
		return;
	step->told = true;
	struct step copy = *step;
	pthread_mutex_unlock(&watchdog->mutex);
	report_running(watchdog, &copy);
	pthread_mutex_lock(&watchdog->mutex);
}

static void *watch(void *arg)
{
	struct wok__watchdog *watchdog = arg;

	pthread_mutex_lock(&watchdog->mutex);
	while (!watchdog->over) {
		wok_time next = wok__clock_now() + watchdog->limit / 4 + 1;
		struct timespec until = {.tv_sec = next / WOK_SECOND, .tv_nsec = next % WOK_SECOND};
		pthread_cond_timedwait(&watchdog->ending, &watchdog->mutex, &until);
		look(watchdog);
	}
	pthread_mutex_unlock(&watchdog->mutex);
	return NULL;
}

static void release(struct wok__watchdog *watchdog)
{
	pthread_cond_destroy(&watchdog->ending);
	pthread_mutex_destroy(&watchdog->mutex);
	wok_free(watchdog);
}

void wok__watchdog_open(wok_loop *loop, wok_time limit)
{
	struct wok__watchdog *watchdog = wok__alloc_zeroed(sizeof(*watchdog));
	pthread_condattr_t attributes;

	if (!watchdog)
		return;
	watchdog->limit = limit;
	pthread_mutex_init(&watchdog->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&watchdog->ending, &attributes);
	pthread_condattr_destroy(&attributes);
	int r = wok__sys_thread(watch, watchdog, STACK_SIZE, false, &watchdog->thread);
	if (r < 0) {
		wok__report(r, NULL, NULL, "no thread for the watchdog: slow steps go unseen");
		release(watchdog);
		return;
	}
	loop->watchdog = watchdog;
}

void wok__watchdog_close(wok_loop *loop)
{
	struct wok__watchdog *watchdog = loop->watchdog;

	if (!watchdog)
		return;
	loop->watchdog = NULL;
	pthread_mutex_lock(&watchdog->mutex);
	watchdog->over = true;
	pthread_cond_signal(&watchdog->ending);
	pthread_mutex_unlock(&watchdog->mutex);
	pthread_join(watchdog->thread, NULL);
	release(watchdog);
}

void wok__watchdog_abandon(wok_loop *loop)
{
	loop->watchdog = NULL;
}

static void begin(struct wok__watchdog *watchdog)
{
	pthread_mutex_lock(&watchdog->mutex);
	watchdog->step = (struct step){.since = wok__clock_now()};
	pthread_mutex_unlock(&watchdog->mutex);
}

static void end(struct wok__watchdog *watchdog)
{
	pthread_mutex_lock(&watchdog->mutex);
	struct step step = watchdog->step;
	watchdog->step.since = 0;
	pthread_mutex_unlock(&watchdog->mutex);
	wok_time span = wok__clock_now() - step.since;
	if (span >= watchdog->limit)
		wok__report(0, step.name, step.site, "%s held the loop for %d ms",
			    step.name ? step.name : "a callback", milliseconds(span));
}

void wok__watchdog_run(wok_loop *loop, struct wok__item *item)
{
	begin(loop->watchdog);
	item->run(item);
	if (loop->watchdog) /* or the step was a fork, and this is the child */
		end(loop->watchdog);
}

void wok__watchdog_name(wok_loop *loop, const char *name, const wok_site *site)
{
	struct wok__watchdog *watchdog = loop->watchdog;

	if (!watchdog)
		return;
	pthread_mutex_lock(&watchdog->mutex);
	watchdog->step.name = name;
	watchdog->step.site = site;
	pthread_mutex_unlock(&watchdog->mutex);
}

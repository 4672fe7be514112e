/* SPDX-License-Identifier: MIT */
#ifndef WOK_EXEC_LANE_H
#define WOK_EXEC_LANE_H
/*
 * A lane: a queue of blocking work, and the threads that do it. Threads start when there is work
 * and end when there has been none for a while. Lanes belong to the process, not to a loop: their
 * work may outlast who asked for it.
 */
#include <pthread.h>
#include <stddef.h>

struct wok__work {
	struct wok__work *next;
	/* Called in a thread of the lane; what it leaves behind is its own business. */
	void (*run)(struct wok__work *work);
};

struct wok__lane {
	const char *name;
	size_t max_threads;
	pthread_mutex_t mutex;
	pthread_cond_t more;
	/* Under the mutex: */
	struct wok__work *first, **end;
	size_t threads;
	size_t idle;
};

#define WOK__LANE_INIT(name_, max_threads_)                                                        \
	{                                                                                          \
		.name = (name_), .max_threads = (max_threads_),                                    \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .more = PTHREAD_COND_INITIALIZER               \
	}

/* Queue work; -EAGAIN or -ENOMEM if there is no thread to do it and none can be started. */
int wok__lane_submit(struct wok__lane *lane, struct wok__work *work);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_WAY_H
#define WOK_CLI_WAY_H
#include "lab_events.h"

/* The work of a way's process. */
struct way_job {
	enum lab_way way;
	const char *url; /* fetched n times */
	size_t n;
	size_t limit;     /* requests at once, in WAY_LIMITED */
	wok_time timeout; /* of a request */
	struct events events;
};

/*
 * Whether an answer counts as fetched: the lab's server says 200, and redirects are not followed.
 */
static inline bool way_status_is_good(int status)
{
	return status >= 200 && status < 300;
}

/* WAY_SEQUENTIAL and WAY_THREADS. Returns 0, or what prevented the way as a whole. */
int way_run_blocking(struct way_job *job);

/* WAY_CONCURRENT and WAY_LIMITED. Returns 0, or what prevented the way as a whole. */
int way_run_on_wok(struct way_job *job);

#endif

/* SPDX-License-Identifier: MIT */
/*
 * `wok lab-way WAY URL N LIMIT DELAY`: the process of a way, started by the lab. A process each, so
 * that its peak memory is its own. It tells on CHILD_FD what happens.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/error.h>

#include "child.h"
#include "command.h"
#include "way.h"

enum {
	/* Descriptors that a process needs besides one for each request. */
	OTHER_DESCRIPTORS = 32,
	/*
	 * The lab's server lives under the same hard limit, and a few of its descriptors are no
	 * connections. Were it to run out first, requests would wait in its backlog for a long
	 * time; so the way runs out first, and fails at once, with a reason.
	 */
	LEFT_UNUSED = 16,
};

/* A server that takes this much longer than it was asked to has failed. */
#define PATIENCE (30 * WOK_SECOND)

/* Make room for the requests; where that is impossible, hint says what the user can do. */
static void allow_descriptors(const struct way_job *job, char *hint, size_t size)
{
	size_t at_once = job->way == WAY_SEQUENTIAL ? 1 : job->n;
	if (job->way == WAY_LIMITED && job->limit < at_once)
		at_once = job->limit;
	uint64_t wanted = at_once + OTHER_DESCRIPTORS;
	uint64_t allowed = child_allow_descriptors(wanted, LEFT_UNUSED);
	uint64_t possible = allowed > OTHER_DESCRIPTORS ? allowed - OTHER_DESCRIPTORS : 1;

	*hint = '\0';
	if (allowed < wanted)
		snprintf(hint, size,
			 "%s requests at once need %s file descriptors, and at most %s are "
			 "allowed here (the hard limit). Allow more (as root: ulimit -n %llu), or "
			 "ask for "
			 "less at once (--ways limited --limit %llu)",
			 text_count(at_once).s, text_count(wanted).s, text_count(allowed).s,
			 (unsigned long long) wanted, (unsigned long long) possible);
}

static int parse(int argc, char **argv, struct way_job *job)
{
	double delay;

	if (argc != 6)
		return -EINVAL;
	job->way = lab_way_of(argv[1]);
	job->url = argv[2];
	if (job->way == N_WAYS || text_to_count(argv[3], 1, SIZE_MAX, &job->n) < 0 ||
	    text_to_count(argv[4], 1, SIZE_MAX, &job->limit) < 0 ||
	    text_to_delay(argv[5], 0, 3600, &delay) < 0)
		return -EINVAL;
	job->timeout = (wok_time) (delay * (double) WOK_SECOND) + PATIENCE;
	return 0;
}

int lab_way_main(int argc, char **argv)
{
	struct way_job job = {.events.fd = CHILD_FD};
	char hint[512];

	if (parse(argc, argv, &job) < 0 || !child_has_fd()) {
		fputs("wok lab-way: this belongs to the lab; what you want is \"wok lab\"\n",
		      stderr);
		return EXIT_USAGE;
	}
	child_die_with_parent();
	allow_descriptors(&job, hint, sizeof(hint));

	bool on_wok = job.way == WAY_CONCURRENT || job.way == WAY_LIMITED;
	int r = on_wok ? way_run_on_wok(&job) : way_run_blocking(&job);
	events_peak(&job.events, child_peak_memory(0));
	if (*hint)
		events_hint(&job.events, hint);
	events_flush(&job.events);
	if (r < 0)
		fprintf(stderr, "wok lab: %s: %s\n", lab_way_title(job.way, job.limit).s,
			wok_errmsg(r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

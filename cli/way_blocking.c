/* SPDX-License-Identifier: MIT */
/*
 * The ways without a loop. Sequential: one connection, one request after another, as people write
 * it first. Threads: the other model of the source notes' section 1, a thread and a connection for
 * each request.
 */
#include <pthread.h>
#include <stdlib.h>
#include <wok/error.h>
#include <wok/loop.h>

#include "blocking_client.h"
#include "way.h"

/* Plenty for the client and getaddrinfo; the usual 8 MiB would be address space for nothing. */
enum { THREAD_STACK = 256 * 1024 };

static void fetch(struct way_job *job, struct blocking_client *client, const struct url *url,
		  size_t index)
{
	struct blocking_reply reply;
	char status[32];

	events_start(&job->events, index, wok_now());
	int r = blocking_client_get(client, url, &reply);
	wok_time end = wok_now();
	if (r < 0) {
		events_failed(&job->events, index, end, wok_errmsg(r));
		return;
	}
	events_first(&job->events, index, reply.first_byte);
	if (way_status_is_good(reply.status)) {
		events_fetched(&job->events, index, end);
		return;
	}
	snprintf(status, sizeof(status), "the status is %d", reply.status);
	events_failed(&job->events, index, end, status);
}

static void run_sequential(struct way_job *job, const struct url *url)
{
	struct blocking_client client;

	blocking_client_init(&client, job->timeout);
	events_begin(&job->events, wok_now());
	for (size_t i = 0; i < job->n; i++)
		fetch(job, &client, url, i);
	blocking_client_close(&client);
}

/* What a thread needs to know. */
struct errand {
	struct way_job *job;
	const struct url *url;
	size_t index;
	pthread_t thread;
	bool started;
};

static void *run_errand(void *arg)
{
	struct errand *errand = arg;
	struct blocking_client client;

	blocking_client_init(&client, errand->job->timeout);
	fetch(errand->job, &client, errand->url, errand->index);
	blocking_client_close(&client);
	return NULL;
}

static int run_threads(struct way_job *job, const struct url *url)
{
	pthread_attr_t attributes;
	struct errand *errands = calloc(job->n, sizeof(*errands));
	if (!errands)
		return -ENOMEM;

	int error = pthread_attr_init(&attributes);
	if (error == 0)
		error = pthread_attr_setstacksize(&attributes, THREAD_STACK);
	if (error != 0) {
		free(errands);
		return -error;
	}
	events_begin(&job->events, wok_now());
	for (size_t i = 0; i < job->n; i++) {
		errands[i] = (struct errand){.job = job, .url = url, .index = i};
		error = pthread_create(&errands[i].thread, &attributes, run_errand, &errands[i]);
		errands[i].started = error == 0;
		if (error != 0) {
			events_start(&job->events, i, wok_now());
			events_failed(&job->events, i, wok_now(),
				      "the system gives no more threads");
		}
	}
	for (size_t i = 0; i < job->n; i++) {
		if (errands[i].started)
			pthread_join(errands[i].thread, NULL);
	}
	pthread_attr_destroy(&attributes);
	free(errands);
	return 0;
}

int way_run_blocking(struct way_job *job)
{
	struct url url;

	/* Not buffered: there is no loop that could flush now and then. */
	events_init(&job->events, job->events.fd, false);
	int r = url_parse(job->url, &url);
	if (r < 0)
		return r;
	if (job->way == WAY_THREADS)
		return run_threads(job, &url);
	run_sequential(job, &url);
	return 0;
}

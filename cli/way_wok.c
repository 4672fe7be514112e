/* SPDX-License-Identifier: MIT */
/*
 * The ways on wok, written as any user would: one session, one scope, a task for each URL. In the
 * limited way a semaphore says how many are at the stove at once.
 *
 * A request that fails is an event, not an error of its task: an error would cancel the others.
 */
#include <stdlib.h>
#include <wok/http_client.h>
#include <wok/wok.h>

#include "way.h"

/* How often the events of a loop go to the lab: often enough for a bar that moves. */
#define FLUSH_EVERY (50 * WOK_MS)

struct kitchen {
	struct way_job *job;
	wok_http_session *session;
	wok_semaphore turns;
};

struct request {
	struct kitchen *kitchen;
	size_t index;
};

/* Read an answer to its end: the lab only wants to know that it came. */
static int read_body(wok_http_response *response)
{
	char buffer[2048];
	ssize_t n;

	do
		n = wok_http_read(response, buffer, sizeof(buffer));
	while (n > 0);
	return (int) n;
}

static int get(struct request *request, int *ret_status)
{
	struct way_job *job = request->kitchen->job;
	WOK_AUTO(wok_http_response) *response = NULL;

	WOK_TRY(wok_http_get(request->kitchen->session, job->url, NULL, &response));
	events_first(&job->events, request->index, wok_now());
	WOK_TRY(read_body(response));
	*ret_status = wok_http_status(response);
	return 0;
}

static int fetch(void *arg)
{
	struct request *request = arg;
	struct events *events = &request->kitchen->job->events;
	char reason[32];
	int status;

	events_start(events, request->index, wok_now());
	int r = get(request, &status);
	if (r == -ECANCELED)
		return r;
	if (r < 0) {
		events_failed(events, request->index, wok_now(), wok_errmsg(r));
	} else if (way_status_is_good(status)) {
		events_fetched(events, request->index, wok_now());
	} else {
		snprintf(reason, sizeof(reason), "the status is %d", status);
		events_failed(events, request->index, wok_now(), reason);
	}
	return 0;
}

static int fetch_in_turn(void *arg)
{
	struct request *request = arg;
	int r;

	WOK_WITH_SEMAPHORE (&request->kitchen->turns, r)
		r = fetch(request);
	return r;
}

static int flush_now_and_then(void *arg)
{
	struct events *events = arg;

	for (;;) {
		WOK_TRY(wok_sleep(FLUSH_EVERY));
		events_flush(events);
	}
}

static int fetch_all(struct kitchen *kitchen, struct request *requests)
{
	struct way_job *job = kitchen->job;
	wok_fn *fn = job->way == WAY_LIMITED ? fetch_in_turn : fetch;
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	events_begin(&job->events, wok_now());
	for (size_t i = 0; i < job->n; i++) {
		requests[i] = (struct request){.kitchen = kitchen, .index = i};
		WOK_TRY(wok_scope_spawn(scope, fn, &requests[i]));
	}
	return wok_scope_join(scope);
}

static int cook(void *arg)
{
	struct way_job *job = arg;
	WOK_AUTO(wok_http_session) *session = NULL;
	wok_http_session_options options = {.limit = WOK_UNLIMITED, .timeout = job->timeout};

	WOK_TRY(wok_http_session_new(&options, &session));
	struct kitchen kitchen = {
		.job = job,
		.session = session,
		.turns = WOK_SEMAPHORE_INIT(job->limit),
	};
	struct request *requests = calloc(job->n, sizeof(*requests));
	if (!requests)
		return -ENOMEM;
	wok_task *flusher = wok_create_task(flush_now_and_then, &job->events);
	int r = fetch_all(&kitchen, requests);
	wok_task_free(flusher);
	free(requests);
	return r;
}

int way_run_on_wok(struct way_job *job)
{
	events_init(&job->events, job->events.fd, true);
	int r = wok_run(cook, job);
	events_flush(&job->events);
	/* Ctrl-C came to the lab, which has passed it on: all is as it should be. */
	return r == -EINTR ? 0 : r;
}

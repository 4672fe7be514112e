/* SPDX-License-Identifier: MIT */
/* What the ways did: see lab_result.h. */
#include "lab_result.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const words[N_WAYS] = {"sequential", "threads", "concurrent", "limited"};

const char *lab_way_word(enum lab_way way)
{
	return words[way];
}

enum lab_way lab_way_of(const char *word)
{
	for (int way = 0; way < N_WAYS; way++) {
		if (strcmp(word, words[way]) == 0)
			return (enum lab_way) way;
	}
	return N_WAYS;
}

struct text lab_way_title(enum lab_way way, size_t limit)
{
	static const char *const titles[N_WAYS] = {"one after another", "a thread each",
						   "all at once", NULL};
	struct text out;

	if (titles[way])
		snprintf(out.s, sizeof(out.s), "%s", titles[way]);
	else
		snprintf(out.s, sizeof(out.s), "at most %.14s at once", text_count(limit).s);
	return out;
}

int way_result_init(struct way_result *result, enum lab_way way, size_t limit, size_t n)
{
	*result = (struct way_result){.way = way, .title = lab_way_title(way, limit), .n = n};
	result->requests = calloc(n, sizeof(*result->requests));
	return result->requests ? 0 : -ENOMEM;
}

void way_result_clear(struct way_result *result)
{
	for (size_t i = 0; i < result->n_failures; i++)
		free(result->failures[i].reason);
	free(result->requests);
	*result = (struct way_result){0};
}

/* The request, if the event fits the state that it is in. */
static struct request_record *find(struct way_result *result, size_t index,
				   enum request_state expected)
{
	if (index >= result->n || result->requests[index].state != expected)
		return NULL;
	return &result->requests[index];
}

void way_result_started(struct way_result *result, size_t index, wok_time at)
{
	struct request_record *request = find(result, index, REQUEST_NOT_BEGUN);

	if (!request)
		return;
	result->started++;
	request->state = REQUEST_RUNS;
	request->start = at - result->began;
	request->first_byte = -1;
}

void way_result_first_byte(struct way_result *result, size_t index, wok_time at)
{
	struct request_record *request = find(result, index, REQUEST_RUNS);

	if (request)
		request->first_byte = at - result->began;
}

static struct request_record *end(struct way_result *result, size_t index, wok_time at,
				  enum request_state state)
{
	struct request_record *request = find(result, index, REQUEST_RUNS);

	if (!request)
		return NULL;
	request->state = state;
	request->end = at - result->began;
	if (request->end > result->elapsed)
		result->elapsed = request->end;
	return request;
}

void way_result_fetched(struct way_result *result, size_t index, wok_time at)
{
	if (end(result, index, at, REQUEST_FETCHED))
		result->fetched++;
}

static void count_reason(struct way_result *result, const char *reason, size_t count)
{
	for (size_t i = 0; i < result->n_failures; i++) {
		if (strcmp(result->failures[i].reason, reason) == 0) {
			result->failures[i].count += count;
			return;
		}
	}
	char *copy = result->n_failures < FAILURES_KEPT ? strdup(reason) : NULL;
	if (copy)
		result->failures[result->n_failures++] = (struct failure){copy, count};
	else
		result->other_failures += count;
}

void way_result_failed(struct way_result *result, size_t index, wok_time at, const char *reason)
{
	if (!end(result, index, at, REQUEST_FAILED))
		return;
	result->failed++;
	count_reason(result, reason, 1);
}

void way_result_close(struct way_result *result, wok_time at, const char *reason)
{
	size_t cut_off = result->n - result->fetched - result->failed;

	if (cut_off == 0)
		return;
	for (size_t i = 0; i < result->n; i++) {
		if (result->requests[i].state == REQUEST_RUNS)
			end(result, i, at, REQUEST_FAILED);
	}
	result->failed += cut_off;
	count_reason(result, reason, cut_off);
}

double way_result_speedup(const struct way_result *result, const struct way_result *baseline)
{
	if (result->fetched < result->n || baseline->fetched < baseline->n || result->elapsed <= 0)
		return 0;
	return (double) baseline->elapsed / (double) result->elapsed;
}

const struct way_result *way_results_baseline(const struct way_result *results, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (results[i].way == WAY_SEQUENTIAL)
			return &results[i];
	}
	return results;
}

wok_time way_results_longest(const struct way_result *results, size_t n)
{
	wok_time longest = 0;
	size_t fetched = 0;

	for (size_t i = 0; i < n; i++) {
		fetched += results[i].fetched;
		if (results[i].elapsed > longest)
			longest = results[i].elapsed;
	}
	return fetched > 0 ? longest : 0;
}

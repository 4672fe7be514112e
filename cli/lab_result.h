/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_LAB_RESULT_H
#define WOK_CLI_LAB_RESULT_H
#include <wok/base.h>

#include "text.h"

/* The ways in which the lab fetches its URLs. */
enum lab_way {
	WAY_SEQUENTIAL, /* one after another, by a blocking client */
	WAY_THREADS,    /* a blocking client in a thread each */
	WAY_CONCURRENT, /* all at once on wok */
	WAY_LIMITED,    /* at most so many at once on wok */
	N_WAYS
};

/* A way as the options call it: "sequential". */
const char *lab_way_word(enum lab_way way);

/* The way of such a word; N_WAYS if there is none. */
enum lab_way lab_way_of(const char *word);

/* A way as a person calls it: "one after another", "at most 5 at once". */
struct text lab_way_title(enum lab_way way, size_t limit);

/* What became of a request. */
enum request_state {
	REQUEST_NOT_BEGUN,
	REQUEST_RUNS,
	REQUEST_FETCHED,
	REQUEST_FAILED,
};

/* One request. Times count from the way's beginning. */
struct request_record {
	enum request_state state;
	wok_time start;
	wok_time first_byte; /* -1: none came */
	wok_time end;
};

/* A reason for which requests failed, and how many did. */
struct failure {
	char *reason; /* malloc'd */
	size_t count;
};

enum { FAILURES_KEPT = 4 };

/* What a way did. */
struct way_result {
	enum lab_way way;
	struct text title;
	size_t n;                        /* URLs that it was to fetch */
	struct request_record *requests; /* n of them, malloc'd */
	wok_time began;                  /* on the clock of the events */
	size_t started;
	size_t fetched;
	size_t failed;        /* ended without an answer that counts */
	wok_time elapsed;     /* from the beginning to the last answer */
	uint64_t peak_memory; /* bytes; 0: unknown */
	struct failure failures[FAILURES_KEPT];
	size_t n_failures;     /* of them in use */
	size_t other_failures; /* requests that failed for more reasons than are kept */
};

/**
 * Make an empty result.
 *
 * Returns:    0; -ENOMEM
 */
int way_result_init(struct way_result *result, enum lab_way way, size_t limit, size_t n);
void way_result_clear(struct way_result *result);

/* Take note of what happened to a request. An event that makes no sense is passed over. */
void way_result_started(struct way_result *result, size_t index, wok_time at);
void way_result_first_byte(struct way_result *result, size_t index, wok_time at);
void way_result_fetched(struct way_result *result, size_t index, wok_time at);
void way_result_failed(struct way_result *result, size_t index, wok_time at, const char *reason);

/* The way is over: what runs still, or never began, has failed. at: now, on the events' clock. */
void way_result_close(struct way_result *result, wok_time at, const char *reason);

/* How many times faster than another way; 0 if that would say nothing: not all was fetched. */
double way_result_speedup(const struct way_result *result, const struct way_result *baseline);

/* What the others are compared with: the sequential way, or else the first. */
const struct way_result *way_results_baseline(const struct way_result *results, size_t n);

/* The longest of the ways, for a common time axis; 0 if nothing at all was fetched. */
wok_time way_results_longest(const struct way_result *results, size_t n);

#endif

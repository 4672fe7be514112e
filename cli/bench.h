/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_BENCH_H
#define WOK_CLI_BENCH_H
#include <stdio.h>
#include <wok/base.h>

#include "histogram.h"
#include "url.h"

/* What `wok bench` was asked to do. */
struct bench_options {
	const char *text; /* the URL as it was typed */
	struct url url;
	const char
		*address; /* where to connect to, as wok_connect() has it; NULL: the URL's host */
	size_t connections;
	size_t threads;
	size_t pipeline;
	size_t requests;   /* 0: as many as the time allows */
	wok_time duration; /* 0: until all requests are answered */
	double rate;       /* requests a second; 0: as fast as the answers come */
	wok_time timeout;  /* for a connection, and for a response */
	const char *method;
	char *headers; /* lines, each with its end; malloc'd */
	bool has_host, has_agent;
	char *body; /* malloc'd; NULL: none */
	size_t body_size;
	bool has_body;
	bool json;
	const char *html; /* the file's name; NULL: none */
	char **argv;      /* the command line, for the report */
};

/**
 * Read the command line; complain on stderr.
 *
 * argv:       borrowed; argv[0] is "bench"
 * Returns:    0; 1 if help was asked for, and given; -EINVAL; -ENOMEM
 */
int bench_options_parse(int argc, char **argv, struct bench_options *ret_options);
void bench_options_clear(struct bench_options *options);

/* Why a request got no response. */
enum bench_error {
	BENCH_CONNECT, /* no connection came about */
	BENCH_CLOSED,  /* the connection ended before the response did */
	BENCH_TIMEOUT,
	BENCH_BROKEN, /* the response is not HTTP/1 */
	BENCH_OTHER,
	N_BENCH_ERRORS
};

/* "connect", "closed" ... */
const char *bench_error_word(enum bench_error error);

/* How it went over time: at most so many slices, which grow when they are used up. */
enum { BENCH_SLICES = 120 };

struct bench_slices {
	wok_time width;
	size_t n; /* of them that were reached */
	struct bench_slice {
		uint64_t responses;
		uint64_t errors;
		wok_time max; /* the longest latency */
	} slices[BENCH_SLICES];
};

struct bench_slice *bench_slice_at(struct bench_slices *slices, wok_time at);
void bench_slices_merge(struct bench_slices *slices, const struct bench_slices *other);

/* What was measured: by one thread, or in all. */
struct bench_result {
	struct histogram *latency; /* with a rate, from the moment that the schedule had */
	struct histogram *service; /* from the moment at which it was sent; NULL without a rate */
	uint64_t responses;
	uint64_t statuses[1000];
	uint64_t bytes;  /* that came */
	uint64_t opened; /* connections */
	uint64_t resent; /* requests, because an idle connection had just been closed */
	uint64_t missed; /* requests that the schedule had, and that never got their turn */
	uint64_t errors[N_BENCH_ERRORS];
	char reasons[N_BENCH_ERRORS][160]; /* of the first of each */
	wok_time began;
	wok_time ended;
	double cpu; /* seconds of CPU time that the load generator took */
	struct bench_slices slices;
};

/* Returns 0; -ENOMEM. */
int bench_result_init(struct bench_result *result, bool with_rate);
void bench_result_clear(struct bench_result *result);
void bench_result_merge(struct bench_result *result, const struct bench_result *other);
uint64_t bench_result_errors(const struct bench_result *result);
uint64_t bench_result_bad(const struct bench_result *result); /* statuses from 400 on */
double bench_result_seconds(const struct bench_result *result);

/**
 * Load the server as the options say. Ctrl-C ends it early.
 *
 * ret_result: to be cleared; there whenever something was measured, even if the call failed
 * Returns:    0; -EINTR after Ctrl-C; why there was no first connection; others if this machine
 *             failed
 */
int bench_load(const struct bench_options *options, struct bench_result *ret_result);

/* The percentiles that are reported, and how many there are. */
extern const double bench_percentiles[];
enum { N_BENCH_PERCENTILES = 8 };

void bench_report_text(FILE *out, const struct bench_options *options,
		       const struct bench_result *result);
int bench_report_json(FILE *out, const struct bench_options *options,
		      const struct bench_result *result);
int bench_report_html(const struct bench_options *options, const struct bench_result *result);

#endif

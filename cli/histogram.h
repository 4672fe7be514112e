/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_HISTOGRAM_H
#define WOK_CLI_HISTOGRAM_H
#include <wok/base.h>

/*
 * How often each span of time was measured, in memory that does not grow: a span is kept with its
 * eleven leading bits, so what comes out is at most a thousandth off what went in (the idea of
 * HdrHistogram). Spans beyond an hour count as one.
 */
enum {
	HISTOGRAM_BITS = 11,                        /* of a span that are kept */
	HISTOGRAM_HALF = 1 << (HISTOGRAM_BITS - 1), /* slots for each further power of two */
	HISTOGRAM_SLOTS = 33 * HISTOGRAM_HALF,      /* up to 2^42 ns, which is more than an hour */
};

struct histogram {
	uint64_t count;
	double sum; /* nanoseconds */
	wok_time min;
	wok_time max;
	uint64_t slots[HISTOGRAM_SLOTS];
};

/* One on the heap, empty; free(3) it. NULL: no memory. */
struct histogram *histogram_new(void);

/* Count a span; one below 0 counts as 0. */
void histogram_add(struct histogram *histogram, wok_time span);

/* Count in a histogram what another one has counted. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* The span that so many per cent of the spans do not exceed; 0 if nothing was counted. */
wok_time histogram_percentile(const struct histogram *histogram, double percent);

double histogram_mean(const struct histogram *histogram); /* nanoseconds */
double histogram_deviation(const struct histogram *histogram);

#endif

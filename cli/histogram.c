/* SPDX-License-Identifier: MIT */
/*
 * Spans of time, counted: see histogram.h.
 *
 * The first 2048 slots are for the spans 0 to 2047 ns themselves. Each further power of two has
 * 1024 slots: its upper half, since the lower half is the powers before.
 */
#include "histogram.h"

#include <math.h>
#include <stdlib.h>

#define MOST (60 * WOK_MINUTE)

struct histogram *histogram_new(void)
{
	return calloc(1, sizeof(struct histogram));
}

static unsigned shift_of(uint64_t span)
{
	unsigned bits = 64 - (unsigned) __builtin_clzll(span | 1);

	return bits > HISTOGRAM_BITS ? bits - HISTOGRAM_BITS : 0;
}

static size_t slot_of(uint64_t span)
{
	unsigned shift = shift_of(span);

	return (size_t) shift * HISTOGRAM_HALF + (size_t) (span >> shift);
}

/* The middle of the spans that a slot stands for. */
static double span_of(size_t slot)
{
	if (slot < 2 * (size_t) HISTOGRAM_HALF)
		return (double) slot;
	size_t shift = slot / HISTOGRAM_HALF - 1;
	uint64_t lowest = (uint64_t) (slot - shift * HISTOGRAM_HALF) << shift;
	return (double) lowest + (double) ((UINT64_C(1) << shift) - 1) / 2;
}

void histogram_add(struct histogram *histogram, wok_time span)
{
	wok_time kept = span < 0 ? 0 : span > MOST ? MOST : span;

	if (histogram->count == 0 || kept < histogram->min)
		histogram->min = kept;
	if (kept > histogram->max)
		histogram->max = kept;
	histogram->count++;
	histogram->sum += (double) kept;
	histogram->slots[slot_of((uint64_t) kept)]++;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
	if (other->count == 0)
		return;
	if (histogram->count == 0 || other->min < histogram->min)
		histogram->min = other->min;
	if (other->max > histogram->max)
		histogram->max = other->max;
	histogram->count += other->count;
	histogram->sum += other->sum;
	for (size_t i = 0; i < HISTOGRAM_SLOTS; i++)
		histogram->slots[i] += other->slots[i];
}

wok_time histogram_percentile(const struct histogram *histogram, double percent)
{
	/* The rank of the span that is asked for: the first is 1. */
	double rank = ceil((double) histogram->count * percent / 100 - 1e-9);
	uint64_t wanted = rank < 1 ? 1 : (uint64_t) rank, seen = 0;

	if (wanted >= histogram->count)
		return histogram->max;
	for (size_t i = 0; i < HISTOGRAM_SLOTS; i++) {
		seen += histogram->slots[i];
		if (seen < wanted)
			continue;
		wok_time span = (wok_time) span_of(i);
		/* The ends are known exactly. */
		return span > histogram->max   ? histogram->max
		       : span < histogram->min ? histogram->min
					       : span;
	}
	return histogram->max;
}

double histogram_mean(const struct histogram *histogram)
{
	return histogram->count > 0 ? histogram->sum / (double) histogram->count : 0;
}

double histogram_deviation(const struct histogram *histogram)
{
	double mean = histogram_mean(histogram), sum = 0;

	if (histogram->count == 0)
		return 0;
	for (size_t i = 0; i < HISTOGRAM_SLOTS; i++) {
		double off = span_of(i) - mean;
		sum += off * off * (double) histogram->slots[i];
	}
	return sqrt(sum / (double) histogram->count);
}

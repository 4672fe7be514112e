/* SPDX-License-Identifier: MIT */
/* What `wok bench` measures, added up: see bench.h. */
#include <stdlib.h>

#include "bench.h"

#define FIRST_WIDTH (100 * WOK_MS)

const char *bench_error_word(enum bench_error error)
{
	static const char *const words[] = {"connect", "closed", "timeout", "broken", "other"};

	return words[error];
}

int bench_result_init(struct bench_result *result, bool with_rate)
{
	*result = (struct bench_result){
		.latency = histogram_new(),
		.service = with_rate ? histogram_new() : NULL,
		.slices.width = FIRST_WIDTH,
	};
	if (result->latency && (result->service || !with_rate))
		return 0;
	bench_result_clear(result);
	return -ENOMEM;
}

void bench_result_clear(struct bench_result *result)
{
	free(result->latency);
	free(result->service);
	result->latency = result->service = NULL;
}

static void add_slice(struct bench_slice *to, const struct bench_slice *from)
{
	to->responses += from->responses;
	to->errors += from->errors;
	if (from->max > to->max)
		to->max = from->max;
}

/* Two slices become one. */
static void widen(struct bench_slices *slices)
{
	for (size_t i = 0; i < BENCH_SLICES / 2; i++) {
		slices->slices[i] = slices->slices[2 * i];
		add_slice(&slices->slices[i], &slices->slices[2 * i + 1]);
	}
	for (size_t i = BENCH_SLICES / 2; i < BENCH_SLICES; i++)
		slices->slices[i] = (struct bench_slice){0};
	slices->width *= 2;
	slices->n = (slices->n + 1) / 2;
}

struct bench_slice *bench_slice_at(struct bench_slices *slices, wok_time at)
{
	size_t index = at > 0 ? (size_t) (at / slices->width) : 0;

	while (index >= BENCH_SLICES) {
		widen(slices);
		index = (size_t) (at / slices->width);
	}
	if (index >= slices->n)
		slices->n = index + 1;
	return &slices->slices[index];
}

void bench_slices_merge(struct bench_slices *slices, const struct bench_slices *other)
{
	struct bench_slices copy = *other;

	while (slices->width < copy.width)
		widen(slices);
	while (copy.width < slices->width)
		widen(&copy);
	for (size_t i = 0; i < copy.n; i++)
		add_slice(&slices->slices[i], &copy.slices[i]);
	if (copy.n > slices->n)
		slices->n = copy.n;
}

void bench_result_merge(struct bench_result *result, const struct bench_result *other)
{
	histogram_merge(result->latency, other->latency);
	if (result->service && other->service)
		histogram_merge(result->service, other->service);
	result->responses += other->responses;
	for (size_t i = 0; i < 1000; i++)
		result->statuses[i] += other->statuses[i];
	result->bytes += other->bytes;
	result->opened += other->opened;
	result->resent += other->resent;
	result->missed += other->missed;
	for (size_t i = 0; i < N_BENCH_ERRORS; i++) {
		if (result->errors[i] == 0)
			snprintf(result->reasons[i], sizeof(result->reasons[i]), "%s",
				 other->reasons[i]);
		result->errors[i] += other->errors[i];
	}
	if (other->began > 0 && (result->began == 0 || other->began < result->began))
		result->began = other->began;
	if (other->ended > result->ended)
		result->ended = other->ended;
	bench_slices_merge(&result->slices, &other->slices);
}

uint64_t bench_result_errors(const struct bench_result *result)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < N_BENCH_ERRORS; i++)
		sum += result->errors[i];
	return sum;
}

uint64_t bench_result_bad(const struct bench_result *result)
{
	uint64_t sum = 0;

	for (size_t i = 400; i < 1000; i++)
		sum += result->statuses[i];
	return sum;
}

double bench_result_seconds(const struct bench_result *result)
{
	double seconds = (double) (result->ended - result->began) / (double) WOK_SECOND;

	return seconds > 0 ? seconds : 0;
}

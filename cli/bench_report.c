/* SPDX-License-Identifier: MIT */
/* What `wok bench` measured, as text and as JSON: see bench.h. */
#include <jansson.h>
#include <stdio.h>

#include "bench.h"
#include "text.h"

const double bench_percentiles[N_BENCH_PERCENTILES] = {50, 75, 90, 95, 99, 99.9, 99.99, 100};

static uint64_t per_second(const struct bench_result *result, uint64_t count)
{
	double seconds = bench_result_seconds(result);

	return seconds > 0 ? (uint64_t) ((double) count / seconds + 0.5) : 0;
}

static void print_latencies(FILE *out, const struct bench_result *result)
{
	const struct histogram *latency = result->latency, *service = result->service;

	fprintf(out, "\n  latency  %12s%s\n", service ? "since due" : "",
		service ? "  since sent" : "");
	for (size_t i = 0; i < N_BENCH_PERCENTILES; i++) {
		double percent = bench_percentiles[i];
		char name[16];
		snprintf(name, sizeof(name), percent < 100 ? "%g%%" : "max", percent);
		fprintf(out, "  %7s  %12s", name,
			text_latency(histogram_percentile(latency, percent)).s);
		if (service)
			fprintf(out, "  %10s",
				text_latency(histogram_percentile(service, percent)).s);
		fputc('\n', out);
	}
	fprintf(out, "  %7s  %12s", "mean", text_latency((wok_time) histogram_mean(latency)).s);
	if (service)
		fprintf(out, "  %10s", text_latency((wok_time) histogram_mean(service)).s);
	fputc('\n', out);
}

static void print_statuses(FILE *out, const struct bench_result *result)
{
	fputs("\n  statuses ", out);
	for (size_t i = 0; i < 1000; i++) {
		if (result->statuses[i] > 0)
			fprintf(out, " %zu: %s", i, text_count(result->statuses[i]).s);
	}
	if (result->responses == 0)
		fputs(" none", out);
	fputc('\n', out);
}

static void print_errors(FILE *out, const struct bench_result *result)
{
	for (size_t i = 0; i < N_BENCH_ERRORS; i++) {
		if (result->errors[i] > 0)
			fprintf(out, "  errors    %s: %s (%s)\n", bench_error_word(i),
				text_count(result->errors[i]).s, result->reasons[i]);
	}
	if (result->resent > 0)
		fprintf(out, "  resent    %s, because the server had closed the connection\n",
			text_count(result->resent).s);
	if (result->missed > 0)
		fprintf(out,
			"  missed    %s requests were due, and no connection was free to send "
			"them\n",
			text_count(result->missed).s);
}

void bench_report_text(FILE *out, const struct bench_options *options,
		       const struct bench_result *result)
{
	double seconds = bench_result_seconds(result);

	fprintf(out, "%s %s: %s connections", options->method, options->text,
		text_count(options->connections).s);
	if (options->threads > 1)
		fprintf(out, ", %zu threads", options->threads);
	if (options->pipeline > 1)
		fprintf(out, ", %zu requests in a piece", options->pipeline);
	if (options->rate > 0)
		fprintf(out, ", %s requests a second", text_delay(options->rate).s);
	fprintf(out, "\n\n  %s responses in %s: %s/s, %s/s\n", text_count(result->responses).s,
		text_seconds((wok_time) (seconds * (double) WOK_SECOND)).s,
		text_count(per_second(result, result->responses)).s,
		text_bytes(per_second(result, result->bytes)).s);
	if (result->latency->count > 0)
		print_latencies(out, result);
	print_statuses(out, result);
	print_errors(out, result);
	/* Else one measures this program. */
	if (seconds > 0.5 && result->cpu / seconds > 0.9 * (double) options->threads)
		fputs("\n  The load generator itself used all of its processor time: the server "
		      "may "
		      "well be faster.\n  More --threads help if there are processors for them.\n",
		      out);
}

/* Nanoseconds as milliseconds, to a thousandth. */
static json_t *milliseconds(double span)
{
	return json_real((double) (int64_t) (span / 1e3 + 0.5) / 1e3);
}

static json_t *describe_histogram(const struct histogram *histogram)
{
	json_t *object = json_object();
	char name[16];
	int r = 0;

	if (!histogram || histogram->count == 0) {
		json_decref(object);
		return json_null();
	}
	r |= json_object_set_new(object, "min", milliseconds((double) histogram->min));
	r |= json_object_set_new(object, "mean", milliseconds(histogram_mean(histogram)));
	r |= json_object_set_new(object, "deviation", milliseconds(histogram_deviation(histogram)));
	for (size_t i = 0; i < N_BENCH_PERCENTILES; i++) {
		double percent = bench_percentiles[i];
		snprintf(name, sizeof(name), percent < 100 ? "p%g" : "max", percent);
		r |= json_object_set_new(
			object, name,
			milliseconds((double) histogram_percentile(histogram, percent)));
	}
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *describe_statuses(const struct bench_result *result)
{
	json_t *object = json_object();
	char name[8];
	int r = 0;

	for (size_t i = 0; i < 1000; i++) {
		if (result->statuses[i] == 0)
			continue;
		snprintf(name, sizeof(name), "%zu", i);
		r |= json_object_set_new(object, name,
					 json_integer((json_int_t) result->statuses[i]));
	}
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}

static json_t *describe_errors(const struct bench_result *result)
{
	json_t *object = json_object();
	int r = 0;

	for (size_t i = 0; i < N_BENCH_ERRORS; i++)
		r |= json_object_set_new(object, bench_error_word(i),
					 json_integer((json_int_t) result->errors[i]));
	if (r == 0)
		return object;
	json_decref(object);
	return NULL;
}

int bench_report_json(FILE *out, const struct bench_options *options,
		      const struct bench_result *result)
{
	double seconds = bench_result_seconds(result);
	json_t *object = json_pack(
		"{s:s, s:s, s:I, s:I, s:I, s:f, s:f, s:I, s:I, s:f, s:I, s:I, s:I, s:f, s:o, s:o, "
		"s:o, s:o}",
		"url", options->text, "method", options->method, "connections",
		(json_int_t) options->connections, "threads", (json_int_t) options->threads,
		"pipeline", (json_int_t) options->pipeline, "rate", options->rate, "seconds",
		seconds, "responses", (json_int_t) result->responses, "bytes",
		(json_int_t) result->bytes, "requests_per_second",
		seconds > 0 ? (double) result->responses / seconds : 0.0, "opened",
		(json_int_t) result->opened, "resent", (json_int_t) result->resent, "missed",
		(json_int_t) result->missed, "cpu_seconds", result->cpu, "statuses",
		describe_statuses(result), "errors", describe_errors(result), "latency_ms",
		describe_histogram(result->latency), "service_ms",
		describe_histogram(result->service));
	if (!object)
		return -ENOMEM;
	int r = json_dumpf(object, out, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
	json_decref(object);
	return r < 0 || fputc('\n', out) == EOF ? -EIO : 0;
}

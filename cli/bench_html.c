/* SPDX-License-Identifier: MIT */
/*
 * The page of `wok bench`: the figures, latency by percentile, and how it went over time.
 *
 * As in report_svg.c all is in per cent across and in pixels down, so that letters stay as large as
 * the page's. A curve lies in an inner picture of 1000 by 1000 that is stretched to its place.
 */
#include <math.h>
#include <stdio.h>

#include "bench.h"
#include "page.h"
#include "text.h"

enum { HEIGHT = 260, TOP = 10, BOTTOM = 26, MAX_DECADES = 12 };

static const char style[] =
	":root{--due:#c8742a;--sent:#12857a;--rate:#2f6fc4}\n"
	"@media(prefers-color-scheme:dark){:root{--due:#e39a55;--sent:#3fc0b0;--rate:#6aa5f0}}\n"
	"td,b{white-space:nowrap}.figures td{font-weight:650}\n"
	".plot{padding-left:4.4rem}\n"
	".mark{fill:var(--soft);font-size:11px;text-anchor:end}\n"
	".under{fill:var(--soft);font-size:11px;text-anchor:middle}\n"
	".curve{fill:none;stroke-width:2;vector-effect:non-scaling-stroke;stroke-linejoin:round}\n"
	".due{stroke:var(--due)}.sent{stroke:var(--sent)}\n"
	"i{display:inline-block;width:.65rem;height:.65rem;border-radius:2px;margin:0 .4rem 0 0}\n"
	"i.due{background:var(--due)}i.sent{background:var(--sent)}i.rate{background:var(--rate)}\n"
	".bar{fill:var(--rate)}.bad{fill:var(--bad)}\n";

/* --- a logarithmic axis of latencies ------------------------------------------------------- */

struct decades {
	double low; /* log10 of nanoseconds, whole */
	double high;
};

static struct decades decades_of(const struct bench_result *result)
{
	wok_time min = result->latency->min, max = result->latency->max;

	if (result->service && result->service->min < min)
		min = result->service->min;
	struct decades decades = {floor(log10((double) (min > 1 ? min : 1))),
				  ceil(log10((double) (max > 1 ? max : 1)))};
	if (decades.high <= decades.low)
		decades.high = decades.low + 1;
	return decades;
}

/* Where a latency stands: 0 at the top, 1 at the bottom. */
static double depth(const struct decades *decades, wok_time span)
{
	double at = log10((double) (span > 1 ? span : 1));
	double part = (at - decades->low) / (decades->high - decades->low);

	return 1 - (part < 0 ? 0 : part > 1 ? 1 : part);
}

static double pixels(double part)
{
	return TOP + part * (HEIGHT - TOP - BOTTOM);
}

static void print_decades(FILE *out, const struct decades *decades)
{
	for (int at = (int) decades->low; at <= (int) decades->high; at++) {
		wok_time span = (wok_time) llround(pow(10, at));
		double y = pixels(depth(decades, span));
		const char *unit = at < 3 ? "ns" : at < 6 ? "us" : at < 9 ? "ms" : "s";
		fprintf(out,
			"<line class=\"grid\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>"
			"<text class=\"mark\" x=\"-8\" y=\"%.1f\">%.0f %s</text>\n",
			y, y, y + 4, pow(10, fmod(at, 3)), unit);
	}
}

/* --- latency by percentile ----------------------------------------------------------------- */

/* Each nine is as wide as the next: the tail is what one looks for. */
static double nines_of(const struct bench_result *result)
{
	double nines = ceil(log10((double) result->latency->count));

	return nines < 1 ? 1 : nines > 7 ? 7 : nines;
}

static void print_curve(FILE *out, const struct histogram *histogram, const char *name,
			const struct decades *decades, double nines)
{
	fprintf(out, "<polyline class=\"curve %s\" points=\"", name);
	for (int i = 0; i <= 500; i++) {
		double x = (double) i / 500;
		double percent = 100 * (1 - pow(10, -x * nines));
		wok_time span = histogram_percentile(histogram, percent);
		fprintf(out, "%.0f,%.1f ", x * 1000, depth(decades, span) * 1000);
	}
	fputs("\"/>\n", out);
}

static void print_percentiles(FILE *out, const struct bench_result *result)
{
	struct decades decades = decades_of(result);
	double nines = nines_of(result);

	fprintf(out,
		"<h2>Latency by percentile</h2>\n<figure>\n<div class=\"plot\">\n"
		"<svg width=\"100%%\" height=\"%d\" role=\"img\" "
		"aria-label=\"latency by percentile\">\n",
		HEIGHT);
	print_decades(out, &decades);
	for (int i = 0; i <= (int) nines; i++) {
		char label[24];
		snprintf(label, sizeof(label), "%.*f%%", i > 2 ? i - 2 : 0, 100 - pow(10, 2 - i));
		fprintf(out, "<text class=\"under\" x=\"%.2f%%\" y=\"%d\">%s</text>\n",
			100 * i / nines, HEIGHT - 6, label);
	}
	fprintf(out,
		"<svg x=\"0\" y=\"%d\" width=\"100%%\" height=\"%d\" viewBox=\"0 0 1000 1000\" "
		"preserveAspectRatio=\"none\">\n",
		TOP, HEIGHT - TOP - BOTTOM);
	print_curve(out, result->latency, "due", &decades, nines);
	if (result->service)
		print_curve(out, result->service, "sent", &decades, nines);
	fputs("</svg>\n</svg>\n</div>\n<figcaption>", out);
	if (result->service)
		fputs("<i class=\"due\"></i>since a request was due, "
		      "<i class=\"sent\"></i>since it was sent. Where they part, requests had to "
		      "wait for a connection: so would a user.",
		      out);
	else
		fputs("A request counts from the moment it was sent, which was when the one before "
		      "it was answered: a pause of the server shows in few requests. With a rate "
		      "(-r) it shows in all that were due.",
		      out);
	fputs("</figcaption>\n</figure>\n", out);
}

/* --- over time ----------------------------------------------------------------------------- */

static uint64_t most_responses(const struct bench_slices *slices)
{
	uint64_t most = 1;

	for (size_t i = 0; i < slices->n; i++) {
		if (slices->slices[i].responses > most)
			most = slices->slices[i].responses;
	}
	return most;
}

static void print_slice(FILE *out, const struct bench_slices *slices, size_t i, uint64_t most)
{
	const struct bench_slice *slice = &slices->slices[i];
	double y = pixels(1 - (double) slice->responses / (double) most);
	double width = 100.0 / (double) slices->n;

	fprintf(out,
		"<rect class=\"%s\" x=\"%.3f%%\" width=\"%.3f%%\" y=\"%.1f\" height=\"%.1f\">"
		"<title>%s responses, longest %s",
		slice->errors > 0 ? "bad" : "bar", (double) i * width, width * 0.9, y,
		pixels(1) - y, text_count(slice->responses).s, text_latency(slice->max).s);
	if (slice->errors > 0)
		fprintf(out, ", %s errors", text_count(slice->errors).s);
	fputs("</title></rect>\n", out);
}

static void print_time(FILE *out, const struct bench_result *result)
{
	const struct bench_slices *slices = &result->slices;
	uint64_t most = most_responses(slices);
	struct axis axis = axis_for((wok_time) slices->n * slices->width, 6);

	fprintf(out,
		"<h2>Over time</h2>\n<figure>\n<div class=\"plot\">\n"
		"<svg width=\"100%%\" height=\"%d\" role=\"img\" "
		"aria-label=\"responses a second, over time\">\n",
		HEIGHT);
	for (int i = 0; i <= 2; i++) {
		double y = pixels(1 - i / 2.0);
		double rate = (double) most * i / 2 * (double) WOK_SECOND / (double) slices->width;
		fprintf(out,
			"<line class=\"grid\" x1=\"0\" x2=\"100%%\" y1=\"%.1f\" y2=\"%.1f\"/>"
			"<text class=\"mark\" x=\"-8\" y=\"%.1f\">%s/s</text>\n",
			y, y, y + 4, text_count((uint64_t) rate).s);
	}
	for (size_t i = 0; i < slices->n; i++)
		print_slice(out, slices, i, most);
	for (wok_time at = 0; at <= axis.end; at += axis.step)
		fprintf(out, "<text class=\"under\" x=\"%.2f%%\" y=\"%d\">%s</text>\n",
			100 * (double) at / (double) axis.end, HEIGHT - 6, axis_label(&axis, at).s);
	fputs("</svg>\n</div>\n<figcaption><i class=\"rate\"></i>Responses a second; red where "
	      "requests failed.</figcaption>\n</figure>\n",
	      out);
}

/* --- figures ------------------------------------------------------------------------------- */

static void print_lead(FILE *out, const struct bench_options *options,
		       const struct bench_result *result)
{
	double seconds = bench_result_seconds(result);
	uint64_t rate = seconds > 0 ? (uint64_t) ((double) result->responses / seconds + 0.5) : 0;

	fprintf(out,
		"<p class=\"brand\">wok bench</p>\n<h1>%s responses a second, half of them within "
		"%s</h1>\n<p><b>%s</b> responses in <b>%s</b> over %s connections",
		text_count(rate).s, text_latency(histogram_percentile(result->latency, 50)).s,
		text_count(result->responses).s,
		text_seconds((wok_time) (seconds * (double) WOK_SECOND)).s,
		text_count(options->connections).s);
	if (options->rate > 0)
		fprintf(out, ", of %s that were due each second", text_delay(options->rate).s);
	fputs(".</p>\n", out);
}

static void print_table(FILE *out, const struct bench_result *result)
{
	const struct histogram *service = result->service;

	fprintf(out,
		"<table class=\"figures\">\n<thead><tr><th scope=\"col\">of the requests</th>"
		"<th scope=\"col\">%s</th>%s</tr></thead>\n<tbody>\n",
		service ? "since due" : "latency at most",
		service ? "<th scope=\"col\">since sent</th>" : "");
	for (size_t i = 0; i < N_BENCH_PERCENTILES; i++) {
		double percent = bench_percentiles[i];
		fprintf(out, "<tr><th scope=\"row\">%g%%</th><td>%s</td>", percent,
			text_latency(histogram_percentile(result->latency, percent)).s);
		if (service)
			fprintf(out, "<td>%s</td>",
				text_latency(histogram_percentile(service, percent)).s);
		fputs("</tr>\n", out);
	}
	fputs("</tbody>\n</table>\n", out);
}

static void print_errors(FILE *out, const struct bench_result *result)
{
	if (bench_result_errors(result) + bench_result_bad(result) + result->missed == 0)
		return;
	fputs("<div class=\"failures\">\n", out);
	for (size_t i = 0; i < N_BENCH_ERRORS; i++) {
		if (result->errors[i] == 0)
			continue;
		fprintf(out, "<p><b>%s:</b> %s requests. ", bench_error_word(i),
			text_count(result->errors[i]).s);
		page_text(out, result->reasons[i]);
		fputs("</p>\n", out);
	}
	if (bench_result_bad(result) > 0)
		fprintf(out, "<p><b>statuses from 400 on:</b> %s</p>\n",
			text_count(bench_result_bad(result)).s);
	if (result->missed > 0)
		fprintf(out, "<p><b>missed:</b> %s requests were due, and never sent</p>\n",
			text_count(result->missed).s);
	fputs("</div>\n", out);
}

static void print_facts(FILE *out, const struct bench_options *options,
			const struct bench_result *result)
{
	double seconds = bench_result_seconds(result);

	fputs("<h2>How it was measured</h2>\n<dl>\n", out);
	page_command(out, options->argv);
	fputs("<dt>request</dt><dd><code>", out);
	page_text(out, options->method);
	fputc(' ', out);
	page_text(out, options->text);
	fputs("</code></dd>\n<dt>statuses</dt><dd>", out);
	for (size_t i = 0; i < 1000; i++) {
		if (result->statuses[i] > 0)
			fprintf(out, "%zu: %s ", i, text_count(result->statuses[i]).s);
	}
	fprintf(out,
		"</dd>\n<dt>received</dt><dd>%s over %s connections that were opened</dd>\n"
		"<dt>load generator</dt><dd>%.0f %% of a processor</dd>\n",
		text_bytes(result->bytes).s, text_count(result->opened).s,
		seconds > 0 ? 100 * result->cpu / seconds : 0);
	page_machine(out);
	fputs("</dl>\n", out);
}

struct page {
	const struct bench_options *options;
	const struct bench_result *result;
};

static void print_page(FILE *out, void *arg)
{
	const struct page *page = arg;

	page_begin(out, "wok bench", style);
	print_lead(out, page->options, page->result);
	if (page->result->latency->count > 0)
		print_table(out, page->result);
	print_errors(out, page->result);
	if (page->result->latency->count > 0) {
		print_percentiles(out, page->result);
		print_time(out, page->result);
	}
	print_facts(out, page->options, page->result);
	page_end(out);
}

int bench_report_html(const struct bench_options *options, const struct bench_result *result)
{
	struct page page = {options, result};

	return page_save(options->html, print_page, &page);
}

/* SPDX-License-Identifier: MIT */
/*
 * The waterfall as SVG.
 *
 * Along the time axis everything is in per cent of the picture's width, across it in pixels. So the
 * picture fits any screen, and its letters stay as large as the page's: a viewBox would shrink them
 * together with the bars.
 */
#include "report_svg.h"

#include "report.h"

enum {
	MAX_ROWS = 100, /* a way with more requests shows a row for several of them */
	PACKED_ROWS = 50,
	HEADING = 36, /* pixels of a way's title, with the space before it */
	AXIS = 26,
	MAX_TICKS = 6, /* that is what a phone has room for */
};

/* How large the rows of a way are. */
struct rows {
	size_t count;
	int pitch; /* pixels from one to the next */
	int bar;   /* pixels of the bar in it */
};

static struct rows rows_of(const struct way_result *result)
{
	size_t n = result->n;

	if (n <= 12)
		return (struct rows){n, 16, 12};
	if (n <= 40)
		return (struct rows){n, 12, 8};
	if (n <= MAX_ROWS)
		return (struct rows){n, 6, 4};
	return (struct rows){PACKED_ROWS, 5, 4};
}

static int height_of(const struct way_result *result)
{
	struct rows rows = rows_of(result);

	return HEADING + (int) rows.count * rows.pitch;
}

static double percent(const struct axis *axis, wok_time at)
{
	return 100 * (double) at / (double) axis->end;
}

/* The axis' labels stand above and below, with lines between. */
static void print_axis(FILE *out, const struct axis *axis, int height)
{
	for (wok_time at = 0; at <= axis->end; at += axis->step) {
		double x = percent(axis, at);
		const char *anchor = x > 95 ? "end" : at == 0 ? "start" : "middle";
		struct text label = axis_label(axis, at);

		fprintf(out,
			"<line class=\"grid\" x1=\"%.3f%%\" x2=\"%.3f%%\" y1=\"%d\" y2=\"%d\"/>\n",
			x, x, AXIS - 8, height - AXIS + 8);
		for (int y = AXIS - 14; y < height; y += height - AXIS + 10)
			fprintf(out,
				"<text class=\"tick\" x=\"%.3f%%\" y=\"%d\" text-anchor=\"%s\">%s"
				"</text>\n",
				x, y, anchor, label.s);
	}
}

/* What the requests of a row have in common. */
struct span {
	wok_time first_start;
	wok_time last_start;
	wok_time first_byte; /* of the first one; -1: none came */
	wok_time first_end;
	wok_time last_end;
	size_t begun;
	size_t failed;
};

static wok_time earlier(wok_time a, wok_time b)
{
	return a < b ? a : b;
}

static wok_time later(wok_time a, wok_time b)
{
	return a > b ? a : b;
}

static struct span span_of(const struct way_result *result, struct row_range range)
{
	struct span span = {.first_start = WOK_FOREVER, .first_end = WOK_FOREVER};

	for (size_t i = range.first; i < range.end; i++) {
		const struct request_record *request = &result->requests[i];
		if (request->state == REQUEST_NOT_BEGUN)
			continue;
		if (span.begun++ == 0)
			span.first_byte = request->first_byte;
		span.failed += request->state == REQUEST_FAILED;
		span.first_start = earlier(span.first_start, request->start);
		span.last_start = later(span.last_start, request->start);
		span.last_end = later(span.last_end, request->end);
		/* A failure's end says nothing about how long the others were under way. */
		if (request->state == REQUEST_FETCHED)
			span.first_end = earlier(span.first_end, request->end);
	}
	return span;
}

static void print_rect(FILE *out, const char *class, const struct axis *axis, wok_time from,
		       wok_time to, int y, int height)
{
	double width = percent(axis, to - from);

	/* However short it was, it can be seen. */
	fprintf(out, "<rect class=\"%s\" x=\"%.3f%%\" y=\"%d\" width=\"%.3f%%\" height=\"%d\"/>",
		class, percent(axis, from), y, width > 0.15 ? width : 0.15, height);
}

/* What the pointer is told over a row. */
static void print_title(FILE *out, struct row_range range, const struct span *span)
{
	if (range.end - range.first == 1)
		fprintf(out, "<title>request %s: ", text_count(range.end).s);
	else
		fprintf(out, "<title>requests %s to %s: ", text_count(range.first + 1).s,
			text_count(range.end).s);
	fprintf(out, "from %s to %s", text_seconds(span->first_start).s,
		text_seconds(span->last_end).s);
	if (range.end - range.first == 1 && span->first_byte >= 0)
		fprintf(out, ", first byte after %s",
			text_seconds(span->first_byte - span->first_start).s);
	if (span->failed > 0 && range.end - range.first > 1)
		fprintf(out, ", %s failed", text_count(span->failed).s);
	else if (span->failed > 0)
		fputs(", failed", out);
	fputs("</title>", out);
}

static void print_row(FILE *out, const struct axis *axis, const struct way_result *result,
		      struct row_range range, int y, int bar)
{
	struct span span = span_of(result, range);
	bool single = range.end - range.first == 1;
	if (span.begun == 0)
		return;

	fputs("<g>", out);
	print_title(out, range, &span);
	/* It waits for its turn; many such lines would be a grey field. */
	if (percent(axis, span.first_start) > 0.3 && bar >= 8)
		fprintf(out, "<line class=\"turn\" x1=\"0\" x2=\"%.3f%%\" y1=\"%d\" y2=\"%d\"/>",
			percent(axis, span.first_start), y + bar / 2, y + bar / 2);
	if (span.failed == span.begun) {
		print_rect(out, "bad", axis, span.first_start, span.last_end, y, bar);
	} else if (single) {
		print_rect(out, "bar", axis, span.first_start, span.last_end, y, bar);
		if (span.first_byte >= 0 && percent(axis, span.last_end - span.first_byte) > 0.3)
			print_rect(out, "body", axis, span.first_byte, span.last_end, y, bar);
	} else {
		/* Full where all of them were under way, pale where only some were. */
		print_rect(out, "some", axis, span.first_start, span.last_end, y, bar);
		if (span.last_start < span.first_end)
			print_rect(out, "bar", axis, span.last_start, span.first_end, y, bar);
		if (span.failed > 0)
			print_rect(out, "bad", axis, span.last_end - axis->end / 200, span.last_end,
				   y, bar);
	}
	fputs("</g>\n", out);
}

/* Numbers at the left of the rows: all while there is room, then every tenth of them. */
static void print_number(FILE *out, const struct rows *rows, size_t row, struct row_range range,
			 int y)
{
	bool shown = rows->count <= 12 || row == 0 || (row + 1) % 10 == 0;

	if (shown)
		fprintf(out, "<text class=\"number\" x=\"-8\" y=\"%d\">%s</text>\n",
			y + rows->bar / 2 + 4,
			text_count(row == 0 ? range.first + 1 : range.end).s);
}

static int print_way(FILE *out, const struct axis *axis, const struct way_result *result, int y)
{
	struct rows rows = rows_of(result);

	fprintf(out,
		"<g class=\"%s\">\n<text class=\"way\" x=\"0\" y=\"%d\">%s</text>\n"
		"<text class=\"time\" x=\"100%%\" y=\"%d\">%s</text>\n",
		lab_way_word(result->way), y + HEADING - 10, result->title.s, y + HEADING - 10,
		text_seconds(result->elapsed).s);
	y += HEADING;
	for (size_t row = 0; row < rows.count; row++, y += rows.pitch) {
		struct row_range range = row_range(row, rows.count, result->n);
		print_number(out, &rows, row, range, y);
		print_row(out, axis, result, range, y, rows.bar);
	}
	fputs("</g>\n", out);
	return y;
}

void report_svg(FILE *out, const struct way_result *results, size_t n)
{
	struct axis axis = axis_for(way_results_longest(results, n), MAX_TICKS);
	int height = 2 * AXIS, y = AXIS - 8;

	for (size_t i = 0; i < n; i++)
		height += height_of(&results[i]);
	fprintf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" role=\"img\" width=\"100%%\" "
		"height=\"%d\" aria-labelledby=\"waterfall-title\">\n"
		"<title id=\"waterfall-title\">The requests of each way as bars on a common time "
		"axis</title>\n",
		height);
	print_axis(out, &axis, height);
	for (size_t i = 0; i < n; i++)
		y = print_way(out, &axis, &results[i], y);
	fputs("</svg>\n", out);
}

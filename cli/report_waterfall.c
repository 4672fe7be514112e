/* SPDX-License-Identifier: MIT */
/*
 * The waterfall in the terminal: a row a request, or for many requests a row for a sample of them,
 * all on one time axis, so that the lengths of the ways can be compared by eye.
 */
#include <string.h>

#include "report.h"
#include "terminal.h"

enum {
	MAX_ROWS = 20, /* a way with more requests shows a sample */
	SAMPLE_ROWS = 16,
	MAX_PLOT = 100,  /* columns */
	LABEL_SPACE = 6, /* right of the plot, for the axis' last label */
};

/* How things are drawn here. */
struct canvas {
	FILE *out;
	struct axis axis;
	int plot;   /* columns of the time axis */
	int gutter; /* columns before it, for the requests' numbers */
	bool utf8;
	bool colours;
};

static void set_colour(const struct canvas *canvas, const char *code)
{
	if (canvas->colours)
		fprintf(canvas->out, "\x1b[%sm", code);
}

static const char *way_colour(enum lab_way way)
{
	static const char *const codes[N_WAYS] = {"33", "35", "36", "34"};

	return codes[way];
}

/* A time in eighths of a column. */
static int eighths(const struct canvas *canvas, wok_time at)
{
	return (int) ((double) at / (double) canvas->axis.end * canvas->plot * 8 + 0.5);
}

static bool is_tick(const struct canvas *canvas, int column)
{
	wok_time step = canvas->axis.step;

	for (wok_time at = step; at <= canvas->axis.end; at += step) {
		if (eighths(canvas, at) / 8 == column)
			return true;
	}
	return false;
}

/* Blank columns [from, to), with the axis' steps as thin lines. */
static void print_blank(const struct canvas *canvas, int from, int to)
{
	set_colour(canvas, "2");
	for (int column = from; column < to; column++) {
		const char *line = canvas->utf8 ? "┊" : ":";
		fputs(is_tick(canvas, column) ? line : " ", canvas->out);
	}
	set_colour(canvas, "0");
}

/* Print a bar from a column on; returns the column behind it. */
static int print_bar(const struct canvas *canvas, int from, int size, bool failed)
{
	static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
	int full = size / 8;

	if (!canvas->utf8 || failed) { /* whole columns only, and at least one */
		full = (size + 4) / 8 > 0 ? (size + 4) / 8 : 1;
		for (int i = 0; i < full; i++)
			fputs(!failed ? "#" : canvas->utf8 ? "▒" : "x", canvas->out);
		return from + full;
	}
	for (int i = 0; i < full; i++)
		fputs("█", canvas->out);
	/* However short it was, it was there. */
	int rest = size % 8 > 0 || full > 0 ? size % 8 : 1;
	fputs(parts[rest], canvas->out);
	return from + full + (rest > 0);
}

static void print_request(const struct canvas *canvas, const struct way_result *result,
			  size_t index)
{
	const struct request_record *request = &result->requests[index];
	bool failed = request->state == REQUEST_FAILED;

	fprintf(canvas->out, "%*zu ", canvas->gutter - 1, index + 1);
	if (request->state == REQUEST_NOT_BEGUN) {
		fputs("not begun\n", canvas->out);
		return;
	}
	/* A bar begins at a whole column: there are no letters that are full on the right only. */
	int from = (eighths(canvas, request->start) + 4) / 8;
	if (from >= canvas->plot)
		from = canvas->plot - 1;
	int size = eighths(canvas, request->end) - from * 8;
	if (size < 1)
		size = 1;
	print_blank(canvas, 0, from);
	set_colour(canvas, failed ? "31" : way_colour(result->way));
	int end = print_bar(canvas, from, size, failed);
	set_colour(canvas, "0");
	print_blank(canvas, end, canvas->plot + 1);
	fputc('\n', canvas->out);
}

static void print_way(const struct canvas *canvas, const struct way_result *result)
{
	size_t rows = result->n > MAX_ROWS ? SAMPLE_ROWS : result->n;

	fputc('\n', canvas->out);
	set_colour(canvas, "1");
	fputs(result->title.s, canvas->out);
	set_colour(canvas, "0");
	if (rows < result->n)
		fprintf(canvas->out, " (%zu of %s requests, evenly picked)", rows,
			text_count(result->n).s);
	fputc('\n', canvas->out);
	for (size_t i = 0; i < rows; i++) /* the first and the last are always there */
		print_request(canvas, result, rows > 1 ? i * (result->n - 1) / (rows - 1) : i);
}

static void print_axis(const struct canvas *canvas)
{
	char labels[MAX_PLOT + LABEL_SPACE + 40];
	int used = 0;

	fprintf(canvas->out, "%*s", canvas->gutter, "");
	for (int column = 0; column <= canvas->plot; column++) {
		bool tick = column == 0 || is_tick(canvas, column);
		fputs(!canvas->utf8 ? tick ? "+" : "-" : tick ? "┴" : "─", canvas->out);
	}
	for (wok_time at = 0; at <= canvas->axis.end; at += canvas->axis.step) {
		struct text label = axis_label(&canvas->axis, at);
		int column = eighths(canvas, at) / 8;
		used += snprintf(labels + used, sizeof(labels) - (size_t) used, "%*s%s",
				 column > used ? column - used : used > 0, "", label.s);
	}
	fprintf(canvas->out, "\n%*s%s\n", canvas->gutter, "", labels);
}

static int digits_of(size_t number)
{
	int digits = 1;

	for (; number >= 10; number /= 10)
		digits++;
	return digits;
}

void report_waterfall(FILE *out, const struct way_result *results, size_t n)
{
	struct canvas canvas = {
		.out = out,
		.utf8 = terminal_utf8(),
		.colours = terminal_colours(out),
		.gutter = digits_of(results[0].n) + 2,
	};

	if (way_results_longest(results, n) == 0)
		return; /* nothing was fetched */
	canvas.plot = terminal_width(out) - canvas.gutter - LABEL_SPACE - 1;
	if (canvas.plot > MAX_PLOT)
		canvas.plot = MAX_PLOT;
	if (canvas.plot < 8)
		canvas.plot = 8;
	canvas.axis = axis_for(way_results_longest(results, n), canvas.plot / 10 + 1);
	for (size_t i = 0; i < n; i++)
		print_way(&canvas, &results[i]);
	print_axis(&canvas);
}

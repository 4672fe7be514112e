/* SPDX-License-Identifier: MIT */
/*
 * The table of the lab: Markdown, so that it can be pasted, with columns that are also straight in
 * a terminal. A column for failures is there only when there were some.
 */
#include <string.h>

#include "report.h"
#include "terminal.h"

enum { COLUMNS = 5, MAX_ROWS = N_WAYS + 1 };

struct cells {
	struct text cell[MAX_ROWS][COLUMNS];
	size_t rows;
	size_t columns;
};

static struct text plain(const char *text)
{
	struct text out;

	snprintf(out.s, sizeof(out.s), "%s", text);
	return out;
}

static void fill_row(struct text *row, const struct way_result *result,
		     const struct way_result *baseline)
{
	double speedup = way_result_speedup(result, baseline);

	row[0] = result->title;
	row[1] = result->fetched > 0 ? text_seconds(result->elapsed) : plain("-");
	row[2] = plain("-");
	if (speedup > 0)
		snprintf(row[2].s, sizeof(row[2].s), "%.1f", speedup);
	row[3] = result->peak_memory > 0 ? text_bytes(result->peak_memory) : plain("-");
	snprintf(row[4].s, sizeof(row[4].s), "%.12s of %.12s", text_count(result->failed).s,
		 text_count(result->n).s);
}

static void fill(struct cells *cells, const struct way_result *results, size_t n)
{
	static const char *const heads[COLUMNS] = {"way", "time", "× faster", "peak memory",
						   "failed"};
	const struct way_result *baseline = way_results_baseline(results, n);

	cells->rows = n + 1;
	cells->columns = COLUMNS - 1;
	for (size_t i = 0; i < COLUMNS; i++)
		cells->cell[0][i] = plain(heads[i]);
	if (!terminal_utf8())
		cells->cell[0][2] = plain("x faster");
	for (size_t i = 0; i < n; i++) {
		fill_row(cells->cell[i + 1], &results[i], baseline);
		if (results[i].failed > 0)
			cells->columns = COLUMNS;
	}
}

/* Columns that a text takes: letters, not bytes. */
static int width_of(const char *text)
{
	int width = 0;

	for (; *text; text++)
		width += ((unsigned char) *text & 0xc0) != 0x80;
	return width;
}

static void print_repeated(FILE *out, char c, int count)
{
	for (; count > 0; count--)
		fputc(c, out);
}

static void print_row(FILE *out, const struct text *row, const int *widths, size_t columns)
{
	for (size_t i = 0; i < columns; i++) {
		int space = widths[i] - width_of(row[i].s);
		/* Words begin on the left, figures end on the right. */
		fputs("| ", out);
		print_repeated(out, ' ', i == 0 ? 0 : space);
		fputs(row[i].s, out);
		print_repeated(out, ' ', i == 0 ? space + 1 : 1);
	}
	fputs("|\n", out);
}

void report_table(FILE *out, const struct way_result *results, size_t n)
{
	struct cells cells;
	int widths[COLUMNS] = {0};

	fill(&cells, results, n);
	for (size_t i = 0; i < cells.columns; i++) {
		for (size_t j = 0; j < cells.rows; j++) {
			int width = width_of(cells.cell[j][i].s);
			widths[i] = width > widths[i] ? width : widths[i];
		}
	}
	print_row(out, cells.cell[0], widths, cells.columns);
	for (size_t i = 0; i < cells.columns; i++) {
		fputc('|', out);
		print_repeated(out, '-', widths[i] + 2);
	}
	fputs("|\n", out);
	for (size_t i = 1; i < cells.rows; i++)
		print_row(out, cells.cell[i], widths, cells.columns);
}

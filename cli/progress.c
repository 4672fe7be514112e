/* SPDX-License-Identifier: MIT */
/* Progress on stderr: see progress.h. */
#include "progress.h"

#include <string.h>
#include <wok/loop.h>

#include "terminal.h"

#define REDRAW_EVERY (100 * WOK_MS)
#define LINE_EVERY (2 * WOK_SECOND)

enum { TITLE_WIDTH = 20, MIN_BAR = 8, MAX_BAR = 60, MAX_LINE = 512 };

void progress_init(struct progress *progress, FILE *out)
{
	*progress = (struct progress){
		.out = out,
		.live = terminal_is(out),
		.utf8 = terminal_utf8(),
	};
}

static void append(char *line, const char *piece, size_t count)
{
	size_t used = strlen(line), size = strlen(piece);

	for (; count > 0 && used + size < MAX_LINE; count--, used += size)
		memcpy(line + used, piece, size + 1);
}

/* Done, under way, still to come: as parts of a bar. */
static void append_bar(char *line, const struct progress *progress, const struct way_result *result,
		       size_t width)
{
	size_t ended = result->fetched + result->failed;
	size_t full = ended * width / result->n;
	size_t begun = (result->started > ended ? result->started : ended) * width / result->n;

	append(line, progress->utf8 ? "█" : "#", full);
	append(line, progress->utf8 ? "▒" : "-", begun - full);
	append(line, progress->utf8 ? "░" : ".", width - begun);
}

static wok_time elapsed_so_far(const struct way_result *result)
{
	if (result->fetched + result->failed == result->n)
		return result->elapsed;
	return result->began > 0 ? wok_now() - result->began : 0;
}

static void draw(struct progress *progress, const struct way_result *result)
{
	char line[MAX_LINE], figures[80];
	/* A terminal's last column is left free: some wrap when it is written to. */
	int width = terminal_width(progress->out) - 1;
	int size = snprintf(figures, sizeof(figures), " %s/%s %7s",
			    text_count(result->fetched + result->failed).s, text_count(result->n).s,
			    text_seconds(elapsed_so_far(result)).s);
	int bar = width - TITLE_WIDTH - size;

	/* Too narrow for a bar: then the title is cut, the figures stay. */
	int title = bar < MIN_BAR ? width - size : TITLE_WIDTH;
	snprintf(line, sizeof(line), "%-*.*s", title > 0 ? title : 0, title > 0 ? title : 0,
		 result->title.s);
	if (bar >= MIN_BAR)
		append_bar(line, progress, result, (size_t) (bar > MAX_BAR ? MAX_BAR : bar));
	fprintf(progress->out, "\r%s%s\x1b[K", line, figures);
	fflush(progress->out);
}

void progress_begin(struct progress *progress, const struct way_result *result)
{
	progress->shown = wok_now();
	if (progress->live)
		draw(progress, result);
	else
		fprintf(progress->out, "%s: %s request%s\n", result->title.s,
			text_count(result->n).s, result->n == 1 ? "" : "s");
}

void progress_update(struct progress *progress, const struct way_result *result)
{
	wok_time now = wok_now();

	if (now - progress->shown < (progress->live ? REDRAW_EVERY : LINE_EVERY))
		return;
	progress->shown = now;
	if (progress->live)
		draw(progress, result);
	else
		fprintf(progress->out, "%s: %s of %s after %s\n", result->title.s,
			text_count(result->fetched + result->failed).s, text_count(result->n).s,
			text_seconds(elapsed_so_far(result)).s);
}

void progress_end(struct progress *progress, const struct way_result *result)
{
	if (progress->live) {
		draw(progress, result);
		fputc('\n', progress->out);
		return;
	}
	fprintf(progress->out, "%s: %s of %s fetched in %s\n", result->title.s,
		text_count(result->fetched).s, text_count(result->n).s,
		text_seconds(result->elapsed).s);
}

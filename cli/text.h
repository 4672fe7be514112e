/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_TEXT_H
#define WOK_CLI_TEXT_H
#include <wok/base.h>

/*
 * Figures as people read them, and numbers as people type them. A figure is returned by value, so
 * that it can stand among printf's arguments: printf("%s\n", text_seconds(elapsed).s);
 */
struct text {
	char s[32];
};

struct text text_seconds(wok_time span); /* "10.0 s", "101 ms" */
struct text text_latency(wok_time span); /* "83.2 us", "1.25 ms": three digits */
struct text text_bytes(uint64_t bytes);  /* "2.9 MiB" */
struct text text_count(uint64_t count);  /* "10,001" */
struct text text_delay(double seconds);  /* "1", "0.25": the shortest that reads back the same */

/* Numbers of a command line, the whole text or nothing: 0, or -EINVAL with *ret as it was. */
int text_to_count(const char *text, size_t min, size_t max, size_t *ret);
int text_to_delay(const char *text, double min, double max, double *ret);
int text_to_span(const char *text, wok_time max, wok_time *ret); /* "10s", "1.5ms"; above 0 */

/* A time axis from 0 to end, with a label every step; step is 1, 2 or 5 times a power of ten. */
struct axis {
	wok_time end;
	wok_time step;
};

/* The axis that shows a span with at most so many labels besides the 0. */
struct axis axis_for(wok_time span, int max_steps);
struct text axis_label(const struct axis *axis, wok_time at); /* "4 s", "0.5 s", "20 ms" */

#endif

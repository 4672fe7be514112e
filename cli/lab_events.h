/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_LAB_EVENTS_H
#define WOK_CLI_LAB_EVENTS_H
#include <stdio.h>
#include <wok/base.h>

#include "lab_result.h"

/*
 * What a way's process tells the lab while it runs: lines on a pipe.
 *
 *     begin NS                 the way begins, at NS on the monotonic clock
 *     start INDEX NS           request INDEX began
 *     first INDEX NS           the first byte of its answer is there
 *     fetched INDEX NS         its answer is there, whole, and counts
 *     failed INDEX NS REASON   it failed
 *     peak BYTES               the way is over: the most memory that its process held
 *     hint TEXT                the way is over: what the user can do about its failures
 */

/* The sending side: buffered for a loop, which must not make a system call for each event. */
struct events {
	int fd;
	size_t used;
	bool buffered;
	char buffer[4096];
};

/* Not buffered: each event is one write, which threads may make at the same time. */
void events_init(struct events *events, int fd, bool buffered);

void events_begin(struct events *events, wok_time at);
void events_start(struct events *events, size_t index, wok_time at);
void events_first(struct events *events, size_t index, wok_time at);
void events_fetched(struct events *events, size_t index, wok_time at);
void events_failed(struct events *events, size_t index, wok_time at, const char *reason);
void events_peak(struct events *events, uint64_t bytes);
void events_hint(struct events *events, const char *text);
void events_flush(struct events *events);

/* The receiving side. */
struct event_reader {
	size_t used;
	char hint[512];
	char buffer[8192];
};

/**
 * Read what is there and take note of it.
 *
 * Returns:    1; 0 at the end, when the process has closed its side; -EBADMSG for a line that is no
 *             event; a negative errno
 */
int event_reader_read(struct event_reader *reader, int fd, struct way_result *result);

#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_CLOCK_H
#define WOK_PLATFORM_CLOCK_H
#include <time.h>
#include <wok/base.h>

/* The machine's monotonic clock. */
static inline wok_time wok__clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (wok_time) now.tv_sec * WOK_SECOND + now.tv_nsec;
}
#endif

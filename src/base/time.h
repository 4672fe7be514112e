/* SPDX-License-Identifier: MIT */
#ifndef WOK_BASE_TIME_H
#define WOK_BASE_TIME_H
#include <wok/base.h>

/* A point in time and a span after it, saturating: WOK_FOREVER stays for ever. */
static inline wok_time wok__time_add(wok_time when, wok_time span)
{
	wok_time sum;
	if (when == WOK_FOREVER || span == WOK_FOREVER)
		return WOK_FOREVER;
	if (__builtin_add_overflow(when, span, &sum))
		return span < 0 ? INT64_MIN : WOK_FOREVER;
	return sum;
}

static inline wok_time wok__time_min(wok_time a, wok_time b)
{
	return a < b ? a : b;
}
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_REPORT_H
#define WOK_LOOP_REPORT_H
#include <wok/loop.h>

/* The extension face: wok's other libraries use these, too. */
WOK_BEGIN_DECLS

/*
 * Tell the report hook of something that nobody else will. code: 0 if there is no error; task,
 * site: NULL if it is not about a task. The current message stays as it is.
 */
void wok__report(int code, const char *task, const wok_site *site, const char *format, ...)
	WOK_PRINTF(4, 5);

WOK_END_DECLS
#endif

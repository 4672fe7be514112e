/* SPDX-License-Identifier: MIT */
/* Reports: see wok_set_report_hook(). */
#include "loop/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/message.h"
#include "base/settle.h"
#include "loop/loop.h"

/* The site is kept in three pieces of one line: what, in which task, started where. */
static void print(const wok_report *report, void *unused)
{
	char where[256] = "";

	(void) unused;
	if (report->task && report->site)
		snprintf(where, sizeof(where), " [task %s, from %s:%d]", report->task,
			 report->site->file, report->site->line);
	else if (report->task)
		snprintf(where, sizeof(where), " [task %s]", report->task);
	fprintf(stderr, "wok: %s%s\n", report->message, where);
}

static wok_report_fn *hook = print;
static void *hook_arg;

int wok_set_report_hook(wok_report_fn *replacement, void *arg)
{
	if (wok__settled())
		return -EBUSY;
	hook = replacement ? replacement : print;
	hook_arg = arg;
	return 0;
}

void wok__report(int code, const char *task, const wok_site *site, const char *format, ...)
{
	struct wok__saved_error saved = wok__error_save();
	char message[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	/*
	 * The hook must not wait: it may have been called where a task is half ended. Without a
	 * current task a wait in it is an error instead.
	 */
	void *current = wok__loop ? wok__loop->current : NULL;
	if (wok__loop)
		wok__loop->current = NULL;
	hook(&(wok_report){code, message, task, site}, hook_arg);
	if (wok__loop)
		wok__loop->current = current;
	wok__error_restore(saved);
}

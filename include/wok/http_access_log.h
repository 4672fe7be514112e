/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_ACCESS_LOG_H
#define WOK_HTTP_ACCESS_LOG_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * A line for each request, when it has been answered. What clients send is escaped, so that nobody
 * writes lines of his own. Zero in a field means the default.
 */
typedef struct {
	/*
	 * What a line says. Signs stand for themselves but for these:
	 *
	 *     %h  the client's address        %a  that of the peer, a proxy perhaps
	 *     %t  the time, as [22/Nov/2026:18:00:00 +0000]   %{iso}t  as 2026-11-22T18:00:00.123Z
	 *     %r  method, target and version  %m  method   %U  path   %q  query, with its ?
	 *     %H  version                     %s  status
	 *     %B  bytes of the body that was sent              %b  the same, "-" for none
	 *     %I  bytes of the request's body that were read
	 *     %D  microseconds                %T  seconds, as 0.001234
	 *     %v  host                        %R  the route's path, as "/users/{id}"
	 *     %{Name}i  a header of the request                %%  a percent sign
	 *
	 * NULL: %h - - %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"
	 */
	const char *format;
	bool json;        /* one JSON object a line instead, with all of that */
	const char *path; /* the file that lines are added to, in a thread; NULL: none */
	/*
	 * Called with each line, its "\n" and a NUL included; must not wait. NULL: none.
	 */
	void (*write)(const char *line, size_t size, void *arg);
	void *arg;
	/*
	 * Lines wait in memory while the disk is busy, up to so many bytes; then they are dropped,
	 * and counted in a report. 1 MiB.
	 */
	size_t max_waiting;
} wok_http_access_log;

WOK_END_DECLS
#endif

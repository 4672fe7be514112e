/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_SERVER_ACCESS_LOG_H
#define WOK_HTTP_SERVER_ACCESS_LOG_H
/*
 * Lines about requests. They are gathered in memory, and a task adds them to the file, as many as
 * there are at a time: neither a request nor the loop waits for the disk.
 *
 * access_log.c   gathering, writing
 * access_line.c  what a line says
 */
#include <wok/http_access_log.h>
#include <wok/http_app.h>

#include "http/buffer.h"

struct wok__access_log;

int wok__access_log_open(const wok_http_access_log *options, struct wok__access_log **ret_log);

/* Waits until all lines are written; NULL does nothing. */
void wok__access_log_close(struct wok__access_log *log);

/* A request has been answered. */
void wok__access_log_add(struct wok__access_log *log, wok_http_request *request);

/* Append the line, with its line end. */
void wok__access_line(struct wok__buffer *line, const char *format, wok_http_request *request);
void wok__access_line_json(struct wok__buffer *line, wok_http_request *request);

/* -EINVAL with a message for a format that makes no sense. */
int wok__access_format_check(const char *format);
#endif

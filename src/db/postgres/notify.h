/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_NOTIFY_H
#define WOK_DB_POSTGRES_NOTIFY_H
/*
 * Notifications that wait to be taken, and the places where some are missing: so many had to be
 * dropped before this one, or before those that are still to come.
 */
#include <wok/pg_notify.h>
#include <wok/stream.h>

#include "base/list.h"

struct wok_pg_conn;
struct wok__pg_host;
struct wok__pg_message;
struct wok__pg_notification;

struct wok__pg_notifications {
	struct wok__list list;
	size_t count;
	size_t lost;                        /* behind all of them; WOK_UNLIMITED: nobody knows */
	struct wok__pg_notification *taken; /* handed out by the last call */
};

/* notifications.c */
void wok__pg_notifications_init(struct wok__pg_notifications *queue);
void wok__pg_notifications_clear(struct wok__pg_notifications *queue);
static inline bool wok__pg_notifications_any(const struct wok__pg_notifications *queue)
{
	return queue->count > 0 || queue->lost > 0;
}

/* Keep a copy; if there are max already, or there is no memory, it is counted as lost. */
void wok__pg_notifications_push(struct wok__pg_notifications *queue, size_t max,
				const wok_pg_notification *notification);

/* So many are missing here. */
void wok__pg_notifications_lose(struct wok__pg_notifications *queue, size_t n);

/* The next one, or gap; there is one. Its texts live until the next call. */
void wok__pg_notifications_take(struct wok__pg_notifications *queue,
				wok_pg_notification *ret_notification);

/* notify.c: a NotificationResponse. */
int wok__pg_notification(struct wok_pg_conn *conn, const struct wok__pg_message *message);

/* A channel's name is possible: 0; -EINVAL. */
int wok__pg_check_channel(const char *channel);

/* listener.c: wok_pg_listener_new() over a network of the test's own; dial: NULL for the real one
 */
int wok__pg_listener_new(const char *dsn, const wok_pg_listener_options *options,
			 int (*dial)(void *arg, const struct wok__pg_host *host,
				     wok_stream **ret_stream),
			 void *dial_arg, wok_pg_listener **ret_listener);
#endif

/* SPDX-License-Identifier: MIT */
/* LISTEN and NOTIFY on one connection: see wok/pg_notify.h. */
#include "db/postgres/notify.h"

#include <stdio.h>
#include <wok/pg_notify.h>

#include "base/memory.h"
#include <wok/pg_types.h>

#include "db/postgres/connection.h"
#include "db/postgres/run.h"
#include "task/park.h"

struct notification {
	struct wok__node link;
	uint32_t process;
	const char *payload; /* behind the channel */
	char channel[];
};

struct wok__pg_notifications {
	struct wok__list list;
	size_t count;
	size_t lost;
	struct notification *taken; /* handed out by the last call */
};

static struct wok__pg_notifications *queue_of(wok_pg_conn *conn)
{
	if (!conn->notifications) {
		conn->notifications = wok__alloc_zeroed(sizeof(*conn->notifications));
		if (conn->notifications)
			wok__list_init(&conn->notifications->list);
	}
	return conn->notifications;
}

void wok__pg_notifications_free(wok_pg_conn *conn)
{
	struct wok__pg_notifications *queue = conn->notifications;
	struct wok__node *node;

	if (!queue)
		return;
	while ((node = wok__list_pop(&queue->list)))
		wok_free(WOK__CONTAINER(node, struct notification, link));
	wok_free(queue->taken);
	wok_free(WOK_TAKE(conn->notifications));
}

static void tell_waiters(wok_pg_conn *conn)
{
	WOK__LIST_EACH (node, &conn->waiters) {
		struct wok__pg_waiter *waiter = WOK__CONTAINER(node, struct wok__pg_waiter, link);

		if (!waiter->op)
			wok_event_set(&waiter->wake);
	}
}

static void keep(wok_pg_conn *conn, const wok_pg_notification *from)
{
	struct wok__pg_notifications *queue = queue_of(conn);
	const size_t channel = strlen(from->channel) + 1, payload = strlen(from->payload) + 1;
	struct notification *copy = NULL;

	if (!queue)
		return;
	if (queue->count < conn->options.max_notifications)
		copy = wok_alloc(sizeof(*copy) + channel + payload);
	if (!copy) {
		queue->lost++;
	} else {
		copy->process = from->process;
		memcpy(copy->channel, from->channel, channel);
		copy->payload = memcpy(copy->channel + channel, from->payload, payload);
		wok__list_push_back(&queue->list, &copy->link);
		queue->count++;
	}
	tell_waiters(conn);
}

int wok__pg_notification(wok_pg_conn *conn, const struct wok__pg_message *message)
{
	struct wok__pg_reader reader = wok__pg_read(message);
	wok_pg_notification notification = {.process = wok__pg_read_int32(&reader)};

	notification.channel = wok__pg_read_text(&reader);
	notification.payload = wok__pg_read_text(&reader);
	if (!wok__pg_read_all(&reader))
		return wok_fail(WOK_EPEER, "PostgreSQL sent a broken NotificationResponse");
	if (conn->options.on_notification) {
		const char *before = wok__nowait_enter("a notification's callback");

		conn->options.on_notification(&notification, conn->options.arg);
		wok__nowait_leave(before);
	} else {
		keep(conn, &notification);
	}
	return 0;
}

static bool has_some(struct wok__pg_waiter *waiter)
{
	const wok_pg_conn *conn = waiter->arg;

	return conn->notifications && (conn->notifications->count || conn->notifications->lost);
}

/* One gap for all that was lost, before what came after it. */
static void take(struct wok__pg_notifications *queue, wok_pg_notification *ret_notification)
{
	wok_free(WOK_TAKE(queue->taken));
	if (queue->lost > 0 && queue->count == 0) {
		*ret_notification = (wok_pg_notification){
			.channel = "",
			.payload = "",
			.lost = queue->lost,
		};
		queue->lost = 0;
		return;
	}
	queue->taken = WOK__CONTAINER(wok__list_pop(&queue->list), struct notification, link);
	queue->count--;
	*ret_notification = (wok_pg_notification){
		.channel = queue->taken->channel,
		.payload = queue->taken->payload,
		.process = queue->taken->process,
	};
}

int wok_pg_notification_next(wok_pg_conn *conn, wok_pg_notification *ret_notification)
{
	struct wok__pg_waiter waiter = {.ready = has_some, .arg = conn};

	WOK_TRY(wok__check());
	if (has_some(&waiter))
		wok__spend();
	else
		WOK_TRY(wok__pg_wait(conn, &waiter));
	if (!has_some(&waiter))
		return wok__pg_dead(conn);
	take(conn->notifications, ret_notification);
	return 1;
}

static int with_channel(wok_pg_conn *conn, const char *command, const char *channel)
{
	char quoted[2 * 63 + 3], sql[sizeof(quoted) + 16];

	if (!channel || !channel[0])
		return wok_fail(-EINVAL, "the channel has no name");
	if (strlen(channel) > 63)
		return wok_fail(-EINVAL, "the channel's name is longer than 63 bytes: \"%.80s\"",
				channel);
	wok_pg_quote_identifier(channel, quoted, sizeof(quoted));
	snprintf(sql, sizeof(sql), "%s %s", command, quoted);
	return wok__pg_simple(conn, sql, NULL);
}

int wok_pg_listen(wok_pg_conn *conn, const char *channel)
{
	return with_channel(conn, "LISTEN", channel);
}

int wok_pg_unlisten(wok_pg_conn *conn, const char *channel)
{
	return channel ? with_channel(conn, "UNLISTEN", channel)
		       : wok__pg_simple(conn, "UNLISTEN *", NULL);
}

int wok_pg_notify(wok_pg_conn *conn, const char *channel, const char *payload)
{
	return wok_pg_execute(conn, "SELECT pg_notify($1, $2)",
			      WOK_ARGS(channel, payload ? payload : ""));
}

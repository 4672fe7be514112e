/* SPDX-License-Identifier: MIT */
/* LISTEN and NOTIFY on one connection: see wok/pg_notify.h. */
#include "db/postgres/notify.h"

#include <stdio.h>
#include <wok/pg_types.h>

#include "db/postgres/connection.h"
#include "db/postgres/run.h"
#include "task/park.h"

static void tell_waiters(wok_pg_conn *conn)
{
	WOK__LIST_EACH (node, &conn->waiters) {
		struct wok__pg_waiter *waiter = WOK__CONTAINER(node, struct wok__pg_waiter, link);

		if (!waiter->op)
			wok_event_set(&waiter->wake);
	}
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
		wok__pg_notifications_push(&conn->notifications, conn->options.max_notifications,
					   &notification);
		tell_waiters(conn);
	}
	return 0;
}

static bool has_some(struct wok__pg_waiter *waiter)
{
	const wok_pg_conn *conn = waiter->arg;

	return wok__pg_notifications_any(&conn->notifications);
}

int wok_pg_notification_next(wok_pg_conn *conn, wok_pg_notification *ret_notification)
{
	struct wok__pg_waiter waiter = {.ready = has_some, .arg = conn};

	WOK_TRY(wok__pg_here(conn));
	WOK_TRY(wok__check());
	if (has_some(&waiter))
		wok__spend();
	else
		WOK_TRY(wok__pg_wait(conn, &waiter));
	if (!has_some(&waiter))
		return wok__pg_dead(conn);
	wok__pg_notifications_take(&conn->notifications, ret_notification);
	return 1;
}

int wok__pg_check_channel(const char *channel)
{
	if (!channel || !channel[0])
		return wok_fail(-EINVAL, "the channel has no name");
	if (strlen(channel) > 63)
		return wok_fail(-EINVAL, "the channel's name is longer than 63 bytes: \"%.80s\"",
				channel);
	return 0;
}

static int with_channel(wok_pg_conn *conn, const char *command, const char *channel)
{
	char quoted[2 * 63 + 3], sql[sizeof(quoted) + 16];

	WOK_TRY(wok__pg_check_channel(channel));
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

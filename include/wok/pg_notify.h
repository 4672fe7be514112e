/* SPDX-License-Identifier: MIT */
#ifndef WOK_PG_NOTIFY_H
#define WOK_PG_NOTIFY_H
#include <wok/pg.h>

WOK_BEGIN_DECLS

/*
 * LISTEN and NOTIFY. Notifications are a hint to look: what was sent while nobody was connected is
 * gone. So the stream of them tells of the gaps.
 *
 *     WOK_TRY(wok_pg_listen(conn, "orders"));
 *     while ((r = wok_pg_notification_next(conn, &notification)) > 0)
 *             look_at(notification.payload);
 *
 * Instead of waiting, wok_pg_options.on_notification is called for each, whenever one comes along
 * with an answer; while nothing is asked for, nobody reads.
 */

/**
 * Subscribe to a channel. In a transaction it begins with the commit.
 *
 * channel:    as it is: upper and lower case, spaces and quotes are part of it
 * Returns:    0; -EINVAL: empty, or longer than 63 bytes; as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_listen(wok_pg_conn *conn, const char *channel) WOK_MUST_CHECK;

/**
 * Unsubscribe.
 *
 * channel:    NULL for all
 * Returns:    as wok_pg_listen()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_unlisten(wok_pg_conn *conn, const char *channel) WOK_MUST_CHECK;

/**
 * Notify whoever listens. In a transaction it happens with the commit.
 *
 * payload:    below 8,000 bytes; NULL for none
 * Returns:    as wok_pg_execute()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_notify(wok_pg_conn *conn, const char *channel, const char *payload) WOK_MUST_CHECK;

/**
 * Wait for the next notification. Other tasks may use the connection meanwhile.
 *
 * ret_notification: its texts live until the next call
 * Returns:    1; WOK_ECONNLOST when the connection is lost, and no more are there; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_notification_next(wok_pg_conn *conn, wok_pg_notification *ret_notification)
	WOK_MUST_CHECK;

WOK_END_DECLS
#endif

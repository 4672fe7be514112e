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

/*
 * A listener outlives its connections. It has one of its own, makes another when that is lost, asks
 * now and then whether the server is still there, and subscribes to all of its channels again. What
 * was sent in between is gone; so then its stream has a gap (wok_pg_notification.lost), behind
 * which nothing is missing: who reads at a gap, and at the begin, what the notifications tell of,
 * misses nothing.
 *
 *     WOK_TRY(wok_pg_listener_new("postgresql:///shop", NULL, &listener));
 *     WOK_TRY(wok_pg_listener_listen(listener, "orders"));
 *     WOK_TRY(read_all_orders());
 *     while ((r = wok_pg_listener_next(listener, &notification)) > 0)
 *             WOK_TRY(notification.lost ? read_all_orders() : read_order(notification.payload));
 */
typedef struct wok_pg_listener wok_pg_listener;

/* How a listener goes on. Zero in a field means the default. */
typedef struct {
	/*
	 * How its connections are; NULL for the defaults. on_notification must be NULL; of
	 * max_notifications, those that are dropped are a gap, too; max_message is 64 KiB here.
	 */
	const wok_pg_options *connection;
	/* Before the first try to connect again, about; then twice as long each time; 100 ms. */
	wok_time pause;
	wok_time max_pause; /* 10 s */
	/* When nothing has come for so long, the server is asked whether it is there; 30 s. */
	wok_time check_after;
	/* How long its answer to that, or to the subscriptions, may take; 10 s. */
	wok_time check_timeout;
	/*
	 * The connection was lost, or could not be made; wok_errmsg(code) says why. It goes on
	 * trying. Must not wait.
	 */
	void (*on_lost)(int code, void *arg);
	void *arg; /* of that */
} wok_pg_listener_options;

/**
 * Make a listener. It begins to connect, and does not wait for that.
 *
 * dsn:        as of wok_pg_connect()
 * options:    NULL for the defaults; borrowed for the call
 * ret_listener: to be freed with wok_pg_listener_free()
 * Returns:    0; -EINVAL for a wrong dsn or options, or outside of a loop; -ENOMEM
 * Checkpoint: never
 * Threads:    the loop's; the listener belongs to it
 */
int wok_pg_listener_new(const char *dsn, const wok_pg_listener_options *options,
			wok_pg_listener **ret_listener) WOK_MUST_CHECK;

/**
 * Subscribe to a channel, for as long as the listener lives, and wait until the server has it.
 *
 * channel:    as of wok_pg_listen()
 * Returns:    0; -EINVAL as wok_pg_listen(); why the server refuses: WOK_EDB; why there was never a
 *             connection, if that is something that stays, as a wrong password; -ENOMEM;
 *             -ECANCELED: it may be subscribed to, or will be
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_listener_listen(wok_pg_listener *listener, const char *channel) WOK_MUST_CHECK;

/**
 * Unsubscribe. What has come before is still given.
 *
 * channel:    NULL for all
 * Returns:    0, also if it was none of the listener's; as wok_pg_unlisten()
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_listener_unlisten(wok_pg_listener *listener, const char *channel) WOK_MUST_CHECK;

/**
 * Wait for the next notification, or gap. While there is no connection it waits, too.
 *
 * ret_notification: its texts live until the next call
 * Returns:    1; an error that stays, as of wok_pg_listener_listen(), if there never was a
 *             connection; -ECANCELED
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_pg_listener_next(wok_pg_listener *listener, wok_pg_notification *ret_notification)
	WOK_MUST_CHECK;

/**
 * Close its connection and release a listener. No task may be in a call on it.
 *
 * listener:   NULL does nothing
 * Returns:    nothing
 * Checkpoint: shielded
 * Threads:    the loop's
 */
void wok_pg_listener_free(wok_pg_listener *listener);
WOK_DEFINE_AUTO(wok_pg_listener)

WOK_END_DECLS
#endif

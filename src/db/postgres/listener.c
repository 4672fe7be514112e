/* SPDX-License-Identifier: MIT */
/*
 * Listeners: see wok/pg_notify.h.
 *
 * A task of the listener's own has the connection: it makes it, subscribes, takes in what comes,
 * and begins again when it is lost. Who subscribes meanwhile does so on the same connection, and
 * keeps it for that long: the last one to let go frees it. Connections are numbered, and each
 * channel knows the number of the last one that heard of it.
 *
 * The gap is told of when the new connection has subscribed, not when the old one was lost: who
 * reads the state then has all that was committed before, and hears of all that is committed later.
 */
#include <stdio.h>
#include <wok/loop.h>
#include <wok/pg_types.h>
#include <wok/scope.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/time.h"
#include "db/postgres/dialer.h"
#include "db/retry.h"
#include "task/park.h"

enum { NAME_MAX_SIZE = 63, MESSAGE_MAX = 64 << 10 };

struct channel {
	struct wok__node link;
	uint64_t heard; /* by the connection of this number; 0: by none */
	char name[NAME_MAX_SIZE + 1];
};

struct line {
	wok_pg_conn *conn;
	unsigned refs;
};

struct wok_pg_listener {
	wok_pg_listener_options options;
	wok_pg_options connection;
	char *dsn;
	int (*dial)(void *arg, const struct wok__pg_host *host, wok_stream **ret_stream);
	void *dial_arg;
	wok_scope *scope; /* of its task */
	struct wok__list channels;
	struct line *line; /* NULL: none stands */
	uint64_t number;   /* of the last that stood */
	wok_event stands;  /* set while one stands; and when none ever will */
	struct wok__pg_notifications queue;
	wok_event arrived; /* set while something is in the queue; and when none ever will */
	int error;         /* none ever will: why */
	char why[300];
};

static void let_go(struct line *line)
{
	if (--line->refs > 0)
		return;
	wok_pg_conn_free(line->conn);
	wok_free(line);
}

/* The listener's connection is gone. */
static void go_down(wok_pg_listener *listener)
{
	struct line *line = WOK_TAKE(listener->line);

	wok_event_clear(&listener->stands);
	if (line)
		let_go(line);
}

/* --- its task --------------------------------------------------------------------------------- */

static int connect_once(wok_pg_listener *listener, wok_pg_conn **ret_conn)
{
	struct wok__pg_dialer *dialer;

	WOK_TRY(wok__pg_dialer_new(listener->dsn, &dialer));
	if (listener->dial) {
		dialer->settings->dial = listener->dial;
		dialer->settings->dial_arg = listener->dial_arg;
	}
	return wok__pg_connect(dialer, &listener->connection, ret_conn);
}

/* LISTEN for each channel, as one script. */
static int write_script(wok_pg_listener *listener, struct wok__pg_buffer *script)
{
	WOK__LIST_EACH (node, &listener->channels) {
		struct channel *channel = WOK__CONTAINER(node, struct channel, link);
		char quoted[2 * NAME_MAX_SIZE + 3];

		wok_pg_quote_identifier(channel->name, quoted, sizeof(quoted));
		wok__pg_buffer_add(script, "LISTEN ", 7);
		wok__pg_buffer_add(script, quoted, strlen(quoted));
		wok__pg_buffer_byte(script, ';');
		channel->heard = listener->number + 1;
	}
	wok__pg_buffer_byte(script, '\0');
	return script->error;
}

static int run_in_time(const wok_pg_listener *listener, wok_pg_conn *conn, const char *sql)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, listener->options.check_timeout) {
		r = wok_pg_script(conn, sql);
	}
	return wok_timeout_result(&timeout, r);
}

static int subscribe_all(wok_pg_listener *listener, wok_pg_conn *conn)
{
	struct wok__pg_buffer script = {0};
	int r = write_script(listener, &script);

	r = r < 0 ? r : run_in_time(listener, conn, script.data);
	wok__pg_buffer_free(&script);
	return r;
}

static int come_up(wok_pg_listener *listener)
{
	WOK_AUTO(wok_pg_conn) *conn = NULL;

	WOK_TRY(connect_once(listener, &conn));
	WOK_TRY(subscribe_all(listener, conn));
	struct line *line = wok_alloc(sizeof(*line));
	if (!line)
		return -ENOMEM;
	*line = (struct line){WOK_TAKE(conn), 1};
	listener->line = line;
	if (listener->number++ > 0) {
		wok__pg_notifications_lose(&listener->queue, WOK_UNLIMITED);
		wok_event_set(&listener->arrived);
	}
	wok_event_set(&listener->stands);
	return 0;
}

static void take_in(wok_pg_listener *listener, const wok_pg_notification *notification)
{
	if (notification->lost)
		wok__pg_notifications_lose(&listener->queue, notification->lost);
	else
		wok__pg_notifications_push(&listener->queue, listener->connection.max_notifications,
					   notification);
	wok_event_set(&listener->arrived);
}

/* Take in what comes, until the connection is lost: why. */
static int attend(wok_pg_listener *listener, wok_pg_conn *conn)
{
	for (;;) {
		wok_pg_notification notification = {0};
		wok_timeout timeout = WOK_TIMEOUT_INIT;
		int r = 0;

		WOK_TIMEOUT (&timeout, listener->options.check_after) {
			r = wok_pg_notification_next(conn, &notification);
		}
		r = wok_timeout_result(&timeout, r);
		if (r > 0)
			take_in(listener, &notification);
		else if (r == -ETIMEDOUT)
			r = run_in_time(listener, conn, "");
		if (r < 0)
			return r;
	}
}

static int attend_line(wok_pg_listener *listener, struct line *line)
{
	line->refs++;
	const int r = attend(listener, line->conn);
	if (listener->line == line)
		go_down(listener);
	let_go(line);
	return r;
}

static void tell(const wok_pg_listener *listener, int code)
{
	if (!listener->options.on_lost)
		return;
	const char *before = wok__nowait_enter("a listener's callback");

	listener->options.on_lost(code, listener->options.arg);
	wok__nowait_leave(before);
}

/* An error at the very begin that stays: a wrong password, no such database. */
static bool is_hopeless(const wok_pg_listener *listener, int code)
{
	return listener->number == 0 && code != -ENOMEM && !wok__pg_is_temporary(code);
}

static void give_up(wok_pg_listener *listener, int code)
{
	listener->error = code;
	snprintf(listener->why, sizeof(listener->why), "%s", wok_errmsg(code));
	wok_event_set(&listener->stands);
	wok_event_set(&listener->arrived);
}

static int keep_listening(void *arg)
{
	wok_pg_listener *listener = arg;
	const wok_pg_listener_options *options = &listener->options;
	wok_time pause = options->pause;

	for (;;) {
		const wok_time begun = wok_now();
		int r = come_up(listener);

		if (r == 0)
			r = attend_line(listener, listener->line);
		if (r == -ECANCELED)
			return 0;
		tell(listener, r);
		if (is_hopeless(listener, r)) {
			give_up(listener, r);
			return 0;
		}
		/* One that is lost as soon as it stands is no better than none. */
		if (wok_now() - begun > options->max_pause)
			pause = options->pause;
		WOK_TRY(wok_sleep(wok__db_draw(pause)));
		pause = wok__time_min(2 * pause, options->max_pause);
	}
}

/* --- the calls -------------------------------------------------------------------------------- */

#define OR_DEFAULT(field, value) options->field = options->field ? options->field : (value)

static int settle(wok_pg_listener *listener)
{
	wok_pg_listener_options *options = &listener->options;

	OR_DEFAULT(pause, 100 * WOK_MS);
	OR_DEFAULT(max_pause, 10 * WOK_SECOND);
	OR_DEFAULT(check_after, 30 * WOK_SECOND);
	OR_DEFAULT(check_timeout, 10 * WOK_SECOND);
	if (options->pause < 0 || options->max_pause < options->pause || options->check_after < 0 ||
	    options->check_timeout < 0)
		return wok_fail(-EINVAL, "wok_pg_listener_new: a time is below zero, or max_pause "
					 "below pause");
	if (options->connection)
		listener->connection = *options->connection;
	options->connection = NULL;
	if (listener->connection.on_notification)
		return wok_fail(-EINVAL, "wok_pg_listener_new: notifications come by "
					 "wok_pg_listener_next(), not by on_notification");
	if (!listener->connection.max_message)
		listener->connection.max_message = MESSAGE_MAX;
	if (!listener->connection.max_notifications)
		listener->connection.max_notifications = 10000;
	return 0;
}

static int begin(wok_pg_listener *listener, const char *dsn)
{
	const wok_scope_options background = {.background = true, .keep_going = true};
	struct wok__pg_dialer *dialer;

	WOK_TRY(settle(listener));
	WOK_TRY(wok__pg_dialer_new(dsn, &dialer));
	wok__pg_dialer_free(dialer);
	if (dsn && !(listener->dsn = wok__strdup(dsn)))
		return -ENOMEM;
	WOK_TRY(wok_scope_new_with(&background, &listener->scope));
	return wok_scope_spawn(listener->scope, keep_listening, listener);
}

int wok__pg_listener_new(const char *dsn, const wok_pg_listener_options *options,
			 int (*dial)(void *arg, const struct wok__pg_host *host,
				     wok_stream **ret_stream),
			 void *dial_arg, wok_pg_listener **ret_listener)
{
	if (!wok_current_loop())
		return wok_fail(-EINVAL, "wok_pg_listener_new: this thread runs no loop");
	WOK_AUTO(wok_pg_listener) *listener = wok__alloc_zeroed(sizeof(*listener));
	if (!listener)
		return -ENOMEM;
	listener->dial = dial;
	listener->dial_arg = dial_arg;
	if (options)
		listener->options = *options;
	wok__list_init(&listener->channels);
	wok__pg_notifications_init(&listener->queue);
	WOK_TRY(begin(listener, dsn));
	*ret_listener = WOK_TAKE(listener);
	return 0;
}

int wok_pg_listener_new(const char *dsn, const wok_pg_listener_options *options,
			wok_pg_listener **ret_listener)
{
	return wok__pg_listener_new(dsn, options, NULL, NULL, ret_listener);
}

static struct channel *find(const wok_pg_listener *listener, const char *name)
{
	WOK__LIST_EACH (node, &listener->channels) {
		struct channel *channel = WOK__CONTAINER(node, struct channel, link);

		if (strcmp(channel->name, name) == 0)
			return channel;
	}
	return NULL;
}

static int add(wok_pg_listener *listener, const char *name)
{
	struct channel *channel;

	if (find(listener, name))
		return 0;
	channel = wok__alloc_zeroed(sizeof(*channel));
	if (!channel)
		return -ENOMEM;
	snprintf(channel->name, sizeof(channel->name), "%s", name);
	wok__list_push_back(&listener->channels, &channel->link);
	return 0;
}

/* name: NULL for all */
static void forget(wok_pg_listener *listener, const char *name)
{
	WOK__LIST_EACH (node, &listener->channels) {
		struct channel *channel = WOK__CONTAINER(node, struct channel, link);

		if (name && strcmp(channel->name, name) != 0)
			continue;
		wok__list_remove(&channel->link);
		wok_free(channel);
	}
}

/* Run it on the connection that stands. A lost one is put down at once, so that nobody takes it. */
static int with_line(wok_pg_listener *listener, int (*call)(wok_pg_conn *conn, const char *channel),
		     const char *name)
{
	struct line *line = listener->line;

	line->refs++;
	int r = call(line->conn, name);
	if (r < 0 && r != -ECANCELED && !wok_pg_alive(line->conn))
		r = WOK_ECONNLOST;
	if (r == WOK_ECONNLOST && listener->line == line)
		go_down(listener);
	let_go(line);
	return r;
}

static int subscribe(wok_pg_listener *listener, const char *name)
{
	const uint64_t number = listener->number;
	const int r = with_line(listener, wok_pg_listen, name);
	struct channel *channel = find(listener, name);

	if (r == 0 && channel)
		channel->heard = number;
	if (r == WOK_ECONNLOST)
		return 0; /* the next one is told of it, with all others */
	if (r < 0 && r != -ECANCELED)
		forget(listener, name);
	return r;
}

int wok_pg_listener_listen(wok_pg_listener *listener, const char *channel)
{
	const struct channel *entry;

	WOK_TRY(wok__check());
	WOK_TRY(wok__pg_check_channel(channel));
	WOK_TRY(add(listener, channel));
	while ((entry = find(listener, channel)) && listener->error == 0) {
		if (!listener->line) {
			WOK_TRY(wok_event_wait(&listener->stands));
		} else if (entry->heard != listener->number) {
			WOK_TRY(subscribe(listener, channel));
		} else {
			wok__spend();
			return 0;
		}
	}
	return listener->error < 0 ? wok_fail(listener->error, "%s", listener->why)
				   : wok_fail(-EINVAL, "the channel was unsubscribed meanwhile");
}

int wok_pg_listener_unlisten(wok_pg_listener *listener, const char *channel)
{
	WOK_TRY(wok__check());
	if (channel)
		WOK_TRY(wok__pg_check_channel(channel));
	forget(listener, channel);
	if (!listener->line) {
		wok__spend();
		return 0;
	}
	const int r = with_line(listener, wok_pg_unlisten, channel);
	return r == WOK_ECONNLOST ? 0 : r;
}

int wok_pg_listener_next(wok_pg_listener *listener, wok_pg_notification *ret_notification)
{
	WOK_TRY(wok_event_wait(&listener->arrived));
	if (!wok__pg_notifications_any(&listener->queue))
		return wok_fail(listener->error, "%s", listener->why);
	wok__pg_notifications_take(&listener->queue, ret_notification);
	if (!wok__pg_notifications_any(&listener->queue) && listener->error == 0)
		wok_event_clear(&listener->arrived);
	return 1;
}

void wok_pg_listener_free(wok_pg_listener *listener)
{
	if (!listener)
		return;
	wok_scope_free(listener->scope);
	forget(listener, NULL);
	wok__pg_notifications_clear(&listener->queue);
	wok_free(listener->dsn);
	wok_free(listener);
}

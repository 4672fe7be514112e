/* SPDX-License-Identifier: MIT */
/*
 * Connecting: see wok/pg.h. Hosts are tried in order, each in the ways of its sslmode (dial.h).
 * The next host is for servers that cannot be reached, are not up yet, or not of the kind that is
 * wanted; one that refuses who we are is believed.
 */
#include <stdio.h>
#include <wok/timeout.h>

#include "db/postgres/dialer.h"
#include "db/postgres/startup.h"

struct attempt {
	struct wok__pg_dialer *dialer;
	const wok_pg_options *options;
	enum wok__pg_target target;
	bool reached;   /* this way led to a server */
	bool misfit;    /* a server was there, of another kind than was wanted */
	int tried;      /* ways */
	char why[400];  /* this way has failed */
	char said[900]; /* why each has */
};

/* One way to one host. The connection has no dialer of its own yet. */
static int begin(struct attempt *attempt, wok_pg_conn *conn)
{
	struct wok__pg_dialer *dialer = attempt->dialer;

	dialer->encrypted = false;
	WOK_TRY(wok__pg_dial(dialer->settings, &dialer->way, &conn->stream, &dialer->encrypted));
	attempt->reached = true;
	WOK_TRY(wok__pg_startup(conn, dialer));
	dialer->way.phase = "asking what kind of server it is";
	int r = wok__pg_check_target(conn, attempt->target);
	WOK_TRY(r);
	attempt->misfit |= r == 0;
	return r == 0 ? -EHOSTUNREACH : 0;
}

static int open_way(struct attempt *attempt, wok_pg_conn **ret_conn)
{
	WOK_AUTO(wok_pg_conn) *conn = NULL;

	WOK_TRY(wok__pg_conn_new(attempt->options, &conn));
	int r = begin(attempt, conn);
	if (r == 0)
		*ret_conn = WOK_TAKE(conn);
	else /* closing it may leave another message */
		snprintf(attempt->why, sizeof(attempt->why), "%s", wok_errmsg(r));
	return r;
}

static int open_in_time(struct attempt *attempt, wok_pg_conn **ret_conn)
{
	const struct wok__pg_dialer *dialer = attempt->dialer;
	const wok_time limit = dialer->settings->connect_timeout;
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	char text[300];
	int r = 0;

	attempt->reached = false;
	WOK_TIMEOUT (&timeout, limit) {
		r = open_way(attempt, ret_conn);
	}
	r = wok_timeout_result(&timeout, r);
	if (r == 0 || r == -ECANCELED || r == -ENOMEM)
		return r;
	wok__pg_host_text(&dialer->settings->hosts[dialer->way.host], text, sizeof(text));
	if (r == -ETIMEDOUT && wok_timeout_expired(&timeout))
		return wok_fail(r, "%s: no answer in %g s (connect_timeout), while %s", text,
				(double) limit / WOK_SECOND, dialer->way.phase);
	return attempt->reached ? wok_fail(r, "%s: %s", text, attempt->why)
				: wok_fail(r, "%s", attempt->why);
}

/*
 * Whether this host's other way may be better: the server does not let us in this way, or TLS
 * failed where it need not be.
 */
static bool try_again(const struct attempt *attempt, int r)
{
	const wok_db_error *error = r == WOK_EDB ? wok_db_last_error() : NULL;
	const struct wok__pg_dialer *dialer = attempt->dialer;
	const struct wok__pg_way *way = &dialer->way;
	const bool refused = error && strcmp(error->sqlstate, "28000") == 0;

	if (!wok__pg_way_has_other(dialer->settings, way))
		return false;
	if (way->tls)
		return way->no_handshake || (refused && dialer->encrypted);
	return refused;
}

static bool is_final(const struct attempt *attempt, int r)
{
	if (r == -ECANCELED || r == -ENOMEM || r == -EINVAL)
		return true;
	return attempt->reached && (r == WOK_EDB || r == -EACCES || r == -ENOTSUP);
}

/* Keep why a way has failed, and leave the message of all. */
static int note(struct attempt *attempt, int r)
{
	const size_t used = strlen(attempt->said);

	snprintf(attempt->said + used, sizeof(attempt->said) - used, "%s%s", used ? "; " : "",
		 wok_errmsg(r));
	return attempt->tried++ == 0 ? r : wok_fail(r, "%s", attempt->said);
}

static int try_all(struct attempt *attempt, wok_pg_conn **ret_conn)
{
	struct wok__pg_dialer *dialer = attempt->dialer;
	bool again = false;
	int r = -EINVAL;

	dialer->way = (struct wok__pg_way){0};
	while (wok__pg_way_next(dialer->settings, &dialer->way, again)) {
		r = open_in_time(attempt, ret_conn);
		if (r == 0 || r == -ECANCELED || r == -ENOMEM)
			return r;
		again = try_again(attempt, r);
		r = note(attempt, r);
		if (is_final(attempt, r) && !again)
			return r;
	}
	return r;
}

int wok__pg_connect(struct wok__pg_dialer *dialer, const wok_pg_options *options,
		    wok_pg_conn **ret_conn)
{
	struct attempt attempt = {dialer, options, dialer->settings->target, .tried = 0};
	int r = try_all(&attempt, ret_conn);

	/* Rather a standby, but better a primary than none. */
	if (r < 0 && r != -ECANCELED && attempt.misfit &&
	    attempt.target == WOK__PG_PREFER_STANDBY) {
		attempt = (struct attempt){dialer, options, WOK__PG_ANY, .tried = 0};
		r = try_all(&attempt, ret_conn);
	}
	if (r < 0)
		wok__pg_dialer_free(dialer);
	else
		(*ret_conn)->dialer = dialer;
	return r;
}

int wok_pg_connect_with(const char *dsn, const wok_pg_options *options, wok_pg_conn **ret_conn)
{
	struct wok__pg_dialer *dialer;

	WOK_TRY(wok__pg_dialer_new(dsn, &dialer));
	return wok__pg_connect(dialer, options, ret_conn);
}

int wok_pg_connect(const char *dsn, wok_pg_conn **ret_conn)
{
	return wok_pg_connect_with(dsn, NULL, ret_conn);
}

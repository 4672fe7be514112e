/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_DIAL_H
#define WOK_DB_POSTGRES_DIAL_H
/*
 * A connection to a host, with TLS where it should have it, before the first message of the
 * protocol.
 *
 * One host may be tried in two ways: sslmode=allow begins without TLS, prefer with it, and each
 * tries the other if the server refuses who comes this way. So whoever connects goes through them:
 *
 *     struct wok__pg_way way = {0};
 *     while (wok__pg_way_next(settings, &way, refused))
 *             ... dial it, start up; refused: the server said no (28000), another way may do
 */
#include <wok/stream.h>

#include "db/postgres/settings.h"

struct wok__pg_way {
	size_t host;
	bool tls;       /* ask for it */
	bool required;  /* and take nothing else */
	unsigned tried; /* of this host: private */
	/* What wok__pg_dial() leaves here, and the start-up after it. */
	const char *phase; /* what is being done, for messages: "connecting" */
	bool no_handshake; /* TLS failed, with a server that could be reached */
};

/*
 * The next way to try, at first that of an all zero struct. again: the server of the last way
 * refused us there, so that this host's other way may be better; otherwise the next host. false:
 * there are no more.
 */
bool wok__pg_way_next(const struct wok__pg_settings *settings, struct wok__pg_way *way, bool again);

/* Whether this host has another way yet. */
bool wok__pg_way_has_other(const struct wok__pg_settings *settings, const struct wok__pg_way *way);

/*
 * Connect, and agree on TLS. A request to cancel is sent over a connection of its own, by the way
 * that worked. There is no limit of time here: the caller's connect_timeout is around this and the
 * start-up.
 * 0; -errno of the network; WOK_ENAME; WOK_ECERTIFICATE; WOK_EPEER: it is no PostgreSQL server;
 * -EPROTONOSUPPORT: it has no TLS, and must; -ECANCELED. The message names the host.
 * ret_encrypted: TLS is on. Always a checkpoint.
 */
int wok__pg_dial(struct wok__pg_settings *settings, struct wok__pg_way *way,
		 wok_stream **ret_stream, bool *ret_encrypted);

/* Where a host is, for messages: "db.example.com:5432", "/run/postgresql/.s.PGSQL.5432". */
const char *wok__pg_host_text(const struct wok__pg_host *host, char *text, size_t size);

/* Whether what is sent to a host can be read by nobody else. */
static inline bool wok__pg_is_secure(const struct wok__pg_settings *settings,
				     const struct wok__pg_way *way, bool encrypted)
{
	return encrypted || wok__pg_host_is_local(&settings->hosts[way->host]);
}
#endif

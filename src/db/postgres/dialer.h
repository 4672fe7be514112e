/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_DIALER_H
#define WOK_DB_POSTGRES_DIALER_H
/* How a server is reached: kept with the connection, as a cancel request goes the same way. */
#include <wok/stream.h>

struct wok__pg_dialer;

/* Of a DSN. -EINVAL; -ENOMEM. */
int wok__pg_dialer_new(const char *dsn, struct wok__pg_dialer **ret_dialer);
void wok__pg_dialer_free(struct wok__pg_dialer *dialer); /* NULL does nothing */

/* Another stream to the same server, ready for its first message. */
int wok__pg_dialer_dial(struct wok__pg_dialer *dialer, wok_stream **ret_stream);

/* What a startup message says. */
const char *wok__pg_dialer_user(const struct wok__pg_dialer *dialer);
const char *wok__pg_dialer_database(const struct wok__pg_dialer *dialer);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_CONNINFO_H
#define WOK_DB_POSTGRES_CONNINFO_H
/* A DSN in either of its forms as a list of keywords and values: pure functions over text. */
#include <stdbool.h>
#include <stddef.h>

/* In the order of the table in conninfo.c. */
enum wok__pg_key {
	WOK__PG_KEY_SERVICE,
	WOK__PG_KEY_USER,
	WOK__PG_KEY_PASSWORD,
	WOK__PG_KEY_PASSFILE,
	WOK__PG_KEY_CHANNEL_BINDING,
	WOK__PG_KEY_CONNECT_TIMEOUT,
	WOK__PG_KEY_DBNAME,
	WOK__PG_KEY_HOST,
	WOK__PG_KEY_HOSTADDR,
	WOK__PG_KEY_PORT,
	WOK__PG_KEY_CLIENT_ENCODING,
	WOK__PG_KEY_OPTIONS,
	WOK__PG_KEY_APPLICATION_NAME,
	WOK__PG_KEY_FALLBACK_APPLICATION_NAME,
	WOK__PG_KEY_KEEPALIVES,
	WOK__PG_KEY_KEEPALIVES_IDLE,
	WOK__PG_KEY_KEEPALIVES_INTERVAL,
	WOK__PG_KEY_KEEPALIVES_COUNT,
	WOK__PG_KEY_TCP_USER_TIMEOUT,
	WOK__PG_KEY_SSLMODE,
	WOK__PG_KEY_SSLCOMPRESSION,
	WOK__PG_KEY_SSLCERT,
	WOK__PG_KEY_SSLKEY,
	WOK__PG_KEY_SSLPASSWORD,
	WOK__PG_KEY_SSLROOTCERT,
	WOK__PG_KEY_SSLCRL,
	WOK__PG_KEY_SSLCRLDIR,
	WOK__PG_KEY_SSLSNI,
	WOK__PG_KEY_REQUIREPEER,
	WOK__PG_KEY_SSL_MIN_VERSION,
	WOK__PG_KEY_SSL_MAX_VERSION,
	WOK__PG_KEY_GSSENCMODE,
	WOK__PG_KEY_KRBSRVNAME,
	WOK__PG_KEY_GSSLIB,
	WOK__PG_KEY_REPLICATION,
	WOK__PG_KEY_TARGET_SESSION_ATTRS,
	WOK__PG_KEY_REQUIRE_AUTH,
	WOK__PG_N_KEYS,
};

struct wok__pg_conninfo {
	char *values[WOK__PG_N_KEYS]; /* from wok_alloc(); NULL: not said */
};

const char *wok__pg_key_name(enum wok__pg_key key);
const char *wok__pg_key_variable(enum wok__pg_key key); /* of the environment; NULL */

/* The key of a name; -ENOENT, without a message. */
int wok__pg_key_find(const char *name);

/*
 * What a DSN says, over what info has already. 0; -EINVAL; -ENOMEM. After a failure info holds a
 * part of it, and is still to be cleared.
 */
int wok__pg_conninfo_parse(struct wok__pg_conninfo *info, const char *dsn);

/* Set a value, copied. -ENOMEM. */
int wok__pg_conninfo_set(struct wok__pg_conninfo *info, enum wok__pg_key key, const char *value);
void wok__pg_conninfo_clear(struct wok__pg_conninfo *info);

/* service.c: what a service file's text says of a service, where info has nothing yet. 1; 0: it has
 * no such service; -EINVAL; -ENOMEM. file: its name, for messages. */
int wok__pg_service_read(struct wok__pg_conninfo *info, const char *text, const char *service,
			 const char *file);
#endif

/* SPDX-License-Identifier: MIT */
/* How a server is reached: see dialer.h. Unix sockets, of a DSN as key=value. */
#include "db/postgres/dialer.h"

#include <stdio.h>
#include <string.h>
#include <wok/net.h>
#include <wok/unix.h>

#include "base/memory.h"

struct wok__pg_dialer {
	char path[130];
	char user[100];
	char database[100];
};

static int take_word(struct wok__pg_dialer *dialer, const char *key, const char *value, char *port)
{
	if (strcmp(key, "host") == 0)
		snprintf(dialer->path, sizeof(dialer->path) - 30, "%s", value);
	else if (strcmp(key, "port") == 0)
		snprintf(port, 8, "%.5s", value);
	else if (strcmp(key, "user") == 0)
		snprintf(dialer->user, sizeof(dialer->user), "%s", value);
	else if (strcmp(key, "dbname") == 0)
		snprintf(dialer->database, sizeof(dialer->database), "%s", value);
	return 0;
}

int wok__pg_dialer_new(const char *dsn, struct wok__pg_dialer **ret_dialer)
{
	struct wok__pg_dialer *dialer = wok__alloc_zeroed(sizeof(*dialer));
	char port[8] = "5432";
	int used = 0;
	char key[32], value[100];

	if (!dialer)
		return -ENOMEM;
	while (sscanf(dsn, " %31[^= ]=%99s%n", key, value, &used) == 2) {
		take_word(dialer, key, value, port);
		dsn += used;
	}
	if (!dialer->database[0])
		snprintf(dialer->database, sizeof(dialer->database), "%s", dialer->user);
	snprintf(dialer->path + strlen(dialer->path), 30, "/.s.PGSQL.%s", port);
	*ret_dialer = dialer;
	return 0;
}

void wok__pg_dialer_free(struct wok__pg_dialer *dialer)
{
	wok_free(dialer);
}

int wok__pg_dialer_dial(struct wok__pg_dialer *dialer, wok_stream **ret_stream)
{
	return wok_unix_connect(dialer->path, ret_stream);
}

const char *wok__pg_dialer_user(const struct wok__pg_dialer *dialer)
{
	return dialer->user;
}

const char *wok__pg_dialer_database(const struct wok__pg_dialer *dialer)
{
	return dialer->database;
}

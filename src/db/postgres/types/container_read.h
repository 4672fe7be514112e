/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_CONTAINER_READ_H
#define WOK_DB_POSTGRES_CONTAINER_READ_H
/* What the readers of the binary and the text form share. */
#include "db/postgres/types/container.h"

struct wok_pg_items {
	struct wok__pg_dims shape;
	bool is_record;
	const struct wok__pg_type *type; /* for the names of a record's fields; NULL: not known */
	char *bytes;
	wok_value values[]; /* the bytes stand behind them */
};

/* Room for so many values, all NULL, and bytes, and one byte more. NULL without memory. */
wok_pg_items *wok__pg_items_new(size_t count, size_t bytes);

/* The text form; type: NULL if it is not known. */
int wok__pg_items_parse(const wok_value *value, const wok_pg_types *types,
			const struct wok__pg_type *type, wok_pg_items **ret_items);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_SHAPE_H
#define WOK_DB_POSTGRES_SHAPE_H
/* What rows look like: a RowDescription, with each column's type found once. Shared by count. */
#include "db/postgres/protocol.h"
#include "db/postgres/types/types.h"
#include "db/rows.h"

struct wok__pg_shape_column {
	const struct wok__pg_type *type; /* NULL: unknown, read as text */
	uint32_t oid;
	uint32_t table;
	int32_t modifier;
	int16_t number;
	int16_t format; /* that rows come in, and Bind asks for */
};

struct wok__pg_shape {
	unsigned refs;
	struct wok__columns *columns;
	bool all_binary; /* one code says it for all columns */
	size_t count;
	struct wok__pg_shape_column column[];
};

/*
 * Of a RowDescription. said: the formats that it says are those of the rows; otherwise the best of
 * each type. WOK_EPEER; -ENOMEM.
 */
int wok__pg_shape_new(const struct wok_pg_types *types, const struct wok__pg_message *message,
		      bool said, struct wok__pg_shape **ret_shape);
/* After types were looked up: a new shape instead of the caller's, if that helps. -ENOMEM. */
int wok__pg_shape_retype(const struct wok_pg_types *types, struct wok__pg_shape **shape);

struct wok__pg_shape *wok__pg_shape_ref(struct wok__pg_shape *shape); /* NULL gives NULL */
void wok__pg_shape_unref(struct wok__pg_shape *shape);                /* NULL does nothing */

/* Add the row of a DataRow. binary: as if each column's format were that. */
int wok__pg_shape_row(const struct wok__pg_shape *shape, bool binary,
		      const struct wok__pg_message *message, wok_rows *rows);
#endif

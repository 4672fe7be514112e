/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_SHAPE_H
#define WOK_DB_POSTGRES_SHAPE_H
/* What rows look like: a RowDescription, with each column's type found once. Shared by count. */
#include "db/postgres/protocol.h"
#include "db/postgres/types/types.h"
#include "db/rows.h"

/* How a field is read: see data_row.c. */
enum wok__pg_way_to_read {
	WOK__PG_AS_NUMBER,
	/* From here on with the row's bytes. */
	WOK__PG_AS_CHAR,
	WOK__PG_AS_TEXT,
	WOK__PG_BY_DECODER, /* wok__pg_decode() */
};

struct wok__pg_shape_column {
	const struct wok__pg_type *type; /* NULL: unknown, read as text */
	wok_value model;                 /* its kind and type, where they are known before */
	uint32_t oid;
	uint32_t table;
	int32_t modifier;
	int16_t number;
	int16_t format; /* that rows come in, and Bind asks for */
	uint8_t way;    /* enum wok__pg_way_to_read */
	uint8_t shift;  /* of a number: bits that it is shorter than 64 */
	uint32_t width; /* its bytes; what is no number: UINT32_MAX, as no field is */
	int64_t mask;   /* the bits of an unsigned number; -1 */
};

struct wok__pg_shape {
	unsigned refs;
	struct wok__columns *columns;
	bool all_binary; /* one code says it for all columns */
	bool numbers;    /* all fields are read into their values: no row needs its bytes */
	size_t count;
	struct wok__pg_shape_column column[];
};

/* Which formats the rows will have. */
enum wok__pg_formats {
	WOK__PG_BEST,   /* of each type */
	WOK__PG_SAID,   /* what the RowDescription says */
	WOK__PG_BINARY, /* all of them binary */
};

/* Of a RowDescription. WOK_EPEER; -ENOMEM. */
int wok__pg_shape_new(const struct wok_pg_types *types, const struct wok__pg_message *message,
		      enum wok__pg_formats formats, struct wok__pg_shape **ret_shape);
/* After types were looked up: a new shape instead of the caller's, if that helps. -ENOMEM. */
int wok__pg_shape_retype(const struct wok_pg_types *types, struct wok__pg_shape **shape);

struct wok__pg_shape *wok__pg_shape_ref(struct wok__pg_shape *shape); /* NULL gives NULL */
void wok__pg_shape_unref(struct wok__pg_shape *shape);                /* NULL does nothing */
#endif

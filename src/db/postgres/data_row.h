/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_DATA_ROW_H
#define WOK_DB_POSTGRES_DATA_ROW_H
/* Rows of a result, of the messages that bring them. */
#include "db/postgres/shape.h"

/* Add the row of a DataRow. WOK_EPEER; -ENOMEM; WOK_ELIMIT. */
int wok__pg_data_row(const struct wok__pg_shape *shape, const struct wok__pg_message *message,
		     wok_rows *rows);

/*
 * Add those of the DataRow messages that some bytes begin with, as many as are whole, but most of
 * them, and none whose body is larger than limit. *ret_size: the bytes of those that were added,
 * also after a failure. As wok__pg_data_row().
 */
int wok__pg_data_rows(const struct wok__pg_shape *shape, const char *data, size_t size,
		      size_t limit, size_t most, wok_rows *rows, size_t *ret_size);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_COPY_H
#define WOK_DB_POSTGRES_COPY_H
/* COPY within the protocol. */
#include <wok/pg_copy.h>

#include "db/postgres/op.h"

/* CopyInResponse, CopyOutResponse, CopyBothResponse, CopyData, CopyDone. */
int wok__pg_copy_message(struct wok_pg_conn *conn, struct wok__pg_op *op,
			 const struct wok__pg_message *message);

/*
 * copy_data.c: as wok_pg_copy_write(), mostly without moving the data: the buffer is another one's
 * then. Afterwards it is empty. data: it begins with WOK__PG_HEAD bytes that are not part of it.
 */
int wok__pg_copy_give(wok_pg_copy *copy, struct wok__pg_buffer *data);
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_POSTGRES_COPY_H
#define WOK_DB_POSTGRES_COPY_H
/* COPY within the protocol. */
#include "db/postgres/op.h"

/* CopyInResponse, CopyOutResponse, CopyBothResponse, CopyData, CopyDone. */
int wok__pg_copy_message(struct wok_pg_conn *conn, struct wok__pg_op *op,
			 const struct wok__pg_message *message);
#endif

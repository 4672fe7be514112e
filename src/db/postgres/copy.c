/* SPDX-License-Identifier: MIT */
/* COPY within the protocol: see copy.h. */
#include "db/postgres/copy.h"

#include "db/postgres/connection.h"

/*
 * A statement was run as any other, and began a COPY. Data that comes is dropped; data that the
 * server waits for it is refused. Behind an extended query, the Sync that was sent with it is lost
 * in the COPY, and so would be what other tasks sent after it: then the connection has to go.
 */
static int refuse(wok_pg_conn *conn, struct wok__pg_op *op, char type)
{
	const size_t mark = conn->out.size;

	if (type == 'W')
		return wok_fail(WOK_EPEER, "PostgreSQL began to replicate, though nobody asked");
	if (op->failed == 0)
		wok__pg_op_fail(op, wok_fail(-EINVAL, "the statement is a COPY: use "
						      "wok_pg_copy_in() or wok_pg_copy_out()"));
	if (type == 'H')
		return 0;
	if (op->link.next != &conn->ops.head)
		return wok_fail(WOK_EPEER, "a COPY began on a connection that other tasks use");
	wok__pg_send_text(&conn->out, 'f', "COPY was not expected");
	if (*op->steps != 'q')
		wok__pg_send_bare(&conn->out, 'S');
	op->size += conn->out.size - mark;
	conn->in_flight += conn->out.size - mark;
	return conn->out.error;
}

int wok__pg_copy_message(wok_pg_conn *conn, struct wok__pg_op *op,
			 const struct wok__pg_message *message)
{
	switch (message->type) {
	case 'G':
	case 'H':
	case 'W':
		if (op->sink != WOK__PG_COPY || op->copying || message->type == 'W')
			return refuse(conn, op, message->type);
		op->copying = true;
		op->copy_type = message->type;
		return 0;
	case 'd':
		if (op->copy_data)
			op->copy_data(op, message->body, message->size);
		return 0;
	default: /* CopyDone: the tag comes behind it */
		return 0;
	}
}

/* SPDX-License-Identifier: MIT */
/* Groups of statements: see group.h. */
#include "db/postgres/group.h"

enum { PIECE = 64 << 10 };

int wok__pg_group_push(wok_pg_conn *conn)
{
	return conn->out.size >= PIECE ? wok__pg_flush(conn) : 0;
}

/* The server refuses to bind what it does not have: there is no other way to end an implicit
 * transaction without committing it. */
static void send_refused(struct wok__pg_buffer *out)
{
	const size_t begun = wok__pg_send_begin(out, 'B');

	wok__pg_buffer_text(out, "");
	wok__pg_buffer_text(out, "wok_given_up");
	wok__pg_buffer_int16(out, 0);
	wok__pg_buffer_int16(out, 0);
	wok__pg_buffer_int16(out, 0);
	wok__pg_send_end(out, begun);
}

int wok__pg_group_end(wok_pg_conn *conn, bool give_up)
{
	const size_t mark = conn->out.size;

	if (give_up)
		send_refused(&conn->out);
	wok__pg_send_bare(&conn->out, 'S');
	if (conn->out.error == 0)
		return 0;
	conn->out.size = mark;
	conn->out.error = 0;
	wok__pg_break(conn, -ENOMEM, NULL);
	return -ENOMEM;
}

/* SPDX-License-Identifier: MIT */
/* Opening a connection: see startup.h. */
#include "db/postgres/startup.h"

enum { PROTOCOL = 3 << 16, STARTUP_MESSAGES_MAX = 1000, STARTUP_SIZE = 64 << 10 };

static int send_startup(wok_pg_conn *conn, const char *const *pairs)
{
	struct wok__pg_buffer *out = &conn->out;
	const size_t begun = out->size;

	wok__pg_buffer_int32(out, 0);
	wok__pg_buffer_int32(out, PROTOCOL);
	for (; *pairs; pairs++)
		wok__pg_buffer_text(out, *pairs);
	wok__pg_buffer_byte(out, 0);
	wok__pg_send_end(out, begun);
	if (out->error < 0)
		return out->error;
	int r = wok_stream_write_all(conn->stream, out->data, out->size);
	out->size = 0;
	return r;
}

static int take_key(wok_pg_conn *conn, const struct wok__pg_message *message)
{
	struct wok__pg_reader reader = wok__pg_read(message);

	conn->process = wok__pg_read_int32(&reader);
	if (reader.failed || reader.left == 0 || reader.left > sizeof(conn->key))
		return wok_fail(WOK_EPEER, "PostgreSQL sent a broken BackendKeyData");
	conn->key_size = reader.left;
	memcpy(conn->key, reader.at, reader.left);
	return 0;
}

static int take_authentication(wok_pg_conn *conn, const struct wok__pg_message *message)
{
	struct wok__pg_reader reader = wok__pg_read(message);
	const uint32_t method = wok__pg_read_int32(&reader);

	(void) conn;
	if (reader.failed || method != 0)
		return wok_fail(WOK_EPEER,
				"PostgreSQL asks for a way to authenticate (%u) that is "
				"not known",
				method);
	return 0;
}

/* 1: the connection stands. */
static int take(wok_pg_conn *conn, const struct wok__pg_message *message)
{
	switch (message->type) {
	case 'R':
		return take_authentication(conn, message);
	case 'K':
		return take_key(conn, message);
	case 'S':
		return wok__pg_parameter_status(conn, message);
	case 'N':
		return wok__pg_notice(conn, message);
	case 'E':
		return wok__pg_fail(message->body, message->size, false);
	case 'v':
		return 0; /* it speaks an older minor version, or knows fewer options: as we do */
	case 'Z':
		if (message->size != 1 || message->body[0] != 'I')
			return wok_fail(WOK_EPEER, "PostgreSQL is not ready after the startup");
		return 1;
	default:
		return wok_fail(WOK_EPEER, "PostgreSQL sent a message '%c' during the startup",
				message->type);
	}
}

static int next_message(wok_pg_conn *conn, struct wok__pg_message *ret_message)
{
	for (;;) {
		wok_view bytes = wok_stream_buffered(conn->stream);
		size_t need;
		int r = wok__pg_message_next(bytes.data, bytes.size, STARTUP_SIZE - WOK__PG_HEAD,
					     ret_message, &need);

		if (r != 0)
			return r;
		r = wok_stream_fill(conn->stream, STARTUP_SIZE, &bytes);
		if (r < 0)
			return r;
		if (r == 0)
			return wok_fail(WOK_EEOF, "PostgreSQL closed the connection during the "
						  "startup");
	}
}

int wok__pg_startup(wok_pg_conn *conn, const char *const *pairs)
{
	WOK_TRY(send_startup(conn, pairs));
	for (int i = 0; i < STARTUP_MESSAGES_MAX; i++) {
		struct wok__pg_message message;

		WOK_TRY(next_message(conn, &message));
		int r = take(conn, &message);
		if (r < 0)
			return r;
		wok_stream_consume(conn->stream, WOK__PG_HEAD + message.size);
		if (r == 1)
			return 0;
	}
	return wok_fail(WOK_EPEER, "PostgreSQL sent %d messages and is still not ready",
			STARTUP_MESSAGES_MAX);
}

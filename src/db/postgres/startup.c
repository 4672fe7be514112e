/* SPDX-License-Identifier: MIT */
/* Opening a connection: see startup.h. */
#include "db/postgres/startup.h"

#include "base/memory.h"
#include "db/postgres/auth.h"

enum { PROTOCOL = 3 << 16, STARTUP_MESSAGES_MAX = 1000, STARTUP_SIZE = 64 << 10 };

struct startup {
	wok_pg_conn *conn;
	struct wok__pg_auth *auth;
	bool let_in; /* the server knows who we are, and we, as far as that goes, who it is */
};

static int send_startup(wok_pg_conn *conn, const struct wok__pg_settings *settings)
{
	const char *const pairs[][2] = {
		{"user", settings->user},       {"database", settings->database},
		{"options", settings->options}, {"application_name", settings->application_name},
		{"client_encoding", "UTF8"},
	};
	struct wok__pg_buffer *out = &conn->out;
	const size_t begun = out->size;

	wok__pg_buffer_int32(out, 0);
	wok__pg_buffer_int32(out, PROTOCOL);
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i][1]) {
			wok__pg_buffer_text(out, pairs[i][0]);
			wok__pg_buffer_text(out, pairs[i][1]);
		}
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

/* An answer to the server's question, which may be a password: no copy of it stays. */
static int send_answer(const struct startup *startup)
{
	const struct wok__pg_auth *auth = startup->auth;
	char message[WOK__PG_HEAD + WOK__PG_ANSWER_MAX] = {'p'};

	wok__pg_put32(message + 1, (uint32_t) auth->answer_size + 4);
	memcpy(message + WOK__PG_HEAD, auth->answer, auth->answer_size);
	int r = wok_stream_write_all(startup->conn->stream, message,
				     WOK__PG_HEAD + auth->answer_size);
	explicit_bzero(message, sizeof(message));
	return r;
}

static int take_authentication(struct startup *startup, const struct wok__pg_message *message)
{
	if (startup->let_in)
		return wok_fail(WOK_EPEER, "PostgreSQL asks who we are once more");
	int r = wok__pg_auth_step(startup->auth, message->body, message->size);
	WOK_TRY(r);
	startup->let_in = r == 0;
	return r == 1 ? send_answer(startup) : 0;
}

/* What comes only when it is settled who is who. 1: the connection stands. */
static int take_settled(wok_pg_conn *conn, const struct wok__pg_message *message)
{
	switch (message->type) {
	case 'K':
		return take_key(conn, message);
	case 'S':
		return wok__pg_parameter_status(conn, message);
	case 'Z':
		if (message->size != 1 || message->body[0] != 'I')
			return wok_fail(WOK_EPEER, "PostgreSQL is not ready after the startup");
		return 1;
	default:
		return wok_fail(WOK_EPEER, "PostgreSQL sent a message '%c' during the startup",
				message->type);
	}
}

static int take(struct startup *startup, const struct wok__pg_message *message)
{
	switch (message->type) {
	case 'R':
		return take_authentication(startup, message);
	case 'N':
		return wok__pg_notice(startup->conn, message);
	case 'E':
		return wok__pg_fail(message->body, message->size, false);
	case 'v':
		return 0; /* it speaks an older minor version, or knows fewer options: as we do */
	default:
		if (startup->let_in)
			return take_settled(startup->conn, message);
		return wok_fail(WOK_EPEER,
				"PostgreSQL sent a message '%c' before it said that we may come in",
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

static int converse(struct startup *startup)
{
	wok_pg_conn *conn = startup->conn;

	for (int i = 0; i < STARTUP_MESSAGES_MAX; i++) {
		struct wok__pg_message message;

		WOK_TRY(next_message(conn, &message));
		int r = take(startup, &message);
		if (r < 0)
			return r;
		wok_stream_consume(conn->stream, WOK__PG_HEAD + message.size);
		if (r == 1)
			return 0;
	}
	return wok_fail(WOK_EPEER, "PostgreSQL sent %d messages and is still not ready",
			STARTUP_MESSAGES_MAX);
}

int wok__pg_startup(wok_pg_conn *conn, struct wok__pg_dialer *dialer)
{
	const struct wok__pg_settings *settings = dialer->settings;
	const bool secure = wok__pg_is_secure(settings, &dialer->way, dialer->encrypted);
	struct startup startup = {.conn = conn,
				  .auth = wok__alloc_zeroed(sizeof(struct wok__pg_auth))};

	if (!startup.auth)
		return -ENOMEM;
	dialer->way.phase = "saying who we are";
	int r = wok__pg_auth_begin(startup.auth, settings, dialer->way.host, secure, NULL);
	startup.auth->allow_cleartext = conn->options.allow_cleartext;
	if (conn->options.max_scram_iterations)
		startup.auth->max_iterations = conn->options.max_scram_iterations;
	if (r == 0)
		r = send_startup(conn, settings);
	if (r == 0)
		r = converse(&startup);
	wok__pg_auth_clear(startup.auth);
	wok_free(startup.auth);
	return r;
}

/* SPDX-License-Identifier: MIT */
/* Servers in memory that are silent at some point, or say what nobody asked for. */
#include <wok/net.h>
#include <wok/pg.h>
#include <wok/task.h>
#include <wok/timeout.h>

#include "db/postgres/dialer.h"
#include "pgconf/check.h"

struct server {
	wok_stream *stream;
	wok_task *task;
	const char *says; /* after the first message; NULL: it is not even reached */
	size_t size;
};

static int speak(void *arg)
{
	struct server *server = arg;
	char bytes[1000];

	WOK_TRY(wok_stream_read(server->stream, bytes, sizeof(bytes)));
	if (server->size)
		WOK_TRY(wok_stream_write_all(server->stream, server->says, server->size));
	while (wok_stream_read(server->stream, bytes, sizeof(bytes)) > 0)
		;
	return 0;
}

static int dial(void *arg, const struct wok__pg_host *host, wok_stream **ret_stream)
{
	struct server *server = arg;

	(void) host;
	if (!server->says)
		WOK_TRY(wok_sleep(60 * WOK_MINUTE));
	WOK_TRY(wok_stream_pair(0, &server->stream, ret_stream));
	server->task = wok_create_task(speak, server);
	return 0;
}

/* The error of a connection to a server that says this. */
static int refused(const char *dsn, const char *says, size_t size)
{
	struct server server = {.says = says, .size = size};
	struct wok__pg_dialer *dialer;
	wok_pg_conn *conn = NULL;

	ASSERT_OK(wok__pg_dialer_new(dsn, &dialer));
	dialer->settings->dial = dial;
	dialer->settings->dial_arg = &server;
	int r = wok__pg_connect(dialer, NULL, &conn);
	ASSERT(r < 0 && !conn);
	wok_task_free(server.task);
	wok_stream_free(server.stream);
	return r;
}

TEST_TASK(a_timeout_says_what_it_waited_for, "pg-6")
{
	static const struct {
		const char *dsn;
		const char *says;
		size_t size;
		const char *phase;
	} rows[] = {
		{"host=h connect_timeout=3", NULL, 0, "while connecting"},
		{"host=h connect_timeout=3 sslmode=require", "", 0, "while asking for TLS"},
		{"host=h connect_timeout=3 sslmode=require", "S", 1, "while beginning TLS"},
		{"host=h connect_timeout=3 sslmode=disable", "", 0, "while saying who we are"},
		{"host=h connect_timeout=3 sslmode=disable target_session_attrs=standby",
		 "R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", 15, "while asking what kind of server it is"},
	};

	clean_environment();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const wok_time begun = wok_now();

		ASSERT_ERR(refused(rows[i].dsn, rows[i].says, rows[i].size), -ETIMEDOUT);
		ASSERT(strstr(wok_errmsg(-ETIMEDOUT), "h:5432: no answer in 3 s"));
		if (!strstr(wok_errmsg(-ETIMEDOUT), rows[i].phase))
			FAIL("%s: %s", rows[i].phase, wok_errmsg(-ETIMEDOUT));
		ASSERT(wok_now() - begun >= 3 * WOK_SECOND && wok_now() - begun < 6 * WOK_SECOND);
	}
}

TEST_TASK(without_a_connect_timeout_it_is_thirty_seconds_a_host, "pg-6")
{
	const wok_time begun = wok_now();

	clean_environment();
	ASSERT_ERR(refused("host=a,b sslmode=disable", NULL, 0), -ETIMEDOUT);
	ASSERT(strstr(wok_errmsg(-ETIMEDOUT), "a:5432: ") &&
	       strstr(wok_errmsg(-ETIMEDOUT), "; b:5432: "));
	ASSERT_EQ((wok_now() - begun) / WOK_SECOND, 60);
}

TEST_TASK(nobody_skips_the_question_who_is_who, "pg-54", "pg-50")
{
	static const struct {
		const char *says;
		size_t size;
		int result;
	} rows[] = {
		{"Z\0\0\0\x05I", 6, WOK_EPEER},
		{"K\0\0\0\x0c\0\0\0\1\0\0\0\1", 13, WOK_EPEER},
		{"S\0\0\0\x08"
		 "a\0b\0",
		 9, WOK_EPEER},
		{"R\0\0\0\x08\0\0\0\0R\0\0\0\x08\0\0\0\0", 18, WOK_EPEER},
		{"R\0\0\0\x08\0\0\0\x63", 9, -ENOTSUP},
		{"R\0\0\0\x04", 5, WOK_EPEER},
		{"R\x7f\xff\xff\xff", 5, WOK_ELIMIT},
		{"R\0\0\0\0", 5, WOK_EPEER},
		{"HTTP/1.1 400", 12, WOK_ELIMIT},
	};

	clean_environment();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int r = refused("host=h sslmode=disable", rows[i].says, rows[i].size);

		if (r != rows[i].result)
			FAIL("row %zu: %d: %s", i, r, wok_errmsg(r));
	}
}

static int connect_for_ever(void *arg)
{
	(void) arg;
	return refused("host=h sslmode=disable connect_timeout=0", "", 0);
}

TEST_TASK(a_cancelled_connect_leaves_nothing, "pg-6")
{
	clean_environment();
	ASSERT_EQ(wok_wait_for(connect_for_ever, NULL, WOK_SECOND), -ETIMEDOUT);
}

/* SPDX-License-Identifier: MIT */
/* Which ways to a server are tried, and TLS on the way: see db/postgres/dial.h. */
#include "db/postgres/dial.h"

#include <wok/net.h>
#include <wok/task.h>

#include "pgconf/check.h"

/* The ways, a word each: HOST and + (TLS), ! (nothing else), or -; all are refused if again. */
static const char *ways(const char *dsn, bool again)
{
	static char text[300];
	struct wok__pg_settings *settings;
	struct wok__pg_way way = {0};
	char *at = text;

	ASSERT_OK(wok__pg_settings_read(dsn, &settings));
	*at = '\0';
	while (wok__pg_way_next(settings, &way, again))
		at += sprintf(at, "%s%s ", settings->hosts[way.host].name,
			      way.required ? "!"
			      : way.tls    ? "+"
					   : "-");
	wok__pg_settings_free(settings);
	return text;
}

TEST(each_host_has_the_ways_of_its_sslmode, "pgrow-8", "pg-51")
{
	clean_environment();
	ASSERT_STR(ways("host=a,b sslmode=disable", true), "a- b- ");
	ASSERT_STR(ways("host=a,b sslmode=allow", true), "a- a! b- b! ");
	ASSERT_STR(ways("host=a,b sslmode=allow", false), "a- b- ");
	ASSERT_STR(ways("host=a,b sslmode=prefer", true), "a+ a- b+ b- ");
	ASSERT_STR(ways("host=a,b sslmode=prefer", false), "a+ b+ ");
	ASSERT_STR(ways("host=a,b sslmode=require", true), "a! b! ");
	ASSERT_STR(ways("host=/run,b sslmode=verify-full", true), "/run- b! ");
}

/* A server that reads the SSLRequest, and says something. */
struct server {
	wok_stream *stream;
	wok_task *task;
	const char *says;
	size_t size;
};

static int answer(void *arg)
{
	struct server *server = arg;
	char request[8];

	WOK_TRY(wok_stream_read_exactly(server->stream, request, sizeof(request), NULL));
	ASSERT_MEM(request, "\0\0\0\x08\x04\xd2\x16\x2f", 8);
	if (server->size)
		WOK_TRY(wok_stream_write_all(server->stream, server->says, server->size));
	return wok_stream_shutdown(server->stream);
}

static int dial_pair(void *arg, const struct wok__pg_host *host, wok_stream **ret_stream)
{
	struct server *server = arg;

	(void) host;
	WOK_TRY(wok_stream_pair(0, &server->stream, ret_stream));
	server->task = wok_create_task(answer, server);
	return 0;
}

/* Dials the first way of a DSN. */
static int dial_first(const char *dsn, const char *says, size_t size, bool *ret_encrypted)
{
	struct server server = {.says = says, .size = size};
	struct wok__pg_settings *settings;
	struct wok__pg_way way = {0};
	wok_stream *stream = NULL;

	ASSERT_OK(wok__pg_settings_read(dsn, &settings));
	settings->dial = dial_pair;
	settings->dial_arg = &server;
	ASSERT(wok__pg_way_next(settings, &way, false));
	int r = wok__pg_dial(settings, &way, &stream, ret_encrypted);
	wok_stream_free(stream);
	wok_task_free(server.task);
	wok_stream_free(server.stream);
	wok__pg_settings_free(settings);
	return r;
}

TEST_TASK(what_a_server_says_of_tls_is_read_with_care, "pg-51")
{
	static const struct {
		const char *dsn;
		const char *says;
		size_t size;
		int result;
	} rows[] = {
		{"host=h sslmode=prefer", "N", 1, 0},
		{"host=h sslmode=require", "N", 1, -EPROTONOSUPPORT},
		{"host=h sslmode=verify-full", "N", 1, -EPROTONOSUPPORT},
		{"host=h sslmode=prefer", "E\0\0\0\x05x", 6, -EPROTONOSUPPORT},
		{"host=h sslmode=require", "Sx", 2, WOK_EPEER}, /* CVE-2021-23222 */
		{"host=h sslmode=require", "S\x15\x03", 3, WOK_EPEER},
		{"host=h sslmode=prefer", "H", 1, WOK_EPEER},
		{"host=h sslmode=prefer", "", 0, WOK_EEOF},
	};

	clean_environment();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool encrypted = true;

		ASSERT_EQ(dial_first(rows[i].dsn, rows[i].says, rows[i].size, &encrypted),
			  rows[i].result);
		ASSERT_EQ(encrypted, rows[i].result != 0);
	}
	bool encrypted;
	ASSERT_ERR(dial_first("host=db.test sslmode=require", "N", 1, &encrypted),
		   -EPROTONOSUPPORT);
	ASSERT_STR(wok_errmsg(-EPROTONOSUPPORT), "db.test:5432: the server has no TLS (ssl = on "
						 "switches it on); sslmode asks for it");
}

TEST_TASK(whom_to_trust_has_to_make_sense, "pgrow-8")
{
	bool encrypted;

	clean_environment();
	ASSERT_ERR(dial_first("host=h sslmode=verify-ca sslrootcert=system", "S", 1, &encrypted),
		   -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "with the system's CAs use verify-full"));
	ASSERT_ERR(dial_first("host=h sslmode=require sslrootcert=/nowhere", "S", 1, &encrypted),
		   -ENOENT);
	ASSERT_ERR(dial_first("host=h sslmode=require ssl_min_protocol_version=SSLv3", "S", 1,
			      &encrypted),
		   -EINVAL);
}

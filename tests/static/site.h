/* SPDX-License-Identifier: MIT */
#ifndef TESTS_STATIC_SITE_H
#define TESTS_STATIC_SITE_H
/* A folder of files behind a server at one end of a stream in memory, raw bytes at the other. */
#include <wok/http_static.h>

#include "fs/folder.h"
#include "http/server_check.h"

/* A request with some more lines in its head. */
#define GET(path, lines) "GET " path " HTTP/1.1\r\nHost: a\r\n" lines "\r\n"
#define HEAD(path, lines) "HEAD " path " HTTP/1.1\r\nHost: a\r\n" lines "\r\n"

/* 26 letters, the last change long ago: the tag is strong. */
#define LETTERS "abcdefghijklmnopqrstuvwxyz"
#define CHANGED 784111777
#define CHANGED_TEXT "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER_TEXT "Sun, 06 Nov 1994 08:49:38 GMT"
#define EARLIER_TEXT "Sun, 06 Nov 1994 08:49:36 GMT"

static inline void set_changed(const char *name, time_t when)
{
	const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

	ASSERT_EQ(utimensat(AT_FDCWD, in(name), times, 0), 0);
}

static inline void put_old(const char *name, const char *text)
{
	put_text(name, text);
	set_changed(name, CHANGED);
}

/* Serve the folder below "/" with options. */
static inline void site_open(struct peer *peer, const wok_http_static_options *options)
{
	if (!peer->app)
		ASSERT_OK(wok_http_app_new(&peer->app));
	ASSERT_OK(wok_http_static(peer->app, "/", folder, options));
	peer_open(peer);
}

/* Send a request, and take its answer apart. */
static inline void ask_with(struct peer *peer, const char *request, unsigned flags,
			    struct answer *ret_answer)
{
	peer_send(peer, request);
	peer_listen(peer);
	ASSERT(next_answer(&peer->in, flags, ret_answer));
	ASSERT(ret_answer->whole);
}

static inline void ask(struct peer *peer, const char *request, struct answer *ret_answer)
{
	ask_with(peer, request, 0, ret_answer);
}

static inline void expect(struct peer *peer, const char *request, int status, const char *body)
{
	struct answer answer;

	ask(peer, request, &answer);
	if (answer.status != status)
		FAIL("the status is %d, not %d, of\n%s", answer.status, status, request);
	if (body)
		ASSERT_STR(answer.body, body);
}

/* The path alone. */
static inline void expect_path(struct peer *peer, const char *path, int status, const char *body)
{
	char request[512];

	snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
	expect(peer, request, status, body);
}
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_WIRE_H
#define WOK_HTTP_CLIENT_WIRE_H
/*
 * How requests go over a connection, and their responses come back. A connection gets its wire when
 * it is made, after TLS has agreed on one; everything above (hops, retries, responses) knows only
 * this table.
 */
#include <wok/http_client.h>

struct wok__connection;
struct wok__exchange;

struct wok__wire {
	const char *name; /* "HTTP/1.1" */
	/*
	 * A connection is made: set up what belongs to it (connection->wire_state). NULL: nothing.
	 * An error closes it.
	 */
	int (*open)(struct wok__connection *connection);
	/*
	 * Send the request and wait for the head of its final response: 0, with status, head,
	 * content_length and ended of exchange->response set; or an error. Sets answered with the
	 * first byte of the response, and unprocessed if the server is known not to have acted on
	 * the request. The call's phase is kept true on the way.
	 */
	int (*send)(struct wok__exchange *exchange);
	/*
	 * Take what has come of the body already: as read(), but 0 where that would wait. Never
	 * waits, and is no checkpoint.
	 */
	ssize_t (*take)(wok_http_response *response, void *data, size_t size);
	/*
	 * Wait for more of the body: as wok_http_read(), but within no limit of time. Sets ended as
	 * soon as the end is known, perhaps with the last bytes. Always a checkpoint.
	 */
	ssize_t (*read)(wok_http_response *response, void *data, size_t size);
	/*
	 * The response needs its connection no more, whether or not its body was read, also when
	 * send() has failed. With response->reusable unset the connection serves nobody else (of a
	 * shared one: this stream ends). response->connection is NULL afterwards. Never waits.
	 */
	void (*finish)(wok_http_response *response);
	/*
	 * How many more requests a shared connection can take now; below zero: never any again.
	 * NULL: it takes one at a time. When that changes the wire says so, by
	 * wok__pool_room_changed().
	 */
	ssize_t (*room)(const struct wok__connection *connection);
	/* A connection is closed: release wire_state; its stream is freed afterwards. NULL:
	 * nothing. */
	void (*close)(struct wok__connection *connection);
};

extern const struct wok__wire wok__wire_h1, wok__wire_h2;
#endif

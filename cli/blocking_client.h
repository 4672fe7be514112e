/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_BLOCKING_CLIENT_H
#define WOK_CLI_BLOCKING_CLIENT_H
#include <wok/base.h>

#include "url.h"

/*
 * What people write before they meet an event loop, and what Python's `requests` is in the source
 * notes: one connection, kept alive, and calls that block the thread until the answer is there.
 */
struct blocking_client {
	int fd; /* -1: not connected */
	wok_time timeout;
	bool reused;  /* the connection has served a request already */
	size_t begin; /* what was received and not yet taken: buffer[begin .. end) */
	size_t end;
	char buffer[8192]; /* also the longest line of a response's head */
};

/* timeout: for the connection, and for each wait for bytes, as the one of `requests` is */
void blocking_client_init(struct blocking_client *client, wok_time timeout);
void blocking_client_close(struct blocking_client *client);

/* What a response was. */
struct blocking_reply {
	int status;
	uint64_t body_size;
	wok_time first_byte; /* when its first byte had come, on wok_now()'s clock */
};

/**
 * GET a URL and read the answer to its end. Blocks the thread.
 *
 * Returns:    0, whatever the status is; WOK_ENAME, -ECONNREFUSED, -ETIMEDOUT ...; WOK_EPEER for an
 *             answer that is no HTTP, WOK_EEOF for one that ends half-way; the message says why
 */
int blocking_client_get(struct blocking_client *client, const struct url *url,
			struct blocking_reply *ret_reply);

#endif

/* SPDX-License-Identifier: MIT */
/* What a handler learns of its request: see wok/http_server.h. */
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>

#include "base/time.h"
#include "http/server/connection.h"
#include "task/park.h"

const char *wok_http_request_method(const wok_http_request *request)
{
	return request->method;
}

const char *wok_http_request_path(const wok_http_request *request)
{
	return request->path;
}

const char *wok_http_request_rest(const wok_http_request *request)
{
	return request->match.rest;
}

const char *wok_http_request_param(const wok_http_request *request, const char *name)
{
	const struct wok__match *match = &request->match;
	size_t size = strlen(name);

	for (size_t i = 0; i < match->n_params; i++)
		if (match->name_sizes[i] == size && memcmp(match->names[i], name, size) == 0)
			return match->values[i];
	return NULL;
}

const char *wok_http_request_route(const wok_http_request *request)
{
	return request->match.route ? request->match.route->path : NULL;
}

const char *wok_http_request_query(const wok_http_request *request)
{
	return request->query;
}

const char *wok_http_request_host(const wok_http_request *request)
{
	return request->host;
}

const char *wok_http_request_header(const wok_http_request *request, const char *name)
{
	return wok__head_value(&request->head, name);
}

bool wok_http_request_header_at(const wok_http_request *request, size_t index,
				wok_http_header *ret_header)
{
	return wok__head_at(&request->head, index, ret_header);
}

const char *wok_http_request_version(const wok_http_request *request)
{
	return request->major == 2 ? "HTTP/2" : request->minor > 0 ? "HTTP/1.1" : "HTTP/1.0";
}

const wok_stream *wok_http_request_stream(const wok_http_request *request)
{
	return request->connection->stream;
}

int wok_http_request_peer(const wok_http_request *request, wok_address *ret_address)
{
	if (request->connection->peer.size == 0)
		return wok_fail(-ENOTSOCK, "this connection has no address");
	*ret_address = request->connection->peer;
	return 0;
}

const char *wok_http_request_trailer(const wok_http_request *request, const char *name)
{
	return wok__head_value(&request->trailers, name);
}

struct wok__request_value {
	struct wok__request_value *next;
	const wok_http_key *key;
	void *value;
};

static struct wok__request_value *find_value(const wok_http_request *request,
					     const wok_http_key *key)
{
	struct wok__request_value *value = request->values;

	while (value && value->key != key)
		value = value->next;
	return value;
}

int wok_http_request_set(wok_http_request *request, const wok_http_key *key, void *value)
{
	struct wok__request_value *entry = find_value(request, key);

	if (entry) {
		if (key->free && entry->value != value)
			key->free(entry->value);
		entry->value = value;
		return 0;
	}
	entry = wok_alloc(sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*entry = (struct wok__request_value){request->values, key, value};
	request->values = entry;
	return 0;
}

void *wok_http_request_get(const wok_http_request *request, const wok_http_key *key)
{
	const struct wok__request_value *entry = find_value(request, key);

	return entry ? entry->value : NULL;
}

void wok__request_values_free(wok_http_request *request)
{
	while (request->values) {
		struct wok__request_value *entry = request->values;
		request->values = entry->next;
		if (entry->key->free)
			entry->key->free(entry->value);
		wok_free(entry);
	}
}

/*
 * How long the next piece may take. A client may pause, but one that drips byte by byte would hold
 * its connection for days: what has come must have earned the time that was spent waiting for it.
 */
static wok_time time_for_piece(const wok_http_request *request)
{
	const wok_http_serve_options *options = &request->server->options;
	uint64_t seconds = request->body_received / options->min_body_rate;
	wok_time earned = seconds < INT32_MAX ? (wok_time) seconds * WOK_SECOND : WOK_FOREVER;

	return wok__time_min(options->body_timeout,
			     wok__time_add(options->body_timeout, earned) - request->body_waited);
}

static ssize_t read_in_time(wok_http_request *request, void *data, size_t size)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	wok_time start = wok_now();
	ssize_t n = 0;

	WOK_TIMEOUT (&timeout, time_for_piece(request)) {
		n = request->wire->read(request, data, size);
	}
	request->body_waited += wok_now() - start;
	int r = wok_timeout_result(&timeout, n < 0 ? (int) n : 0);
	if (r == -ETIMEDOUT)
		return wok_fail(r, "the client does not send the rest of its request");
	return r < 0 ? r : n;
}

ssize_t wok_http_request_read(wok_http_request *request, void *data, size_t size)
{
	ssize_t n = read_in_time(request, data, size);

	if (n < 0 && n != -ECANCELED) {
		request->body_error = (int) n;
		request->close = true;
	} else if (n > 0) {
		request->body_received += (uint64_t) n;
	}
	return n;
}

static ssize_t read_some(void *self, void *data, size_t size)
{
	return wok_http_request_read(self, data, size);
}

int wok_http_request_body(wok_http_request *request, wok_view *ret_body)
{
	size_t hint = (size_t) request->content_length;

	if (request->body.complete)
		WOK_TRY(wok__checkpoint());
	else
		WOK_TRY(wok__gather_body(&request->body, read_some, request, hint, SIZE_MAX / 4));
	*ret_body = (wok_view){request->body.data, request->body.size};
	return 0;
}

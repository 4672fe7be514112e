/* SPDX-License-Identifier: MIT */
/*
 * The client behind proxies: see wok_http_request_client().
 *
 * Each proxy adds whom it has got the request from at the end of the list. So it is read backwards,
 * as long as those who have added are trusted: what stands before the first that is not could be
 * made up. A list that is not what it should be is believed as far as it was understood.
 */
#include <string.h>
#include <strings.h>

#include "http/server/connection.h"
#include "http/server/networks.h"

enum { MAX_HOPS = 32 };

struct origin {
	wok_http_request *request;
	wok_http_client client;
};

static bool is_trusted(const wok_http_request *request, const wok_address *address)
{
	const struct wok__http_server *server = request->server;

	return wok__network_has(server->trusted, server->options.n_trusted, address);
}

/* Whether a quote begins or ends a text in quotes: one behind a backslash is part of it. */
static bool is_quote(const char *start, const char *p)
{
	size_t backslashes = 0;

	while (p - backslashes > start && p[-1 - (ptrdiff_t) backslashes] == '\\')
		backslashes++;
	return *p == '"' && backslashes % 2 == 0;
}

/*
 * The last item of a list, which is shortened by it: false if there is none. Looked for from the
 * end, which a proxy has written: a quote that the client has left open reaches no further.
 */
static bool last_item(struct wok__h1_span *list, struct wok__h1_span *ret_item)
{
	bool quoted = false;
	size_t start = list->size;

	if (list->size == 0)
		return false;
	for (; start > 0 && (quoted || list->data[start - 1] != ','); start--)
		quoted ^= is_quote(list->data, list->data + start - 1);
	struct wok__h1_span item = {list->data + start, list->size - start};
	list->size = start > 0 ? start - 1 : 0;
	while (item.size > 0 && (*item.data == ' ' || *item.data == '\t')) {
		item.data++;
		item.size--;
	}
	while (item.size > 0 && strchr(" \t", item.data[item.size - 1]))
		item.size--;
	*ret_item = item;
	return true;
}

/* Where the next semicolon is that stands in no quotes, or the end. */
static const char *end_of_pair(const char *start, const char *end)
{
	const char *p = start;

	for (bool quoted = false; p < end && (quoted || *p != ';'); p++)
		quoted ^= is_quote(start, p);
	return p;
}

/* A value of a Forwarded element: "for", "proto", "host"; false if it has none. */
static bool element_value(struct wok__h1_span element, const char *name,
			  struct wok__h1_span *ret_value)
{
	const char *p = element.data, *end = p + element.size;
	size_t size = strlen(name);

	while (p < end) {
		const char *stop = end_of_pair(p, end), *semicolon = stop < end ? stop : NULL;
		while (p < stop && *p == ' ')
			p++;
		if ((size_t) (stop - p) > size && strncasecmp(p, name, size) == 0 &&
		    p[size] == '=') {
			p += size + 1;
			if (stop - p >= 2 && *p == '"' && stop[-1] == '"') {
				p++;
				stop--;
			}
			*ret_value = (struct wok__h1_span){p, (size_t) (stop - p)};
			return true;
		}
		p = semicolon ? semicolon + 1 : end;
	}
	return false;
}

static void set_secure(struct origin *origin, struct wok__h1_span proto)
{
	if (wok__h1_is(proto, "https") || wok__h1_is(proto, "http"))
		origin->client.secure = wok__h1_is(proto, "https");
}

/* The host goes into the request's own memory, as a C string. */
static void set_host(struct origin *origin, struct wok__h1_span host)
{
	wok_http_request *request = origin->request;

	if (host.size == 0 || !wok__h1_valid_host(host.data, host.size))
		return;
	wok__buffer_clear(&request->forwarded_host);
	wok__buffer_add(&request->forwarded_host, host.data, host.size);
	wok__buffer_add(&request->forwarded_host, "", 1);
	if (request->forwarded_host.error == 0)
		origin->client.host = request->forwarded_host.data;
}

/* Follow Forwarded (RFC 7239). */
static void follow_forwarded(struct origin *origin, const char *text)
{
	struct wok__h1_span list = {text, strlen(text)}, element, value;
	wok_address address;

	for (int i = 0; i < MAX_HOPS && last_item(&list, &element); i++) {
		if (element_value(element, "proto", &value))
			set_secure(origin, value);
		if (element_value(element, "host", &value))
			set_host(origin, value);
		if (!element_value(element, "for", &value) ||
		    !wok__address_of_text(value.data, value.size, &address))
			return;
		origin->client.address = address;
		if (!is_trusted(origin->request, &address))
			return;
	}
}

/*
 * A list that comes in several lines is one list; the head keeps them apart, and only the last line
 * is looked at: what is in front of it was there before a trusted proxy added its own.
 */
static const char *last_header(const wok_http_request *request, const char *name)
{
	const char *value = NULL;
	wok_http_header each;

	for (size_t i = 0; wok_http_request_header_at(request, i, &each); i++)
		if (strcasecmp(each.name, name) == 0)
			value = each.value;
	return value;
}

static struct wok__h1_span header(const wok_http_request *request, const char *name)
{
	const char *value = last_header(request, name);

	return (struct wok__h1_span){value, value ? strlen(value) : 0};
}

static void follow_x_forwarded(struct origin *origin)
{
	const wok_http_request *request = origin->request;
	struct wok__h1_span list = header(request, "X-Forwarded-For"), item;
	struct wok__h1_span protos = header(request, "X-Forwarded-Proto");
	struct wok__h1_span hosts = header(request, "X-Forwarded-Host");
	wok_address address;

	/* The nearest proxy has the last word; most replace these two instead of adding to them. */
	if (last_item(&protos, &item))
		set_secure(origin, item);
	if (last_item(&hosts, &item))
		set_host(origin, item);
	for (int i = 0; i < MAX_HOPS && last_item(&list, &item); i++) {
		if (!wok__address_of_text(item.data, item.size, &address))
			return;
		origin->client.address = address;
		if (!is_trusted(request, &address))
			return;
	}
}

void wok_http_request_client(wok_http_request *request, wok_http_client *ret_client)
{
	struct wok__connection *connection = request->connection;
	struct origin origin = {
		.request = request,
		.client = {connection->peer, wok__stream_is_tls(connection->stream), request->host},
	};

	if (is_trusted(request, &connection->peer)) {
		const char *forwarded = last_header(request, "Forwarded");
		if (forwarded)
			follow_forwarded(&origin, forwarded);
		else
			follow_x_forwarded(&origin);
	}
	*ret_client = origin.client;
}

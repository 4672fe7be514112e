/* SPDX-License-Identifier: MIT */
/*
 * The client behind proxies: see wok_http_request_client().
 *
 * Each proxy adds whom it has got the request from at the end of the list. So it is read backwards,
 * as long as those who have added are trusted: what stands before the first that is not could be
 * made up. A list that is not what it should be is believed as far as it was understood.
 *
 * Only one kind of header is read. A proxy that writes one hands on the other as the client sent
 * it, so to look at both would be to let the client choose.
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

	if (*p != '"')
		return false;
	while (p - backslashes > start && p[-1 - (ptrdiff_t) backslashes] == '\\')
		backslashes++;
	return backslashes % 2 == 0;
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

/*
 * The items of a header, the last one first. One that comes in several lines is one list; each line
 * is taken by itself, so that a quote which the client has left open ends with its line.
 */
struct items {
	const wok_http_request *request;
	const char *name;
	size_t line;              /* the lines from here on have been seen */
	struct wok__h1_span left; /* of the line that is looked at */
	int n;                    /* that were taken, and lines */
};

static bool previous_line(struct items *items)
{
	size_t i = 0, found = SIZE_MAX;
	wok_http_header each;

	for (; i < items->line && wok_http_request_header_at(items->request, i, &each); i++)
		if (strcasecmp(each.name, items->name) == 0) {
			found = i;
			items->left = (struct wok__h1_span){each.value, strlen(each.value)};
		}
	items->line = found;
	return found != SIZE_MAX;
}

static struct items items_of(const wok_http_request *request, const char *name)
{
	return (struct items){.request = request, .name = name, .line = SIZE_MAX};
}

/* False if there is none, or if there are more than anybody has proxies. */
static bool previous_item(struct items *items, struct wok__h1_span *ret_item)
{
	if (items->n++ >= MAX_HOPS)
		return false;
	while (!last_item(&items->left, ret_item))
		if (items->line == 0 || items->n++ >= MAX_HOPS || !previous_line(items))
			return false;
	return true;
}

/* Follow Forwarded (RFC 7239). */
static void follow_forwarded(struct origin *origin)
{
	struct items items = items_of(origin->request, "Forwarded");
	struct wok__h1_span element, value;
	wok_address address;

	while (previous_item(&items, &element)) {
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

static void follow_x_forwarded(struct origin *origin)
{
	const wok_http_request *request = origin->request;
	struct items addresses = items_of(request, "X-Forwarded-For");
	struct items protos = items_of(request, "X-Forwarded-Proto");
	struct items hosts = items_of(request, "X-Forwarded-Host");
	struct wok__h1_span item;
	wok_address address;

	/* The nearest proxy has the last word; most replace these two instead of adding to them. */
	if (previous_item(&protos, &item))
		set_secure(origin, item);
	if (previous_item(&hosts, &item))
		set_host(origin, item);
	while (previous_item(&addresses, &item)) {
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

	wok__address_unmap(&origin.client.address);
	if (is_trusted(request, &connection->peer)) {
		if (request->server->options.forwarded)
			follow_forwarded(&origin);
		else
			follow_x_forwarded(&origin);
	}
	*ret_client = origin.client;
}

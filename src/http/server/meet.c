/* SPDX-License-Identifier: MIT */
/*
 * What comes before a connection's first request: whether the client has too many already, who it
 * is, the handshake of TLS. All of it happens in the connection's own task, so that a client that
 * takes its time keeps nobody else waiting.
 */
#include <string.h>
#include <wok/error.h>
#include <wok/loop.h>
#include <wok/memory.h>
#include <wok/timeout.h>

#include "base/memory.h"
#include "base/time.h"
#include "http/server/connection.h"
#include "http/server/networks.h"
#include "http/server/proxy_protocol.h"

enum { BUCKETS = 1024 };

#define GOODBYE WOK_SECOND /* for what TLS says at its end */

/* --- connections of one client ---------------------------------------------------------------- */

int wok__server_ips_open(struct wok__http_server *server)
{
	if (server->options.max_connections_per_ip == 0)
		return 0;
	server->by_ip = wok_alloc(BUCKETS * sizeof(server->by_ip[0]));
	if (!server->by_ip)
		return -ENOMEM;
	for (size_t i = 0; i < BUCKETS; i++)
		wok__list_init(&server->by_ip[i]);
	return 0;
}

/* Whoever has an IPv6 address has a /64 of them. */
static uint64_t client_id(const uint8_t ip[16])
{
	static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
	uint64_t id;

	memcpy(&id, memcmp(ip, mapped, sizeof(mapped)) == 0 ? ip + 8 : ip, sizeof(id));
	return id;
}

/* False if the client has as many connections as it may. */
static bool count_client(struct wok__connection *connection)
{
	struct wok__http_server *server = connection->server;
	uint8_t ip[16];
	size_t n = 0;

	if (!server->by_ip || !wok__address_bytes(&connection->peer, ip))
		return true;
	connection->client_id = client_id(ip);
	struct wok__list *bucket =
		&server->by_ip[connection->client_id * UINT64_C(0x9e3779b97f4a7c15) >> 54];
	WOK__LIST_EACH (node, bucket) {
		n += WOK__CONTAINER(node, struct wok__connection, in_ip)->client_id ==
		     connection->client_id;
	}
	if (n >= server->options.max_connections_per_ip) {
		server->stats.refused++;
		return false;
	}
	wok__list_push_back(bucket, &connection->in_ip);
	return true;
}

/* --- the PROXY protocol ----------------------------------------------------------------------- */

static int read_proxy_head(struct wok__connection *connection)
{
	wok_stream *stream = connection->stream;
	struct wok__proxy_head head = {0};
	wok_view bytes = wok_stream_buffered(stream);
	ssize_t n;

	while ((n = wok__proxy_head_parse(bytes.data, bytes.size, &head)) == 0) {
		int r = wok_stream_fill(stream, WOK__PROXY_HEAD_MAX, &bytes);
		if (r <= 0)
			return r < 0 ? r : WOK_EEOF;
	}
	if (n < 0)
		return wok_fail(WOK_EPEER, "a connection does not begin with a head of the PROXY "
					   "protocol");
	wok_stream_consume(stream, (size_t) n);
	if (head.known)
		connection->peer = head.client;
	return 0;
}

static int meet_proxy(struct wok__connection *connection)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, connection->server->options.header_timeout) {
		r = read_proxy_head(connection);
	}
	return wok_timeout_result(&timeout, r);
}

/* --- all of it -------------------------------------------------------------------------------- */

/* The client has gone, does not speak as it should, or takes too long: nobody else's business. */
static bool is_clients_doing(int code)
{
	return code == WOK_EPEER || code == WOK_EEOF || code == WOK_ECERTIFICATE ||
	       code == -ETIMEDOUT || code == -ECONNRESET || code == -EPIPE || code == -EBADF;
}

/* A handshake ends with the server. */
struct greeting {
	struct wok__stop_hook hook;
	wok_stream *stream;
};

static void dismiss(struct wok__stop_hook *hook)
{
	(void) wok_stream_close(WOK__CONTAINER(hook, struct greeting, hook)->stream);
}

/*
 * Of what a proxy passes on the client is known behind the head; counted as the proxy's, all would
 * be one client's.
 */
static bool may_go_on(struct wok__connection *connection)
{
	return !connection->server->options.proxy_protocol || count_client(connection);
}

static int meet(struct wok__connection *connection, wok_stream **ret_tls)
{
	struct wok__http_server *server = connection->server;
	struct greeting greeting = {.hook.call = dismiss, .stream = connection->stream};
	int r = 0;

	wok__server_on_stop(server, &greeting.hook);
	if (server->options.proxy_protocol)
		r = meet_proxy(connection);
	bool refused = r == 0 && !may_go_on(connection);
	if (refused)
		r = WOK_EPEER;
	else if (r == 0 && server->tls)
		r = wok__server_tls_accept(server, connection->stream, ret_tls);
	wok__request_off_stop(&greeting.hook);
	if (r < 0 && r != -ECANCELED && !refused)
		server->stats.bad_handshakes++;
	return r;
}

/* Say that nothing more comes, or the client must think that something has been cut off. */
static void say_goodbye(wok_stream *tls)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_TIMEOUT (&timeout, GOODBYE) {
		(void) !wok_stream_shutdown(tls);
	}
}

static int serve(struct wok__connection *connection)
{
	wok_stream *tls = NULL;
	int r = meet(connection, &tls);

	if (r < 0)
		return is_clients_doing(r) ? 0 : r;
	if (tls)
		connection->stream = tls;
	r = wok__serve_connection(connection);
	if (tls && !connection->broken)
		say_goodbye(tls);
	wok_stream_free(tls);
	return r;
}

int wok__serve_client(struct wok__http_server *server, wok_stream *stream)
{
	struct wok__connection connection = {.server = server, .stream = stream};
	int r = 0;

	wok__list_init_node(&connection.in_ip);
	if (wok_stream_peer_address(stream, &connection.peer) < 0)
		connection.peer = (wok_address){0};
	server->stats.connections++;
	server->stats.total_connections++;
	if (server->options.proxy_protocol || count_client(&connection))
		r = serve(&connection);
	wok__list_remove(&connection.in_ip);
	server->stats.connections--;
	return r;
}

/* SPDX-License-Identifier: MIT */
/* TLS of a server's connections: see wok_http_serve_options. */
#include <wok/error.h>

#include "http/h2/h2.h"
#include "http/server/connection.h"

#ifdef WOK__WITH_TLS

int wok__server_tls_open(struct wok__http_server *server)
{
	const wok_http_serve_options *options = &server->options;

	server->tls = options->tls_context;
	if (!options->tls || server->tls)
		return 0;
	wok_tls_options tls = *options->tls;
	if (!tls.alpn)
		tls.alpn = wok__h2_supported() && !options->http2.disabled ? "h2,http/1.1"
									   : "http/1.1";
	return wok_tls_server_new(&tls, &server->tls);
}

void wok__server_tls_close(struct wok__http_server *server)
{
	if (server->tls != server->options.tls_context)
		wok_tls_context_free(server->tls);
}

int wok__server_tls_accept(struct wok__http_server *server, wok_stream *stream,
			   wok_stream **ret_stream)
{
	const wok_tls_stream_options options = {
		.handshake_timeout = server->options.handshake_timeout, .borrow = true};

	return wok_tls_accept(server->tls, stream, &options, ret_stream);
}

bool wok__stream_is_tls(const wok_stream *stream)
{
	return wok_tls_version(stream);
}

#else

int wok__server_tls_open(struct wok__http_server *server)
{
	if (server->options.tls || server->options.tls_context)
		return wok_fail(-EPROTONOSUPPORT, "this build of wok has no TLS");
	return 0;
}

void wok__server_tls_close(struct wok__http_server *server)
{
	(void) server;
}

int wok__server_tls_accept(struct wok__http_server *server, wok_stream *stream,
			   wok_stream **ret_stream)
{
	(void) server;
	(void) stream;
	(void) ret_stream;
	return -EPROTONOSUPPORT;
}

bool wok__stream_is_tls(const wok_stream *stream)
{
	(void) stream;
	return false;
}

#endif

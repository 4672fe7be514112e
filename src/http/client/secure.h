/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_SECURE_H
#define WOK_HTTP_CLIENT_SECURE_H
/* TLS for a client's connections; -EPROTONOSUPPORT in a build without it. */
#include "http/client/session.h"

/* Make the session's context of options.tls; otherwise the first https makes one. */
int wok__secure_open(wok_http_session *session);
void wok__secure_close(wok_http_session *session);

/* How to make a connection secure. */
struct wok__secure {
	wok_http_session *session;
	const char *host; /* who must answer */
	uint16_t port;
	const char *alpn;
	wok_time limit;
	bool no_pins; /* it is a proxy */
};

/* Do the handshake over *stream, and replace it; on failure it is freed, and NULL. */
int wok__secure_connect(const struct wok__secure *secure, wok_stream **stream, bool *ret_resumed);
#endif

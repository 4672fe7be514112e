/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_ALPN_H
#define WOK_HTTP_ALPN_H
#include <wok/stream.h>

/* (client/secure.c has it, where TLS is.) The protocol that TLS has agreed on: "h2"; NULL for none,
 * and for a stream without TLS. */
const char *wok__http_alpn(const wok_stream *stream);
#endif

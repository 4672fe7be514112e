/* SPDX-License-Identifier: MIT */
/* See http/alpn.h. */
#include "http/alpn.h"

#include <stddef.h>

#ifdef WOK__WITH_TLS
#include <wok/tls.h>

const char *wok__http_alpn(const wok_stream *stream)
{
	return wok_tls_alpn(stream);
}
#else
const char *wok__http_alpn(const wok_stream *stream)
{
	(void) stream;
	return NULL;
}
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_H
#define WOK_HTTP_H

/* HTTP/1.1 and HTTP/2, client and server: libwok-http. */
#include <wok/charset.h>
#include <wok/cookie.h>
#include <wok/http2.h>
#include <wok/http_client.h>
#include <wok/http_compress.h>
#include <wok/http_download.h>
#include <wok/http_form.h>
#include <wok/http_server.h>
#include <wok/http_static.h>
#include <wok/sse.h>
#include <wok/url.h>
#include <wok/websocket.h>

#endif

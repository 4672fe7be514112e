/* SPDX-License-Identifier: MIT */
#ifndef WOK_HTTP_CLIENT_UPGRADE_H
#define WOK_HTTP_CLIENT_UPGRADE_H
#include <wok/http_client.h>
#include <wok/stream.h>

/*
 * A GET that asks for another protocol on its connection ("Connection: Upgrade" and "Upgrade:
 * protocol" are set; other fields are the options'). Everything else is as with wok_http_fetch():
 * session, redirects, cookies, proxies.
 *
 * If the server agrees (101), the connection leaves the pool: *ret_stream is the caller's, and what
 * the server has sent behind its head is in the stream's buffer. Any other answer leaves
 * *ret_stream NULL, and is a response like any other. The limit of the whole is over when the call
 * returns.
 */
int wok__http_upgrade(wok_http_session *session, const char *url, const char *protocol,
		      const wok_http_options *options, wok_http_response **ret_response,
		      wok_stream **ret_stream);
#endif

/* SPDX-License-Identifier: MIT */
/* Changing the protocol of a connection: see http/client/upgrade.h. */
#include "http/client/upgrade.h"

#include "http/client/call.h"

enum { SWITCHING = 101 };

int wok__http_upgrade(wok_http_session *session, const char *url, const char *protocol,
		      const wok_http_options *options, wok_http_response **ret_response,
		      wok_stream **ret_stream)
{
	const wok_http_options defaults = {0};
	wok_stream *stream = NULL;

	if (!session)
		WOK_TRY(wok__session_default(&session));
	struct wok_http_call call = {
		.session = session,
		.method = "GET",
		.url = url,
		.options = options ? options : &defaults,
		.upgrade = protocol,
	};
	WOK_TRY(wok__call_run(&call));
	if (call.response->status == SWITCHING) {
		struct wok__connection *connection = WOK_TAKE(call.response->connection);
		stream = WOK_TAKE(connection->stream);
		wok__pool_discard(&session->pool, connection);
	}
	*ret_response = call.response;
	*ret_stream = stream;
	return 0;
}

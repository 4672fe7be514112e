/* SPDX-License-Identifier: MIT */
/* The server's side of the handshake: see wok_ws_accept(). */
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/server/connection.h"
#include "http/websocket/handshake.h"
#include "http/websocket/ws.h"

enum { BAD_REQUEST = 400, FORBIDDEN = 403, UPGRADE_REQUIRED = 426, SWITCHING = 101 };

/* What the answer says. */
struct answer {
	char accept[WOK__WS_ACCEPT_SIZE + 1];
	const char *subprotocol;
	struct wok__ws_deflate deflate;
	struct wok__buffer extensions; /* a C string; no data: none */
};

/* --- what the request says -------------------------------------------------------------------- */

/* The values of a field in turn; a list may be spread over several. */
static bool next_value(const wok_http_request *request, const char *name, size_t *index,
		       struct wok__h1_span *ret_value)
{
	wok_http_header header;

	while (wok_http_request_header_at(request, (*index)++, &header)) {
		if (strcasecmp(header.name, name) != 0)
			continue;
		*ret_value = (struct wok__h1_span){header.value, strlen(header.value)};
		return true;
	}
	return false;
}

static bool same(struct wok__h1_span span, const char *text, bool any_case)
{
	if (span.size != strlen(text))
		return false;
	return (any_case ? strncasecmp : strncmp)(span.data, text, span.size) == 0;
}

static bool lists(const wok_http_request *request, const char *name, const char *item,
		  bool any_case)
{
	struct wok__h1_span value, member;
	size_t index = 0;

	while (next_value(request, name, &index, &value))
		while (wok__h1_list_next(&value, &member))
			if (same(member, item, any_case))
				return true;
	return false;
}

static bool has_body(const wok_http_request *request)
{
	return request->content_length > 0 ||
	       wok_http_request_header(request, "Transfer-Encoding") != NULL;
}

static bool may_connect(const wok_http_request *request, const wok_ws_options *options)
{
	const char *origin = wok_http_request_header(request, "Origin");

	if (!origin || options->any_origin)
		return true;
	for (size_t i = 0; i < options->n_origins; i++)
		if (strcasecmp(origin, options->origins[i]) == 0)
			return true;
	return options->n_origins == 0 && wok__ws_same_host(origin, wok_http_request_host(request));
}

/* The status to refuse a request with, and why; 0 if it is good. */
static int check_request(const wok_http_request *request, const wok_ws_options *options,
			 const char **ret_why)
{
	const char *version = wok_http_request_header(request, "Sec-WebSocket-Version");
	const char *key = wok_http_request_header(request, "Sec-WebSocket-Key");

	*ret_why = "this is for WebSocket only";
	if (!lists(request, "Upgrade", "websocket", true) ||
	    !lists(request, "Connection", "upgrade", true))
		return UPGRADE_REQUIRED;
	*ret_why = "a WebSocket begins with a GET of HTTP/1.1 without a body";
	if (request->method_id != WOK__H1_GET || request->major != 1 || request->minor != 1 ||
	    has_body(request))
		return BAD_REQUEST;
	*ret_why = "the version of WebSocket is 13";
	if (!version || strcmp(version, "13") != 0)
		return UPGRADE_REQUIRED;
	*ret_why = "Sec-WebSocket-Key is not the base64 of 16 bytes";
	if (!key || !wok__ws_valid_key(key))
		return BAD_REQUEST;
	*ret_why = "this origin may not connect";
	return may_connect(request, options) ? 0 : FORBIDDEN;
}

/* --- the answer ------------------------------------------------------------------------------- */

static int refuse(wok_http_request *request, int status, const char *why)
{
	int r = status == UPGRADE_REQUIRED
			? wok_http_reply_header(request, "Sec-WebSocket-Version", "13")
			: 0;

	if (r == 0)
		r = wok_http_reply_text(request, status, why);
	if (r < 0)
		return r;
	/* The client's doing: not to be reported as the handler's. */
	request->body_error = WOK_EPEER;
	return wok_fail(WOK_EPEER, "no WebSocket: %s", why);
}

static void choose_subprotocol(const wok_http_request *request, const wok_ws_options *options,
			       struct answer *answer)
{
	for (size_t i = 0; i < options->n_subprotocols && !answer->subprotocol; i++)
		if (lists(request, "Sec-WebSocket-Protocol", options->subprotocols[i], false))
			answer->subprotocol = options->subprotocols[i];
}

static int choose_extensions(const wok_http_request *request, const wok_ws_options *options,
			     struct answer *answer)
{
	struct wok__h1_span value;
	size_t index = 0;

	if (!options->deflate.enable)
		return 0;
	while (!answer->deflate.agreed &&
	       next_value(request, "Sec-WebSocket-Extensions", &index, &value))
		(void) wok__ws_deflate_accept(&options->deflate, value, &answer->deflate,
					      &answer->extensions);
	if (answer->deflate.agreed)
		wok__buffer_add(&answer->extensions, "", 1);
	return answer->extensions.error;
}

static int send_answer(wok_http_request *request, const wok_ws_options *options,
		       const struct answer *answer, wok_stream **ret_stream)
{
	size_t n = 0, most = 5 + options->n_headers;
	wok_http_header *headers = wok__alloc_array(most, sizeof(*headers));

	if (!headers)
		return -ENOMEM;
	headers[n++] = (wok_http_header){"Upgrade", "websocket"};
	headers[n++] = (wok_http_header){"Connection", "Upgrade"};
	headers[n++] = (wok_http_header){"Sec-WebSocket-Accept", answer->accept};
	if (answer->subprotocol)
		headers[n++] = (wok_http_header){"Sec-WebSocket-Protocol", answer->subprotocol};
	if (answer->deflate.agreed)
		headers[n++] =
			(wok_http_header){"Sec-WebSocket-Extensions", answer->extensions.data};
	for (size_t i = 0; i < options->n_headers; i++)
		headers[n++] = options->headers[i];
	int r = wok__request_upgrade(request, SWITCHING, headers, n, ret_stream);
	wok_free(headers);
	return r;
}

static int check_headers(const wok_ws_options *options)
{
	for (size_t i = 0; i < options->n_headers; i++)
		if (wok__is_framing_header(options->headers[i].name) ||
		    strncasecmp(options->headers[i].name, "Sec-WebSocket-", 14) == 0)
			return wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set",
					options->headers[i].name);
	return 0;
}

/* --- the end of the server -------------------------------------------------------------------- */

static int say_farewell(void *arg)
{
	wok_ws *ws = arg;

	/* The application receives what the peer answers; if it does not, somebody has to. */
	if (wok__ws_send_close(ws, WOK__WS_GOING_AWAY, NULL, 0) == 0)
		wok__ws_start_reader(ws);
	return 0;
}

static void server_stops(struct wok__stop_hook *hook)
{
	wok_ws *ws = WOK__CONTAINER(hook, wok_ws, on_stop);

	if (!ws->over && !ws->farewell)
		ws->farewell = wok_create_task(say_farewell, ws);
}

static int open_ws(wok_http_request *request, const wok_ws_options *options, struct answer *answer,
		   wok_ws **ret_ws)
{
	wok_stream *stream = NULL;
	wok_ws *ws = NULL;

	/* What can fail for want of memory comes before anything is sent. */
	WOK_TRY(wok__ws_new(NULL, false, options, &ws));
	int r = send_answer(request, options, answer, &stream);
	if (r < 0) {
		ws->over = true;
		wok_ws_free(ws);
		return r;
	}
	ws->stream = stream;
	ws->request = request;
	ws->subprotocol = answer->subprotocol;
	ws->extensions = WOK_TAKE(answer->extensions.data);
	ws->deflate = answer->deflate;
	ws->in.deflate = answer->deflate.agreed;
	ws->on_stop.call = server_stops;
	wok__request_on_stop(request, &ws->on_stop);
	wok__ws_attend(ws);
	*ret_ws = ws;
	return 0;
}

int wok_ws_accept(wok_http_request *request, const wok_ws_options *options, wok_ws **ret_ws)
{
	const wok_ws_options defaults = {0};
	struct answer answer = {0};
	const char *why;

	options = options ? options : &defaults;
	if (request->reply != WOK__REPLY_NONE)
		return wok_fail(-EALREADY, "this request has been replied to already");
	WOK_TRY(wok__ws_check_options(options));
	WOK_TRY(check_headers(options));
	int status = check_request(request, options, &why);
	if (status != 0)
		return refuse(request, status, why);
	wok__ws_accept_of(wok_http_request_header(request, "Sec-WebSocket-Key"), answer.accept);
	choose_subprotocol(request, options, &answer);
	int r = choose_extensions(request, options, &answer);
	if (r == 0)
		r = open_ws(request, options, &answer, ret_ws);
	wok__buffer_free(&answer.extensions);
	return r;
}

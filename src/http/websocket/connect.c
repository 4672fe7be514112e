/* SPDX-License-Identifier: MIT */
/* The client's side of the handshake: see wok_ws_connect(). */
#include <string.h>
#include <strings.h>
#include <wok/error.h>
#include <wok/memory.h>

#include "base/memory.h"
#include "http/client/upgrade.h"
#include "http/url.h"
#include "http/websocket/handshake.h"
#include "http/websocket/ws.h"

/* A handshake on its way. */
struct opening {
	const wok_ws_options *options;
	char key[WOK__WS_KEY_SIZE + 1];
	char *url; /* with the scheme that HTTP has */
	struct wok__buffer protocols, offer;
	wok_http_header *headers;
	size_t n_headers;
	wok_http_response *response;
	wok_stream *stream;
	const char *subprotocol;
	struct wok__ws_deflate deflate;
	struct wok__buffer extensions; /* as the server answered, a C string */
};

static void release(struct opening *opening)
{
	wok_stream_free(opening->stream);
	wok_http_response_free(opening->response);
	wok_free(opening->headers);
	wok__buffer_free(&opening->protocols);
	wok__buffer_free(&opening->offer);
	wok__buffer_free(&opening->extensions);
	wok_free(opening->url);
}

/* ws becomes http, wss https; what else the URL says is looked at where it is used. */
static int translate_url(struct opening *opening, const char *url)
{
	bool tls = strncasecmp(url, "wss://", 6) == 0;

	if (!tls && strncasecmp(url, "ws://", 5) != 0)
		return wok__bad_url(-EINVAL, url, "a WebSocket's URL begins with ws:// or wss://");
	const char *rest = url + (tls ? 6 : 5), *scheme = tls ? "https://" : "http://";
	size_t size = strlen(scheme), rest_size = strlen(rest) + 1;
	opening->url = wok_alloc(size + rest_size);
	if (!opening->url)
		return -ENOMEM;
	memcpy(opening->url, scheme, size);
	memcpy(opening->url + size, rest, rest_size);
	return 0;
}

static int put_lists(struct opening *opening)
{
	const wok_ws_options *options = opening->options;

	for (size_t i = 0; i < options->n_subprotocols; i++) {
		if (i > 0)
			wok__buffer_text(&opening->protocols, ", ");
		wok__buffer_text(&opening->protocols, options->subprotocols[i]);
	}
	wok__buffer_add(&opening->protocols, "", 1);
	if (options->deflate.enable)
		wok__ws_deflate_offer(&options->deflate, &opening->offer);
	wok__buffer_add(&opening->offer, "", 1);
	return opening->protocols.error < 0 ? opening->protocols.error : opening->offer.error;
}

static int make_headers(struct opening *opening)
{
	const wok_ws_options *options = opening->options;
	size_t n = 0, most = 4 + options->n_headers;
	wok_http_header *headers = wok__alloc_array(most, sizeof(*headers));

	if (!headers)
		return -ENOMEM;
	opening->headers = headers;
	headers[n++] = (wok_http_header){"Sec-WebSocket-Version", "13"};
	headers[n++] = (wok_http_header){"Sec-WebSocket-Key", opening->key};
	if (options->n_subprotocols > 0)
		headers[n++] = (wok_http_header){"Sec-WebSocket-Protocol", opening->protocols.data};
	if (options->deflate.enable)
		headers[n++] = (wok_http_header){"Sec-WebSocket-Extensions", opening->offer.data};
	for (size_t i = 0; i < options->n_headers; i++) {
		if (strncasecmp(options->headers[i].name, "Sec-WebSocket-", 14) == 0)
			return wok_fail(-EINVAL, "the header \"%.40s\" is wok's to set",
					options->headers[i].name);
		headers[n++] = options->headers[i];
	}
	opening->n_headers = n;
	return 0;
}

/* --- the answer ------------------------------------------------------------------------------- */

static int broken(const char *url, const char *what)
{
	return wok_fail(WOK_EPEER, "%.200s: %s", url, what);
}

/* How often a header occurs, and its value. */
static unsigned find_header(const wok_http_response *response, const char *name,
			    const char **ret_value)
{
	wok_http_header header;
	unsigned n = 0;

	for (size_t i = 0; wok_http_header_at(response, i, &header); i++) {
		if (strcasecmp(header.name, name) != 0)
			continue;
		*ret_value = header.value;
		n++;
	}
	return n;
}

static int take_subprotocol(struct opening *opening, const char *url)
{
	const wok_ws_options *options = opening->options;
	const char *chosen = NULL;
	unsigned n = find_header(opening->response, "Sec-WebSocket-Protocol", &chosen);

	for (size_t i = 0; chosen && i < options->n_subprotocols; i++)
		if (strcmp(options->subprotocols[i], chosen) == 0)
			opening->subprotocol = options->subprotocols[i];
	if (n > 1 || (chosen && !opening->subprotocol))
		return broken(url, "the server chose a subprotocol that was not offered");
	return 0;
}

static int take_extensions(struct opening *opening, const char *url)
{
	const wok_ws_options *options = opening->options;
	const char *chosen = NULL;
	unsigned n = find_header(opening->response, "Sec-WebSocket-Extensions", &chosen);

	if (n == 0)
		return 0;
	const struct wok__h1_span answer = {chosen, strlen(chosen)};
	if (n > 1 || !options->deflate.enable ||
	    !wok__ws_deflate_agree(&options->deflate, answer, &opening->deflate))
		return broken(url, "the server chose an extension that was not offered");
	wok__buffer_text(&opening->extensions, chosen);
	wok__buffer_add(&opening->extensions, "", 1);
	return opening->extensions.error;
}

static int check_answer(struct opening *opening, const char *url)
{
	const char *upgrade = NULL, *accept = NULL;
	char expected[WOK__WS_ACCEPT_SIZE + 1];

	if (!opening->stream)
		return wok_fail(WOK_EPEER, "%.200s: no WebSocket: the server answered %d", url,
				wok_http_status(opening->response));
	if (find_header(opening->response, "Upgrade", &upgrade) != 1 ||
	    strcasecmp(upgrade, "websocket") != 0)
		return broken(url, "the server changes to another protocol than WebSocket");
	wok__ws_accept_of(opening->key, expected);
	if (find_header(opening->response, "Sec-WebSocket-Accept", &accept) != 1 ||
	    strcmp(accept, expected) != 0)
		return broken(url, "the server's Sec-WebSocket-Accept is not the answer to the "
				   "key: it may not be a WebSocket server");
	WOK_TRY(take_subprotocol(opening, url));
	return take_extensions(opening, url);
}

static int shake_hands(struct opening *opening, wok_http_session *session, const char *url)
{
	const wok_ws_options *options = opening->options;
	wok_time limit = options->open_timeout > 0 ? options->open_timeout : 10 * WOK_SECOND;

	WOK_TRY(translate_url(opening, url));
	WOK_TRY(wok__ws_make_key(opening->key));
	WOK_TRY(put_lists(opening));
	WOK_TRY(make_headers(opening));
	const wok_http_options http = {
		.timeout = limit,
		.headers = opening->headers,
		.n_headers = opening->n_headers,
	};
	WOK_TRY(wok__http_upgrade(session, opening->url, "websocket", &http, &opening->response,
				  &opening->stream));
	/* Of the last hop, and without the password that url may have. */
	return check_answer(opening, wok_http_response_url(opening->response));
}

static int open(struct opening *opening, wok_ws **ret_ws)
{
	wok_ws *ws = NULL;

	WOK_TRY(wok__ws_new(opening->stream, true, opening->options, &ws));
	opening->stream = NULL;
	ws->owns_stream = true;
	ws->subprotocol = opening->subprotocol;
	ws->extensions = WOK_TAKE(opening->extensions.data);
	ws->deflate = opening->deflate;
	ws->in.deflate = opening->deflate.agreed;
	*ret_ws = ws;
	return 0;
}

int wok_ws_connect(wok_http_session *session, const char *url, const wok_ws_options *options,
		   wok_ws **ret_ws)
{
	const wok_ws_options defaults = {0};
	struct opening opening = {.options = options ? options : &defaults};

	WOK_TRY(wok__ws_check_options(opening.options));
	int r = shake_hands(&opening, session, url);
	if (r == 0)
		r = open(&opening, ret_ws);
	release(&opening);
	return r;
}

/* SPDX-License-Identifier: MIT */
/* http_hello: a small web server. Shows an exact route, a prefix, and an answer in pieces.
 * Try:        http_hello 127.0.0.1:7002   then
 *             curl -N http://127.0.0.1:7002/  .../hello/wok  .../count   then   Ctrl-C */
#include <stdio.h>
#include <wok/http.h>
#include <wok/wok.h>

static int index_page(wok_http_request *request, void *unused)
{
	(void) unused;
	return wok_http_reply_text(request, 200, "There are /hello/NAME and /count.\n");
}

/* A prefix: what stands behind "/hello/" is the rest. */
static int hello(wok_http_request *request, void *unused)
{
	char text[128];

	(void) unused;
	snprintf(text, sizeof(text), "Hello, %.100s!\n", wok_http_request_rest(request));
	return wok_http_reply_text(request, 200, text);
}

/* An answer in pieces. The handler may wait: only this connection's task does. */
static int count(wok_http_request *request, void *unused)
{
	char line[16];

	(void) unused;
	WOK_TRY(wok_http_reply_begin(request, &(wok_http_reply_options){
						      .content_type = "text/plain",
					      }));
	for (int i = 1; i <= 5; i++) {
		int size = snprintf(line, sizeof(line), "%d\n", i);
		WOK_TRY(wok_http_reply_write(request, line, (size_t) size));
		WOK_TRY(wok_sleep(200 * WOK_MS));
	}
	return 0;
}

static int make_routes(wok_http_app *app)
{
	WOK_TRY(wok_http_route(app, "GET", "/", index_page, NULL));
	WOK_TRY(wok_http_route(app, "GET", "/hello/*", hello, NULL));
	return wok_http_route(app, "GET", "/count", count, NULL);
}

int main(int argc, char **argv)
{
	WOK_AUTO(wok_http_app) *app = NULL;

	int r = wok_http_app_new(&app);
	if (r == 0)
		r = make_routes(app);
	if (r == 0)
		r = wok_http_serve_main(app, argc > 1 ? argv[1] : "127.0.0.1:7002", NULL);
	if (r < 0)
		fprintf(stderr, "http_hello: %s\n", wok_errmsg(r));
	return r < 0;
}

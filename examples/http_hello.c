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
		WOK_TRY(wok_http_write(request, line, (size_t) size));
		WOK_TRY(wok_sleep(200 * WOK_MS));
	}
	return 0;
}

static int serve(void *arg)
{
	const char *address = arg;
	WOK_AUTO(wok_http_app) *app = NULL;

	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/", index_page, NULL));
	WOK_TRY(wok_http_route(app, "GET", "/hello/*", hello, NULL));
	WOK_TRY(wok_http_route(app, "GET", "/count", count, NULL));
	return wok_http_serve(app, address, NULL); /* until Ctrl-C */
}

int main(int argc, char **argv)
{
	static char address[] = "127.0.0.1:7002";

	int r = wok_run(serve, argc > 1 ? argv[1] : address);
	if (r == -EINTR)
		return 0; /* Ctrl-C is how it ends */
	fprintf(stderr, "http_hello: %s\n", wok_errmsg(r));
	return 1;
}

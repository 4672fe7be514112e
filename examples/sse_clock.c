/* sse_clock: tells the time to whoever listens. Shows server-sent events, both ways: a client that
 * lost its connection goes on behind the last event that it had.
 * Try:       sse_clock --serve 127.0.0.1:7004   then   sse_clock http://127.0.0.1:7004/
 *            Restart the server while the client runs: it comes back by itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/http.h>
#include <wok/wok.h>

/* One tick a second, numbered. The handler is cancelled when the client leaves. */
static int tick(wok_http_request *request, void *unused)
{
	WOK_AUTO(wok_sse_stream) *stream = NULL;
	const char *last = wok_sse_last_id(request);
	unsigned long n = last ? strtoul(last, NULL, 10) : 0;
	char id[32], text[64];

	(void) unused;
	WOK_TRY(wok_sse_begin(request, NULL, &stream));
	for (;;) {
		snprintf(id, sizeof(id), "%lu", ++n);
		snprintf(text, sizeof(text), "tick %lu", n);
		WOK_TRY(wok_sse_send(stream, "tick", id, text));
		WOK_TRY(wok_sleep(WOK_SECOND));
	}
}

static int serve(const char *address)
{
	WOK_AUTO(wok_http_app) *app = NULL;

	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/", tick, NULL));
	return wok_http_serve_main(app, address, NULL);
}

static int listen_to(void *url)
{
	WOK_AUTO(wok_sse_source) *source = NULL;
	wok_sse_event event;
	int r;

	WOK_TRY(wok_sse_connect(NULL, url, NULL, &source));
	while ((r = wok_sse_next(source, &event)) > 0) {
		printf("%s: %s\n", event.type, event.data);
		fflush(stdout);
	}
	return r;
}

int main(int argc, char **argv)
{
	int r;

	if (argc == 3 && strcmp(argv[1], "--serve") == 0)
		r = serve(argv[2]);
	else
		r = wok_run(listen_to, argc > 1 ? argv[1] : "http://127.0.0.1:7004/");
	if (r < 0 && r != -EINTR)
		fprintf(stderr, "sse_clock: %s\n", wok_errmsg(r));
	return r < 0 && r != -EINTR;
}

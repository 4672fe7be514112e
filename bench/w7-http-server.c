/* W7: an HTTP server that says hello.
 * Try:      w7-http-server 8080   then   curl http://127.0.0.1:8080/ */
#include <wok/http.h>

#include "bench.h"

static int hello(wok_http_request *request, void *unused)
{
	(void) unused;
	return wok_http_reply(request, &(wok_http_reply_options){
					       .content_type = "text/plain",
					       .body = "hello",
					       .body_size = 5,
				       });
}

int main(int argc, char **argv)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	char address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%zu", bench_count(argc, argv, 1));
	int r = wok_http_app_new(&app);
	if (r == 0)
		r = wok_http_route(app, "GET", "/", hello, NULL);
	if (r == 0)
		r = wok_http_serve_main(app, address, NULL);
	return bench_exit("w7-http-server", r);
}

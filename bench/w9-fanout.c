/* W9: N requests at once, each read fully. Shows what a fan-out of requests costs.
 * Try:      w9-fanout http://127.0.0.1:8080/ 10000 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <wok/http.h>
#include <wok/wok.h>

#include "bench.h"

struct fanout {
	const char *url;
	size_t n;
	wok_http_session *session;
	size_t bytes;
};

static int get(void *arg)
{
	struct fanout *fanout = arg;
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	WOK_TRY(wok_http_get(fanout->session, fanout->url, NULL, &response));
	if (wok_http_status(response) != 200)
		return wok_fail(-EPROTO, "status %d", wok_http_status(response));
	WOK_TRY(wok_http_body(response, &body));
	fanout->bytes += body.size;
	return 0;
}

static int run(void *arg)
{
	struct fanout *fanout = arg;
	WOK_AUTO(wok_http_session) *session = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	double cpu = bench_cpu_seconds();
	wok_time start = wok_now();

	WOK_TRY(wok_http_session_new(&(wok_http_session_options){.limit = WOK_UNLIMITED},
				     &session));
	fanout->session = session;
	WOK_TRY(wok_scope_new(&scope));
	for (size_t i = 0; i < fanout->n; i++)
		WOK_TRY(wok_scope_spawn(scope, get, fanout));
	WOK_TRY(wok_scope_join(scope));
	bench_requests(fanout->n, start, cpu);
	return 0;
}

int main(int argc, char **argv)
{
	struct fanout fanout = {.url = argc > 1 ? argv[1] : "", .n = bench_count(argc, argv, 2)};

	return bench_exit("w9-fanout", wok_run(run, &fanout));
}

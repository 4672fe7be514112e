/* W8: C tasks together make N requests over at most C connections that are kept alive.
 * Try:      w8-http-client http://127.0.0.1:8080/ 100000 64 */
#include <wok/http.h>

#include "bench.h"

struct client {
	const char *url;
	size_t n;
	size_t started;
	size_t tasks;
	wok_http_session *session;
	size_t bytes;
};

static int get(struct client *client)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	WOK_TRY(wok_http_get(client->session, client->url, NULL, &response));
	if (wok_http_status(response) != 200)
		return wok_fail(-EPROTO, "status %d", wok_http_status(response));
	WOK_TRY(wok_http_body(response, &body));
	client->bytes += body.size;
	return 0;
}

static int worker(void *arg)
{
	struct client *client = arg;

	while (client->started < client->n) {
		client->started++;
		WOK_TRY(get(client));
	}
	return 0;
}

static int run(void *arg)
{
	struct client *client = arg;
	WOK_AUTO(wok_http_session) *session = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;
	double cpu = bench_cpu_seconds();
	wok_time start = wok_now();

	WOK_TRY(wok_http_session_new(&(wok_http_session_options){.limit = client->tasks},
				     &session));
	client->session = session;
	WOK_TRY(wok_scope_new(&scope));
	for (size_t i = 0; i < client->tasks; i++)
		WOK_TRY(wok_scope_spawn(scope, worker, client));
	WOK_TRY(wok_scope_join(scope));
	bench_requests(client->n, start, cpu);
	return 0;
}

int main(int argc, char **argv)
{
	struct client client = {
		.url = argc > 1 ? argv[1] : "",
		.n = bench_count(argc, argv, 2),
		.tasks = bench_count(argc, argv, 3),
	};

	return bench_exit("w8-http-client", wok_run(run, &client));
}

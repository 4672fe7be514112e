/* hello: a program outside of the tree, built against the installed library. See try.sh. */
#include <stdio.h>
#ifdef WITH_DNS
#include <wok/dns.h>
#endif
#include <wok/http.h>
#ifdef WITH_POSTGRES
#include <wok/pg.h>
#endif
#ifdef WITH_SQLITE
#include <wok/sqlite.h>
#endif
#ifdef WITH_TLS
#include <wok/tls.h>
#endif
#include <wok/wok.h>

/* The databases: one is there, of the other we only learn that nobody listens. */
static int databases(void)
{
#ifdef WITH_SQLITE
	WOK_AUTO(wok_sqlite) *db = NULL;
	int64_t answer = 0;
	WOK_TRY(wok_sqlite_open(":memory:", NULL, &db));
	WOK_TRY(wok_sqlite_fetch_int(db, "SELECT 40 + ?", WOK_ARGS(2), &answer));
	if (answer != 42)
		return -EINVAL;
#endif
#ifdef WITH_POSTGRES
	wok_pg_conn *conn = NULL;
	if (wok_pg_connect("host=/nonexistent user=nobody dbname=none", &conn) == 0)
		return -EINVAL;
#endif
	return 0;
}

static int hello(void *name)
{
	int r = wok_sleep(10 * WOK_MS);
	if (r == 0)
		r = databases();
	if (r < 0)
		return r;
	printf("hello, %s\n", (const char *) name);
	return 0;
}

int main(void)
{
	wok_http_app *app = NULL;
	int r = wok_http_app_new(&app); /* the other library is there, too */

	wok_http_app_free(app);
#ifdef WITH_TLS
	WOK_AUTO(wok_tls_context) *context = NULL;
	if (r == 0)
		r = wok_tls_client_new(NULL, &context);
#endif
#ifdef WITH_DNS
	if (r == 0)
		r = wok_dns_use(NULL);
	r = r > 0 ? 0 : r; /* 1: this machine's names need more than DNS */
#endif
	if (r == 0)
		r = wok_run(hello, "stranger");
	if (r < 0)
		fprintf(stderr, "hello: %s\n", wok_strerror(r));
	return r < 0;
}

/* hello: a program outside of the tree, built against the installed library. See try.sh. */
#include <stdio.h>
#ifdef WITH_DNS
#include <wok/dns.h>
#endif
#include <wok/http.h>
#ifdef WITH_TLS
#include <wok/tls.h>
#endif
#include <wok/wok.h>

static int hello(void *name)
{
	int r = wok_sleep(10 * WOK_MS);
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

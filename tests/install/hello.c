/* hello: a program outside of the tree, built against the installed library. See try.sh. */
#include <stdio.h>
#include <wok/http.h>
#include <wok/tls.h>
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
	if (r == 0)
		r = wok_run(hello, "stranger");
	if (r < 0)
		fprintf(stderr, "hello: %s\n", wok_strerror(r));
	return r < 0;
}

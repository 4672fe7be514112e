/* SPDX-License-Identifier: MIT */
/* fetch_all: fetches URLs, at most five at once. Shows an HTTP session and for_each with a limit.
 * Try:       wok lab-server 127.0.0.1:7001 &
 *            fetch_all http://127.0.0.1:7001/delay/1 http://127.0.0.1:7001/bytes/5000 */
#include <stdio.h>
#include <stdlib.h>
#include <wok/http.h>
#include <wok/wok.h>

enum { AT_ONCE = 5 };

/* What is to do, and what came of it: for_each's results live in the elements. */
struct page {
	wok_http_session *session;
	const char *url;
};

static int fetch(void *arg)
{
	struct page *page = arg;
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	int r = wok_http_get(page->session, page->url, NULL, &response);
	if (r >= 0)
		r = wok_http_body(response, &body);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", page->url, wok_errmsg(r));
	else
		printf("%s: status %d, %zu bytes\n", page->url, wok_http_status(response),
		       body.size);
	return r;
}

struct urls {
	char **url;
	size_t n;
};

static int fetch_all(void *arg)
{
	const struct urls *urls = arg;
	WOK_AUTO(wok_http_session) *session = NULL;

	WOK_TRY(wok_http_session_new(NULL, &session));
	struct page *pages = calloc(urls->n, sizeof(*pages));
	if (!pages)
		return -ENOMEM;
	for (size_t i = 0; i < urls->n; i++)
		pages[i] = (struct page){session, urls->url[i]};

	/* WOK_COLLECT: one page that fails is no reason to drop the others. */
	int r = wok_for_each(fetch, pages, urls->n, AT_ONCE, WOK_COLLECT);
	free(pages);
	return r; /* how many failed */
}

int main(int argc, char **argv)
{
	struct urls urls = {argv + 1, (size_t) argc - 1};

	if (argc < 2) {
		fputs("usage: fetch_all URL...\n", stderr);
		return 2;
	}
	int r = wok_run(fetch_all, &urls);
	if (r < 0)
		fprintf(stderr, "fetch_all: %s\n", wok_errmsg(r));
	return r != 0;
}

/* SPDX-License-Identifier: MIT */
/* 45-best-session-reuse: section 13, best practice 1. Shows one session for all requests: the
 *                        second round goes over the connections of the first; needs httpbin.
 * Try:                   45-best-session-reuse */
#include <inttypes.h>
#include <wok/http.h>

#include "httpbin.h"

struct page {
	wok_http_session *session;
	char url[URL_SIZE];
	int status;
};

static int fetch(void *arg)
{
	struct page *page = arg;
	WOK_AUTO(wok_http_response) *resp = NULL;
	wok_view body;

	WOK_TRY(wok_http_get(page->session, page->url, NULL, &resp));
	WOK_TRY(wok_http_body(resp, &body)); /* read to its end: the connection can be used again */
	page->status = wok_http_status(resp);
	return 0;
}

static int fetch_all(struct page *pages)
{
	WOK_TRY(wok_for_each(fetch, pages, 5, WOK_UNLIMITED, 0));
	for (int i = 0; i < 5; i++)
		printf("%s%d", i == 0 ? "[" : ", ", pages[i].status);
	puts("]");
	return 0;
}

static int async_main(void *unused)
{
	struct page pages[5];
	wok_http_stats stats;
	WOK_AUTO(wok_http_session) *session = NULL;

	(void) unused;
	WOK_TRY(wok_http_session_new(NULL, &session));
	for (int i = 0; i < 5; i++) {
		pages[i].session = session;
		WOK_TRY(httpbin_url(&pages[i].url, "/delay/0.1?i=%d", i));
	}
	WOK_TRY(fetch_all(pages));
	WOK_TRY(fetch_all(pages));
	wok_http_session_stats(session, &stats);
	printf("新建连接:%" PRIu64 ",复用连接:%" PRIu64 "\n", stats.created, stats.reused);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "45-best-session-reuse: %s\n", wok_errmsg(r));
	return r < 0;
}

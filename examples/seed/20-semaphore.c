/* SPDX-License-Identifier: MIT */
/* 20-semaphore: section 6, asyncio.Semaphore. Shows a hundred requests, at most ten at once; needs
 *               httpbin.
 * Try:          20-semaphore   (it takes 100 / 10 * 0.2 seconds) */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <wok/http.h>

#include "httpbin.h"

enum { URLS = 100 };

struct page {
	wok_http_session *session;
	wok_semaphore *semaphore;
	char url[URL_SIZE];
	char *text;
};

static int running, peak;

static int get_text(wok_http_session *session, const char *url, char **ret_text)
{
	WOK_AUTO(wok_http_response) *resp = NULL;
	wok_view body;

	WOK_TRY(wok_http_get(session, url, NULL, &resp));
	WOK_TRY(wok_http_body(resp, &body));
	*ret_text = strdup(body.data);
	return *ret_text ? 0 : -ENOMEM;
}

static int fetch(void *arg)
{
	struct page *page = arg;
	int r;

	WOK_WITH_SEMAPHORE (page->semaphore, r) { /* ten get in, the others wait here */
		running++;
		if (running > peak)
			peak = running;
		r = get_text(page->session, page->url, &page->text);
		running--;
	}
	return r;
}

/* Whether text i is the answer to request i: httpbin sends back {"args": {"i": "..."}, ...}. */
static bool in_order(const struct page *results)
{
	for (int i = 0; i < URLS; i++) {
		json_auto_t *json = json_loads(results[i].text, 0, NULL);
		const char *arg =
			json_string_value(json_object_get(json_object_get(json, "args"), "i"));
		if (!arg || atoi(arg) != i)
			return false;
	}
	return true;
}

static int async_main(void *unused)
{
	static struct page pages[URLS];
	wok_semaphore semaphore = WOK_SEMAPHORE_INIT(10);
	WOK_AUTO(wok_http_session) *session = NULL;

	(void) unused;
	WOK_TRY(wok_http_session_new(NULL, &session));
	for (int i = 0; i < URLS; i++) {
		pages[i].session = session;
		pages[i].semaphore = &semaphore;
		WOK_TRY(httpbin_url(&pages[i].url, "/delay/0.2?i=%d", i));
	}
	int r = wok_for_each(fetch, pages, URLS, WOK_UNLIMITED, 0);
	if (r == 0) {
		printf("结果数:%d\n", URLS);
		printf("顺序一致:%s\n", in_order(pages) ? "True" : "False");
		printf("最大并发:%d\n", peak);
	}
	for (int i = 0; i < URLS; i++)
		free(pages[i].text);
	return r;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "20-semaphore: %s\n", wok_errmsg(r));
	return r < 0;
}

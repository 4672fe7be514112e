/* SPDX-License-Identifier: MIT */
/* 20-semaphore: section 6, asyncio.Semaphore. Shows a hundred requests, at most ten at once; needs
 *               httpbin.
 * Try:          20-semaphore   (it takes 100 / 10 * 0.2 seconds) */
#include <jansson.h>
#include <wok/http.h>

#include "httpbin.h"

enum { URLS = 100 };

struct page {
	wok_http_session *session;
	wok_semaphore *semaphore;
	char url[URL_SIZE];
	int result; /* the i of the answer: httpbin sends back {"args": {"i": "7"}, ...} */
};

static int running, peak;

static int get(struct page *page)
{
	WOK_AUTO(wok_http_response) *resp = NULL;
	wok_view text;

	WOK_TRY(wok_http_get(page->session, page->url, NULL, &resp));
	WOK_TRY(wok_http_body(resp, &text));
	json_auto_t *json = json_loadb(text.data, text.size, 0, NULL);
	const char *i = json_string_value(json_object_get(json_object_get(json, "args"), "i"));
	if (!i)
		return wok_fail(-EBADMSG, "%s: no i in the answer", page->url);
	page->result = (int) strtol(i, NULL, 10);
	return 0;
}

static int fetch(void *arg)
{
	struct page *page = arg;
	int r;

	WOK_WITH_SEMAPHORE (page->semaphore, r) { /* ten get in, the others wait here */
		running++;
		if (running > peak)
			peak = running;
		r = get(page);
		running--;
	}
	return r;
}

static int async_main(void *unused)
{
	wok_semaphore semaphore = WOK_SEMAPHORE_INIT(10);
	struct page pages[URLS];
	bool in_order = true;
	WOK_AUTO(wok_http_session) *session = NULL;

	(void) unused;
	WOK_TRY(wok_http_session_new(NULL, &session));
	for (int i = 0; i < URLS; i++) {
		pages[i] = (struct page){.session = session, .semaphore = &semaphore};
		WOK_TRY(httpbin_url(&pages[i].url, "/delay/0.2?i=%d", i));
	}
	WOK_TRY(wok_for_each(fetch, pages, URLS, WOK_UNLIMITED, 0));
	for (int i = 0; i < URLS; i++)
		in_order = in_order && pages[i].result == i;
	printf("结果数:%d\n", URLS);
	printf("顺序一致:%s\n", in_order ? "True" : "False");
	printf("最大并发:%d\n", peak);
	return 0;
}

int main(void)
{
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "20-semaphore: %s\n", wok_errmsg(r));
	return r < 0;
}

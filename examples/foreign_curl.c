/* SPDX-License-Identifier: MIT */
/* foreign_curl: libcurl, which knows nothing of wok, fetches several pages at once on wok's loop.
 * Shows how such a library is driven: a task for each of its descriptors, a callback for its timer.
 * Try:      foreign_curl http://127.0.0.1:8080/a http://127.0.0.1:8080/b */
#include <curl/curl.h>
#include <stdio.h>
#include <wok/wok.h>

/* Events are passed on as they are. */
_Static_assert((int) WOK_READABLE == CURL_POLL_IN && (int) WOK_WRITABLE == CURL_POLL_OUT, "");

struct driver {
	CURLM *multi;
	wok_callback timer;
	wok_event done;
};

struct watch {
	struct driver *driver;
	curl_socket_t fd;
	int events;
	wok_task *task;
};

static void act(struct driver *driver, curl_socket_t fd, int events)
{
	int running;

	curl_multi_socket_action(driver->multi, fd, events, &running);
	if (running == 0)
		wok_event_set(&driver->done);
}

static int watch_fd(void *arg)
{
	const struct watch *watch = arg;
	int r;

	while ((r = wok_fd_wait(watch->fd, watch->events)) > 0)
		act(watch->driver, watch->fd, r);
	return r;
}

/* Called by libcurl in the middle of its work, perhaps from the watch's own task: so a watch that
 * is over is cancelled and let go, not waited for. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *old)
{
	struct driver *driver = arg;
	struct watch *watch = old;

	(void) easy;
	if (watch) {
		wok_cancel(watch->task);
		wok_task_detach(&watch->task);
		curl_multi_assign(driver->multi, fd, NULL);
	}
	if (what == CURL_POLL_REMOVE)
		return 0;
	watch = wok_alloc(sizeof(*watch));
	if (!watch)
		return -1;
	*watch = (struct watch){driver, fd, what, NULL};
	watch->task =
		wok_create_task_with(watch_fd, watch, &(wok_task_options){.arg_free = wok_free});
	curl_multi_assign(driver->multi, fd, watch);
	return 0;
}

static int on_time(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
	return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
	struct driver *driver = arg;

	(void) multi;
	wok_callback_cancel(driver->timer);
	if (ms >= 0)
		driver->timer = wok_call_later(ms * WOK_MS, on_time, driver);
	return 0;
}

static int fetch_all(void *urls)
{
	struct driver driver = {.multi = curl_multi_init(), .done = WOK_EVENT_INIT};
	CURLMsg *end;
	int r, left;

	curl_multi_setopt(driver.multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(driver.multi, CURLMOPT_SOCKETDATA, &driver);
	curl_multi_setopt(driver.multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(driver.multi, CURLMOPT_TIMERDATA, &driver);
	for (char **url = urls; *url; url++) {
		CURL *easy = curl_easy_init();
		curl_easy_setopt(easy, CURLOPT_URL, *url);
		curl_multi_add_handle(driver.multi, easy);
	}
	r = wok_event_wait(&driver.done);
	while ((end = curl_multi_info_read(driver.multi, &left))) {
		CURL *easy = end->easy_handle;
		const char *url = NULL;
		curl_easy_getinfo(easy, CURLINFO_EFFECTIVE_URL, &url);
		fprintf(stderr, "%s: %s\n", url, curl_easy_strerror(end->data.result));
		curl_multi_remove_handle(driver.multi, easy);
		curl_easy_cleanup(easy);
	}
	curl_multi_cleanup(driver.multi); /* closes its connections, and tells on_socket */
	wok_callback_cancel(driver.timer);
	return r;
}

int main(int argc, char **argv)
{
	const wok_run_options roomy = {.stack_size = 512 << 10}; /* libcurl's needs are not ours */
	return argc > 1 ? wok_run_with(fetch_all, argv + 1, &roomy) < 0 : 2;
}

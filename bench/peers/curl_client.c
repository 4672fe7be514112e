/* libcurl multi with its socket API on epoll. w8-http-client URL N C | w9-fanout URL N */
#include "util.h"
#include <curl/curl.h>

static CURLM *m;
static int ep, running;
static long tmo = -1, done_n, started, N;
static uint64_t bytes, tset;
static const char *url;
static size_t sink(char *p, size_t s, size_t n, void *u)
{
	bytes += s * n;
	return s * n;
}

static int sockcb(CURL *e, curl_socket_t s, int what, void *u, void *sp)
{
	struct epoll_event ev = {.data.fd = s};
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(ep, EPOLL_CTL_DEL, s, &ev);
		curl_multi_assign(m, s, NULL);
		return 0;
	}
	if (what & CURL_POLL_IN)
		ev.events |= EPOLLIN;
	if (what & CURL_POLL_OUT)
		ev.events |= EPOLLOUT;
	if (sp)
		epoll_ctl(ep, EPOLL_CTL_MOD, s, &ev);
	else {
		if (epoll_ctl(ep, EPOLL_CTL_ADD, s, &ev))
			epoll_ctl(ep, EPOLL_CTL_MOD, s, &ev);
		curl_multi_assign(m, s, (void *) 1);
	}
	return 0;
}

static int timecb(CURLM *mm, long ms, void *u)
{
	tmo = ms;
	tset = now_ns();
	return 0;
}

static void reap(void)
{
	CURLMsg *g;
	int left;
	while ((g = curl_multi_info_read(m, &left))) {
		if (g->msg != CURLMSG_DONE)
			continue;
		CURL *e = g->easy_handle;
		long code = 0;
		curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &code);
		if (g->data.result || code != 200) {
			fprintf(stderr, "curl %s code %ld\n", curl_easy_strerror(g->data.result),
				code);
			exit(1);
		}
		done_n++;
		curl_multi_remove_handle(m, e);
		if (started < N) {
			started++;
			curl_multi_add_handle(m, e);
		}
	}
}

int main(int argc, char **argv)
{
	int fan = strstr(argv[0], "w9-") != NULL;
	url = argv[1];
	N = atol(argv[2]);
	long C = fan ? N : atol(argv[3]);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	m = curl_multi_init();
	ep = epoll_create1(0);
	curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, sockcb);
	curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, timecb);
	curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, C);
	double c0 = cpu_s();
	uint64_t t = now_ns();
	for (long i = 0; i < C && started < N; i++) {
		CURL *e = curl_easy_init();
		curl_easy_setopt(e, CURLOPT_URL, url);
		curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, sink);
		curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
		curl_easy_setopt(e, CURLOPT_TCP_NODELAY, 1L);
		started++;
		curl_multi_add_handle(m, e);
	}
	struct epoll_event ev[512];
	while (done_n < N) {
		int to = -1;
		if (tmo >= 0) {
			int64_t l = tmo - (int64_t) ((now_ns() - tset) / 1000000);
			to = l < 0 ? 0 : l;
		}
		int n = epoll_wait(ep, ev, 512, to);
		if (tmo >= 0 && (int64_t) ((now_ns() - tset) / 1000000) >= tmo) {
			tmo = -1;
			curl_multi_socket_action(m, CURL_SOCKET_TIMEOUT, 0, &running);
		}
		for (int i = 0; i < n; i++) {
			int f = (ev[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
				(ev[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
				(ev[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
			curl_multi_socket_action(m, ev[i].data.fd, f, &running);
		}
		reap();
	}
	double w = (now_ns() - t) / 1e9;
	printf("req_per_s %.0f\ncpu_us_per_req %.2f\nwall_s %.4f\n", N / w,
	       (cpu_s() - c0) * 1e6 / N, w);
	fflush(stdout);
	_exit(0);
}

/*
 * Hand-written epoll HTTP/1.1 client: the physical limit. w8-http-client URL N C | w9-fanout URL
 * N Parses status, Content-Length and the end of headers; nothing else.
 */
#include "util.h"

typedef struct {
	int fd, got, need, up;
	char b[4096];
} conn;
int main(int argc, char **argv)
{
	int fan = strstr(argv[0], "w9-") != NULL, one = 1, port;
	char host[64], path[256] = "/", req[512];
	if (sscanf(argv[1], "http://%63[^:]:%d%255s", host, &port, path) < 2)
		return 2;
	long N = atol(argv[2]), C = fan ? N : atol(argv[3]), started = 0, done = 0;
	int rn = sprintf(req,
			 "GET %s HTTP/1.1\r\nHost: %s:%d\r\nAccept: */*\r\nUser-Agent: raw\r\n\r\n",
			 path, host, port);
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
	inet_pton(AF_INET, host, &a.sin_addr);
	double c0 = cpu_s();
	uint64_t t = now_ns();
	int ep = epoll_create1(0);
	conn *c = calloc(C, sizeof *c);
	for (long i = 0; i < C; i++) {
		c[i].fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		setsockopt(c[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		if (connect(c[i].fd, (void *) &a, sizeof a) && errno != EINPROGRESS)
			die("connect");
		struct epoll_event e = {.events = EPOLLOUT, .data.ptr = &c[i]};
		epoll_ctl(ep, EPOLL_CTL_ADD, c[i].fd, &e);
	}
	struct epoll_event ev[512];
	while (done < N) {
		int n = epoll_wait(ep, ev, 512, 60000);
		if (n <= 0)
			die("epoll");
		for (int i = 0; i < n; i++) {
			conn *x = ev[i].data.ptr;
			if (!x->up) {
				x->up = 1;
				struct epoll_event e = {.events = EPOLLIN, .data.ptr = x};
				epoll_ctl(ep, EPOLL_CTL_MOD, x->fd, &e);
				if (started < N) {
					started++;
					if (send(x->fd, req, rn, MSG_NOSIGNAL) != rn)
						die("send");
				}
				continue;
			}
			ssize_t k = recv(x->fd, x->b + x->got, sizeof x->b - 1 - x->got, 0);
			if (k < 0 && errno == EAGAIN)
				continue;
			if (k <= 0)
				die("closed");
			x->got += k;
			x->b[x->got] = 0;
			if (!x->need) {
				char *h = strstr(x->b, "\r\n\r\n"),
				     *cl = strcasestr(x->b, "content-length:");
				if (!h)
					continue;
				if (memcmp(x->b + 9, "200", 3) || !cl)
					die("status");
				x->need = h + 4 - x->b + atoi(cl + 15);
			}
			if (x->got < x->need)
				continue;
			x->got = x->need = 0;
			done++;
			if (started < N) {
				started++;
				if (send(x->fd, req, rn, MSG_NOSIGNAL) != rn)
					die("send");
			}
		}
	}
	double w = (now_ns() - t) / 1e9;
	printf("req_per_s %.0f\ncpu_us_per_req %.2f\nwall_s %.4f\n", N / w,
	       (cpu_s() - c0) * 1e6 / N, w);
	fflush(stdout);
	_exit(0);
}

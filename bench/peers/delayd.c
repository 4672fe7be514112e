/*
 * w9 server: delayd PORT [DELAY_MS]: answers every GET with 200 and a 200-byte body DELAY_MS
 * after the request has arrived. 4 SO_REUSEPORT listeners (4 x 4096 backlog) so that a burst of
 * 10k connects fits.
 */
#include "util.h"

typedef struct {
	int fd;
	uint64_t due;
} item;
#define Q (1 << 17)
static item q[Q];
int main(int argc, char **argv)
{
	int port = atoi(argv[1]), one = 1, ep = epoll_create1(0), L[4], maxl = 0;
	uint64_t delay = (argc > 2 ? atoi(argv[2]) : 1000) * 1000000ull;
	char resp[512], buf[65536], body[201];
	memset(body, 'x', 200);
	body[200] = 0;
	int rn = sprintf(
		resp,
		"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 200\r\n\r\n%s",
		body);
	for (int i = 0; i < 4; i++) {
		L[i] = listen_on(port, SOCK_NONBLOCK);
		if (L[i] > maxl)
			maxl = L[i];
		struct epoll_event e = {.events = EPOLLIN, .data.fd = L[i]};
		epoll_ctl(ep, EPOLL_CTL_ADD, L[i], &e);
	}
	ready();
	unsigned head = 0, tail = 0;
	struct epoll_event ev[1024];
	for (;;) {
		int to = -1;
		if (head != tail) {
			int64_t d = (int64_t) (q[head % Q].due - now_ns());
			to = d <= 0 ? 0 : (d + 999999) / 1000000;
		}
		int n = epoll_wait(ep, ev, 1024, to);
		for (int i = 0; i < n; i++) {
			int fd = ev[i].data.fd;
			if (fd <= maxl) {
				int c;
				while ((c = accept4(fd, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
					setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
					struct epoll_event e = {.events = EPOLLIN, .data.fd = c};
					epoll_ctl(ep, EPOLL_CTL_ADD, c, &e);
				}
				continue;
			}
			ssize_t k = recv(fd, buf, sizeof buf, 0);
			if (k < 0 && errno == EAGAIN)
				continue;
			if (k <= 0) {
				close(fd);
				continue;
			}
			if (memmem(buf, k, "\r\n\r\n", 4))
				q[tail++ % Q] = (item){fd, now_ns() + delay};
		}
		uint64_t t = now_ns();
		while (head != tail && q[head % Q].due <= t) {
			int fd = q[head++ % Q].fd;
			if (send(fd, resp, rn, MSG_NOSIGNAL) < 0) { /* client left */
			}
		}
	}
}

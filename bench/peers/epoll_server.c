/* Raw level-triggered epoll, one thread. w6-echo PORT | w7-http-server PORT (by argv[0]). */
#include "util.h"

static const char RESP[] =
	"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
int main(int argc, char **argv)
{
	int http = strstr(argv[0], "w7-") != NULL, one = 1;
	int l = listen_on(atoi(argv[1]), SOCK_NONBLOCK), ep = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event e = {.events = EPOLLIN, .data.fd = l}, ev[512];
	epoll_ctl(ep, EPOLL_CTL_ADD, l, &e);
	ready();
	static char buf[65536], outb[65536];
	for (;;) {
		int n = epoll_wait(ep, ev, 512, -1);
		for (int i = 0; i < n; i++) {
			int fd = ev[i].data.fd;
			if (fd == l) {
				int c;
				while ((c = accept4(l, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >=
				       0) {
					setsockopt(c, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
					struct epoll_event a = {.events = EPOLLIN, .data.fd = c};
					epoll_ctl(ep, EPOLL_CTL_ADD, c, &a);
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
			if (!http) {
				if (send(fd, buf, k, MSG_NOSIGNAL) != k)
					close(fd);
			} else { /* assumes whole requests per segment (reference only) */
				size_t o = 0;
				for (char *p = buf, *end = buf + k;
				     (p = memmem(p, end - p, "\r\n\r\n", 4)); p += 4) {
					memcpy(outb + o, RESP, sizeof RESP - 1);
					o += sizeof RESP - 1;
				}
				if (send(fd, outb, o, MSG_NOSIGNAL) < 0)
					close(fd);
			}
		}
	}
}

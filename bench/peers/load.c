/*
 * w6 load generator: load PORT CONNS SECONDS [SIZE]: epoll, one thread; each connection has
 * exactly one message in flight. A 5th argument (server pid): its on-CPU time in the window is
 * reported as server_us_per_req. 0.3 s of warm-up is not counted. Latency histogram: 2^-5
 * relative resolution.
 */
#include "util.h"
#include <dirent.h>
#define SUB 32
static uint64_t hist[64 * SUB];
static int slot(uint64_t v)
{
	if (v < SUB)
		return v;
	int e = 63 - __builtin_clzll(v);
	return (e - 4) * SUB + ((v >> (e - 5)) & (SUB - 1));
}

static uint64_t unslot(int s)
{
	if (s < SUB)
		return s;
	int e = s / SUB + 4;
	return (1ull << e) + ((uint64_t) (s % SUB) << (e - 5));
}

static uint64_t pct(uint64_t n, double p)
{
	uint64_t c = 0, want = n * p;
	for (int i = 0; i < 64 * SUB; i++)
		if ((c += hist[i]) > want)
			return unslot(i);
	return 0;
}

static double server_ns(int pid)
{ /* sum of all threads' schedstat */
	char p[320], d[64];
	double t = 0, v;
	snprintf(d, sizeof d, "/proc/%d/task", pid);
	DIR *D = pid ? opendir(d) : NULL;
	if (!D)
		return 0;
	for (struct dirent *e; (e = readdir(D));) {
		snprintf(p, sizeof p, "%s/%s/schedstat", d, e->d_name);
		FILE *f = e->d_name[0] == '.' ? NULL : fopen(p, "r");
		if (!f)
			continue;
		if (fscanf(f, "%lf", &v) == 1)
			t += v;
		fclose(f);
	}
	closedir(D);
	return t;
}

typedef struct {
	int fd, got;
	uint64_t t0;
} conn;
int main(int argc, char **argv)
{
	int port = atoi(argv[1]), C = atoi(argv[2]), size = argc > 4 ? atoi(argv[4]) : 64,
	    pid = argc > 5 ? atoi(argv[5]) : 0, one = 1;
	double secs = atof(argv[3]);
	char msg[65536], buf[65536];
	for (int i = 0; i < size; i++)
		msg[i] = 'a' + i % 26;
	conn *c = calloc(C, sizeof *c);
	int ep = epoll_create1(0);
	struct sockaddr_in a = {.sin_family = AF_INET,
				.sin_port = htons(port),
				.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	for (int i = 0; i < C; i++) {
		c[i].fd = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(c[i].fd, (void *) &a, sizeof a))
			die("connect");
		setsockopt(c[i].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		fcntl(c[i].fd, F_SETFL, O_NONBLOCK);
		struct epoll_event e = {.events = EPOLLIN, .data.ptr = &c[i]};
		epoll_ctl(ep, EPOLL_CTL_ADD, c[i].fd, &e);
	}
	for (int i = 0; i < C; i++) { /* one round trip each so that all are accepted */
		if (send(c[i].fd, msg, size, 0) != size)
			die("send");
		c[i].t0 = now_ns();
	}
	uint64_t t0 = now_ns(), warm = t0 + 300000000ull + C * 20000ull, end = warm + secs * 1e9,
		 n = 0, cnt = 0, tb = 0;
	double cb = 0, sb = 0;
	struct epoll_event ev[512];
	for (;;) {
		int k = epoll_wait(ep, ev, 512, 2000);
		if (k <= 0) {
			fprintf(stderr, "stalled\n");
			return 1;
		}
		uint64_t t = now_ns();
		if (!tb && t >= warm) {
			tb = t;
			n = 0;
			cb = cpu_s();
			sb = server_ns(pid);
			memset(hist, 0, sizeof hist);
		}
		if (tb && t >= end) {
			double w = (t - tb) / 1e9, ss = server_ns(pid) - sb;
			printf("req_per_s %.0f\np50_us %.1f\np99_us %.1f\nclient_cpu_frac %.3f\n",
			       n / w, pct(n, .5) / 1e3, pct(n, .99) / 1e3, (cpu_s() - cb) / w);
			if (pid)
				printf("server_us_per_req %.3f\nserver_cpu_frac %.3f\n",
				       ss / 1e3 / n, ss / 1e9 / w);
			fflush(stdout);
			_exit(0);
		}
		for (int i = 0; i < k; i++) {
			conn *x = ev[i].data.ptr;
			ssize_t r = recv(x->fd, buf, sizeof buf, 0);
			if (r <= 0) {
				if (r < 0 && errno == EAGAIN)
					continue;
				fprintf(stderr, "closed by server\n");
				return 1;
			}
			x->got += r;
			if (x->got < size)
				continue;
			if (x->got > size || buf[0] != 'a') {
				fprintf(stderr, "bad echo\n");
				return 1;
			}
			x->got = 0;
			t = now_ns();
			hist[slot(t - x->t0)]++;
			n++, cnt++;
			x->t0 = t;
			if (send(x->fd, msg, size, 0) != size)
				die("send");
		}
	}
}

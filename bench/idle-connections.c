/* idle-connections: N connections to an echo server, each with a task that waits; what each takes
 * of the server's memory, and what one more request costs among them. The server is a process of
 * its own; the client is plain sockets, over as many loopback addresses as N needs.
 * Try:      idle-connections 100000      (as root, which may raise the limit of descriptors) */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

enum { PER_ADDRESS = 20000, REQUESTS = 20000 };

static int echo(wok_stream *client, void *unused)
{
	char data[1024];
	ssize_t n;

	(void) unused;
	while ((n = wok_stream_read(client, data, sizeof(data))) > 0)
		WOK_TRY(wok_stream_write_all(client, data, (size_t) n));
	return (int) n;
}

/* Tells its port through the pipe, then serves until SIGINT or the client's end. */
static int serve(void *arg)
{
	WOK_AUTO(wok_listener) *listener = NULL;

	WOK_TRY(wok_listen("0.0.0.0:0", NULL, &listener));
	uint16_t port = wok_listener_port(listener);
	if (write(*(int *) arg, &port, sizeof(port)) != sizeof(port))
		return -EPIPE;
	return wok_serve_on(listener, echo, NULL, NULL);
}

static int open_connection(uint32_t address, uint16_t port)
{
	struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(address),
	};
	struct linger reset = {1, 0}; /* no TIME_WAIT: the next run wants the ports */
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	if (connect(fd, (struct sockaddr *) &peer, sizeof(peer)) == 0)
		return fd;
	int r = -errno;
	close(fd);
	return r;
}

static int request(int fd)
{
	char data[64] = "";
	ssize_t got = send(fd, data, sizeof(data), MSG_NOSIGNAL);

	if (got == (ssize_t) sizeof(data))
		got = recv(fd, data, sizeof(data), MSG_WAITALL);
	return got == (ssize_t) sizeof(data) ? 0 : got < 0 ? -errno : -EPROTO;
}

/* Microseconds of a request: n of them over these connections in turn. */
static int time_requests(const int *fds, size_t connections, size_t n, double *ret_us)
{
	wok_time start = wok_now();

	for (size_t i = 0; i < n; i++)
		WOK_TRY(request(fds[i * 7919 % connections]));
	*ret_us = (double) (wok_now() - start) / 1e3 / (double) n;
	return 0;
}

/* What the system could still give, in bytes: the kernel's part of a connection shows here, too. */
static size_t available(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	char line[128];
	size_t kib = 0;

	while (file && fgets(line, sizeof(line), file))
		if (strncmp(line, "MemAvailable:", 13) == 0)
			kib = strtoul(line + 13, NULL, 10);
	if (file)
		fclose(file);
	return kib * 1024;
}

static int load(const char *server, uint16_t port, int *fds, size_t n)
{
	double us = 0;

	fds[0] = open_connection(INADDR_LOOPBACK, port);
	WOK_TRY(fds[0]);
	WOK_TRY(time_requests(fds, 1, REQUESTS, &us));
	printf("us_per_request_alone %.2f\n", us);
	size_t before = bench_memory_of(server, "VmRSS:"), system = available();
	wok_time start = wok_now();
	for (size_t i = 1; i < n; i++) {
		fds[i] = open_connection(INADDR_LOOPBACK + (uint32_t) (i / PER_ADDRESS), port);
		WOK_TRY(fds[i]);
		WOK_TRY(request(fds[i])); /* its task is there, and waits again */
	}
	printf("connect_s %.2f\n", bench_seconds_since(start));
	size_t after = bench_memory_of(server, "VmRSS:");
	printf("server_bytes_per_connection %.0f\n", (double) (after - before) / (double) n);
	printf("system_bytes_per_connection %.0f\n",
	       ((double) system - (double) available()) / (double) n);
	WOK_TRY(time_requests(fds, 1, REQUESTS, &us));
	printf("us_per_request_on_one_of_them %.2f\n", us);
	WOK_TRY(time_requests(fds, n, REQUESTS, &us));
	printf("us_per_request_on_any_of_them %.2f\n", us);
	return 0;
}

/* The most descriptors that this process may get; root may raise the limit. */
static size_t descriptors(size_t wanted)
{
	struct rlimit limit = {wanted, wanted};

	if (setrlimit(RLIMIT_NOFILE, &limit) == 0)
		return wanted;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_cur;
}

int main(int argc, char **argv)
{
	size_t n = bench_count(argc, argv, 1), have = descriptors(n + 100);
	char server[16];
	uint16_t port = 0;
	int pipes[2], r = 0;

	if (have < n + 100) {
		n = have - 100;
		fprintf(stderr, "idle-connections: the limit of descriptors allows %zu\n", n);
	}
	int *fds = calloc(n, sizeof(int));
	if (!fds || pipe(pipes) < 0)
		return bench_exit("idle-connections", -ENOMEM);
	pid_t child = fork();
	if (child == 0)
		_exit(wok_run(serve, &pipes[1]) == -EINTR ? 0 : 1);
	snprintf(server, sizeof(server), "%d", (int) child);
	if (child < 0 || read(pipes[0], &port, sizeof(port)) != sizeof(port))
		r = -EPIPE;
	else
		r = load(server, port, fds, n);
	free(fds);
	if (child > 0 && kill(child, SIGKILL) == 0)
		waitpid(child, NULL, 0);
	return bench_exit("idle-connections", r);
}

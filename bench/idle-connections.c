/* idle-connections: N connections to an echo server, each with a task that waits; what each takes
 * of the server's memory a second after its last request, and what one more request costs among
 * them. With "http" it is an HTTP server, and the connections are kept alive. The server is a
 * process of its own; the client is plain sockets, over as many loopback addresses as N needs.
 * Where the limit of descriptors does not allow N, there are several servers, each with a client.
 * Try:      idle-connections 100000      (as root, which may raise that limit)
 *           idle-connections 10000 http */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/http.h>

#include "bench.h"

/* Of 28,000 ports for an address; the kernel searches long for a free one when half are taken. */
enum { PER_ADDRESS = 5000, REQUESTS = 20000 };

/* Which server. Set once, before anything runs. */
static bool is_http;

static int echo(wok_stream *client, void *unused)
{
	char data[1024];
	ssize_t n;

	(void) unused;
	while ((n = wok_stream_read(client, data, sizeof(data))) > 0)
		WOK_TRY(wok_stream_write_all(client, data, (size_t) n));
	return (int) n;
}

static int hello(wok_http_request *request, void *unused)
{
	(void) unused;
	return wok_http_reply_text(request, 200, "hello");
}

static int serve_http(wok_listener *listener)
{
	WOK_AUTO(wok_http_app) *app = NULL;
	/* The connections are to be idle, not to be closed for it. */
	wok_http_serve_options options = {.keep_alive = 10 * WOK_MINUTE};

	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/", hello, NULL));
	return wok_http_serve_on(app, listener, &options);
}

/* Tells its port through the pipe, then serves until SIGINT or the client's end. */
static int serve(void *arg)
{
	WOK_AUTO(wok_listener) *listener = NULL;

	WOK_TRY(wok_listen("0.0.0.0:0", NULL, &listener));
	uint16_t port = wok_listener_port(listener);
	if (write(*(int *) arg, &port, sizeof(port)) != sizeof(port))
		return -EPIPE;
	return is_http ? serve_http(listener) : wok_serve_on(listener, echo, NULL, NULL);
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

/* The response ends with its body, which comes with its head in one piece. */
static int request_http(int fd)
{
	static const char text[] = "GET / HTTP/1.1\r\nHost: bench\r\n\r\n";
	char data[1024];

	if (send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL) < 0)
		return -errno;
	ssize_t got = recv(fd, data, sizeof(data), 0);
	return got > 5 && memcmp(data + got - 5, "hello", 5) == 0 ? 0 : got < 0 ? -errno : -EPROTO;
}

static int request(int fd)
{
	if (is_http)
		return request_http(fd);
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

/* Opens n connections; each has had a request, so its task is there, and waits again. */
static int fill(uint16_t port, int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fds[i] = open_connection(INADDR_LOOPBACK + (uint32_t) (i / PER_ADDRESS), port);
		WOK_TRY(fds[i]);
		WOK_TRY(request(fds[i]));
	}
	return 0;
}

/* A server and its client; the limit of descriptors may allow no more than some of the connections
 * to a process. */
struct group {
	pid_t server, client;
	uint16_t port;
	size_t n;
	size_t before; /* memory of the server when it had no connection */
};

static size_t memory_of(const struct group *group)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int) group->server);
	return bench_memory_of(pid, "VmRSS:");
}

static int start_server(struct group *group)
{
	int pipes[2];

	if (pipe(pipes) < 0)
		return -errno;
	group->server = fork();
	if (group->server == 0)
		_exit(wok_run(serve, &pipes[1]) == -EINTR ? 0 : 1);
	close(pipes[1]);
	ssize_t got = read(pipes[0], &group->port, sizeof(group->port));
	close(pipes[0]);
	group->before = memory_of(group);
	return got == sizeof(group->port) ? 0 : -EPIPE;
}

/* Another process opens the group's connections, says so, and keeps them. */
static int start_client(struct group *group, int *fds)
{
	int pipes[2], r = -EPIPE;

	if (pipe(pipes) < 0)
		return -errno;
	group->client = fork();
	if (group->client == 0) {
		r = fill(group->port, fds, group->n);
		if (write(pipes[1], &r, sizeof(r)) == sizeof(r))
			pause();
		_exit(1);
	}
	close(pipes[1]);
	if (read(pipes[0], &r, sizeof(r)) != sizeof(r))
		r = -EPIPE;
	close(pipes[0]);
	return r;
}

static void end(pid_t pid)
{
	if (pid > 0 && kill(pid, SIGKILL) == 0)
		waitpid(pid, NULL, 0);
}

/* The first group's client is this process: it times the requests. */
static int load(struct group *groups, size_t n_groups, int *fds)
{
	size_t total = 0, bytes = 0, system = available();
	double us = 0;

	for (size_t i = 0; i < n_groups; i++)
		WOK_TRY(start_server(&groups[i]));
	WOK_TRY(fill(groups[0].port, fds, 1));
	WOK_TRY(time_requests(fds, 1, REQUESTS, &us));
	printf("us_per_request_alone %.2f\n", us);
	wok_time start = wok_now();
	for (size_t i = 1; i < n_groups; i++)
		WOK_TRY(start_client(&groups[i], fds));
	WOK_TRY(fill(groups[0].port, fds + 1, groups[0].n - 1));
	double seconds = bench_seconds_since(start);
	sleep(2); /* a second, and what the server needs to tidy up */
	for (size_t i = 0; i < n_groups; i++) {
		total += groups[i].n;
		bytes += memory_of(&groups[i]) - groups[i].before;
	}
	printf("connections %zu\nservers %zu\n", total, n_groups);
	printf("us_per_connect %.1f\n", seconds * 1e6 / (double) total);
	printf("server_bytes_per_connection %.0f\n", (double) bytes / (double) total);
	printf("system_bytes_per_connection %.0f\n",
	       ((double) system - (double) available()) / (double) total);
	WOK_TRY(time_requests(fds, 1, REQUESTS, &us));
	printf("us_per_request_on_one_of_them %.2f\n", us);
	WOK_TRY(time_requests(fds, groups[0].n, REQUESTS, &us));
	printf("us_per_request_on_any_of_them %.2f\n", us);
	return 0;
}

/* The most descriptors that a process may get; root may raise the limit, if it is really root. */
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
	enum { OTHERS = 100 }; /* descriptors that are no connection */
	struct group groups[64] = {{0}};
	is_http = argc > 2 && strcmp(argv[2], "http") == 0;
	size_t n = bench_count(argc, argv, 1), each = descriptors(n + OTHERS) - OTHERS;
	size_t n_groups = (n + each - 1) / each;

	if (n_groups > 64)
		return bench_exit("idle-connections", -EMFILE);
	int *fds = calloc(n, sizeof(int));
	if (!fds)
		return bench_exit("idle-connections", -ENOMEM);
	for (size_t i = 0; i < n_groups; i++)
		groups[i].n = (i + 1) * n / n_groups - i * n / n_groups;
	fflush(stdout);
	int r = load(groups, n_groups, fds);
	for (size_t i = 0; i < n_groups; i++) {
		end(groups[i].client);
		end(groups[i].server);
	}
	free(fds);
	return bench_exit("idle-connections", r);
}

/* threads-echo: what N loops on N threads do, against one on one thread. Each runs the same load:
 * an echo server and its clients over TCP, then a queue. Bare threads that send and receive say
 * what this machine gives to two threads that share nothing.
 * Try:      threads-echo 2 */
#include <arpa/inet.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench.h"

enum { CLIENTS = 32, ROUNDS = 5, WINDOW_MS = 400 };

/* How many operations a thread did in the window; a cache line of its own for each. */
struct counter {
	_Alignas(64) size_t done;
};

struct load {
	struct counter counters[64];
	pthread_barrier_t start; /* all threads are ready */
	bool shared_port;        /* the listeners of all loops share one */
	uint16_t port;
	int (*one)(struct load *load, size_t *done, wok_time end);
};

struct client {
	uint16_t port;
	wok_time end;
	size_t *done;
};

static int echo(wok_stream *client, void *unused)
{
	char data[4096];
	ssize_t n;

	(void) unused;
	while ((n = wok_stream_read(client, data, sizeof(data))) > 0)
		WOK_TRY(wok_stream_write_all(client, data, (size_t) n));
	return (int) n;
}

static int be_client(void *arg)
{
	struct client *client = arg;
	WOK_AUTO(wok_stream) *stream = NULL;
	char data[64] = "";

	WOK_TRY(wok_tcp_connect("127.0.0.1", client->port, &stream));
	while (wok_now() < client->end) {
		WOK_TRY(wok_stream_write_all(stream, data, sizeof(data)));
		WOK_TRY(wok_stream_read_exactly(stream, data, sizeof(data), NULL));
		++*client->done;
	}
	return 0;
}

static int serve(void *listener)
{
	int r = wok_serve_on(listener, echo, NULL, NULL);

	return r == -EBADF ? 0 : r;
}

static int echo_load(struct load *load, size_t *done, wok_time end)
{
	struct client client = {.end = end, .done = done};
	wok_listen_options options = {.reuse_port = load->shared_port};
	char address[32];
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_scope) *servers = NULL;
	WOK_AUTO(wok_scope) *clients = NULL;

	snprintf(address, sizeof(address), "127.0.0.1:%u", load->shared_port ? load->port : 0);
	WOK_TRY(wok_listen(address, &options, &listener));
	client.port = wok_listener_port(listener);
	WOK_TRY(wok_scope_new(&servers));
	WOK_TRY(wok_scope_spawn(servers, serve, listener));
	WOK_TRY(wok_scope_new(&clients));
	for (int i = 0; i < CLIENTS; i++)
		WOK_TRY(wok_scope_spawn(clients, be_client, &client));
	WOK_TRY(wok_scope_join(clients));
	if (load->shared_port) /* other loops' clients may be ours */
		WOK_TRY(wok_sleep_until(end + 50 * WOK_MS));
	wok_scope_cancel(servers, "the clients are done");
	return wok_scope_join(servers);
}

struct queue_load {
	wok_queue *queue;
	wok_time end;
	size_t *done;
};

static int consume(void *arg)
{
	struct queue_load *load = arg;
	int item, r;

	while ((r = wok_queue_next(load->queue, &item)) > 0)
		++*load->done;
	return r;
}

static int queue_load(struct load *load, size_t *done, wok_time end)
{
	WOK_AUTO(wok_queue) *queue = NULL;
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) load;
	WOK_TRY(wok_queue_new(sizeof(int), 100, &queue));
	struct queue_load shared = {queue, end, done};
	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, consume, &shared));
	for (int i = 0; i % 1000 || wok_now() < end; i++)
		WOK_TRY(wok_queue_put(queue, &i));
	wok_queue_shutdown(queue, false);
	return wok_scope_join(scope);
}

static int run_load(void *arg)
{
	struct load *load = arg;

	pthread_barrier_wait(&load->start);
	return load->one(load, &load->counters[wok_thread_index()].done,
			 wok_now() + WINDOW_MS * WOK_MS);
}

static size_t sum(const struct load *load, size_t threads)
{
	size_t done = 0;

	for (size_t i = 0; i < threads; i++)
		done += load->counters[i].done;
	return done;
}

static int by_loops(struct load *load, size_t threads)
{
	return wok_run_threads(threads, run_load, load, NULL);
}

/* The bare thread: both ends of one connection are its own. */
static int connected(int *ret_near, int *ret_far)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (bind(listener, (struct sockaddr *) &address, size) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *) &address, &size) < 0)
		return -errno;
	*ret_near = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(*ret_near, (struct sockaddr *) &address, size) < 0)
		return -errno;
	*ret_far = accept(listener, NULL, NULL);
	close(listener);
	return *ret_far < 0 ? -errno : 0;
}

struct bare {
	pthread_t thread;
	struct load *load;
	size_t *done;
	int result;
};

static void *send_and_receive(void *arg)
{
	struct bare *bare = arg;
	char data[64] = "";
	int near = -1, far = -1;

	bare->result = connected(&near, &far);
	pthread_barrier_wait(&bare->load->start);
	for (wok_time end = wok_now() + WINDOW_MS * WOK_MS; bare->result == 0 && wok_now() < end;
	     ++*bare->done)
		if (send(near, data, sizeof(data), 0) < 0 || recv(far, data, sizeof(data), 0) < 0 ||
		    send(far, data, sizeof(data), 0) < 0 || recv(near, data, sizeof(data), 0) < 0)
			bare->result = -errno;
	close(near);
	close(far);
	return NULL;
}

static int by_bare_threads(struct load *load, size_t threads)
{
	struct bare bare[64];
	int r = 0;

	for (size_t i = 0; i < threads; i++) {
		bare[i] = (struct bare){.load = load, .done = &load->counters[i].done};
		if (pthread_create(&bare[i].thread, NULL, send_and_receive, &bare[i]) != 0)
			abort(); /* the others wait at the barrier */
	}
	for (size_t i = 0; i < threads; i++) {
		pthread_join(bare[i].thread, NULL);
		r = r < 0 ? r : bare[i].result;
	}
	return r;
}

/* Operations a second on so many threads; less than zero: an error. */
static double rate(int (*run)(struct load *load, size_t threads), struct load *load, size_t threads)
{
	memset(load->counters, 0, sizeof(load->counters));
	pthread_barrier_init(&load->start, NULL, (unsigned) threads);
	int r = run(load, threads);
	pthread_barrier_destroy(&load->start);
	return r < 0 ? r : (double) sum(load, threads) * 1e3 / WINDOW_MS;
}

static int ascending(const void *a, const void *b)
{
	return (*(const double *) a > *(const double *) b) -
	       (*(const double *) a < *(const double *) b);
}

/* One thread and many in turn, for the machine has phases; the median of the rounds' ratios. */
static int compare(const char *name, int (*run)(struct load *load, size_t threads),
		   struct load *load, size_t threads)
{
	double ratios[ROUNDS], alone = 0;

	for (int i = 0; i < ROUNDS; i++) {
		alone = rate(run, load, 1);
		double all = rate(run, load, threads);
		if (alone < 0 || all < 0)
			return (int) (alone < 0 ? alone : all);
		ratios[i] = all / alone;
	}
	qsort(ratios, ROUNDS, sizeof(ratios[0]), ascending);
	printf("%s_per_s_on_one %.0f\n", name, alone);
	printf("%s_ratio %.2f\n%s_ratio_min %.2f\n%s_ratio_max %.2f\n", name, ratios[ROUNDS / 2],
	       name, ratios[0], name, ratios[ROUNDS - 1]);
	return 0;
}

int main(int argc, char **argv)
{
	size_t threads = bench_count(argc, argv, 1);
	struct load *load = aligned_alloc(64, (sizeof(*load) + 63) / 64 * 64);
	int r = load && threads <= 64 ? 0 : -ENOMEM;

	if (r == 0) {
		memset(load, 0, sizeof(*load));
		load->port = (uint16_t) (20000 + getpid() % 10000);
		r = compare("bare", by_bare_threads, load, threads);
	}
	if (r == 0) {
		load->one = echo_load;
		r = compare("echo", by_loops, load, threads);
	}
	if (r == 0) {
		load->shared_port = true;
		r = compare("echo_shared_port", by_loops, load, threads);
	}
	if (r == 0) {
		load->one = queue_load;
		r = compare("queue", by_loops, load, threads);
	}
	free(load);
	return bench_exit("threads-echo", r);
}

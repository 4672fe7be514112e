/* dns-lookups: N names looked up at once, of a name server on loopback (a process of its own): by
 *              libwok-dns, or by getaddrinfo(3) in threads, as wok does without it. Then one name
 *              that is known already, again and again.
 * Try:         dns-lookups c-ares 10000; dns-lookups getaddrinfo 10000 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/dns.h>

#include "bench.h"

enum { HEADER_SIZE = 12, TYPE_IPV4 = 1, HITS = 100000 };

static uint16_t port; /* of the name server */

/* --- the server ------------------------------------------------------------------------------- */

/* An address for every name, 600 seconds long; for IPv6 there is none. */
static ssize_t answer(unsigned char *data, ssize_t size)
{
	static const unsigned char record[] = {0xc0, HEADER_SIZE, 0, TYPE_IPV4, 0,   1, 0, 0,
					       2,    0x58,        0, 4,         127, 0, 0, 1};
	bool is_v4 = size > HEADER_SIZE + 4 && data[size - 3] == TYPE_IPV4;

	data[2] = 0x85;
	data[3] = 0x80;
	data[7] = is_v4;
	data[8] = data[9] = data[10] = data[11] = 0;
	if (is_v4)
		memcpy(data + size, record, sizeof(record));
	return size + (is_v4 ? (ssize_t) sizeof(record) : 0);
}

static void serve(int fd)
{
	unsigned char data[600];
	struct sockaddr_in from;
	socklen_t from_size = sizeof(from);
	ssize_t n;

	while ((n = recvfrom(fd, data, 512, 0, (struct sockaddr *) &from, &from_size)) > 0) {
		(void) !sendto(fd, data, (size_t) answer(data, n), 0, (struct sockaddr *) &from,
			       from_size);
		from_size = sizeof(from);
	}
}

static pid_t start_server(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *) &address, size) < 0 ||
	    getsockname(fd, (struct sockaddr *) &address, &size) < 0) {
		perror("dns-lookups");
		exit(1);
	}
	port = ntohs(address.sin_port);
	pid_t server = fork();
	if (server == 0) {
		serve(fd);
		_exit(0);
	}
	close(fd);
	return server;
}

/* --- getaddrinfo, asking that server ------------------------------------------------------------
 */

struct query {
	const char *host;
	uint16_t port;
	wok_address found;
};

/* The C library's settings are a thread's own. */
static void ask_own_server(void)
{
	static _Thread_local bool done;

	if (done)
		return;
	res_init();
	_res.nscount = 1;
	_res.nsaddr_list[0] = (struct sockaddr_in){.sin_family = AF_INET,
						   .sin_port = htons(port),
						   .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	_res.options &= ~(unsigned long) (RES_DNSRCH | RES_DEFNAMES);
	done = true;
}

static int query_in_thread(void *arg)
{
	struct query *query = arg;
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;

	ask_own_server();
	int r = getaddrinfo(query->host, NULL, &hints, &list);
	if (r != 0)
		return wok_fail(WOK_ENAME, "%s: %s", query->host, gai_strerror(r));
	memcpy(&query->found.storage, list->ai_addr, list->ai_addrlen);
	query->found.size = list->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

static int lookup_in_thread(const char *host, uint16_t port_wanted, wok_addresses *ret_addresses)
{
	const wok_thread_job_options options = {.lane = WOK_LANE_SLOW};
	struct query query = {.host = host, .port = port_wanted};

	WOK_TRY(wok_thread_pool_run_with(NULL, query_in_thread, &query, &options));
	ret_addresses->list = wok_alloc(sizeof(query.found));
	if (!ret_addresses->list)
		return -ENOMEM;
	ret_addresses->list[0] = query.found;
	ret_addresses->n = 1;
	return 0;
}

static const wok_resolver by_getaddrinfo = {"getaddrinfo", lookup_in_thread};

/* --- the client ---------------------------------------------------------------------------------
 */

static int look_up(void *name)
{
	wok_addresses addresses;

	WOK_TRY(wok_lookup(name, 80, &addresses));
	wok_addresses_clear(&addresses);
	return 0;
}

static size_t count_threads(void)
{
	return bench_memory("Threads:") / 1024;
}

static int run(void *arg)
{
	size_t n = *(size_t *) arg;
	char(*names)[48] = calloc(n, sizeof(*names));

	if (!names)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		snprintf(names[i], sizeof(names[i]), "n%zu.bench.test", i);
	double cpu = bench_cpu_seconds();
	wok_time start = wok_now();
	int r = wok_for_each(look_up, names, n, 0, 0);
	double wall = bench_seconds_since(start);
	if (r == 0) {
		printf("lookups_per_s %.0f\n", (double) n / wall);
		printf("cpu_us_per_lookup %.1f\n", (bench_cpu_seconds() - cpu) * 1e6 / (double) n);
		printf("wall_s %.3f\n", wall);
		printf("threads %zu\n", count_threads());
	}
	start = wok_now();
	for (int i = 0; i < HITS && r == 0 && wok_now() - start < WOK_SECOND; i++) {
		r = look_up(names[n - 1]);
		if (i == HITS - 1 || wok_now() - start >= WOK_SECOND)
			printf("ns_per_known_name %.0f\n",
			       (double) (wok_now() - start) / (double) (i + 1));
	}
	free(names);
	return r;
}

static int use_resolver(const char *name)
{
	char servers[32];

	if (strcmp(name, "getaddrinfo") == 0)
		return wok_set_resolver(&by_getaddrinfo);
	snprintf(servers, sizeof(servers), "127.0.0.1:%u", port);
	return wok_dns_use(&(wok_dns_options){.servers = servers, .domains = "", .force = true});
}

int main(int argc, char **argv)
{
	size_t n = bench_count(argc, argv, 2);
	pid_t server = start_server();
	int r = use_resolver(argv[1]);

	if (r == 0)
		r = wok_run(run, &n);
	kill(server, SIGTERM);
	waitpid(server, NULL, 0);
	return bench_exit("dns-lookups", r);
}

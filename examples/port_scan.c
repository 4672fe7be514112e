/* SPDX-License-Identifier: MIT */
/* port_scan: says which ports of this machine somebody listens on. Shows many connections at once,
 * a limit on how many, and a time limit for each. Try:      port_scan   or   port_scan 8000 9000 */
#include <stdio.h>
#include <stdlib.h>
#include <wok/wok.h>

struct port {
	uint16_t number;
	bool open;
	wok_time took;
};

static int try_port(void *arg)
{
	struct port *port = arg;
	WOK_AUTO(wok_stream) *stream = NULL;
	wok_time start = wok_now();

	int r = wok_tcp_connect("127.0.0.1", port->number, &stream);
	port->open = r == 0;
	port->took = wok_now() - start;
	return r == -ECONNREFUSED ? 0 : r;
}

static int try_with_limit(void *port)
{
	int r = wok_wait_for(try_port, port, WOK_SECOND);

	return r == -ETIMEDOUT ? 0 : r; /* nobody who answers */
}

struct range {
	int first, last;
};

static int scan(void *arg)
{
	const struct range *range = arg;
	size_t n = (size_t) (range->last - range->first + 1), n_open = 0;
	struct port *ports = calloc(n, sizeof(*ports));

	if (!ports)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		ports[i].number = (uint16_t) (range->first + (int) i);
	wok_time start = wok_now();
	int r = wok_for_each(try_with_limit, ports, n, 200, 0);
	for (size_t i = 0; i < n; i++) {
		if (!ports[i].open)
			continue;
		n_open++;
		printf("%5u open (%.1f ms)\n", ports[i].number,
		       (double) ports[i].took / (double) WOK_MS);
	}
	printf("%zu of %zu ports open; %.2f s\n", n_open, n,
	       (double) (wok_now() - start) / (double) WOK_SECOND);
	free(ports);
	return r;
}

int main(int argc, char **argv)
{
	struct range range = {argc > 1 ? atoi(argv[1]) : 1, argc > 2 ? atoi(argv[2]) : 10000};

	if (range.first < 1 || range.last > 65535 || range.first > range.last) {
		fprintf(stderr, "usage: port_scan [FIRST [LAST]], within 1 to 65535\n");
		return 2;
	}
	int r = wok_run(scan, &range);
	if (r < 0)
		fprintf(stderr, "port_scan: %s\n", wok_errmsg(r));
	return r < 0;
}

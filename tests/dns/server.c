/* SPDX-License-Identifier: MIT */
/* See server.h. Names are written out in answers, never compressed: that is simpler. */
#include "dns/server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <unistd.h>

enum {
	TYPE_A = 1,
	TYPE_CNAME = 5,
	TYPE_TXT = 16,
	TYPE_AAAA = 28,
	HEADER_SIZE = 12,
	UDP_MAX = 512,
	ANSWER_MAX = 8192,
	BIG = 60, /* addresses of big.test: more than a datagram takes */
	RCODE_NO_NAME = 3,
};

static const struct record {
	const char *name;
	int type;
	const char *data;
} zone[] = {
	{"one.test", TYPE_A, "192.0.2.1"},
	{"two.test", TYPE_A, "192.0.2.1"},
	{"two.test", TYPE_A, "192.0.2.2"},
	{"both.test", TYPE_AAAA, "2001:db8::1"},
	{"both.test", TYPE_A, "127.0.0.9"},
	{"six.test", TYPE_AAAA, "2001:db8::6"},
	{"alias.test", TYPE_CNAME, "middle.test"},
	{"middle.test", TYPE_CNAME, "one.test"},
	{"loop.test", TYPE_CNAME, "pool.test"},
	{"pool.test", TYPE_CNAME, "loop.test"},
	{"dangling.test", TYPE_CNAME, "nowhere.test"},
	{"nodata.test", TYPE_TXT, ""},
	{"short.sub.test", TYPE_A, "192.0.2.3"},
	{"short.other.test", TYPE_A, "192.0.2.4"},
	{"a.b.sub.test", TYPE_A, "192.0.2.5"},
};

struct answer {
	unsigned char data[ANSWER_MAX];
	size_t size;
	unsigned n;
	bool exists;
};

/* --- writing an answer ------------------------------------------------------------------- */

static void put(struct answer *answer, const void *data, size_t size)
{
	ASSERT(answer->size + size <= ANSWER_MAX);
	memcpy(answer->data + answer->size, data, size);
	answer->size += size;
}

static void put16(struct answer *answer, unsigned value)
{
	const unsigned char bytes[] = {(unsigned char) (value >> 8), (unsigned char) value};

	put(answer, bytes, sizeof(bytes));
}

static void put_name(struct answer *answer, const char *name)
{
	while (*name) {
		size_t size = strcspn(name, ".");
		unsigned char length = (unsigned char) size;
		put(answer, &length, 1);
		put(answer, name, size);
		name += size + (name[size] == '.');
	}
	put(answer, "", 1);
}

static size_t name_size(const char *name)
{
	return strlen(name) + 2;
}

static void put_record(struct answer *answer, const char *name, int type, uint32_t ttl,
		       const char *data)
{
	unsigned char address[16];

	put_name(answer, name);
	put16(answer, (unsigned) type);
	put16(answer, 1);
	put16(answer, ttl >> 16);
	put16(answer, ttl);
	if (type == TYPE_CNAME) {
		put16(answer, (unsigned) name_size(data));
		put_name(answer, data);
	} else {
		ASSERT_EQ(inet_pton(type == TYPE_A ? AF_INET : AF_INET6, data, address), 1);
		put16(answer, type == TYPE_A ? 4 : 16);
		put(answer, address, type == TYPE_A ? 4 : 16);
	}
	answer->n++;
}

/* big.test, and n0.many.test to n16777215.many.test. */
static void put_special(const struct dns_server *server, struct answer *answer, const char *name,
			int type)
{
	unsigned number = 0;
	char data[32], rest[16];

	if (strcmp(name, "big.test") == 0) {
		answer->exists = true;
		for (unsigned i = 0; type == TYPE_A && i < BIG; i++) {
			snprintf(data, sizeof(data), "198.51.100.%u", i + 1);
			put_record(answer, name, TYPE_A, server->ttl, data);
		}
	} else if (sscanf(name, "n%u.many.%15s", &number, rest) == 2 && strcmp(rest, "test") == 0) {
		answer->exists = true;
		if (type != TYPE_A)
			return;
		snprintf(data, sizeof(data), "10.%u.%u.%u", number >> 16 & 255, number >> 8 & 255,
			 number & 255);
		put_record(answer, name, TYPE_A, server->ttl, data);
	}
}

/* What is known of a name, and of what it is an alias for. */
static void put_records(const struct dns_server *server, struct answer *answer, const char *name,
			int type)
{
	for (int depth = 0; depth < 8; depth++) {
		const char *alias = NULL;
		for (size_t i = 0; i < sizeof(zone) / sizeof(zone[0]); i++) {
			const struct record *record = &zone[i];
			if (strcmp(record->name, name) != 0)
				continue;
			answer->exists = true;
			if (record->type == TYPE_CNAME)
				alias = record->data;
			else if (record->type == type)
				put_record(answer, name, type, server->ttl, record->data);
		}
		put_special(server, answer, name, type);
		if (!alias)
			return;
		put_record(answer, name, TYPE_CNAME, server->alias_ttl, alias);
		name = alias;
	}
}

/* The name in a question: its size there, or 0 if it makes no sense. */
static size_t read_name(const unsigned char *data, size_t size, char *text, size_t text_size)
{
	size_t at = 0, used = 0;

	while (at < size && data[at]) {
		size_t length = data[at++];
		if (at + length >= size || used + length + 2 > text_size)
			return 0;
		if (used > 0)
			text[used++] = '.';
		for (size_t i = 0; i < length; i++)
			text[used++] = (char) tolower(data[at++]);
	}
	text[used] = '\0';
	return at + 1;
}

static void note(struct dns_server *server, const char *name, int type)
{
	if (type == TYPE_A && server->n_log < DNS_LOG)
		snprintf(server->log[server->n_log++], sizeof(server->log[0]), "%.63s", name);
}

/* Answer a question; false: with silence. */
static bool reply(struct dns_server *server, const unsigned char *question, size_t size,
		  struct answer *answer, size_t most)
{
	char name[300];

	if (size < HEADER_SIZE + 5)
		return false;
	size_t n = read_name(question + HEADER_SIZE, size - HEADER_SIZE, name, sizeof(name));
	if (n == 0 || HEADER_SIZE + n + 4 > size)
		return false;
	int type = question[HEADER_SIZE + n] << 8 | question[HEADER_SIZE + n + 1];
	note(server, name, type);
	if (server->silent)
		return false;
	answer->size = 0;
	answer->n = 0;
	answer->exists = false;
	put(answer, question, HEADER_SIZE + n + 4);
	if (server->rcode == 0)
		put_records(server, answer, name, type);
	unsigned rcode =
		server->rcode ? (unsigned) server->rcode : (answer->exists ? 0 : RCODE_NO_NAME);
	bool truncated = answer->size > most;
	if (truncated) {
		answer->size = HEADER_SIZE + n + 4;
		answer->n = 0;
	}
	answer->data[2] =
		(unsigned char) (0x85 | (truncated ? 2 : 0)); /* answer, authoritative, RD */
	answer->data[3] = (unsigned char) (0x80 | rcode);
	answer->data[6] = (unsigned char) (answer->n >> 8);
	answer->data[7] = (unsigned char) answer->n;
	memset(answer->data + 8, 0, 4);
	return true;
}

/* --- serving ----------------------------------------------------------------------------- */

static int serve_udp(void *arg)
{
	struct dns_server *server = arg;
	static struct answer answer; /* too large for the stack; used between two waits only */
	unsigned char question[UDP_MAX];
	struct sockaddr_in from;
	socklen_t from_size;
	ssize_t n;

	for (;;) {
		int r = wok_fd_wait(server->udp, WOK_READABLE);
		if (r < 0) /* no memory, perhaps; the cancel comes here, too */
			WOK_TRY(wok_sleep(100 * WOK_MS));
		while (from_size = sizeof(from),
		       (n = recvfrom(server->udp, question, sizeof(question), MSG_DONTWAIT,
				     (struct sockaddr *) &from, &from_size)) > 0) {
			server->asked++;
			if (reply(server, question, (size_t) n, &answer, UDP_MAX))
				(void) sendto(server->udp, answer.data, answer.size, MSG_DONTWAIT,
					      (struct sockaddr *) &from, from_size);
		}
	}
}

static int serve_client(wok_stream *client, void *arg)
{
	struct dns_server *server = arg;
	unsigned char head[2], question[UDP_MAX];
	struct answer *answer = malloc(sizeof(*answer));
	int r = answer ? 0 : -ENOMEM;

	while (r == 0 && (r = wok_stream_read_exactly(client, head, 2, NULL)) >= 0) {
		size_t size = (size_t) head[0] << 8 | head[1];
		r = size > sizeof(question) ? -EMSGSIZE
					    : wok_stream_read_exactly(client, question, size, NULL);
		if (r < 0)
			break;
		server->asked_tcp++;
		r = 0;
		if (!reply(server, question, size, answer, ANSWER_MAX))
			continue;
		head[0] = (unsigned char) (answer->size >> 8);
		head[1] = (unsigned char) answer->size;
		r = wok_stream_write_all(client, head, 2);
		if (r == 0)
			r = wok_stream_write_all(client, answer->data, answer->size);
	}
	free(answer);
	return r == WOK_EEOF ? 0 : r;
}

static int listen_on(struct dns_server *server)
{
	char address[32];

	snprintf(address, sizeof(address), "127.0.0.1:%u", server->port);
	return wok_listen(address, NULL, &server->tcp);
}

static int serve_tcp(void *arg)
{
	struct dns_server *server = arg;

	/* Without memory it ends; a cancel ends the sleep. */
	for (;;) {
		if (listen_on(server) == 0)
			WOK_IGNORE(wok_serve_on(server->tcp, serve_client, server, NULL));
		wok_listener_free(WOK_TAKE(server->tcp));
		WOK_TRY(wok_sleep(100 * WOK_MS));
	}
}

/* A socket that is bound to a port of loopback: 0 for any, and then that is told. */
static int bind_port(int type, uint16_t *port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(*port),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int on = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ASSERT(fd >= 0);
	if (type == SOCK_STREAM)
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *) &address, size) < 0) {
		close(fd);
		return -1;
	}
	ASSERT_EQ(getsockname(fd, (struct sockaddr *) &address, &size), 0);
	*port = ntohs(address.sin_port);
	return fd;
}

/* A port that is free for UDP and TCP, held for all runs of the process. */
static void open_server(struct dns_server *server)
{
	for (int i = 0; i < 100; i++) {
		server->port = 0;
		server->udp = bind_port(SOCK_DGRAM, &server->port);
		ASSERT(server->udp >= 0);
		server->held = bind_port(SOCK_STREAM, &server->port);
		if (server->held >= 0)
			return;
		close(server->udp);
	}
	FAIL("no port is free for both UDP and TCP");
}

static void start_server(struct dns_server *server)
{
	unsigned char rest[UDP_MAX];

	/* What the run before has left. */
	while (recv(server->udp, rest, sizeof(rest), MSG_DONTWAIT) > 0)
		;
	server->silent = false;
	server->rcode = 0;
	server->ttl = server->alias_ttl = 60;
	server->asked = server->asked_tcp = server->n_log = 0;
	server->tcp = NULL;
	server->tasks[0] = wok_create_task(serve_udp, server);
	server->tasks[1] = wok_create_task(serve_tcp, server);
}

static void stop_server(struct dns_server *server)
{
	wok_task_free(server->tasks[0]);
	wok_task_free(server->tasks[1]);
}

void dns_use(struct dns_test *test, const wok_dns_options *options, size_t n_servers)
{
	wok_dns_options copy = options ? *options : (wok_dns_options){0};
	char servers[64] = "";

	test->n_servers = n_servers;
	for (size_t i = 0; i < n_servers; i++) {
		open_server(&test->servers[i]);
		snprintf(servers + strlen(servers), sizeof(servers) - strlen(servers),
			 "%s127.0.0.1:%u", i ? "," : "", test->servers[i].port);
	}
	copy.force = true;
	copy.servers = servers;
	if (!copy.domains && !copy.resolv_conf)
		copy.domains = "";
	ASSERT_EQ(wok_dns_use(&copy), 0);
}

int dns_main(void *arg)
{
	struct dns_test *test = arg;

	for (size_t i = 0; i < test->n_servers; i++)
		start_server(&test->servers[i]);
	test->body(test);
	for (size_t i = 0; i < test->n_servers; i++)
		stop_server(&test->servers[i]);
	return 0;
}

void dns_end(struct dns_test *test)
{
	for (size_t i = 0; i < test->n_servers; i++) {
		close(test->servers[i].udp);
		close(test->servers[i].held);
	}
}

void dns_run(const wok_dns_options *options, size_t n_servers, size_t n_seeds,
	     void (*body)(struct dns_test *test))
{
	struct dns_test test = {.body = body};

	dns_use(&test, options, n_servers);
	ASSERT_OK(wok_test_run_seeds(dns_main, &test, 0, n_seeds, NULL));
	dns_end(&test);
}

/* --- asking ------------------------------------------------------------------------------ */

int dns_ask(void *arg)
{
	struct dns_asking *asking = arg;
	wok_addresses addresses;

	asking->n = 0;
	asking->result = wok_lookup(asking->host, 80, &addresses);
	if (asking->result < 0) {
		snprintf(asking->first, sizeof(asking->first), "%s", wok_errname(asking->result));
		return asking->result;
	}
	asking->n = addresses.n;
	(void) wok_address_text(&addresses.list[0], asking->first);
	wok_addresses_clear(&addresses);
	return 0;
}

const char *dns_first(const char *host)
{
	static struct dns_asking asking;

	asking.host = host;
	(void) dns_ask(&asking);
	return asking.first;
}

size_t dns_times(const struct dns_server *server, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < server->n_log; i++)
		n += strcmp(server->log[i], name) == 0;
	return n;
}

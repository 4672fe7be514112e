/* SPDX-License-Identifier: MIT */
/* What is found, and where: see wok/dns.h. */
#include <unistd.h>

#include "dns/server.h"

static void find_addresses(struct dns_test *test)
{
	struct dns_asking two = {.host = "two.test"};

	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_OK(dns_ask(&two));
	ASSERT_EQ(two.n, 2);
	ASSERT_STR(dns_first("six.test"), "[2001:db8::6]:80");
	ASSERT_EQ(test->servers[0].asked, 6); /* for IPv4 and IPv6 at the same time */
	/* A name is the same in any letters; numbers are not asked for. */
	ASSERT_STR(dns_first("ONE.Test"), "192.0.2.1:80");
	ASSERT_STR(dns_first("192.0.2.77"), "192.0.2.77:80");
	ASSERT_STR(dns_first("::1"), "[::1]:80");
	ASSERT_EQ(test->servers[0].asked, 6);
}

TEST(a_name_is_looked_up_for_both_families_at_once)
{
	dns_run(NULL, 1, 10, find_addresses);
}

static void order_addresses(struct dns_test *test)
{
	struct dns_asking both = {.host = "both.test"};

	(void) test;
	ASSERT_OK(dns_ask(&both));
	ASSERT_EQ(both.n, 2);
	/* RFC 6724, rule 1: what cannot be reached comes last. Documentation addresses cannot. */
	ASSERT_STR(both.first, "127.0.0.9:80");
}

TEST(the_address_to_try_first_stands_in_front)
{
	dns_run(NULL, 1, 1, order_addresses);
}

static void follow_aliases(struct dns_test *test)
{
	ASSERT_STR(dns_first("alias.test"), "192.0.2.1:80");
	ASSERT_EQ(test->servers[0].asked, 2);
	/* Round and round, and into the void: that is no address, and no endless loop either. */
	ASSERT_STR(dns_first("loop.test"), "WOK_ENAME");
	ASSERT_SAYS(WOK_ENAME, "loop.test: the name exists, but has no address");
	ASSERT_STR(dns_first("dangling.test"), "WOK_ENAME");
}

TEST(aliases_are_followed_and_circles_end)
{
	dns_run(NULL, 1, 10, follow_aliases);
}

static void take_many(struct dns_test *test)
{
	struct dns_asking big = {.host = "big.test"};

	ASSERT_OK(dns_ask(&big));
	ASSERT_EQ(big.n, 60);
	ASSERT(test->servers[0].asked_tcp > 0);
}

TEST(what_a_datagram_does_not_take_comes_by_tcp)
{
	dns_run(NULL, 1, 10, take_many);
}

static void append_domains(struct dns_test *test)
{
	const struct dns_server *server = &test->servers[0];

	ASSERT_STR(dns_first("short"), "192.0.2.3:80");
	ASSERT_EQ(server->n_log, 2);
	ASSERT_STR(server->log[0], "short.none.test");
	ASSERT_STR(server->log[1], "short.sub.test");
	/* One dot is not enough to be tried as it is, with ndots = 2; and a last one says: as it
	 * is. */
	ASSERT_STR(dns_first("a.b"), "192.0.2.5:80");
	ASSERT_STR(server->log[2], "a.b.none.test");
	ASSERT_STR(dns_first("one.test."), "192.0.2.1:80");
	ASSERT_EQ(server->n_log, 5);
	ASSERT_STR(server->log[4], "one.test");
	/* In the end as it is, too. */
	ASSERT_STR(dns_first("one.test"), "192.0.2.1:80");
	ASSERT_EQ(dns_times(server, "one.test.none.test"), 1);
}

TEST(short_names_are_tried_in_the_search_domains)
{
	dns_run(&(wok_dns_options){.domains = "none.test, sub.test", .ndots = 2}, 1, 5,
		append_domains);
}

/* The first name in the hosts file that is not a special one; NULL if there is none. */
static const char *name_of_hosts(void)
{
	static char name[128];
	char line[512], address[128];
	FILE *file = fopen("/etc/hosts", "re");
	const char *found = NULL;

	while (file && !found && fgets(line, sizeof(line), file))
		if (sscanf(line, "%127[0-9.] %127s", address, name) == 2 &&
		    strcmp(name, "localhost") != 0)
			found = name;
	if (file)
		fclose(file);
	return found;
}

static void read_hosts(struct dns_test *test)
{
	const char *name = name_of_hosts();
	wok_dns_info info;

	ASSERT_STR(dns_first("localhost") + strlen(dns_first("localhost")) - 3, ":80");
	if (name)
		ASSERT(strncmp(dns_first(name), "WOK", 3) != 0);
	ASSERT_EQ(test->servers[0].asked, 0);
	/* The file may change at any time: what it says is not kept. */
	ASSERT_OK(wok_dns_get_info(&info));
	ASSERT_EQ(info.entries, 0);
	ASSERT_EQ(info.hits, 0);
}

TEST(the_hosts_file_goes_first)
{
	dns_run(NULL, 1, 5, read_hosts);
}

static void ask_of_hosts(struct dns_test *test)
{
	const char *name = name_of_hosts();

	ASSERT_STR(dns_first(name), "WOK_ENAME");
	ASSERT(test->servers[0].asked > 0);
}

TEST(the_hosts_file_can_be_left_alone)
{
	if (!name_of_hosts())
		SKIP("/etc/hosts has only localhost");
	dns_run(&(wok_dns_options){.no_hosts = true}, 1, 1, ask_of_hosts);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	ASSERT(file && fputs(text, file) >= 0);
	fclose(file);
}

static void change_resolv_conf(struct dns_test *test)
{
	const char *path = test->arg;

	write_file(path, "search sub.test\n");
	wok_dns_flush(NULL);
	ASSERT_STR(dns_first("short"), "192.0.2.3:80");
	write_file(path, "search other.test more.test\n");
	wok_test_advance(61 *
			 WOK_SECOND); /* the answer is old, and the file was looked at long ago */
	ASSERT_STR(dns_first("short"), "192.0.2.4:80");
	/* And at once, if asked for. */
	write_file(path, "search sub.test none.test\n");
	wok_dns_flush(NULL);
	ASSERT_STR(dns_first("short"), "192.0.2.3:80");
}

TEST(a_resolv_conf_that_changes_is_read_anew)
{
	char path[] = "/tmp/wok-resolv-XXXXXX";
	struct dns_test test = {.body = change_resolv_conf, .arg = path};

	close(mkstemp(path));
	dns_use(&test, &(wok_dns_options){.resolv_conf = path}, 1);
	ASSERT_OK(wok_test_run_seeds(dns_main, &test, 0, 5, NULL));
	dns_end(&test);
	unlink(path);
}

static void connect_by_name(struct dns_test *test)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL;

	(void) test;
	ASSERT_OK(wok_listen("127.0.0.9:0", NULL, &listener));
	ASSERT_OK(wok_tcp_connect("both.test", wok_listener_port(listener), &client));
}

TEST(connections_use_it)
{
	dns_run(NULL, 1, 5, connect_by_name);
}

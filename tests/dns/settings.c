/* SPDX-License-Identifier: MIT */
/* wok_dns_use(): see wok/dns.h. */
#include "dns/nsswitch.h"
#include "dns/server.h"

static int nothing(void *unused)
{
	(void) unused;
	return 0;
}

TEST(options_that_make_no_sense_are_refused)
{
	static char long_text[2000];

	memset(long_text, 'a', sizeof(long_text) - 1);
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.servers = "no server", .force = true}), -EINVAL);
	ASSERT_SAYS(-EINVAL, "no server");
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.servers = long_text}), -ENAMETOOLONG);
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.tries = -1}), -EINVAL);
	ASSERT_SAYS(-EINVAL, "tries");
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.tries = 101}), -EINVAL);
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.timeout = 1}), -EINVAL);
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.timeout = -WOK_SECOND}), -EINVAL);
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.timeout = WOK_FOREVER}), -EINVAL);
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.limit = -1}), -EINVAL);
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.max_ttl = -1}), -EINVAL);
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.ndots = -1}), -EINVAL);
	ASSERT_EQ(wok_dns_use(&(wok_dns_options){.servers = "192.0.2.1,[::1]:5353", .force = true}),
		  0);
}

TEST(after_the_first_run_the_resolver_is_settled)
{
	ASSERT_EQ(wok_dns_use(&(wok_dns_options){.force = true}), 0);
	ASSERT_OK(wok_run(nothing, NULL));
	ASSERT_ERR(wok_dns_use(&(wok_dns_options){.force = true}), -EBUSY);
	ASSERT_SAYS(-EBUSY, "call this first");
}

static int compare_with_file(void *arg)
{
	const wok_view *more = arg;
	wok_dns_info info;

	ASSERT_OK(wok_dns_get_info(&info));
	ASSERT_EQ(info.fallback != NULL, more->data != NULL);
	if (info.fallback)
		ASSERT_MEM(info.fallback, more->data, more->size);
	ASSERT_STR(dns_first("localhost") + strlen(dns_first("localhost")) - 3, ":80");
	ASSERT_OK(wok_dns_get_info(&info));
	ASSERT_EQ(info.queries, more->data ? 0 : 2); /* hosts entries are not kept */
	return 0;
}

TEST(where_nsswitch_asks_for_more_getaddrinfo_stays)
{
	static char text[16384];
	FILE *file = fopen("/etc/nsswitch.conf", "re");
	size_t n = file ? fread(text, 1, sizeof(text), file) : 0;
	wok_view more = wok__nsswitch_more((wok_view){text, n});
	wok_dns_info info;

	if (file)
		fclose(file);
	ASSERT_EQ(wok_dns_use(NULL), more.data ? 1 : 0);
	ASSERT_OK(wok_run(compare_with_file, &more));
	ASSERT_ERR(wok_dns_get_info(&info), -EINVAL);
	wok_dns_flush(NULL); /* outside of a loop there is nothing to forget */
}

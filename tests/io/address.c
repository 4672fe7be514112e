/* SPDX-License-Identifier: MIT */
/* Addresses: see wok/address.h. */
#include <string.h>
#include <wok/wok.h>

#include "harness/test.h"

TEST(an_address_reads_as_it_was_written)
{
	const char *const texts[] = {"127.0.0.1:80",    "0.0.0.0:0",        "[::1]:65535",
				     "[::]:1",          "unix:/tmp/s",      "unix:@name",
				     "[fe80::1%lo]:80", "[2001:db8::a]:443"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		wok_address address;
		char text[WOK_ADDRESS_TEXT];
		ASSERT_OK(wok_address_parse(texts[i], &address));
		ASSERT_STR(wok_address_text(&address, text), texts[i]);
	}
}

TEST(without_a_host_an_address_is_all)
{
	wok_address address;
	char text[WOK_ADDRESS_TEXT];

	ASSERT_OK(wok_address_parse(":8080", &address));
	ASSERT_STR(wok_address_text(&address, text), "[::]:8080");
	ASSERT_EQ(wok_address_port(&address), 8080);
}

TEST(what_is_no_address_is_named_and_leaves_the_result_alone)
{
	const char *const texts[] = {"",
				     "80",
				     "1.2.3.4",
				     "1.2.3:80",
				     "[::1]",
				     "[]:80",
				     "[1.2.3.4]:80",
				     "::1:80",
				     "host:80",
				     "127.0.0.1:99999",
				     "[fe80::1%nowhere]:80",
				     "unix:"};
	wok_address address = {.size = 77};
	char text[WOK_ADDRESS_TEXT];

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		ASSERT_ERR(wok_address_parse(texts[i], &address), -EINVAL);
	ASSERT_EQ(address.size, 77);
	ASSERT_STR(wok_address_text(&(wok_address){0}, text), "?");
	ASSERT_EQ(wok_address_port(&(wok_address){0}), 0);
}

TEST(a_unix_path_may_be_as_long_as_the_system_takes)
{
	char path[256] = "unix:/", text[WOK_ADDRESS_TEXT];
	wok_address address;

	memset(path + 6, 'x', 106);
	ASSERT_OK(wok_address_parse(path, &address));
	ASSERT_STR(wok_address_text(&address, text), path);
	path[112] = 'x';
	ASSERT_ERR(wok_address_parse(path, &address), -ENAMETOOLONG);
}

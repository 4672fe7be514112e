/* SPDX-License-Identifier: MIT */
/* Gathering what is sent: what is appended, what is refused, and what stays after a failure. */
#include "http/buffer.h"

#include <wok/test.h>

#include "harness/test.h"

TEST(what_is_appended_stands_in_its_order)
{
	struct wok__buffer buffer = {0};
	static const char expected[] = "GET 18446744073709551615 0\r\nName: value\r\nEmpty: \r\n";

	wok__buffer_text(&buffer, "GET ");
	wok__buffer_decimal(&buffer, UINT64_MAX);
	wok__buffer_add(&buffer, " x", 1);
	wok__buffer_add(&buffer, NULL, 0);
	wok__buffer_decimal(&buffer, 0);
	wok__buffer_text(&buffer, "\r\n");
	wok__buffer_field(&buffer, "Name", "value");
	wok__buffer_field(&buffer, "Empty", "");
	ASSERT_EQ(buffer.error, 0);
	ASSERT_EQ(buffer.size, sizeof(expected) - 1);
	ASSERT_MEM(buffer.data, expected, sizeof(expected) - 1);
	wok__buffer_clear(&buffer);
	ASSERT_EQ(buffer.size, 0);
	ASSERT(buffer.capacity > 0);
	wok__buffer_free(&buffer);
	ASSERT_EQ(buffer.capacity, 0);
}

TEST(a_buffer_grows_to_any_size)
{
	struct wok__buffer buffer = {0};

	for (int i = 0; i < 100000; i++)
		wok__buffer_add(&buffer, &(char){(char) i}, 1);
	ASSERT_EQ(buffer.size, 100000);
	for (int i = 0; i < 100000; i++)
		ASSERT_EQ(buffer.data[i], (char) i);
	ASSERT(wok__buffer_room(&buffer, 1 << 20) == buffer.data + 100000);
	ASSERT_EQ(buffer.size, 100000); /* room is not yet content */
	wok__buffer_free(&buffer);
}

TEST(a_header_that_must_not_be_sent_is_an_error_that_stays)
{
	static const char *const rows[][2] = {{"X", "a\rb"}, {"X", "a\nb"}, {"X\r", "a"},
					      {"", "a"},     {"X Y", "a"},  {"X:", "a"}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct wok__buffer buffer = {0};
		wok__buffer_text(&buffer, "before");
		wok__buffer_field(&buffer, rows[i][0], rows[i][1]);
		ASSERT_EQ(buffer.error, -EINVAL);
		wok__buffer_text(&buffer, "after");
		wok__buffer_field(&buffer, "X", "fine");
		wok__buffer_decimal(&buffer, 1);
		ASSERT(!wok__buffer_room(&buffer, 1));
		ASSERT_EQ(buffer.error, -EINVAL);
		ASSERT_EQ(buffer.size, 6);
		wok__buffer_clear(&buffer);
		wok__buffer_text(&buffer, "again");
		ASSERT_EQ(buffer.error, 0);
		ASSERT_EQ(buffer.size, 5);
		wok__buffer_free(&buffer);
	}
}

TEST(without_memory_a_buffer_keeps_what_it_has_and_remembers)
{
	struct wok__buffer buffer = {0};
	char much[2000] = {0};

	wok__buffer_text(&buffer, "kept");
	wok_test_fail_allocation(1, false);
	wok__buffer_add(&buffer, much, sizeof(much));
	ASSERT_EQ(buffer.error, -ENOMEM);
	wok__buffer_text(&buffer, "more");
	ASSERT_EQ(buffer.size, 4);
	ASSERT_MEM(buffer.data, "kept", 4);
	wok__buffer_free(&buffer);
}

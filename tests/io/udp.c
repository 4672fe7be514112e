/* SPDX-License-Identifier: MIT */
/* UDP: see wok/udp.h. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <wok/test.h>

#include "io/streams.h"

struct two {
	wok_udp *a, *b;
	wok_address at_a, at_b;
};

static void open_two(struct two *two)
{
	ASSERT_OK(wok_udp_open("127.0.0.1:0", NULL, &two->a));
	ASSERT_OK(wok_udp_open("127.0.0.1:0", NULL, &two->b));
	ASSERT_OK(wok_udp_local_address(two->a, &two->at_a));
	ASSERT_OK(wok_udp_local_address(two->b, &two->at_b));
}

static void close_two(struct two *two)
{
	wok_udp_free(two->a);
	wok_udp_free(two->b);
}

TEST_TASK(messages_arrive_whole_and_tell_who_sent_them)
{
	char data[64], text[WOK_ADDRESS_TEXT], expected[WOK_ADDRESS_TEXT];
	wok_address from;
	struct two two;

	open_two(&two);
	ASSERT_EQ(wok_udp_send(two.a, "first", 5, &two.at_b), 5);
	ASSERT_EQ(wok_udp_send(two.a, "second!", 7, &two.at_b), 7);
	ASSERT_EQ(wok_udp_receive(two.b, data, sizeof(data), &from), 5);
	ASSERT_MEM(data, "first", 5);
	ASSERT_STR(wok_address_text(&from, text), wok_address_text(&two.at_a, expected));
	ASSERT_EQ(wok_udp_receive(two.b, data, sizeof(data), NULL), 7);
	ASSERT_MEM(data, "second!", 7);
	ASSERT_EQ(wok_udp_send(two.b, "back", 4, &from), 4);
	ASSERT_EQ(wok_udp_receive(two.a, data, sizeof(data), NULL), 4);
	close_two(&two);
}

TEST_TASK(an_empty_message_is_a_message, "E17")
{
	wok_address from = {.size = 0};
	char data[8];
	struct two two;

	open_two(&two);
	ASSERT_EQ(wok_udp_send(two.a, NULL, 0, &two.at_b), 0);
	ASSERT_EQ(wok_udp_receive(two.b, data, sizeof(data), &from), 0);
	ASSERT_EQ(wok_address_port(&from), wok_address_port(&two.at_a));
	close_two(&two);
}

TEST_TASK(a_message_that_is_too_long_for_the_room_says_so, "E17")
{
	char data[4], more[4][4];
	wok_datagram datagrams[2] = {{more[0], 4, {.size = 0}, false},
				     {more[1], 4, {.size = 0}, false}};
	struct two two;

	open_two(&two);
	ASSERT_EQ(wok_udp_send(two.a, "too long", 8, &two.at_b), 8);
	ASSERT_EQ(wok_udp_receive(two.b, data, sizeof(data), NULL), 8);
	ASSERT_MEM(data, "too ", 4);
	ASSERT_EQ(wok_udp_send(two.a, "too long", 8, &two.at_b), 8);
	ASSERT_EQ(wok_udp_send(two.a, "fits", 4, &two.at_b), 4);
	ASSERT_EQ(wok_udp_receive_many(two.b, datagrams, 2), 2);
	ASSERT(datagrams[0].truncated);
	ASSERT_EQ(datagrams[0].size, 4);
	ASSERT(!datagrams[1].truncated);
	ASSERT_EQ(datagrams[1].size, 4);
	close_two(&two);
}

TEST_TASK(a_message_larger_than_messages_can_be_is_refused, "E17")
{
	char *huge = calloc(1, 70000), data[8];
	struct two two;

	open_two(&two);
	ASSERT_ERR(wok_udp_send(two.a, huge, 70000, &two.at_b), -EMSGSIZE);
	ASSERT_EQ(wok_udp_send(two.a, huge, 4, &two.at_b), 4);
	ASSERT_EQ(wok_udp_receive(two.b, data, sizeof(data), NULL), 4);
	close_two(&two);
	free(huge);
}

TEST_TASK(that_nobody_is_there_is_told_once_and_the_socket_goes_on, "E17")
{
	char data[8];
	struct two two;

	open_two(&two);
	ASSERT_OK(wok_udp_connect(two.a, &two.at_b));
	ASSERT_OK(wok_udp_close(two.b));
	ASSERT_EQ(wok_udp_send(two.a, "anyone?", 7, NULL), 7);
	ASSERT_ERR(wok_udp_receive(two.a, data, sizeof(data), NULL), -ECONNREFUSED);
	/* Somebody comes to that address after all. */
	char text[WOK_ADDRESS_TEXT];
	WOK_AUTO(wok_udp) *late = NULL;
	ASSERT_OK(wok_udp_open(wok_address_text(&two.at_b, text), NULL, &late));
	ASSERT_EQ(wok_udp_send(two.a, "hello", 5, NULL), 5);
	ASSERT_EQ(wok_udp_receive(late, data, sizeof(data), NULL), 5);
	ASSERT_EQ(wok_udp_send(late, "hi", 2, &two.at_a), 2);
	ASSERT_EQ(wok_udp_receive(two.a, data, sizeof(data), NULL), 2);
	close_two(&two);
}

struct receiving {
	wok_udp *udp;
	ssize_t result;
	char data[16];
};

static int receive(void *arg)
{
	struct receiving *self = arg;

	self->result = wok_udp_receive(self->udp, self->data, sizeof(self->data), NULL);
	return (int) self->result;
}

TEST_TASK(a_receiver_that_waits_is_told_that_nobody_is_there, "E17")
{
	struct two two;

	open_two(&two);
	ASSERT_OK(wok_udp_connect(two.a, &two.at_b));
	struct receiving receiving = {.udp = two.a};
	WOK_AUTO(wok_task) *task = wok_create_task(receive, &receiving);
	test_settle();
	ASSERT_OK(wok_udp_close(two.b));
	ASSERT_EQ(wok_udp_send(two.a, "anyone?", 7, NULL), 7);
	ASSERT_ERR(wok_await(task), -ECONNREFUSED);
	close_two(&two);
}

enum { MANY = 150 };

TEST_TASK(many_messages_go_and_come_in_batches, "E17")
{
	static char out[MANY][8], in[MANY][8];
	static wok_datagram sent[MANY], received[MANY];
	struct two two;
	ssize_t came = 0, calls = 0;

	open_two(&two);
	ASSERT_OK(wok_udp_connect(two.a, &two.at_b));
	for (int i = 0; i < MANY; i++) {
		sent[i] = (wok_datagram){.data = out[i],
					 .size = (size_t) snprintf(out[i], 8, "m%d", i)};
		if (i % 2)
			sent[i].address = two.at_b;
		received[i] = (wok_datagram){.data = in[i], .size = 8};
	}
	ASSERT_EQ(wok_udp_send_many(two.a, sent, MANY), MANY);
	while (came < MANY) {
		ssize_t n = wok_udp_receive_many(two.b, received + came, (size_t) (MANY - came));
		ASSERT(n > 0);
		came += n;
		calls++;
	}
	ASSERT(calls <= 4); /* up to 64 by one */
	for (int i = 0; i < MANY; i++) {
		ASSERT_EQ(received[i].size, sent[i].size);
		ASSERT_MEM(in[i], out[i], sent[i].size);
		ASSERT_EQ(wok_address_port(&received[i].address), wok_address_port(&two.at_a));
	}
	close_two(&two);
}

TEST_TASK(a_batch_that_fails_on_its_way_says_how_much_went)
{
	char *huge = calloc(1, 70000), data[8];
	wok_datagram datagrams[3] = {{.data = huge, .size = 4},
				     {.data = huge, .size = 70000},
				     {.data = huge, .size = 5}};
	struct two two;

	open_two(&two);
	ASSERT_OK(wok_udp_connect(two.a, &two.at_b));
	ASSERT_EQ(wok_udp_send_many(two.a, datagrams, 3), 1);
	ASSERT_ERR(wok_udp_send_many(two.a, datagrams + 1, 2), -EMSGSIZE);
	ASSERT_EQ(wok_udp_receive(two.b, data, sizeof(data), NULL), 4);
	close_two(&two);
	free(huge);
}

TEST_TASK(a_cancelled_receiver_loses_no_message)
{
	struct two two;

	open_two(&two);
	struct receiving receiving = {.udp = two.b};
	WOK_AUTO(wok_task) *task = wok_create_task(receive, &receiving);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_EQ(wok_udp_send(two.a, "kept", 4, &two.at_b), 4);
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(receiving.result, -ECANCELED);
	ASSERT_OK(receive(&receiving));
	ASSERT_MEM(receiving.data, "kept", 4);
	close_two(&two);
}

TEST_TASK(a_second_receiver_is_refused_and_closing_wakes_the_first, "E6", "E7")
{
	struct two two;

	open_two(&two);
	struct receiving first = {.udp = two.b}, second = {.udp = two.b};
	WOK_AUTO(wok_task) *task = wok_create_task(receive, &first);
	test_settle();
	ASSERT_ERR(receive(&second), -EBUSY);
	ASSERT_OK(wok_udp_close(two.b));
	ASSERT_ERR(wok_await(task), -EBADF);
	ASSERT_ERR(receive(&second), -EBADF);
	ASSERT_ERR(wok_udp_send(two.b, "x", 1, &two.at_a), -EBADF);
	ASSERT_ERR(wok_udp_close(two.b), -EBADF);
	ASSERT_EQ(wok_udp_fd(two.b), -1);
	close_two(&two);
}

TEST_TASK(a_socket_without_a_peer_needs_an_address)
{
	WOK_AUTO(wok_udp) *udp = NULL;
	wok_address address;

	ASSERT_OK(wok_udp_open(NULL, NULL, &udp));
	ASSERT_OK(wok_udp_local_address(udp, &address));
	ASSERT(wok_address_port(&address) > 0);
	ASSERT_ERR(wok_udp_send(udp, "x", 1, NULL), -EDESTADDRREQ);
}

TEST_TASK(addresses_that_make_no_sense_are_named)
{
	wok_udp *udp = NULL;

	ASSERT_ERR(wok_udp_open("nowhere", NULL, &udp), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "nowhere"));
	ASSERT_ERR(wok_udp_open("unix:/tmp/x", NULL, &udp), -EINVAL);
	ASSERT(strstr(wok_errmsg(-EINVAL), "unix:/tmp/x"));
	WOK_AUTO(wok_udp) *first = NULL;
	wok_address at;
	char text[WOK_ADDRESS_TEXT];
	ASSERT_OK(wok_udp_open("127.0.0.1:0", NULL, &first));
	ASSERT_OK(wok_udp_local_address(first, &at));
	ASSERT_ERR(wok_udp_open(wok_address_text(&at, text), NULL, &udp), -EADDRINUSE);
	ASSERT(strstr(wok_errmsg(-EADDRINUSE), text));
}

TEST(opening_needs_a_loop)
{
	wok_udp *udp = NULL;

	ASSERT_ERR(wok_udp_open("127.0.0.1:0", NULL, &udp), -EINVAL);
}

TEST_TASK(calls_are_checkpoints)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	struct two two;
	char data[8];

	open_two(&two);
	ASSERT_EQ(wok_udp_send(two.a, "x", 1, &two.at_b), 1);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_udp_send(two.a, "y", 1, &two.at_b), -ECANCELED);
		ASSERT_ERR(wok_udp_receive(two.b, data, sizeof(data), NULL), -ECANCELED);
		ASSERT_ERR(wok_udp_send_many(two.a, NULL, 0), -ECANCELED);
		ASSERT_ERR(wok_udp_receive_many(two.b, NULL, 0), -ECANCELED);
	}
	uint64_t before = wok_test_checkpoints();
	ASSERT_EQ(wok_udp_receive(two.b, data, sizeof(data), NULL), 1);
	ASSERT(wok_test_checkpoints() > before);
	close_two(&two);
}

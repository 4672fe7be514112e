/* SPDX-License-Identifier: MIT */
/*
 * Every call that waits for a descriptor, under the same conditions: it is to answer the same. A
 * row a call; what it waits for never comes. Other calls that wait:
 * tests/{task,sync,exec}/uniform.c
 */
#include <fcntl.h>

#include "io/streams.h"

/* What the calls wait for. One of it, since a test has its own process. */
static struct {
	wok_stream *stream, *full, *peer, *full_peer;
	wok_listener *listener;
	int fd;
	make_streams *make;
} it;

static int stream_read(void)
{
	char data[1];

	return (int) wok_stream_read(it.stream, data, 1);
}

static int stream_read_exactly(void)
{
	char data[1];

	return wok_stream_read_exactly(it.stream, data, 1, NULL);
}

static int stream_read_until(void)
{
	wok_view bytes;

	return wok_stream_read_until(it.stream, "x", 1, 0, &bytes);
}

static int stream_next_line(void)
{
	wok_view bytes;

	return wok_stream_next_line(it.stream, 0, &bytes);
}

static int stream_fill(void)
{
	wok_view bytes;

	return wok_stream_fill(it.stream, 0, &bytes);
}

static int stream_write(void)
{
	return (int) wok_stream_write(it.full, "x", 1);
}

static int stream_write_all(void)
{
	return wok_stream_write_all(it.full, "x", 1);
}

static int accept_one(void)
{
	wok_stream *stream;

	return wok_accept(it.listener, &stream);
}

static int fd_wait(void)
{
	return wok_fd_wait(it.fd, WOK_READABLE);
}

static const struct row {
	const char *name;
	int (*call)(void);
} rows[] = {
	{"wok_stream_read", stream_read},
	{"wok_stream_read_exactly", stream_read_exactly},
	{"wok_stream_read_until", stream_read_until},
	{"wok_stream_next_line", stream_next_line},
	{"wok_stream_fill", stream_fill},
	{"wok_stream_write", stream_write},
	{"wok_stream_write_all", stream_write_all},
	{"wok_accept", accept_one},
	{"wok_fd_wait", fd_wait},
};

static int write_too_much(void *stream)
{
	static const char data[4 << 20];

	return wok_stream_write_all(stream, data, sizeof(data));
}

/* Write until nothing goes in any more. */
static void fill_up(wok_stream *stream)
{
	WOK_AUTO(wok_task) *writing = wok_create_task(write_too_much, stream);

	test_settle();
	ASSERT(!wok_task_done(writing));
}

typedef void row_body(const struct row *row);

/* Make everything anew, call body for the row, and take everything away. */
static void with_everything(const struct row *row, row_body *body)
{
	int fds[2];

	it.make(&it.stream, &it.peer);
	it.make(&it.full, &it.full_peer);
	fill_up(it.full);
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &it.listener));
	ASSERT_EQ(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
	it.fd = fds[0];
	test_settle();
	body(row);
	wok_listener_free(it.listener);
	WOK_IGNORE(wok_fd_close(fds[0]));
	close(fds[1]);
	wok_stream *streams[] = {it.stream, it.peer, it.full, it.full_peer};
	for (int i = 0; i < 4; i++)
		wok_stream_free(streams[i]);
}

/* Over each kind of stream. */
static void each_row(row_body *body)
{
	make_streams *const makes[] = {make_in_memory, make_by_tcp, make_by_unix};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int k = 0; k < 3; k++) {
			it.make = makes[k];
			with_everything(&rows[i], body);
		}
	}
}

static void expect(const struct row *row, const char *when, int result, int code)
{
	if (result != code)
		FAIL("%s, %s: %s, not %s", row->name, when, wok_errname(result), wok_errname(code));
}

static void cancelled_before(const struct row *row)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, 0) {
		r = row->call();
	}
	expect(row, "cancelled before", r, -ECANCELED);
	expect(row, "deadline 0", wok_timeout_result(&timeout, r), -ETIMEDOUT);
	ASSERT_OK(wok_yield());
}

TEST_TASK(every_wait_of_a_cancelled_task_fails_at_once, "G14")
{
	each_row(cancelled_before);
	ASSERT_EQ(wok_now(), 0);
}

/* Calls a row in a task of its own. */
struct caller {
	const struct row *row;
	int result;
};

static int call_row(void *arg)
{
	struct caller *self = arg;

	self->result = self->row->call();
	return self->result;
}

static void cancelled_during(const struct row *row)
{
	struct caller self = {row, 1};
	WOK_AUTO(wok_task) *task = wok_create_task(call_row, &self);

	test_settle();
	if (wok_task_done(task))
		FAIL("%s does not wait: %s", row->name, wok_errname(self.result));
	ASSERT(wok_cancel(task));
	expect(row, "cancelled", wok_await(task), WOK_ETASKCANCELED);
	expect(row, "cancelled during", self.result, -ECANCELED);
}

TEST_TASK(every_wait_ends_when_its_task_is_cancelled, "G14")
{
	each_row(cancelled_during);
	ASSERT_EQ(wok_now(), 0);
}

static int call_with_a_limit(void *arg)
{
	return wok_wait_for(call_row, arg, WOK_MS);
}

static void timed_out(const struct row *row)
{
	struct caller self = {row, 1};
	WOK_AUTO(wok_task) *task = wok_create_task(call_with_a_limit, &self);

	wok_test_advance(WOK_MS);
	ASSERT(wok_task_done(task));
	expect(row, "in the limit", self.result, -ECANCELED);
	expect(row, "out of time", wok_await(task), -ETIMEDOUT);
}

TEST_TASK(every_wait_ends_when_its_time_is_over, "G14")
{
	each_row(timed_out);
}

static void closed(const struct row *row)
{
	struct caller self = {row, 1};

	WOK_AUTO(wok_task) *task = wok_create_task(call_row, &self);
	test_settle();
	ASSERT_OK(wok_stream_close(it.stream));
	ASSERT_OK(wok_stream_close(it.full));
	ASSERT_OK(wok_listener_close(it.listener));
	ASSERT_OK(wok_fd_close(it.fd));
	expect(row, "closed during", wok_await(task), -EBADF);
	expect(row, "closed before", row->call(), -EBADF);
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	WOK_TIMEOUT (&timeout, 0) {
		expect(row, "closed and cancelled", row->call(), -ECANCELED);
	}
}

TEST_TASK(every_wait_ends_when_what_it_waits_for_is_closed, "G14")
{
	each_row(closed);
}

static int call_in_callback(void *arg)
{
	struct caller *self = arg;

	self->result = self->row->call();
	return 0;
}

static void in_a_callback(const struct row *row)
{
	struct caller self = {row, 1};

	wok_call_soon(call_in_callback, &self);
	test_settle();
	expect(row, "in a callback", self.result, -EDEADLK);
}

TEST_TASK(no_wait_is_possible_in_a_callback, "G14")
{
	each_row(in_a_callback);
}

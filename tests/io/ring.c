/* SPDX-License-Identifier: MIT */
/*
 * A backend under stress: a ring too small for what is asked of it, calls that fail, descriptors
 * that go and come back while something is under way. Where nothing is said of a ring it holds for
 * each backend.
 */
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "harness/reports.h"
#include "io/streams.h"

enum { MANY = 100 };

static int yield_once(void *unused)
{
	(void) unused;
	return wok_yield();
}

/* A ring of one entry, and room for eight completions: for the rest of the test's process. */
static void make_rings_tiny(void)
{
	if (wok_run_with(yield_once, NULL, &(wok_run_options){.backend = "io_uring"}) < 0)
		SKIP("%s", wok_errmsg(-EPERM));
	ASSERT_EQ(setenv("WOK_RING_ENTRIES", "1", 1), 0);
}

static int run_on_a_ring(wok_fn *fn, void *arg)
{
	const wok_test_options options = {.backend = "io_uring", .seed = test_seed()};

	return wok_test_run(fn, arg, &options);
}

static int read_one(void *stream)
{
	char data[1];

	return (int) wok_stream_read(stream, data, 1);
}

static int accept_and_close(void *listener)
{
	WOK_AUTO(wok_stream) *stream = NULL;

	return wok_accept(listener, &stream);
}

static int wait_to_read(void *fd)
{
	return wok_fd_wait(*(int *) fd, WOK_READABLE);
}

static int wait_for_socket(void *stream)
{
	int fd = dup(wok_stream_fd(stream));
	int r = wok_fd_wait(fd, WOK_READABLE);

	close(fd);
	return r;
}

/* Pairs of connections, each with a task that reads from one end. */
struct crowd {
	wok_stream *a[MANY], *b[MANY];
	wok_task *readers[MANY];
};

static void open_crowd(struct crowd *crowd)
{
	for (int i = 0; i < MANY; i++) {
		make_by_tcp(&crowd->a[i], &crowd->b[i]);
		crowd->readers[i] = wok_create_task(read_one, crowd->b[i]);
	}
	test_settle();
}

static void close_crowd(struct crowd *crowd)
{
	for (int i = 0; i < MANY; i++) {
		wok_task_free(crowd->readers[i]);
		wok_stream_free(crowd->a[i]);
		wok_stream_free(crowd->b[i]);
	}
}

static int wake_all_at_once(void *unused)
{
	struct crowd crowd;

	(void) unused;
	open_crowd(&crowd);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++) /* a look at the kernel does not come in between */
			ASSERT_EQ(send(wok_stream_fd(crowd.a[i]), "x", 1, 0), 1);
		for (int i = 0; i < MANY; i++)
			ASSERT_EQ(wok_await(crowd.readers[i]), 1);
		for (int i = 0; i < MANY; i++) {
			wok_task_free(crowd.readers[i]);
			crowd.readers[i] = wok_create_task(read_one, crowd.b[i]);
		}
		test_settle();
	}
	close_crowd(&crowd);
	return 0;
}

TEST(more_completions_than_a_ring_has_room_for_are_none_lost, "G4")
{
	make_rings_tiny();
	ASSERT_OK(run_on_a_ring(wake_all_at_once, NULL));
}

static int end_all_at_once(void *unused)
{
	struct crowd crowd;

	(void) unused;
	open_crowd(&crowd);
	for (int i = 0; i < MANY; i++)
		ASSERT_OK(wok_stream_close(i % 2 ? crowd.a[i] : crowd.b[i]));
	for (int i = 0; i < MANY; i++)
		ASSERT_EQ(wok_await(crowd.readers[i]), i % 2 ? 0 : -EBADF);
	close_crowd(&crowd);
	open_crowd(&crowd);
	for (int i = 0; i < MANY; i++)
		ASSERT(wok_cancel(crowd.readers[i]));
	for (int i = 0; i < MANY; i++)
		ASSERT_ERR(wok_await(crowd.readers[i]), WOK_ETASKCANCELED);
	close_crowd(&crowd);
	return 0;
}

TEST(a_full_ring_is_submitted_and_then_has_room_for_waits_and_for_ends, "G4")
{
	make_rings_tiny();
	ASSERT_OK(run_on_a_ring(end_all_at_once, NULL));
}

/* A connection is made, waited on at both ends and in both directions, and ended. */
static int one_of_each(void)
{
	WOK_AUTO(wok_listener) *listener = NULL;
	WOK_AUTO(wok_stream) *client = NULL;
	WOK_AUTO(wok_stream) *server = NULL;

	WOK_TRY(wok_listen("127.0.0.1:0", NULL, &listener));
	WOK_AUTO(wok_task) *accepting = wok_create_task(accept_and_close, listener);
	test_settle();
	WOK_TRY(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
	WOK_TRY(wok_await(accepting));
	wok_stream_free(WOK_TAKE(client));
	WOK_TRY(wok_tcp_connect("127.0.0.1", wok_listener_port(listener), &client));
	WOK_TRY(wok_accept(listener, &server));
	WOK_AUTO(wok_task) *reading = wok_create_task(read_one, server);
	WOK_AUTO(wok_task) *waiting = wok_create_task(wait_for_socket, client);
	test_settle();
	WOK_TRY(wok_stream_write_all(client, "x", 1));
	WOK_TRY(wok_await(reading));
	ASSERT(!wok_task_done(waiting) || wok_task_result(waiting) < 0);
	WOK_TRY(wok_stream_write_all(server, "x", 1));
	return wok_await(waiting);
}

static int fail_each_entry(void *unused)
{
	int fds = test_count_fds(), failed = 0;

	(void) unused;
	for (uint64_t n = 1; n <= 40; n++) {
		wok_test_fail_system_call("io_uring_enter", n, EAGAIN);
		int r = one_of_each();
		wok_test_fail_system_call(NULL, 0, 0);
		if (r < 0 && r != -ENOBUFS)
			FAIL("call %d: %s", (int) n, wok_errname(r));
		failed += r < 0;
		ASSERT_EQ(test_count_fds(), fds);
		ASSERT_OK(one_of_each());
	}
	ASSERT(failed > 0);
	return 0;
}

TEST(a_ring_that_takes_no_more_is_an_error_of_the_operation_and_of_no_other, "G4")
{
	make_rings_tiny();
	ASSERT_OK(run_on_a_ring(fail_each_entry, NULL));
}

/* --- on each backend ---------------------------------------------------------------------- */

/* Connect without wok, so that only the listener's side is the loop's. */
static void connect_socket(int fd, uint16_t port)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	ASSERT_EQ(connect(fd, (const void *) &address, sizeof(address)), 0);
}

static int connect_plainly(uint16_t port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT(fd >= 0);
	connect_socket(fd, port);
	return fd;
}

/* A listener for which the backend accepts by itself, if it does such a thing. */
static void listen_and_be_armed(wok_listener **ret_listener)
{
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, ret_listener));
	WOK_AUTO(wok_task) *accepting = wok_create_task(accept_and_close, *ret_listener);
	test_settle();
	int fd = connect_plainly(wok_listener_port(*ret_listener));
	ASSERT_OK(wok_await(accepting));
	close(fd);
}

static bool hung_up_within(int fd, int milliseconds)
{
	struct pollfd entry = {.fd = fd, .events = POLLRDHUP};

	return poll(&entry, 1, milliseconds) == 1;
}

static bool peer_has_hung_up(int fd)
{
	return hung_up_within(fd, 1000);
}

static int accept_all(void *listener)
{
	int n = 0;

	while (accept_and_close(listener) == 0)
		n++;
	return n;
}

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double) now.tv_sec + (double) now.tv_nsec * 1e-9;
}

/* The limit is set before: a ring goes by the one that it saw when it began to accept. */
static int run_out_while_accepting(void *unused)
{
	enum { ROOM = 40 };
	struct rlimit limit;
	wok_listener *listener;
	int fds[ROOM], n = 0, clients[3];

	(void) unused;
	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t) dup(STDERR_FILENO) + ROOM / 2;
	close((int) limit.rlim_cur - ROOM / 2);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	listen_and_be_armed(&listener);
	WOK_AUTO(wok_task) *accepting = wok_create_task(accept_all, listener);
	ASSERT_OK(wok_sleep(WOK_MS));
	for (int i = 0; i < 3; i++)
		clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	while ((fds[n] = dup(STDERR_FILENO)) >= 0)
		ASSERT(++n < ROOM);
	for (int i = 0; i < 3; i++)
		connect_socket(clients[i], wok_listener_port(listener));
	double before = cpu_seconds();
	ASSERT_OK(wok_sleep(120 * WOK_MS)); /* two retries */
	ASSERT(cpu_seconds() - before < 0.02);
	for (int i = 0; i < n; i++)
		close(fds[i]);
	for (int i = 0; i < 3; i++) {
		while (!hung_up_within(clients[i], 0)) /* it was accepted, and closed */
			ASSERT_OK(wok_sleep(5 * WOK_MS));
		close(clients[i]);
	}
	wok_listener_free(listener);
	ASSERT_EQ(wok_await(accepting), 3);
	return 0;
}

TEST(descriptors_that_run_out_while_a_listener_waits_are_waited_for, "E10")
{
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	ASSERT_OK(wok_test_run(run_out_while_accepting, NULL,
			       &(wok_test_options){.real_clock = true}));
	ASSERT_EQ(reports.n, 1);
	ASSERT_EQ(reports.kept[0].code, -EMFILE);
}

/* Something to wait for, so that the loop looks at the kernel though nobody accepts. */
struct looking {
	int ends[2];
	wok_task *task;
};

static void begin_to_look(struct looking *looking)
{
	ASSERT_EQ(pipe2(looking->ends, O_CLOEXEC), 0);
	looking->task = wok_create_task(wait_to_read, &looking->ends[0]);
	test_settle();
}

static void end_to_look(struct looking *looking)
{
	wok_cancel(looking->task);
	ASSERT_ERR(wok_await(looking->task), WOK_ETASKCANCELED);
	wok_task_free(looking->task);
	close(looking->ends[0]);
	close(looking->ends[1]);
}

TEST_TASK(connections_that_nobody_has_taken_are_closed_with_the_listener, "E8")
{
	int fds = test_count_fds(), clients[MANY];
	struct looking looking;
	wok_listener *listener;

	begin_to_look(&looking);
	listen_and_be_armed(&listener);
	for (int i = 0; i < MANY; i++) {
		clients[i] = connect_plainly(wok_listener_port(listener));
		if (i % 10 == 0)
			test_settle(); /* some are with us, and some with the kernel */
	}
	wok_listener_free(listener);
	for (int i = 0; i < MANY; i++) {
		ASSERT(peer_has_hung_up(clients[i]));
		close(clients[i]);
	}
	end_to_look(&looking);
	ASSERT_EQ(test_count_fds(), fds);
}

/* Which of the clients an accepted connection belongs to shows by a byte sent to it. */
static void accept_from(wok_listener *listener, int client)
{
	WOK_AUTO(wok_stream) *stream = NULL;
	char byte = 'x';

	ASSERT_OK(wok_accept(listener, &stream));
	ASSERT_OK(wok_stream_write_all(stream, &byte, 1));
	ASSERT_EQ(recv(client, &byte, 1, MSG_DONTWAIT), 1);
	close(client);
}

TEST_TASK(connections_that_come_while_nobody_asks_are_taken_later_in_their_order, "E11")
{
	enum { N = 300 };
	int clients[N];
	WOK_AUTO(wok_listener) *listener = NULL;
	struct looking looking;

	begin_to_look(&looking);
	listen_and_be_armed(&listener);
	int before = test_count_fds();
	for (int i = 0; i < N; i++) {
		clients[i] = connect_plainly(wok_listener_port(listener));
		if (i % 10 == 0)
			test_settle();
	}
	test_settle();
	/* Most of them wait where their listener's owner expects them: in the kernel. */
	ASSERT(test_count_fds() - before < N + 150);
	for (int i = 0; i < N; i++)
		accept_from(listener, clients[i]);
	end_to_look(&looking);
}

TEST_TASK(who_accepts_after_a_crowd_was_left_waiting_gets_the_next_one, "E11")
{
	struct looking looking;
	int clients[80];

	begin_to_look(&looking);
	for (int n = 60; n < 80; n++) {
		WOK_AUTO(wok_listener) *listener = NULL;
		listen_and_be_armed(&listener);
		for (int i = 0; i < n; i++)
			clients[i] = connect_plainly(wok_listener_port(listener));
		test_settle();
		for (int i = 0; i < n; i++)
			accept_from(listener, clients[i]);
		WOK_AUTO(wok_task) *accepting = wok_create_task(accept_and_close, listener);
		test_settle();
		int last = connect_plainly(wok_listener_port(listener));
		ASSERT_OK(wok_await(accepting));
		close(last);
	}
	end_to_look(&looking);
}

TEST_TASK(a_connection_that_comes_as_its_task_is_cancelled_is_the_next_ones, "E8")
{
	WOK_AUTO(wok_listener) *listener = NULL;

	listen_and_be_armed(&listener);
	for (int i = 0; i < 20; i++) {
		WOK_AUTO(wok_stream) *stream = NULL;
		WOK_AUTO(wok_task) *accepting = wok_create_task(accept_and_close, listener);
		test_settle();
		int client = connect_plainly(wok_listener_port(listener));
		wok_cancel(accepting); /* the kernel knows already, the loop does not */
		ASSERT_ERR(wok_await(accepting), WOK_ETASKCANCELED);
		ASSERT_OK(wok_accept(listener, &stream));
		wok_stream_free(WOK_TAKE(stream));
		ASSERT(peer_has_hung_up(client));
		close(client);
	}
}

TEST_TASK(a_port_can_be_bound_again_as_soon_as_its_listener_is_closed, "E6")
{
	char address[32];
	wok_listener *listener;

	listen_and_be_armed(&listener);
	uint16_t port = wok_listener_port(listener);
	for (int i = 0; i < 10; i++) {
		WOK_AUTO(wok_task) *accepting = wok_create_task(accept_and_close, listener);
		test_settle();
		wok_listener_free(listener);
		ASSERT_ERR(wok_await(accepting), -EBADF);
		snprintf(address, sizeof(address), "127.0.0.1:%u", port);
		ASSERT_OK(wok_listen(address, NULL, &listener));
	}
	wok_listener_free(listener);
}

TEST_TASK(the_peer_sees_a_close_at_once_though_a_task_was_waiting, "E6")
{
	wok_stream *a, *b;

	for (int i = 0; i < 10; i++) {
		make_by_unix(&a, &b);
		int peer = dup(wok_stream_fd(a));
		char data[1];
		WOK_AUTO(wok_task) *reading = wok_create_task(read_one, b);
		test_settle();
		ASSERT_OK(wok_stream_close(b));
		/* The loop has not turned. */
		ASSERT_EQ(recv(peer, data, 1, MSG_DONTWAIT), 0);
		ASSERT_ERR(wok_await(reading), -EBADF);
		close(peer);
		wok_stream_free(a);
		wok_stream_free(b);
	}
}

TEST_TASK(closing_a_hundred_of_which_each_has_something_to_say_is_prompt, "E6")
{
	struct crowd crowd;
	int peers[MANY];
	char data[2];

	open_crowd(&crowd);
	for (int i = 0; i < MANY; i++) {
		peers[i] = dup(wok_stream_fd(crowd.a[i]));
		ASSERT_EQ(send(peers[i], "x", 1, 0), 1);
	}
	for (int i = MANY; i-- > 0;) {
		ASSERT_OK(wok_stream_close(crowd.b[i]));
		/* Unread data makes it a reset. */
		ASSERT_EQ(recv(peers[i], data, sizeof(data), MSG_DONTWAIT), -1);
		ASSERT_EQ(errno, ECONNRESET);
		close(peers[i]);
	}
	for (int i = 0; i < MANY; i++)
		ASSERT_ERR(wok_await(crowd.readers[i]), -EBADF);
	close_crowd(&crowd);
}

TEST_TASK(bytes_that_come_as_their_reader_is_cancelled_are_the_next_ones, "E8")
{
	char data[8];
	wok_stream *a, *b;

	make_by_tcp(&a, &b);
	for (int i = 0; i < 20; i++) {
		WOK_AUTO(wok_task) *reading = wok_create_task(read_one, b);
		test_settle();
		ASSERT_EQ(send(wok_stream_fd(a), "four", 4, 0), 4);
		wok_cancel(reading);
		ASSERT_ERR(wok_await(reading), WOK_ETASKCANCELED);
		ASSERT_EQ(wok_stream_read(b, data, sizeof(data)), 4);
	}
	wok_stream_free(a);
	wok_stream_free(b);
}

TEST_TASK(a_foreign_descriptor_is_let_go_of_when_its_wait_is_over)
{
	for (int i = 0; i < 10; i++) {
		int ends[2];
		char data[1];
		ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
		WOK_AUTO(wok_task) *waiting = wok_create_task(wait_to_read, &ends[0]);
		test_settle();
		if (i % 2) {
			ASSERT_EQ(write(ends[1], "x", 1), 1);
			ASSERT_EQ(wok_await(waiting), WOK_READABLE);
			ASSERT_EQ(read(ends[0], data, 1), 1);
		} else {
			wok_cancel(waiting);
			ASSERT_ERR(wok_await(waiting), WOK_ETASKCANCELED);
		}
		close(ends[0]);
		ASSERT_EQ(recv(ends[1], data, 1, MSG_DONTWAIT), 0);
		close(ends[1]);
	}
}

TEST_TASK(numbers_that_are_reused_at_once_do_not_mix_their_events_up, "E6")
{
	for (int i = 0; i < 50; i++) {
		wok_stream *a, *b, *c, *d;
		make_by_unix(&a, &b);
		int number = wok_stream_fd(b);
		WOK_AUTO(wok_task) *reading = wok_create_task(read_one, b);
		test_settle();
		ASSERT_EQ(send(wok_stream_fd(a), "x", 1, 0), 1); /* its event is on the way */
		ASSERT_OK(wok_stream_close(b));
		wok_stream_free(a);
		make_by_unix(&c, &d);
		ASSERT(wok_stream_fd(c) == number || wok_stream_fd(d) == number);
		WOK_AUTO(wok_task) *first = wok_create_task(read_one, c);
		WOK_AUTO(wok_task) *second = wok_create_task(read_one, d);
		test_settle();
		ASSERT_ERR(wok_await(reading), -EBADF);
		ASSERT(!wok_task_done(first) && !wok_task_done(second));
		ASSERT_OK(wok_stream_write_all(c, "x", 1));
		ASSERT_EQ(wok_await(second), 1);
		wok_cancel(first);
		ASSERT_ERR(wok_await(first), WOK_ETASKCANCELED);
		wok_stream_free(b);
		wok_stream_free(c);
		wok_stream_free(d);
	}
}

static int connect_by_wok(void *port)
{
	WOK_AUTO(wok_stream) *stream = NULL;

	return wok_tcp_connect("127.0.0.1", *(uint16_t *) port, &stream);
}

/* A port whose backlog is full: who connects goes on doing so. */
static int listen_and_be_full(uint16_t *ret_port, int *fillers, int n)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ASSERT_EQ(bind(fd, (void *) &address, size), 0);
	ASSERT_EQ(listen(fd, 0), 0);
	ASSERT_EQ(getsockname(fd, (void *) &address, &size), 0);
	*ret_port = ntohs(address.sin_port);
	for (int i = 0; i < n; i++) {
		fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		ASSERT(connect(fillers[i], (void *) &address, size) == 0 || errno == EINPROGRESS);
	}
	return fd;
}

TEST_TASK(a_hang_up_is_not_taken_for_one_of_the_next_descriptor_of_that_number, "E6")
{
	int fillers[4];
	uint16_t port;
	wok_stream *a, *b;
	int full = listen_and_be_full(&port, fillers, 4);
	struct looking looking;

	begin_to_look(&looking);
	make_by_unix(&a, &b);
	WOK_AUTO(wok_task) *reading = wok_create_task(read_one, b);
	test_settle();
	int number = wok_stream_fd(b);
	ASSERT_OK(wok_stream_close(a)); /* the hang-up of b is on the way: */
	wok_cancel(looking.task);       /* the kernel is called, and nothing is taken from it */
	int lower[16], n = 0;
	while ((lower[n] = dup(STDERR_FILENO)) < number)
		ASSERT(++n < 16);
	close(lower[n]);
	ASSERT_OK(wok_stream_close(b));
	WOK_AUTO(wok_task) *connecting = wok_create_task(connect_by_wok, &port);
	test_settle();
	ASSERT(fcntl(number, F_GETFD) >= 0); /* it has that number now */
	ASSERT(!wok_task_done(connecting));
	ASSERT_ERR(wok_await(reading), -EBADF);
	wok_cancel(connecting);
	ASSERT_ERR(wok_await(connecting), WOK_ETASKCANCELED);
	for (int i = 0; i < 4; i++)
		close(fillers[i]);
	while (n > 0)
		close(lower[--n]);
	close(full);
	end_to_look(&looking);
	wok_stream_free(a);
	wok_stream_free(b);
}

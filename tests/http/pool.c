/* SPDX-License-Identifier: MIT */
/* The pool of a session by itself, on streams in memory and the virtual clock. */
#include <stdio.h>
#include <wok/error.h>
#include <wok/scope.h>
#include <wok/task.h>
#include <wok/timeout.h>

#include "harness/test.h"
#include "http/client/pool.h"
#include "http/client/wire.h"
#include "http/url.h"

/* Streams that do nothing but count: how many are open, and how often one was looked at. */
static int open_streams, looks;

static ssize_t no_read(void *self, void *data, size_t size)
{
	(void) self;
	(void) data;
	(void) size;
	return 0;
}

static ssize_t no_write(void *self, const struct iovec *parts, int n_parts)
{
	(void) self;
	(void) parts;
	(void) n_parts;
	return 1;
}

static int no_shutdown(void *self)
{
	(void) self;
	return 0;
}

static int count_close(void *self)
{
	(void) self;
	open_streams--;
	return 0;
}

static int count_look(void *self)
{
	(void) self;
	looks++;
	return -1;
}

static const wok_stream_ops ops = {.name = "nothing",
				   .read = no_read,
				   .write = no_write,
				   .shutdown = no_shutdown,
				   .close = count_close,
				   .fd = count_look};

static struct wok__url url_of(const char *text)
{
	struct wok__url url;

	ASSERT_OK(wok__url_parse(text, &url));
	return url;
}

static void open_pool(struct wok__pool *pool, size_t limit, size_t per_host, wok_time keep_alive)
{
	const struct wok__pool_limits limits = {limit, per_host, keep_alive, WOK_FOREVER,
						UINT64_MAX};

	wok__pool_open(pool, &limits);
}

/* Get a connection, and connect it if it is new. */
static int acquire(struct wok__pool *pool, const char *text, struct wok__connection **ret)
{
	struct wok__url url = url_of(text);
	const struct wok__route route = {.host = url.host, .port = url.port};

	int r = wok__pool_acquire(pool, &route, false, ret);
	wok__url_free(&url);
	if (r < 0)
		return r;
	if (!(*ret)->stream) {
		ASSERT_OK(wok_stream_new(&ops, NULL, &(*ret)->stream));
		open_streams++;
	}
	return 0;
}

static struct wok__connection *get(struct wok__pool *pool, const char *text)
{
	struct wok__connection *connection = NULL;

	ASSERT_OK(acquire(pool, text, &connection));
	return connection;
}

static void end_pool(struct wok__pool *pool)
{
	wok__pool_close(pool);
	ASSERT_EQ(pool->open, 0);
	ASSERT_EQ(pool->n_idle, 0);
	ASSERT_EQ(pool->n_waiting, 0);
	ASSERT_EQ(pool->n_origins, 0);
	ASSERT_EQ(open_streams, 0);
	wok__pool_free(pool);
}

/* A task that asks for a connection, and notes when it got it. */
struct asker {
	struct wok__pool *pool;
	const char *url;
	struct wok__connection *connection;
	int *turn, place, result;
};

static int ask(void *arg)
{
	struct asker *asker = arg;

	asker->result = acquire(asker->pool, asker->url, &asker->connection);
	asker->place = ++*asker->turn;
	return asker->result;
}

TEST_TASK(the_connection_used_last_is_used_next)
{
	struct wok__pool pool;

	open_pool(&pool, 100, WOK_UNLIMITED, WOK_SECOND);
	struct wok__connection *a = get(&pool, "http://h"), *b = get(&pool, "http://h");
	wok__pool_release(&pool, a);
	wok__pool_release(&pool, b);
	ASSERT(get(&pool, "http://h/other") == b);
	ASSERT(get(&pool, "http://H:80/") == a);
	struct wok__connection *c = get(&pool, "http://h:81");
	ASSERT(c != a && c != b);
	ASSERT_EQ(pool.open, 3);
	wok__pool_discard(&pool, a);
	wok__pool_release(&pool, b);
	wok__pool_release(&pool, c);
	ASSERT_EQ(pool.n_idle, 2);
	end_pool(&pool);
}

TEST_TASK(requests_over_the_limit_queue_first_in_first_out, "client-2")
{
	struct asker askers[5];
	struct wok__pool pool;
	int turn = 0;

	open_pool(&pool, 2, WOK_UNLIMITED, WOK_SECOND);
	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new(&scope));
	struct wok__connection *a = get(&pool, "http://a"), *b = get(&pool, "http://b");
	for (int i = 0; i < 5; i++) {
		askers[i] =
			(struct asker){&pool, i % 2 ? "http://a" : "http://b", NULL, &turn, 0, 1};
		ASSERT_OK(wok_scope_spawn(scope, ask, &askers[i]));
		test_settle();
	}
	ASSERT_EQ(pool.n_waiting, 5);
	ASSERT_EQ(turn, 0);
	wok__pool_release(&pool, a); /* the first in line wants another host */
	test_settle();
	ASSERT_EQ(pool.open, 2);
	wok__pool_discard(&pool, b);
	test_settle();
	for (int i = 0; i < 5; i++) {
		ASSERT_EQ(askers[i].place, i + 1 <= turn ? i + 1 : 0);
		if (!askers[i].connection)
			FAIL("the request number %d got nothing", i);
		wok__pool_release(&pool, askers[i].connection);
		test_settle();
		ASSERT(pool.open <= 2);
	}
	ASSERT_OK(wok_scope_join(scope));
	end_pool(&pool);
}

TEST_TASK(one_host_gets_no_more_than_its_limit_and_does_not_hold_up_the_others, "client-3")
{
	struct asker first[3];
	struct wok__pool pool;
	int turn = 0;

	open_pool(&pool, 10, 2, WOK_SECOND);
	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 3; i++) {
		first[i] = (struct asker){&pool, "http://a", NULL, &turn, 0, 1};
		ASSERT_OK(wok_scope_spawn(scope, ask, &first[i]));
		test_settle();
	}
	ASSERT_EQ(turn, 2);
	struct wok__connection *other = get(&pool, "http://a:81"); /* another origin */
	ASSERT_EQ(pool.open, 3);
	wok__pool_release(&pool, first[0].connection);
	test_settle();
	ASSERT(first[2].connection == first[0].connection);
	wok__pool_release(&pool, first[1].connection);
	wok__pool_release(&pool, first[2].connection);
	wok__pool_release(&pool, other);
	ASSERT_OK(wok_scope_join(scope));
	end_pool(&pool);
}

/* Both limits at once: whose host is full must not stand in the way of the others in the queue. */
TEST_TASK(a_request_whose_host_is_full_lets_the_next_one_pass)
{
	struct asker askers[2];
	struct wok__pool pool;
	int turn = 0;

	open_pool(&pool, 2, 1, WOK_SECOND);
	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new(&scope));
	struct wok__connection *b = get(&pool, "http://b"), *c = get(&pool, "http://c");
	for (int i = 0; i < 2; i++) {
		/* two for the same host: the second has to wait for the first */
		askers[i] = (struct asker){&pool, "http://a", NULL, &turn, 0, 1};
		ASSERT_OK(wok_scope_spawn(scope, ask, &askers[i]));
		test_settle();
	}
	struct asker d = {&pool, "http://d", NULL, &turn, 0, 1};
	ASSERT_OK(wok_scope_spawn(scope, ask, &d));
	test_settle();
	wok__pool_discard(&pool, b);
	wok__pool_discard(&pool, c);
	test_settle();
	ASSERT(askers[0].connection && d.connection && !askers[1].connection);
	wok__pool_discard(&pool, d.connection);
	test_settle();
	ASSERT(!askers[1].connection);
	wok__pool_discard(&pool, askers[0].connection);
	test_settle();
	ASSERT(askers[1].connection);
	wok__pool_discard(&pool, askers[1].connection);
	ASSERT_OK(wok_scope_join(scope));
	end_pool(&pool);
}

TEST_TASK(an_idle_connection_that_has_become_too_old_is_not_used, "client-7")
{
	const struct wok__pool_limits limits = {100, WOK_UNLIMITED, WOK_MINUTE, 10 * WOK_SECOND,
						UINT64_MAX};
	struct wok__pool pool;

	wok__pool_open(&pool, &limits);
	wok__pool_release(&pool, get(&pool, "http://h"));
	ASSERT_OK(wok_sleep(9 * WOK_SECOND));
	struct wok__connection *again = get(&pool, "http://h");
	ASSERT_EQ(wok_now() - again->made, 9 * WOK_SECOND);
	wok__pool_release(&pool, again);
	ASSERT_OK(wok_sleep(WOK_SECOND));
	struct wok__connection *another = get(&pool, "http://h");
	ASSERT_EQ(another->made, wok_now());
	ASSERT_EQ(pool.open, 1);
	wok__pool_release(&pool, another);
	end_pool(&pool);
}

TEST_TASK(a_connection_serves_so_many_requests_and_no_more, "client-7")
{
	const struct wok__pool_limits limits = {100, WOK_UNLIMITED, WOK_MINUTE, WOK_FOREVER, 2};
	struct wok__pool pool;

	wok__pool_open(&pool, &limits);
	for (int i = 0; i < 5; i++) {
		struct wok__connection *connection = get(&pool, "http://h");
		ASSERT_EQ(connection->requests, i % 2);
		connection->requests++;
		wok__pool_release(&pool, connection);
		ASSERT_EQ(pool.n_idle, i % 2 == 0);
	}
	end_pool(&pool);
}

TEST_TASK(a_connection_is_closed_when_the_server_would_do_so, "client-6")
{
	struct wok__pool pool;

	open_pool(&pool, 100, WOK_UNLIMITED, WOK_MINUTE);
	struct wok__connection *a = get(&pool, "http://a"), *b = get(&pool, "http://b");
	a->keep_alive = 4 * WOK_SECOND;
	b->keep_alive = 2 * WOK_MINUTE; /* longer than ours */
	wok__pool_release(&pool, a);
	wok__pool_release(&pool, b);
	wok_test_advance(3 * WOK_SECOND);
	ASSERT(get(&pool, "http://a") == a); /* what is used does not end */
	wok_test_advance(3 * WOK_SECOND);
	ASSERT_EQ(open_streams, 2);
	wok__pool_release(&pool, a); /* and its time begins anew */
	wok_test_advance(4 * WOK_SECOND - 1);
	ASSERT_EQ(open_streams, 2);
	wok_test_advance(1);
	ASSERT_EQ(open_streams, 1);
	ASSERT_EQ(pool.n_idle, 1);
	ASSERT(get(&pool, "http://b") == b);
	b->keep_alive = 40 * WOK_SECOND;
	wok__pool_release(&pool, b);
	wok_test_advance(WOK_SECOND);
	ASSERT(get(&pool, "http://b") == b);
	b->keep_alive = 5 * WOK_SECOND; /* the server has changed its mind */
	wok__pool_release(&pool, b);
	wok_test_advance(5 * WOK_SECOND - 1);
	ASSERT_EQ(open_streams, 1);
	wok_test_advance(1);
	ASSERT_EQ(open_streams, 0);
	end_pool(&pool);
}

TEST_TASK(a_host_with_a_queue_of_its_own_does_not_keep_the_place_for_itself)
{
	static const char *const urls[] = {"http://a", "http://b", "http://a"};
	struct asker askers[3];
	struct wok__pool pool;
	int turn = 0;

	open_pool(&pool, 1, 1, WOK_SECOND);
	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new(&scope));
	struct wok__connection *held = get(&pool, "http://a");
	for (int i = 0; i < 3; i++) {
		askers[i] = (struct asker){&pool, urls[i], NULL, &turn, 0, 1};
		ASSERT_OK(wok_scope_spawn(scope, ask, &askers[i]));
		test_settle();
	}
	wok__pool_release(&pool, held);
	for (int i = 0; i < 3; i++) {
		test_settle();
		ASSERT_EQ(turn, i + 1);
		ASSERT_EQ(askers[i].place, i + 1); /* first in, first out */
		wok__pool_release(&pool, askers[i].connection);
	}
	ASSERT_OK(wok_scope_join(scope));
	end_pool(&pool);
}

static ssize_t no_room(const struct wok__connection *connection)
{
	(void) connection;
	return 0;
}

TEST_TASK(who_waits_for_a_connection_that_takes_nobody_gets_another_when_it_ends)
{
	static const struct wok__wire wire = {.room = no_room};
	struct wok__pool pool;
	int turns = 0;

	open_pool(&pool, 100, WOK_UNLIMITED, WOK_SECOND);
	struct wok__connection *first = get(&pool, "http://h");
	first->wire = &wire;
	wok__pool_share(&pool, first);
	wok__pool_begun(first);
	wok__pool_leave(&pool, first);
	struct asker asker = {.pool = &pool, .url = "http://h", .turn = &turns};
	WOK_AUTO(wok_task) *task = wok_create_task(ask, &asker);
	test_settle();
	ASSERT_EQ(asker.place, 0);
	ASSERT_OK(wok_sleep(2 * WOK_SECOND));
	ASSERT_EQ(asker.place, 1);
	ASSERT_OK(wok_await(task));
	wok__pool_discard(&pool, asker.connection);
	end_pool(&pool);
}

TEST_TASK(an_idle_connection_of_another_host_makes_room)
{
	struct wok__pool pool;

	open_pool(&pool, 3, WOK_UNLIMITED, WOK_MINUTE);
	struct wok__connection *a = get(&pool, "http://a"), *b = get(&pool, "http://b");
	struct wok__connection *c = get(&pool, "http://c");
	wok__pool_release(&pool, b);
	wok_test_advance(1);
	wok__pool_release(&pool, a);
	ASSERT_EQ(pool.n_idle, 2);
	struct wok__connection *d =
		get(&pool, "http://d"); /* b went: it had been idle for longer */
	ASSERT_EQ(open_streams, 3);
	ASSERT(get(&pool, "http://a") == a);
	wok__pool_release(&pool, a);
	wok__pool_release(&pool, c);
	wok__pool_release(&pool, d);
	end_pool(&pool);
}

TEST_TASK(an_idle_connection_is_closed_when_its_time_is_over, "client-5")
{
	struct wok__pool pool;

	open_pool(&pool, 100, WOK_UNLIMITED, 10 * WOK_SECOND);
	struct wok__connection *a = get(&pool, "http://a"), *b = get(&pool, "http://b");
	wok__pool_release(&pool, a);
	wok_test_advance(6 * WOK_SECOND);
	wok__pool_release(&pool, b);
	wok_test_advance(4 * WOK_SECOND - 1);
	ASSERT_EQ(open_streams, 2);
	wok_test_advance(1);
	ASSERT_EQ(open_streams, 1);
	ASSERT_EQ(pool.n_idle, 1);
	ASSERT(get(&pool, "http://b") == b); /* in use, nothing expires */
	wok_test_advance(WOK_MINUTE);
	ASSERT_EQ(open_streams, 1);
	wok__pool_release(&pool, b); /* and its time begins anew */
	wok_test_advance(10 * WOK_SECOND - 1);
	ASSERT_EQ(open_streams, 1);
	wok_test_advance(1);
	ASSERT_EQ(open_streams, 0);
	end_pool(&pool);
}

TEST_TASK(closing_the_pool_refuses_who_waits_and_who_comes)
{
	struct asker askers[2];
	struct wok__connection *late = NULL;
	struct wok__pool pool;
	int turn = 0;

	open_pool(&pool, 1, WOK_UNLIMITED, WOK_SECOND);
	WOK_AUTO(wok_scope) *scope = NULL;
	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.keep_going = true}, &scope));
	struct wok__connection *a = get(&pool, "http://a");
	for (int i = 0; i < 2; i++) {
		askers[i] = (struct asker){&pool, i ? "http://b" : "http://a", NULL, &turn, 0, 1};
		ASSERT_OK(wok_scope_spawn(scope, ask, &askers[i]));
	}
	test_settle();
	wok__pool_close(&pool);
	ASSERT_ERR(wok_scope_join(scope), -ESHUTDOWN);
	ASSERT_EQ(askers[0].result, -ESHUTDOWN);
	ASSERT_EQ(askers[1].result, -ESHUTDOWN);
	ASSERT_ERR(acquire(&pool, "http://a", &late), -ESHUTDOWN);
	wok__pool_release(&pool, a); /* closed, not kept */
	ASSERT_EQ(open_streams, 0);
	end_pool(&pool);
}

/* Counted, not timed: how often connections are looked at, and how full the table is. */
TEST_TASK(ten_thousand_idle_connections_cost_a_request_nothing)
{
	enum { MANY = 10000 };
	static struct wok__connection *connections[2 * MANY];
	struct wok__pool pool;
	wok_loop_info before, after;

	open_pool(&pool, WOK_UNLIMITED, WOK_UNLIMITED, WOK_SECOND);
	for (int i = 0; i < 2 * MANY; i++) {
		char url[40];
		snprintf(url, sizeof(url), "http://host-%d.test", i < MANY ? i : 0);
		connections[i] = get(&pool, url);
	}
	ASSERT_OK(wok_loop_get_info(&before));
	for (int i = 0; i < 2 * MANY; i++)
		wok__pool_release(&pool, connections[i]);
	ASSERT_OK(wok_loop_get_info(&after));
	ASSERT_EQ(after.timers - before.timers, 1);
	ASSERT_EQ(pool.n_idle, 2 * MANY);
	ASSERT_EQ(pool.n_origins, MANY);
	ASSERT(pool.n_buckets >= pool.n_origins);

	looks = 0;
	for (int i = 0; i < 100; i++)
		wok__pool_release(&pool, get(&pool, "http://host-0.test"));
	ASSERT_EQ(looks, 200); /* when it is taken, and when it is watched again */
	wok_test_advance(WOK_SECOND);
	ASSERT_EQ(pool.n_idle, 0);
	ASSERT_EQ(pool.n_origins, 0); /* a crawler meets many hosts */
	end_pool(&pool);
}

/* --- property: cancel anybody anywhere -------------------------------------------------------- */

struct user {
	struct wok__pool *pool;
	unsigned random;
	int *alive;
};

static unsigned draw(unsigned *state)
{
	*state = *state * 1103515245 + 12345;
	return *state >> 16;
}

static int use(void *arg)
{
	static const char *const urls[] = {"http://a", "http://b", "http://c"};
	struct user *user = arg;
	struct wok__connection *connection = NULL;

	for (int i = 0; i < 10; i++) {
		WOK_TRY(acquire(user->pool, urls[draw(&user->random) % 3], &connection));
		ASSERT(user->pool->open <= user->pool->limits.connections);
		++*user->alive;
		ASSERT((size_t) *user->alive <= user->pool->limits.connections);
		int r = wok_sleep((wok_time) (draw(&user->random) % 5) * WOK_MS);
		--*user->alive;
		if (r < 0 || draw(&user->random) % 3 == 0)
			wok__pool_discard(user->pool, connection);
		else
			wok__pool_release(user->pool, connection);
		WOK_TRY(r);
	}
	return 0;
}

TEST_TASK(after_any_cancels_the_pool_is_whole, "client-22")
{
	enum { USERS = 30 };
	unsigned random = (unsigned) test_seed() * 7919 + 1;
	struct user users[USERS];
	wok_task *tasks[USERS];
	struct wok__pool pool;
	int alive = 0;

	for (int round = 0; round < 20; round++) {
		open_pool(&pool, 1 + draw(&random) % 4, 1 + draw(&random) % 3, 3 * WOK_MS);
		for (int i = 0; i < USERS; i++) {
			users[i] = (struct user){&pool, draw(&random), &alive};
			tasks[i] = wok_create_task(use, &users[i]);
		}
		for (int i = 0; i < USERS / 2; i++) {
			wok_test_advance((wok_time) (draw(&random) % 3) * WOK_MS);
			wok_cancel(tasks[draw(&random) % USERS]);
		}
		for (int i = 0; i < USERS; i++) {
			int r = wok_await(tasks[i]);
			if (r != 0 && r != WOK_ETASKCANCELED)
				FAIL("a user got %s", wok_errname(r));
			wok_task_free(tasks[i]);
		}
		ASSERT_EQ(pool.open, pool.n_idle);
		ASSERT_EQ(pool.n_waiting, 0);
		ASSERT_EQ(open_streams, pool.open);
		end_pool(&pool);
	}
}

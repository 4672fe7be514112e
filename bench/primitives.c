/* Each primitive N times: nanoseconds and allocations for one operation, as "NAME_ns X" and
 * "NAME_allocs X". Where two tasks take part, one operation is one turn of both of them.
 * Try:      primitives 1000000        or only some:   primitives 1000000 channel */
#include <string.h>

#include "bench.h"

static size_t allocations;

static void *count_allocations(void *pointer, size_t size, void *unused)
{
	(void) unused;
	if (size == 0) {
		free(pointer);
		return NULL;
	}
	allocations += !pointer;
	return realloc(pointer, size);
}

/* Runs one n times in another task, while the caller runs other n times: they take turns. */
struct partner {
	wok_fn *one;
	size_t n;
	void *arg;
};

static int repeat(void *arg)
{
	struct partner *partner = arg;

	for (size_t i = 0; i < partner->n; i++)
		WOK_TRY(partner->one(partner->arg));
	return 0;
}

static int together(size_t n, wok_fn *one, wok_fn *other, void *arg)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	struct partner partner = {one, n, arg}, self = {other, n, arg};

	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, repeat, &partner));
	WOK_TRY(repeat(&self));
	return wok_scope_join(scope);
}

static int lock_free(size_t n)
{
	wok_lock lock = WOK_LOCK_INIT;

	for (size_t i = 0; i < n; i++) {
		WOK_TRY(wok_lock_acquire(&lock));
		WOK_TRY(wok_lock_release(&lock));
	}
	return 0;
}

static int hold_and_yield(void *lock)
{
	WOK_TRY(wok_lock_acquire(lock));
	int r = wok_yield();
	wok_lock_release(lock);
	return r;
}

static int lock_contended(size_t n)
{
	wok_lock lock = WOK_LOCK_INIT;

	return together(n, hold_and_yield, hold_and_yield, &lock);
}

static int rwlock_read(size_t n)
{
	wok_rwlock lock = WOK_RWLOCK_INIT;

	for (size_t i = 0; i < n; i++) {
		WOK_TRY(wok_rwlock_acquire_read(&lock));
		WOK_TRY(wok_rwlock_release_read(&lock));
	}
	return 0;
}

static int semaphore_free(size_t n)
{
	wok_semaphore semaphore = WOK_SEMAPHORE_INIT(1);

	for (size_t i = 0; i < n; i++) {
		WOK_TRY(wok_semaphore_acquire(&semaphore));
		WOK_TRY(wok_semaphore_release(&semaphore));
	}
	return 0;
}

static int acquire(void *semaphore)
{
	return wok_semaphore_acquire(semaphore);
}

static int release_and_yield(void *semaphore)
{
	WOK_TRY(wok_semaphore_release(semaphore));
	return wok_yield();
}

static int semaphore_waited(size_t n)
{
	wok_semaphore semaphore = WOK_SEMAPHORE_INIT(0);

	return together(n, acquire, release_and_yield, &semaphore);
}

struct events {
	wok_event ping, pong;
};

static int answer(void *arg)
{
	struct events *events = arg;

	WOK_TRY(wok_event_wait(&events->ping));
	wok_event_clear(&events->ping);
	wok_event_set(&events->pong);
	return 0;
}

static int ask(void *arg)
{
	struct events *events = arg;

	wok_event_set(&events->ping);
	WOK_TRY(wok_event_wait(&events->pong));
	wok_event_clear(&events->pong);
	return 0;
}

static int event_ping_pong(size_t n)
{
	struct events events = {WOK_EVENT_INIT, WOK_EVENT_INIT};

	return together(n, answer, ask, &events);
}

struct turns {
	wok_lock lock;
	wok_condition changed;
	bool second; /* whose turn it is */
};

static int take_turn(struct turns *turns, bool second)
{
	int r = 0;

	WOK_TRY(wok_lock_acquire(&turns->lock));
	while (r == 0 && turns->second != second)
		r = wok_condition_wait(&turns->changed);
	turns->second = !second;
	if (r == 0)
		r = wok_condition_notify(&turns->changed, 1);
	wok_lock_release(&turns->lock);
	return r;
}

static int first_turn(void *turns)
{
	return take_turn(turns, false);
}

static int second_turn(void *turns)
{
	return take_turn(turns, true);
}

static int condition_turns(size_t n)
{
	struct turns turns = {.lock = WOK_LOCK_INIT};

	turns.changed = (wok_condition) WOK_CONDITION_INIT(&turns.lock);
	return together(n, first_turn, second_turn, &turns);
}

static int meet(void *barrier)
{
	int r = wok_barrier_wait(barrier);

	return r < 0 ? r : 0;
}

static int barrier_of_two(size_t n)
{
	wok_barrier barrier = WOK_BARRIER_INIT(2);

	return together(n, meet, meet, &barrier);
}

static int send_one(void *channel)
{
	return wok_channel_send(channel, &(int){1});
}

static int receive_one(void *channel)
{
	int item;

	return wok_channel_receive(channel, &item);
}

static int through_channel(size_t n, size_t capacity)
{
	WOK_AUTO(wok_channel) *channel = NULL;

	WOK_TRY(wok_channel_new(sizeof(int), capacity, &channel));
	return together(n, receive_one, send_one, channel);
}

static int channel_met(size_t n)
{
	return through_channel(n, 0);
}

static int channel_of_100(size_t n)
{
	return through_channel(n, 100);
}

static int select_one(void *arg)
{
	wok_channel **channels = arg;
	int item;
	wok_select_case cases[] = {{.channel = channels[0], .receive = &item},
				   {.channel = channels[1], .receive = &item}};
	int r = wok_select(cases, 2);

	return r < 0 ? r : cases[r].result;
}

static int send_to_first(void *arg)
{
	wok_channel **channels = arg;

	return send_one(channels[0]);
}

static int select_of_two(size_t n)
{
	WOK_AUTO(wok_channel) *first = NULL;
	WOK_AUTO(wok_channel) *second = NULL;

	WOK_TRY(wok_channel_new(sizeof(int), 0, &first));
	WOK_TRY(wok_channel_new(sizeof(int), 0, &second));
	wok_channel *channels[] = {first, second};
	return together(n, select_one, send_to_first, channels);
}

static int put_one(void *queue)
{
	return wok_queue_put(queue, &(int){1});
}

static int get_one(void *queue)
{
	int item;

	return wok_queue_get(queue, &item);
}

static int queue_of_100(size_t n)
{
	WOK_AUTO(wok_queue) *queue = NULL;

	WOK_TRY(wok_queue_new(sizeof(int), 100, &queue));
	return together(n, get_one, put_one, queue);
}

static int yield_numbers(void *unused)
{
	int i = 0, r;

	(void) unused;
	do
		r = wok_gen_yield(&i);
	while (r == 0 && ++i >= 0);
	return r == -ECANCELED ? 0 : r;
}

static int generator_next(size_t n)
{
	WOK_AUTO(wok_gen) *gen = NULL;
	int item, r = 1;

	WOK_TRY(wok_gen_new(yield_numbers, NULL, sizeof(int), &gen));
	for (size_t i = 0; r == 1 && i < n; i++)
		r = wok_gen_next(gen, &item);
	return r < 0 ? r : wok_gen_close(gen);
}

static int settle(void *future)
{
	return wok_future_set(future, 0, NULL);
}

static int future_from_callback(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		WOK_AUTO(wok_future) *future = NULL;

		WOK_TRY(wok_future_new(&future));
		wok_call_soon(settle, future);
		WOK_TRY(wok_future_await(future, NULL));
	}
	return 0;
}

static int nothing(void *unused)
{
	(void) unused;
	return 0;
}

static int scope_of_one(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		WOK_AUTO(wok_scope) *scope = NULL;

		WOK_TRY(wok_scope_new(&scope));
		WOK_TRY(wok_scope_spawn(scope, nothing, NULL));
		WOK_TRY(wok_scope_join(scope));
	}
	return 0;
}

static int scope_of_1000(size_t n)
{
	for (size_t i = 0; i < n; i += 1000) {
		WOK_AUTO(wok_scope) *scope = NULL;

		WOK_TRY(wok_scope_new(&scope));
		for (int k = 0; k < 1000; k++)
			WOK_TRY(wok_scope_spawn(scope, nothing, NULL));
		WOK_TRY(wok_scope_join(scope));
	}
	return 0;
}

static int coro_awaited(size_t n)
{
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok_coro_await(wok_coro(nothing, NULL)));
	return 0;
}

static int timeout_unused(size_t n)
{
	for (size_t i = 0; i < n; i++) {
		wok_timeout timeout = WOK_TIMEOUT_INIT;

		WOK_TIMEOUT (&timeout, WOK_SECOND)
			;
	}
	return 0;
}

static int yield_alone(size_t n)
{
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok_yield());
	return 0;
}

static int yield_once(void *unused)
{
	(void) unused;
	return wok_yield();
}

static int yield_in_turn(size_t n)
{
	return together(n, yield_once, yield_once, NULL);
}

static int callback_soon(size_t n)
{
	for (size_t i = 0; i < n; i += 100) {
		for (int k = 0; k < 100; k++)
			if (wok_call_soon(nothing, NULL).id == 0)
				return -ENOMEM;
		WOK_TRY(wok_yield());
	}
	return 0;
}

static int echo_bytes(void *stream)
{
	char data[64];

	WOK_TRY(wok_stream_read_exactly(stream, data, sizeof(data), NULL));
	return wok_stream_write_all(stream, data, sizeof(data));
}

struct pair {
	wok_stream *near, *far;
};

static int echo_far(void *arg)
{
	return echo_bytes(((struct pair *) arg)->far);
}

static int ask_near(void *arg)
{
	struct pair *pair = arg;
	char data[64] = "";

	WOK_TRY(wok_stream_write_all(pair->near, data, sizeof(data)));
	return wok_stream_read_exactly(pair->near, data, sizeof(data), NULL);
}

static int memory_stream(size_t n)
{
	WOK_AUTO(wok_stream) *near = NULL;
	WOK_AUTO(wok_stream) *far = NULL;

	WOK_TRY(wok_stream_pair(4096, &near, &far));
	return together(n, echo_far, ask_near, &(struct pair){near, far});
}

static const struct primitive {
	const char *name;
	int (*run)(size_t n);
} primitives[] = {
	{"yield_alone", yield_alone},
	{"yield_in_turn", yield_in_turn},
	{"lock_free", lock_free},
	{"lock_contended", lock_contended},
	{"rwlock_read", rwlock_read},
	{"semaphore_free", semaphore_free},
	{"semaphore_waited", semaphore_waited},
	{"event_ping_pong", event_ping_pong},
	{"condition_turns", condition_turns},
	{"barrier_of_two", barrier_of_two},
	{"channel_met", channel_met},
	{"channel_of_100", channel_of_100},
	{"select_of_two", select_of_two},
	{"queue_of_100", queue_of_100},
	{"generator_next", generator_next},
	{"future_from_callback", future_from_callback},
	{"scope_of_one", scope_of_one},
	{"scope_of_1000", scope_of_1000},
	{"coro_awaited", coro_awaited},
	{"timeout_unused", timeout_unused},
	{"callback_soon", callback_soon},
	{"memory_stream", memory_stream},
};

/* The first tenth warms up: slabs and stacks are there then, as in a program that runs. */
static int measure(const struct primitive *primitive, size_t n)
{
	WOK_TRY(primitive->run(n / 10 + 1));
	size_t allocated = allocations;
	wok_time start = wok_now();
	WOK_TRY(primitive->run(n));
	double ns = (double) (wok_now() - start) / (double) n;
	printf("%s_ns %.1f\n", primitive->name, ns);
	printf("%s_allocs %.3f\n", primitive->name,
	       (double) (allocations - allocated) / (double) n);
	return 0;
}

struct wanted {
	size_t n;
	const char *text; /* in the name; NULL: all */
};

static int run(void *arg)
{
	const struct wanted *wanted = arg;

	for (size_t i = 0; i < sizeof(primitives) / sizeof(primitives[0]); i++)
		if (!wanted->text || strstr(primitives[i].name, wanted->text))
			WOK_TRY(measure(&primitives[i], wanted->n));
	return 0;
}

int main(int argc, char **argv)
{
	struct wanted wanted = {bench_count(argc, argv, 1), argc > 2 ? argv[2] : NULL};
	int r = wok_set_allocator(&(wok_allocator){count_allocations, NULL});

	return bench_exit("primitives", r < 0 ? r : wok_run(run, &wanted));
}

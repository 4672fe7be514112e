/* SPDX-License-Identifier: MIT */
/*
 * Tasks that do anything to each other, in an order drawn from the seed: scopes, limits, shields,
 * locks and permits, gathers, handles freed early, cancels at any moment. What must hold: everybody
 * ends, nothing is lost, no header or frame is used after its end (the sanitizer looks).
 */
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

enum { TARGETS = 8, DEPTH = 4 };

static struct {
	uint64_t random;
	wok_lock lock;
	wok_semaphore semaphore;
	wok_event event;
	wok_scope *background;
	wok_task *targets[TARGETS]; /* to cancel and to await, by whoever likes to */
	int alive;
	int steps;
} world;

static unsigned draw(unsigned n)
{
	world.random ^= world.random << 13;
	world.random ^= world.random >> 7;
	world.random ^= world.random << 17;
	return (unsigned) (world.random >> 20) % n;
}

static int act(int depth);

static int live(void *depth)
{
	int r = 0;

	world.alive++;
	for (unsigned i = draw(4) + 1; i > 0 && r >= 0; i--) {
		r = act((int) (intptr_t) depth);
		if (r < 0 && draw(4) == 0)
			r = 0; /* some do not listen */
	}
	world.alive--;
	return r;
}

static void *deeper(int depth)
{
	return (void *) (intptr_t) (depth - 1);
}

static int use_lock(void)
{
	int r;

	WOK_WITH_LOCK (&world.lock, r) {
		return wok_sleep(draw(3) * WOK_MS);
	}
	return r;
}

static int use_permit(void)
{
	int r;

	WOK_WITH_SEMAPHORE (&world.semaphore, r) {
		return wok_sleep(draw(3) * WOK_MS);
	}
	return r;
}

static int open_scope(int depth)
{
	const wok_scope_options options = {
		.keep_going = draw(2),
		.shield = draw(3) == 0 ? draw(5) * WOK_MS : 0,
		.timeout = draw(3) == 0 ? (draw(5) + 1) * WOK_MS : 0,
	};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&options, &scope));
	for (unsigned i = draw(4); i > 0; i--)
		ASSERT_OK(wok_scope_spawn(scope, live, deeper(depth)));
	int r = act(depth - 1);
	if (draw(3) == 0)
		wok_scope_cancel(scope, "mayhem");
	if (draw(4) == 0)
		wok_scope_set_shield(scope, draw(3) * WOK_MS);
	return draw(3) == 0 ? r : wok_scope_join(scope);
}

static int use_handles(int depth)
{
	wok_task *tasks[3];
	int r = 0;

	for (int i = 0; i < 3; i++)
		tasks[i] = wok_create_task(live, deeper(depth));
	switch (draw(5)) {
	case 0:
		r = wok_gather(tasks, 3, (int) draw(3));
		break;
	case 1:
		r = wok_await_for(tasks[0], draw(3) * WOK_MS);
		break;
	case 2:
		r = wok_await(tasks[1]);
		break;
	case 3:
		wok_cancel(tasks[2]);
		r = wok_yield();
		break;
	default:
		break;
	}
	for (int i = 0; i < 3; i++) {
		if (draw(5) == 0) {
			wok_task_detach(&tasks[i]);
			continue;
		}
		wok_task **target = &world.targets[draw(TARGETS)];
		if (draw(2)) {
			wok_task *old = *target;
			*target = wok_task_ref(tasks[i]);
			wok_task_free(old);
		}
		wok_task_free(tasks[i]);
	}
	return r;
}

/* A target may be freed by others while it is awaited: the call holds what it needs. */
static int meet_a_target(void)
{
	wok_task *target = world.targets[draw(TARGETS)];

	if (!target)
		return wok_yield();
	if (draw(3) == 0)
		return wok_cancel(target) ? wok_yield() : 0;
	return draw(2) ? wok_await(target) : wok_await_for(target, draw(4) * WOK_MS);
}

static int limit(int depth)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	WOK_TIMEOUT (&timeout, draw(5) * WOK_MS) {
		r = act(depth - 1);
		if (draw(4) == 0)
			WOK_IGNORE(wok_timeout_set_deadline(&timeout, wok_now() + draw(3)));
	}
	return draw(8) ? wok_timeout_result(&timeout, r) : r;
}

static int shield(int depth)
{
	int r = 0;

	WOK_SHIELD (draw(5) * WOK_MS) {
		r = act(depth - 1);
	}
	return r;
}

static int set_event(void *unused)
{
	(void) unused;
	wok_event_set(&world.event);
	wok_event_clear(&world.event);
	return 0;
}

static int wait_for_event(void)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = 0;

	if (draw(2))
		wok_call_later(draw(3) * WOK_MS, set_event, NULL);
	WOK_TIMEOUT (&timeout, 3 * WOK_MS) {
		r = wok_event_wait(&world.event);
	}
	return wok_timeout_result(&timeout, r);
}

static int act(int depth)
{
	if (++world.steps > 3000)
		return 0;
	switch (draw(depth > 0 ? 13 : 7)) {
	case 0:
	case 1:
		return wok_sleep(draw(4) * WOK_MS);
	case 2:
		return wok_yield();
	case 3:
		return use_lock();
	case 4:
		return use_permit();
	case 5:
		return wait_for_event();
	case 6:
		return draw(6) ? meet_a_target() : wok_fail(-EIO, "mayhem");
	case 7:
	case 8:
		return open_scope(depth);
	case 9:
		return limit(depth);
	case 10:
		return shield(depth);
	case 11:
		/* Detached tasks outlive it. */
		return world.background ? wok_scope_spawn(world.background, live, deeper(depth))
					: 0;
	default:
		return use_handles(depth);
	}
}

static int unleash(void *unused)
{
	(void) unused;
	ASSERT_OK(wok_scope_new_with(&(wok_scope_options){.background = true, .keep_going = true},
				     &world.background));
	for (int i = 0; i < 20; i++)
		ASSERT_OK(wok_scope_spawn(world.background, live, (void *) (intptr_t) DEPTH));
	WOK_IGNORE(wok_scope_join(world.background));
	wok_scope_free(world.background);
	world.background = NULL;
	return 0;
}

static void drop_report(const wok_report *report, void *unused)
{
	(void) unused;
	/* All of these are to be expected, but for this one. */
	if (report->code == -EOWNERDEAD)
		FAIL("%s", report->message);
}

#ifdef __SANITIZE_THREAD__
enum { ROUNDS = 100 }; /* its fibres cost milliseconds */
#else
enum { ROUNDS = 500 };
#endif

TEST(mayhem_ends_and_loses_nothing)
{
	ASSERT_OK(wok_set_report_hook(drop_report, NULL));
	for (uint64_t seed = 1; seed <= ROUNDS; seed++) {
		memset(&world, 0, sizeof(world));
		world.random = seed * UINT64_C(0x9e3779b97f4a7c15) + test_seed();
		world.semaphore = (wok_semaphore) WOK_SEMAPHORE_INIT(2);
		ASSERT_OK(wok_test_run(unleash, NULL, &(wok_test_options){.seed = seed}));
		for (int i = 0; i < TARGETS; i++)
			wok_task_free(world.targets[i]); /* handles outlive their run */
		ASSERT_EQ(world.alive, 0);
		ASSERT(!wok_lock_held(&world.lock));
		ASSERT_EQ(world.semaphore.permits, 2);
		ASSERT(!world.event.waiters.first && !world.semaphore.waiters.first);
	}
}

/* SPDX-License-Identifier: MIT */
/* What a switch keeps for each task: see platform/context.h. */
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <wok/wok.h>

#include "harness/test.h"

static int keep_errno(void *arg)
{
	int own = *(int *) arg;

	errno = own;
	for (int i = 0; i < 10; i++) {
		WOK_TRY(wok_yield());
		if (errno != own)
			return -EIO;
	}
	WOK_TRY(wok_sleep(WOK_MS));
	return errno == own ? 0 : -EIO;
}

TEST_TASK(each_task_has_its_own_errno, "G11")
{
	int numbers[] = {ENOENT, EPIPE, EBADF, 0};

	errno = E2BIG;
	ASSERT_OK(wok_for_each(keep_errno, numbers, 4, 0, 0));
	ASSERT_EQ(errno, E2BIG);
}

/* The last bit of a third shows which way is rounded. */
static double a_third(void)
{
	volatile double one = 1.0, three = 3.0;

	return one / three;
}

struct rounding {
	int mode;
	double expected;
};

static int keep_rounding(void *arg)
{
	struct rounding *self = arg;

	if (fesetround(self->mode) != 0)
		return -ENOTSUP;
	double third = a_third();
	for (int i = 0; i < 10; i++) {
		WOK_TRY(wok_yield());
		if (fegetround() != self->mode || a_third() != third)
			return -EIO;
	}
	self->expected = third;
	return fesetround(FE_TONEAREST);
}

TEST_TASK(each_task_has_its_own_floating_point_control, "G11")
{
	struct rounding modes[] = {{FE_UPWARD, 0}, {FE_DOWNWARD, 0}, {FE_TONEAREST, 0}};

	ASSERT_OK(wok_for_each(keep_rounding, modes, 3, 0, 0));
	ASSERT(modes[0].expected > modes[1].expected);
	ASSERT_EQ(fegetround(), FE_TONEAREST);
}

static int change_rounding(void *unused)
{
	(void) unused;
	return fesetround(FE_UPWARD) == 0 ? 0 : -ENOTSUP;
}

static int tell_rounding(void *ret_mode)
{
	*(int *) ret_mode = fegetround();
	return 0;
}

TEST_TASK(a_task_begins_with_the_floating_point_control_of_the_thread, "G11")
{
	int modes[2] = {FE_DOWNWARD, FE_DOWNWARD};
	WOK_AUTO(wok_scope) *scope = NULL;

	/* After a task that ended with another one, on its stack; and out of one that waits. */
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, change_rounding, NULL));
	ASSERT_OK(wok_scope_spawn(scope, tell_rounding, &modes[0]));
	ASSERT_OK(fesetround(FE_UPWARD));
	ASSERT_OK(wok_scope_spawn(scope, tell_rounding, &modes[1]));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(fegetround(), FE_UPWARD);
	ASSERT_OK(fesetround(FE_TONEAREST));
	ASSERT_EQ(modes[0], FE_TONEAREST);
	ASSERT_EQ(modes[1], FE_TONEAREST);
}

struct numbers {
	unsigned seed;
};

/* Values in as many registers as the compiler has, across switches. */
static int keep_registers(void *arg)
{
	unsigned seed = ((struct numbers *) arg)->seed;
	unsigned long a = seed, b = seed + 1, c = seed + 2, d = seed + 3, e = seed + 4,
		      f = seed + 5;
	double x = seed, y = seed / 3.0, z = seed / 7.0;

	for (int i = 0; i < 100; i++) {
		WOK_TRY(wok_yield());
		a += b;
		b ^= c;
		c += d;
		d ^= e;
		e += f;
		f ^= a;
		x = y + z;
		y = z * 1.0001;
		z = x / 2;
	}
	((struct numbers *) arg)->seed =
		(unsigned) (a ^ b ^ c ^ d ^ e ^ f) + (unsigned) (x + y + z);
	return 0;
}

TEST_TASK(registers_survive_switches)
{
	struct numbers alone = {7}, among[8];

	ASSERT_OK(keep_registers(&alone));
	for (unsigned i = 0; i < 8; i++)
		among[i].seed = i;
	ASSERT_OK(wok_for_each(keep_registers, among, 8, 0, 0));
	ASSERT_EQ(among[7].seed, alone.seed);
}

__attribute__((noinline)) static int wait_deep(int depth)
{
	volatile char frame[64];

	frame[0] = (char) depth;
	int r = depth > 0 ? wait_deep(depth - 1) : wok_sleep(WOK_MS);
	return r < 0 ? r : frame[0] == (char) depth ? 0 : -EIO;
}

static int wait_at_depth(void *depth)
{
	return wait_deep(*(int *) depth);
}

TEST_TASK(any_function_may_wait_however_deep)
{
	int depths[] = {1, 10, 100, 200};

	ASSERT_OK(wok_for_each(wait_at_depth, depths, 4, 0, 0));
}

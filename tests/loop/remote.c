/* SPDX-License-Identifier: MIT */
/* Calls from other threads: see wok/remote.h. Run this under ThreadSanitizer, too. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>
#include <wok/wok.h>

#include "harness/reports.h"
#include "harness/test.h"

static const wok_test_options real = {.real_clock = true};

enum { THREADS = 4, POSTS = 1000 };

/* A thread that posts, and what the loop saw of it. */
struct poster {
	pthread_t thread;
	wok_remote *remote;
	struct post {
		struct poster *poster;
		int number;
	} posts[POSTS];
	int seen;
	wok_event *all;
	int *finished;
};

static int take_post(void *arg)
{
	struct post *post = arg;
	struct poster *poster = post->poster;

	ASSERT_EQ(post->number, poster->seen++); /* in the order of its thread */
	if (poster->seen == POSTS && ++*poster->finished == THREADS)
		wok_event_set(poster->all);
	return 0;
}

static void *post_all(void *arg)
{
	struct poster *poster = arg;

	for (int i = 0; i < POSTS; i++) {
		poster->posts[i] = (struct post){poster, i};
		ASSERT_OK(wok_remote_call(poster->remote, take_post, &poster->posts[i]));
	}
	wok_remote_free(poster->remote);
	return NULL;
}

static int take_posts_of_threads(void *unused)
{
	static struct poster posters[THREADS];
	wok_event all = WOK_EVENT_INIT;
	wok_loop_info info;
	int finished = 0;

	(void) unused;
	for (int i = 0; i < THREADS; i++) {
		posters[i].all = &all;
		posters[i].finished = &finished;
		ASSERT_OK(wok_remote_new(&posters[i].remote));
		ASSERT_EQ(pthread_create(&posters[i].thread, NULL, post_all, &posters[i]), 0);
	}
	ASSERT_OK(wok_event_wait(&all));
	for (int i = 0; i < THREADS; i++)
		pthread_join(posters[i].thread, NULL);
	ASSERT_OK(wok_loop_get_info(&info));
	ASSERT(info.polls < THREADS * POSTS); /* bursts wake it, not each post */
	return 0;
}

TEST(posts_of_each_thread_run_in_order, "A11")
{
	ASSERT_OK(wok_test_run(take_posts_of_threads, NULL, &real));
}

enum { BURST = 1000 };

static int count_up(void *number)
{
	++*(int *) number;
	return 0;
}

static void *post_a_burst(void *remote)
{
	static int count;

	for (int i = 0; i < BURST; i++)
		ASSERT_OK(wok_remote_call(remote, count_up, &count));
	return &count;
}

/* All come while the loop is held up, so that it is woken once. */
static int take_a_burst(void *unused)
{
	WOK_AUTO(wok_remote) *remote = NULL;
	wok_loop_info before, after;
	pthread_t thread;
	void *count;

	(void) unused;
	ASSERT_OK(wok_remote_new(&remote));
	ASSERT_OK(wok_yield());
	ASSERT_EQ(pthread_create(&thread, NULL, post_a_burst, remote), 0);
	pthread_join(thread, &count);
	ASSERT_OK(wok_loop_get_info(&before));
	while (*(int *) count < BURST)
		ASSERT_OK(wok_sleep(WOK_US));
	ASSERT_OK(wok_loop_get_info(&after));
	ASSERT(after.polls - before.polls < 10);
	return 0;
}

TEST(a_burst_of_posts_wakes_the_loop_a_few_times_at_most, "A11")
{
	ASSERT_OK(wok_test_run(take_a_burst, NULL, &real));
}

struct reposting {
	wok_remote *remote;
	int left;
};

static int post_again(void *arg)
{
	struct reposting *self = arg;

	return self->left > 0 ? wok_remote_call(self->remote, post_again, self) : 0;
}

TEST_TASK(callbacks_that_post_again_do_not_starve_tasks, "A11")
{
	struct reposting self = {.left = 1};

	ASSERT_OK(wok_remote_new(&self.remote));
	ASSERT_OK(wok_remote_call(self.remote, post_again, &self));
	for (int i = 0; i < 20; i++)
		ASSERT_OK(wok_yield());
	self.left = 0;
	test_settle();
	wok_remote_free(self.remote);
}

static wok_remote *late;
static atomic_bool stop;
static atomic_int refused;

static int nothing(void *unused)
{
	(void) unused;
	return 0;
}

static void *hammer(void *unused)
{
	while (!atomic_load(&stop))
		if (wok_remote_call(late, nothing, NULL) == -ESHUTDOWN)
			atomic_fetch_add(&refused, 1);
	return unused;
}

static void *run_hammer(void *unused)
{
	while (!atomic_load(&stop))
		if (wok_remote_run(late, nothing, NULL) == -ESHUTDOWN)
			atomic_fetch_add(&refused, 1);
	return unused;
}

static int give_out_a_remote(void *threads)
{
	pthread_t *thread = threads;

	ASSERT_OK(wok_remote_new(&late));
	ASSERT_EQ(pthread_create(&thread[0], NULL, hammer, NULL), 0);
	ASSERT_EQ(pthread_create(&thread[1], NULL, run_hammer, NULL), 0);
	return wok_sleep(5 * WOK_MS);
}

static void drop_report(const wok_report *report, void *unused)
{
	(void) report;
	(void) unused;
}

TEST(posting_after_the_end_is_refused_though_threads_hammer_it, "A12")
{
	pthread_t threads[2];

	ASSERT_OK(wok_set_report_hook(drop_report, NULL)); /* posts that just missed it */
	for (int i = 0; i < 10; i++) {
		atomic_store(&stop, false);
		atomic_store(&refused, 0);
		ASSERT_OK(wok_test_run(give_out_a_remote, threads, &real));
		ASSERT_ERR(wok_remote_call(late, nothing, NULL), -ESHUTDOWN);
		ASSERT_ERR(wok_remote_run(late, nothing, NULL), -ESHUTDOWN);
		atomic_store(&stop, true);
		for (int k = 0; k < 2; k++)
			pthread_join(threads[k], NULL);
		wok_remote_free(late);
	}
}

/* --- arguments that are given away ------------------------------------------------------------ */

static int released; /* by the loop's thread only */

static void release(void *number)
{
	released++;
	free(number);
}

static int check_number(void *number)
{
	ASSERT_EQ(*(int *) number, 7);
	ASSERT_EQ(released, 0);
	return 0;
}

static int *new_number(void)
{
	int *number = malloc(sizeof(*number));

	ASSERT(number);
	*number = 7;
	return number;
}

TEST_TASK(an_argument_that_is_given_away_is_released_after_the_call)
{
	WOK_AUTO(wok_remote) *remote = NULL;

	ASSERT_OK(wok_remote_new(&remote));
	ASSERT_OK(wok_remote_call_owned(remote, check_number, new_number(), release));
	ASSERT_EQ(released, 0);
	test_settle();
	ASSERT_EQ(released, 1);
}

static int call_and_end(void *remote)
{
	ASSERT_OK(wok_remote_new((wok_remote **) remote));
	return wok_remote_call_owned(*(wok_remote **) remote, check_number, new_number(), release);
}

/* Mail that the loop does not get to any more: what a tick's callback posts when the run is over.
 */
static int call_too_late(void *arg)
{
	return call_and_end(arg);
}

static int leave_a_callback(void *remote)
{
	wok_call_soon(call_too_late, remote);
	return 0;
}

static int without_memory(void *unused)
{
	WOK_AUTO(wok_remote) *remote = NULL;
	int number;

	(void) unused;
	WOK_TRY(wok_remote_new(&remote));
	wok_test_fail_allocation(1, false);
	int r = wok_remote_call_owned(remote, check_number, &number, release);
	wok_test_fail_allocation(0, false);
	ASSERT_ERR(r, -ENOMEM);
	return 0;
}

TEST(an_argument_that_is_given_away_is_released_at_the_loops_end, "A12")
{
	wok_remote *remote;
	struct test_reports reports;
	int number;

	ASSERT_OK(test_run_reporting(&reports, leave_a_callback, &remote));
	ASSERT_EQ(released, 1);
	ASSERT_EQ(reports.n, 1);
	ASSERT_REPORT(&reports, 0, "1 remote calls came too late");
	/* After a failure it is the caller's. */
	ASSERT_ERR(wok_remote_call_owned(remote, check_number, &number, release), -ESHUTDOWN);
	wok_remote_free(remote);
	ASSERT_OK(wok_test_run(without_memory, NULL, NULL));
	ASSERT_EQ(released, 1);
}

/* --- waking ----------------------------------------------------------------------------------- */

struct wake {
	wok_remote *remote;
	wok_event event;
	wok_time posted;
};

static int set_event(void *arg)
{
	struct wake *self = arg;

	wok_event_set(&self->event);
	return 0;
}

static void *post_later(void *arg)
{
	struct wake *self = arg;
	const struct timespec pause = {0, 5 * 1000 * 1000};

	nanosleep(&pause, NULL); /* the loop sleeps by now */
	self->posted = wok_now();
	ASSERT_OK(wok_remote_call(self->remote, set_event, self));
	return NULL; /* the remote stays: to free the last one would wake the loop, too */
}

static int sleep_until_posted(void *unused)
{
	struct wake self = {.event = WOK_EVENT_INIT};
	pthread_t thread;

	(void) unused;
	ASSERT_OK(wok_remote_new(&self.remote));
	ASSERT_EQ(pthread_create(&thread, NULL, post_later, &self), 0);
	ASSERT_OK(wok_event_wait(&self.event));
	wok_time took = wok_now() - self.posted;
	pthread_join(thread, NULL);
	wok_remote_free(self.remote);
	return took < 10 * WOK_MS ? 0 : -ETIME;
}

TEST(a_post_wakes_a_loop_that_waits_for_nothing_else, "A13")
{
	ASSERT_OK(wok_test_run(sleep_until_posted, NULL, &real));
}

static int wait_for_nobody(void *arg)
{
	struct wake *self = arg;

	return wok_event_wait(&self->event);
}

static void *just_free(void *arg)
{
	struct wake *self = arg;
	const struct timespec pause = {0, 2 * 1000 * 1000};

	nanosleep(&pause, NULL);
	wok_remote_free(self->remote);
	return NULL;
}

static int lose_the_last_remote(void *arg)
{
	struct wake *self = arg;

	ASSERT_OK(wok_remote_new(&self->remote));
	ASSERT_EQ(pthread_create((pthread_t *) &self->posted, NULL, just_free, self), 0);
	return wait_for_nobody(self);
}

TEST(when_the_last_remote_goes_a_deadlock_is_found, "G7")
{
	struct wake self = {.event = WOK_EVENT_INIT};

	ASSERT_ERR(wok_test_run(lose_the_last_remote, &self, &real), -EDEADLK);
	pthread_join((pthread_t) self.posted, NULL);
}

TEST(a_remote_needs_a_loop)
{
	wok_remote *remote = NULL;

	ASSERT_ERR(wok_remote_new(&remote), -EINVAL);
	wok_remote_free(NULL);
}

TEST_TASK(running_on_ones_own_loop_is_refused)
{
	WOK_AUTO(wok_remote) *remote = NULL;

	ASSERT_OK(wok_remote_new(&remote));
	ASSERT_ERR(wok_remote_run(remote, nothing, NULL), -EDEADLK);
	ASSERT(wok_remote_ref(remote) == remote);
	wok_remote_free(remote);
}

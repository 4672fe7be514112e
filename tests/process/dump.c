/* SPDX-License-Identifier: MIT */
/* What all tasks are doing, written at any moment: see wok/dump.h. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "process/children.h"

enum { MANY = 10000, MOST = 16384 };

static int file = -1;

static void open_file(void)
{
	file = memfd_create("dump", MFD_CLOEXEC);
	ASSERT_OK(file);
	/* Several threads write at once, and memory does not lock its position for that. */
	ASSERT_OK(fcntl(file, F_SETFL, O_APPEND));
}

/* What was written since the last call. */
static const char *text(void)
{
	static char data[MOST + 1];
	ssize_t n = pread(file, data, MOST + 1, 0);

	ASSERT(n >= 0 && n <= MOST);
	data[n] = '\0';
	ASSERT_EQ(ftruncate(file, 0), 0);
	return data;
}

static const char *dumped(void)
{
	ASSERT_OK(wok_dump_tasks(file));
	return text();
}

#define ASSERT_TEXT(text, part)                                                                    \
	do {                                                                                       \
		const char *text_ = (text);                                                        \
		if (!strstr(text_, (part)))                                                        \
			FAIL("\"%s\" does not say \"%s\"", text_, (part));                         \
	} while (0)

static wok_lock lock = WOK_LOCK_INIT;
static wok_event event = WOK_EVENT_INIT;

static int wait_for_event(void *unused)
{
	(void) unused;
	return wok_event_wait(&event);
}

static int want_the_lock(void *unused)
{
	(void) unused;
	WOK_TRY(wok_lock_acquire(&lock));
	wok_lock_release(&lock);
	return 0;
}

static int hold_the_lock(void *unused)
{
	WOK_TRY(wok_lock_acquire(&lock));
	int r = wait_for_event(unused);
	wok_lock_release(&lock);
	return r;
}

TEST_TASK(a_dump_says_what_each_kind_of_task_waits_for, "G8")
{
	WOK_AUTO(wok_scope) *scope = NULL;

	open_file();
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, hold_the_lock, NULL));
	test_settle();
	for (int i = 0; i < 3; i++)
		ASSERT_OK(wok_scope_spawn(scope, want_the_lock, NULL));
	test_settle();
	ASSERT_OK(wok_scope_spawn(scope, wait_for_event, NULL));
	const char *now = dumped();
	ASSERT_TEXT(now, "wok: 6 tasks on the loop of thread ");
	ASSERT_TEXT(now, "1 x main (");
	ASSERT_TEXT(now, ") runs\n");
	ASSERT_TEXT(now, "3 x want_the_lock (");
	ASSERT_TEXT(now, "tests/process/dump.c:");
	ASSERT_TEXT(now, ") waits for a lock that hold_the_lock holds\n");
	ASSERT_TEXT(now, "1 x hold_the_lock (");
	ASSERT_TEXT(now, ") waits for an event\n");
	ASSERT_TEXT(now, "1 x wait_for_event (");
	ASSERT_TEXT(now, ") has not begun\n");
	wok_event_set(&event);
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_TEXT(dumped(), "wok: 1 task on");
	close(file);
}

TEST(without_a_loop_there_is_nothing_to_dump)
{
	ASSERT_ERR(wok_dump_tasks(STDERR_FILENO), -EINVAL);
}

static int stay(void *unused)
{
	(void) unused;
	return wok_sleep(WOK_MINUTE);
}

static int dump_ten_thousand(void *unused)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	WOK_AUTO(wok_task) *self = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < MANY / 4; i++) {
		ASSERT_OK(wok_scope_spawn(scope, wait_for_event, NULL));
		for (int k = 0; k < 3; k++)
			ASSERT_OK(wok_scope_spawn(scope, stay, NULL));
	}
	ASSERT_OK(wok_yield());
	ASSERT_OK(wok_yield());
	wok_test_fail_allocation(1, true); /* it must do without */
	raise(SIGQUIT);
	wok_test_fail_allocation(0, false);
	const char *now = text();
	ASSERT_TEXT(now, "wok: 10001 tasks on");
	ASSERT_TEXT(now, "7500 x stay (");
	ASSERT_TEXT(now, "2500 x wait_for_event (");
	ASSERT(strlen(now) < 1000);
	wok_scope_cancel(scope, "enough");
	return 0;
}

TEST(sigquit_lists_ten_thousand_tasks_in_a_few_lines_without_memory, "G8")
{
	struct sigaction now;

	if (TEST_FEW_STACKS)
		SKIP("ThreadSanitizer dies at its 8,129th stack");
	signal(SIGQUIT, SIG_DFL); /* a shell's background job ignores it */
	open_file();
	ASSERT_OK(wok_dump_on_signal(SIGQUIT, file));
	ASSERT_ERR(wok_dump_on_signal(SIGQUIT, file), -EBUSY);
	ASSERT_ERR(wok_dump_on_signal(SIGKILL, file), -EINVAL);
	ASSERT_OK(wok_run(dump_ten_thousand, NULL));
	ASSERT_OK(wok_dump_on_signal(SIGQUIT, -1));
	ASSERT_EQ(sigaction(SIGQUIT, NULL, &now), 0);
	ASSERT(now.sa_handler == SIG_DFL);
	close(file);
}

/* As many kinds of tasks as there are functions: names tell them apart. */
static int dump_many_kinds(void *unused)
{
	static char names[200][64];
	WOK_AUTO(wok_scope) *scope = NULL;

	(void) unused;
	ASSERT_OK(wok_scope_new(&scope));
	for (int i = 0; i < 200; i++) {
		memset(names[i], 'x', sizeof(names[i]) - 1);
		names[i][0] = (char) ('a' + i % 26);
		const wok_task_options options = {.name = names[i]};
		ASSERT_OK(wok_scope_spawn_with(scope, stay, NULL, &options));
	}
	ASSERT_OK(wok_yield());
	const char *now = dumped(); /* not longer than the limit: text() sees to that */
	ASSERT_TEXT(now, "wok: 201 tasks on");
	ASSERT_TEXT(now, " tasks of other kinds\n");
	wok_scope_cancel(scope, "enough");
	return 0;
}

TEST_TASK(a_dump_is_never_longer_than_it_may_be, "G8")
{
	open_file();
	ASSERT_OK(dump_many_kinds(NULL));
	close(file);
}

/* --- at any moment ---------------------------------------------------------------------------- */

static atomic_bool enough;
static atomic_int n_loops;

static int come_and_go(void *unused)
{
	(void) unused;
	WOK_TRY(wok_yield());
	wok_event here = WOK_EVENT_INIT;
	wok_event_set(&here);
	WOK_TRY(wok_event_wait(&here));
	return wok_sleep(WOK_US);
}

/* Tasks come and go all the time, with locks, timers and stacks of their own. */
static int churn(void *unused)
{
	(void) unused;
	atomic_fetch_add(&n_loops, 1);
	while (!atomic_load(&enough)) {
		WOK_AUTO(wok_scope) *scope = NULL;
		WOK_TRY(wok_scope_new(&scope));
		for (int i = 0; i < 300; i++)
			WOK_TRY(wok_scope_spawn(scope, come_and_go, NULL));
		for (int i = 0; i < 30; i++)
			WOK_TRY(wok_scope_spawn(scope, want_the_lock, NULL));
		WOK_TRY(wok_scope_join(scope));
	}
	return 0;
}

static int churn_alone(void *unused)
{
	return churn(unused);
}

static void *disturb(void *loops)
{
	while (atomic_load(&n_loops) < *(int *) loops)
		usleep(100);
	for (int i = 0; i < 2000; i++) {
		kill(getpid(), SIGQUIT);
		if (i % 16 == 0)
			usleep(50);
	}
	atomic_store(&enough, true);
	return NULL;
}

static void dump_under_churn(int loops, wok_fn *fn)
{
	pthread_t thread;

	if (under_valgrind())
		SKIP("Valgrind loses its way in stacks of signal handlers");
	file = open("/dev/null", O_WRONLY | O_CLOEXEC);
	ASSERT_OK(wok_dump_on_signal(SIGQUIT, file));
	ASSERT_EQ(pthread_create(&thread, NULL, disturb, &loops), 0);
	ASSERT_OK(wok_run_threads((size_t) loops, fn, NULL, NULL));
	pthread_join(thread, NULL);
	ASSERT_OK(wok_dump_on_signal(SIGQUIT, -1));
	close(file);
}

TEST(a_dump_may_come_at_any_moment, "G8")
{
	dump_under_churn(1, churn_alone);
}

static int churn_without_lock(void *unused)
{
	(void) unused;
	atomic_fetch_add(&n_loops, 1);
	while (!atomic_load(&enough)) {
		WOK_AUTO(wok_scope) *scope = NULL;
		WOK_TRY(wok_scope_new(&scope));
		for (int i = 0; i < 300; i++)
			WOK_TRY(wok_scope_spawn(scope, come_and_go, NULL));
		WOK_TRY(wok_scope_join(scope));
	}
	return 0;
}

TEST(a_dump_may_come_while_several_loops_are_busy, "G8")
{
	dump_under_churn(3, churn_without_lock);
}

static atomic_int waiting;

static int wait_in_a_loop(void *unused)
{
	(void) unused;
	atomic_fetch_add(&waiting, 1);
	return wok_signal_wait(SIGUSR1);
}

static void *run_and_wait(void *unused)
{
	ASSERT_OK(wok_run(wait_in_a_loop, NULL));
	return unused;
}

static size_t count_of(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text += strlen(part))
		n++;
	return n;
}

TEST(a_signal_dumps_all_loops_each_by_its_own_thread, "G8")
{
	pthread_t threads[3];
	size_t seen = 0;

	open_file();
	ASSERT_OK(wok_dump_on_signal(SIGQUIT, file));
	for (int i = 0; i < 3; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, run_and_wait, NULL), 0);
	while (atomic_load(&waiting) < 3)
		usleep(1000);
	kill(getpid(), SIGQUIT); /* this thread has no loop */
	for (int i = 0; i < 5000 && seen < 3; i++) {
		static char data[MOST];
		usleep(1000);
		ssize_t n = pread(file, data, MOST - 1, 0);
		data[n > 0 ? n : 0] = '\0';
		seen = count_of(data, " on the loop of thread ");
	}
	ASSERT_EQ(seen, 3);
	kill(getpid(), SIGUSR1);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	ASSERT_OK(wok_dump_on_signal(SIGQUIT, -1));
	close(file);
}

static int dump_and_hear(void *unused)
{
	const int numbers[] = {SIGQUIT};
	WOK_AUTO(wok_signals) *signals = NULL;
	int number = 0;

	(void) unused;
	ASSERT_OK(wok_signals_new(numbers, 1, &signals));
	raise(SIGQUIT);
	ASSERT_EQ(wok_signals_next(signals, &number), 1);
	ASSERT_TEXT(text(), "wok: 1 task on");
	ASSERT_OK(wok_dump_on_signal(SIGQUIT, -1));
	raise(SIGQUIT); /* somebody watches it still */
	return wok_signals_next(signals, &number);
}

TEST(who_watches_the_signal_hears_of_it_as_well)
{
	open_file();
	ASSERT_OK(wok_dump_on_signal(SIGQUIT, file));
	ASSERT_EQ(wok_run(dump_and_hear, NULL), 1);
	close(file);
}

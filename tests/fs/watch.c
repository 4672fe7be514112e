/* SPDX-License-Identifier: MIT */
/* Watching files and folders: see wok/watch.h. */
#include "fs/folder.h"

struct watching {
	wok_watch *watch;
	wok_watch_event event;
};

static int next_event(void *arg)
{
	struct watching *watching = arg;

	return wok_watch_next(watching->watch, &watching->event);
}

static wok_watch_event next(wok_watch *watch)
{
	wok_watch_event event;

	ASSERT_EQ(wok_watch_next(watch, &event), 1);
	return event;
}

static void expect(wok_watch *watch, int what, const char *name)
{
	wok_watch_event event = next(watch);

	if (event.what != what)
		FAIL("event %d of %s, not %d", event.what, event.name ? event.name : "itself",
		     what);
	ASSERT_STR(event.name, name);
}

/* Nothing more has happened. */
static void expect_nothing(wok_watch *watch)
{
	struct watching watching = {.watch = watch};
	WOK_AUTO(wok_task) *task = wok_create_task(next_event, &watching);

	test_settle();
	ASSERT(!wok_task_done(task));
}

static wok_watch *watch_folder(int events)
{
	wok_watch *watch;

	ASSERT_OK(wok_watch_new(&watch));
	ASSERT(wok_watch_add(watch, folder, events) > 0);
	return watch;
}

TEST_TASK(what_happens_in_a_folder_is_told, "filerow-14")
{
	IN_FOLDER;
	put_text("old", "");
	WOK_AUTO(wok_watch) *watch = watch_folder(0);
	put_text("file", "x");
	expect(watch, WOK_WATCH_CREATED, "file");
	expect(watch, WOK_WATCH_CHANGED, "file");
	expect(watch, WOK_WATCH_WRITTEN, "file");
	ASSERT_EQ(chmod(in("old"), 0600), 0);
	expect(watch, WOK_WATCH_ATTRIBUTES, "old");
	ASSERT_EQ(unlink(in("old")), 0);
	expect(watch, WOK_WATCH_REMOVED, "old");
	put_folder("sub");
	wok_watch_event event = next(watch);
	ASSERT_EQ(event.what, WOK_WATCH_CREATED);
	ASSERT(event.is_folder);
	ASSERT_STR(event.path, folder);
	ASSERT_EQ(chmod(folder, 0700), 0);
	expect(watch, WOK_WATCH_ATTRIBUTES, NULL);
	expect_nothing(watch);
}

TEST_TASK(only_what_was_asked_for_is_told)
{
	wok_watch *none;

	IN_FOLDER;
	WOK_AUTO(wok_watch) *watch = watch_folder(WOK_WATCH_REMOVED | WOK_WATCH_WRITTEN);
	put_text("file", "x");
	ASSERT_EQ(unlink(in("file")), 0);
	expect(watch, WOK_WATCH_WRITTEN, "file");
	expect(watch, WOK_WATCH_REMOVED, "file");
	ASSERT_ERR(wok_watch_add(watch, "/tmp", WOK_WATCH_GONE), -EINVAL);
	ASSERT_ERR(wok_watch_add(watch, "/tmp", 1 << 20), -EINVAL);
	wok_test_fail_system_call("inotify_init1", 1, EMFILE);
	ASSERT_ERR(wok_watch_new(&none), -EMFILE);
}

TEST_TASK(a_task_waits_for_the_next_event_in_the_loop, "filerow-14")
{
	struct watching watching = {0};

	IN_FOLDER;
	watching.watch = watch_folder(WOK_WATCH_CREATED);
	wok_thread_pool_info before, after;
	wok_thread_pool_get_info(NULL, &before);
	WOK_AUTO(wok_task) *task = wok_create_task(next_event, &watching);
	test_settle();
	ASSERT(!wok_task_done(task));
	ASSERT_ERR(wok_watch_next(watching.watch, &watching.event), -EBUSY);
	put_text("file", "");
	ASSERT_EQ(wok_await(task), 1);
	ASSERT_STR(watching.event.name, "file");
	wok_thread_pool_get_info(NULL, &after);
	ASSERT_EQ(after.completed, before.completed); /* no thread has waited */
	wok_watch_free(watching.watch);
}

TEST_TASK(a_cancelled_wait_loses_no_event)
{
	struct watching watching = {0};

	IN_FOLDER;
	watching.watch = watch_folder(WOK_WATCH_CREATED);
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(next_event, &watching);
		test_settle();
		if (i == 1)
			put_text("file", "");
		ASSERT(wok_cancel(task));
		ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	}
	expect(watching.watch, WOK_WATCH_CREATED, "file");
	wok_watch_free(watching.watch);
}

/* --- renames ---------------------------------------------------------------------------------- */

TEST_TASK(a_rename_is_one_event, "filerow-14")
{
	IN_FOLDER;
	put_folder("a");
	put_folder("b");
	put_text("a/file", "");
	WOK_AUTO(wok_watch) *watch = NULL;
	ASSERT_OK(wok_watch_new(&watch));
	int a = wok_watch_add(watch, in("a"), 0), b = wok_watch_add(watch, in("b"), 0);
	ASSERT(a > 0 && b > 0 && a != b);
	ASSERT_EQ(rename(in("a/file"), in("a/other")), 0);
	ASSERT_EQ(rename(in("a/other"), in("b/there")), 0);
	wok_watch_event event = next(watch);
	ASSERT_EQ(event.what, WOK_WATCH_MOVED);
	ASSERT_STR(event.old_name, "file");
	ASSERT_STR(event.name, "other");
	event = next(watch);
	ASSERT_EQ(event.what, WOK_WATCH_MOVED);
	ASSERT_EQ(event.id, b);
	ASSERT_STR(event.old_path, in("a"));
	ASSERT_STR(event.old_name, "other");
	ASSERT_STR(event.path, in("b"));
	ASSERT_STR(event.name, "there");
	expect_nothing(watch);
}

TEST_TASK(events_between_the_halves_of_a_rename_stay_in_their_order)
{
	IN_FOLDER;
	put_text("1", "");
	put_text("2", "");
	WOK_AUTO(wok_watch) *watch = watch_folder(WOK_WATCH_MOVED | WOK_WATCH_CREATED);
	ASSERT_EQ(rename(in("1"), in("a")), 0);
	put_text("x", "");
	ASSERT_EQ(rename(in("2"), in("b")), 0);
	ASSERT_STR(next(watch).old_name, "1");
	expect(watch, WOK_WATCH_CREATED, "x");
	wok_watch_event event = next(watch);
	ASSERT_STR(event.old_name, "2");
	ASSERT_STR(event.name, "b");
	expect_nothing(watch);
}

TEST_TASK(what_comes_from_elsewhere_or_goes_there_has_half_a_rename)
{
	struct watching watching = {0};

	IN_FOLDER;
	put_folder("a");
	put_text("file", "");
	WOK_AUTO(wok_watch) *watch = NULL;
	ASSERT_OK(wok_watch_new(&watch));
	ASSERT(wok_watch_add(watch, in("a"), 0) > 0);
	ASSERT_EQ(rename(in("file"), in("a/file")), 0);
	wok_watch_event event = next(watch);
	ASSERT_EQ(event.what, WOK_WATCH_MOVED);
	ASSERT_STR(event.name, "file");
	ASSERT(!event.old_name && !event.old_path);
	/* The other half may still come: for that it waits a moment. */
	watching.watch = watch;
	ASSERT_EQ(rename(in("a/file"), in("file")), 0);
	WOK_AUTO(wok_task) *task = wok_create_task(next_event, &watching);
	test_settle();
	ASSERT(!wok_task_done(task));
	wok_test_advance(2 * WOK_MS);
	ASSERT_EQ(wok_await(task), 1);
	ASSERT_EQ(watching.event.what, WOK_WATCH_MOVED);
	ASSERT_STR(watching.event.old_name, "file");
	ASSERT_STR(watching.event.old_path, in("a"));
	ASSERT(!watching.event.name && !watching.event.path);
}

TEST_TASK(a_cancel_between_the_halves_of_a_rename_loses_nothing)
{
	struct watching watching = {0};

	IN_FOLDER;
	put_folder("a");
	put_text("a/file", "");
	ASSERT_OK(wok_watch_new(&watching.watch));
	ASSERT(wok_watch_add(watching.watch, in("a"), 0) > 0);
	ASSERT_EQ(rename(in("a/file"), in("file")), 0);
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_task) *task = wok_create_task(next_event, &watching);
		test_settle();
		ASSERT(!wok_task_done(task));
		if (i == 0) {
			ASSERT(wok_cancel(task));
			ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
			continue;
		}
		wok_test_advance(2 * WOK_MS);
		ASSERT_EQ(wok_await(task), 1);
		ASSERT_STR(watching.event.old_name, "file");
	}
	wok_watch_free(watching.watch);
}

/* --- the end ---------------------------------------------------------------------------------- */

TEST_TASK(a_folder_that_is_removed_is_told_and_ends_its_watch, "file-27")
{
	wok_watch_event event;

	IN_FOLDER;
	put_folder("a");
	WOK_AUTO(wok_watch) *watch = NULL;
	ASSERT_OK(wok_watch_new(&watch));
	int id = wok_watch_add(watch, in("a"), 0);
	ASSERT_EQ(rmdir(in("a")), 0);
	event = next(watch);
	ASSERT_EQ(event.what, WOK_WATCH_GONE);
	ASSERT_EQ(event.id, id);
	ASSERT_STR(event.path, in("a"));
	ASSERT_EQ(wok_watch_next(watch, &event), 0);
	ASSERT_ERR(wok_watch_remove(watch, id), -EINVAL);
	/* One of the same name is something else. */
	put_folder("a");
	ASSERT_EQ(wok_watch_next(watch, &event), 0);
	ASSERT(wok_watch_add(watch, in("a"), 0) > 0);
	put_text("a/file", "");
	expect(watch, WOK_WATCH_CREATED, "file");
}

TEST_TASK(who_waits_is_woken_when_the_folder_is_removed, "file-27")
{
	struct watching watching = {0};

	IN_FOLDER;
	put_folder("a");
	ASSERT_OK(wok_watch_new(&watching.watch));
	ASSERT(wok_watch_add(watching.watch, in("a"), 0) > 0);
	WOK_AUTO(wok_task) *task = wok_create_task(next_event, &watching);
	test_settle();
	ASSERT_EQ(rmdir(in("a")), 0);
	ASSERT_EQ(wok_await(task), 1);
	ASSERT_EQ(watching.event.what, WOK_WATCH_GONE);
	wok_watch_free(watching.watch);
}

TEST_TASK(what_is_watched_may_move)
{
	IN_FOLDER;
	put_folder("a");
	WOK_AUTO(wok_watch) *watch = NULL;
	ASSERT_OK(wok_watch_new(&watch));
	ASSERT(wok_watch_add(watch, in("a"), 0) > 0);
	ASSERT_EQ(rename(in("a"), in("b")), 0);
	expect(watch, WOK_WATCH_MOVED_SELF, NULL);
	put_text("b/file", "");
	expect(watch, WOK_WATCH_CREATED, "file");
}

TEST_TASK(a_removed_watch_tells_nothing_more)
{
	wok_watch_event event;

	IN_FOLDER;
	put_folder("a");
	WOK_AUTO(wok_watch) *watch = watch_folder(0);
	int id = wok_watch_add(watch, in("a"), 0);
	ASSERT_ERR(wok_watch_add(watch, in("a"), 0), -EEXIST);
	put_text("a/file", "");
	ASSERT_OK(wok_watch_remove(watch, id));
	ASSERT_ERR(wok_watch_remove(watch, id), -EINVAL);
	put_text("file", "");
	expect(watch, WOK_WATCH_CREATED, "file");
	ASSERT_ERR(wok_watch_remove(watch, 12345), -EINVAL);
	ASSERT_ERR(wok_watch_add(watch, in("nothing"), 0), -ENOENT);
	/* It may be added again; what was told before is old. */
	ASSERT(wok_watch_add(watch, in("a"), 0) > 0);
	put_text("a/second", "");
	do
		event = next(watch);
	while (strcmp(event.path, folder) == 0);
	ASSERT_STR(event.name, "second");
}

TEST_TASK(a_watch_of_nothing_ends_at_once)
{
	wok_watch_event event;
	wok_timeout timeout = WOK_TIMEOUT_INIT;

	WOK_AUTO(wok_watch) *watch = NULL;
	ASSERT_OK(wok_watch_new(&watch));
	ASSERT_EQ(wok_watch_next(watch, &event), 0);
	WOK_TIMEOUT (&timeout, 0) {
		ASSERT_ERR(wok_watch_next(watch, &event), -ECANCELED);
	}
}

static int add_folder(void *arg)
{
	return wok_watch_add(arg, folder, 0);
}

TEST_TASK(events_of_what_is_just_being_added_are_not_lost)
{
	struct watching watching = {0};
	static struct plug plug;
	wok_thread_pool_info before;

	IN_FOLDER;
	ASSERT_OK(wok_watch_new(&watching.watch));
	plug_in(&plug);
	WOK_AUTO(wok_task) *adding = wok_create_task(add_folder, watching.watch);
	test_settle();
	WOK_AUTO(wok_task) *task = wok_create_task(next_event, &watching);
	test_settle();
	ASSERT(!wok_task_done(task) && !wok_task_done(adding));
	wok_thread_pool_get_info(NULL, &before);
	plug_out(&plug);
	/* Watched it is, but here nobody knows so far. */
	gate_wait_completed(NULL, before.completed + plug.n + 1);
	put_text("file", "");
	ASSERT_EQ(wok_await(task), 1);
	ASSERT(wok_task_done(adding));
	ASSERT_STR(watching.event.name, "file");
	wok_watch_free(watching.watch);
}

static int next_or_none(void *watch)
{
	wok_watch_event event;

	return wok_watch_next(watch, &event);
}

static int overflow(void *unused)
{
	wok_watch_event event;
	int limit = 0, told = 0;
	FILE *file = fopen("/proc/sys/fs/inotify/max_queued_events", "re");

	(void) unused;
	if (!file || fscanf(file, "%d", &limit) != 1 || limit > 100000)
		SKIP("the system's queue of events is too long, or not to be seen");
	fclose(file);
	put_folder("a");
	WOK_AUTO(wok_watch) *watch = watch_folder(WOK_WATCH_CREATED | WOK_WATCH_REMOVED);
	int a = wok_watch_add(watch, in("a"), 0);
	ASSERT(a > 0);
	for (int i = 0; i < limit / 2 + 100; i++) {
		put_text("file", "");
		ASSERT_EQ(unlink(in("file")), 0);
	}
	ASSERT_EQ(rmdir(in("a")), 0);
	while ((event = next(watch)).what != WOK_WATCH_OVERFLOW)
		told++;
	ASSERT_EQ(told, limit);
	ASSERT_EQ(event.id, 0);
	ASSERT(!event.path && !event.name);
	/* And on it goes. */
	put_text("file", "");
	event = next(watch);
	ASSERT_EQ(event.what, WOK_WATCH_CREATED);
	/* That "a" has gone nobody will ever tell. */
	ASSERT_OK(wok_watch_remove(watch, event.id));
	WOK_AUTO(wok_task) *task = wok_create_task(next_or_none, watch);
	for (int i = 0; i < 20; i++)
		ASSERT_OK(wok_yield());
	ASSERT(!wok_task_done(task));
	ASSERT_OK(wok_watch_remove(watch, a));
	ASSERT_EQ(wok_await(task), 0);
	return 0;
}

TEST(events_that_the_system_forgets_are_told_as_an_overflow, "file-27")
{
	IN_FAST_FOLDER;
	ASSERT_OK(wok_test_run(overflow, NULL, NULL));
}

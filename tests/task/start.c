/* SPDX-License-Identifier: MIT */
/* Starting a task and waiting until it is ready: see wok_scope_start(). */
#include <wok/wok.h>

#include "harness/test.h"

struct service {
	wok_time warm_up;
	int error; /* before it is ready */
	int later; /* after */
	int port;
	int canceled;
	int started; /* what wok_started() said */
	bool silent;
};

static int serve(void *arg)
{
	struct service *service = arg;
	int r = wok_sleep(service->warm_up);

	service->canceled += r == -ECANCELED;
	if (r < 0)
		return r;
	if (service->error)
		return wok_fail(service->error, "cannot listen");
	if (service->silent)
		return 0;
	service->started = wok_started(&service->port);
	r = wok_sleep(WOK_MINUTE);
	service->canceled += r == -ECANCELED;
	return r < 0 ? r : service->later;
}

TEST_TASK(a_start_waits_until_the_child_says_that_it_is_ready, "C21")
{
	struct service service = {.warm_up = WOK_SECOND, .port = 80};
	WOK_AUTO(wok_scope) *scope = NULL;
	void *port = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_start(scope, serve, &service, &port));
	ASSERT_EQ(wok_now(), WOK_SECOND);
	ASSERT_EQ(*(int *) port, 80);
	ASSERT_EQ(wok_scope_children(scope), 1);
	ASSERT_OK(wok_scope_join(scope)); /* a child like any other */
	ASSERT_EQ(wok_now(), WOK_MINUTE + WOK_SECOND);
}

TEST_TASK(an_error_before_that_goes_to_the_starter_only, "C21")
{
	struct service service = {.warm_up = WOK_SECOND, .error = -EADDRINUSE};
	struct service other = {0};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_spawn(scope, serve, &other));
	ASSERT_ERR(wok_scope_start(scope, serve, &service, NULL), -EADDRINUSE);
	ASSERT_STR(wok_errmsg(-EADDRINUSE), "cannot listen");
	ASSERT(!wok_scope_canceled(scope));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_EQ(other.canceled, 0);
}

TEST_TASK(an_error_after_that_is_the_scopes, "C21")
{
	struct service service = {.later = -EIO};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_start(scope, serve, &service, NULL));
	ASSERT_ERR(wok_scope_join(scope), -EIO);
}

TEST_TASK(a_child_that_ends_without_a_word_is_an_error, "C21")
{
	struct service service = {.silent = true};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_ERR(wok_scope_start(scope, serve, &service, NULL), -EPROTO);
	ASSERT_EQ(wok_scope_children(scope), 0);
	ASSERT_OK(wok_scope_join(scope));
}

struct starter {
	wok_scope *scope;
	struct service *service;
};

static int start(void *arg)
{
	struct starter *starter = arg;

	return wok_scope_start(starter->scope, serve, starter->service, NULL);
}

TEST_TASK(cancelling_the_starter_cancels_the_child_and_waits_for_it, "C21")
{
	const wok_scope_options options = {.background = true};
	struct service service = {.warm_up = WOK_MINUTE};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&options, &scope));
	struct starter starter = {scope, &service};
	WOK_AUTO(wok_task) *task = wok_create_task(start, &starter);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_EQ(service.canceled, 1);
	ASSERT_EQ(wok_scope_children(scope), 0);
	ASSERT(!wok_scope_canceled(scope));
}

static int ready_at_once(void *arg)
{
	struct service *service = arg;

	WOK_SHIELD (WOK_MINUTE) {
		WOK_IGNORE(wok_sleep(WOK_SECOND));
	}
	service->started = wok_started(NULL);
	return wok_sleep(WOK_MINUTE);
}

static int start_shielded(void *arg)
{
	struct starter *starter = arg;

	return wok_scope_start(starter->scope, ready_at_once, starter->service, NULL);
}

TEST_TASK(a_child_whose_starter_was_cancelled_is_not_handed_over, "C21")
{
	const wok_scope_options options = {.background = true};
	struct service service = {0};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&options, &scope));
	struct starter starter = {scope, &service};
	WOK_AUTO(wok_task) *task = wok_create_task(start_shielded, &starter);
	test_settle();
	ASSERT(wok_cancel(task));
	ASSERT_ERR(wok_await(task), WOK_ETASKCANCELED);
	ASSERT_ERR(service.started, -ECANCELED);
	ASSERT_EQ(wok_scope_children(scope), 0);
}

TEST_TASK(a_child_that_arrives_in_a_cancelled_scope_is_cancelled_there)
{
	struct service service = {.warm_up = WOK_SECOND};
	const wok_scope_options options = {.background = true};
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_scope_new_with(&options, &scope));
	wok_scope_cancel(scope, "over");
	ASSERT_OK(wok_scope_start(scope, serve, &service, NULL));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_OK(service.started);
	ASSERT_EQ(service.canceled, 1);
	ASSERT_EQ(wok_now(), WOK_SECOND);
}

static int say_it_twice(void *unused)
{
	(void) unused;
	ASSERT_OK(wok_started(NULL));
	ASSERT_ERR(wok_started(NULL), -EALREADY);
	return 0;
}

TEST_TASK(saying_it_where_nobody_waits_does_nothing_and_twice_is_an_error)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	ASSERT_OK(wok_started(NULL));
	ASSERT_OK(wok_started(NULL));
	ASSERT_OK(wok_scope_new(&scope));
	ASSERT_OK(wok_scope_start(scope, say_it_twice, NULL, NULL));
	ASSERT_OK(wok_scope_join(scope));
	ASSERT_ERR(wok_scope_start(scope, say_it_twice, NULL, NULL), -EINVAL);
}

TEST_TASK(without_memory_nothing_starts_and_the_argument_is_released)
{
	WOK_AUTO(wok_scope) *scope = NULL;
	struct service *service = wok_alloc(sizeof(*service));
	const wok_task_options options = {.arg_free = wok_free};

	ASSERT_OK(wok_scope_new(&scope));
	wok_test_fail_allocation(1, true);
	int r = wok_scope_start_at(scope, serve, service, &options, NULL, WOK_SITE("serve"));
	wok_test_fail_allocation(0, false);
	ASSERT_ERR(r, -ENOMEM);
	ASSERT_OK(wok_scope_join(scope));
}

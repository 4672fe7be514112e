/* SPDX-License-Identifier: MIT */
/* Transactions that are run again, over a database that is made up. */
#include <wok/db.h>
#include <wok/wok.h>

#include "harness/test.h"

struct fickle {
	wok_db face;
	int conflicts; /* so many transactions fail */
	int begun;
	bool inside;
	wok_time takes;
	wok_time last, shortest, longest; /* from the end of one to the begin of the next */
};

static int transaction(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg)
{
	struct fickle *fickle = (struct fickle *) db;
	const wok_time pause = wok_now() - fickle->last;

	if (fickle->begun++ > 0) {
		fickle->shortest = pause < fickle->shortest ? pause : fickle->shortest;
		fickle->longest = pause > fickle->longest ? pause : fickle->longest;
	}
	WOK_TRY(wok_sleep(fickle->takes));
	fickle->last = wok_now();
	return fickle->conflicts-- > 0 ? wok_fail(WOK_ERETRY, "a conflict") : fn(db, arg);
}

static bool in_transaction(wok_db *db)
{
	return ((struct fickle *) db)->inside;
}

static const wok_db_ops ops = {
	.kind = "fickle", .transaction = transaction, .in_transaction = in_transaction};

static int result(wok_db *db, void *arg)
{
	(void) db;
	return *(int *) arg;
}

#define FICKLE(...)                                                                                \
	{                                                                                          \
		.face = {&ops}, .shortest = WOK_FOREVER, __VA_ARGS__                               \
	}

TEST_TASK(a_conflict_is_tried_again_after_a_pause_that_grows, "pg-20")
{
	struct fickle fickle = FICKLE(.conflicts = 4);

	ASSERT_EQ(wok_db_transaction_retry(&fickle.face, result, &(int){7}, NULL), 7);
	ASSERT_EQ(fickle.begun, 5);
	ASSERT(fickle.shortest >= 5 * WOK_MS && fickle.shortest <= 10 * WOK_MS);
	ASSERT(fickle.longest >= 40 * WOK_MS && fickle.longest <= 80 * WOK_MS);
}

TEST_TASK(the_tries_of_a_transaction_have_an_end, "pg-20")
{
	struct fickle fickle = FICKLE(.conflicts = 1000);
	const wok_db_retry hundred = {.tries = 100, .limit = WOK_FOREVER};

	ASSERT_ERR(wok_db_transaction_retry(&fickle.face, result, &(int){0}, NULL), WOK_ERETRY);
	ASSERT_EQ(fickle.begun, 5);
	fickle.begun = 0;
	ASSERT_ERR(wok_db_transaction_retry(&fickle.face, result, &(int){0}, &hundred), WOK_ERETRY);
	ASSERT_EQ(fickle.begun, 100);
	ASSERT(fickle.longest <= WOK_SECOND);

	/* Or their time has. */
	const wok_time begun = wok_now();
	fickle.begun = 0;
	fickle.takes = 4 * WOK_SECOND;
	ASSERT_ERR(wok_db_transaction_retry(&fickle.face, result, &(int){0},
					    &(wok_db_retry){.tries = 1000}),
		   WOK_ERETRY);
	ASSERT(wok_now() - begun < 34 * WOK_SECOND);
	ASSERT_EQ(fickle.begun, 8);
}

TEST_TASK(only_a_conflict_is_tried_again_and_only_from_the_start)
{
	struct fickle fickle = FICKLE(.conflicts = 0);

	ASSERT_ERR(wok_db_transaction_retry(&fickle.face, result, &(int){WOK_EDB}, NULL), WOK_EDB);
	ASSERT_ERR(wok_db_transaction_retry(&fickle.face, result, &(int){WOK_ECONNLOST}, NULL),
		   WOK_ECONNLOST);
	ASSERT_EQ(fickle.begun, 2);
	fickle.inside = true;
	fickle.conflicts = 1;
	ASSERT_ERR(wok_db_transaction_retry(&fickle.face, result, &(int){0}, NULL), WOK_ERETRY);
	ASSERT_EQ(fickle.begun, 3);
}

static int endlessly(void *arg)
{
	const wok_db_retry retry = {.tries = 1000000, .limit = WOK_FOREVER};

	return wok_db_transaction_retry(arg, result, &(int){0}, &retry);
}

TEST_TASK(the_pause_between_two_tries_can_be_cancelled)
{
	struct fickle fickle = FICKLE(.conflicts = 1000000);

	ASSERT_ERR(wok_wait_for(endlessly, &fickle.face, 10 * WOK_SECOND), -ETIMEDOUT);
	ASSERT(fickle.begun > 10 && fickle.begun < 30);
}

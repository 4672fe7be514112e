/* SPDX-License-Identifier: MIT */
/* Transactions that are run again: see wok/db.h. */
#include "db/retry.h"

#include <wok/error.h>
#include <wok/loop.h>
#include <wok/task.h>

#include "base/time.h"
#include "platform/path.h"

enum { TRIES = 5 };

static const wok_time longest_pause = WOK_SECOND;

static wok_db_retry with_defaults(const wok_db_retry *given)
{
	wok_db_retry retry = given ? *given : (wok_db_retry){0};

	if (!retry.tries)
		retry.tries = TRIES;
	if (!retry.pause)
		retry.pause = 10 * WOK_MS;
	if (!retry.limit)
		retry.limit = 30 * WOK_SECOND;
	return retry;
}

wok_time wok__db_draw(wok_time pause)
{
	uint64_t random = 0;

	WOK_IGNORE(wok__sys_random_bytes(&random, sizeof(random)));
	return pause - (wok_time) (random % (uint64_t) (pause / 2 + 1));
}

int wok__db_retry(const wok_db_retry *given, int (*once)(void *arg), void *arg)
{
	const wok_db_retry retry = with_defaults(given);
	const wok_time end = wok__time_add(wok_now(), retry.limit);
	wok_time pause = retry.pause;

	for (unsigned tries = 1;; tries++) {
		const int r = once(arg);

		if (r != WOK_ERETRY || tries >= retry.tries)
			return r;
		const wok_time span = wok__db_draw(pause);
		if (wok__time_add(wok_now(), span) >= end)
			return r;
		WOK_TRY(wok_sleep(span));
		pause = pause < longest_pause / 2 ? 2 * pause : longest_pause;
	}
}

struct transaction {
	wok_db *db;
	int (*fn)(wok_db *db, void *arg);
	void *arg;
};

static int once(void *arg)
{
	const struct transaction *transaction = arg;

	return wok_db_transaction(transaction->db, transaction->fn, transaction->arg);
}

int wok_db_transaction_retry(wok_db *db, int (*fn)(wok_db *db, void *arg), void *arg,
			     const wok_db_retry *retry)
{
	struct transaction transaction = {db, fn, arg};

	if (db->ops->in_transaction && db->ops->in_transaction(db))
		return once(&transaction);
	return wok__db_retry(retry, once, &transaction);
}

/* SPDX-License-Identifier: MIT */
/* worker_scope: three workers, one of which fails. Shows a scope: its tasks end before it does, and
 *               the first error stops the others.
 * Try:          worker_scope */
#include <stdio.h>
#include <wok/wok.h>

struct worker {
	const char *name;
	int fails_at; /* 0: never */
	int done;
};

static int work(void *arg)
{
	struct worker *worker = arg;

	for (int i = 1;; i++) {
		WOK_TRY(wok_sleep(100 * WOK_MS)); /* -ECANCELED once another one has failed */
		if (i == worker->fails_at)
			return wok_fail(-EIO, "%s dropped the wok", worker->name);
		worker->done = i;
	}
}

static int run_shift(struct worker *workers, size_t n)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	for (size_t i = 0; i < n; i++)
		WOK_TRY(wok_scope_spawn(scope, work, &workers[i]));
	return wok_scope_join(scope); /* the first error, when all have ended */
}

static int shift(void *unused)
{
	struct worker workers[] = {{"Anna", 0, 0}, {"Ben", 4, 0}, {"Chen", 0, 0}};

	(void) unused;
	int r = run_shift(workers, 3);
	printf("the shift ended: %s\n", wok_errmsg(r));
	/* No task of the scope runs any more, so nobody else looks at these. */
	for (size_t i = 0; i < 3; i++)
		printf("%s cooked %d dishes\n", workers[i].name, workers[i].done);
	return 0;
}

int main(void)
{
	int r = wok_run(shift, NULL);
	if (r < 0)
		fprintf(stderr, "worker_scope: %s\n", wok_errmsg(r));
	return r < 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * Who is told of signals: see loop/signal_watch.h.
 *
 * The handler runs in any thread, at any point, and takes no lock. It goes through a table of fixed
 * size, sets a bit in each watch that has the signal in its set, and rings its eventfd. So however
 * many signals come, each kind of them is kept until it is taken.
 *
 * A watch that ends must not be rung afterwards, since its descriptor may be another file's by
 * then. Each handler counts itself in while it has to do with a watch, before it looks at the set;
 * the end empties the set first, and then waits until nobody is counted. A handler that interrupts
 * the very thread that waits has ended before that goes on.
 *
 * Dispositions are changed under a lock, by threads and never by the handler. A library is a guest:
 * what was there before is put back when the last watch of a signal ends.
 */
#include "loop/signal_watch.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

enum { WATCHES_MAX = 1024 };

struct wok__signal_watch {
	_Atomic uint64_t set; /* empty: nobody's, or ending */
	_Atomic uint64_t came;
	atomic_int users; /* handlers that are looking at it */
	int fd;
	bool taken; /* under the lock */
};

static struct wok__signal_watch watches[WATCHES_MAX];
static atomic_int n_watches; /* none stands behind these */

/* What is known of each signal. */
static struct kind {
	unsigned users; /* watches, and the direct call; under the lock */
	struct sigaction before;
	_Atomic(void (*)(int, const siginfo_t *)) direct;
} kinds[WOK__SIGNAL_LAST + 1];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

/* --- the handler ------------------------------------------------------------------------------ */

static void tell(struct wok__signal_watch *watch, uint64_t bit)
{
	const uint64_t one = 1;

	if (!(atomic_load(&watch->set) & bit))
		return;
	atomic_fetch_add(&watch->users, 1);
	if (atomic_load(&watch->set) & bit) {
		atomic_fetch_or(&watch->came, bit);
		ssize_t ignored = write(watch->fd, &one, sizeof(one));
		(void) ignored;
	}
	atomic_fetch_sub(&watch->users, 1);
}

static void on_signal(int number, siginfo_t *info, void *unused)
{
	int saved = errno, n = atomic_load(&n_watches);
	void (*direct)(int, const siginfo_t *) = atomic_load(&kinds[number].direct);

	(void) unused;
	for (int i = 0; i < n; i++)
		tell(&watches[i], WOK__SIGNAL_BIT(number));
	if (direct)
		direct(number, info);
	errno = saved;
}

/* --- dispositions, under the lock ------------------------------------------------------------- */

/* What the hardware raises would come again for ever if a handler just returned. */
static bool can_be_watched(int number)
{
	return number >= 1 && number <= WOK__SIGNAL_LAST && number != SIGKILL &&
	       number != SIGSTOP && number != SIGSEGV && number != SIGBUS && number != SIGFPE &&
	       number != SIGILL && number != SIGTRAP && number != SIGPIPE;
}

static int use(int number)
{
	struct sigaction ours = {.sa_sigaction = on_signal,
				 .sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK};
	struct kind *kind = &kinds[number];

	if (kind->users++ > 0)
		return 0;
	sigfillset(&ours.sa_mask);
	if (sigaction(number, &ours, &kind->before) == 0)
		return 0;
	kind->users--;
	return -errno;
}

static void stop_using(int number)
{
	struct kind *kind = &kinds[number];
	struct sigaction current;

	if (--kind->users > 0)
		return;
	/* Somebody may have put a handler of his own over ours: leave that alone. */
	if (sigaction(number, NULL, &current) == 0 && current.sa_flags & SA_SIGINFO &&
	    current.sa_sigaction == on_signal)
		sigaction(number, &kind->before, NULL);
}

static void stop_using_set(uint64_t set)
{
	for (int number = 1; number <= WOK__SIGNAL_LAST; number++)
		if (set & WOK__SIGNAL_BIT(number))
			stop_using(number);
}

static int use_set(uint64_t set)
{
	uint64_t used = 0;

	for (int number = 1; number <= WOK__SIGNAL_LAST; number++) {
		if (!(set & WOK__SIGNAL_BIT(number)))
			continue;
		int r = can_be_watched(number) ? use(number) : -EINVAL;
		if (r < 0) {
			stop_using_set(used);
			return r;
		}
		used |= WOK__SIGNAL_BIT(number);
	}
	return 0;
}

/* --- watches ---------------------------------------------------------------------------------- */

static struct wok__signal_watch *find_free(void)
{
	for (int i = 0; i < WATCHES_MAX; i++)
		if (!watches[i].taken)
			return &watches[i];
	return NULL;
}

/* When this returns no handler has to do with it, nor will have. */
static void make_quiet(struct wok__signal_watch *watch)
{
	atomic_store(&watch->set, 0);
	while (atomic_load(&watch->users) > 0)
		sched_yield();
	watch->taken = false;
}

static int begin(struct wok__signal_watch *watch, uint64_t set, int fd)
{
	if (!watch)
		return -ENFILE;
	/* Before the handler is there, so that the first signal is not lost. */
	int place = (int) (watch - watches);
	watch->taken = true;
	watch->fd = fd;
	atomic_store(&watch->came, 0);
	if (place >= atomic_load(&n_watches))
		atomic_store(&n_watches, place + 1);
	atomic_store(&watch->set, set);
	int r = use_set(set);
	if (r < 0)
		make_quiet(watch);
	return r;
}

int wok__signal_watch_begin(uint64_t set, int fd, struct wok__signal_watch **ret_watch)
{
	pthread_mutex_lock(&lock);
	struct wok__signal_watch *watch = find_free();
	int r = begin(watch, set, fd);
	pthread_mutex_unlock(&lock);
	if (r == 0)
		*ret_watch = watch;
	return r;
}

void wok__signal_watch_end(struct wok__signal_watch *watch)
{
	pthread_mutex_lock(&lock);
	stop_using_set(atomic_load(&watch->set));
	make_quiet(watch);
	pthread_mutex_unlock(&lock);
}

uint64_t wok__signal_watch_take(struct wok__signal_watch *watch)
{
	return atomic_exchange(&watch->came, 0);
}

int wok__signal_watch_direct(int number, void (*fn)(int number, const siginfo_t *info))
{
	int r = 0;

	if (!can_be_watched(number))
		return -EINVAL;
	pthread_mutex_lock(&lock);
	bool there = atomic_load(&kinds[number].direct) != NULL;
	if (fn && there) {
		r = -EBUSY;
	} else if (fn) {
		atomic_store(&kinds[number].direct, fn);
		r = use(number);
		if (r < 0)
			atomic_store(&kinds[number].direct, NULL);
	} else if (there) {
		atomic_store(&kinds[number].direct, NULL);
		stop_using(number);
	}
	pthread_mutex_unlock(&lock);
	return r;
}

void wok__signal_watch_replace(int number, void (*handler)(int), const struct sigaction *by)
{
	struct kind *kind = &kinds[number];

	pthread_mutex_lock(&lock);
	if (kind->users > 0 && !(kind->before.sa_flags & SA_SIGINFO) &&
	    kind->before.sa_handler == handler)
		kind->before = *by;
	pthread_mutex_unlock(&lock);
}

/*
 * Another thread may have held the lock, and handlers may have been at work there: in this process
 * they are not.
 */
void wok__signal_watch_forked(void)
{
	lock = (pthread_mutex_t) PTHREAD_MUTEX_INITIALIZER;
	for (int i = 0; i < atomic_load(&n_watches); i++) {
		atomic_store(&watches[i].users, 0);
		atomic_store(&watches[i].set, 0);
	}
	for (int number = 1; number <= WOK__SIGNAL_LAST; number++) {
		if (kinds[number].users == 0)
			continue;
		atomic_store(&kinds[number].direct, NULL);
		kinds[number].users = 1;
		stop_using(number);
	}
}

/* SPDX-License-Identifier: MIT */
/*
 * Mailboxes: see loop/mailbox.h.
 *
 * A mutex guards the list; it is held for a few instructions. `notified` says that the loop has
 * been woken and has not looked yet, so only the first post of a burst writes to the eventfd. The
 * loop clears it under the mutex when it takes the list: a post after that wakes it again.
 *
 * What was taken is delivered a batch at a time. Threads that post faster than the loop can follow
 * make the list longer, but they do not keep the loop's timers and tasks from running.
 */
#include "loop/mailbox.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <unistd.h>

#include "base/memory.h"
#include "loop/fork.h"

struct wok__mailbox {
	atomic_uint refs;
	atomic_bool notified;
	atomic_size_t expected;
	unsigned generation; /* of forks: in a child its loop does not run */
	pthread_mutex_t mutex;
	/* Under the mutex: */
	struct wok__mail *first, **end;
	int wake_fd; /* -1 after the loop's end */
	/* The loop's thread only: */
	struct wok__mail *taken; /* not delivered yet */
};

enum { BATCH = 1024 };

int wok__mailbox_new(int wake_fd, struct wok__mailbox **ret_mailbox)
{
	struct wok__mailbox *mailbox = wok__alloc_zeroed(sizeof(*mailbox));
	if (!mailbox)
		return -ENOMEM;
	int r = -pthread_mutex_init(&mailbox->mutex, NULL);
	if (r < 0) {
		wok_free(mailbox);
		return r;
	}
	atomic_init(&mailbox->refs, 1);
	mailbox->end = &mailbox->first;
	mailbox->wake_fd = wake_fd;
	mailbox->generation = wok__fork_generation();
	*ret_mailbox = mailbox;
	return 0;
}

struct wok__mailbox *wok__mailbox_ref(struct wok__mailbox *mailbox)
{
	atomic_fetch_add_explicit(&mailbox->refs, 1, memory_order_relaxed);
	return mailbox;
}

/*
 * Whether this is the child of a fork, and the loop a copy of one that runs in the parent: the
 * mutex may be locked here by a thread that there is not.
 */
static bool is_copy(const struct wok__mailbox *mailbox)
{
	return mailbox->generation != wok__fork_generation();
}

void wok__mailbox_unref(struct wok__mailbox *mailbox)
{
	if (atomic_fetch_sub_explicit(&mailbox->refs, 1, memory_order_acq_rel) > 1)
		return;
	if (!is_copy(mailbox))
		pthread_mutex_destroy(&mailbox->mutex);
	wok_free(mailbox);
}

/* Under the mutex, so that the descriptor cannot be closed, and its number reused, meanwhile. */
static void wake(struct wok__mailbox *mailbox)
{
	uint64_t one = 1;

	if (mailbox->wake_fd < 0 || atomic_exchange(&mailbox->notified, true))
		return;
	/* It can only fail when the counter is full, and then the loop is awake for sure. */
	ssize_t ignored = write(mailbox->wake_fd, &one, sizeof(one));
	(void) ignored;
}

static struct wok__mail *take_all(struct wok__mailbox *mailbox, bool close)
{
	pthread_mutex_lock(&mailbox->mutex);
	struct wok__mail *mail = mailbox->first;
	mailbox->first = NULL;
	mailbox->end = &mailbox->first;
	atomic_store(&mailbox->notified, false);
	if (close)
		mailbox->wake_fd = -1;
	pthread_mutex_unlock(&mailbox->mutex);
	return mail;
}

/* Deliver the first n of what was taken. */
static void hand_out(struct wok__mailbox *mailbox, size_t n, bool lost)
{
	for (; n > 0 && mailbox->taken; n--) {
		struct wok__mail *mail = mailbox->taken;
		mailbox->taken = mail->next; /* deliver() may release mail */
		mail->deliver(mail, lost);
	}
}

void wok__mailbox_close(struct wok__mailbox *mailbox)
{
	hand_out(mailbox, SIZE_MAX, true);
	mailbox->taken = take_all(mailbox, true);
	hand_out(mailbox, SIZE_MAX, true);
	wok__mailbox_unref(mailbox);
}

void wok__mailbox_abandon(struct wok__mailbox *mailbox)
{
	/* Another thread may have held it at the time of the fork. */
	pthread_mutex_init(&mailbox->mutex, NULL);
	mailbox->wake_fd = -1;
	mailbox->first = NULL;
	mailbox->end = &mailbox->first;
	mailbox->taken = NULL;
}

int wok__mailbox_post(struct wok__mailbox *mailbox, struct wok__mail *mail)
{
	int r = 0;

	if (is_copy(mailbox))
		return -ESHUTDOWN;
	mail->next = NULL;
	pthread_mutex_lock(&mailbox->mutex);
	if (mailbox->wake_fd < 0) {
		r = -ESHUTDOWN;
	} else {
		*mailbox->end = mail;
		mailbox->end = &mail->next;
		wake(mailbox);
	}
	pthread_mutex_unlock(&mailbox->mutex);
	return r;
}

void wok__mailbox_deliver(struct wok__mailbox *mailbox)
{
	if (!mailbox->taken && atomic_load_explicit(&mailbox->notified, memory_order_acquire))
		mailbox->taken = take_all(mailbox, false);
	hand_out(mailbox, BATCH, false);
}

bool wok__mailbox_pending(const struct wok__mailbox *mailbox)
{
	return mailbox->taken != NULL;
}

void wok__mailbox_expect(struct wok__mailbox *mailbox)
{
	atomic_fetch_add(&mailbox->expected, 1);
}

/* The last one wakes the loop, for it may have been the only thing that the loop waited for. */
void wok__mailbox_unexpect(struct wok__mailbox *mailbox)
{
	if (atomic_fetch_sub(&mailbox->expected, 1) > 1 || is_copy(mailbox))
		return;
	pthread_mutex_lock(&mailbox->mutex);
	wake(mailbox);
	pthread_mutex_unlock(&mailbox->mutex);
}

void wok__mailbox_unexpect_here(struct wok__mailbox *mailbox)
{
	atomic_fetch_sub(&mailbox->expected, 1);
}

bool wok__mailbox_awaited(struct wok__mailbox *mailbox)
{
	return atomic_load(&mailbox->expected) > 0;
}

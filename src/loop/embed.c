/* SPDX-License-Identifier: MIT */
/*
 * Embedding: see loop/embed.h.
 *
 * The descriptor is an epoll set of three: the backend's own, the loop's eventfd, and a timerfd
 * that is armed after each step for the next timer, or for now if there is more to do. What the
 * host makes ready between the steps, by calling wok from outside of it, rings: the loop's eventfd
 * then makes the set readable.
 */
#include "loop/embed.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "platform/sys.h"

struct wok__embedding {
	int fd;
	int timer_fd;
};

static int add(int set, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return wok__sys_epoll_ctl(set, EPOLL_CTL_ADD, fd, &event);
}

static int open_set(wok_loop *loop, struct wok__embedding *embedding)
{
	int r = embedding->fd = wok__sys_epoll_create();
	if (r < 0)
		return r;
	r = embedding->timer_fd = wok__sys_timerfd();
	if (r < 0)
		goto fail;
	r = add(embedding->fd, embedding->timer_fd);
	if (r == 0)
		r = loop->backend->descriptor(loop);
	if (r >= 0)
		r = add(embedding->fd, r);
	/* A ring's eventfd follows this one, but not at once. */
	if (r == 0)
		r = add(embedding->fd, loop->wake_fd);
	if (r == 0)
		return 0;
	wok__sys_close(embedding->timer_fd);
fail:
	wok__sys_close(embedding->fd);
	return r;
}

int wok__loop_embed(wok_loop *loop)
{
	if (loop->embedding)
		return loop->embedding->fd;
	struct wok__embedding *embedding = wok_alloc(sizeof(*embedding));
	if (!embedding)
		return -ENOMEM;
	int r = open_set(loop, embedding);
	if (r < 0) {
		wok_free(embedding);
		return r;
	}
	loop->embedding = embedding;
	if (!loop->running)
		wok__loop_embed_leave(loop);
	return embedding->fd;
}

void wok__loop_unembed(wok_loop *loop)
{
	struct wok__embedding *embedding = loop->embedding;

	if (!embedding)
		return;
	loop->embedding = NULL;
	loop->doorbell = false;
	wok__sys_close(embedding->timer_fd);
	wok__sys_close(embedding->fd);
	wok_free(embedding);
}

void wok__loop_embed_enter(wok_loop *loop)
{
	loop->doorbell = false;
}

/* When the next step has something to do, as far as that is known; WOK_FOREVER: not at all. */
static wok_time next_step(const wok_loop *loop)
{
	const struct wok__heap_entry *first = wok__heap_first(&loop->timers);

	if (!wok__list_empty(&loop->ready) || wok__mailbox_pending(loop->mailbox))
		return 0;
	return first ? first->key : WOK_FOREVER;
}

void wok__loop_embed_leave(wok_loop *loop)
{
	if (!loop->embedding)
		return;
	if (loop->backend->flush)
		loop->backend->flush(loop);
	wok__sys_timerfd_set(loop->embedding->timer_fd, next_step(loop));
	loop->doorbell = true;
}

void wok__loop_ring(wok_loop *loop)
{
	uint64_t one = 1;
	ssize_t ignored = write(loop->wake_fd, &one, sizeof(one));

	(void) ignored;
	loop->doorbell = false; /* until the next step: once is enough */
}

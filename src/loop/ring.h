/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_RING_H
#define WOK_LOOP_RING_H
/*
 * An io_uring: two queues in memory that is shared with the kernel. Entries are put into the one,
 * handed over together by one system call, and what became of them is taken from the other.
 *
 * What is used of the kernel's interface is written down here, since the headers that a system has
 * are often older than its kernel.
 */
#include <stdint.h>
#include <wok/base.h>

enum {
	WOK__RING_POLL_ADD = 6,
	WOK__RING_ACCEPT = 13,
	WOK__RING_CANCEL = 14,
};

enum {
	WOK__RING_QUIET = 1 << 6,        /* in flags: no completion of what succeeds */
	WOK__RING_POLL_MULTI = 1 << 0,   /* in length: a completion an edge */
	WOK__RING_ACCEPT_MULTI = 1 << 0, /* in priority: a completion a connection */
	WOK__RING_MORE = 1 << 1,         /* in a completion's flags: it is not the last one */
};

struct wok__ring_entry {
	uint8_t operation;
	uint8_t flags;
	uint16_t priority;
	int32_t fd;
	uint64_t offset;
	uint64_t address;
	uint32_t length;
	uint32_t operation_flags;
	uint64_t id;
	uint64_t unused[3];
};

struct wok__ring_result {
	uint64_t id;
	int32_t result;
	uint32_t flags;
};

struct wok__ring {
	int fd;
	struct {
		unsigned *head, *tail, *flags;
		unsigned mask, next, n; /* next: behind the last entry that was filled in */
		struct wok__ring_entry *entries;
		size_t entries_size;
	} submit;
	struct {
		unsigned *head, *tail;
		unsigned mask;
		struct wok__ring_result *results;
	} done;
	void *memory;
	size_t memory_size;
};

/* entries: room for so many, a power of two. -errno; why: a text that lives for ever. */
int wok__ring_open(struct wok__ring *ring, unsigned entries, const char **ret_why);
void wok__ring_close(struct wok__ring *ring);

/* In the child of a fork, which has no copy of the queues. */
void wok__ring_abandon(struct wok__ring *ring);

/*
 * An empty entry, to be filled in before anything else is done with the ring. If there is none
 * free, those that are there are submitted. NULL: the kernel takes none.
 */
struct wok__ring_entry *wok__ring_entry(struct wok__ring *ring);

/* Take the oldest completion; false if there is none. */
bool wok__ring_take(struct wok__ring *ring, struct wok__ring_result *ret_result);

/* Whether there is one. */
bool wok__ring_filled(const struct wok__ring *ring);

/* Whether the kernel has something to do that it does only when it is called. */
bool wok__ring_wants_call(const struct wok__ring *ring);

/* Submit what is there, and wait for one completion, for at most timeout nanoseconds. -errno. */
int wok__ring_enter(struct wok__ring *ring, wok_time timeout);

/* Have an eventfd written to when there is something to take. -errno. */
int wok__ring_notify(struct wok__ring *ring, int eventfd);

/* End an operation without an entry. What it ends gives its completion as always. */
void wok__ring_cancel(struct wok__ring *ring, uint64_t id);
#endif

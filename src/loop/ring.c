/* SPDX-License-Identifier: MIT */
/* Rings: see loop/ring.h. */
#include "loop/ring.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "platform/sys.h"

/* Setup */
enum {
	SIZE_OF_DONE = 1 << 3, /* done_entries is set */
	CLAMP = 1 << 4,
	SUBMIT_ALL = 1 << 7, /* also what comes after an entry that fails */
	TELL_WORK = 1 << 9,  /* a flag says that there is work to do */
	ONE_THREAD = 1 << 12,
	WORK_ON_CALL = 1 << 13, /* no interrupts: completions are made when we ask for them */
};

enum {
	ONE_MAPPING = 1 << 0, /* a feature: both queues lie in one */
	NO_DROP = 1 << 1,     /* completions that find no room are kept */
	WITH_TIMEOUT = 1 << 8,
	NEEDED = ONE_MAPPING | NO_DROP | WITH_TIMEOUT,
	TAKE_COMPLETIONS = 1 << 0, /* in a call */
	WORK = 1 << 2,             /* in the submission queue's flags */
	OVERFLOW = 1 << 1,
	SUPPORTED = 1 << 0, /* in a probe */
	REGISTER_EVENTFD = 4,
	REGISTER_PROBE = 8,
	REGISTER_CANCEL = 24,
	LAST_OPERATION = 64,
};

#define ENTRIES_OFFSET 0x10000000

struct params {
	uint32_t entries, done_entries, flags, unused[2], features, unused2[4];
	struct {
		uint32_t head, tail, mask, n, flags, dropped, array, unused;
		uint64_t unused2;
	} submit;
	struct {
		uint32_t head, tail, mask, n, overflow, results, flags, unused;
		uint64_t unused2;
	} done;
};

struct probe {
	uint8_t last, n;
	uint16_t unused;
	uint32_t unused2[3];
	struct {
		uint8_t operation, unused;
		uint16_t flags;
		uint32_t unused2;
	} operations[LAST_OPERATION];
};

struct cancel {
	uint64_t id;
	int32_t fd;
	uint32_t flags;
	int64_t timeout[2]; /* -1: for ever */
	uint64_t unused[4];
};

/* The kernel writes these, too. */
static unsigned load(const unsigned *number)
{
	return __atomic_load_n(number, __ATOMIC_ACQUIRE);
}

static const char *why_not(int code)
{
	switch (code) {
	case -ENOSYS:
		return "this kernel has no io_uring";
	case -EPERM:
	case -EACCES:
		return "io_uring is forbidden here (by seccomp, or kernel.io_uring_disabled)";
	case -EINVAL:
	case -EOPNOTSUPP:
		return "io_uring needs Linux 6.1 or newer";
	case -ENOMEM:
		return "there is no memory for an io_uring";
	default:
		return "no io_uring could be set up";
	}
}

static int map(int fd, size_t size, off_t offset, void **ret)
{
	if (wok__sys_faulty("mmap"))
		return -wok__sys_fault_error();
	void *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
	if (memory == MAP_FAILED)
		return -errno;
	/* The queues are the parent's, also after a fork. */
	(void) madvise(memory, size, MADV_DONTFORK);
	*ret = memory;
	return 0;
}

static int map_queues(struct wok__ring *ring, const struct params *params)
{
	size_t submit_size = params->submit.array + params->entries * sizeof(unsigned);
	size_t done_size =
		params->done.results + params->done_entries * sizeof(struct wok__ring_result);
	void *entries = NULL;

	ring->memory_size = submit_size > done_size ? submit_size : done_size;
	int r = map(ring->fd, ring->memory_size, 0, &ring->memory);
	if (r < 0)
		return r;
	ring->submit.entries_size = params->entries * sizeof(struct wok__ring_entry);
	r = map(ring->fd, ring->submit.entries_size, ENTRIES_OFFSET, &entries);
	if (r < 0) {
		munmap(ring->memory, ring->memory_size);
		return r;
	}
	ring->submit.entries = entries;
	return 0;
}

static unsigned *at(const struct wok__ring *ring, uint32_t offset)
{
	return (unsigned *) (void *) ((char *) ring->memory + offset);
}

static void find_fields(struct wok__ring *ring, const struct params *params)
{
	unsigned *array = at(ring, params->submit.array);

	ring->submit.head = at(ring, params->submit.head);
	ring->submit.tail = at(ring, params->submit.tail);
	ring->submit.flags = at(ring, params->submit.flags);
	ring->submit.mask = params->entries - 1;
	ring->submit.n = params->entries;
	ring->submit.next = load(ring->submit.tail);
	ring->done.head = at(ring, params->done.head);
	ring->done.tail = at(ring, params->done.tail);
	ring->done.mask = params->done_entries - 1;
	ring->done.results = (void *) at(ring, params->done.results);
	/* Entries are submitted in the order in which they lie. */
	for (unsigned i = 0; i < params->entries; i++)
		array[i] = i;
}

/* Whether the kernel has the operations that are used. */
static int check_operations(int fd)
{
	static const uint8_t used[] = {WOK__RING_POLL_ADD, WOK__RING_ACCEPT, WOK__RING_CANCEL};
	struct probe probe = {0};

	int r = wok__sys_io_uring_register(fd, REGISTER_PROBE, &probe, LAST_OPERATION);
	for (size_t i = 0; i < sizeof(used) && r >= 0; i++)
		if (!(probe.operations[used[i]].flags & SUPPORTED))
			r = -EOPNOTSUPP;
	return r;
}

int wok__ring_open(struct wok__ring *ring, unsigned entries, const char **ret_why)
{
	struct params params = {
		.flags = SIZE_OF_DONE | CLAMP | SUBMIT_ALL | TELL_WORK | ONE_THREAD | WORK_ON_CALL,
		.done_entries = entries * 8,
	};

	int r = ring->fd = wok__sys_io_uring_setup(entries, &params);
	if (r < 0)
		goto fail;
	r = (params.features & NEEDED) == NEEDED ? check_operations(ring->fd) : -EOPNOTSUPP;
	if (r < 0)
		goto fail_fd;
	r = map_queues(ring, &params);
	if (r < 0)
		goto fail_fd;
	find_fields(ring, &params);
	return 0;

fail_fd:
	(void) wok__sys_close(ring->fd);
fail:
	*ret_why = why_not(r);
	return r;
}

void wok__ring_close(struct wok__ring *ring)
{
	munmap(ring->submit.entries, ring->submit.entries_size);
	munmap(ring->memory, ring->memory_size);
	(void) wok__sys_close(ring->fd);
}

void wok__ring_abandon(struct wok__ring *ring)
{
	(void) wok__sys_close(ring->fd);
}

bool wok__ring_filled(const struct wok__ring *ring)
{
	return load(ring->done.tail) != *ring->done.head;
}

static unsigned filled(const struct wok__ring *ring)
{
	return ring->submit.next - load(ring->submit.head);
}

static int enter(struct wok__ring *ring, unsigned n_wanted, wok_time timeout)
{
	__atomic_store_n(ring->submit.tail, ring->submit.next, __ATOMIC_RELEASE);
	int r = wok__sys_io_uring_enter(ring->fd, filled(ring), n_wanted, TAKE_COMPLETIONS,
					timeout);
	return r < 0 ? r : 0;
}

int wok__ring_enter(struct wok__ring *ring, wok_time timeout)
{
	return enter(ring, timeout > 0 && !wok__ring_filled(ring), timeout);
}

struct wok__ring_entry *wok__ring_entry(struct wok__ring *ring)
{
	if (filled(ring) == ring->submit.n)
		(void) enter(ring, 0, 0);
	if (filled(ring) == ring->submit.n)
		return NULL;
	struct wok__ring_entry *entry =
		&ring->submit.entries[ring->submit.next++ & ring->submit.mask];
	memset(entry, 0, sizeof(*entry));
	return entry;
}

bool wok__ring_take(struct wok__ring *ring, struct wok__ring_result *ret_result)
{
	unsigned head = *ring->done.head; /* which only we write */

	if (load(ring->done.tail) == head)
		return false;
	*ret_result = ring->done.results[head & ring->done.mask];
	__atomic_store_n(ring->done.head, head + 1, __ATOMIC_RELEASE);
	return true;
}

bool wok__ring_wants_call(const struct wok__ring *ring)
{
	return filled(ring) > 0 || load(ring->submit.flags) & (WORK | OVERFLOW);
}

int wok__ring_notify(struct wok__ring *ring, int eventfd)
{
	int r = wok__sys_io_uring_register(ring->fd, REGISTER_EVENTFD, &eventfd, 1);

	return r < 0 ? r : 0;
}

void wok__ring_cancel(struct wok__ring *ring, uint64_t id)
{
	struct cancel cancel = {.id = id, .timeout = {-1, -1}};

	(void) wok__sys_io_uring_register(ring->fd, REGISTER_CANCEL, &cancel, 1);
}

/* SPDX-License-Identifier: MIT */
/*
 * Watching files and folders: see wok/watch.h.
 *
 * The events of inotify(7) are read into a buffer and taken from there, the loop waiting for the
 * descriptor. Nothing is taken before it can be told: so a cancel loses nothing.
 *
 * A path is added in a thread. Its events may be read before the task that adds it has been told
 * its id: who meets an unknown id waits for those who are adding.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/fd.h>
#include <wok/timeout.h>
#include <wok/watch.h>

#include "base/memory.h"
#include "io/disk.h"
#include "io/fs_path.h"
#include "loop/loop.h"
#include "platform/path.h"
#include "platform/sys.h"
#include "task/park.h"

#ifndef IN_MASK_CREATE
#define IN_MASK_CREATE 0x10000000
#endif

enum {
	BUFFER = 16384,
	LARGEST = sizeof(struct inotify_event) + NAME_MAX + 1,
};
static const wok_time pair_wait = 2 * WOK_MS;

/* One of the things that are watched. */
struct watched {
	int id;
	bool removed; /* the user does not want to know any more; its last event is still to come */
	char *path;
};

struct wok_watch {
	int fd;
	bool busy;               /* a task waits in wok_watch_next() */
	bool overflowed;         /* last events may be missing */
	bool sweep;              /* what was removed is to be forgotten without one */
	struct watched *watched; /* by id */
	size_t n, capacity;
	size_t adding;       /* tasks in wok_watch_add() */
	wok_waiters unknown; /* who waits for one of these */
	char *gone;          /* the path that was told last, and is not watched any more; NULL */
	size_t start, end;   /* what is in the buffer */
	char buffer[BUFFER] __attribute__((aligned(8)));
};

/* --- what is watched -------------------------------------------------------------------------- */

/* The first one with this id or a higher one. */
static size_t place_of(const wok_watch *watch, int id)
{
	size_t low = 0, high = watch->n;

	while (low < high) {
		size_t middle = (low + high) / 2;
		if (watch->watched[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct watched *find(const wok_watch *watch, int id)
{
	size_t i = place_of(watch, id);

	return i < watch->n && watch->watched[i].id == id ? &watch->watched[i] : NULL;
}

/* The same, if anybody wants to know. */
static struct watched *find_wanted(const wok_watch *watch, int id)
{
	struct watched *watched = find(watch, id);

	return watched && !watched->removed ? watched : NULL;
}

/* There is room for it. */
static void insert(wok_watch *watch, int id, char *path) /* NOLINT: it is kept, to be freed */
{
	size_t i = place_of(watch, id);

	memmove(&watch->watched[i + 1], &watch->watched[i],
		(watch->n - i) * sizeof(*watch->watched));
	watch->watched[i] = (struct watched){.id = id, .path = path};
	watch->n++;
}

/* Its path is the caller's. */
static void forget(wok_watch *watch, struct watched *watched)
{
	size_t i = (size_t) (watched - watch->watched);

	watch->n--;
	memmove(watched, watched + 1, (watch->n - i) * sizeof(*watched));
}

/* Their last events may have been lost; one that comes all the same is of an unknown id. */
static void forget_removed(wok_watch *watch)
{
	watch->sweep = false;
	for (size_t i = watch->n; i > 0; i--) {
		struct watched *watched = &watch->watched[i - 1];
		if (!watched->removed)
			continue;
		wok_free(watched->path);
		forget(watch, watched);
	}
}

/* --- making and adding ------------------------------------------------------------------------ */

int wok_watch_new(wok_watch **ret_watch)
{
	if (!wok__loop)
		return wok_fail(-EINVAL, "wok_watch_new: this thread runs no loop");
	wok_watch *watch = wok__alloc_zeroed(sizeof(*watch));
	if (!watch)
		return -ENOMEM;
	watch->fd = wok__sys_inotify_init();
	if (watch->fd < 0) {
		int r = watch->fd;
		wok_free(watch);
		return wok_fail(r, "cannot watch files: %s", wok_strerror(r));
	}
	*ret_watch = watch;
	return 0;
}

struct adding {
	int fd, base;
	uint32_t mask;
	const char *path;
};

/* There is no such call that begins at a folder; but a descriptor's folder has a path. */
static int add_relative(const struct adding *adding)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", adding->base, adding->path);

	if ((size_t) n >= sizeof(path))
		return -ENAMETOOLONG;
	return wok__sys_inotify_add_watch(adding->fd, path, adding->mask);
}

static int add_path(void *arg)
{
	const struct adding *adding = arg;
	int r = -ENOENT;

	if (adding->base >= 0)
		r = add_relative(adding);
	if (r == -ENOENT)
		r = wok__sys_inotify_add_watch(adding->fd, adding->path, adding->mask);
	return r < 0 ? wok_fail(r, "cannot watch %s: %s", adding->path, wok_strerror(r)) : r;
}

static uint32_t mask_of(int events)
{
	static const struct {
		int event;
		uint32_t mask;
	} masks[] = {
		{WOK_WATCH_CREATED, IN_CREATE},    {WOK_WATCH_REMOVED, IN_DELETE},
		{WOK_WATCH_CHANGED, IN_MODIFY},    {WOK_WATCH_WRITTEN, IN_CLOSE_WRITE},
		{WOK_WATCH_ATTRIBUTES, IN_ATTRIB}, {WOK_WATCH_MOVED, IN_MOVE},
	};
	uint32_t mask = IN_MOVE_SELF | IN_DELETE_SELF | IN_EXCL_UNLINK | IN_MASK_CREATE;

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
		if (events == 0 || events & masks[i].event)
			mask |= masks[i].mask;
	return mask;
}

static int add(wok_watch *watch, const char *path, int events)
{
	struct adding adding = {.fd = watch->fd, .mask = mask_of(events), .path = path};
	char *copy = wok__strdup(path);

	if (!copy)
		return -ENOMEM;
	adding.base = wok__base_open(path);
	int id = wok__disk_run(NULL, "wok_watch_add", add_path, &adding);
	wok__base_close(adding.base);
	if (id < 0)
		wok_free(copy);
	else
		insert(watch, id, copy);
	return id;
}

int wok_watch_add(wok_watch *watch, const char *path, int events)
{
	WOK_TRY(wok__check());
	if (events & ~WOK_WATCH_ALL)
		return wok_fail(-EINVAL, "wok_watch_add: %d are no events to ask for", events);
	/* Nothing may fail when the system watches it. */
	WOK_TRY(wok__grow((void **) &watch->watched, &watch->capacity, watch->n + watch->adding + 1,
			  sizeof(*watch->watched)));
	watch->adding++;
	int r = add(watch, path, events);
	watch->adding--;
	while (wok__wake_first(&watch->unknown, 0))
		;
	return r;
}

int wok_watch_remove(wok_watch *watch, int id)
{
	struct watched *watched = find_wanted(watch, id);

	if (!watched)
		return wok_fail(-EINVAL, "wok_watch_remove: %d is not watched", id);
	watched->removed = true;
	/* If it has gone by itself, its last event is in the queue already; or was lost. */
	int r = wok__sys_inotify_rm_watch(watch->fd, id);
	if (r == -EINVAL && watch->overflowed) {
		watch->sweep = true; /* not here: a text of it may be with the user */
		if (wok__loop)
			wok__loop->backend->forget(wok__loop, watch->fd);
	}
	return 0;
}

/* --- events ----------------------------------------------------------------------------------- */

enum { GO_ON = 2 };

static struct inotify_event *event_at(wok_watch *watch, size_t at)
{
	return (void *) (watch->buffer + at);
}

static size_t size_of(const struct inotify_event *event)
{
	return sizeof(*event) + event->len;
}

/* Read what is there: 1, 0 if nothing is (or has room), or an error. */
static int read_events(wok_watch *watch)
{
	if (watch->start > 0) {
		memmove(watch->buffer, watch->buffer + watch->start, watch->end - watch->start);
		watch->end -= watch->start;
		watch->start = 0;
	}
	if (BUFFER - watch->end < LARGEST)
		return 0;
	ssize_t n = wok__sys_read(watch->fd, watch->buffer + watch->end, BUFFER - watch->end);
	if (n == -EAGAIN)
		return 0;
	if (n < 0)
		return wok_fail((int) n, "cannot read what happens to files: %s",
				wok_strerror((int) n));
	watch->end += (size_t) n;
	return 1;
}

/* The other half of a rename; NULL. */
static struct inotify_event *find_half(wok_watch *watch, uint32_t cookie)
{
	for (size_t at = watch->start; at < watch->end; at += size_of(event_at(watch, at))) {
		struct inotify_event *event = event_at(watch, at);
		if (event->mask & IN_MOVED_TO && event->cookie == cookie)
			return event;
	}
	return NULL;
}

/*
 * The halves follow upon each other, but not in one step: so the second one may come a moment
 * later, or never, if the way led to where nobody watches. 0, or an error.
 */
static int wait_for_half(wok_watch *watch, uint32_t cookie)
{
	wok_timeout timeout = WOK_TIMEOUT_INIT;
	int r = read_events(watch);

	if (r < 0 || find_half(watch, cookie))
		return r < 0 ? r : 0;
	WOK_TIMEOUT (&timeout, pair_wait) {
		r = wok_fd_wait(watch->fd, WOK_READABLE);
	}
	r = wok_timeout_result(&timeout, r);
	if (r == -ECANCELED)
		return r;
	return r > 0 ? read_events(watch) : 0;
}

/* Take the first event, which is one half of a rename, and the other half if there is one. */
static int tell_move(wok_watch *watch, wok_watch_event *ret_event)
{
	uint32_t cookie = event_at(watch, watch->start)->cookie;

	/* Meanwhile others may add or remove something, and the buffer moves. */
	if (!find_half(watch, cookie))
		WOK_TRY(wait_for_half(watch, cookie));
	const struct inotify_event *event = event_at(watch, watch->start);
	const struct watched *from = find(watch, event->wd);
	struct inotify_event *half = find_half(watch, cookie);
	const struct watched *to = half ? find_wanted(watch, half->wd) : NULL;
	*ret_event = (wok_watch_event){
		.what = WOK_WATCH_MOVED,
		.id = to ? to->id : from->id,
		.path = to ? to->path : NULL,
		.name = to ? half->name : NULL,
		.old_path = from->path,
		.old_name = event->name,
		.is_folder = event->mask & IN_ISDIR,
	};
	if (to)
		half->mask = 0; /* it has been told */
	watch->start += size_of(event);
	return 1;
}

static int what_of(uint32_t mask)
{
	static const struct {
		uint32_t mask;
		int what;
	} known[] = {
		{IN_CREATE, WOK_WATCH_CREATED},       {IN_DELETE, WOK_WATCH_REMOVED},
		{IN_MODIFY, WOK_WATCH_CHANGED},       {IN_CLOSE_WRITE, WOK_WATCH_WRITTEN},
		{IN_ATTRIB, WOK_WATCH_ATTRIBUTES},    {IN_MOVED_TO, WOK_WATCH_MOVED},
		{IN_MOVE_SELF, WOK_WATCH_MOVED_SELF},
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (mask & known[i].mask)
			return known[i].what;
	return 0;
}

static int tell_plain(wok_watch *watch, const struct inotify_event *event,
		      const struct watched *watched, wok_watch_event *ret_event)
{
	watch->start += size_of(event);
	*ret_event = (wok_watch_event){
		.what = what_of(event->mask),
		.id = watched->id,
		.path = watched->path,
		.name = event->len > 0 ? event->name : NULL,
		.is_folder = event->mask & IN_ISDIR,
	};
	return ret_event->what ? 1 : GO_ON;
}

/* The last event of an id: the user's own removal is no news. */
static int tell_end(wok_watch *watch, struct watched *watched, wok_watch_event *ret_event)
{
	const struct watched last = *watched;

	watch->start += size_of(event_at(watch, watch->start));
	wok_free(watch->gone);
	watch->gone = last.path;
	forget(watch, watched);
	*ret_event = (wok_watch_event){.what = WOK_WATCH_GONE, .id = last.id, .path = last.path};
	return last.removed ? GO_ON : 1;
}

static int tell_overflow(wok_watch *watch, wok_watch_event *ret_event)
{
	watch->start += size_of(event_at(watch, watch->start));
	watch->overflowed = true;
	forget_removed(watch);
	*ret_event = (wok_watch_event){.what = WOK_WATCH_OVERFLOW};
	return 1;
}

static int tell(wok_watch *watch, wok_watch_event *ret_event)
{
	struct wok__parker parker = WOK__PARKER_INIT("a path to be watched");
	const struct inotify_event *event = event_at(watch, watch->start);
	struct watched *watched = find(watch, event->wd);

	if (event->mask & IN_Q_OVERFLOW)
		return tell_overflow(watch, ret_event);
	if (!watched && event->mask && watch->adding > 0) {
		WOK_TRY(wok__park(&parker, &watch->unknown));
		return GO_ON;
	}
	if (watched && event->mask & IN_IGNORED)
		return tell_end(watch, watched, ret_event);
	if (!watched || watched->removed) {
		watch->start += size_of(event);
		return GO_ON;
	}
	if (event->mask & IN_MOVED_FROM)
		return tell_move(watch, ret_event);
	return tell_plain(watch, event, watched, ret_event);
}

/* Nothing is in the buffer: read, or wait. */
static int wait_for_events(wok_watch *watch)
{
	int r = read_events(watch);

	if (r == 0)
		r = wok_fd_wait(watch->fd, WOK_READABLE);
	if (watch->sweep && r != -ECANCELED)
		return GO_ON; /* woken by a removal */
	return r < 0 ? r : GO_ON;
}

static int next(wok_watch *watch, wok_watch_event *ret_event)
{
	wok_watch_event event;
	int r = GO_ON;

	wok_free(WOK_TAKE(watch->gone));
	while (r == GO_ON) {
		if (watch->sweep)
			forget_removed(watch);
		if (watch->start < watch->end)
			r = tell(watch, &event);
		else if (watch->n + watch->adding > 0)
			r = wait_for_events(watch);
		else
			r = 0;
	}
	if (r == 1)
		*ret_event = event;
	return r;
}

int wok_watch_next(wok_watch *watch, wok_watch_event *ret_event)
{
	WOK_TRY(wok__check());
	if (watch->busy)
		return wok_fail(-EBUSY, "wok_watch_next: another task waits for the next event");
	watch->busy = true;
	int r = next(watch, ret_event);
	watch->busy = false;
	wok__spend();
	return r;
}

/* --- the end ---------------------------------------------------------------------------------- */

/* The system waits for all who might be about to tell something. */
static int close_slowly(void *arg)
{
	return wok__sys_close(*(int *) arg);
}

void wok_watch_free(wok_watch *watch)
{
	if (!watch)
		return;
	int last = wok__sys_dup(watch->fd);
	(void) wok_fd_close(watch->fd);
	if (last >= 0)
		WOK_IGNORE(wok__disk_finish(NULL, "wok_watch_free", close_slowly, &last));
	for (size_t i = 0; i < watch->n; i++)
		wok_free(watch->watched[i].path);
	wok_free(watch->watched);
	wok_free(watch->gone);
	wok_free(watch);
}

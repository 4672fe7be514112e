/* SPDX-License-Identifier: MIT */
#ifndef WOK_WATCH_H
#define WOK_WATCH_H
#include <wok/base.h>

WOK_BEGIN_DECLS

/*
 * Being told of what happens to files and folders. A folder tells of what is directly in it: for a
 * whole tree each folder is added (wok_walk, and again when one is created).
 *
 * What the system tells is a hint. Changes in quick succession may come as one; names may mean
 * something else by the time they are read; changes made on another machine are not told at all.
 */
typedef struct wok_watch wok_watch;

/* What has happened. In an event it is one of these. */
enum {
	WOK_WATCH_CREATED = 1,     /* a file, a folder, a link was made in the folder */
	WOK_WATCH_REMOVED = 2,     /* it was removed from the folder */
	WOK_WATCH_CHANGED = 4,     /* bytes were written, or cut off */
	WOK_WATCH_WRITTEN = 8,     /* who had it open for writing has closed it */
	WOK_WATCH_ATTRIBUTES = 16, /* permissions, owner, times, number of links */
	WOK_WATCH_MOVED = 32,      /* it was renamed: see old_name */
	WOK_WATCH_ALL = 63,
	/* Told in any case: */
	WOK_WATCH_MOVED_SELF =
		64,               /* what is watched has another path now; the watch goes with it */
	WOK_WATCH_GONE = 128,     /* what was watched exists no more: nothing will come of it */
	WOK_WATCH_OVERFLOW = 256, /* the system has forgotten events: look at everything anew */
};

/* Something that has happened. */
typedef struct {
	int what;         /* one of the above */
	int id;           /* what wok_watch_add() returned; 0 for an overflow */
	const char *path; /* as wok_watch_add() was given it; NULL for an overflow */
	const char *name; /* in the folder; NULL if it is what is watched itself */
	/*
	 * Of WOK_WATCH_MOVED: where it was before; NULL if that is not watched. Has it left for a
	 * place that is not watched, then path and name are NULL, and id is that of the old path.
	 */
	const char *old_path;
	const char *old_name;
	bool is_folder;
} wok_watch_event;

/**
 * Make a watch, which watches nothing so far.
 *
 * Returns:    0; -EMFILE if this user has too many (a limit of the system's own), or the process
 *             too many descriptors; -ENOMEM; -EINVAL outside of a loop
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_watch_new(wok_watch **ret_watch) WOK_MUST_CHECK;

/**
 * Watch a file or a folder, too. What happens from the return of this call on is told.
 *
 * events:     WOK_WATCH_... by bits; 0 for all
 * Returns:    an id, above 0; -EEXIST if that is watched already; -ENOSPC if this user watches too
 *             much (a limit of the system's own); -EINVAL for other bits; an error as in wok/fs.h
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_watch_add(wok_watch *watch, const char *path, int events) WOK_MUST_CHECK;

/**
 * Watch something no more. Nothing of it is told any more, also not that.
 *
 * id:         of wok_watch_add()
 * Returns:    0; -EINVAL if it is not watched
 * Checkpoint: never
 * Threads:    the loop's
 */
int wok_watch_remove(wok_watch *watch, int id);

/**
 * Wait for the next event:
 *     while ((r = wok_watch_next(watch, &event)) > 0)
 * The two halves of a rename come as one; for the second one up to 2 ms are waited.
 *
 * ret_event:  its texts are borrowed until the next call
 * Returns:    1; 0 when nothing is watched (any more), and all has been told; -ECANCELED, with no
 *             event lost; -EBUSY if another task waits in this call; -errno of read(2)
 * Checkpoint: always
 * Threads:    the loop's
 */
int wok_watch_next(wok_watch *watch, wok_watch_event *ret_event) WOK_MUST_CHECK;

/**
 * End a watch. (The system takes its time for that, so a thread does it.)
 *
 * watch:      NULL does nothing; no task may be in a call on it
 * Returns:    nothing
 * Checkpoint: shielded. Where nobody can wait (in a callback) the thread does
 * Threads:    the loop's
 */
void wok_watch_free(wok_watch *watch);
WOK_DEFINE_AUTO(wok_watch)

WOK_END_DECLS
#endif

/* SPDX-License-Identifier: MIT */
#ifndef WOK_DB_SQLITE_CONNECTION_H
#define WOK_DB_SQLITE_CONNECTION_H
/*
 * A connection to SQLite: a handle, which one thread at a time touches, and a queue of jobs.
 *
 * A job lies with whoever waits for it. It is queued under the connection's mutex, taken out by the
 * connection's thread, and DONE by one atomic exchange, which says whether somebody is parked and
 * has to be told. After it the thread must not touch the job. Before he parks, a caller who has
 * nothing else to run spins for a few microseconds; after a job the thread spins, too. So two that
 * take turns need no system call.
 *
 * A caller who is cancelled takes a queued job back; of one that runs he sets the flag, which
 * SQLite asks for by the progress handler and our busy handler does, and waits for its end. Never
 * sqlite3_interrupt(): it would hit whatever runs by then.
 *
 * While a task has a transaction it has the lease: others wait on the loop. What the thread finds
 * in the queue therefore belongs together.
 */
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <wok/event.h>
#include <wok/lock.h>
#include <wok/sqlite_function.h>

#include "base/list.h"
#include "db/rows.h"
#include "exec/caller.h"
#include "loop/loop.h"

struct wok__sqlite_job;

/* What a job does, on the connection's thread: 0 or more, or an error. */
typedef int wok__sqlite_fn(struct wok__sqlite_job *job);

/* What went wrong in it, to be said in the caller's task. */
struct wok__sqlite_failure {
	int number;    /* SQLite's extended code; 0: not SQLite's */
	int position;  /* in characters from 1; 0 */
	char *message; /* on the heap; NULL: there is none, or no memory for it */
	bool placed;   /* it says which file */
};

enum wok__sqlite_stage {
	WOK__SQLITE_PENDING, /* queued, or runs */
	WOK__SQLITE_AWAITED, /* so, and its caller is to be told */
	WOK__SQLITE_DONE,
};

struct wok__sqlite_job {
	struct wok__node link;
	wok_sqlite *db;
	wok__sqlite_fn *run;
	/* Set by the caller: */
	bool shielded;       /* a cancel neither takes it back nor interrupts it */
	bool in_transaction; /* of the caller's task: pointless after a rollback by SQLite */
	bool may_share;      /* a transaction with others: group commit */
	bool detached;       /* nobody waits: run() releases it */
	bool closes;         /* the last one */
	bool whole;          /* it takes effect as a whole, in a transaction that it begins */
	bool only_once;      /* what it has done before a lock stays: never run it again */
	wok_time deadline;   /* on the loop's own thread, where nobody can cancel it; 0 */
	/* Under the mutex: */
	bool queued;
	/* Anybody's: */
	atomic_int canceled; /* 1: stop; the busy handler sleeps on it */
	atomic_int stage;
	atomic_bool stopped; /* by a shutdown */
	/* Of the caller: */
	struct wok__caller *caller;
	bool taken_back;
	/* The thread's, and when it is DONE, the caller's: */
	int result;
	struct wok__sqlite_failure failure;
};

/* What hangs on a connection, and has to let go of the handle when that is closed. */
struct wok__sqlite_held {
	struct wok__node link;
	void (*drop)(struct wok__sqlite_held *held);
};

/* What is set at open, with all defaults in place. */
struct wok__sqlite_settings {
	wok_sqlite_options options;
	char *path, *journal_mode, *synchronous, *vfs;
};

struct wok__sqlite_statement;

struct wok_sqlite {
	struct wok__ending ending;
	struct wok__sqlite_settings settings;
	const wok_site *site;
	wok_loop *loop;
	unsigned generation; /* of forks */
	unsigned refs;       /* the owner's, and those of cursors, blobs: the loop's business */
	bool freed;
	bool alone; /* there is but one processor: who spins gives it to the other */
	wok_db face;

	/* The loop's: */
	wok_lock lease;
	struct wok_sqlite_transaction *innermost; /* of the lease's owner; NULL */
	struct wok__list cursors;                 /* that are not at their end */
	wok_event cursor_ended;
	wok_event closed;
	int reported; /* pages of the log, when that was said last */
	int credit;   /* whether spinning paid, of late */

	/* Between both: */
	pthread_mutex_t mutex;
	struct wok__list queue;
	atomic_size_t n_queued;
	struct wok__sqlite_job *running;
	bool asleep;
	bool thread_runs; /* a thread serves the queue */
	bool has_thread;  /* there is one to join */
	bool closing;     /* nothing new, but for what releases something */
	bool hurrying;    /* what is there is not run to its end, either */
	bool gone;        /* the handle is closed, and the thread ends */
	atomic_int called;
	atomic_int starved; /* so many pages of the log cannot be emptied; 0 */
	pthread_t thread;

	/* The connection's thread's: */
	sqlite3 *handle;
	struct wok__sqlite_job *current; /* for the handlers; NULL */
	sqlite3_stmt *stepped;           /* by wok__sqlite_step(); NULL */
	wok_time busy_since;
	struct wok__list statements; /* kept ones, the hottest first */
	size_t n_statements;
	struct wok__list held;
	bool in_transaction; /* one of ours is open, as far as we know */
	bool quit;
	bool dead; /* a rollback failed: nothing works */
	int thread_credit;
	_Atomic uint64_t n_jobs; /* that have run: each was one trip */
	wok_sqlite_hooks hooks;
};

/* job.c: jobs from their callers' side. */

/* Whether the connection can be used here: 0; -EINVAL in another loop, -ECHILD after a fork. */
int wok__sqlite_here(const wok_sqlite *db);

/* The same for what releases something: false: another loop has it, which is reported. */
bool wok__sqlite_is_here(const wok_sqlite *db, const char *call);

/* Whether it can be used now: as wok__sqlite_here(); -EBADF after the close. */
int wok__sqlite_usable(const wok_sqlite *db);

/*
 * Have a job run, and wait for it: what it returned, its message being left, or why it did not run.
 * Waits for the lease, unless the task has it, or the job is shielded.
 */
int wok__sqlite_call(wok_sqlite *db, struct wok__sqlite_job *job, wok__sqlite_fn *run);

/* Its parts, for who does something in between. */
int wok__sqlite_submit(wok_sqlite *db, struct wok__sqlite_job *job, wok__sqlite_fn *run);
int wok__sqlite_wait(struct wok__sqlite_job *job);

/* Ask a job to stop. */
void wok__sqlite_cancel(struct wok__sqlite_job *job);

/* Whether the current task has the lease. */
bool wok__sqlite_owns(const wok_sqlite *db);

void wok__sqlite_ref(wok_sqlite *db);
void wok__sqlite_unref(wok_sqlite *db);

/* thread.c */

/* Put a job into the queue; -EBADF after the close; -EAGAIN without a thread. */
int wok__sqlite_enqueue(wok_sqlite *db, struct wok__sqlite_job *job);

/* Run one job and say so. On the connection's thread. */
void wok__sqlite_perform(wok_sqlite *db, struct wok__sqlite_job *job);

/* Between two looks at what the other side does. */
void wok__sqlite_relax(const wok_sqlite *db);

/* A job of several that were taken out together begins. */
void wok__sqlite_enter(wok_sqlite *db, struct wok__sqlite_job *job);

/* The end of a job that has run: tell the caller. */
void wok__sqlite_done(struct wok__sqlite_job *job);

/* close.c: refuse what comes, stop or wait for what is there, release the handle. */
int wok__sqlite_shut(wok_sqlite *db, bool now);

/* open.c: a job. */
int wok__sqlite_open_handle(struct wok__sqlite_job *job);

/* settings.c */
int wok__sqlite_settle(struct wok__sqlite_settings *settings, const char *path,
		       const wok_sqlite_options *options);
void wok__sqlite_unsettle(struct wok__sqlite_settings *settings);

/* path.c: a copy of a path, or of a URI, that does not depend on the current folder. */
int wok__sqlite_absolute(const char *path, const wok_sqlite_options *options, char **ret_path);

/* stop.c: the handlers by which a job stops. */
int wok__sqlite_on_progress(void *db);
int wok__sqlite_on_busy(void *db, int n);
bool wok__sqlite_stops(const struct wok__sqlite_job *job);

/* failure.c */

/* What SQLite returned, as wok's code; the message is kept in the job. sql: NULL. */
int wok__sqlite_fail(struct wok__sqlite_job *job, int code, const char *sql);

/* An error of our own; or with a prefix before the message that is there. Returns code. */
int wok__sqlite_fail_text(struct wok__sqlite_job *job, int code, const char *format, ...)
	WOK_PRINTF(3, 4);
void wok__sqlite_fail_prefix(struct wok__sqlite_job *job, const char *format, ...) WOK_PRINTF(2, 3);

/* In the caller's task: leave the message of a job that failed; returns its result. */
int wok__sqlite_say(struct wok__sqlite_job *job);

/* transaction.c: SQL that has no parameters, on the thread; SQLite's code. */
int wok__sqlite_exec(wok_sqlite *db, const char *sql);

/* A task ended with its transaction open, and the lease is ours: roll it back. 0, or an error. */
int wok__sqlite_orphaned(wok_sqlite *db);

/* The task gives the connection away: what it has open is reported, and rolled back. */
void wok__sqlite_leave_transaction(wok_sqlite *db);

/* Roll back whatever is open; the connection is dead if that fails. */
void wok__sqlite_undo(wok_sqlite *db);

/* cursor.c: the task that a member of db->cursors is of. */
const struct wok_task *wok__sqlite_cursor_task(const struct wok__node *node);

/* group.c: run a job, and those behind it that may share its transaction. */
bool wok__sqlite_may_share(const wok_sqlite *db, const char *sql);
void wok__sqlite_perform_group(wok_sqlite *db, struct wok__sqlite_job *first);

/* db_face.c */
void wok__sqlite_face(wok_sqlite *db);
#endif

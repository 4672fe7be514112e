/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_CHILD_H
#define WOK_PLATFORM_CHILD_H
/*
 * Starting any program as a child process, and what such a process has instead of files: pipes,
 * pseudo-terminals. As platform/sys.h: -errno on failure, and each call can be made to fail.
 */
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* A descriptor of the new process: a copy of one that is open here. */
struct wok__child_fd {
	int fd; /* here */
	int as; /* there */
};

struct wok__child {
	/* Paths to try one after another: texts one behind the other, the last one empty. */
	const char *paths;
	char *const *argv;
	char *const *env;
	const char *cwd; /* NULL: as here */
	/* All that it has, in the order of `as`, 0 to 2 among them; written to. */
	struct wok__child_fd *fds;
	size_t n_fds;
	bool new_session;
	bool new_group;
	int terminal; /* here; it becomes the terminal of its new session. -1: none */
};

/* What did not work, in the new process. */
enum wok__child_step {
	WOK__CHILD_START, /* it was not even made */
	WOK__CHILD_SESSION,
	WOK__CHILD_FDS,
	WOK__CHILD_TERMINAL,
	WOK__CHILD_CWD,
	WOK__CHILD_EXEC,
};

struct wok__child_started {
	pid_t pid;
	int pidfd;
	enum wok__child_step failed; /* set if the call fails, as only then */
};

/*
 * Start a program, with signals as a fresh process has them. Returns when it runs, or could not be
 * run: then there is no process. Nothing of this process is copied, so its size does not matter.
 */
int wok__sys_start_child(const struct wok__child *child, struct wok__child_started *ret_started);

/* Which ends of a pipe never block. */
enum wok__pipe_kind {
	WOK__PIPE_BOTH_NONBLOCKING,
	WOK__PIPE_READER_NONBLOCKING,
	WOK__PIPE_WRITER_NONBLOCKING,
};
int wok__sys_new_pipe(enum wok__pipe_kind kind, int ret_fds[2]);

/* A pseudo-terminal: the near end, which never blocks, and the far one. */
int wok__sys_new_terminal(int *ret_near, int *ret_far);
int wok__sys_resize_terminal(int near, unsigned columns, unsigned rows);

/* Open a file for a child: it does not wait for the other end of a FIFO, but what is read will. */
int wok__sys_open_for_child(const char *path, int flags);

/* Whether a descriptor is open: 0, or -EBADF. */
int wok__sys_check_fd(int fd);

/* Signal a process, or all of a group: 0, -ESRCH, -EPERM. None of them has been reaped. */
int wok__sys_signal_child(pid_t pid, int number);
int wok__sys_signal_group(pid_t leader, int number);
#endif

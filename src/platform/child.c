/* SPDX-License-Identifier: MIT */
/*
 * Starting a program: see platform/child.h.
 *
 * The child shares this process's memory until it executes its program, and this thread sleeps
 * meanwhile: that is vfork(2) on a stack of its own, as posix_spawn() does it. There is more to do
 * here than posix_spawn() can: the working folder where that is missing from the C library, a
 * controlling terminal, closing all other descriptors, a pidfd that no handler of SIGCHLD can come
 * before, and to say which step failed.
 *
 * What runs in the child must leave the shared memory as it is, but for the block that is there
 * for it. So it makes bare system calls: the C library's functions may take locks, keep copies of
 * what they set, or be replaced by a sanitizer's. Signals are blocked until all handlers are the
 * default ones, for a handler of this process would run on its memory.
 *
 * The block is mapped shared: under an emulator that makes a fork(2) of it, the failure of the
 * child still gets here.
 */
#include "platform/child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "platform/process.h"
#include "platform/sys.h"

/* The numbers are the same on all machines. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef CLONE_PIDFD
#define CLONE_PIDFD 0x1000
#endif
#ifndef TIOCGPTPEER
#define TIOCGPTPEER _IO('T', 0x41)
#endif

enum {
	STACK_SIZE = 32 << 10,
	LAST_SIGNAL = 64,
	SIGNAL_SET_SIZE = 8,      /* the kernel's */
	CLOSE_AT_MOST = 64 << 10, /* where there is no close_range(2) */
	EXIT_NOT_RUN = 127,       /* as a shell says it */
};

/* What the child gets, and how it answers. */
struct block {
	const struct wok__child *child;
	enum wok__child_step step;
	int error; /* 0: the program runs */
	char stack[STACK_SIZE] __attribute__((aligned(64)));
};

/* --- in the child ----------------------------------------------------------------------------- */

/* It runs in a thread's memory and is not that thread: no sanitizer may look. */
#define IN_CHILD                                                                                   \
	__attribute__((no_sanitize_address, no_sanitize_thread, no_sanitize("undefined"), noinline))

IN_CHILD static void fresh_dispositions(void)
{
	/* The kernel's struct sigaction: all zero is the default, and no more than this. */
	static const unsigned long zero[8];

	for (int number = 1; number <= LAST_SIGNAL; number++)
		syscall(SYS_rt_sigaction, number, zero, NULL, SIGNAL_SET_SIZE);
}

IN_CHILD static int new_session(const struct wok__child *child)
{
	if (child->new_session)
		return syscall(SYS_setsid) < 0 ? -errno : 0;
	if (child->new_group)
		return syscall(SYS_setpgid, 0, 0) < 0 ? -errno : 0;
	return 0;
}

/* Copies above all places first, so that none is overwritten before it has been copied. */
IN_CHILD static int place_fds(const struct wok__child *child)
{
	struct wok__child_fd *fds = child->fds;
	int above = fds[child->n_fds - 1].as + 1;

	for (size_t i = 0; i < child->n_fds; i++) {
		if (fds[i].fd >= above)
			continue;
		fds[i].fd = (int) syscall(SYS_fcntl, fds[i].fd, F_DUPFD_CLOEXEC, above);
		if (fds[i].fd < 0)
			return -errno;
	}
	for (size_t i = 0; i < child->n_fds; i++)
		if (syscall(SYS_dup3, fds[i].fd, fds[i].as, 0) < 0)
			return -errno;
	return 0;
}

IN_CHILD static void close_range_of(unsigned first, unsigned last)
{
	if (first > last || syscall(SYS_close_range, first, last, 0) == 0)
		return;
	for (unsigned fd = first; fd <= last && fd < CLOSE_AT_MOST; fd++)
		syscall(SYS_close, fd);
}

IN_CHILD static void close_others(const struct wok__child *child)
{
	unsigned next = 0;

	for (size_t i = 0; i < child->n_fds; i++) {
		unsigned as = (unsigned) child->fds[i].as;
		if (as > next)
			close_range_of(next, as - 1);
		next = as + 1;
	}
	close_range_of(next, ~0U);
}

/* As execvp(3): what is not there is passed over; what may not be run, too, but remembered. */
IN_CHILD static int execute(const struct wok__child *child)
{
	int error = ENOENT;

	for (const char *path = child->paths; *path;) {
		syscall(SYS_execve, path, child->argv, child->env);
		int now = errno;
		if (now == EACCES)
			error = EACCES;
		else if (now != ENOENT && now != ENOTDIR)
			return -now;
		while (*path++)
			;
	}
	return -error;
}

IN_CHILD static int prepare_and_execute(struct block *block)
{
	static const unsigned long none[2];
	const struct wok__child *child = block->child;

	fresh_dispositions();
	block->step = WOK__CHILD_SESSION;
	int r = new_session(child);
	if (r < 0)
		return r;
	block->step = WOK__CHILD_TERMINAL;
	if (child->terminal >= 0 && syscall(SYS_ioctl, child->terminal, TIOCSCTTY, 0) < 0)
		return -errno;
	block->step = WOK__CHILD_FDS;
	r = place_fds(child);
	if (r < 0)
		return r;
	close_others(child);
	block->step = WOK__CHILD_CWD;
	if (child->cwd && syscall(SYS_chdir, child->cwd) < 0)
		return -errno;
	block->step = WOK__CHILD_EXEC;
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, none, NULL, SIGNAL_SET_SIZE);
	return execute(child);
}

IN_CHILD static int child_main(void *arg)
{
	struct block *block = arg;

	block->error = -prepare_and_execute(block);
	return EXIT_NOT_RUN;
}

/* --- in the parent ---------------------------------------------------------------------------- */

/* ThreadSanitizer takes clone() for a fork(), after which it is deaf on the stack that called it.
 */
#ifdef __SANITIZE_THREAD__
int __clone(int (*fn)(void *arg), void *stack, int flags, void *arg, ...);
#define clone __clone
#endif

static pid_t clone_child(struct block *block, int *ret_pidfd)
{
	const int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
	char *top = block->stack + sizeof(block->stack);
	int pidfd = -1;

	if (wok__sys_faulty("clone"))
		return -wok__sys_fault_error();
	pid_t pid = clone(child_main, top, flags | CLONE_PIDFD, block, &pidfd);
	if (pid < 0 && errno == EINVAL) /* an emulator that does not know the flag */
		pid = clone(child_main, top, flags, block);
	if (pid < 0)
		return -errno;
	*ret_pidfd = pidfd;
	return pid;
}

static void reap(pid_t pid, int pidfd)
{
	siginfo_t info;

	if (pidfd >= 0) {
		(void) wok__sys_pidfd_wait(pidfd, true, true, &info);
		wok__sys_close(pidfd);
		return;
	}
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

static int start(struct block *block, struct wok__child_started *ret_started)
{
	sigset_t all, old;
	int pidfd = -1, saved = errno;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	pid_t pid = clone_child(block, &pidfd);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	errno = saved; /* the child had the same one */
	ret_started->failed = block->step;
	if (pid < 0)
		return pid;
	if (block->error != 0) {
		reap(pid, pidfd);
		return -block->error;
	}
	if (pidfd < 0)
		pidfd = wok__sys_pidfd_open(pid);
	if (pidfd < 0) {
		wok__sys_kill_child(pid);
		return pidfd;
	}
	ret_started->pid = pid;
	ret_started->pidfd = pidfd;
	return 0;
}

int wok__sys_start_child(const struct wok__child *child, struct wok__child_started *ret_started)
{
	if (wok__sys_faulty("mmap"))
		return -wok__sys_fault_error();
	struct block *block = mmap(NULL, sizeof(*block), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (block == MAP_FAILED)
		return -errno;
	block->child = child;
	int r = start(block, ret_started);
	munmap(block, sizeof(*block));
	return r;
}

/* --- what it has for files -------------------------------------------------------------------- */

int wok__sys_new_pipe(enum wok__pipe_kind kind, int ret_fds[2])
{
	int fds[2];

	if (wok__sys_faulty("pipe2"))
		return -wok__sys_fault_error();
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	if (kind != WOK__PIPE_WRITER_NONBLOCKING)
		(void) fcntl(fds[0], F_SETFL, O_NONBLOCK);
	if (kind != WOK__PIPE_READER_NONBLOCKING)
		(void) fcntl(fds[1], F_SETFL, O_NONBLOCK);
	memcpy(ret_fds, fds, sizeof(fds));
	return 0;
}

static int open_near(void)
{
	WOK__SYS_RESULT("posix_openpt", posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
}

static int open_far(int near)
{
	/* By the near end, so that it is the right one in whatever mount namespace this is. */
	WOK__SYS_RESULT("ioctl", ioctl(near, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
}

int wok__sys_new_terminal(int *ret_near, int *ret_far)
{
	int near = open_near();

	if (near < 0)
		return near;
	int r = unlockpt(near) < 0 ? -errno : open_far(near);
	if (r < 0) {
		wok__sys_close(near);
		return r;
	}
	*ret_near = near;
	*ret_far = r;
	return 0;
}

int wok__sys_resize_terminal(int near, unsigned columns, unsigned rows)
{
	const struct winsize size = {
		.ws_col = (unsigned short) columns,
		.ws_row = (unsigned short) rows,
	};

	WOK__SYS_RESULT("ioctl", ioctl(near, TIOCSWINSZ, &size));
}

int wok__sys_open_for_child(const char *path, int flags)
{
	if (wok__sys_faulty("open"))
		return -wok__sys_fault_error();
	int fd = open(path, flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
	if (fd < 0)
		return -errno;
	(void) fcntl(fd, F_SETFL, flags & O_APPEND);
	return fd;
}

int wok__sys_check_fd(int fd)
{
	return fcntl(fd, F_GETFD) < 0 ? -errno : 0;
}

int wok__sys_signal_child(pid_t pid, int number)
{
	WOK__SYS_RESULT("kill", kill(pid, number));
}

int wok__sys_signal_group(pid_t leader, int number)
{
	WOK__SYS_RESULT("kill", kill(-leader, number));
}

/* SPDX-License-Identifier: MIT */
/* System calls: see platform/sys.h. */
#include "platform/sys.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

/* What is to fail; counted down by whoever calls, in any thread. */
static struct {
	const char *_Atomic name;
	_Atomic uint64_t countdown;
	_Atomic int error;
} fault;

void wok__sys_fail(const char *name, uint64_t n, int error)
{
	atomic_store_explicit(&fault.name, name, memory_order_relaxed);
	atomic_store_explicit(&fault.error, error, memory_order_relaxed);
	atomic_store_explicit(&fault.countdown, n, memory_order_release);
}

bool wok__sys_faulty(const char *name)
{
	uint64_t left = atomic_load_explicit(&fault.countdown, memory_order_acquire);

	if (__builtin_expect(left == 0, true))
		return false;
	const char *wanted = fault.name;
	if (wanted && strcmp(wanted, name) != 0)
		return false;
	while (!atomic_compare_exchange_weak(&fault.countdown, &left, left - 1))
		if (left == 0)
			return false;
	if (left == 1 && fault.error == WOK__SYS_DIE)
		(void) raise(SIGKILL);
	return left == 1;
}

int wok__sys_fault_error(void)
{
	return fault.error;
}

#define faulty(name) wok__sys_faulty(name)
#define RESULT(name, call) WOK__SYS_RESULT(name, call)
#define RESULT_RETRY(name, call) WOK__SYS_RESULT_RETRY(name, call)

int wok__sys_accept(int fd)
{
	RESULT_RETRY("accept4", accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

int wok__sys_bind(int fd, const struct sockaddr *address, socklen_t size)
{
	RESULT("bind", bind(fd, address, size));
}

/* Linux has released the descriptor even when close(2) fails, EINTR included: never again. */
int wok__sys_close(int fd)
{
	int r = close(fd) < 0 ? -errno : 0;

	if (faulty("close"))
		return -fault.error;
	return r == -EINTR ? 0 : r;
}

/* An interrupted connect goes on by itself. */
int wok__sys_connect(int fd, const struct sockaddr *address, socklen_t size)
{
	if (faulty("connect"))
		return -fault.error;
	if (connect(fd, address, size) == 0)
		return 0;
	return errno == EINTR ? -EINPROGRESS : -errno;
}

int wok__sys_epoll_create(void)
{
	RESULT("epoll_create1", epoll_create1(EPOLL_CLOEXEC));
}

int wok__sys_epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	RESULT("epoll_ctl", epoll_ctl(epoll, what, fd, event));
}

/* Before Linux 5.11 there are only milliseconds: rounded up, for a timer must not fire early. */
static int epoll_wait_ms(int epoll, struct epoll_event *events, int n, wok_time timeout)
{
	wok_time ms = timeout / WOK_MS + (timeout % WOK_MS != 0);
	int limit = timeout == WOK_FOREVER ? -1 : ms > 60000 ? 60000 : (int) ms;

	RESULT("epoll_wait", epoll_wait(epoll, events, n, limit));
}

int wok__sys_epoll_wait(int epoll, struct epoll_event *events, int n, wok_time timeout)
{
#ifdef SYS_epoll_pwait2
	static bool missing; /* the same for all threads, and harmless to find out twice */
	if (timeout > 0 && timeout != WOK_FOREVER && !__atomic_load_n(&missing, __ATOMIC_RELAXED)) {
		struct timespec limit = {timeout / WOK_SECOND, timeout % WOK_SECOND};
		if (faulty("epoll_wait"))
			return -fault.error;
		int r = (int) syscall(SYS_epoll_pwait2, epoll, events, n, &limit, NULL, 0);
		if (r >= 0 || (errno != ENOSYS && errno != EPERM))
			return r < 0 ? -errno : r;
		__atomic_store_n(&missing, true, __ATOMIC_RELAXED);
	}
#endif
	return epoll_wait_ms(epoll, events, n, timeout);
}

int wok__sys_eventfd(void)
{
	RESULT("eventfd", eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
}

int wok__sys_futex_wait(atomic_int *word, wok_time timeout)
{
	const struct timespec limit = {timeout / WOK_SECOND, timeout % WOK_SECOND};
	long r = syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0,
			 timeout == WOK_FOREVER ? NULL : &limit, NULL, 0);

	return r < 0 && errno == ETIMEDOUT ? -ETIMEDOUT : 0;
}

void wok__sys_futex_wake(atomic_int *word)
{
	(void) syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

int wok__sys_gettid(void)
{
	return (int) syscall(SYS_gettid);
}

int wok__sys_signal_thread(int thread, int number, const void *mark)
{
	siginfo_t info = {
		.si_signo = number,
		.si_code = SI_QUEUE,
	};

	info.si_pid = getpid();
	info.si_uid = getuid();
	info.si_value.sival_ptr = (void *) (uintptr_t) mark;
	RESULT("rt_tgsigqueueinfo",
	       (int) syscall(SYS_rt_tgsigqueueinfo, getpid(), thread, number, &info));
}

int wok__sys_getsockname(int fd, struct sockaddr *address, socklen_t *size)
{
	RESULT("getsockname", getsockname(fd, address, size));
}

int wok__sys_get_socket_error(int fd)
{
	int error = 0;
	socklen_t size = sizeof(error);

	if (faulty("getsockopt"))
		return -fault.error;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
		return -errno;
	return -error;
}

/* The numbers are the same on every processor but one that is gone. */
#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425
#define SYS_io_uring_enter 426
#define SYS_io_uring_register 427
#endif

int wok__sys_io_uring_setup(unsigned entries, void *params)
{
	RESULT("io_uring_setup", (int) syscall(SYS_io_uring_setup, entries, params));
}

int wok__sys_io_uring_enter(int ring, unsigned n_submitted, unsigned n_wanted, unsigned flags,
			    wok_time timeout)
{
	struct {
		int64_t seconds, nanoseconds;
	} limit = {timeout / WOK_SECOND, timeout % WOK_SECOND};
	struct {
		uint64_t signals;
		uint32_t signals_size, unused;
		uint64_t limit;
	} extra = {.limit = (uintptr_t) &limit};
	const unsigned with_extra = 1U << 3;

	if (n_wanted == 0 || timeout == WOK_FOREVER)
		RESULT("io_uring_enter", (int) syscall(SYS_io_uring_enter, ring, n_submitted,
						       n_wanted, flags, NULL, 0));
	RESULT("io_uring_enter", (int) syscall(SYS_io_uring_enter, ring, n_submitted, n_wanted,
					       flags | with_extra, &extra, sizeof(extra)));
}

int wok__sys_io_uring_register(int ring, unsigned what, void *arg, unsigned n)
{
	RESULT("io_uring_register", (int) syscall(SYS_io_uring_register, ring, what, arg, n));
}

int wok__sys_listen(int fd, int backlog)
{
	RESULT("listen", listen(fd, backlog));
}

int wok__sys_poll_now(int fd, short events)
{
	struct pollfd one = {.fd = fd, .events = events};

	if (faulty("poll"))
		return -fault.error;
	if (poll(&one, 1, 0) < 0)
		return -errno;
	return one.revents & POLLNVAL ? -EBADF : one.revents;
}

ssize_t wok__sys_read(int fd, void *data, size_t size)
{
	RESULT_RETRY("read", read(fd, data, size));
}

ssize_t wok__sys_recv(int fd, void *data, size_t size)
{
	RESULT_RETRY("recv", recv(fd, data, size, MSG_DONTWAIT));
}

ssize_t wok__sys_send(int fd, const void *data, size_t size)
{
	RESULT_RETRY("send", send(fd, data, size, MSG_DONTWAIT | MSG_NOSIGNAL));
}

ssize_t wok__sys_sendmsg(int fd, const struct iovec *parts, int n_parts)
{
	struct msghdr message = {.msg_iov = (struct iovec *) parts, .msg_iovlen = (size_t) n_parts};

	RESULT_RETRY("sendmsg", sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL));
}

ssize_t wok__sys_madvise_all(const struct iovec *ranges, size_t n, int advice)
{
	int self = (int) syscall(SYS_pidfd_open, getpid(), 0);
	if (self < 0)
		return -errno;
	ssize_t r = syscall(SYS_process_madvise, self, ranges, n, advice, 0);
	if (r < 0)
		r = -errno;
	close(self);
	return r;
}

int wok__sys_setsockopt(int fd, int level, int option, int value)
{
	RESULT("setsockopt", setsockopt(fd, level, option, &value, sizeof(value)));
}

int wok__sys_shutdown(int fd, int how)
{
	RESULT("shutdown", shutdown(fd, how));
}

int wok__sys_socket(int domain, int type)
{
	RESULT("socket", socket(domain, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

int wok__sys_timerfd(void)
{
	RESULT("timerfd_create", timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
}

void wok__sys_timerfd_set(int fd, wok_time when)
{
	struct itimerspec spec = {0};

	if (when <= 0)
		when = 1; /* zero would stop it */
	if (when != WOK_FOREVER) {
		spec.it_value.tv_sec = when / WOK_SECOND;
		spec.it_value.tv_nsec = when % WOK_SECOND;
	}
	timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* All but those that a fault of the thread itself raises, and the profiler's. */
static void block_signals(sigset_t *old)
{
	static const int kept[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGPROF};
	sigset_t all;

	sigfillset(&all);
	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		sigdelset(&all, kept[i]);
	pthread_sigmask(SIG_BLOCK, &all, old);
}

int wok__sys_thread(void *(*fn)(void *), void *arg, size_t stack_size, bool takes_signals,
		    pthread_t *ret_id)
{
	pthread_attr_t attributes;
	pthread_t id;
	sigset_t old;

	if (faulty("pthread_create"))
		return -fault.error;
	int r = pthread_attr_init(&attributes);
	if (r != 0)
		return -r;
	pthread_attr_setstacksize(&attributes, stack_size);
	if (!ret_id)
		pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (!takes_signals)
		block_signals(&old);
	r = pthread_create(ret_id ? ret_id : &id, &attributes, fn, arg);
	if (!takes_signals)
		pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	return -r;
}

void wok__sys_name_thread(const char *name)
{
	char cut[16];

	snprintf(cut, sizeof(cut), "%s", name);
	(void) pthread_setname_np(pthread_self(), cut);
}

int wok__sys_unlink(const char *path)
{
	RESULT("unlink", unlink(path));
}

ssize_t wok__sys_writev(int fd, const struct iovec *parts, int n_parts)
{
	RESULT_RETRY("writev", writev(fd, parts, n_parts));
}

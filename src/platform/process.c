/* SPDX-License-Identifier: MIT */
/* Processes: see platform/process.h. */
#include "platform/process.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "platform/sys.h"

enum { CONTROL = 3 };

/* The numbers are the same on all machines. */
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif
#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#define WAIT_FOR_PIDFD ((idtype_t) 3) /* P_PIDFD */

/* musl has no such macro, and no posix_spawn_file_actions_addclosefrom_np(). */
#ifdef __GLIBC_PREREQ
#if __GLIBC_PREREQ(2, 34)
#define CLOSES_AT_SPAWN 1
#endif
#endif
#ifndef CLOSES_AT_SPAWN
#define CLOSES_AT_SPAWN 0
#endif

/* --- starting --------------------------------------------------------------------------------- */

static int place_descriptors(posix_spawn_file_actions_t *actions, const struct wok__spawn *spawn)
{
	int r = 0;

	for (int i = 0; i < 3 && r == 0; i++)
		if (spawn->standard[i] >= 0)
			r = posix_spawn_file_actions_adddup2(actions, spawn->standard[i], i);
	if (r == 0 && spawn->standard[0] < 0)
		r = posix_spawn_file_actions_addopen(actions, 0, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(actions, spawn->control, CONTROL);
#if CLOSES_AT_SPAWN
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(actions, CONTROL + 1);
#endif
	return r;
}

void wok__sys_close_from(int fd)
{
	if (CLOSES_AT_SPAWN)
		return;
	if (syscall(SYS_close_range, fd, ~0U, 0) == 0)
		return;
	for (long max = sysconf(_SC_OPEN_MAX); fd < max; fd++)
		close(fd);
}

static int fresh_signals(posix_spawnattr_t *attributes)
{
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	int r = posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(attributes, &all);
	if (r == 0)
		r = posix_spawnattr_setsigmask(attributes, &none);
	return r == 0 ? posix_spawnattr_setpgroup(attributes, 0) : r;
}

int wok__sys_spawn(const struct wok__spawn *spawn, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	if (wok__sys_faulty("posix_spawn"))
		return -wok__sys_fault_error();
	int r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0)
		goto fail;
	r = place_descriptors(&actions, spawn);
	if (r == 0)
		r = fresh_signals(&attributes);
	if (r == 0)
		r = posix_spawn(ret_pid, spawn->program, &actions, &attributes, spawn->argv,
				environ);
	posix_spawnattr_destroy(&attributes);
fail:
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* --- ending ----------------------------------------------------------------------------------- */

int wok__sys_pidfd_open(pid_t pid)
{
	WOK__SYS_RESULT("pidfd_open", (int) syscall(SYS_pidfd_open, pid, 0));
}

int wok__sys_pidfd_signal(int pidfd, int number)
{
	WOK__SYS_RESULT("pidfd_send_signal",
			(int) syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0));
}

/*
 * The status of a child that somebody else has reaped: Linux 6.15 keeps it with the pidfd. The
 * layout is linux/pidfd.h's, which is too new for many.
 */
static void ask_pidfd(int pidfd, siginfo_t *info)
{
	struct {
		uint64_t mask, cgroup;
		uint32_t pid, tgid, ppid, ids[8];
		int32_t exit_code;
		uint32_t more[8];
	} answer = {.mask = 1 << 3};

	/* PIDFD_GET_INFO, with the size of the structure that ends behind exit_code. */
	if (ioctl(pidfd, _IOC(_IOC_READ | _IOC_WRITE, 0xFF, 11, 64), &answer) < 0 ||
	    !(answer.mask & 1 << 3))
		return;
	int signal_number = answer.exit_code & 0x7f;
	info->si_code = signal_number ? CLD_KILLED : CLD_EXITED;
	info->si_status = signal_number ? signal_number : (answer.exit_code >> 8) & 0xff;
}

int wok__sys_pidfd_wait(int pidfd, bool block, bool reap, siginfo_t *ret_info)
{
	int flags = WEXITED | (block ? 0 : WNOHANG) | (reap ? 0 : WNOWAIT);
	int r;

	memset(ret_info, 0, sizeof(*ret_info));
	do
		r = waitid(WAIT_FOR_PIDFD, (id_t) pidfd, ret_info, flags);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return ret_info->si_pid != 0;
	r = -errno;
	memset(ret_info, 0, sizeof(*ret_info));
	if (r == -ECHILD)
		ask_pidfd(pidfd, ret_info);
	return r;
}

void wok__sys_kill_group(pid_t leader, int number)
{
	(void) kill(-leader, number);
}

void wok__sys_kill_child(pid_t pid)
{
	(void) kill(pid, SIGKILL);
	while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* --- descriptors ------------------------------------------------------------------------------ */

/* Out of the way of those that a new process gets. */
static int move_up(int fd)
{
	if (fd > CONTROL)
		return fd;
	int higher = fcntl(fd, F_DUPFD_CLOEXEC, CONTROL + 1);
	int error = errno;
	close(fd);
	errno = error;
	return higher;
}

static int move_pair_up(int fds[2])
{
	fds[0] = move_up(fds[0]);
	int error = errno;
	fds[1] = move_up(fds[1]);
	if (fds[0] >= 0 && fds[1] >= 0)
		return 0;
	error = fds[0] < 0 ? error : errno;
	for (int i = 0; i < 2; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return -error;
}

int wok__sys_packet_pair(int ret_fds[2])
{
	int fds[2];

	if (wok__sys_faulty("socketpair"))
		return -wok__sys_fault_error();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	int r = move_pair_up(fds);
	if (r == 0)
		memcpy(ret_fds, fds, sizeof(fds));
	return r;
}

int wok__sys_pipe(int ret_fds[2])
{
	int fds[2];

	if (wok__sys_faulty("pipe2"))
		return -wok__sys_fault_error();
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	int r = move_pair_up(fds);
	if (r < 0)
		return r;
	(void) fcntl(fds[0], F_SETFL, O_NONBLOCK);
	memcpy(ret_fds, fds, sizeof(fds));
	return 0;
}

/* --- packets ---------------------------------------------------------------------------------- */

/* Room for one descriptor more than is allowed, so that a second one is seen and closed. */
union control {
	char bytes[CMSG_SPACE(2 * sizeof(int))];
	struct cmsghdr align;
};

ssize_t wok__sys_send_packet(int fd, const struct iovec *parts, int n_parts, int pass, int flags)
{
	union control control;
	struct msghdr message = {.msg_iov = (struct iovec *) parts, .msg_iovlen = (size_t) n_parts};

	if (pass >= 0) {
		memset(&control, 0, sizeof(control));
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(sizeof(int));
		struct cmsghdr *header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(header), &pass, sizeof(int));
	}
	WOK__SYS_RESULT_RETRY("sendmsg", sendmsg(fd, &message, flags | MSG_NOSIGNAL));
}

/* Take the descriptors out of a message: the first one, and how many there were. */
static int take_passed(struct msghdr *message, int *ret_passed)
{
	int n = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;
			memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
			if (n++ == 0)
				*ret_passed = fd;
			else
				close(fd);
		}
	}
	return n;
}

static ssize_t receive(int fd, struct msghdr *message, int flags)
{
	WOK__SYS_RESULT_RETRY("recvmsg", recvmsg(fd, message, flags | MSG_CMSG_CLOEXEC));
}

ssize_t wok__sys_receive_packet(int fd, const struct iovec *parts, int n_parts, int flags,
				int *ret_passed)
{
	union control control = {0};
	struct msghdr message = {
		.msg_iov = (struct iovec *) parts,
		.msg_iovlen = (size_t) n_parts,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	int passed = -1;

	ssize_t r = receive(fd, &message, flags);
	if (r < 0)
		return r;
	int n = take_passed(&message, &passed);
	if (n > 1 || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		if (passed >= 0)
			close(passed);
		return -EPROTO;
	}
	*ret_passed = passed;
	return r;
}

/* --- memory ----------------------------------------------------------------------------------- */

int wok__sys_memory(const char *name)
{
	WOK__SYS_RESULT("memfd_create", memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
}

int wok__sys_memory_resize(int fd, size_t size)
{
	WOK__SYS_RESULT_RETRY("ftruncate", ftruncate(fd, (off_t) size));
}

ssize_t wok__sys_pwrite(int fd, const void *data, size_t size, off_t at)
{
	WOK__SYS_RESULT_RETRY("pwrite", pwrite(fd, data, size, at));
}

ssize_t wok__sys_pread(int fd, void *data, size_t size, off_t at)
{
	WOK__SYS_RESULT_RETRY("pread", pread(fd, data, size, at));
}

enum { FIXED = F_SEAL_SHRINK | F_SEAL_GROW, UNWRITABLE = F_SEAL_WRITE | F_SEAL_FUTURE_WRITE };

static int add_seals(int fd, int seals)
{
	WOK__SYS_RESULT("fcntl", fcntl(fd, F_ADD_SEALS, seals | F_SEAL_SEAL));
}

/*
 * EBUSY: the kernel itself still held a page of it, as it does for a moment on a busy machine. Then
 * no new writer is let in; there is no old one, for the memory is written by calls or unmapped.
 */
int wok__sys_memory_seal(int fd)
{
	int r = add_seals(fd, FIXED | F_SEAL_WRITE);

	return r == -EBUSY ? add_seals(fd, FIXED | F_SEAL_FUTURE_WRITE) : r;
}

int wok__sys_memory_seal_size(int fd)
{
	return add_seals(fd, FIXED);
}

int wok__sys_memory_check(int fd, size_t size)
{
	struct stat status;
	/* Only memory has seals: for anything else this fails, and nothing else is ever read. */
	int seals = fcntl(fd, F_GET_SEALS);

	if (seals < 0 || (seals & FIXED) != FIXED || !(seals & UNWRITABLE) ||
	    fstat(fd, &status) < 0)
		return -EPROTO;
	return status.st_size >= 0 && (uint64_t) status.st_size == size ? 0 : -EPROTO;
}

int wok__sys_map(int fd, size_t size, bool writable, void **ret_memory)
{
	if (wok__sys_faulty("mmap"))
		return -wok__sys_fault_error();
	void *memory = mmap(NULL, size, PROT_READ | (writable ? PROT_WRITE : 0), MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	*ret_memory = memory;
	return 0;
}

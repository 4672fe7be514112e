/* SPDX-License-Identifier: MIT */
#ifndef WOK_PLATFORM_PROCESS_H
#define WOK_PLATFORM_PROCESS_H
/*
 * Starting and ending processes, and what passes between them: packets, descriptors, memory. As
 * platform/sys.h: -errno on failure, and each call can be made to fail.
 */
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* What a new process is. */
struct wok__spawn {
	const char *program;
	char *const *argv;
	int control;     /* becomes descriptor 3 */
	int standard[3]; /* become 0 to 2; -1: as here, and /dev/null for 0 */
};

/*
 * Start a program in a process group of its own, with signals as a fresh process has them and no
 * descriptors but 0 to 3 (where the C library can see to that; else whoever starts must).
 * Descriptors given must be above 3. Nothing of this process is copied, so its size does not
 * matter.
 */
int wok__sys_spawn(const struct wok__spawn *spawn, pid_t *ret_pid);

/* Close all descriptors from one on: what a new process does where wok__sys_spawn() could not. */
void wok__sys_close_from(int fd);

int wok__sys_pidfd_open(pid_t pid);
int wok__sys_pidfd_signal(int pidfd, int number);

/*
 * Look whether a child has ended: 1, and 0 if not. block: wait for it. reap: forget it then.
 * -ECHILD: somebody else has taken its status; ret_info is filled as far as the kernel still knows.
 */
int wok__sys_pidfd_wait(int pidfd, bool block, bool reap, siginfo_t *ret_info);

/* Kill all that is left of a process group; its leader must be a child that was not reaped yet. */
void wok__sys_kill_group(pid_t leader, int number);

/* Kill a child that has just been started, and reap it. */
void wok__sys_kill_child(pid_t pid);

/* Two connected SOCK_SEQPACKET sockets, and a pipe whose reading end never blocks. All above 3. */
int wok__sys_packet_pair(int ret_fds[2]);
int wok__sys_pipe(int ret_fds[2]);

/* Send a packet, with a descriptor unless that is -1. flags: MSG_DONTWAIT, or 0. */
ssize_t wok__sys_send_packet(int fd, const struct iovec *parts, int n_parts, int pass, int flags);

/*
 * Receive a packet and at most one descriptor (-1: none came). -EPROTO if there is more than fits;
 * then what came is closed again.
 */
ssize_t wok__sys_receive_packet(int fd, const struct iovec *parts, int n_parts, int flags,
				int *ret_passed);

/* A descriptor of memory. */
int wok__sys_memory(const char *name);
int wok__sys_memory_resize(int fd, size_t size);
ssize_t wok__sys_pwrite(int fd, const void *data, size_t size, off_t at);
ssize_t wok__sys_pread(int fd, void *data, size_t size, off_t at);

/* Nobody can change it any more. */
int wok__sys_memory_seal(int fd);

/* Its size is fixed; its content is not. */
int wok__sys_memory_seal_size(int fd);

/* 0 if it is sealed memory of exactly size bytes; else -EPROTO. */
int wok__sys_memory_check(int fd, size_t size);

/* Map it, shared. */
int wok__sys_map(int fd, size_t size, bool writable, void **ret_memory);
#endif

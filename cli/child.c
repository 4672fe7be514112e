/* SPDX-License-Identifier: MIT */
/*
 * Processes of the lab's own: see child.h.
 *
 * Nobody is left behind: the lab waits for each child by its pid; a child asks the kernel to be
 * killed when its parent dies; and between the parent's death and that request, or without it, the
 * closed end of the descriptor at CHILD_FD tells the child.
 */
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What a program expects to find: no signal blocked, and those that the lab catches at default. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, defaults;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGINT);
	sigaddset(&defaults, SIGTERM);
	sigaddset(&defaults, SIGHUP);
	sigaddset(&defaults, SIGPIPE);
	int error = posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	if (error == 0)
		error = posix_spawnattr_setpgroup(attributes, 0);
	if (error == 0)
		error = posix_spawnattr_setsigmask(attributes, &none);
	if (error == 0)
		error = posix_spawnattr_setsigdefault(attributes, &defaults);
	return error;
}

int child_start(const char *const *argv, int fd, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	int error = posix_spawn_file_actions_init(&actions);
	if (error != 0)
		return -error;
	error = posix_spawnattr_init(&attributes);
	if (error != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return -error;
	}

	/* Also when fd is CHILD_FD already: then this clears its close-on-exec flag. */
	error = posix_spawn_file_actions_adddup2(&actions, fd, CHILD_FD);
	if (error == 0)
		error = set_attributes(&attributes);
	if (error == 0) /* the cast: posix_spawn does not write to argv, its type is history */
		error = posix_spawn(ret_pid, "/proc/self/exe", &actions, &attributes,
				    (char *const *) argv, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -error;
}

/* Whether the child has ended within so many milliseconds; then *ret_status says how. */
static bool has_ended(pid_t pid, int patience, int *ret_status)
{
	const struct timespec pause = {.tv_nsec = 2000000};

	for (int waited = 0;; waited += 2) {
		pid_t ended = waitpid(pid, ret_status, WNOHANG);
		if (ended == pid)
			return true;
		if (ended < 0 && errno != EINTR) {
			*ret_status = 0; /* it is not ours any more, so there is none to wait for */
			return true;
		}
		if (waited >= patience)
			return false;
		nanosleep(&pause, NULL);
	}
}

int child_end(pid_t pid, int patience)
{
	int status = 0;

	if (has_ended(pid, patience, &status))
		return status;
	kill(pid, SIGTERM);
	if (has_ended(pid, patience, &status))
		return status;
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

struct child_fate child_fate(int status)
{
	struct child_fate fate = {""};

	if (WIFSIGNALED(status))
		snprintf(fate.s, sizeof(fate.s), "was killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
		snprintf(fate.s, sizeof(fate.s), "ended with status %d", WEXITSTATUS(status));
	return fate;
}

void child_die_with_parent(void)
{
	/* If it fails, or if the parent is dead already, CHILD_FD's other end is closed. */
	(void) prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* From now on the descriptor is not for children of this process. */
	(void) fcntl(CHILD_FD, F_SETFD, FD_CLOEXEC);
}

bool child_has_fd(void)
{
	return fcntl(CHILD_FD, F_GETFD) >= 0;
}

uint64_t child_peak_memory(pid_t pid)
{
	char path[64], line[256];
	uint64_t kib = 0;

	/* Not getrusage: its ru_maxrss also counts what the parent had when it called exec. */
	if (pid == 0)
		snprintf(path, sizeof(path), "/proc/self/status");
	else
		snprintf(path, sizeof(path), "/proc/%ld/status", (long) pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		if (strncmp(line, "VmHWM:", 6) == 0) {
			kib = strtoull(line + 6, NULL, 10);
			break;
		}
	}
	fclose(file);
	return kib * 1024;
}

uint64_t child_allow_descriptors(uint64_t wanted, uint64_t reserve)
{
	struct rlimit limit;

	/* If a limit is unknown, or stays as it is, the calls that need a descriptor will tell. */
	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return wanted;
	if (limit.rlim_max < wanted)
		limit.rlim_cur = limit.rlim_max - (limit.rlim_max > 2 * reserve ? reserve : 0);
	else if (limit.rlim_cur < wanted)
		limit.rlim_cur = wanted;
	(void) setrlimit(RLIMIT_NOFILE, &limit);
	return limit.rlim_max;
}

/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_CHILD_H
#define WOK_CLI_CHILD_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Processes of the lab's own: this same program, started with a subcommand. Each gets one
 * descriptor to talk to the lab, at a number that both know.
 */
enum { CHILD_FD = 3 };

/**
 * Start this program again. The child has a process group of its own, so that Ctrl-C reaches only
 * the lab, which ends its children in its own order.
 *
 * argv:       ends with NULL; argv[0] is "wok"
 * fd:         becomes CHILD_FD there; stays open here
 * Returns:    0; a negative errno
 */
int child_start(const char *const *argv, int fd, pid_t *ret_pid);

/**
 * Wait for a child's end; first ask it to end (SIGTERM), then kill it, when it takes too long.
 *
 * patience:   milliseconds that the child gets before each of the two
 * Returns:    its status, as waitpid(2) has it
 */
int child_end(pid_t pid, int patience);

/* What waitpid(2)'s status says, as "was killed by signal 11"; "" if all is well. */
struct child_fate {
	char s[64];
};
struct child_fate child_fate(int status);

/* In a child, first of all: die when the lab dies, however it dies. */
void child_die_with_parent(void);

/* In a child: whether CHILD_FD is there, or else somebody called an internal subcommand by hand. */
bool child_has_fd(void);

/* The peak of a process's resident memory, in bytes; 0 if it cannot be known. pid 0: this one. */
uint64_t child_peak_memory(pid_t pid);

/**
 * Allow this process so many descriptors, by raising the soft limit as far as needed and allowed.
 *
 * reserve:    so many are left unused where the hard limit is lower than wanted
 * Returns:    the hard limit: less than wanted if that was impossible
 */
uint64_t child_allow_descriptors(uint64_t wanted, uint64_t reserve);

#endif

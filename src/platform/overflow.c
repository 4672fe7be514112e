/* SPDX-License-Identifier: MIT */
/* Naming the task whose stack overflowed: see platform/overflow.h. */
#include "platform/overflow.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

enum { ALTERNATE_SIZE = 32768 };

static _Thread_local struct wok__overflow_guard *thread_guard;
static atomic_bool taken;

/* Only what may be called in a signal handler: no printf. */
static void put(const char *text)
{
	ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
	(void) ignored;
}

static void put_number(size_t number)
{
	char digits[24], *at = digits + sizeof(digits) - 1;

	*at = '\0';
	do {
		*--at = (char) ('0' + number % 10);
		number /= 10;
	} while (number > 0);
	put(at);
}

static void on_fault(int number, siginfo_t *info, void *unused)
{
	const char *name = NULL, *option = NULL;
	const struct wok__stack *stack =
		thread_guard ? thread_guard->current(&name, &option) : NULL;

	(void) unused;
	if (stack && wok__stack_guards(stack, info->si_addr)) {
		put("wok: stack overflow: the task ");
		put(name);
		put(" has used up its ");
		put_number(stack->size);
		put(" bytes; give it more by ");
		put(option);
		put(", or put less on its stack\n");
	}
	/* Returning repeats the fault, and now it kills, with a core that shows the culprit. */
	signal(number, SIG_DFL);
}

/* The handler cannot run on the stack that overflowed. */
static bool have_alternate_stack(struct wok__overflow_guard *guard)
{
	stack_t old, ours = {.ss_size = ALTERNATE_SIZE};

	if (sigaltstack(NULL, &old) == 0 && !(old.ss_flags & SS_DISABLE))
		return true;
	ours.ss_sp = guard->alternate = wok_alloc(ALTERNATE_SIZE);
	return guard->alternate && sigaltstack(&ours, NULL) == 0;
}

void wok__overflow_guard_open(struct wok__overflow_guard *guard,
			      const struct wok__stack *(*current)(const char **ret_name,
								  const char **ret_option))
{
	struct sigaction old,
		ours = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	guard->current = current;
	if (!have_alternate_stack(guard))
		return;
	thread_guard = guard;
	if (sigaction(SIGSEGV, NULL, &old) < 0 || old.sa_flags & SA_SIGINFO ||
	    old.sa_handler != SIG_DFL || atomic_exchange(&taken, true))
		return;
	sigemptyset(&ours.sa_mask);
	guard->installed = sigaction(SIGSEGV, &ours, NULL) == 0;
	if (!guard->installed)
		atomic_store(&taken, false);
}

void wok__overflow_guard_close(struct wok__overflow_guard *guard)
{
	struct sigaction current;
	stack_t none = {.ss_flags = SS_DISABLE};

	thread_guard = NULL;
	if (guard->installed) {
		if (sigaction(SIGSEGV, NULL, &current) == 0 && current.sa_sigaction == on_fault)
			signal(SIGSEGV, SIG_DFL);
		atomic_store(&taken, false);
	}
	if (guard->alternate) {
		sigaltstack(&none, NULL);
		wok_free(guard->alternate);
		guard->alternate = NULL;
	}
}

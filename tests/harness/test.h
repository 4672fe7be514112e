/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_HARNESS_H
#define WOK_TEST_HARNESS_H
/*
 * The test harness: Check runs each test in a process of its own with a time limit; this adds
 * registration, labels, seeds and assertions that are safe on a task's stack.
 *
 * A failed assertion prints FILE:LINE and ends the test's process on the spot. It must not longjmp,
 * as Check's own does without fork: the frame it would jump to lies on another stack, and no
 * clean-up of the task would run. Ending the process leaves nothing behind that could confuse the
 * next test. Without fork (WOK_TEST_NOFORK=1, for a debugger) it aborts, where the debugger stops.
 *
 * A test also fails when it ends with more open descriptors than it began with.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <wok/error.h>
#include <wok/test.h>

#include "platform/sanitizer.h"

/* Whether a sanitizer watches: its shadow memory makes figures of memory and time meaningless. */
#if defined(WOK__ASAN) || defined(WOK__TSAN)
enum { TEST_SANITIZED = true };
#else
enum { TEST_SANITIZED = false };
#endif

/* ThreadSanitizer dies at its 8,129th stack. */
#ifdef WOK__TSAN
enum { TEST_FEW_STACKS = true };
#else
enum { TEST_FEW_STACKS = false };
#endif

struct test_case {
	const char *file;
	int line;
	const char *const *words; /* the name, its labels, NULL */
	void (*body)(void);
	bool in_task; /* runs in a loop on the virtual clock, once for each seed */
	struct test_case *next;
};

void test_register(struct test_case *test);

/* For a constructor: what the program does once, before it forks for the first test. One only. */
void test_before_all(void (*prepare)(void));

/* A test: TEST(name_that_is_a_sentence, "A1", "http-3") { ... }. Labels: shared/behaviours. */
#define TEST(name, ...) TEST__DEFINE(name, false, ##__VA_ARGS__)

/* The same, run as the main task of a loop on the virtual clock (wok/test.h). */
#define TEST_TASK(name, ...) TEST__DEFINE(name, true, ##__VA_ARGS__)

#define TEST__DEFINE(name, is_task, ...)                                                           \
	static void name(void);                                                                    \
	__attribute__((constructor)) static void name##__register(void)                            \
	{                                                                                          \
		static const char *const words[] = {#name, ##__VA_ARGS__, NULL};                   \
		static struct test_case test = {                                                   \
			__FILE__, __LINE__, words, name, is_task, NULL,                            \
		};                                                                                 \
		test_register(&test);                                                              \
	}                                                                                          \
	static void name(void)

/* Ends the test: passed is what was not reported. Any thread, any stack. */
_Noreturn void test_fail(const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
_Noreturn void test_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The seed of this run: 0 is the plain ready order. For tests that shuffle something themselves. */
uint64_t test_seed(void);

/* Open descriptors of this process now. */
int test_count_fds(void);

/* In a TEST_TASK: returns when every other task is blocked. */
#define test_settle() wok_test_settle()

#define FAIL(...) test_fail(__FILE__, __LINE__, __VA_ARGS__)

/* Ends the test as skipped (exit status 77), with the reason. */
#define SKIP(...) test_skip(__VA_ARGS__)

#define ASSERT(condition)                                                                          \
	do {                                                                                       \
		if (!(condition))                                                                  \
			FAIL("%s does not hold", #condition);                                      \
	} while (0)

/* Integers, compared as 64 bits wide: the values are printed. */
#define ASSERT_EQ(a, b) test_assert_eq(__FILE__, __LINE__, #a, #b, (long long) (a), (long long) (b))

/* What a wok function returned: OK is >= 0, and an error must be exactly that one (a positive or a
 * negative errno, or a WOK_E code). */
#define ASSERT_OK(call) test_assert_ok(__FILE__, __LINE__, #call, (long long) (call))
#define ASSERT_ERR(call, code)                                                                     \
	test_assert_err(__FILE__, __LINE__, #call, (long long) (call), #code, (code))

/* Strings, either may be NULL; and bytes. */
#define ASSERT_STR(a, b) test_assert_str(__FILE__, __LINE__, #a, #b, (a), (b))
#define ASSERT_MEM(a, b, size) test_assert_mem(__FILE__, __LINE__, #a, #b, (a), (b), (size))

void test_assert_eq(const char *file, int line, const char *a_text, const char *b_text, long long a,
		    long long b);
void test_assert_ok(const char *file, int line, const char *text, long long result);
void test_assert_err(const char *file, int line, const char *text, long long result,
		     const char *code_text, int code);
void test_assert_str(const char *file, int line, const char *a_text, const char *b_text,
		     const char *a, const char *b);
void test_assert_mem(const char *file, int line, const char *a_text, const char *b_text,
		     const void *a, const void *b, size_t size);

#endif

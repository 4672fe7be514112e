/* SPDX-License-Identifier: MIT */
/*
 * The test harness: see test.h. This file is the runner: it collects the tests that registered
 * themselves, has Check run each in a fork, and reports. The assertions are in assert.c.
 *
 * What happened in a fork comes back on two ways. Check tells how the process ended: well, badly,
 * by a signal, out of time. A slot in shared memory tells what Check cannot know: whether the test
 * has already printed why it failed, and why it was skipped.
 */
#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wok/error.h>
#include <wok/worker.h>

#include "base/memory.h"

#include "harness/test.h"

enum {
	EXIT_USAGE = 2,
	EXIT_UNABLE = 78, /* without memory the test could not be passed, which is allowed */
	EXIT_SKIPPED = 77,
	MOST_ALLOCATIONS = 150, /* so many fail in turn */
	TIME_LIMIT_S = 20,      /* per test; Check multiplies it by CK_TIMEOUT_MULTIPLIER */
};

struct slot {
	bool reported; /* the test said why it failed */
	bool skipped;
	char reason[200];
};

/* One execution of one test: a task test has one for each seed. */
struct run {
	const struct test_case *test;
	uint64_t seed;
};

struct options {
	const char *filter;
	uint64_t first_seed, last_seed;
	bool list;
	bool no_fork;
};

struct counts {
	size_t passed, failed, skipped;
};

static struct test_case *all_tests;
static void (*before_all)(void);
static struct run *runs;
static size_t run_count;
static struct slot *slots;
static TTest *entries; /* Check's view of runs; it keeps pointers to them */
/* What runs now; in a fork, the one test of this process. */
static size_t current;
static bool forked;
static bool no_memory; /* the option --no-memory */
static bool failing_allocations;

void test_register(struct test_case *test)
{
	test->next = all_tests;
	all_tests = test;
}

void test_before_all(void (*prepare)(void))
{
	before_all = prepare;
}

uint64_t test_seed(void)
{
	return runs[current].seed;
}

/* "tests/sync/event.c" is the suite sync/event, wherever the build folder lies. */
static const char *suite_of(const struct test_case *test, char *buf, size_t size)
{
	const char *end = strrchr(test->file, '.');
	const char *start = strrchr(test->file, '/');

	while (start && start > test->file && start[-1] != '/')
		start--;
	start = start ? start : test->file;
	snprintf(buf, size, "%.*s", (int) (end - start), start);
	return buf;
}

/* The compiler saw the file from the build folder, "../tests/x.c"; people stand one higher. */
static const char *place(const char *file)
{
	return strncmp(file, "../", 3) == 0 ? file + 3 : file;
}

/*
 * One write() from a small buffer of our own: stdio needs 8 KiB of stack for an unbuffered stream,
 * and this may run on a small one.
 */
static void say(const char *format, va_list args, const char *prefix)
{
	char text[1200];
	size_t used = (size_t) snprintf(text, sizeof(text) - 1, "%s", prefix);

	if (used > sizeof(text) - 2)
		used = sizeof(text) - 2;
	int more = vsnprintf(text + used, sizeof(text) - 1 - used, format, args);
	if (more > 0)
		used += (size_t) more;
	if (used > sizeof(text) - 2)
		used = sizeof(text) - 2;
	text[used++] = '\n';
	(void) !write(STDERR_FILENO, text, used);
}

void test_fail(const char *file, int line, const char *format, ...)
{
	const struct run *run = &runs[current];
	char prefix[400];
	char seed[60] = "";
	va_list args;

	if (failing_allocations)
		_exit(EXIT_UNABLE);
	if (run->seed != 0)
		snprintf(seed, sizeof(seed), " [--seed %llu]", (unsigned long long) run->seed);
	snprintf(prefix, sizeof(prefix), "%s:%d: %s%s: ", place(file), line, run->test->words[0],
		 seed);
	va_start(args, format);
	say(format, args, prefix);
	va_end(args);
	slots[current].reported = true;
	if (!forked)
		abort(); /* WOK_TEST_NOFORK: the debugger stops here */
	_exit(1);
}

void test_skip(const char *format, ...)
{
	struct slot *slot = &slots[current];
	va_list args;

	va_start(args, format);
	vsnprintf(slot->reason, sizeof(slot->reason), format, args);
	va_end(args);
	slot->skipped = true;
	if (!forked)
		fprintf(stderr, "%s: skipped: %s\n", runs[current].test->words[0], slot->reason);
	_exit(EXIT_SKIPPED);
}

/* --- in the fork ------------------------------------------------------------------------------ */

/* Counts the open descriptors below FD_SETSIZE, and marks them in the set, if there is one. */
static int count_fds(fd_set *open_fds)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	if (!folder)
		return -1;
	if (open_fds)
		FD_ZERO(open_fds);
	while ((entry = readdir(folder))) {
		int fd = (int) strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] == '.' || fd == dirfd(folder) || fd >= FD_SETSIZE)
			continue;
		count++;
		if (open_fds)
			FD_SET(fd, open_fds);
	}
	closedir(folder);
	return count;
}

int test_count_fds(void)
{
	return count_fds(NULL);
}

/* What the first descriptor in after that is not in before is open on. */
static const char *name_leak(const fd_set *before, const fd_set *after, char *buf, size_t size)
{
	int fd = 0;
	char link[64];

	while (fd < FD_SETSIZE - 1 && !(FD_ISSET(fd, after) && !FD_ISSET(fd, before)))
		fd++;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, buf, size - 1);
	buf[n < 0 ? 0 : n] = '\0';
	return buf;
}

static int task_body(void *arg)
{
	const struct test_case *test = arg;

	test->body();
	return 0;
}

static void run_in_loop(const struct run *run)
{
	const wok_test_options options = {.seed = run->seed};
	int r = wok_test_run(task_body, (void *) run->test, &options);

	if (r < 0)
		test_fail(run->test->file, run->test->line, "the run ended with %s: %s",
			  wok_errname(r), wok_errmsg(r));
}

/* One run in a process of its own: it may fail, but it must not crash, hang, or leak. */
static bool run_without(const struct run *run, uint64_t n)
{
	int status = 0;

	fflush(NULL);
	pid_t child = fork();
	if (child == 0) {
		int silence = open("/dev/null", O_WRONLY | O_CLOEXEC);
		if (!getenv("WOK_TEST_VERBOSE"))
			dup2(silence, STDERR_FILENO);
		failing_allocations = true;
		wok_test_fail_allocation(n, false);
		run_in_loop(run);
		/* Not needed any more? Then this was the last. A leak checker speaks at exit. */
		exit(wok__fail_allocation_pending() ? EXIT_SUCCESS : EXIT_UNABLE);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		test_fail(run->test->file, run->test->line, "no process for allocation %d",
			  (int) n);
	int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	if (code != EXIT_SUCCESS && code != EXIT_UNABLE && code != EXIT_SKIPPED)
		test_fail(run->test->file, run->test->line,
			  "it died (status %#x) when allocation %d failed", (unsigned) status,
			  (int) n);
	return code == EXIT_UNABLE;
}

static void run_without_each(const struct run *run)
{
	for (uint64_t n = 1; n <= MOST_ALLOCATIONS && run_without(run, n); n++)
		;
}

/* What Check calls, in the fork: index is the place in runs. */
static void run_test(int index)
{
	const struct run *run = &runs[index];
	fd_set fds_before;
	fd_set fds_after;
	char name[256];
	int before = count_fds(&fds_before);

	current = (size_t) index;
	if (no_memory) {
		/* The others have threads and children, which may wait for one that gave up. */
		if (run->test->in_task)
			run_without_each(run);
		return;
	}
	if (run->test->in_task)
		run_in_loop(run);
	else
		run->test->body();

	int after = count_fds(&fds_after);
	if (after > before)
		test_fail(run->test->file, run->test->line,
			  "%d file descriptor(s) left open, the first on %s", after - before,
			  name_leak(&fds_before, &fds_after, name, sizeof(name)));
	siginfo_t child = {.si_pid = 0};
	if (waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) == 0)
		test_fail(run->test->file, run->test->line, "a child process was left, %s",
			  child.si_pid ? "dead and not waited for" : "and runs");
}

/* --- choosing what runs ----------------------------------------------------------------------- */

static int by_place(const void *left, const void *right)
{
	const struct test_case *a = *(struct test_case *const *) left;
	const struct test_case *b = *(struct test_case *const *) right;
	int order = strcmp(a->file, b->file);

	return order ? order : a->line - b->line;
}

static void *must(void *memory)
{
	if (!memory) {
		perror("tests");
		exit(EXIT_USAGE);
	}
	return memory;
}

static bool chosen(const struct options *options, const struct test_case *test)
{
	char name[300];
	char suite[200];

	if (!options->filter)
		return true;
	snprintf(name, sizeof(name), "%s %s", suite_of(test, suite, sizeof(suite)), test->words[0]);
	return strstr(name, options->filter) != NULL;
}

/* Fills runs: in the order of the source, a task test once for each seed. */
static void choose(const struct options *options)
{
	size_t seeds = (size_t) (options->last_seed - options->first_seed + 1);
	size_t count = 0;

	for (struct test_case *test = all_tests; test; test = test->next)
		count += chosen(options, test);
	struct test_case **sorted = must(calloc(count + 1, sizeof(struct test_case *)));
	count = 0;
	for (struct test_case *test = all_tests; test; test = test->next)
		if (chosen(options, test))
			sorted[count++] = test;
	qsort(sorted, count, sizeof(*sorted), by_place);

	runs = must(calloc(count * seeds + 1, sizeof(*runs)));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < (sorted[i]->in_task ? seeds : 1); k++)
			runs[run_count++] = (struct run){sorted[i], options->first_seed + k};
	free(sorted);
	entries = must(calloc(run_count + 1, sizeof(*entries)));

	slots = mmap(NULL, (run_count + 1) * sizeof(*slots), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(slots == MAP_FAILED ? NULL : slots);
}

/* The first run after the ones of the test that begins at start. */
static size_t end_of(size_t start)
{
	size_t end = start;

	while (end < run_count && runs[end].test == runs[start].test)
		end++;
	return end;
}

/* --- running and reporting -------------------------------------------------------------------- */

/* A suite per file, a Check "case" per test: its own time limit. */
static SRunner *build_runner(void)
{
	SRunner *runner = srunner_create(NULL);
	Suite *suite = NULL;
	char name[200];

	for (size_t i = 0; i < run_count; i = end_of(i)) {
		const struct test_case *test = runs[i].test;
		TCase *one = tcase_create(test->words[0]);

		if (i == 0 || strcmp(runs[i - 1].test->file, test->file) != 0) {
			suite = suite_create(suite_of(test, name, sizeof(name)));
			srunner_add_suite(runner, suite);
		}
		entries[i] = (TTest){test->words[0], run_test, test->file, test->line};
		tcase_set_timeout(one, TIME_LIMIT_S);
		tcase_add_loop_test(one, &entries[i], (int) i, (int) end_of(i));
		suite_add_tcase(suite, one);
	}
	return runner;
}

static bool was_skipped(size_t i, TestResult *result)
{
	return slots[i].skipped && tr_rtype(result) != CK_PASS;
}

/* A line for each failure that the test itself could not report, and for each skip. */
static void report_run(size_t i, TestResult *result)
{
	const struct run *run = &runs[i];
	char seed[60] = "";

	if (run->seed != 0)
		snprintf(seed, sizeof(seed), " [--seed %llu]", (unsigned long long) run->seed);
	if (was_skipped(i, result))
		fprintf(stderr, "%s:%d: %s: skipped: %s\n", place(run->test->file), run->test->line,
			run->test->words[0], slots[i].reason);
	else if (tr_rtype(result) != CK_PASS && !slots[i].reported)
		fprintf(stderr, "%s:%d: %s%s: %s\n", place(run->test->file), run->test->line,
			run->test->words[0], seed, tr_msg(result));
}

/* Labels count only for tests that ran and passed, with every seed. */
static void record_labels(FILE *labels, const struct test_case *test)
{
	char suite[200];

	if (!labels || !test->words[1])
		return;
	fprintf(labels, "%s", suite_of(test, suite, sizeof(suite)));
	for (size_t i = 0; test->words[i]; i++)
		fprintf(labels, " %s", test->words[i]);
	fputc('\n', labels);
}

static void report_test(size_t start, TestResult **results, FILE *labels, struct counts *counts)
{
	bool skipped = false;
	bool failed = false;

	for (size_t i = start; i < end_of(start); i++) {
		report_run(i, results[i]);
		skipped |= was_skipped(i, results[i]);
		failed |= tr_rtype(results[i]) != CK_PASS && !was_skipped(i, results[i]);
	}
	counts->failed += failed;
	counts->skipped += skipped && !failed;
	if (failed) {
		printf("FAIL %s\n", runs[start].test->words[0]);
	} else if (!skipped) {
		counts->passed++;
		record_labels(labels, runs[start].test);
	}
}

static int run_all(const struct options *options)
{
	struct counts counts = {0, 0, 0};
	const char *path = getenv("WOK_LABELS");
	FILE *labels = path && *path ? must(fopen(path, "ae")) : NULL;
	SRunner *runner = build_runner();

	forked = !options->no_fork;
	srunner_set_fork_status(runner, forked ? CK_FORK : CK_NOFORK);
	fflush(NULL); /* or each fork would print what is still in the buffers */
	srunner_run_all(runner, CK_SILENT);

	TestResult **results = srunner_results(runner);
	if ((size_t) srunner_ntests_run(runner) != run_count) {
		fprintf(stderr, "tests: Check ran %d of %zu\n", srunner_ntests_run(runner),
			run_count);
		return EXIT_FAILURE;
	}
	for (size_t i = 0; i < run_count; i = end_of(i))
		report_test(i, results, labels, &counts);
	free(results);
	srunner_free(runner);
	if (labels)
		fclose(labels);
	/* tools/run-tests.sh reads this line. */
	printf("%zu passed, %zu failed, %zu skipped\n", counts.passed, counts.failed,
	       counts.skipped);
	fflush(stdout); /* a leak check at exit may end the process before stdio does this */
	if (counts.failed > 0)
		return EXIT_FAILURE;
	return counts.passed == 0 && counts.skipped > 0 ? EXIT_SKIPPED : EXIT_SUCCESS;
}

static int list_all(void)
{
	char suite[200];

	for (size_t i = 0; i < run_count; i = end_of(i)) {
		printf("%s", suite_of(runs[i].test, suite, sizeof(suite)));
		for (size_t k = 0; runs[i].test->words[k]; k++)
			printf(" %s", runs[i].test->words[k]);
		putchar('\n');
	}
	return EXIT_SUCCESS;
}

/* --- the command line ------------------------------------------------------------------------- */

static _Noreturn void usage(const char *program)
{
	fprintf(stderr,
		"usage: %s [--list] [--no-memory] [--seed N | --seeds A..B] [TEXT]\n"
		"Runs the tests whose \"suite name\" contains TEXT.\n"
		"  --list        only name them, with their labels\n"
		"  --no-memory   let each allocation fail in turn: a test may fail, but not crash\n"
		"  --seed N      run task tests in the ready order of seed N (0: plain)\n"
		"  --seeds A..B  run each task test once for each seed\n"
		"Environment: WOK_TEST_SEED=N or A..B, as the options; WOK_TEST_NOFORK=1, all in\n"
		"one process, for a debugger; WOK_LABELS=FILE, append the labels proven;\n"
		"CK_TIMEOUT_MULTIPLIER=N, longer time limits (%d s a test).\n",
		program, TIME_LIMIT_S);
	exit(EXIT_USAGE);
}

/* "7" or "1..100" */
static bool parse_seeds(const char *text, struct options *options)
{
	char *end;

	options->first_seed = options->last_seed = strtoull(text, &end, 10);
	if (end == text)
		return false;
	if (strncmp(end, "..", 2) == 0) {
		text = end + 2;
		options->last_seed = strtoull(text, &end, 10);
	}
	return end != text && *end == '\0' && options->first_seed <= options->last_seed &&
	       options->last_seed - options->first_seed < 100000;
}

static struct options parse(int argc, char **argv)
{
	struct options options = {.no_fork = getenv("WOK_TEST_NOFORK") != NULL};
	const char *seeds = getenv("WOK_TEST_SEED");

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--list") == 0)
			options.list = true;
		else if (strcmp(argv[i], "--no-memory") == 0)
			no_memory = true;
		else if (strncmp(argv[i], "--seed", 6) == 0 && i + 1 < argc)
			seeds = argv[++i];
		else if (argv[i][0] != '-' && !options.filter)
			options.filter = argv[i];
		else
			usage(argv[0]);
	}
	if (seeds && *seeds && !parse_seeds(seeds, &options)) {
		fprintf(stderr, "%s: seeds are N or A..B (at most 100,000), not \"%s\"\n", argv[0],
			seeds);
		exit(EXIT_USAGE);
	}
	return options;
}

int main(int argc, char **argv)
{
	/* The tests of process pools have this program as their worker, too. */
	if (wok_worker(argc, argv))
		return 0;
	struct options options = parse(argc, argv);

	choose(&options);
	if (run_count == 0) {
		fprintf(stderr, "%s: no test's \"suite name\" contains \"%s\"\n", argv[0],
			options.filter ? options.filter : "");
		return EXIT_USAGE;
	}
	if (options.list)
		return list_all();
	if (before_all)
		before_all();
	return run_all(&options);
}

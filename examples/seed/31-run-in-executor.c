/* SPDX-License-Identifier: MIT */
/* 31-run-in-executor: section 11, blocking functions in asynchronous code. Shows a thread for what
 *                     waits and a process for what computes.
 * Try:                31-run-in-executor   (it takes 2 seconds) */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wok/wok.h>

static int blocking_io(void *arg)
{
	const char **result = arg;

	sleep(2); /* 同步阻塞操作 */
	*result = "done";
	return 0;
}

/* The sum does not fit in 64 bits. */
typedef unsigned __int128 wide;

static int cpu_heavy(const void *input, size_t size, wok_output *output)
{
	unsigned long n;
	wide sum = 0;

	if (size != sizeof(n))
		return -EINVAL;
	memcpy(&n, input, size);
	for (unsigned long i = 0; i < n; i++)
		sum += (wide) i * i;
	return wok_output_write(output, &sum, sizeof(sum));
}

static void print_wide(wide number)
{
	const unsigned long unit = 1000000000;

	if (number >= unit)
		printf("%lu%09lu%09lu\n", (unsigned long) (number / unit / unit),
		       (unsigned long) (number / unit % unit), (unsigned long) (number % unit));
	else
		printf("%lu\n", (unsigned long) number);
}

static int async_main(void *unused)
{
	WOK_AUTO(wok_process_pool) *pool = NULL;
	const char *text;
	unsigned long n = 10000000;
	wide sum;

	(void) unused;
	/* 放到线程池(适合 IO 阻塞) */
	WOK_TRY(wok_to_thread(blocking_io, &text));
	puts(text);

	/* 放到进程池(适合 CPU 密集) */
	WOK_TRY(wok_process_pool_new(NULL, &pool));
	WOK_TRY(wok_run_in_executor(pool, "cpu_heavy", &n, sizeof(n), &sum, sizeof(sum)));
	print_wide(sum);
	return 0;
}

int main(int argc, char **argv)
{
	if (wok_worker_register("cpu_heavy", cpu_heavy) < 0)
		return 1;
	if (wok_worker(argc, argv))
		return 0;
	int r = wok_run(async_main, NULL);
	if (r < 0)
		fprintf(stderr, "31-run-in-executor: %s\n", wok_errmsg(r));
	return r < 0;
}

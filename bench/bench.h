/* What the benchmark programs share: their figures go to stdout as "metric value" lines. */
#ifndef BENCH_H
#define BENCH_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <wok/wok.h>

/* The CPU time that this process has used, user and system, in seconds. */
static inline double bench_cpu_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* A value of a process's /proc/PID/status, as "VmRSS:", in bytes. */
static inline size_t bench_memory_of(const char *pid, const char *name)
{
	char line[256];
	size_t kib = 0;

	snprintf(line, sizeof(line), "/proc/%s/status", pid);
	FILE *status = fopen(line, "re");
	while (status && fgets(line, sizeof(line), status))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtoul(line + strlen(name), NULL, 10);
	if (status)
		fclose(status);
	return kib * 1024;
}

static inline size_t bench_memory(const char *name)
{
	return bench_memory_of("self", name);
}

/* Seconds since a moment on wok's clock. */
static inline double bench_seconds_since(wok_time start)
{
	return (double) (wok_now() - start) / (double) WOK_SECOND;
}

/* The figures of a client that made n requests. */
static inline void bench_requests(size_t n, wok_time start, double cpu_start)
{
	double wall = bench_seconds_since(start);

	printf("req_per_s %.0f\n", (double) n / wall);
	printf("cpu_us_per_req %.3f\n", (bench_cpu_seconds() - cpu_start) * 1e6 / (double) n);
	printf("wall_s %.4f\n", wall);
}

/* The count in argv[index], or an end with usage. */
static inline size_t bench_count(int argc, char **argv, int index)
{
	char *end = NULL;
	unsigned long long n = index < argc ? strtoull(argv[index], &end, 10) : 0;

	if (n == 0 || *end) {
		fprintf(stderr, "%s: argument %d must be a count\n", argv[0], index);
		exit(2);
	}
	return (size_t) n;
}

/* main()'s result; an error is said on stderr. */
static inline int bench_exit(const char *name, int r)
{
	if (r >= 0)
		return 0;
	fprintf(stderr, "%s: %s\n", name, wok_errmsg(r));
	return 1;
}
#endif

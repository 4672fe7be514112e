/* threads: hashes files in threads, for reading them blocks, and so does hashing.
 *          Shows wok_to_thread(), a pool of threads, and a job that runs out of time.
 * Try:     threads /etc/services threads.c */
#include <stdio.h>
#include <wok/wok.h>

struct file {
	const char *path;
	uint64_t hash;
	wok_thread_pool *pool;
};

/* In a thread: it may block, and it may take its time. */
static int hash_file(void *arg)
{
	struct file *file = arg;
	FILE *stream = fopen(file->path, "r");
	int byte;

	if (!stream)
		return wok_fail(-errno, "%s: %s", file->path, wok_strerror(-errno));
	file->hash = 14695981039346656037u; /* FNV-1a */
	while ((byte = getc(stream)) != EOF && !wok_job_canceled())
		file->hash = (file->hash ^ (uint64_t) byte) * 1099511628211u;
	fclose(stream);
	return 0;
}

/* In a task: it waits, and the others run. */
static int hash(void *arg)
{
	struct file *file = arg;

	WOK_TRY(wok_thread_pool_run(file->pool, hash_file, file));
	printf("%016llx %s\n", (unsigned long long) file->hash, file->path);
	return 0;
}

/* Would go on for ever, if nobody asked it to stop. */
static int turn(void *unused)
{
	(void) unused;
	while (!wok_job_canceled())
		;
	return -ECANCELED;
}

static int turn_in_thread(void *unused)
{
	return wok_to_thread(turn, unused);
}

struct paths {
	char **names;
	size_t n;
};

static int all(void *arg)
{
	const wok_thread_pool_options two = {.name = "hash", .max_threads = 2};
	const struct paths *paths = arg;
	WOK_AUTO(wok_thread_pool) *pool = NULL;
	struct file files[16];

	WOK_TRY(wok_thread_pool_new(&two, &pool));
	for (size_t i = 0; i < paths->n; i++)
		files[i] = (struct file){paths->names[i], 0, pool};
	WOK_TRY(wok_for_each(hash, files, paths->n, 0, 0));
	printf("turning: %s\n", wok_errname(wok_wait_for(turn_in_thread, NULL, 50 * WOK_MS)));
	return 0;
}

int main(int argc, char **argv)
{
	struct paths paths = {argv + 1, argc > 17 ? 16 : (size_t) argc - 1};
	int r = wok_run(all, &paths);
	if (r < 0)
		fprintf(stderr, "threads: %s\n", wok_errmsg(r));
	return r < 0;
}

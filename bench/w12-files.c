/* W12: files from the page cache: many small ones, or a large one, as a whole or by lines.
 * Try:      w12-files make /tmp/files 10000   then   w12-files many /tmp/files 10000
 *           w12-files big /tmp/files          and    w12-files lines /tmp/files
 * What it is measured against, in plain C: w12-files sync-many, sync-big, sync-lines. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "bench.h"

enum { PATH = 4096, SMALL = 4096, PIECE = 1 << 20, READERS = 16 };

struct work {
	const char *dir;
	size_t n;
	size_t next; /* file; the readers share it */
	size_t bytes, lines;
};

static void say(const struct work *work, wok_time start, double cpu_start)
{
	double wall = bench_seconds_since(start);

	if (work->lines > 0)
		printf("lines_per_s %.0f\n", (double) work->lines / wall);
	else if (work->n > 0)
		printf("files_per_s %.0f\n", (double) work->n / wall);
	printf("GB_per_s %.3f\n", (double) work->bytes / wall / 1e9);
	printf("cpu_s %.4f\n", bench_cpu_seconds() - cpu_start);
}

/* --- with wok --------------------------------------------------------------------------------- */

static int read_some(void *arg)
{
	struct work *work = arg;
	char path[PATH], *data;
	size_t size;

	while (work->next < work->n) {
		snprintf(path, sizeof(path), "%s/f%zu", work->dir, work->next++);
		WOK_TRY(wok_read_file(path, &data, &size));
		work->bytes += size;
		wok_free(data);
	}
	return 0;
}

static int many(void *arg)
{
	WOK_AUTO(wok_scope) *scope = NULL;

	WOK_TRY(wok_scope_new(&scope));
	for (int i = 0; i < READERS; i++)
		WOK_TRY(wok_scope_spawn(scope, read_some, arg));
	return wok_scope_join(scope);
}

static int open_big(const struct work *work, wok_file **ret_file)
{
	char path[PATH];

	snprintf(path, sizeof(path), "%s/big", work->dir);
	return wok_file_open(path, "r", ret_file);
}

static int big(void *arg)
{
	struct work *work = arg;
	WOK_AUTO(wok_file) *file = NULL;
	char *piece = malloc(PIECE);
	ssize_t n;

	if (!piece)
		return -ENOMEM;
	int r = open_big(work, &file);
	while (r == 0 && (n = wok_file_read(file, piece, PIECE)) != 0) {
		r = n < 0 ? (int) n : 0;
		work->bytes += n > 0 ? (size_t) n : 0;
	}
	free(piece);
	return r;
}

static int lines(void *arg)
{
	struct work *work = arg;
	WOK_AUTO(wok_file) *file = NULL;
	wok_view line;
	int r;

	WOK_TRY(open_big(work, &file));
	while ((r = wok_file_next_line(file, &line)) > 0) {
		work->lines++;
		work->bytes += line.size + 1;
	}
	return r;
}

/* --- in plain C ------------------------------------------------------------------------------- */

static int sync_many(void *arg)
{
	struct work *work = arg;
	char path[PATH];

	for (size_t i = 0; i < work->n; i++) {
		char *data = malloc(2 * SMALL);
		ssize_t n, size = 0;
		snprintf(path, sizeof(path), "%s/f%zu", work->dir, i);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		while (data && (n = pread(fd, data + size, (size_t) (2 * SMALL - size), size)) > 0)
			size += n;
		close(fd);
		free(data);
		work->bytes += (size_t) size;
	}
	return work->bytes == work->n * SMALL ? 0 : -EIO;
}

static int sync_big(void *arg)
{
	struct work *work = arg;
	char path[PATH], *piece = malloc(PIECE);
	ssize_t n;

	snprintf(path, sizeof(path), "%s/big", work->dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	while (piece && (n = read(fd, piece, PIECE)) > 0)
		work->bytes += (size_t) n;
	close(fd);
	free(piece);
	return 0;
}

static int sync_lines(void *arg)
{
	struct work *work = arg;
	char path[PATH], *line = NULL;
	size_t capacity = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "%s/big", work->dir);
	FILE *file = fopen(path, "re");
	while (file && (n = getline(&line, &capacity, file)) > 0) {
		work->lines++;
		work->bytes += (size_t) n;
	}
	if (file)
		fclose(file);
	free(line);
	return 0;
}

/* --- what is read ----------------------------------------------------------------------------- */

/* 1 GiB of lines of 0 to 127 bytes, and n files of 4 KiB. */
static int make(void *arg)
{
	struct work *work = arg;
	char path[PATH], piece[SMALL];
	uint32_t random = 1;

	memset(piece, 'x', sizeof(piece));
	for (size_t i = 0; i < work->n; i++) {
		snprintf(path, sizeof(path), "%s/f%zu", work->dir, i);
		WOK_TRY(wok_write_file(path, piece, sizeof(piece)));
	}
	WOK_AUTO(wok_file) *file = NULL;
	snprintf(path, sizeof(path), "%s/big", work->dir);
	WOK_TRY(wok_file_open(path, "w", &file));
	for (size_t left = (size_t) 1 << 30; left > 0;) {
		random = random * 1103515245 + 12345;
		size_t size = (random >> 16) % 128 + 1;
		size = size < left ? size : left;
		piece[size - 1] = '\n';
		WOK_TRY(wok_file_write(file, piece, size));
		piece[size - 1] = 'x';
		left -= size;
	}
	return wok_file_close(file);
}

static const struct way {
	const char *name;
	wok_fn *fn;
	bool counts; /* takes a number of files */
	bool sync;
} ways[] = {
	{"many", many, true, false},         {"big", big, false, false},
	{"lines", lines, false, false},      {"sync-many", sync_many, true, true},
	{"sync-big", sync_big, false, true}, {"sync-lines", sync_lines, false, true},
	{"make", make, true, false},
};

int main(int argc, char **argv)
{
	const struct way *way = NULL;

	for (size_t i = 0; argc > 2 && i < sizeof(ways) / sizeof(ways[0]); i++)
		if (strcmp(argv[1], ways[i].name) == 0)
			way = &ways[i];
	if (!way) {
		fprintf(stderr, "usage: w12-files many|big|lines|sync-...|make DIR [N]\n");
		return 2;
	}
	struct work work = {.dir = argv[2], .n = way->counts ? bench_count(argc, argv, 3) : 0};
	double cpu_start = bench_cpu_seconds();
	wok_time start = wok_now();
	int r = way->sync ? way->fn(&work) : wok_run(way->fn, &work);
	if (r == 0 && way->fn != make)
		say(&work, start, cpu_start);
	return bench_exit("w12-files", r);
}

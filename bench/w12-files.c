/* W12: files from the page cache: many small ones, or a large one in pieces or by lines.
 * Try:      w12-files make /tmp/files 10000 1024   then   w12-files many /tmp/files 10000
 *           w12-files big /tmp/files               and    w12-files lines /tmp/files */
#include <stdlib.h>

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
	char *piece = wok_alloc(PIECE);
	ssize_t n;

	if (!piece)
		return -ENOMEM;
	int r = open_big(work, &file);
	while (r == 0 && (n = wok_file_read(file, piece, PIECE)) != 0) {
		r = n < 0 ? (int) n : 0;
		work->bytes += n > 0 ? (size_t) n : 0;
	}
	wok_free(piece);
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

/* --- what is read ----------------------------------------------------------------------------- */

/* Lines of 0 to 127 bytes, as many as make work->bytes. */
static int make_lines(struct work *work, wok_file *file)
{
	char line[128];
	uint32_t random = 1;

	memset(line, 'x', sizeof(line));
	for (size_t left = work->bytes; left > 0;) {
		random = random * 1103515245 + 12345;
		size_t size = (random >> 16) % sizeof(line) + 1;
		size = size < left ? size : left;
		line[size - 1] = '\n';
		WOK_TRY(wok_file_write(file, line, size));
		line[size - 1] = 'x';
		left -= size;
	}
	return wok_file_close(file);
}

static int make(void *arg)
{
	struct work *work = arg;
	WOK_AUTO(wok_file) *file = NULL;
	char path[PATH], small[SMALL];

	memset(small, 'x', sizeof(small));
	for (size_t i = 0; i < work->n; i++) {
		snprintf(path, sizeof(path), "%s/f%zu", work->dir, i);
		WOK_TRY(wok_write_file(path, small, sizeof(small)));
	}
	snprintf(path, sizeof(path), "%s/big", work->dir);
	WOK_TRY(wok_file_open(path, "w", &file));
	return make_lines(work, file);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"many", "big", "lines", "make"};
	static wok_fn *const fns[] = {many, big, lines, make};
	size_t which = 0;

	while (argc > 2 && which < 4 && strcmp(argv[1], names[which]) != 0)
		which++;
	if (argc < 3 || which == 4) {
		fprintf(stderr,
			"usage: w12-files many DIR N | big DIR | lines DIR | make DIR N MIB\n");
		return 2;
	}
	struct work work = {.dir = argv[2]};
	if (fns[which] == many || fns[which] == make)
		work.n = bench_count(argc, argv, 3);
	if (fns[which] == make)
		work.bytes = bench_count(argc, argv, 4) << 20;
	double cpu_start = bench_cpu_seconds();
	wok_time start = wok_now();
	int r = wok_run(fns[which], &work);
	if (r >= 0 && fns[which] != make)
		say(&work, start, cpu_start);
	return bench_exit("w12-files", r);
}

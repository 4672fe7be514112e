// w12-files many DIR N | big DIR | lines DIR: what blocking calls do, the limit.
#include "util.h"
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { SMALL = 4096, PIECE = 1 << 20 };

static size_t bytes, lines;

static void many(const char *dir, long n)
{
	char path[4096];

	for (long i = 0; i < n; i++) {
		char *data = malloc(2 * SMALL);
		ssize_t got, size = 0;
		snprintf(path, sizeof(path), "%s/f%ld", dir, i);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		while ((got = pread(fd, data + size, 2 * SMALL - size, size)) > 0)
			size += got;
		close(fd);
		free(data);
		bytes += size;
	}
}

static void big(const char *path)
{
	char *piece = aligned_alloc(64, PIECE); /* malloc's 16 make the copy five times as slow */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got;

	while ((got = read(fd, piece, PIECE)) > 0)
		bytes += got;
	close(fd);
	free(piece);
}

static void by_lines(const char *path)
{
	FILE *file = fopen(path, "re");
	char *line = NULL;
	size_t capacity = 0;
	ssize_t got;

	while (file && (got = getline(&line, &capacity, file)) > 0) {
		lines++;
		bytes += got;
	}
	free(line);
	fclose(file);
}

int main(int argc, char **argv)
{
	char path[4096];
	long n = argc > 3 ? atol(argv[3]) : 0;
	double cpu = cpu_s();
	uint64_t start = now_ns();

	snprintf(path, sizeof(path), "%s/big", argv[2]);
	if (!strcmp(argv[1], "many"))
		many(argv[2], n);
	else if (!strcmp(argv[1], "big"))
		big(path);
	else
		by_lines(path);
	double wall = (now_ns() - start) / 1e9;
	if (bytes == 0) {
		fprintf(stderr, "nothing was read\n");
		return 1;
	}
	if (lines > 0)
		printf("lines_per_s %.0f\n", lines / wall);
	else if (n > 0)
		printf("files_per_s %.0f\n", n / wall);
	printf("GB_per_s %.3f\ncpu_s %.4f\n", bytes / wall / 1e9, cpu_s() - cpu);
	return 0;
}

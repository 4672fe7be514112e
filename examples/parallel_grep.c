/* parallel_grep: prints the lines of files that hold a text, as many files at a time as help. Shows
 * whole files, reading by lines, one task a file, and output that stays together.
 * Try:      parallel_grep wok_file *.c */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/wok.h>

enum { AT_ONCE = 16 };

struct grep {
	const char *text;
	wok_stream *out;
	size_t found;
};

struct search {
	struct grep *grep;
	const char *path;
	char *made; /* the lines that were found, as they are printed */
	size_t size;
	FILE *lines; /* into made */
};

static int search_lines(struct search *self, wok_file *file)
{
	size_t number = 0, size = strlen(self->grep->text);
	wok_view line;
	int r;

	while ((r = wok_file_next_line(file, &line)) != 0) {
		number++;
		if (r == WOK_ELIMIT)
			continue; /* a line of megabytes: the next call goes on behind it */
		if (r < 0)
			return r;
		if (!memmem(line.data, line.size, self->grep->text, size))
			continue;
		fprintf(self->lines, "%s:%zu: %.*s\n", self->path, number, (int) line.size,
			line.data);
		self->grep->found++;
	}
	return 0;
}

/* One file. A file that cannot be read is said so, and the others go on. */
static int search_file(struct search *self)
{
	WOK_AUTO(wok_file) *file = NULL;
	int r = wok_file_open(self->path, "r", &file);

	if (r == 0)
		r = search_lines(self, file);
	if (r == -ECANCELED)
		return r;
	if (r < 0)
		fprintf(stderr, "parallel_grep: %s\n", wok_errmsg(r));
	return 0;
}

static int search_and_print(void *arg)
{
	struct search *self = arg;

	self->lines = open_memstream(&self->made, &self->size);
	if (!self->lines)
		return -ENOMEM;
	int r = search_file(self);
	fclose(self->lines);
	if (r == 0)
		r = wok_stream_write_all(self->grep->out, self->made, self->size);
	free(self->made);
	return r;
}

struct arguments {
	int n;
	char **words;
	size_t found;
};

static int grep(void *arg)
{
	struct arguments *arguments = arg;
	WOK_AUTO(wok_stream) *out = NULL;

	WOK_TRY(wok_stdout(&out));
	struct grep all = {.text = arguments->words[1], .out = out};
	size_t n = (size_t) arguments->n - 2;
	struct search *searches = calloc(n + 1, sizeof(*searches));
	if (!searches)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		searches[i] = (struct search){.grep = &all, .path = arguments->words[i + 2]};
	int r = wok_for_each(search_and_print, searches, n, AT_ONCE, 0);
	free(searches);
	arguments->found = all.found;
	return r;
}

int main(int argc, char **argv)
{
	struct arguments arguments = {argc, argv, 0};

	if (argc < 3) {
		fprintf(stderr, "usage: parallel_grep TEXT FILE...\n");
		return 2;
	}
	int r = wok_run(grep, &arguments);
	if (r < 0) {
		fprintf(stderr, "parallel_grep: %s\n", wok_errmsg(r));
		return 2;
	}
	return arguments.found == 0; /* as grep's */
}

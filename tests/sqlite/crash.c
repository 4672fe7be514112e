/* SPDX-License-Identifier: MIT */
/*
 * What is left after a writer was killed, at moments and in places of chance: all that it was told
 * was committed, and of each transaction all or nothing.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "check.h"

enum { ROUNDS = 30, ROWS = 3, CUTS = 24, LOGGED = 60 };

struct life {
	const char *path;
	int tell; /* the number of each transaction, once it is committed */
	int last; /* the number after which to wait for death */
};

static int write_one(wok_sqlite *db, int64_t number)
{
	WOK_AUTO(wok_sqlite_transaction) *tx = NULL;

	WOK_TRY(wok_sqlite_transaction_begin(db, NULL, &tx));
	for (int i = 0; i < ROWS; i++)
		WOK_TRY(wok_sqlite_execute(db, "INSERT INTO t VALUES(?, zeroblob(?))",
					   WOK_ARGS(number, 100 * (int64_t) (number % 30))));
	return wok_sqlite_transaction_commit(tx);
}

static int write_for_ever(void *arg)
{
	const struct life *life = arg;
	/* A small log is written back again and again: kills hit that, too. */
	const wok_sqlite_options options = {.checkpoint_pages = life->last ? 100000 : 20};
	WOK_AUTO(wok_sqlite) *db = open_file(life->path, &options);
	int64_t number;

	WOK_TRY(wok_sqlite_script(db, "CREATE TABLE IF NOT EXISTS t(number, filler)"));
	number = one_int(db, "SELECT coalesce(max(number), 0) FROM t");
	while (!life->last || number < life->last) {
		WOK_TRY(write_one(db, ++number));
		if (write(life->tell, &number, sizeof(number)) != sizeof(number))
			return -EPIPE;
	}
	return wok_sleep(WOK_FOREVER / 2);
}

/* Start a writer, wait for so many transactions and a while longer, kill it. The last number that
 * it told; 0: none. */
static int64_t live_and_die(const char *path, int last, int transactions, unsigned wait)
{
	int64_t number = 0, told = 0;
	int ends[2], status;

	ASSERT_EQ(pipe2(ends, O_CLOEXEC), 0);
	const pid_t child = fork();
	if (child == 0) {
		struct life life = {path, ends[1], last};

		_exit(wok_run(write_for_ever, &life) < 0);
	}
	close(ends[1]);
	for (int i = 0; i < transactions; i++) {
		ASSERT_EQ(read(ends[0], &number, sizeof(number)), (ssize_t) sizeof(number));
		told = number;
	}
	usleep(wait);
	ASSERT_EQ(kill(child, SIGKILL), 0);
	ASSERT_EQ(waitpid(child, &status, 0), child);
	ASSERT(WIFSIGNALED(status));
	while (read(ends[0], &number, sizeof(number)) == sizeof(number))
		told = number;
	close(ends[0]);
	return told;
}

struct look {
	const char *path;
	int64_t number; /* of the last transaction */
};

/* There is nothing but whole transactions, from the first one on without a gap. */
static int look(void *arg)
{
	struct look *look = arg;
	WOK_AUTO(wok_sqlite) *db = open_file(look->path, NULL);
	WOK_AUTO(wok_rows) *rows = NULL;

	ASSERT_OK(wok_sqlite_fetch(db, "PRAGMA integrity_check", NULL, &rows));
	ASSERT_STR(wok_row_text_at(wok_rows_at(rows, 0), 0), "ok");
	look->number = 0;
	if (one_int(db, "SELECT count(*) FROM sqlite_schema") == 0)
		return 0;
	look->number = one_int(db, "SELECT coalesce(max(number), 0) FROM t");
	ASSERT_EQ(one_int(db, "SELECT count(DISTINCT number) FROM t"), look->number);
	ASSERT_EQ(one_int(db, "SELECT count(*) FROM t"), ROWS * look->number);
	return 0;
}

static int64_t last_of(const char *path)
{
	struct look looked = {.path = path};

	ASSERT_OK(wok_run(look, &looked));
	return looked.number;
}

TEST(a_writer_that_is_killed_at_any_moment_leaves_all_or_nothing, "sqlite-20")
{
	unsigned random = (unsigned) test_seed();
	char path[PATH_SIZE];

	new_path(path);
	for (int i = 0; i < ROUNDS; i++) {
		/* Some die while they open and make the table, most in the midst of a commit. */
		const int transactions = i % 4 == 0 ? 0 : rand_r(&random) % 40;
		const unsigned wait = (unsigned) rand_r(&random) % 3000;
		const int64_t before = i ? last_of(path) : 0;
		const int64_t told = live_and_die(path, 0, transactions, wait);
		const int64_t there = last_of(path);

		ASSERT(there >= before);
		/* What was committed, and perhaps one that nobody could be told of. */
		if (told > 0 && (there < told || there > told + 1))
			FAIL("round %d: %lld were told, %lld are there", i, (long long) told,
			     (long long) there);
	}
	remove_database(path);
}

/* The log of a writer that was killed before it wrote any of it back. */
struct remains {
	char *data[2];
	size_t size[2];
};

static const char *const parts[] = {"", "-wal"};

static void keep(const char *path, int part, struct remains *remains)
{
	char name[PATH_SIZE + 10];
	struct stat stat;

	snprintf(name, sizeof(name), "%s%s", path, parts[part]);
	const int fd = open(name, O_RDONLY | O_CLOEXEC);
	ASSERT(fd >= 0 && fstat(fd, &stat) == 0);
	remains->size[part] = (size_t) stat.st_size;
	remains->data[part] = malloc(remains->size[part] + 1);
	ASSERT_EQ(read(fd, remains->data[part], remains->size[part]), stat.st_size);
	close(fd);
}

static void put_back(const char *path, int part, const struct remains *remains, size_t size)
{
	char name[PATH_SIZE + 10];

	snprintf(name, sizeof(name), "%s%s", path, parts[part]);
	const int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ASSERT(fd >= 0);
	ASSERT_EQ(write(fd, remains->data[part], size), (ssize_t) size);
	close(fd);
}

/* What is there with the log as it is told. */
static int64_t recover(const char *path, const struct remains *remains, size_t size)
{
	char name[PATH_SIZE + 10];

	put_back(path, 0, remains, remains->size[0]);
	put_back(path, 1, remains, size);
	snprintf(name, sizeof(name), "%s-shm", path);
	unlink(name);
	return last_of(path);
}

TEST(a_log_that_was_cut_off_or_damaged_gives_what_stands_before, "sqlite-20")
{
	unsigned random = (unsigned) test_seed();
	struct remains remains;
	char path[PATH_SIZE];

	new_path(path);
	ASSERT_EQ(live_and_die(path, LOGGED, LOGGED, 0), LOGGED);
	keep(path, 0, &remains);
	keep(path, 1, &remains);
	const size_t size = remains.size[1];
	ASSERT_EQ(recover(path, &remains, size), LOGGED);
	for (int64_t i = 0, before = 0; i < CUTS; i++) {
		const size_t step = size / CUTS;
		const size_t cut = step * (size_t) i + (size_t) rand_r(&random) % step;
		const int64_t number = recover(path, &remains, cut);

		ASSERT(number >= before && number < LOGGED);
		remains.data[1][cut] ^= 0x55;
		const int64_t damaged = recover(path, &remains, size);
		remains.data[1][cut] ^= 0x55;
		ASSERT(damaged <= number);
		before = number;
	}
	free(remains.data[0]);
	free(remains.data[1]);
	remove_database(path);
}

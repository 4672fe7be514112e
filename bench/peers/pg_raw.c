/*
 * Raw epoll: sends a ready Bind, Execute and Sync, and does not look at the answer but for its end:
 * what the kernel takes for a query. w10-pg FOLDER one|pgtype|series N SECONDS
 */
#include <sys/un.h>

#include "util.h"

enum { MOST = 256, PIECE = 65536 };

static const char pgtype[] =
	"select typname, typnamespace, typowner, typlen, typbyval, typcategory, typispreferred, "
	"typisdefined, typdelim, typrelid, typelem, typarray from pg_type "
	"where typtypmod = $1 and typisdefined = $2";
static const char series[] = "SELECT i FROM generate_series(1, 1000) AS i";

static char answer[PIECE];

static char *add(char *at, char type, const void *body, uint32_t size)
{
	uint32_t length = htonl(size + 4);

	*at++ = type;
	memcpy(at, &length, 4);
	memcpy(at + 4, body, size);
	return at + 4 + size;
}

/* Its end, so far as it has come: a ReadyForQuery is the last that is said. */
static int take(int fd)
{
	static const char end[] = "Z\0\0\0\5I";
	ssize_t n = recv(fd, answer, PIECE, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN))
		die("recv");
	return n < 0 ? -1 : n >= 6 && memcmp(answer + n - 6, end, 6) == 0;
}

static void ask(int fd, const char *request, size_t size)
{
	if (send(fd, request, size, MSG_NOSIGNAL) != (ssize_t) size)
		die("send");
}

static void ask_and_wait(int fd, const char *request, size_t size)
{
	ask(fd, request, size);
	while (take(fd) != 1)
		usleep(1000);
}

static int connect_to(const char *folder, const char *sql)
{
	static const char startup[] = "\0\0\0\0\0\3\0\0user\0bench\0database\0postgres\0";
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char request[1024], body[512], *at = body;
	uint32_t length = htonl(sizeof(startup));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/.s.PGSQL.5432", folder);
	if (connect(fd, (struct sockaddr *) &address, sizeof(address)))
		die("connect");
	memcpy(request, startup, sizeof(startup));
	memcpy(request, &length, 4);
	ask_and_wait(fd, request, sizeof(startup));
	at = stpcpy(stpcpy(at, "q") + 1, sql) + 1; /* its name, and no types */
	*at++ = 0;
	*at++ = 0;
	at = add(add(request, 'P', body, at - body), 'S', "", 0);
	ask_and_wait(fd, request, at - request);
	return fd;
}

static size_t make_request(char *request, int parameters)
{
	static const char none[] = "\0q\0\0\1\0\1\0\0\0\1\0\1";
	static const char two[] = "\0q\0\0\1\0\1\0\2\0\0\0\4\377\377\377\377\0\0\0\1\1\0\1\0\1";
	char *at = parameters ? add(request, 'B', two, sizeof(two) - 1)
			      : add(request, 'B', none, sizeof(none) - 1);

	return add(add(at, 'E', "\0\0\0\0", 5), 'S', "", 0) - request;
}

int main(int argc, char **argv)
{
	struct epoll_event events[MOST];
	int fds[MOST], poll = epoll_create1(EPOLL_CLOEXEC), is_pgtype, alive, n, r;
	char request[200];
	uint64_t queries = 0;

	if (argc != 5 || (n = atoi(argv[3])) > MOST)
		return 2;
	is_pgtype = !strcmp(argv[2], "pgtype");
	if (!is_pgtype && strcmp(argv[2], "one") && strcmp(argv[2], "series")) {
		fprintf(stderr, "it is for queries only\n");
		return 3;
	}
	size_t size = make_request(request, is_pgtype);
	for (int i = 0; i < n; i++) {
		struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = i};

		fds[i] = connect_to(argv[1], is_pgtype           ? pgtype
					     : argv[2][0] == 's' ? series
								 : "SELECT 1+1");
		epoll_ctl(poll, EPOLL_CTL_ADD, fds[i], &event);
	}
	double cpu = cpu_s();
	uint64_t start = now_ns(), end = start + (uint64_t) (atof(argv[4]) * 1e9);
	for (int i = 0; i < n; i++)
		ask(fds[i], request, size);
	for (alive = n; alive > 0;) {
		int k = epoll_wait(poll, events, MOST, 5000);

		if (k <= 0)
			die("epoll_wait");
		for (int i = 0; i < k; i++) {
			int fd = fds[events[i].data.fd];

			while ((r = take(fd)) == 0)
				;
			if (r < 0)
				continue;
			queries++;
			if (now_ns() < end)
				ask(fd, request, size);
			else
				alive--;
		}
	}
	double wall = (now_ns() - start) / 1e9;
	printf("queries_per_s %.1f\ncpu_us_per_query %.2f\n", queries / wall,
	       (cpu_s() - cpu) * 1e6 / queries);
	return 0;
}

/* SPDX-License-Identifier: MIT */
/*
 * The owner of the tests' PostgreSQL: see keeper.h.
 *
 * PostgreSQL refuses to run as root: then its programs run as the user "postgres" or "nobody", who
 * gets the folder as well. Each of them dies with the keeper, should that be killed.
 */
#include "pg/keeper.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tls/certs.h"

enum { MOST_WAIT_MS = 30 * 1000 };

static const char standard_hba[] = "local all,replication all trust\n"
				   "host all trust_user all trust\n"
				   "host all plain_user all password\n"
				   "host all md5_user all md5\n"
				   "hostssl all cert_user all cert\n"
				   "host all all all scram-sha-256\n";

static struct keeper_answer *answer;
static struct pg_cluster *cluster;
static char programs[200]; /* the folder of initdb and postgres; "" before the first look */
static const char *bouncer_program;
static uid_t user; /* whom the servers run as; 0: as we do */
static gid_t group;
static bool changed; /* by the last test: pg_hba.conf or a setting */

/* The answer is that it did not work. */
static bool fail(enum keeper_verdict verdict, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static bool fail(enum keeper_verdict verdict, const char *format, ...)
{
	va_list args;

	answer->verdict = verdict;
	va_start(args, format);
	vsnprintf(answer->text, sizeof(answer->text), format, args);
	va_end(args);
	return false;
}

static const char *inside(const char *name)
{
	static char path[4][128];
	static unsigned next;
	char *ret = path[next++ % 4];

	snprintf(ret, sizeof(path[0]), "%s/%s", cluster->folder, name);
	return ret;
}

static void give_away(const char *path)
{
	if (user)
		(void) !chown(path, user, group);
}

static bool write_text(const char *name, const char *text, bool append)
{
	const char *path = inside(name);
	FILE *file = fopen(path, append ? "ae" : "we");

	if (!file)
		return fail(KEEPER_FAILED, "%s: %s", path, strerror(errno));
	fprintf(file, "%s\n", text);
	if (fclose(file) != 0)
		return fail(KEEPER_FAILED, "%s: %s", path, strerror(errno));
	chmod(path, 0600);
	give_away(path);
	return true;
}

/* --- processes -------------------------------------------------------------------------------- */

/* In the child: nothing of ours but its output, and the user that may run a server. */
static void become(int output, int death)
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);

	dup2(in, 0);
	dup2(output, 1);
	dup2(output, 2);
	if (user && (setgroups(1, &group) < 0 || setgid(group) < 0 || setuid(user) < 0))
		_exit(126);
	prctl(PR_SET_PDEATHSIG, death); /* after setuid(), which forgets it */
	(void) !chdir(cluster->folder);
	signal(SIGINT, SIG_DFL);
	setsid();
}

static int open_log(void)
{
	return open(inside("log"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

static pid_t start(char *const argv[], int output, int death)
{
	pid_t pid = fork();

	if (pid == 0) {
		become(output, death);
		setenv("LC_ALL", "C.UTF-8", 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	return pid;
}

/* Runs a program to its end, what it prints goes into the log. */
static int run(char *const argv[])
{
	int log = open_log();
	pid_t pid = start(argv, log, SIGKILL);
	int status = -1;

	close(log);
	if (pid > 0)
		waitpid(pid, &status, 0);
	return status;
}

static void pause_ms(int ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000L * 1000}, NULL);
}

/* The end of the log, for whoever reads why. */
static const char *log_end(void)
{
	static char text[2000];
	int fd = open(inside("log"), O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return "";
	off_t size = lseek(fd, 0, SEEK_END);
	off_t from = size > 1500 ? size - 1500 : 0;
	ssize_t n = pread(fd, text, 1500, from);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return text;
}

/* Whether a file has a text behind an offset; waits for it while the process lives. */
static bool wait_for_text(const char *path, off_t from, const char *text, pid_t pid)
{
	static char data[64 * 1024];

	for (int waited = 0; waited < MOST_WAIT_MS; waited += 5) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n = fd < 0 ? 0 : pread(fd, data, sizeof(data) - 1, from);
		if (fd >= 0)
			close(fd);
		data[n > 0 ? n : 0] = '\0';
		if (strstr(data, text))
			return true;
		int status;
		if (waitpid(pid, &status, WNOHANG) == pid)
			return fail(KEEPER_FAILED, "it ended, status %#x: %s", (unsigned) status,
				    log_end());
		pause_ms(5);
	}
	return fail(KEEPER_FAILED, "no \"%s\" in %s: %s", text, path, log_end());
}

static void stop_process(pid_t *pid, int sig)
{
	if (*pid <= 0)
		return;
	kill(*pid, sig);
	kill(*pid, SIGCONT);
	for (int waited = 0; waitpid(*pid, NULL, WNOHANG) == 0; waited += 5) {
		if (waited == MOST_WAIT_MS / 6)
			kill(*pid, SIGQUIT); /* PostgreSQL then kills those that do not hear */
		if (waited == MOST_WAIT_MS / 2)
			kill(*pid, SIGKILL);
		pause_ms(5);
	}
	*pid = 0;
}

/* --- what is there ---------------------------------------------------------------------------- */

static bool find_programs(void)
{
	const char *given = getenv("WOK_PG_BIN");
	glob_t found = {.gl_pathc = 0};

	if (programs[0])
		return true;
	if (given && *given)
		snprintf(programs, sizeof(programs), "%s", given);
	else if (glob("/usr/lib/postgresql/*/bin/initdb", 0, NULL, &found) == 0)
		snprintf(programs, sizeof(programs), "%.*s",
			 (int) (strlen(found.gl_pathv[found.gl_pathc - 1]) - strlen("/initdb")),
			 found.gl_pathv[found.gl_pathc - 1]);
	globfree(&found);
	if (!programs[0])
		return fail(KEEPER_MISSING, "no PostgreSQL here (Debian: postgresql-15), nor in "
					    "WOK_PG_BIN");
	return true;
}

static bool find_user(void)
{
	const struct passwd *entry = NULL;

	if (getuid() != 0)
		return true;
	entry = getpwnam("postgres");
	if (!entry)
		entry = getpwnam("nobody");
	if (!entry)
		return fail(KEEPER_MISSING, "PostgreSQL does not run as root, and there is neither "
					    "a user \"postgres\" nor \"nobody\"");
	user = entry->pw_uid;
	group = entry->pw_gid;
	return true;
}

static const char *program(const char *name)
{
	static char path[3][256];
	static unsigned next;
	char *ret = path[next++ % 3];

	snprintf(ret, sizeof(path[0]), "%s/%s", programs, name);
	return ret;
}

/* A port of 127.0.0.1 that nobody has now. */
static int free_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int port = 0;

	if (bind(fd, (struct sockaddr *) &address, size) == 0 &&
	    getsockname(fd, (struct sockaddr *) &address, &size) == 0)
		port = ntohs(address.sin_port);
	close(fd);
	return port;
}

/* --- PostgreSQL ------------------------------------------------------------------------------- */

static bool write_certificates(void)
{
	const struct cert *client =
		make_cert(&(struct cert_spec){.name = "cert_user", .issuer = root_ca()});
	const struct cert *server = make_cert(&(struct cert_spec){
		.name = "Test Server", .names = "DNS:localhost,IP:127.0.0.1", .issuer = root_ca()});

	return write_text("root.crt", root_ca()->pem, false) &&
	       write_text("other.crt", other_ca()->pem, false) &&
	       write_text("server.crt", server->pem, false) &&
	       write_text("server.key", server->key, false) &&
	       write_text("client.crt", client->pem, false) &&
	       write_text("client.key", client->key, false);
}

static bool make_cluster(void)
{
	char data[128];
	char settings[1600];

	snprintf(data, sizeof(data), "%s/data", cluster->folder);
	if (run((char *[]){(char *) program("initdb"), "-D", data, "-U", "postgres", "-A", "trust",
			   "-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
			   NULL}) != 0)
		return fail(KEEPER_FAILED, "initdb: %s", log_end());
	snprintf(settings, sizeof(settings),
		 "listen_addresses = '127.0.0.1'\n"
		 "unix_socket_directories = '%s'\n"
		 "max_connections = 100\nshared_buffers = 16MB\nmax_prepared_transactions = 10\n"
		 "dynamic_shared_memory_type = mmap\n" /* a container's /dev/shm is small */
		 "fsync = off\nfull_page_writes = off\n"
		 "wal_level = replica\nmax_wal_senders = 4\nautovacuum = off\njit = off\n"
		 "deadlock_timeout = 50ms\ntimezone = 'UTC'\nlc_messages = 'C'\n"
		 "ssl = on\nssl_ca_file = '%s/root.crt'\nssl_cert_file = '%s/server.crt'\n"
		 "ssl_key_file = '%s/server.key'\n"
		 "include '%s/more.conf'\n",
		 cluster->folder, cluster->folder, cluster->folder, cluster->folder,
		 cluster->folder);
	return write_certificates() && write_text("more.conf", "", false) &&
	       write_text("data/pg_hba.conf", standard_hba, false) &&
	       write_text("data/postgresql.conf", settings, true);
}

/* folder: the data's. */
static bool start_one(const char *folder, int number, pid_t *pid)
{
	char port[16], lock[64];
	int log = open_log();

	snprintf(port, sizeof(port), "%d", number);
	snprintf(lock, sizeof(lock), "%s/postmaster.pid", folder);
	remove(inside(lock)); /* or the one of before would say "ready" */
	*pid = start((char *[]){(char *) program("postgres"), "-D", (char *) inside(folder), "-p",
				port, NULL},
		     log, SIGQUIT);
	close(log);
	if (!wait_for_text(inside(lock), 0, "ready", *pid)) {
		stop_process(pid, SIGQUIT);
		return false;
	}
	return true;
}

static bool start_server(void)
{
	return cluster->server > 0 || start_one("data", cluster->port, &cluster->server);
}

static void stop_standby(void)
{
	if (!cluster->standby)
		return;
	stop_process(&cluster->standby, SIGQUIT);
	run((char *[]){"rm", "-rf", (char *) inside("replica"), NULL});
}

/* A copy of the server, which goes on copying. */
static bool start_standby(void)
{
	char port[16];

	if (access(program("pg_basebackup"), X_OK) < 0)
		return fail(KEEPER_MISSING, "no pg_basebackup here");
	stop_standby();
	if (cluster->standby_port == 0)
		cluster->standby_port = free_port();
	snprintf(port, sizeof(port), "%d", cluster->port);
	if (run((char *[]){(char *) program("pg_basebackup"), "-h", cluster->folder, "-p", port,
			   "-U", "postgres", "-D", (char *) inside("replica"), "-R", "-X", "stream",
			   "-c", "fast", "--no-sync", NULL}) != 0)
		return fail(KEEPER_FAILED, "pg_basebackup: %s", log_end());
	return start_one("replica", cluster->standby_port, &cluster->standby);
}

/* Connected to the server: what psql prints is the answer. */
static bool query(const char *sql)
{
	char port[16];
	int status;
	int output = open(inside("answer"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	snprintf(port, sizeof(port), "%d", cluster->port);
	pid_t pid = start((char *[]){(char *) program("psql"), "-XqAt", "-v", "ON_ERROR_STOP=1",
				     "-h", cluster->folder, "-p", port, "-U", "postgres", "-c",
				     (char *) sql, "postgres", NULL},
			  output, SIGKILL);
	waitpid(pid, &status, 0);
	ssize_t n = pread(output, answer->text, sizeof(answer->text) - 1, 0);
	close(output);
	while (n > 0 && answer->text[n - 1] == '\n')
		n--;
	answer->text[n > 0 ? n : 0] = '\0';
	if (status != 0)
		answer->verdict = KEEPER_FAILED;
	return status == 0;
}

static bool make_roles(void)
{
	return query("SET password_encryption = 'md5';"
		     "CREATE ROLE md5_user LOGIN PASSWORD 'secret';"
		     "SET password_encryption = 'scram-sha-256';"
		     "ALTER ROLE postgres PASSWORD 'secret';"
		     "CREATE ROLE trust_user LOGIN PASSWORD 'secret';"
		     "CREATE ROLE plain_user LOGIN PASSWORD 'secret';"
		     "CREATE ROLE scram_user LOGIN PASSWORD 'secret';"
		     "CREATE ROLE cert_user LOGIN PASSWORD 'secret'");
}

static void write_names(void)
{
	snprintf(cluster->dsn, sizeof(cluster->dsn),
		 "host=%s port=%d user=postgres dbname=postgres", cluster->folder, cluster->port);
	snprintf(cluster->uri, sizeof(cluster->uri),
		 "postgresql://postgres@/postgres?host=%s&port=%d", cluster->folder, cluster->port);
	snprintf(cluster->tcp, sizeof(cluster->tcp), "host=127.0.0.1 port=%d dbname=postgres",
		 cluster->port);
}

/* The first request: everything. */
static bool begin(void)
{
	char folder[] = "/tmp/wok-pg-XXXXXX";

	if (!find_programs() || !find_user())
		return false;
	if (!mkdtemp(folder))
		return fail(KEEPER_FAILED, "no temporary folder: %s", strerror(errno));
	give_away(folder);
	chmod(folder, 0755);
	snprintf(cluster->folder, sizeof(cluster->folder), "%s", folder);
	cluster->port = free_port();
	write_names();
	return make_cluster() && start_server() && make_roles();
}

static bool hello(void)
{
	static enum { NEW, RUNS, BROKEN } state;

	if (state == BROKEN)
		return fail(KEEPER_FAILED, "it could not be started before");
	if (state == NEW) {
		bool begun = begin();
		if (begun || answer->verdict != KEEPER_MISSING)
			state = begun ? RUNS : BROKEN;
		return begun;
	}
	kill(cluster->server, SIGCONT);
	stop_standby();
	if (!start_server())
		return false;
	if (!changed)
		return true;
	changed = false;
	return write_text("data/pg_hba.conf", standard_hba, false) &&
	       write_text("more.conf", "", false);
}

/* The postmaster reads its files in the handler of the signal, before it accepts again. */
static bool reload(void)
{
	struct stat log = {.st_size = 0};

	(void) stat(inside("log"), &log);
	kill(cluster->server, SIGHUP);
	return wait_for_text(inside("log"), log.st_size, "received SIGHUP", cluster->server);
}

static bool change(const char *file, const char *text, bool append)
{
	changed = true;
	return write_text(file, text, append) && reload();
}

static bool greet(void)
{
	bool was_changed = changed;

	return hello() && (!was_changed || reload());
}

/* --- pgbouncer -------------------------------------------------------------------------------- */

static bool write_bouncer_settings(void)
{
	char text[1600];

	snprintf(text, sizeof(text),
		 "[databases]\n* = host=%s port=%d\n"
		 "[pgbouncer]\n"
		 "listen_addr = 127.0.0.1\nlisten_port = %d\nunix_socket_dir = %s\n"
		 "pool_mode = transaction\ndefault_pool_size = 10\nmax_client_conn = 200\n"
		 "auth_type = trust\nauth_file = %s/bouncer.users\n"
		 "ignore_startup_parameters = extra_float_digits\n"
		 "admin_users = postgres\nserver_login_retry = 1\n"
		 "logfile = %s/bouncer.log\npidfile = %s/bouncer.pid\n",
		 cluster->folder, cluster->port, cluster->bouncer_port, cluster->folder,
		 cluster->folder, cluster->folder, cluster->folder);
	return write_text("bouncer.ini", text, false) &&
	       write_text("bouncer.users", "\"postgres\" \"secret\"\n\"scram_user\" \"secret\"\n",
			  false);
}

static bool start_bouncer(void)
{
	if (cluster->bouncer > 0) {
		kill(cluster->bouncer, SIGCONT);
		return true;
	}
	if (access("/usr/sbin/pgbouncer", X_OK) == 0)
		bouncer_program = "/usr/sbin/pgbouncer";
	if (!bouncer_program)
		return fail(KEEPER_MISSING, "no pgbouncer here (Debian: pgbouncer)");
	if (cluster->bouncer_port == 0)
		cluster->bouncer_port = free_port();
	snprintf(cluster->bouncer_dsn, sizeof(cluster->bouncer_dsn),
		 "host=%s port=%d user=postgres dbname=postgres", cluster->folder,
		 cluster->bouncer_port);
	remove(inside("bouncer.log"));
	if (!write_bouncer_settings())
		return false;
	int log = open_log();
	cluster->bouncer = start(
		(char *[]){(char *) bouncer_program, "-q", (char *) inside("bouncer.ini"), NULL},
		log, SIGKILL);
	close(log);
	if (wait_for_text(inside("bouncer.log"), 0, "process up", cluster->bouncer))
		return true;
	stop_process(&cluster->bouncer, SIGKILL);
	return false;
}

/* --- requests --------------------------------------------------------------------------------- */

static bool obey(const struct keeper_request *request)
{
	switch (request->action) {
	case KEEPER_HELLO:
		return greet();
	case KEEPER_BOUNCER:
		return start_bouncer();
	case KEEPER_STANDBY:
		return start_standby();
	case KEEPER_QUERY:
		return query(request->text);
	case KEEPER_STOP:
		stop_process(&cluster->server, SIGINT);
		return true;
	case KEEPER_CRASH:
		stop_process(&cluster->server, SIGQUIT);
		return true;
	case KEEPER_START:
		return start_server();
	case KEEPER_RESTART_BOUNCER:
		stop_process(&cluster->bouncer, SIGKILL);
		return start_bouncer();
	case KEEPER_HBA:
		return change("data/pg_hba.conf", request->text, false);
	case KEEPER_SETTING:
		return change("more.conf", request->text, true);
	}
	return false;
}

static void clean_up(void)
{
	stop_process(&cluster->bouncer, SIGKILL);
	stop_process(&cluster->standby, SIGQUIT);
	stop_process(&cluster->server, SIGQUIT);
	if (cluster->folder[0] && getenv("WOK_PG_KEEP") == NULL) {
		user = 0;
		run((char *[]){"rm", "-rf", cluster->folder, NULL});
	}
}

_Noreturn void keeper_run(int socket, struct keeper_answer *shared)
{
	static struct keeper_request request;
	int silence = open("/dev/null", O_RDWR | O_CLOEXEC);

	answer = shared;
	cluster = &shared->cluster;
	signal(SIGINT, SIG_IGN); /* of a terminal: the tests' end is what counts */
	signal(SIGPIPE, SIG_IGN);
	for (int fd = 0; fd < 3; fd++)
		dup2(silence, fd); /* or whoever reads the tests' output would wait for us, too */
	while (recv(socket, &request, sizeof(request), 0) > 0) {
		answer->verdict = KEEPER_DONE;
		if (!obey(&request) && answer->verdict == KEEPER_DONE)
			answer->verdict = KEEPER_FAILED;
		(void) !send(socket, "", 1, MSG_NOSIGNAL);
	}
	clean_up();
	_exit(0);
}

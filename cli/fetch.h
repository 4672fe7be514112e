/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_FETCH_H
#define WOK_CLI_FETCH_H
#include <stdio.h>
#include <time.h>
#include <wok/http_client.h>
#include <wok/rate.h>
#include <wok/wok.h>

/* What `wok fetch` was asked to do. */
struct fetch_options {
	char **urls; /* borrowed from the command line */
	size_t n_urls;
	const char *input; /* a file with more, a line each; "-" is standard input; NULL: none */
	size_t concurrency;
	size_t per_host; /* 0: no limit of its own */
	size_t retries;
	wok_time pause;     /* before the first retry; doubled for each further one */
	size_t rate;        /* bytes a second, of all together; 0: no limit */
	wok_time timeout;   /* without a byte */
	wok_time max_time;  /* of a download as a whole, retries included; WOK_FOREVER */
	const char *output; /* the file, for one URL; "-" is standard output; NULL */
	const char *folder; /* for files that are named by their URLs; NULL: none was asked for */
	const char *db;     /* where results are kept: a file, or a server's address; NULL */
	bool db_body;       /* bodies, too */
	bool force;         /* overwrite */
	bool resume;
	bool jsonl;
	bool quiet;
	bool compressed;
	bool insecure;
	const char *cacert;
	const char *proxy;
	const char *method;
	wok_http_header *headers; /* malloc'd, as are their names */
	size_t n_headers;
	char *data; /* malloc'd; NULL: none */
	size_t data_size;
};

/**
 * Read the command line; complain on stderr.
 *
 * argv:       borrowed; argv[0] is "fetch"
 * Returns:    0; 1 if help was asked for, and given; -EINVAL; -ENOMEM
 */
int fetch_options_parse(int argc, char **argv, struct fetch_options *ret_options);
void fetch_options_clear(struct fetch_options *options);

enum { FETCH_NAME = 256, FETCH_VALIDATOR = 256, FETCH_REASON = 256 };

/* One URL on its way. */
struct fetch_job {
	struct fetch *fetch;
	struct fetch_job *next, *previous; /* among those under way */
	const char *url;
	char *shown;           /* the same for people and logs: without a password; malloc'd */
	char *final_url;       /* that answered, after redirects; NULL: none; malloc'd */
	char name[FETCH_NAME]; /* of the file, by the URL */
	char *path;            /* of the file that it becomes; NULL: none; malloc'd */
	char *part;            /* of the file that it is until then; NULL: written directly */
	wok_file *file;
	char validator[FETCH_VALIDATOR]; /* what If-Range says; "": a part cannot be gone on with */
	uint64_t got;                    /* bytes of the body that are there */
	uint64_t size;                   /* of it, if known */
	bool has_size;
	bool there;    /* it was there before, and nothing was fetched */
	char *headers; /* for the database: of the last response, as JSON; malloc'd */
	char *body;    /* the same; malloc'd */
	size_t body_size, body_space;
	int status; /* of the last response; 0: none */
	unsigned tries;
	wok_time began;
	char reason[FETCH_REASON]; /* why it failed; "": it did not */
};

/* All of them. */
struct fetch {
	const struct fetch_options *options;
	wok_http_session *session;
	struct database *db;
	wok_stream *out; /* standard output; NULL: nothing goes there */
	bool to_stdout;  /* the body does */
	wok_rate rate;
	size_t chunk;    /* bytes that are read at once */
	void *names;     /* of files that were given away: a tree for tsearch(3) */
	wok_queue *urls; /* malloc'd texts */
	struct fetch_job *first, *last;
	struct fetch_progress *progress;
	wok_time began;
	uint64_t bytes;
	uint64_t listed, done, failed;
	bool all_listed;
	int broken; /* why nothing further can be done: standard output is gone */
};

/* Fetch one URL, with all its tries. Failures are the job's; returns what ends everything. */
int fetch_job_run(struct fetch_job *job);

/* A date of a response, as HTTP has it: seconds since 1970; -1 if text is NULL, or no date. */
time_t fetch_date(const char *text);

/* --- files (fetch_file.c) ------------------------------------------------------------------- */

/* Choose names, and look whether there is something to go on with. Returns 0; 1: it is there. */
int fetch_file_plan(struct fetch_job *job);

/* Make ready for the body of a response, from byte job->got on. */
int fetch_file_open(struct fetch_job *job, const wok_http_response *response);
int fetch_file_write(struct fetch_job *job, const void *data, size_t size);

/* Begin anew: what is there does not belong to what comes. */
int fetch_file_restart(struct fetch_job *job);

/* Give the file its name; or leave the part where it can be gone on with, else remove it. */
int fetch_file_finish(struct fetch_job *job);
void fetch_file_give_up(struct fetch_job *job);

/* --- the database (fetch_db.c): each does nothing without one ------------------------------- */

int fetch_db_open(struct fetch *fetch);
int fetch_db_close(struct fetch *fetch);

/* Look whether an earlier run has it, if that counts. Returns 0; 1: it does. */
int fetch_db_plan(struct fetch_job *job);

/* What a response says, and its body piece by piece; begin the body anew. */
int fetch_db_take_head(struct fetch_job *job, const wok_http_response *response);
int fetch_db_take_body(struct fetch_job *job, const void *data, size_t size);
void fetch_db_restart(struct fetch_job *job);

/* What became of it. */
int fetch_db_store(struct fetch_job *job);
void fetch_db_clear(struct fetch_job *job);

/* --- names (fetch_name.c) ------------------------------------------------------------------- */

/* A name for what a URL leads to: never one with a slash, hidden, or empty. */
void fetch_name_of_url(const char *url, char name[FETCH_NAME]);

/* A URL without the password that it may have, malloc'd; NULL without memory. */
char *fetch_url_to_show(const char *url);

/* The name that a Content-Disposition has. Returns false if it has none. */
bool fetch_name_of_header(const char *value, char name[FETCH_NAME]);

/* Make a name differ from all that were given away before, and give it away. */
int fetch_name_reserve(struct fetch *fetch, char name[FETCH_NAME]);
void fetch_names_clear(struct fetch *fetch);

/* --- what is shown (fetch_report.c) --------------------------------------------------------- */

int fetch_progress_main(void *fetch);           /* a task; it draws on stderr */
void fetch_progress_clear(struct fetch *fetch); /* before something else is printed */
int fetch_report_job(struct fetch_job *job);    /* what became of it */
void fetch_report_all(struct fetch *fetch);

#endif

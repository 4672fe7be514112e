/* SPDX-License-Identifier: MIT */
/* What the pages' pieces of C use: tools/check-snippets.py compiles each after this. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wok/http.h>
#include <wok/wok.h>

struct page {
	const char *url;
	int status;
};
struct job {
	int in, out;
};

int main_task(void *result);
int fetch(void *page);
int work(void *job);
int slow(void *unused);
int say_goodbye(void *job);
int blocking(void *job);
int tick(void *unused);
void show(wok_task *task, void *unused);
bool is_ready(void *unused);

extern int r, result, shared, number, item, fd, *array;
extern size_t done, n_tasks, n_pages, n_jobs, n_array;
extern struct page page_a, pages[];
extern struct job job_a, job_b, jobs[];
extern wok_task *tasks[], *task_a, *first;
extern wok_gen *numbers;
extern wok_queue *queue;
extern wok_future *future;
extern wok_remote *remote;
extern wok_process_pool *pool;
extern wok_lock lock;
extern wok_event event;
extern wok_condition condition;
extern wok_semaphore semaphore;
extern wok_http_session *session;
extern wok_http_response *response;
extern const char *url;
extern wok_barrier barrier;
extern wok_rwlock table;
extern wok_rate rate;
extern wok_channel *numbers_in, *numbers_out;

/* Databases. */
#include <wok/migrate.h>
#include <wok/pg_array.h>
#include <wok/pg_copy.h>
#include <wok/pg_notify.h>
#include <wok/pg_pool.h>
#include <wok/pg_types.h>
#include <wok/sqlite.h>
#include <wok/sqlite_pool.h>
extern wok_pg_conn *postgres;
extern wok_sqlite *sqlite;
extern wok_db *db_view;

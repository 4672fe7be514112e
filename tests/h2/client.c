/* SPDX-License-Identifier: MIT */
/* A session that speaks HTTP/2: requests share a connection. */
#include <unistd.h>

#include "h2/asked.h"

#define CONNECT_TIME WOK_MS

TEST_TASK(a_request_goes_over_http_2, "client-53")
{
	struct asked asked = {0};
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	asked_route(&asked, "GET", "/*", tell_version);
	asked_open(&asked);
	ASSERT_OK(wok_http_get(asked.session, "http://a.test/b?c", NULL, &response));
	ASSERT_EQ(wok_http_status(response), 200);
	ASSERT_STR(wok_http_header_value(response, "Content-Type"), "text/plain; charset=utf-8");
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_STR(body.data, "/b for a.test");
	ASSERT_EQ(asked.connects, 1);
	wok_http_response_free(WOK_TAKE(response));
	asked_close(&asked);
}

struct get {
	struct asked *asked;
	const char *url;
	int result, status;
	char text[200];
};

static int get(void *arg)
{
	struct get *get = arg;
	wok_http_response *response = NULL;
	wok_view body;

	get->result = wok_http_get(get->asked->session, get->url, NULL, &response);
	if (get->result < 0) {
		snprintf(get->text, sizeof(get->text), "%s", wok_errmsg(get->result));
		return 0;
	}
	get->status = wok_http_status(response);
	get->result = wok_http_body(response, &body);
	wok_http_response_free(response);
	return 0;
}

static int slow(wok_http_request *request, void *arg)
{
	struct asked *asked = arg;

	asked->now++;
	asked->most = asked->now > asked->most ? asked->now : asked->most;
	int r = wok_sleep(WOK_SECOND);
	asked->now--;
	WOK_TRY(r);
	return wok_http_reply_text(request, 200, "slow");
}

static void get_many(struct asked *asked, struct get *gets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		gets[i] = (struct get){.asked = asked, .url = "http://a.test/"};
	ASSERT_OK(wok_for_each(get, gets, n, WOK_UNLIMITED, 0));
	for (size_t i = 0; i < n; i++) {
		ASSERT_OK(gets[i].result);
		ASSERT_EQ(gets[i].status, 200);
	}
}

TEST_TASK(requests_at_once_share_one_connection, "client-51")
{
	struct asked asked = {0};
	struct get gets[50];
	wok_time start = wok_now();

	asked_route(&asked, "GET", "/", slow);
	asked_open(&asked);
	get_many(&asked, gets, 50);
	ASSERT_EQ(asked.connects, 1);
	ASSERT_EQ(asked.most, 50);
	ASSERT_EQ(wok_now() - start, WOK_SECOND + CONNECT_TIME);
	asked_close(&asked);
}

TEST_TASK(what_the_server_does_not_take_at_once_queues, "http-31")
{
	struct asked asked = {.served.http2.max_streams = 1};
	struct get gets[5];
	wok_time start = wok_now();

	asked_route(&asked, "GET", "/", slow);
	asked_open(&asked);
	get_many(&asked, gets, 1); /* the server has said what it takes */
	get_many(&asked, gets, 5);
	ASSERT_EQ(asked.connects, 1);
	ASSERT_EQ(asked.most, 1);
	ASSERT_EQ(wok_now() - start, 6 * WOK_SECOND + CONNECT_TIME);
	asked_close(&asked);
}

/* Never idle: the next request begins before the last one is answered. */
static int keep_busy(void *arg)
{
	struct asked *asked = arg;
	struct get one = {.asked = asked, .url = "http://a.test/"};

	for (int i = 0; i < 10; i++) {
		ASSERT_OK(get(&one));
		ASSERT_OK(one.result);
		ASSERT_EQ(one.status, 200);
	}
	return 0;
}

static void wait_behind_busy(size_t max_streams)
{
	struct asked asked = {.served.http2.max_streams = max_streams, .options.limit = 1};
	struct get other = {.asked = &asked, .url = "http://b.test/"};
	wok_task *busy[3];

	asked_route(&asked, "GET", "/", slow);
	asked_open(&asked);
	for (int i = 0; i < 3; i++) {
		busy[i] = wok_create_task(keep_busy, &asked);
		ASSERT_OK(wok_sleep(WOK_SECOND / 3));
	}
	wok_time start = wok_now();
	ASSERT_OK(get(&other));
	ASSERT_OK(other.result);
	ASSERT_EQ(other.status, 200);
	ASSERT(wok_now() - start < 6 * WOK_SECOND);
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(wok_await(busy[i]));
		wok_task_free(busy[i]);
	}
	ASSERT_EQ(asked.connects, 3);
	asked_close(&asked);
}

TEST_TASK(a_busy_shared_connection_makes_way_for_another_host, "client-2")
{
	wait_behind_busy(100);
	wait_behind_busy(1);
}

TEST_TASK(who_queues_can_be_cancelled)
{
	struct asked asked = {.served.http2.max_streams = 1};
	struct get gets[3];

	asked_route(&asked, "GET", "/", slow);
	asked_open(&asked);
	get_many(&asked, gets, 1);
	for (int i = 0; i < 3; i++)
		gets[i] = (struct get){.asked = &asked, .url = "http://a.test/"};
	WOK_AUTO(wok_task) *first = wok_create_task(get, &gets[0]);
	test_settle();
	WOK_AUTO(wok_task) *second = wok_create_task(get, &gets[1]);
	test_settle();
	WOK_AUTO(wok_task) *third = wok_create_task(get, &gets[2]);
	test_settle();
	wok_cancel(second);
	ASSERT_OK(wok_await(first));
	ASSERT_OK(wok_await(third));
	ASSERT_OK(gets[0].result);
	ASSERT_ERR(gets[1].result, -ECANCELED);
	ASSERT_OK(gets[2].result);
	asked_close(&asked);
}

TEST_TASK(a_request_that_is_cancelled_leaves_the_others_alone, "client-22")
{
	struct asked asked = {0};
	struct get gets[10];
	wok_task *tasks[10];

	asked_route(&asked, "GET", "/", slow);
	asked_open(&asked);
	for (int i = 0; i < 10; i++) {
		gets[i] = (struct get){.asked = &asked, .url = "http://a.test/"};
		tasks[i] = wok_create_task(get, &gets[i]);
	}
	ASSERT_OK(wok_sleep(WOK_SECOND / 2));
	for (int i = 0; i < 10; i += 2)
		wok_cancel(tasks[i]);
	for (int i = 0; i < 10; i++) {
		(void) !wok_await(tasks[i]);
		ASSERT_EQ(gets[i].result, i % 2 == 0 ? -ECANCELED : 0);
		wok_task_free(tasks[i]);
	}
	wok_http_stats stats;
	wok_http_session_stats(asked.session, &stats);
	ASSERT_EQ(stats.open, 1);
	ASSERT_EQ(stats.idle, 1);
	asked_close(&asked);
}

static int echo(wok_http_request *request, void *arg)
{
	char data[4096];
	ssize_t n;

	(void) arg;
	WOK_TRY(wok_http_reply_begin(request, NULL));
	while ((n = wok_http_request_read(request, data, sizeof(data))) > 0)
		WOK_TRY(wok_http_reply_write(request, data, (size_t) n));
	return (int) n;
}

static char big[900000];

struct source {
	size_t at, step;
	wok_time pause;
};

static ssize_t give_more(void *arg, void *data, size_t size)
{
	struct source *source = arg;
	size_t left = sizeof(big) - source->at;
	size_t n = left < source->step ? left : source->step;

	if (source->pause > 0)
		WOK_TRY(wok_sleep(source->pause));
	n = n < size ? n : size;
	memcpy(data, big + source->at, n);
	source->at += n;
	return (ssize_t) n;
}

TEST_TASK(bodies_go_both_ways)
{
	struct asked asked = {.served.max_body = sizeof(big)};
	struct source source = {.step = 5000};
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char) (i * 3 + i / 500);
	asked_route(&asked, "POST", "/", read_then_echo);
	asked_open(&asked);
	ASSERT_OK(wok_http_post(asked.session, "http://a.test/",
				&(wok_http_options){.body = big, .body_size = sizeof(big)},
				&response));
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_EQ(body.size, sizeof(big));
	ASSERT_MEM(body.data, big, sizeof(big));
	wok_http_response_free(WOK_TAKE(response));
	ASSERT_OK(wok_http_post(asked.session, "http://a.test/",
				&(wok_http_options){.body_read = give_more, .body_arg = &source},
				&response));
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_EQ(body.size, sizeof(big));
	ASSERT_MEM(body.data, big, sizeof(big));
	wok_http_response_free(WOK_TAKE(response));
	ASSERT_EQ(asked.connects, 1);
	asked_close(&asked);
}

static int pass_back(wok_http_request *request, void *arg)
{
	const wok_http_header header = {"Content-Encoding", "gzip"};
	wok_view body;

	(void) arg;
	ASSERT_STR(wok_http_request_header(request, "Content-Encoding"), "gzip");
	WOK_TRY(wok_http_request_body(request, &body));
	ASSERT(body.size < sizeof(big) / 100);
	return wok_http_reply(request, &(wok_http_reply_options){.headers = &header,
								 .n_headers = 1,
								 .body = body.data,
								 .body_size = body.size});
}

TEST_TASK(a_body_of_http_2_can_be_packed, "client-69")
{
	struct asked asked = {0};
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	memset(big, 'x', sizeof(big));
	asked_route(&asked, "POST", "/", pass_back);
	asked_open(&asked);
	int r = wok_http_post(
		asked.session, "http://a.test/",
		&(wok_http_options){.body = big, .body_size = sizeof(big), .compress = "gzip"},
		&response);
	ASSERT_OK(r);
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_EQ(body.size, sizeof(big));
	ASSERT_MEM(body.data, big, sizeof(big));
	wok_http_response_free(WOK_TAKE(response));
	asked_close(&asked);
}

TEST_TASK(a_file_is_a_body_of_http_2, "client-61")
{
	enum { OFFSET = 10 };
	struct asked asked = {.served.max_body = sizeof(big)};
	char path[] = "/tmp/wok-h2-XXXXXX";
	WOK_AUTO(wok_http_response) *response = NULL;
	WOK_AUTO(wok_file) *file = NULL;
	int fd = mkstemp(path);
	wok_view body;

	for (size_t i = 0; i < sizeof(big); i++)
		big[i] = (char) (i * 3 + i / 500);
	ASSERT_EQ(write(fd, big, sizeof(big)), (ssize_t) sizeof(big));
	close(fd);
	ASSERT_OK(wok_file_open(path, "r", &file));
	unlink(path);
	asked_route(&asked, "POST", "/", read_then_echo);
	asked_open(&asked);
	ASSERT_OK(wok_http_post(asked.session, "http://a.test/",
				&(wok_http_options){.body_file = file, .body_offset = OFFSET},
				&response));
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_EQ(body.size, sizeof(big) - OFFSET);
	ASSERT_MEM(body.data, big + OFFSET, sizeof(big) - OFFSET);
	wok_http_response_free(WOK_TAKE(response));
	asked_close(&asked);
}

static int tell_trailer(wok_http_request *request, void *arg)
{
	wok_view body;

	(void) arg;
	WOK_TRY(wok_http_request_body(request, &body));
	const char *sum = wok_http_request_trailer(request, "X-Sum");
	return wok_http_reply_text(request, 200, sum ? sum : "none");
}

TEST_TASK(trailers_stand_behind_a_body_of_http_2, "client-62")
{
	struct asked asked = {.served.max_body = sizeof(big)};
	struct source source = {.step = 50000};
	const wok_http_header trailers[] = {{"X-Sum", "42"}}, bad[] = {{"X-Sum", "4\r\nX: 2"}};
	wok_http_options options = {
		.body_read = give_more, .body_arg = &source, .trailers = trailers, .n_trailers = 1};
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	asked_route(&asked, "POST", "/", tell_trailer);
	asked_open(&asked);
	ASSERT_OK(wok_http_post(asked.session, "http://a.test/", &options, &response));
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_STR(body.data, "42");
	wok_http_response_free(WOK_TAKE(response));
	source.at = 0;
	options.trailers = bad;
	ASSERT_ERR(wok_http_post(asked.session, "http://a.test/", &options, &response), -EINVAL);
	asked_close(&asked);
}

TEST_TASK(a_refusal_ends_an_upload_and_the_connection_lives, "http-23")
{
	struct asked asked = {.served.max_body = 1000};
	struct source source = {.step = 1000, .pause = WOK_SECOND};
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_time start = wok_now();

	asked_route(&asked, "POST", "/", echo);
	asked_route(&asked, "GET", "/", tell_version);
	asked_route(&asked, "POST", "/read", read_then_echo);
	asked_open(&asked);
	ASSERT_OK(wok_http_post(asked.session, "http://a.test/read",
				&(wok_http_options){.body = big, .body_size = sizeof(big)},
				&response));
	ASSERT_EQ(wok_http_status(response), 413);
	wok_http_response_free(WOK_TAKE(response));
	ASSERT_OK(wok_http_post(asked.session, "http://a.test/read",
				&(wok_http_options){.body_read = give_more, .body_arg = &source},
				&response));
	ASSERT_EQ(wok_http_status(response), 413);
	ASSERT(wok_now() - start < 5 * WOK_SECOND);
	wok_http_response_free(WOK_TAKE(response));
	struct get next = {.asked = &asked, .url = "http://a.test/"};
	ASSERT_OK(get(&next));
	ASSERT_EQ(next.status, 200);
	ASSERT_EQ(asked.connects, 1);
	asked_close(&asked);
}

/* It has its answer ready, and goes on with other things. */
static int answer_unread(wok_http_request *request, void *arg)
{
	struct asked *asked = arg;

	WOK_TRY(wok_http_reply_begin(request, &(wok_http_reply_options){.body_size = 5}));
	WOK_TRY(wok_http_reply_write(request, "hello", 5));
	asked->now++;
	return wok_sleep(WOK_MINUTE);
}

TEST_TASK(an_upload_over_http_2_ends_when_the_answer_is_there_and_nobody_reads, "client-65")
{
	struct asked asked = {.served.max_body = 10 << 20};
	struct source source = {.step = 1000};
	wok_http_options options[] = {
		{.body = big, .body_size = sizeof(big)},
		{.body_read = give_more, .body_arg = &source},
	};
	char hello[5];

	asked_route(&asked, "POST", "/", answer_unread);
	asked_route(&asked, "GET", "/", tell_version);
	asked_open(&asked);
	for (int i = 0; i < 2; i++) {
		WOK_AUTO(wok_http_response) *response = NULL;
		wok_time start = wok_now();
		ASSERT_OK(wok_http_post(asked.session, "http://a.test/", &options[i], &response));
		ASSERT_EQ(wok_http_status(response), 200);
		wok_time took = wok_now() - start;
		ASSERT(took >= 5 * WOK_SECOND && took <= 11 * WOK_SECOND);
		ASSERT_EQ(wok_http_read(response, hello, sizeof(hello)), 5);
	}
	ASSERT_EQ(asked.now, 2);
	struct get next = {.asked = &asked, .url = "http://a.test/"};
	ASSERT_OK(get(&next));
	ASSERT_EQ(next.status, 200);
	ASSERT_EQ(asked.connects, 1);
	asked_close(&asked);
}

TEST_TASK(a_body_is_sent_when_the_server_asks_for_it)
{
	struct asked asked = {.served.max_body = 1000};
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_http_options options = {.body = big, .body_size = 1000, .expect_continue = true};
	wok_view body;

	asked_route(&asked, "POST", "/", read_then_echo);
	asked_open(&asked);
	ASSERT_OK(wok_http_post(asked.session, "http://a.test/", &options, &response));
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_EQ(body.size, 1000);
	wok_http_response_free(WOK_TAKE(response));
	options.body_size = 1001;
	ASSERT_OK(wok_http_post(asked.session, "http://a.test/", &options, &response));
	ASSERT_EQ(wok_http_status(response), 413);
	wok_http_response_free(WOK_TAKE(response));
	ASSERT_EQ(asked.connects, 1);
	asked_close(&asked);
}

static int write_much(wok_http_request *request, void *arg)
{
	struct asked *asked = arg;

	WOK_TRY(wok_http_reply_begin(request, NULL));
	for (int i = 0; i < 100; i++) {
		WOK_TRY(wok_http_reply_write(request, big, 100000));
		asked->now += 100000;
	}
	return 0;
}

TEST_TASK(a_response_that_is_not_read_waits_at_its_server, "client-52")
{
	struct asked asked = {.options.http2.window = 100000};
	WOK_AUTO(wok_http_response) *response = NULL;
	static char data[100000];

	asked_route(&asked, "GET", "/much", write_much);
	asked_route(&asked, "GET", "/", tell_version);
	asked_open(&asked);
	ASSERT_OK(wok_http_get(asked.session, "http://a.test/much", NULL, &response));
	ASSERT_OK(wok_sleep(WOK_SECOND));
	ASSERT_EQ(asked.now, 100000);
	struct get other = {.asked = &asked, .url = "http://a.test/"};
	ASSERT_OK(get(&other));
	ASSERT_EQ(other.status, 200);
	for (int i = 0; i < 10; i++)
		ASSERT(wok_http_read(response, data, sizeof(data)) > 0);
	test_settle();
	ASSERT(asked.now > 100000 && asked.now <= 1200000);
	wok_http_response_free(WOK_TAKE(response));
	ASSERT_OK(get(&other));
	ASSERT_EQ(asked.connects, 1);
	asked_close(&asked);
}

TEST_TASK(a_server_that_ends_loses_no_request, "client-52")
{
	struct asked asked = {0};
	struct get gets[3];
	wok_task *tasks[3];

	asked_route(&asked, "GET", "/", slow);
	asked_open(&asked);
	for (int i = 0; i < 3; i++)
		gets[i] = (struct get){.asked = &asked, .url = "http://a.test/"};
	tasks[0] = wok_create_task(get, &gets[0]);
	tasks[1] = wok_create_task(get, &gets[1]);
	ASSERT_OK(wok_sleep(WOK_SECOND / 2));
	/* GOAWAY: what is under way is answered, the next one goes elsewhere. */
	wok__http_server_stop(asked.servers[0].server);
	test_settle();
	tasks[2] = wok_create_task(get, &gets[2]);
	for (int i = 0; i < 3; i++) {
		ASSERT_OK(wok_await(tasks[i]));
		ASSERT_OK(gets[i].result);
		ASSERT_EQ(gets[i].status, 200);
		wok_task_free(tasks[i]);
	}
	ASSERT_EQ(asked.connects, 2);
	ASSERT(wok_task_done(asked.servers[0].task));
	asked_close(&asked);
}

TEST_TASK(an_idle_connection_ends_with_its_server, "http-51")
{
	struct asked asked = {0};
	struct get one = {.asked = &asked, .url = "http://a.test/"};
	wok_http_stats stats;

	asked_route(&asked, "GET", "/", tell_version);
	asked_open(&asked);
	ASSERT_OK(get(&one));
	wok__http_server_stop(asked.servers[0].server);
	test_settle();
	ASSERT(wok_task_done(asked.servers[0].task));
	wok_http_session_stats(asked.session, &stats);
	ASSERT_EQ(stats.open, 0);
	ASSERT_OK(get(&one));
	ASSERT_EQ(asked.connects, 2);
	asked_close(&asked);
}

/* The first connections' other ends are made by hand. What becomes of the request. */
static struct get refuse_first(int n, const void *frame, size_t size)
{
	struct asked asked = {.silent = true};
	struct get one = {.asked = &asked, .url = "http://a.test/"};

	asked_route(&asked, "*", "/", tell_version);
	asked_open(&asked);
	WOK_AUTO(wok_task) *asking = wok_create_task(get, &one);
	for (int i = 0; i < n; i++) {
		ASSERT_OK(wok_sleep(WOK_SECOND));
		ASSERT_EQ(asked.connects, i + 1);
		asked.silent = i + 1 < n;
		wok_stream *server = asked.servers[i].stream;
		ASSERT_OK(wok_stream_write_all(server, "\0\0\0\4\0\0\0\0\0", 9));
		ASSERT_OK(wok_stream_write_all(server, frame, size));
	}
	ASSERT_OK(wok_await(asking));
	if (one.result == 0)
		ASSERT_EQ(asked.connects, n + 1);
	asked_close(&asked);
	return one;
}

static const char refused[] = "\0\0\4\3\0\0\0\0\1\0\0\0\7";

TEST_TASK(a_request_that_was_refused_is_made_again_elsewhere, "http-31", "client-52")
{
	for (int n = 1; n <= 5; n++) {
		struct get one = refuse_first(n, refused, 13);
		ASSERT_OK(one.result);
		ASSERT_EQ(one.status, 200);
	}
}

TEST_TASK(a_request_that_is_refused_each_time_fails)
{
	struct get one = refuse_first(6, refused, 13);

	ASSERT_ERR(one.result, -ECONNRESET);
}

TEST_TASK(requests_that_were_refused_together_share_the_next_connection, "client-52")
{
	enum { N = 5 };
	struct asked asked = {.silent = true};
	struct get gets[N];
	wok_task *tasks[N];

	asked_route(&asked, "*", "/", tell_version);
	asked_open(&asked);
	for (int i = 0; i < N; i++) {
		gets[i] = (struct get){.asked = &asked, .url = "http://a.test/"};
		tasks[i] = wok_create_task(get, &gets[i]);
	}
	ASSERT_OK(wok_sleep(WOK_SECOND));
	asked.silent = false;
	wok_stream *server = asked.servers[0].stream;
	ASSERT_OK(wok_stream_write_all(server, "\0\0\0\4\0\0\0\0\0", 9));
	test_settle(); /* all are under way */
	for (int i = 0; i < N; i++) {
		char reset[] = "\0\0\4\3\0\0\0\0\1\0\0\0\7";
		reset[8] = (char) (1 + 2 * i);
		ASSERT_OK(wok_stream_write_all(server, reset, 13));
	}
	for (int i = 0; i < N; i++) {
		ASSERT_OK(wok_await(tasks[i]));
		wok_task_free(tasks[i]);
		ASSERT_OK(gets[i].result);
		ASSERT_EQ(gets[i].status, 200);
	}
	ASSERT_EQ(asked.connects, 2);
	asked_close(&asked);
}

/* Reads all that comes. */
static int swallow(void *stream)
{
	char piece[4096];
	ssize_t n;

	while ((n = wok_stream_read(stream, piece, sizeof(piece))) > 0)
		;
	return (int) n;
}

static int post_big(void *arg)
{
	struct get *get = arg;
	WOK_AUTO(wok_http_response) *response = NULL;

	get->result = wok_http_post(get->asked->session, get->url,
				    &(wok_http_options){.body = big, .body_size = sizeof(big)},
				    &response);
	return 0;
}

/* The requests that wait for it must not keep its answers from being read. */
TEST_TASK(a_server_that_takes_fewer_requests_than_it_said_is_still_read)
{
	enum { N = 600 };
	struct asked asked = {.silent = true};
	struct get first = {.asked = &asked, .url = "http://a.test/", .result = 1};
	static struct get gets[N];
	static wok_task *tasks[N];

	asked_route(&asked, "*", "/", tell_version);
	asked_open(&asked);
	WOK_AUTO(wok_task) *posting = wok_create_task(post_big, &first);
	ASSERT_OK(wok_sleep(WOK_SECOND));
	wok_stream *server = asked.servers[0].stream;
	/* a thousand at once, and large windows: the upload fills the stream */
	ASSERT_OK(wok_stream_write_all(server,
				       "\0\0\14\4\0\0\0\0\0\0\3\0\0\3\350\0\4\0\200\0\0"
				       "\0\0\4\10\0\0\0\0\0\0\200\0\0",
				       34));
	test_settle();
	for (int i = 0; i < N; i++) {
		gets[i] = (struct get){.asked = &asked, .url = "http://a.test/"};
		tasks[i] = wok_create_task(get, &gets[i]);
	}
	test_settle();
	/* one at a time, after all */
	ASSERT_OK(wok_stream_write_all(server, "\0\0\6\4\0\0\0\0\0\0\3\0\0\0\1", 15));
	test_settle();
	WOK_AUTO(wok_task) *reading = wok_create_task(swallow, server);
	test_settle();
	ASSERT_OK(wok_stream_write_all(server, "\0\0\1\1\5\0\0\0\1\x88", 10));
	test_settle();
	ASSERT_EQ(first.result, 0);
	ASSERT_OK(wok_await(posting));
	for (int i = 0; i < N; i++) {
		wok_cancel(tasks[i]);
		WOK_IGNORE(wok_await(tasks[i]));
		wok_task_free(tasks[i]);
	}
	wok_cancel(reading);
	WOK_IGNORE(wok_await(reading));
	asked_close(&asked);
}

TEST_TASK(a_request_behind_the_last_of_a_goaway_is_made_again_elsewhere, "http-31")
{
	struct get one = refuse_first(1, "\0\0\10\7\0\0\0\0\0\0\0\0\0\0\0\0\0", 17);

	ASSERT_OK(one.result);
	ASSERT_EQ(one.status, 200);
}

TEST_TASK(an_idle_connection_is_closed_after_a_while, "client-5")
{
	struct asked asked = {.options.keep_alive = 10 * WOK_SECOND};
	struct get one = {.asked = &asked, .url = "http://a.test/"};
	wok_http_stats stats;

	asked_route(&asked, "GET", "/", tell_version);
	asked_open(&asked);
	ASSERT_OK(get(&one));
	ASSERT_OK(wok_sleep(9 * WOK_SECOND));
	ASSERT_OK(get(&one));
	ASSERT_EQ(asked.connects, 1);
	wok_http_session_stats(asked.session, &stats);
	ASSERT_EQ(stats.idle, 1);
	ASSERT_OK(wok_sleep(11 * WOK_SECOND));
	wok_http_session_stats(asked.session, &stats);
	ASSERT_EQ(stats.open, 0);
	ASSERT(wok_task_done(asked.servers[0].task));
	ASSERT_OK(get(&one));
	ASSERT_EQ(asked.connects, 2);
	asked_close(&asked);
}

TEST_TASK(a_connection_that_ends_while_idle_is_forgotten, "client-8")
{
	struct asked asked = {.served.keep_alive = 5 * WOK_SECOND};
	struct get one = {.asked = &asked, .url = "http://a.test/"};
	wok_http_stats stats;

	asked_route(&asked, "GET", "/", tell_version);
	asked_open(&asked);
	ASSERT_OK(get(&one));
	ASSERT_OK(wok_sleep(6 * WOK_SECOND));
	wok_http_session_stats(asked.session, &stats);
	ASSERT_EQ(stats.open, 0);
	ASSERT_OK(get(&one));
	ASSERT_EQ(one.status, 200);
	asked_close(&asked);
}

static int get_in_vain(void *arg)
{
	struct asked *asked = arg;
	WOK_AUTO(wok_http_response) *response = NULL;

	return wok_http_get(asked->session, "http://a.test/", NULL, &response);
}

TEST_TASK(a_server_that_does_not_speak_is_given_up)
{
	struct asked asked = {.silent = true, .options.timeout = WOK_FOREVER};
	wok_time start = wok_now();

	asked_route(&asked, "GET", "/", tell_version);
	asked_open(&asked);
	ASSERT_ERR(get_in_vain(&asked), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - start, 30 * WOK_SECOND + CONNECT_TIME);
	asked_close(&asked);
}

TEST_TASK(a_server_that_has_died_is_found_out_by_a_ping, "client-52")
{
	struct asked asked = {.silent = true, .options.timeout = WOK_FOREVER};
	wok_time start = wok_now();

	asked_route(&asked, "GET", "/", tell_version);
	asked_open(&asked);
	WOK_AUTO(wok_task) *asking = wok_create_task(get_in_vain, &asked);
	ASSERT_OK(wok_sleep(WOK_SECOND));
	/* Its first words, which are its last. */
	ASSERT_OK(wok_stream_write_all(asked.servers[0].stream, "\0\0\0\4\0\0\0\0\0", 9));
	ASSERT_ERR(wok_await(asking), -ETIMEDOUT);
	ASSERT_EQ(wok_now() - start, WOK_SECOND + 30 * WOK_SECOND + 10 * WOK_SECOND);
	asked_close(&asked);
}

TEST_TASK(a_body_that_breaks_off_is_an_error, "client-72")
{
	struct asked asked = {0};
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	asked_route(&asked, "GET", "/", break_off);
	asked_open(&asked);
	ASSERT_OK(wok_http_get(asked.session, "http://a.test/", NULL, &response));
	ASSERT_ERR(wok_http_body(response, &body), -ECONNRESET);
	wok_http_response_free(WOK_TAKE(response));
	asked_close(&asked);
}

TEST_TASK(a_session_may_end_while_a_response_is_open)
{
	struct asked asked = {0};
	WOK_AUTO(wok_http_response) *response = NULL;
	char data[10];

	asked_route(&asked, "GET", "/", write_much);
	asked_open(&asked);
	ASSERT_OK(wok_http_get(asked.session, "http://a.test/", NULL, &response));
	wok_http_session_free(WOK_TAKE(asked.session));
	ASSERT_EQ(wok_http_read(response, data, sizeof(data)), 10);
	wok_http_response_free(WOK_TAKE(response));
	asked_close(&asked);
}

TEST_TASK(many_cancelled_at_any_moment_leave_nothing_behind, "http-15")
{
	struct asked asked = {.served.http2.max_streams = 3};
	struct get gets[40];
	wok_task *tasks[40];
	uint64_t random = test_seed() * 7919 + 17;

	asked_route(&asked, "GET", "/", slow);
	asked_open(&asked);
	get_many(&asked, gets, 1);
	for (int i = 0; i < 40; i++) {
		gets[i] = (struct get){.asked = &asked, .url = "http://a.test/"};
		tasks[i] = wok_create_task(get, &gets[i]);
	}
	for (int i = 0; i < 20; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		wok_cancel(tasks[random >> 33 & 31]);
		ASSERT_OK(wok_sleep((wok_time) (random >> 40 & 0xff) * WOK_MS));
	}
	for (int i = 0; i < 40; i++) {
		(void) !wok_await(tasks[i]);
		if (gets[i].result != 0 && gets[i].result != -ECANCELED)
			FAIL("%d: %s; %d connections at %g", i, gets[i].text, asked.connects,
			     (double) wok_now() / 1e9);
		wok_task_free(tasks[i]);
	}
	for (int i = 32; i < 40; i++)
		ASSERT_EQ(gets[i].result, 0);
	ASSERT_EQ(asked.connects, 1);
	wok_http_stats stats;
	wok_http_session_stats(asked.session, &stats);
	ASSERT_EQ(stats.open, 1);
	ASSERT_EQ(stats.idle, 1);
	ASSERT_EQ(stats.waiting, 0);
	asked_close(&asked);
}

/* SPDX-License-Identifier: MIT */
/* Bodies of requests: from files and functions, announced, withheld, refused half-way. */
#include <sys/socket.h>
#include <unistd.h>
#include <wok/fs.h>

#include "client/check.h"
#include "harness/needs.h"
#include "http/real.h"

struct source {
	size_t left, piece;
	int rewound;
	size_t all;
};

static ssize_t produce(void *arg, void *data, size_t size)
{
	struct source *source = arg;
	size_t n = source->left < source->piece ? source->left : source->piece;

	n = n < size ? n : size;
	memset(data, 'x', n);
	source->left -= n;
	return (ssize_t) n;
}

static int rewind_source(void *arg)
{
	struct source *source = arg;

	source->rewound++;
	source->left = source->all;
	return 0;
}

TEST_TASK(a_function_gives_a_body_in_chunks_or_of_an_announced_length, "client-60", "client-62")
{
	struct peer peer = {0};
	struct source source = {.left = 5000, .piece = 1000};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	wok_http_options options = {.body_read = produce, .body_arg = &source};
	ASSERT_EQ(fetch(session, "PUT", "http://a.test/", &options), 200);
	ASSERT_STR(field_of(peer.head, "Transfer-Encoding"), "chunked");
	ASSERT(!field_of(peer.head, "Content-Length"));
	ASSERT_EQ(strlen(peer.body), 5000);
	source.left = options.body_length = 4999;
	ASSERT_EQ(fetch(session, "PUT", "http://a.test/", &options), 200);
	ASSERT_STR(field_of(peer.head, "Content-Length"), "4999");
	ASSERT(!field_of(peer.head, "Transfer-Encoding"));
	ASSERT_EQ(strlen(peer.body), 4999);
	ASSERT_EQ(peer.connections, 1);
	peer_close(&peer);
}

TEST_TASK(a_body_of_another_length_than_announced_is_an_error_here, "client-63", "http-25")
{
	struct peer peer = {0};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	for (int i = 0; i < 2; i++) {
		struct source source = {.left = i ? 101 : 99, .piece = 60};
		const wok_http_options options = {
			.body_read = produce, .body_arg = &source, .body_length = 100};
		ASSERT_ERR(fetch(session, "PUT", "http://a.test/", &options), -EINVAL);
		ASSERT_SAYS(-EINVAL, i ? "more bytes than the 100" : "fewer bytes than the 100");
		ASSERT_POOL(session, 0, 0, 0);
	}
	test_settle();
	ASSERT_EQ(peer.requests, 0); /* and the server has not taken a part for the whole */
	ASSERT_EQ(peer.open, 0);
	peer_close(&peer);
}

TEST_TASK(trailers_stand_behind_the_chunks, "client-62")
{
	struct peer peer = {0};
	struct source source = {.left = 5, .piece = 5};
	char sum[10] = "unknown";
	const wok_http_header trailers[] = {{"X-Sum", sum}, {"X-Other", "o"}};
	wok_http_options options = {
		.body_read = produce, .body_arg = &source, .trailers = trailers, .n_trailers = 2};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_EQ(fetch(session, "POST", "http://a.test/", &options), 200);
	ASSERT_STR(field_of(peer.head, "Trailer"), "X-Sum, X-Other");
	ASSERT_STR(peer.body, "xxxxxX-Sum: unknownX-Other: o");
	/* what must not be sent is not */
	const wok_http_header bad[] = {{"X-Sum", "a\r\nb"}};
	options.trailers = bad;
	options.n_trailers = 1;
	source.left = 5;
	ASSERT_ERR(fetch(session, "POST", "http://a.test/", &options), -EINVAL);
	const wok_http_header framing[] = {{"Content-Length", "1"}};
	options.trailers = framing;
	ASSERT_ERR(fetch(session, "POST", "http://a.test/", &options), -EINVAL);
	peer_close(&peer);
}

TEST_TASK(a_rewound_body_is_sent_again, "client-25")
{
	struct peer peer = {0};
	struct source source = {.left = 10, .piece = 10, .all = 10};
	const wok_http_options options = {
		.body_read = produce, .body_rewind = rewind_source, .body_arg = &source};

	peer_open(&peer);
	peer.answer = NULL;
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_EQ(fetch(session, "POST", "http://a.test/", &options), 200);
	ASSERT_EQ(source.rewound, 0);
	peer_close(&peer);
}

/* --- asking before ---------------------------------------------------------------------------- */

static int asked, got_body;

static int on_expect(struct peer *peer, wok_stream *stream)
{
	wok_view head;
	char rest[300];

	while (wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head) > 0) {
		bool expects = memmem(head.data, head.size, "\r\nExpect: 100-continue\r\n", 24);
		const char *plan = peer->arg;
		asked += expects;
		if (expects && plan[0] == '4') {
			WOK_TRY(peer_say(stream,
					 plan[2] == '7'
						 ? "HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n"
						 : "HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n"));
			ssize_t n = wok_stream_read(stream, rest, sizeof(rest));
			got_body += n > 0;
			return 0;
		}
		if (expects && plan[0] == '1')
			WOK_TRY(peer_say(stream,
					 "HTTP/1.1 103 Hints\r\n\r\nHTTP/1.1 100 Go\r\n\r\n"));
		WOK_TRY(wok_stream_read_exactly(stream, rest, 200, NULL));
		got_body++;
		WOK_TRY(peer_say(stream, OK_HELLO));
	}
	return 0;
}

TEST_TASK(a_body_can_wait_until_the_server_wants_it, "client-64", "http-22")
{
	static const struct {
		const char *plan;
		int status, bodies;
		wok_time took;
		size_t idle;
	} rows[] = {{"100", 200, 1, 0, 1},
		    {"silence", 200, 1, WOK_SECOND, 1},
		    {"413", 413, 0, 0, 0},
		    {"417", 200, 1, 0, 1}};
	char body[200] = "";

	for (int i = 0; i < 4; i++) {
		struct peer peer = {.serve = on_expect, .arg = (char *) (uintptr_t) rows[i].plan};
		wok_time start = wok_now();
		asked = got_body = 0;
		peer_open(&peer);
		WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
		const wok_http_options options = {
			.body = body, .body_size = sizeof(body), .expect_continue = true};
		int status = fetch(session, "POST", "http://a.test/", &options);
		if (status != rows[i].status || got_body != rows[i].bodies || asked != 1)
			FAIL("%s: %d, %d bodies, asked %d times", rows[i].plan, status, got_body,
			     asked);
		ASSERT_EQ(wok_now() - start, rows[i].took);
		ASSERT_POOL(session, rows[i].idle, rows[i].idle, 0);
		peer_close(&peer);
	}
}

static int refuse_early(struct peer *peer, wok_stream *stream)
{
	wok_view head;
	char rest[100];

	(void) peer;
	WOK_TRY(wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head));
	WOK_TRY(peer_say(stream, "HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno"));
	return wok_stream_read(stream, rest, 1) < 0 ? -ECANCELED : 0;
}

TEST_TASK(an_answer_before_the_end_of_the_upload_is_the_answer, "client-65", "http-23")
{
	struct peer peer = {.serve = refuse_early};
	struct source source = {.left = 100 << 20, .piece = 16 << 10};
	const wok_http_options options = {.body_read = produce, .body_arg = &source};

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	ASSERT_EQ(fetch(session, "POST", "http://a.test/", &options), 413);
	ASSERT(source.left > 99 << 20);
	ASSERT_POOL(session, 0, 0, 0);
	peer_close(&peer);
}

static int read_slowly(struct peer *peer, wok_stream *stream)
{
	char piece[1024];
	size_t size = 0;
	ssize_t n;

	while ((n = wok_stream_read(stream, piece, sizeof(piece))) > 0) {
		size += (size_t) n;
		if (peer->arg && size > 200000)
			break;
		WOK_TRY(wok_sleep(9 * WOK_MS)); /* slow, but never for longer than the limit */
	}
	return n < 0 ? (int) n : wok_sleep(WOK_MINUTE);
}

TEST_TASK(an_upload_that_stalls_ends_one_that_is_slow_does_not, "client-19")
{
	static char body[300000];
	struct peer peer = {.serve = read_slowly, .arg = body};
	wok_http_timings timings;

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session =
		session_of(&peer, &(wok_http_session_options){.write_timeout = 100 * WOK_MS});
	struct source source = {.left = sizeof(body), .piece = 4096};
	wok_http_options options = {.body = body, .body_size = sizeof(body), .timings = &timings};
	for (int i = 0; i < 2; i++) {
		wok_time start = wok_now();
		ASSERT_ERR(fetch(session, "POST", "http://a.test/", &options), -ETIMEDOUT);
		ASSERT_EQ(timings.phase, WOK_HTTP_PHASE_SEND);
		ASSERT_EQ(timings.limit, 100 * WOK_MS);
		ASSERT_SAYS(-ETIMEDOUT, "sending the request");
		ASSERT(wok_now() - start > WOK_SECOND);
		ASSERT_POOL(session, 0, 0, 0);
		options = (wok_http_options){
			.body_read = produce, .body_arg = &source, .timings = &timings};
	}
	peer_close(&peer);
}

/* --- files ------------------------------------------------------------------------------------ */

static size_t body_size_of(wok_view head)
{
	const char *field = memmem(head.data, head.size, "Content-Length: ", 16);

	ASSERT(field);
	return strtoul(field + 16, NULL, 10);
}

static int count_body(wok_stream *stream, void *arg)
{
	char piece[16384];
	wok_view head;

	WOK_TRY(wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head));
	size_t *size = arg, left = body_size_of(head);
	while (left > 0) {
		ssize_t n =
			wok_stream_read(stream, piece, sizeof(piece) < left ? sizeof(piece) : left);
		if (n <= 0)
			return 0;
		for (ssize_t i = 0; i < n; i++)
			ASSERT_EQ(piece[i], (char) ('a' + (*size + (size_t) i + 10) % 26));
		*size += (size_t) n;
		left -= (size_t) n;
	}
	return peer_say(stream, OK_HELLO);
}

struct counting {
	wok_listener *listener;
	size_t size;
};

static int serve_counting(void *arg)
{
	struct counting *counting = arg;

	return wok_serve_on(counting->listener, count_body, &counting->size, NULL);
}

TEST_REAL(a_file_is_sent_from_an_offset_to_its_end, "client-61")
{
	enum { SIZE = 1 << 20, OFFSET = 10 };
	static char text[SIZE];
	char path[] = "/tmp/wok-upload-XXXXXX", url[60];
	struct counting counting = {0};
	WOK_AUTO(wok_file) *file = NULL;
	int fd = mkstemp(path);

	for (int i = 0; i < SIZE; i++)
		text[i] = (char) ('a' + i % 26);
	ASSERT_EQ(write(fd, text, SIZE), SIZE);
	close(fd);
	ASSERT_OK(wok_file_open(path, "r", &file));
	unlink(path);
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &counting.listener));
	wok_task *task = wok_create_task(serve_counting, &counting);
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", wok_listener_port(counting.listener));
	WOK_AUTO(wok_http_session) *session = NULL;
	ASSERT_OK(wok_http_session_new(NULL, &session));
	const wok_http_options options = {.body_file = file, .body_offset = OFFSET};
	for (int i = 1; i <= 2; i++) {
		counting.size = 0;
		ASSERT_EQ(fetch(session, "PUT", url, &options), 200);
		ASSERT_EQ(counting.size, SIZE - OFFSET);
	}
	wok_task_free(task);
	wok_listener_free(counting.listener);
	return 0;
}

/* Sends a body back as it came, packed or not; the client unpacks it. */
static size_t came;
static char came_by[200];

static int send_back(wok_http_request *request, void *arg)
{
	const char *coding = wok_http_request_header(request, "Content-Encoding");
	const wok_http_header header = {"Content-Encoding", coding};
	wok_view body;

	(void) arg;
	ASSERT(!wok_http_request_header(request, "Content-Length") == (coding != NULL));
	WOK_TRY(wok_http_request_body(request, &body));
	came = body.size;
	snprintf(came_by, sizeof(came_by), "%s", coding ? coding : "");
	return wok_http_reply(request, &(wok_http_reply_options){.headers = &header,
								 .n_headers = coding ? 1 : 0,
								 .body = body.data,
								 .body_size = body.size});
}

static int move_on(wok_http_request *request, void *arg)
{
	const wok_http_header header = {"Location", "/back"};

	(void) arg;
	return wok_http_reply(request, &(wok_http_reply_options){
					       .status = 307, .headers = &header, .n_headers = 1});
}

static wok_http_session *session_of_echo(wok_http_app **ret_app)
{
	wok_http_session *session = NULL;

	ASSERT_OK(wok_http_app_new(ret_app));
	ASSERT_OK(wok_http_route(*ret_app, "POST", "/back", send_back, NULL));
	ASSERT_OK(wok_http_route(*ret_app, "POST", "/on", move_on, NULL));
	ASSERT_OK(wok_http_session_new(&(wok_http_session_options){.app = *ret_app}, &session));
	return session;
}

static void expect_back(wok_http_session *session, const char *url, const wok_http_options *options,
			const char *text, size_t size)
{
	WOK_AUTO(wok_http_response) *response = NULL;
	wok_view body;

	ASSERT_OK(wok_http_post(session, url, options, &response));
	ASSERT_EQ(wok_http_status(response), 200);
	ASSERT_OK(wok_http_body(response, &body));
	ASSERT_EQ(body.size, size);
	ASSERT_MEM(body.data, text, size);
}

TEST_TASK(bodies_can_be_packed_on_their_way, "client-69")
{
	NEEDS_ZLIB();
	enum { SIZE = 300000 };
	static const char *const codings[] = {"gzip", "deflate", "br", "zstd"};
	static char text[SIZE];
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_http_session) *session = session_of_echo(&app);
	int good = 0;

	memset(text, 'x', SIZE);
	for (int i = 0; i < 4; i++) {
		WOK_AUTO(wok_http_response) *probe = NULL;
		struct source source = {.left = SIZE, .piece = 1000, .all = SIZE};
		wok_http_options options = {.compress = codings[i], .body = "x", .body_size = 1};
		if (wok_http_post(session, "http://a.test/back", &options, &probe) == -ENOTSUP)
			continue; /* not in this build */
		options.body = text;
		options.body_size = SIZE;
		expect_back(session, "http://a.test/back", &options, text, SIZE);
		ASSERT(came < SIZE / 100);
		ASSERT_STR(came_by, codings[i]);
		/* and sent once more from its beginning */
		expect_back(session, "http://a.test/on", &options, text, SIZE);
		options = (wok_http_options){.compress = codings[i],
					     .body_read = produce,
					     .body_rewind = rewind_source,
					     .body_length = SIZE,
					     .body_arg = &source};
		expect_back(session, "http://a.test/on", &options, text, SIZE);
		ASSERT_EQ(source.rewound, 1);
		ASSERT_STR(came_by, codings[i]);
		good++;
	}
	ASSERT(good >= 1);
	/* nothing is not packed */
	expect_back(session, "http://a.test/back", &(wok_http_options){.compress = "gzip"}, "", 0);
	ASSERT_STR(came_by, "");
}

TEST_TASK(a_file_can_be_packed_and_what_makes_no_sense_is_refused, "client-69")
{
	NEEDS_ZLIB();
	char path[] = "/tmp/wok-pack-XXXXXX";
	WOK_AUTO(wok_http_app) *app = NULL;
	WOK_AUTO(wok_http_session) *session = session_of_echo(&app);
	const wok_http_header header = {"Content-Encoding", "gzip"};
	WOK_AUTO(wok_file) *file = NULL;
	struct source source = {.left = 10, .piece = 5};
	int fd = mkstemp(path);

	ASSERT_EQ(write(fd, "0123456789", 10), 10);
	close(fd);
	ASSERT_OK(wok_file_open(path, "r", &file));
	wok_http_options options = {.compress = "gzip", .body_file = file, .body_offset = 4};
	expect_back(session, "http://a.test/back", &options, "456789", 6);
	unlink(path);
	options = (wok_http_options){.compress = "shrink", .body = "x", .body_size = 1};
	ASSERT_ERR(fetch(session, "POST", "http://a.test/back", &options), -EINVAL);
	ASSERT_SAYS(-EINVAL, "shrink");
	options = (wok_http_options){.compress = "gzip",
				     .body = "x",
				     .body_size = 1,
				     .headers = &header,
				     .n_headers = 1};
	ASSERT_ERR(fetch(session, "POST", "http://a.test/back", &options), -EINVAL);
	/* the length that was announced is that of what comes */
	options = (wok_http_options){
		.compress = "gzip", .body_read = produce, .body_arg = &source, .body_length = 11};
	ASSERT_ERR(fetch(session, "POST", "http://a.test/back", &options), -EINVAL);
	ASSERT_SAYS(-EINVAL, "fewer");
}

/* What a server does that answers before it has the whole body. */
static int answer_early(struct peer *peer, wok_stream *stream)
{
	static char piece[10000];
	wok_view head;
	ssize_t n = 1;

	WOK_TRY(wok_stream_read_until(stream, "\r\n\r\n", 4, 0, &head));
	peer->requests++;
	if (strcmp(peer->arg, "done") == 0) {
		/* and then reads no more */
		WOK_TRY(peer_say(stream, OK_HELLO));
		return wok_sleep(WOK_MINUTE);
	}
	if (strcmp(peer->arg, "interim") == 0) {
		WOK_TRY(peer_say(stream,
				 "HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 102 x\r\n"));
		WOK_TRY(wok_sleep(WOK_SECOND));
		WOK_TRY(peer_say(stream, "\r\nHTTP/1.1 413 Large\r\nContent-Length: 0\r\n\r\n"));
		return wok_sleep(WOK_MINUTE);
	}
	/* the same as much, while it reads */
	size_t left = strtoul(peer->arg, NULL, 10);
	WOK_TRY(peer_say(stream, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"));
	while (left > 0 && n > 0) {
		n = wok_stream_read(stream, piece, sizeof(piece) < left ? sizeof(piece) : left);
		if (n > 0)
			WOK_TRY(wok_stream_write_all(stream, piece, (size_t) n));
		left -= n > 0 ? (size_t) n : 0;
	}
	return 0;
}

static int send_early(const char *how, size_t size, wok_time *ret_took)
{
	struct peer peer = {.serve = answer_early, .arg = (char *) (uintptr_t) how};
	char *body = calloc(1, size);

	peer_open(&peer);
	WOK_AUTO(wok_http_session) *session = session_of(&peer, NULL);
	wok_time start = wok_now();
	int r = fetch(session, "PUT", "http://a.test/",
		      &(wok_http_options){.body = body, .body_size = size});
	*ret_took = wok_now() - start;
	ASSERT_POOL(session, 0, 0, 0);
	peer_close(&peer);
	free(body);
	return r;
}

TEST_TASK(an_upload_that_is_not_read_any_more_ends_when_the_answer_is_there, "client-65")
{
	wok_time took;

	ASSERT_EQ(send_early("done", 1 << 20, &took), 200);
	ASSERT(took >= 5 * WOK_SECOND && took <= 10 * WOK_SECOND);
	ASSERT_EQ(send_early("interim", 1 << 20, &took), 413);
	ASSERT_EQ(took, WOK_SECOND);
}

TEST_TASK(what_a_server_answers_while_it_reads_does_not_hold_it_up, "client-65")
{
	wok_time took;

	ASSERT_EQ(send_early("250000", 250000, &took), 200);
	ASSERT_EQ(took, 0);
	/* more than is buffered: it gets no more, and what there is of the answer comes */
	ASSERT_EQ(send_early("900000", 900000, &took), 200);
	ASSERT(took >= 5 * WOK_SECOND && took <= 10 * WOK_SECOND);
}

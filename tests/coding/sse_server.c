/* SPDX-License-Identifier: MIT */
/* Events that a handler sends. */
#include <wok/queue.h>
#include <wok/sse.h>

#include "harness/reports.h"
#include "http/server_check.h"

struct board {
	struct peer peer;
	wok_queue *queue; /* of const char *, to be sent */
	int result;       /* of the handler's last wait, or send */
	int ended;        /* handlers that have */
	wok_sse_stream_options options;
};

static int send_events(wok_http_request *request, wok_sse_stream *stream, struct board *board)
{
	const char *text;
	const char *last = wok_sse_last_id(request);
	int r = last ? wok_sse_send(stream, "again", NULL, last) : 0;

	while (r >= 0 && (r = wok_queue_next(board->queue, &text)) > 0)
		r = wok_sse_send(stream, NULL, NULL, text);
	return r;
}

static int events(wok_http_request *request, void *arg)
{
	struct board *board = arg;
	WOK_AUTO(wok_sse_stream) *stream = NULL;

	WOK_TRY(wok_sse_begin(request, &board->options, &stream));
	board->result = send_events(request, stream, board);
	board->ended++;
	return board->result;
}

static void board_open(struct board *board)
{
	ASSERT_OK(wok_queue_new(sizeof(const char *), 10, &board->queue));
	ASSERT_OK(wok_http_app_new(&board->peer.app));
	ASSERT_OK(wok_http_route(board->peer.app, "GET", "/", events, board));
	peer_open(&board->peer);
}

static void board_put(struct board *board, const char *text)
{
	ASSERT_OK(wok_queue_put(board->queue, &text));
}

/* All that has come by now, body of the answer. */
static void expect_body(struct board *board, const char *expected, bool whole)
{
	struct answer answer;

	peer_listen(&board->peer);
	board->peer.in.at = 0;
	ASSERT(next_answer(&board->peer.in, 0, &answer));
	ASSERT_STR(answer_header(&answer, "Content-Type"), "text/event-stream");
	ASSERT_STR(answer_header(&answer, "Cache-Control"), "no-store");
	ASSERT_STR(answer.body, expected);
	ASSERT_EQ(answer.whole, whole);
}

static void board_close(struct board *board, int expected)
{
	peer_close(&board->peer, expected);
	wok_http_app_free(board->peer.app);
	wok_queue_free(board->queue);
}

TEST_TASK(events_are_written_line_by_line, "server-14")
{
	struct board board = {.options = {.retry = 1500 * WOK_MS}};

	board_open(&board);
	peer_send(&board.peer, "GET / HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 17\r\n\r\n");
	board_put(&board, "hello");
	board_put(&board, "two\nlines");
	board_put(&board, "a\r\nb\rc\n");
	board_put(&board, "");
	expect_body(&board,
		    "retry: 1500\n\nevent: again\ndata: 17\n\ndata: hello\n\n"
		    "data: two\ndata: lines\n\ndata: a\ndata: b\ndata: c\ndata: \n\ndata: \n\n",
		    false);
	wok_queue_shutdown(board.queue, false);
	test_settle();
	ASSERT_EQ(board.ended, 1);
	/* The connection goes on. */
	ASSERT(peer_is_open(&board.peer));
	board_close(&board, 0);
}

TEST_TASK(comments_keep_the_connection_alive_while_the_handler_waits, "server-14")
{
	struct board board = {.options = {.keep_alive = 10 * WOK_SECOND}};

	board_open(&board);
	peer_send(&board.peer, REQUEST_GET("/"));
	test_settle();
	wok_test_advance(9 * WOK_SECOND);
	board_put(&board, "x");
	wok_test_advance(9 * WOK_SECOND);
	expect_body(&board, "data: x\n\n", false);
	wok_test_advance(2 * WOK_SECOND);
	expect_body(&board, "data: x\n\n:\n\n", false);
	wok_test_advance(21 * WOK_SECOND);
	expect_body(&board, "data: x\n\n:\n\n:\n\n:\n\n", false);
	wok_queue_shutdown(board.queue, false);
	test_settle();
	wok_test_advance(WOK_MINUTE);
	expect_body(&board, "data: x\n\n:\n\n:\n\n:\n\n", true);
	board_close(&board, 0);
}

static int leave(void *arg)
{
	struct board *board = arg;

	board_open(board);
	peer_send(&board->peer, REQUEST_GET("/"));
	peer_listen(&board->peer);
	wok_stream_free(WOK_TAKE(board->peer.client));
	wok_test_advance(14 * WOK_SECOND);
	ASSERT_EQ(board->ended, 0);
	wok_test_advance(20 * WOK_SECOND);
	ASSERT_EQ(board->ended, 1);
	ASSERT_EQ(board->result, -ECANCELED);
	WOK_IGNORE(wok_await(board->peer.serving));
	wok_task_free(WOK_TAKE(board->peer.serving));
	wok_stream_free(board->peer.server);
	free(board->peer.in.data);
	wok_http_app_free(board->peer.app);
	wok_queue_free(board->queue);
	return 0;
}

/* Nothing is to be sent, so only the comments notice. Nobody is at fault: no report. */
TEST(a_handler_that_waits_is_told_that_its_client_has_gone, "server-14")
{
	struct board board = {0};
	struct test_reports reports;

	ASSERT_OK(test_run_reporting(&reports, leave, &board));
	if (reports.n > 0)
		FAIL("a report: %s", reports.kept[0].message);
}

static int send_badly(wok_http_request *request, void *arg)
{
	struct peer *peer = arg;
	WOK_AUTO(wok_sse_stream) *stream = NULL;
	int r;

	WOK_TRY(wok_sse_begin(request, NULL, &stream));
	ASSERT_ERR(wok_sse_send(stream, "a\nb", NULL, ""), -EINVAL);
	ASSERT_ERR(wok_sse_send(stream, NULL, "a\rb", ""), -EINVAL);
	WOK_ASSERT_CHECKPOINT(r = wok_sse_send(stream, "t", "i", "d"));
	peer->calls++;
	return r;
}

TEST_TASK(a_line_end_in_a_name_is_refused, "server-14")
{
	struct peer peer = {0};

	peer_route(&peer, "GET", "/", send_badly);
	peer_open(&peer);
	peer_send(&peer, REQUEST_GET("/"));
	peer_listen(&peer);
	expect_answer(&peer.in, 200, "event: t\nid: i\ndata: d\n\n");
	ASSERT_EQ(peer.calls, 1);
	peer_end(&peer);
}

struct stopping {
	struct board board;
	wok_listener *listener;
};

static int serve(void *arg)
{
	struct stopping *self = arg;

	return wok_http_serve_on(self->board.peer.app, self->listener,
				 &(wok_http_serve_options){.drain = 10 * WOK_SECOND});
}

static int stop_with_events(void *arg)
{
	struct stopping self = {0};
	WOK_AUTO(wok_stream) *client = NULL;
	wok_view line;

	(void) arg;
	ASSERT_OK(wok_queue_new(sizeof(const char *), 10, &self.board.queue));
	ASSERT_OK(wok_http_app_new(&self.board.peer.app));
	ASSERT_OK(wok_http_route(self.board.peer.app, "GET", "/", events, &self.board));
	ASSERT_OK(wok_listen("127.0.0.1:0", NULL, &self.listener));
	wok_task *serving = wok_create_task(serve, &self);
	ASSERT_OK(wok_tcp_connect("127.0.0.1", wok_listener_port(self.listener), &client));
	ASSERT_OK(wok_stream_write_all(client, REQUEST_GET("/"), sizeof(REQUEST_GET("/")) - 1));
	ASSERT_EQ(wok_stream_next_line(client, 0, &line), 1);
	wok_time start = wok_now();
	wok_task_free(serving);
	ASSERT(wok_now() - start < 5 * WOK_SECOND);
	ASSERT_EQ(self.board.ended, 1);
	/* The last chunk is there: the client sees an end, no failure. */
	bool ended = false;
	while (wok_stream_next_line(client, 0, &line) > 0)
		ended |= line.size == 1 && line.data[0] == '0';
	ASSERT(ended);
	wok_listener_free(self.listener);
	wok_http_app_free(self.board.peer.app);
	wok_queue_free(self.board.queue);
	return 0;
}

TEST(a_server_that_stops_ends_its_streams_of_events_in_good_order, "server-14", "http-51")
{
	ASSERT_OK(wok_test_run(stop_with_events, NULL, &(wok_test_options){.real_clock = true}));
}

/* SPDX-License-Identifier: MIT */
/* Without memory, and cancelled anywhere: nothing leaks, nothing sticks, nothing hangs. */
#include <wok/loop.h>

#include "harness/needs.h"
#include "harness/reports.h"
#include "ws/check.h"

/* Two ends that talk: messages, fragments, compression, pings, a closing handshake. */
struct talk {
	wok_stream *streams[2];
	wok_ws *ws[2];
	int results[2];
};

static int open_end(struct talk *talk, int i)
{
	const wok_ws_options options = {.deflate = {.enable = true}, .close_timeout = WOK_SECOND};

	WOK_TRY(wok__ws_new(talk->streams[i], i == 0, &options, &talk->ws[i]));
	talk->ws[i]->in.deflate = true;
	talk->ws[i]->deflate = (struct wok__ws_deflate){.agreed = true,
							.send_bits = 9,
							.receive_bits = 9,
							.mem_level = 1,
							.send_resets = i == 0,
							.receive_resets = i == 1};
	return 0;
}

static int speak(wok_ws *ws)
{
	static const char zeros[6000];
	wok_ws_message message;

	WOK_TRY(wok_ws_send_text(ws, "short"));
	WOK_TRY(wok_ws_receive(ws, &message));
	WOK_TRY(wok_ws_send_binary(ws, zeros, sizeof(zeros)));
	WOK_TRY(wok_ws_receive(ws, &message));
	WOK_TRY(wok_ws_ping(ws, "p", 1));
	WOK_TRY(wok_ws_send_fragment(ws, WOK_WS_TEXT, "a", 1, false));
	WOK_TRY(wok_ws_send_fragment(ws, WOK_WS_TEXT, "b", 1, true));
	WOK_TRY(wok_ws_receive(ws, &message));
	WOK_TRY(wok_sleep(1500 * WOK_MS)); /* somebody else reads meanwhile */
	WOK_TRY(wok_ws_send_text(ws, "late"));
	WOK_TRY(wok_ws_receive(ws, &message));
	return wok_ws_close(ws, 1000, "done");
}

static int client(void *arg)
{
	struct talk *talk = arg;
	int r = open_end(talk, 0);

	if (r == 0)
		r = speak(talk->ws[0]);
	wok_ws_free(WOK_TAKE(talk->ws[0]));
	wok_stream_close(talk->streams[0]);
	return talk->results[0] = r;
}

static int server(void *arg)
{
	struct talk *talk = arg;
	int r = open_end(talk, 1);
	wok_ws_message message;

	while (r >= 0 && (r = wok_ws_receive(talk->ws[1], &message)) > 0)
		r = wok_ws_send(talk->ws[1], message.type, message.data, message.size);
	wok_ws_free(WOK_TAKE(talk->ws[1]));
	wok_stream_close(talk->streams[1]);
	return talk->results[1] = r;
}

static int client_collected(void *arg)
{
	(void) client(arg);
	return 0;
}

static int server_collected(void *arg)
{
	(void) server(arg);
	return 0;
}

/* Who is cancelled, and after how many checkpoints. */
struct attempt {
	int who;
	int ticks;
	bool canceled;
	struct talk talk;
};

static int run_attempt(void *arg)
{
	struct attempt *attempt = arg;
	struct talk *talk = &attempt->talk;

	WOK_TRY(wok_stream_pair(1000, &talk->streams[0], &talk->streams[1]));
	{
		WOK_AUTO(wok_task) *a = wok_create_task(client_collected, talk);
		WOK_AUTO(wok_task) *b = wok_create_task(server_collected, talk);
		for (int i = 0; i < attempt->ticks; i++)
			WOK_TRY(wok_yield());
		if (attempt->who >= 0)
			attempt->canceled = wok_cancel(attempt->who ? b : a);
		WOK_IGNORE(wok_await(a));
		WOK_IGNORE(wok_await(b));
	}
	wok_stream_free(talk->streams[0]);
	wok_stream_free(talk->streams[1]);
	return 0;
}

TEST(two_ends_talk_and_part)
{
	NEEDS_ZLIB();
	struct attempt attempt = {.who = -1};

	ASSERT_OK(wok_test_run(run_attempt, &attempt, NULL));
	ASSERT_EQ(attempt.talk.results[0], 0);
	ASSERT_EQ(attempt.talk.results[1], 0);
}

TEST(either_end_may_be_cancelled_at_any_moment)
{
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	for (int who = 0; who < 2; who++) {
		struct attempt attempt = {.canceled = true};
		for (int ticks = 0; ticks < 400 && attempt.canceled; ticks++) {
			attempt = (struct attempt){.who = who, .ticks = ticks};
			int r = wok_test_run(run_attempt, &attempt, NULL);
			if (r < 0)
				FAIL("%d cancelled after %d ticks: %s", who, ticks, wok_errmsg(r));
			for (size_t i = 0; i < reports.n && i < 8; i++)
				FAIL("%d cancelled after %d ticks: %s", who, ticks,
				     reports.kept[i].message);
		}
	}
}

static int talk_with_a_fault(void *arg)
{
	struct attempt *attempt = arg;

	wok_test_fail_allocation((uint64_t) attempt->ticks, attempt->canceled);
	int r = run_attempt(attempt);
	wok_test_fail_allocation(0, false);
	return r == -ENOMEM ? 0 : r;
}

static void fail_each_allocation(bool and_after)
{
	int failed = 0;

	for (int at = 1; at < 80; at++) {
		struct attempt attempt = {.who = -1, .ticks = at, .canceled = and_after};
		int r = wok_test_run(talk_with_a_fault, &attempt, NULL);
		if (r < 0)
			FAIL("without allocation %d: %s", at, wok_errmsg(r));
		for (int i = 0; i < 2; i++) {
			int result = attempt.talk.results[i];
			failed += result < 0;
			/* Its own failure, or the other's, which has hung up or been cut off. */
			if (result < 0 && result != -ENOMEM && result != WOK_EEOF &&
			    result != -EPIPE && result != -ECONNRESET && result != -EBADF &&
			    result != -ETIMEDOUT && result != -ECONNABORTED &&
			    result != WOK_EPEER && result != -EDEADLK)
				FAIL("without allocation %d, end %d: %s", at, i,
				     wok_errname(result));
		}
	}
	ASSERT(failed > 10);
}

TEST(any_one_allocation_may_fail)
{
	NEEDS_ZLIB();
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	fail_each_allocation(false);
}

TEST(all_allocations_from_one_on_may_fail)
{
	NEEDS_ZLIB();
	struct test_reports reports = {0};

	ASSERT_OK(wok_set_report_hook(test_take_report, &reports));
	fail_each_allocation(true);
}

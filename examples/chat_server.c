/* SPDX-License-Identifier: MIT */
/* chat_server: what one says, all others hear. Shows a queue between tasks, so that a client who
 * does not read holds up nobody: when his queue is full he is put out. Try:      chat_server
 * 127.0.0.1:7001   and   nc 127.0.0.1 7001   in several terminals; Ctrl-C */
#include <stdio.h>
#include <string.h>
#include <wok/wok.h>

enum { LINE_MAX = 400, LINES_MAX = 100 };

struct line {
	char text[LINE_MAX];
};

struct guest {
	char name[32];
	wok_stream *stream;
	wok_queue *outbox;
	struct guest *next;
};

/* All run on one thread and switch only where they wait: a plain list needs no lock. */
static struct guest *room;

static void say(const struct guest *from, const char *format, const char *text)
{
	struct line line;

	snprintf(line.text, sizeof(line.text), format, from->name, text);
	for (struct guest *guest = room; guest; guest = guest->next)
		if (guest != from && wok_queue_try_put(guest->outbox, &line) == -EAGAIN)
			wok_stream_close(guest->stream); /* he does not read */
}

static int write_lines(void *arg)
{
	struct guest *guest = arg;
	struct line line;
	int r;

	while ((r = wok_queue_next(guest->outbox, &line)) > 0) {
		r = wok_stream_write_all(guest->stream, line.text, strlen(line.text));
		if (r < 0)
			break;
	}
	return r == -EBADF ? 0 : r; /* he was put out */
}

static int read_lines(struct guest *guest)
{
	wok_view line;
	char text[LINE_MAX];
	int r;

	while ((r = wok_stream_next_line(guest->stream, LINE_MAX - 50, &line)) > 0) {
		snprintf(text, sizeof(text), "%.*s", (int) line.size, line.data);
		say(guest, "%s: %s\n", text);
	}
	return r;
}

static int talk(struct guest *guest)
{
	WOK_AUTO(wok_scope) *scope = NULL; /* ends the writer, whatever happens */

	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, write_lines, guest));
	return read_lines(guest);
}

static void leave(struct guest *guest)
{
	for (struct guest **at = &room; *at; at = &(*at)->next) {
		if (*at != guest)
			continue;
		*at = guest->next;
		break;
	}
	say(guest, "%s has left%s\n", "");
}

static int serve(wok_stream *stream, void *unused)
{
	WOK_AUTO(wok_queue) *outbox = NULL;
	struct guest guest = {.stream = stream, .next = room};
	wok_view name;

	(void) unused;
	WOK_TRY(wok_stream_write_all(stream, "Your name? ", 11));
	int r = wok_stream_next_line(stream, sizeof(guest.name), &name);
	if (r <= 0)
		return r;
	snprintf(guest.name, sizeof(guest.name), "%.*s", (int) name.size, name.data);
	WOK_TRY(wok_queue_new(sizeof(struct line), LINES_MAX, &outbox));
	guest.outbox = outbox;
	guest.next = room;
	room = &guest;
	say(&guest, "%s has come%s\n", "");
	r = talk(&guest);
	leave(&guest);
	return r == -EBADF ? 0 : r;
}

int main(int argc, char **argv)
{
	const wok_serve_options options = {.listen.tcp.send_buffer = 64 << 10};
	int r = wok_serve_main(argc > 1 ? argv[1] : "127.0.0.1:7001", serve, NULL, &options);

	if (r < 0)
		fprintf(stderr, "chat_server: %s\n", wok_errmsg(r));
	return r < 0;
}

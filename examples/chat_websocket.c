/* SPDX-License-Identifier: MIT */
/* chat_websocket: a page for browsers, and a chat behind it: what one says, all hear. Shows
 * WebSockets of a server, and a queue between tasks, so that a guest who does not read holds up
 * nobody: what does not fit his queue he misses, and soon the connection is given up.
 * Try:      chat_websocket 127.0.0.1:8080   then   http://127.0.0.1:8080/ in two windows; Ctrl-C */
#include <stdio.h>
#include <string.h>
#include <wok/http.h>
#include <wok/wok.h>

enum { TEXT_MAX = 400, WAITING_MAX = 100 };

static const char page[] =
	"<!doctype html><meta charset=utf-8><title>wok chat</title><form><input autofocus size=60>"
	"</form><div></div><script>"
	"const ws = new WebSocket(location.href.replace('http', 'ws') + 'chat');"
	"const show = (text) => { const p = document.createElement('p'); p.textContent = text;"
	" document.querySelector('div').prepend(p); };"
	"ws.onmessage = (event) => show(event.data);"
	"ws.onclose = (event) => show('(closed: ' + event.code + ')');"
	"document.forms[0].onsubmit = (event) => { const box = document.querySelector('input');"
	" ws.send(box.value); box.value = ''; event.preventDefault(); };</script>";

struct text {
	char data[TEXT_MAX];
};

struct guest {
	wok_ws *ws;
	wok_queue *outbox;
	struct guest *next;
};

/* All run on one thread and switch only where they wait: a plain list needs no lock. */
static struct guest *room;

static void say(const char *what)
{
	struct text text;

	snprintf(text.data, sizeof(text.data), "%s", what);
	for (struct guest *guest = room; guest; guest = guest->next)
		(void) !wok_queue_try_put(guest->outbox, &text); /* full: he misses it */
}

static int write_texts(void *arg)
{
	struct guest *guest = arg;
	struct text text;
	int r;

	while ((r = wok_queue_next(guest->outbox, &text)) > 0)
		WOK_TRY(wok_ws_send_text(guest->ws, text.data));
	return r;
}

static void leave(const struct guest *guest)
{
	struct guest **at = &room;

	while (*at != guest)
		at = &(*at)->next;
	*at = guest->next;
	say("(somebody has left)");
}

static int chat(wok_http_request *request, void *unused)
{
	/* A text of the queue holds so much; who sends more is told so (1009). */
	const wok_ws_options options = {.max_message = TEXT_MAX - 1};
	WOK_AUTO(wok_queue) *outbox = NULL;
	WOK_AUTO(wok_ws) *ws = NULL;
	WOK_AUTO(wok_scope) *scope = NULL; /* ends the writer, whatever happens */
	wok_ws_message message;
	int r;

	(void) unused;
	WOK_TRY(wok_queue_new(sizeof(struct text), WAITING_MAX, &outbox));
	WOK_TRY(wok_ws_accept(request, &options, &ws));
	struct guest guest = {ws, outbox, room};
	WOK_TRY(wok_scope_new(&scope));
	WOK_TRY(wok_scope_spawn(scope, write_texts, &guest));
	room = &guest;
	say("(somebody has come)");
	while ((r = wok_ws_receive(ws, &message)) > 0)
		if (message.type == WOK_WS_TEXT)
			say(message.data);
	leave(&guest);
	return r;
}

static int show_page(wok_http_request *request, void *unused)
{
	(void) unused;
	return wok_http_reply(request, &(wok_http_reply_options){.content_type = "text/html",
								 .body = page,
								 .body_size = sizeof(page) - 1});
}

static int serve(const char *address)
{
	WOK_AUTO(wok_http_app) *app = NULL;

	WOK_TRY(wok_http_app_new(&app));
	WOK_TRY(wok_http_route(app, "GET", "/", show_page, NULL));
	WOK_TRY(wok_http_route(app, "GET", "/chat", chat, NULL));
	return wok_http_serve_main(app, address, NULL);
}

int main(int argc, char **argv)
{
	int r = serve(argc > 1 ? argv[1] : "127.0.0.1:8080");

	if (r < 0)
		fprintf(stderr, "chat_websocket: %s\n", wok_errmsg(r));
	return r < 0;
}

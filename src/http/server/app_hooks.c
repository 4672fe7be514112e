/* SPDX-License-Identifier: MIT */
/*
 * What an app has done at a server's beginning and end: its own hooks, then those of the apps
 * within it; cleanup the other way round. They are counted in that order, so that after a startup
 * that failed only those before it are cleaned up.
 */
#include "http/server/app.h"

int wok__app_startup(wok_http_app *app, size_t *ret_started)
{
	for (size_t i = 0; i < app->n_hooks; i++) {
		const struct wok__hooks *hooks = &app->hooks[i];
		if (hooks->hooks.startup)
			WOK_TRY(hooks->hooks.startup(hooks->arg));
		++*ret_started;
	}
	for (size_t i = 0; i < app->n_children; i++)
		WOK_TRY(wok__app_startup(app->children[i], ret_started));
	return 0;
}

void wok__app_shutdown(wok_http_app *app)
{
	for (size_t i = 0; i < app->n_hooks; i++)
		if (app->hooks[i].hooks.shutdown)
			app->hooks[i].hooks.shutdown(app->hooks[i].arg);
	for (size_t i = 0; i < app->n_children; i++)
		wok__app_shutdown(app->children[i]);
}

static size_t count(const wok_http_app *app)
{
	size_t n = app->n_hooks;

	for (size_t i = 0; i < app->n_children; i++)
		n += count(app->children[i]);
	return n;
}

void wok__app_cleanup(wok_http_app *app, size_t started)
{
	size_t own = started < app->n_hooks ? started : app->n_hooks;
	size_t ends = count(app);

	for (size_t i = app->n_children; i-- > 0;) {
		ends -= count(app->children[i]);
		if (started > ends) {
			size_t all = count(app->children[i]);
			wok__app_cleanup(app->children[i],
					 started - ends < all ? started - ends : all);
		}
	}
	for (size_t i = own; i-- > 0;)
		if (app->hooks[i].hooks.cleanup)
			app->hooks[i].hooks.cleanup(app->hooks[i].arg);
}

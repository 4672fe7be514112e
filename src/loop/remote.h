/* SPDX-License-Identifier: MIT */
#ifndef WOK_LOOP_REMOTE_H
#define WOK_LOOP_REMOTE_H
#include <wok/remote.h>

#include "loop/mailbox.h"

/* Leave mail with a remote's loop: see loop/mailbox.h. */
int wok__remote_post(wok_remote *remote, struct wok__mail *mail);

/* Report the calls that came too late for the loop that this thread has just ended. */
void wok__remote_report_lost(void);

/* Whether a remote is one of the loop that has this mailbox. */
bool wok__remote_is_for(const wok_remote *remote, const struct wok__mailbox *mailbox);

/* Whether a remote's loop is the one that this thread runs. */
bool wok__remote_is_here(const wok_remote *remote);
#endif

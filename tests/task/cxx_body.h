/* SPDX-License-Identifier: MIT */
#ifndef WOK_TEST_CXX_BODY_H
#define WOK_TEST_CXX_BODY_H
/* Tasks' bodies in C++: see cxx_body.cc. */
#include <wok/base.h>

WOK_BEGIN_DECLS

/* Throws and catches so many times, and waits in between; the number that it caught. */
wok_fn cxx_throw_and_catch;

/* Waits in a try block until its task is cancelled, and throws for that; -ECANCELED. */
wok_fn cxx_throw_when_canceled;

/* Lets an exception out of the task, which ends the process. */
wok_fn cxx_throw_out;

/* How many objects with a destructor there are. */
extern int cxx_alive;

WOK_END_DECLS
#endif

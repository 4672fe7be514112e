// SPDX-License-Identifier: MIT
// Exceptions within a task: they unwind its own stack, and all goes well as long as they neither
// leave it, nor pass through a function of wok's, nor wait while one is being handled.
#include "task/cxx_body.h"

#include <stdexcept>
#include <string>
#include <wok/wok.h>

int cxx_alive;

namespace
{

struct counted {
	counted() { cxx_alive++; }
	~counted() { cxx_alive--; }
	counted(const counted &) = delete;
	counted &operator=(const counted &) = delete;
};

// Waits at each level on the way down, and throws at the bottom.
void go_down(int depth)
{
	counted here;

	if (wok_yield() < 0)
		throw std::runtime_error("cancelled");
	if (depth == 0)
		throw std::out_of_range("the bottom");
	go_down(depth - 1);
}

} // namespace

extern "C" int cxx_throw_and_catch(void *arg)
{
	const int times = *static_cast<int *>(arg);
	int caught = 0;

	for (int i = 0; i < times; i++) {
		std::string what;
		try {
			go_down(i % 7);
		} catch (const std::out_of_range &exception) {
			what = exception.what();
		}
		// Here the exception is over, and the task may wait again.
		int r = wok_yield();
		if (r < 0)
			return r;
		caught += what == "the bottom";
	}
	return caught;
}

extern "C" int cxx_throw_when_canceled(void *)
{
	for (;;) {
		try {
			go_down(100);
		} catch (const std::out_of_range &) {
			continue;
		} catch (const std::runtime_error &) {
			return -ECANCELED;
		}
	}
}

extern "C" int cxx_throw_out(void *)
{
	throw std::runtime_error("nobody catches this");
}

/* SPDX-License-Identifier: MIT */
/* Why a server does not listen: see listening.h. */
#include "listening.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <wok/error.h>

#include "command.h"

int listening_explain(const struct listening *listening, int error)
{
	const char *program = listening->program;

	fprintf(stderr, "%s: %s\n", program, wok_errmsg(error)); /* it names the address */
	if (listening->listened == -EADDRINUSE)
		fprintf(stderr,
			"Another program listens there. Choose another port, or port 0 for any "
			"free "
			"one: %s %s127.0.0.1:0\n",
			program, listening->option);
	else if (listening->listened == -EACCES)
		fputs("Ports below 1024 are for root. Choose a higher one, or port 0 for any free "
		      "one.\n",
		      stderr);
	else if (listening->listened == -EINVAL)
		fprintf(stderr, "\"%s\" should be as 127.0.0.1:8000, [::1]:8000, or unix:/path.\n",
			listening->address);
	return listening->listened == -EINVAL ? EXIT_USAGE : EXIT_FAILURE;
}

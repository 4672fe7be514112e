/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_LISTENING_H
#define WOK_CLI_LISTENING_H

/* A server that has ended with an error. */
struct listening {
	const char *program; /* "wok serve" */
	const char
		*option; /* what stands before an address on its command line, "" or "--listen " */
	const char *address;
	int listened; /* negative: it could not listen, and why */
};

/* Say on stderr why it ended, and what to do. Returns the exit status. */
int listening_explain(const struct listening *listening, int error);

#endif

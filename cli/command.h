/* SPDX-License-Identifier: MIT */
#ifndef WOK_CLI_COMMAND_H
#define WOK_CLI_COMMAND_H

/* The subcommands. Each is a main() whose argv[0] is its name, and returns the exit status. */
int lab_main(int argc, char **argv);
int lab_server_main(int argc, char **argv);
int lab_way_main(int argc, char **argv); /* internal: a way's process */
int bench_main(int argc, char **argv);
int serve_main(int argc, char **argv);
int fetch_main(int argc, char **argv);
int info_main(int argc, char **argv);

enum {
	EXIT_USAGE = 2,
	EXIT_INTERRUPTED = 130,
};

#endif

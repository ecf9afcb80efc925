/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jmhactl's exit codes (DESIGN section 8; scripts rely on them): one place that makes them of what
 * happened.
 */
#pragma once

#include <stdbool.h>

enum exit_code {
	EXIT_DONE = 0, /* done or already so */
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_UNREACHABLE = 3,
	EXIT_UNSAFE = 4,
	EXIT_UNKNOWN = 5, /* timed out, outcome unknown */
	EXIT_NO_LEADER = 6,
	EXIT_CONFIG = 7,
};

/* Of an answer: by its error code; one of a newer daemon goes by the HTTP status. */
enum exit_code exit_code_of_reply(unsigned http, const char *error_code);

/* Of an error of client_call().  A read without an answer is "unreachable"; after a write nobody
 * knows. */
enum exit_code exit_code_of_errno(int r, bool write);

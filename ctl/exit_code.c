/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/exit_code.h"

#include "ctl/client.h"
#include "daemon/api_error.h"

enum exit_code exit_code_of_reply(unsigned http, const char *error_code)
{
	enum api_error error = api_error_parse(error_code);

	if (http >= 200 && http < 300)
		return EXIT_DONE;
	if (error != API_N_ERRORS_ && error != API_OK)
		return (enum exit_code)api_error_exit(error);
	/* 503 says too little: half of its codes mean "no leader". */
	for (unsigned e = API_OK + 1; e < API_N_ERRORS_; e++)
		if (api_error_http((enum api_error)e) == http && http != 503)
			return (enum exit_code)api_error_exit((enum api_error)e);
	return EXIT_FAILED;
}

enum exit_code exit_code_of_errno(int r, bool write)
{
	return write && client_outcome_unknown(r) ? EXIT_UNKNOWN : EXIT_UNREACHABLE;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Prints the API's table of calls, for the test that compares it with the documents. */
#include "daemon/api.h"

int main(void)
{
	api_print_routes(stdout);
	return ferror(stdout) ? 1 : 0;
}

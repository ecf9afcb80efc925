/* SPDX-License-Identifier: Apache-2.0 */
/* Prints what the configuration's table says, in the form that is asked for. */
#include <stdio.h>
#include <string.h>

#include "daemon/config.h"
#include "daemon/config_schema.h"

int main(int argc, char **argv)
{
	const char *form = argc > 1 ? argv[1] : "";

	if (strcmp(form, "schema") == 0)
		config_schema_print(stdout);
	else if (strcmp(form, "mdoc") == 0)
		config_schema_print_mdoc(stdout);
	else if (strcmp(form, "sample") == 0)
		config_sample_print(stdout);
	else
		return 2;
	return fflush(stdout) == 0 ? 0 : 1;
}

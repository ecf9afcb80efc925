/* SPDX-License-Identifier: Apache-2.0 */
/* What a ZooKeeper server answers to `conf` (election/server_conf.h), whoever it is. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "election/server_conf.h"
#include "tests/fuzz/fuzz.h"

static void run(const uint8_t *data, size_t size)
{
	CLEANUP(freep) char *text = malloc(size + 1);
	struct server_conf_answer a, again;

	HOLDS(text);
	memcpy(text, data, size);
	text[size] = '\0';
	memset(&a, 0xff, sizeof(a));
	server_conf_parse(text, &a);
	HOLDS(!a.known || (a.tick >= usec_from_ms(1) && a.tick <= usec_from_ms(3600000)));
	HOLDS(!a.known || strstr(text, "tickTime="));
	HOLDS(a.sync_limit <= UINT16_MAX && (a.known || a.sync_limit == 0));
	/* What comes behind changes nothing. */
	text = realloc(text, size + sizeof("\nother=1"));
	HOLDS(text);
	memcpy(text + strlen(text), "\nother=1", sizeof("\nother=1"));
	server_conf_parse(text, &again);
	HOLDS(a.known == again.known && a.tick == again.tick && a.sync_limit == again.sync_limit);
}
FUZZ_TARGET(server_conf, run)

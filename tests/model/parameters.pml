/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What all models share.  A model is compiled once; what varies from run to run comes from the environment when
 * the search begins: budgets of faults, times, and `broken`, the rule that is left out in this run (0 = none).  So
 * sixty runs cost six compilations.
 *
 * SAY() is printed only when a trail is replayed: `run --trail NAME` is then a story, one line an action.
 */
c_decl {
	\#include <stdlib.h>

	static int parameter(const char *name, int fallback)
	{
		const char *text = getenv(name);

		return text ? atoi(text) : fallback;
	}
}
#define SAY printf

byte broken;

inline down(timer)
{
	if
	:: timer > 0 -> timer--
	:: else
	fi
}
inline up(timer, most)
{
	if
	:: timer < most -> timer++
	:: else
	fi
}

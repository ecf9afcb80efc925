/* SPDX-License-Identifier: Apache-2.0 */
/* A leader's clients, who change a few pointers; and the elector's look at its store by and by. */
#include "tests/sim/world.h"

void clients_ask(struct world *w, int m, uint32_t incarnation)
{
	struct host *h = &w->host[m];
	struct commit_request request;
	enum commit_result result;
	int id;

	if (!h->running || h->incarnation != incarnation)
		return;
	at(w, w->now + between(w, MS(20), w->pace != 0 ? w->pace : MS(1000)),
	   (struct world_event){ .type = EV_CLIENT, .who = m, .generation = incarnation });
	if (h->stopped || h->exiting)
		return;
	committer_look_again(w, m);
	if (w->pace == 0 || (w->healed && h->wire != WIRE_WHOLE)) /* they are counted */
		return;
	for (unsigned n = 1 + (unsigned)percent(w, 30); n > 0; n--) {
		if (h->core.phase != CORE_LEADING || !commit_queue_active(h->committer.commits))
			break;
		id = ledger_new(w, percent(w, 20), &request);
		if (id < 0)
			break;
		if (percent(w, 60))
			request.fence = h->core.epoch;
		result = commit_queue_submit(h->committer.commits, &request);
		if (result != COMMIT_PENDING)
			ledger_answer(w, id, result, 0);
	}
	committer_pump(w, m);
}

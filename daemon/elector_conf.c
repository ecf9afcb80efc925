/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is zookeeper.tick_ms the ensemble's tickTime?  The lease is computed with it (A1), and with a
 * tick that is too small it would outlive the session.  Asked of each server we connect to.
 */
#include "daemon/elector_private.h"

#include <inttypes.h>

#include "base/cleanup.h"
#include "daemon/log.h"
#include "election/server_conf.h"

void elector_conf_drop(struct elector *e)
{
	e->conf_source = sd_event_source_disable_unref(e->conf_source);
	server_conf_free(TAKE_PTR(e->conf));
}

static void judge(struct elector *e, const struct server_conf_answer *answer)
{
	struct lease_params params = e->core.lease.params;
	const char *server = e->session ? session_server(e->session) : "ZooKeeper";
	bool differs = answer->known && answer->tick != e->config->tick_usec;

	if (differs)
		log_error("zookeeper",
		          "%s has tickTime %" PRIu64 ", but zookeeper.tick_ms in %s is %" PRIu64
		          ": correct it and restart; until then this member may not lead",
		          server, usec_to_ms(answer->tick), e->config->path,
		          usec_to_ms(e->config->tick_usec));
	else if (answer->known && answer->sync_limit > 0 && answer->sync_limit != e->sync_limit &&
	         !lease_outlasts_leader_change(&params, answer->sync_limit))
		log_warning(
		        "zookeeper",
		        "the lease does not outlast a change of ZooKeeper's leader (syncLimit %u "
		        "ticks of %" PRIu64 " ms): raise zookeeper.session_ms or lower syncLimit",
		        answer->sync_limit, usec_to_ms(answer->tick));
	if (answer->known) {
		e->tick_differs = differs;
		e->sync_limit = answer->sync_limit; /* said once, not at each connection */
	}
	elector_store_look_at(e); /* tells the reasons */
}

static int on_conf(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct elector *e = userdata;
	struct server_conf_answer answer;

	(void)fd;
	(void)revents;
	if (server_conf_dispatch(e->conf, &answer) == 0)
		return sd_event_source_set_io_events(source, (uint32_t)server_conf_events(e->conf));
	elector_conf_drop(e);
	judge(e, &answer);
	return 0;
}

void elector_conf_ask(struct elector *e, const char *server)
{
	int r;

	elector_conf_drop(e);
	r = server_conf_start(server, &e->conf);
	if (r >= 0)
		r = sd_event_add_io(e->event, &e->conf_source, server_conf_fd(e->conf),
		                    (uint32_t)server_conf_events(e->conf), on_conf, e);
	if (r < 0) {
		log_debug("zookeeper", "tickTime of %s is not known", server);
		elector_conf_drop(e);
	}
}

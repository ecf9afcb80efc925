/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/store_recover.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "ctl/client.h"
#include "ctl/field.h"
#include "ctl/say.h"
#include "ctl/store_place.h"
#include "ctl/store_views.h"
#include "ctl/views.h"
#include "daemon/config.h"
#include "repair/recover.h"
#include "repair/store_json.h"

struct recovery {
	const struct options *o;
	struct store_place place;
	struct store_facts facts;
	struct recover_plan plan;
	usec_t session; /* T that these servers give to who asks as members do */
};

static void recovery_done(struct recovery *r)
{
	recover_plan_done(&r->plan);
	store_facts_done(&r->facts);
	store_place_done(&r->place);
}

/* ---- before */

/* NULL: this host's daemon does not answer. */
static json_t *status_here(const struct store_place *place)
{
	CLEANUP(client_closep) struct client *c = NULL;
	CLEANUP(client_reply_done) struct client_reply reply = { 0 };
	CLEANUP(freep) char *socket = NULL;
	const struct client_request req = {
		.method = "GET",
		.path = "/v1/status",
		.timeout = 3 * USEC_PER_SEC,
	};

	if (asprintf(&socket, "%s/api.sock", place->config->runtime_dir) < 0) {
		socket = NULL;
		return NULL;
	}
	if (client_open(socket, &c) < 0 || client_call(c, &req, &reply) < 0 || reply.http != 200)
		return NULL;
	return json_loadb(reply.body, reply.size, 0, NULL);
}

/* A leader that is cut off from ZooKeeper shows itself only where it is. */
static bool leads_here(const struct store_place *place)
{
	json_auto_t *status = status_here(place);

	return strcmp(field_text(status, "state"), "leader") == 0;
}

/* A running member remembers what a register said that is gone. */
static uint64_t newest_epoch_here(const struct store_place *place)
{
	json_auto_t *status = status_here(place);
	const long long seen = field_int(status, "epoch");

	return seen > 0 ? (uint64_t)seen : 0;
}

static enum exit_code refuse_leader_here(const struct recovery *r)
{
	if (!leads_here(&r->place))
		return EXIT_DONE;
	say_line("nothing was written: the member of this host leads");
	return EXIT_UNSAFE;
}

/* Its connection does not outlive this: asking and waiting take longer than a session. */
static enum exit_code look(struct recovery *r)
{
	CLEANUP(zk_calls_closep) struct zk_calls *z = NULL;
	enum exit_code code = store_place_open_zookeeper(r->o, &r->place, &z);

	if (code == EXIT_DONE) {
		r->session = zk_calls_session(z);
		code = store_place_look(&r->place, z, true, &r->facts);
		r->facts.epoch_here = newest_epoch_here(&r->place);
	}
	if (code == EXIT_DONE && recover_plan_make(&r->facts, &r->plan) < 0) {
		say_line("not enough memory");
		code = EXIT_FAILED;
	}
	return code;
}

/* ---- showing */

static void show(const struct recovery *r, bool written)
{
	json_auto_t *store = store_json_show(&r->facts, r->place.cluster, r->place.path);
	json_auto_t *plan = store_json_plan(&r->plan);

	if (!store || !plan) {
		say_line("not enough memory");
		return;
	}
	if (!r->o->json) {
		store_view_plan(stdout, store, plan);
		(void)fflush(stdout);
		return;
	}
	(void)json_object_set(plan, "store", store);
	(void)json_object_set_new(plan, "written", json_boolean(written));
	(void)json_dumpf(plan, stdout, JSON_INDENT(1));
	(void)putchar('\n');
}

/* EXIT_DONE and *ret_go: it is to be written. */
static enum exit_code judge(const struct recovery *r, bool *ret_go)
{
	*ret_go = false;
	switch (r->plan.verdict) {
	case RECOVER_NOT_NEEDED:
		return EXIT_DONE;
	case RECOVER_READY:
		break;
	case RECOVER_LOSS:
		if (r->o->accept_loss)
			break;
		say_line("nothing was written: --accept-loss is needed for this");
		return EXIT_UNSAFE;
	case RECOVER_LIVING:
		say_line("nothing was written");
		return EXIT_UNSAFE;
	case RECOVER_REFUSED:
	case RECOVER_N_VERDICTS_:
		say_line("nothing was written");
		return EXIT_FAILED;
	}
	*ret_go = !r->o->dry_run;
	return EXIT_DONE;
}

static enum exit_code ask(const struct recovery *r)
{
	char answer[128];

	if (r->o->yes)
		return EXIT_DONE;
	if (!isatty(STDIN_FILENO)) {
		say_line("there is no terminal to ask on; give --yes to do it without a question");
		return EXIT_USAGE;
	}
	(void)fprintf(stderr, "Write this register? Type the name of the cluster to do it: ");
	if (fgets(answer, sizeof(answer), stdin)) {
		answer[strcspn(answer, "\n")] = '\0';
		if (strcmp(answer, r->place.cluster) == 0)
			return EXIT_DONE;
	}
	(void)fprintf(stderr, "Nothing was done.\n");
	return EXIT_FAILED;
}

/* ---- waiting */

/* T: so long may a leader that is cut off act on (D11).  Of the one that the register names, or of
 * anyone that is configured like us, where servers may have a longer one as their least (A7); a
 * tick more, as servers round up. */
static usec_t longest_session(const struct recovery *r)
{
	usec_t t = r->place.config->session_usec;

	if (r->session > t)
		t = r->session;
	if (cluster_look_has_register(&r->facts.look) && r->facts.look.reg.owner.session > t)
		t = r->facts.look.reg.owner.session;
	return usec_add(t, r->place.config->tick_usec);
}

static void wait_out(const struct recovery *r)
{
	usec_t until = usec_add(r->facts.look.at, longest_session(r));
	usec_t now = session_clock();
	char text[32];

	if (now >= until)
		return;
	view_format_ms((double)usec_to_ms(until - now), text, sizeof(text));
	(void)fprintf(
	        stderr,
	        "Waiting %s: a leader that is cut off from ZooKeeper may go on for a session's "
	        "timeout\n",
	        text);
	while ((now = session_clock()) < until) {
		const usec_t left = until - now;
		const struct timespec ts = {
			.tv_sec = (time_t)(left / USEC_PER_SEC),
			.tv_nsec = (long)(left % USEC_PER_SEC * NSEC_PER_USEC),
		};

		(void)nanosleep(&ts, NULL);
	}
}

/* ---- writing */

static enum exit_code say_outcome(const struct recovery *r, int error)
{
	switch (error) {
	case -ESTALE:
		say_line("nothing was written: meanwhile somebody has written the register, or "
		         "holds "
		         "a latch; look with `jmhactl list`, and run this again if nobody leads");
		return EXIT_FAILED;
	case -EBUSY:
		say_line(
		        "nothing was written: somebody has written to the log in %s meanwhile, and "
		        "is "
		        "not led by this ZooKeeper: are zookeeper.servers and zookeeper.root in %s "
		        "those of the other members?",
		        r->place.path, r->place.config->path);
		return EXIT_UNSAFE;
	case -EINPROGRESS:
		say_line("the connection was lost while the register was written, and it does not "
		         "show it: it may still come; run this again");
		return EXIT_UNKNOWN;
	default:
		return store_place_say_zookeeper(&r->place, error);
	}
}

static enum exit_code write_it(struct recovery *r)
{
	CLEANUP(zk_calls_closep) struct zk_calls *z = NULL;
	const struct inspect_request request = { .path = r->place.path };
	enum exit_code code;
	int error;

	wait_out(r);
	code = refuse_leader_here(r);
	if (code == EXIT_DONE)
		code = store_place_open_zookeeper(r->o, &r->place, &z);
	if (code != EXIT_DONE)
		return code;
	error = recover_check(z, &request, &r->facts);
	if (error == 0)
		error = recover_write(z, r->place.base, &r->plan);
	return error < 0 ? say_outcome(r, error) : EXIT_DONE;
}

static enum exit_code run(struct recovery *r)
{
	enum exit_code code;
	bool go = false;

	code = look(r);
	if (code != EXIT_DONE)
		return code;
	if (!r->o->json)
		show(r, false);
	code = judge(r, &go);
	if (code == EXIT_DONE && go)
		code = refuse_leader_here(r);
	if (code == EXIT_DONE && go)
		code = ask(r);
	if (code == EXIT_DONE && go)
		code = write_it(r);
	if (r->o->json)
		show(r, code == EXIT_DONE && go);
	else if (code == EXIT_DONE && go)
		(void)printf(
		        "Written. Members that run see it within seconds, and one of them leads "
		        "then: jmhactl -c %s list\n",
		        r->place.cluster);
	else if (code == EXIT_DONE && r->o->dry_run && r->plan.verdict != RECOVER_NOT_NEEDED)
		(void)printf("Nothing was written: this was a dry run\n");
	return code;
}

enum exit_code store_recover_run(const struct options *o)
{
	CLEANUP(recovery_done) struct recovery r = { .o = o };
	enum exit_code code = store_place_find(o, &r.place);

	return code == EXIT_DONE ? run(&r) : code;
}

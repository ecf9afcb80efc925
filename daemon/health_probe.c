/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/health_probe.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/cleanup.h"

enum { STACK_SIZE = 256 * 1024, MOST_BODY = 1024 * 1024, LEAVE_MS = 200 };

/* What is used of libcurl.  Its ABI has been this one since 2006. */
static const char library[] = "libcurl.so.4";

struct curl_api {
	__typeof__(curl_global_init) *global_init;
	__typeof__(curl_easy_init) *easy_init;
	__typeof__(curl_easy_setopt) *easy_setopt;
	__typeof__(curl_easy_getinfo) *easy_getinfo;
	__typeof__(curl_easy_strerror) *easy_strerror;
	__typeof__(curl_easy_cleanup) *easy_cleanup;
	__typeof__(curl_multi_init) *multi_init;
	__typeof__(curl_multi_add_handle) *multi_add_handle;
	__typeof__(curl_multi_remove_handle) *multi_remove_handle;
	__typeof__(curl_multi_perform) *multi_perform;
	__typeof__(curl_multi_poll) *multi_poll;
	__typeof__(curl_multi_info_read) *multi_info_read;
	__typeof__(curl_multi_cleanup) *multi_cleanup;
};

/* What owner and thread share; the last of the two frees it.  While a question is under way all
 * below `leave_fd` is the thread's. */
struct job {
	atomic_int refs;
	atomic_bool ended;
	int fd;       /* readable: ended */
	int leave_fd; /* readable: the owner leaves */
	struct curl_api curl;
	bool loaded;
	CURLM *multi;
	char *url;
	usec_t timeout;
	size_t body; /* bytes that came */
	char error[CURL_ERROR_SIZE];
	struct health_answer answer;
};

struct health_probe {
	struct job *job;
	bool asking;
};

/* ---- libcurl ---- */

static int load(struct curl_api *ret)
{
	static const struct {
		const char *name;
		size_t offset;
	} symbols[] = {
#define SYMBOL(x) { "curl_" #x, offsetof(struct curl_api, x) }
		SYMBOL(global_init),         SYMBOL(easy_init),        SYMBOL(easy_setopt),
		SYMBOL(easy_getinfo),        SYMBOL(easy_strerror),    SYMBOL(easy_cleanup),
		SYMBOL(multi_init),          SYMBOL(multi_add_handle), SYMBOL(multi_perform),
		SYMBOL(multi_remove_handle), SYMBOL(multi_poll),       SYMBOL(multi_info_read),
		SYMBOL(multi_cleanup),
#undef SYMBOL
	};
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL); /* stays: others may hold on to it */

	if (!handle)
		return -ELIBACC;
	for (size_t i = 0; i < N_ELEMENTS(symbols); i++) {
		void *symbol = dlsym(handle, symbols[i].name);

		if (!symbol)
			return -ELIBBAD;
		memcpy((char *)ret + symbols[i].offset, &symbol, sizeof(symbol));
	}
	return 0;
}

/* Before the first question.  False: the answer says why. */
static bool prepare_library(struct job *job)
{
	if (!job->loaded) {
		if (load(&job->curl) < 0) {
			(void)snprintf(job->answer.text, sizeof(job->answer.text),
			               "%s cannot be loaded, install libcurl 7.66 or newer",
			               library);
			return false;
		}
		job->loaded = job->curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
	}
	if (job->loaded && !job->multi)
		job->multi = job->curl.multi_init();
	if (!job->multi)
		(void)snprintf(job->answer.text, sizeof(job->answer.text),
		               "libcurl does not start");
	return job->multi;
}

/* ---- one question ---- */

/* The body is read, so that an answer that breaks off is noticed, and thrown away. */
static size_t on_body(char *bytes, size_t one, size_t n, void *userdata)
{
	struct job *job = userdata;

	(void)bytes;
	job->body += one * n;
	return job->body > MOST_BODY ? 0 : one * n;
}

/* No proxy and no redirect: it is this JobManager that is asked. */
static bool set_options(struct job *job, CURL *easy)
{
	const struct curl_api *c = &job->curl;
	long ms = (long)usec_to_ms(job->timeout);

#if LIBCURL_VERSION_NUM >= 0x075700 /* else a name service that hangs lengthens the timeout */
	(void)c->easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	return c->easy_setopt(easy, CURLOPT_URL, job->url) == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_ERRORBUFFER, job->error) == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_TIMEOUT_MS, ms) == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, ms) == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L) == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L) == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_USERAGENT, "jmhad") == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK &&
	       c->easy_setopt(easy, CURLOPT_WRITEDATA, job) == CURLE_OK;
}

/* Not curl_easy_perform(): that could not be woken when the owner leaves. */
static CURLcode transfer(struct job *job, CURL *easy)
{
	const struct curl_api *c = &job->curl;
	struct curl_waitfd leave = { .fd = job->leave_fd, .events = CURL_WAIT_POLLIN };
	CURLcode code = CURLE_ABORTED_BY_CALLBACK;
	const CURLMsg *message;
	int running = 1, left;

	if (c->multi_add_handle(job->multi, easy) != CURLM_OK)
		return CURLE_FAILED_INIT;
	while (running && !leave.revents) {
		if (c->multi_perform(job->multi, &running) != CURLM_OK)
			break;
		if (running)
			(void)c->multi_poll(job->multi, &leave, 1, 1000, NULL);
	}
	message = c->multi_info_read(job->multi, &left);
	if (message && message->msg == CURLMSG_DONE)
		code = message->data.result;
	(void)c->multi_remove_handle(job->multi, easy);
	return code;
}

/* Which failures are the URL's, this host's or the certificate's, and not the JobManager's: were
 * it ended for them, all members' would be, one after the other. */
static bool says_nothing(CURLcode code, bool looked_up, bool connected)
{
	switch ((int)code) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
		return true;
	case CURLE_UNSUPPORTED_PROTOCOL: /* once connected: not HTTP */
	case CURLE_URL_MALFORMAT:
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_FAILED_INIT:
	case CURLE_OUT_OF_MEMORY:
	case CURLE_ABORTED_BY_CALLBACK:
		return !connected;
	case CURLE_OPERATION_TIMEDOUT:
		return !looked_up;
	default:
		return false;
	}
}

static void say(struct health_answer *a, const char *what, const char *detail)
{
	(void)snprintf(a->text, sizeof(a->text), "%.80s%s%.70s", what, *detail ? ": " : "", detail);
}

/* The same words for the same failure: no times, no counts. */
static void explain(struct job *job, CURL *easy, CURLcode code)
{
	struct health_answer *a = &job->answer;
	long os_error = 0, http = 0;
	curl_off_t looked_up = 0, connected = 0;

	(void)job->curl.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &http);
	(void)job->curl.easy_getinfo(easy, CURLINFO_OS_ERRNO, &os_error);
	(void)job->curl.easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &looked_up);
	(void)job->curl.easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected);
	a->http = http > 0 ? (unsigned)http : 0;
	a->unasked = says_nothing(code, looked_up > 0, connected > 0);
	a->whole = code == CURLE_OK || job->body > MOST_BODY;
	if (a->http && a->whole) {
		(void)snprintf(a->text, sizeof(a->text), "%u", a->http);
		return;
	}
	switch ((int)code) {
	case CURLE_COULDNT_CONNECT:
		say(a, os_error ? strerror((int)os_error) : "no connection", "");
		return;
	case CURLE_OPERATION_TIMEDOUT:
		say(a,
		    looked_up == 0 ? "its name was not found in time"
		    : a->http      ? "its answer did not end in time"
		                   : "no answer in time",
		    "");
		return;
	case CURLE_GOT_NOTHING:
		say(a, "it closed the connection without an answer", "");
		return;
	case CURLE_PEER_FAILED_VERIFICATION:
		say(a, "its certificate is not trusted on this host", job->error);
		return;
	default:
		say(a, job->curl.easy_strerror(code), job->error);
		return;
	}
}

static void ask(struct job *job)
{
	CURL *easy;

	job->body = 0;
	job->error[0] = '\0';
	job->answer = (struct health_answer){ .unasked = true };
	if (!prepare_library(job))
		return;
	easy = job->curl.easy_init();
	if (!easy || !set_options(job, easy))
		say(&job->answer, "libcurl cannot ask", job->error);
	else
		explain(job, easy, transfer(job, easy));
	job->curl.easy_cleanup(easy);
}

/* ---- thread and owner ---- */

static void unref(struct job *job)
{
	if (atomic_fetch_sub(&job->refs, 1) > 1)
		return;
	if (job->multi)
		(void)job->curl.multi_cleanup(job->multi);
	free(job->url);
	closep(&job->fd);
	closep(&job->leave_fd);
	free(job);
}

static void *run(void *userdata)
{
	struct job *job = userdata;
	uint64_t one = 1;

	ask(job);
	atomic_store(&job->ended, true);
	(void)!write(job->fd, &one, sizeof(one)); /* cannot fail: one write per question */
	unref(job);
	return NULL;
}

int health_probe_new(struct health_probe **ret)
{
	CLEANUP(health_probe_freep) struct health_probe *p = calloc(1, sizeof(*p));

	if (!p)
		return -ENOMEM;
	p->job = calloc(1, sizeof(*p->job));
	if (!p->job)
		return -ENOMEM;
	atomic_init(&p->job->refs, 1);
	p->job->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	p->job->leave_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->job->fd < 0 || p->job->leave_fd < 0)
		return -errno;
	*ret = TAKE_PTR(p);
	return 0;
}

struct health_probe *health_probe_free(struct health_probe *p)
{
	struct job *job = p ? p->job : NULL;

	if (job && p->asking) {
		struct pollfd ended = { .fd = job->fd, .events = POLLIN };
		uint64_t one = 1;

		/* exit() takes the TLS library away: not from under a handshake, if it can be
		 * helped.
		 */
		(void)!write(job->leave_fd, &one, sizeof(one));
		(void)poll(&ended, 1, LEAVE_MS);
	}
	if (job)
		unref(job);
	free(p);
	return NULL;
}

void health_probe_freep(struct health_probe **p)
{
	*p = health_probe_free(*p);
}

static int start_thread(struct job *job)
{
	sigset_t all, before;
	pthread_attr_t attr;
	pthread_t thread;
	int r;

	r = pthread_attr_init(&attr);
	if (r != 0)
		return -r;
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)pthread_attr_setstacksize(&attr, STACK_SIZE);
	(void)sigfillset(&all); /* signals belong to the loop's thread */
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, &attr, run, job);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return -r;
}

int health_probe_ask(struct health_probe *p, const char *url, usec_t timeout)
{
	char *copy;
	int r;

	if (p->asking)
		return -EBUSY;
	copy = strdup(url);
	if (!copy)
		return -ENOMEM;
	free(p->job->url);
	p->job->url = copy;
	p->job->timeout = timeout;
	atomic_store(&p->job->ended, false);
	atomic_fetch_add(&p->job->refs, 1);
	r = start_thread(p->job);
	if (r < 0) {
		atomic_fetch_sub(&p->job->refs, 1);
		return r;
	}
	p->asking = true;
	return 0;
}

int health_probe_fd(const struct health_probe *p)
{
	return p->job->fd;
}

bool health_probe_take(struct health_probe *p, struct health_answer *ret)
{
	uint64_t count;

	/* Emptied in any case: the thread may write after we have seen its result. */
	(void)!read(p->job->fd, &count, sizeof(count));
	if (!p->asking || !atomic_load(&p->job->ended))
		return false;
	p->asking = false;
	*ret = p->job->answer;
	return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Asking one URL, against a server on the loopback: daemon/health_probe.h. */
#include <errno.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
/* after the above */
#include <cmocka.h>

#include "base/cleanup.h"
#include "daemon/health_probe.h"
#include "tests/unit/scripted_server.h"

enum { PATIENCE_MS = 20000 };
static const usec_t long_enough = 15 * USEC_PER_SEC, short_time = 200 * USEC_PER_MSEC;

static int set_up(void **state)
{
	struct health_probe *p;

	assert_int_equal(health_probe_new(&p), 0);
	*state = p;
	return 0;
}

static int tear_down(void **state)
{
	(void)health_probe_free(*state);
	(void)unsetenv("http_proxy"); /* of a test that failed */
	return 0;
}

static void wait_for_answer(struct health_probe *p, struct health_answer *ret)
{
	struct pollfd answered = { .fd = health_probe_fd(p), .events = POLLIN };

	assert_int_equal(poll(&answered, 1, PATIENCE_MS), 1);
	assert_true(health_probe_take(p, ret));
	assert_false(health_probe_take(p, ret));
}

static void ask_port(struct health_probe *p, unsigned port, usec_t timeout,
                     struct health_answer *ret)
{
	char url[64];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/overview", port);
	assert_int_equal(health_probe_ask(p, url, timeout), 0);
	wait_for_answer(p, ret);
}

/* One question, answered by the one line of a script. */
static void ask_script(struct health_probe *p, const char *line, usec_t timeout,
                       struct health_answer *ret)
{
	struct scripted_server s;

	scripted_server_start_tcp(&s, &line, 1);
	ask_port(p, s.port, timeout, ret);
	scripted_server_finish(&s);
	assert_int_equal(s.n_asked, 1);
	assert_int_equal(strncmp(s.asked[0], "GET /overview HTTP/1.1\r\n", 24), 0);
	scripted_server_done(&s);
}

static void an_answer_is_its_status(void **state)
{
	struct health_answer a;

	ask_script(*state, HTTP("200 OK", "{}"), long_enough, &a);
	assert_int_equal(a.http, 200);
	assert_true(a.whole && !a.unasked);
	assert_string_equal(a.text, "200");
	ask_script(*state, HTTP("503 Service Unavailable", "starting"), long_enough, &a);
	assert_int_equal(a.http, 503);
	assert_true(a.whole && !a.unasked);
	assert_string_equal(a.text, "503");
}

static void a_redirect_is_not_followed(void **state)
{
	struct health_answer a;

	ask_script(*state, "HTTP/1.1 307 Elsewhere\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n",
	           long_enough, &a);
	assert_int_equal(a.http, 307);
}

static void each_question_has_a_connection_of_its_own(void **state)
{
	static const char *const script[] = {
		/* stays open: a second question on it would get no answer */
		STALLED("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"),
		"HTTP/1.1 503 No\r\nContent-Length: 2\r\n\r\n{}",
	};
	struct scripted_server s;
	struct health_answer a;

	scripted_server_start_tcp(&s, script, 2);
	ask_port(*state, s.port, long_enough, &a);
	assert_int_equal(a.http, 200);
	ask_port(*state, s.port, long_enough, &a);
	assert_int_equal(a.http, 503);
	scripted_server_done(&s);
	assert_int_equal(s.n_asked, 2);
}

static void no_proxy_is_taken_from_the_environment(void **state)
{
	struct health_answer a;

	assert_int_equal(setenv("http_proxy", "http://127.0.0.1:1", 1), 0);
	ask_script(*state, HTTP("200 OK", "{}"), long_enough, &a);
	assert_int_equal(unsetenv("http_proxy"), 0);
	assert_int_equal(a.http, 200);
}

static void a_server_that_hangs_has_not_answered(void **state)
{
	struct health_answer a;

	ask_script(*state, SILENCE, short_time, &a);
	assert_int_equal(a.http, 0);
	assert_false(a.whole || a.unasked);
	assert_string_equal(a.text, "no answer in time");
}

static void half_an_answer_is_not_whole(void **state)
{
	struct health_answer a;

	ask_script(*state, STALLED("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"), short_time,
	           &a);
	assert_int_equal(a.http, 200);
	assert_false(a.whole || a.unasked);
	assert_string_equal(a.text, "its answer did not end in time");
	ask_script(*state, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{", long_enough, &a);
	assert_int_equal(a.http, 200);
	assert_false(a.whole || a.unasked);
}

static void garbage_is_no_answer(void **state)
{
	struct health_answer a;

	ask_script(*state, "SSH-2.0-OpenSSH_9.2\r\n", long_enough, &a);
	assert_int_equal(a.http, 0);
	assert_false(a.whole || a.unasked);
	ask_script(*state, NULL, long_enough, &a);
	assert_int_equal(a.http, 0);
	assert_false(a.whole || a.unasked);
}

static void a_closed_port_refuses(void **state)
{
	struct scripted_server s;
	struct health_answer a;

	scripted_server_start_tcp(&s, NULL, 0); /* a port that was free a moment ago */
	scripted_server_done(&s);
	ask_port(*state, s.port, long_enough, &a);
	assert_int_equal(a.http, 0);
	assert_false(a.whole || a.unasked);
	assert_string_equal(a.text, "Connection refused");
}

static void who_has_no_address_cannot_be_asked(void **state)
{
	static const char *const urls[] = { "http://no-such-host.invalid/overview",
		                            "http://127.0.0.1:99999/" };

	for (size_t i = 0; i < N_ELEMENTS(urls); i++) {
		struct health_answer a;

		assert_int_equal(health_probe_ask(*state, urls[i], long_enough), 0);
		wait_for_answer(*state, &a);
		assert_int_equal(a.http, 0);
		assert_true(a.unasked);
		assert_true(a.text[0]);
	}
}

static void one_question_at_a_time(void **state)
{
	static const char *const script[] = { SILENCE };
	struct scripted_server s;
	struct health_answer a;
	char url[64];

	scripted_server_start_tcp(&s, script, 1);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", s.port);
	assert_int_equal(health_probe_ask(*state, url, short_time), 0);
	assert_int_equal(health_probe_ask(*state, url, short_time), -EBUSY);
	assert_false(health_probe_take(*state, &a));
	wait_for_answer(*state, &a);
	scripted_server_done(&s);
}

/* The server sees its client go, long before the question's own end: else finish() waits. */
static void who_leaves_ends_his_question(void **state)
{
	static const char *const script[] = { SILENCE };
	struct scripted_server s;
	struct health_probe *p;
	char url[64];

	(void)state;
	scripted_server_start_tcp(&s, script, 1);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", s.port);
	assert_int_equal(health_probe_new(&p), 0);
	assert_int_equal(health_probe_ask(p, url, 3600 * USEC_PER_SEC), 0);
	for (int i = 0; i < PATIENCE_MS / 5 && scripted_server_asked(&s) == 0; i++)
		(void)poll(NULL, 0, 5);
	assert_int_equal(scripted_server_asked(&s), 1);
	p = health_probe_free(p);
	scripted_server_done(&s);
}

/* ---- https: a certificate that nobody has signed */

struct tls_server {
	int fd;
	SSL_CTX *ctx;
	pthread_t thread;
};

static void *serve_tls(void *userdata)
{
	struct tls_server *t = userdata;
	int fd = accept(t->fd, NULL, NULL);
	SSL *ssl = SSL_new(t->ctx);
	char request[1024];

	(void)SSL_set_fd(ssl, fd);
	if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof(request)) > 0)
		(void)SSL_write(ssl, HTTP("200 OK", ""), (int)strlen(HTTP("200 OK", "")));
	SSL_free(ssl);
	(void)close(fd);
	return NULL;
}

static void self_sign(SSL_CTX *ctx)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	X509_NAME *name = X509_get_subject_name(cert);

	assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	                                            (const unsigned char *)"127.0.0.1", -1, -1, 0),
	                 1);
	assert_int_equal(X509_set_issuer_name(cert, name), 1);
	assert_non_null(X509_gmtime_adj(X509_getm_notBefore(cert), -60));
	assert_non_null(X509_gmtime_adj(X509_getm_notAfter(cert), 3600));
	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
	assert_int_equal(SSL_CTX_use_certificate(ctx, cert), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
	X509_free(cert);
	EVP_PKEY_free(key);
}

static void a_certificate_that_is_not_trusted_is_named(void **state)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
		                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof(sin);
	struct tls_server t = { .fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0),
		                .ctx = SSL_CTX_new(TLS_server_method()) };
	struct health_answer a;
	char url[64];

	self_sign(t.ctx);
	assert_int_equal(bind(t.fd, (const struct sockaddr *)&sin, size), 0);
	assert_int_equal(listen(t.fd, 1), 0);
	assert_int_equal(getsockname(t.fd, (struct sockaddr *)&sin, &size), 0);
	assert_int_equal(pthread_create(&t.thread, NULL, serve_tls, &t), 0);
	(void)snprintf(url, sizeof(url), "https://127.0.0.1:%u/", ntohs(sin.sin_port));
	assert_int_equal(health_probe_ask(*state, url, long_enough), 0);
	wait_for_answer(*state, &a);
	assert_int_equal(pthread_join(t.thread, NULL), 0);
	SSL_CTX_free(t.ctx);
	(void)close(t.fd);
	assert_int_equal(a.http, 0);
	assert_true(a.unasked); /* nothing that ending the JobManager would mend */
	assert_non_null(strstr(a.text, "certificate is not trusted"));
}

/* A thread that has answered is detached, and still has to give back what the TLS library keeps for
 * it: one that exit() overtakes is a leak to the sanitizer. */
static int wait_for_threads(void **state)
{
	struct stat st;

	(void)state;
	for (int i = 0; i < PATIENCE_MS / 5; i++) {
		if (stat("/proc/self/task", &st) == 0 && st.st_nlink == 3) /* ., .., ourselves */
			return 0;
		(void)poll(NULL, 0, 5);
	}
	return -1;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_is_its_status),
		TEST(a_redirect_is_not_followed),
		TEST(each_question_has_a_connection_of_its_own),
		TEST(no_proxy_is_taken_from_the_environment),
		TEST(a_server_that_hangs_has_not_answered),
		TEST(half_an_answer_is_not_whole),
		TEST(garbage_is_no_answer),
		TEST(a_closed_port_refuses),
		TEST(who_has_no_address_cannot_be_asked),
		TEST(one_question_at_a_time),
		TEST(who_leaves_ends_his_question),
		TEST(a_certificate_that_is_not_trusted_is_named),
	};

	return cmocka_run_group_tests(tests, NULL, wait_for_threads);
}

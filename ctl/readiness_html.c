/* SPDX-License-Identifier: Apache-2.0 */
#include "ctl/readiness_html.h"

#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "ctl/readiness_html_pictures.h"
#include "ctl/readiness_html_text.h"
#include "ctl/readiness_view.h"

static const enum finding_step steps[] = { FINDING_PARALLELISM, FINDING_UID, FINDING_BACKEND,
	                                   FINDING_AVAILABILITY };

/* Colours are not all: each severity has its word, too. */
static const char style[] =
        ":root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;"
        "--card:#f6f8fa;--error:#b42318;--warning:#8a5a00;--advice:#0b5cad;--fine:#1a7f37;"
        "--bar:#4a7fb5;--most:#c4622d}\n"
        "@media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9198a1;"
        "--line:#30363d;--card:#161b22;--error:#ff8078;--warning:#e3b341;--advice:#79b8ff;"
        "--fine:#56d364;--bar:#5b93cc;--most:#e08a5b}}\n"
        "body{background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif;"
        "max-width:56rem;margin:2rem auto;padding:0 1rem}\n"
        "h1{font-size:1.5rem;margin:0}h2{font-size:1.25rem;margin:2.5rem 0 .5rem}"
        "h3{font-size:1rem;margin:1.5rem 0 .25rem}\n"
        "p{margin:.25rem 0}.dim{color:var(--dim)}code{font-size:.9em;overflow-wrap:anywhere}\n"
        ".steps{display:grid;grid-template-columns:repeat(auto-fit,minmax(12rem,1fr));gap:.75rem;"
        "list-style:none;padding:0;margin:1rem 0}\n"
        ".steps li,.finding{background:var(--card);border:1px solid var(--line);"
        "border-left:4px solid var(--line);border-radius:6px;padding:.6rem .8rem}\n"
        ".finding{margin:.6rem 0;overflow-wrap:anywhere}\n"
        ".error{border-left-color:var(--error)!important}"
        ".warning{border-left-color:var(--warning)!important}"
        ".advice{border-left-color:var(--advice)!important}"
        ".fine{border-left-color:var(--fine)!important}\n"
        "b.word{text-transform:uppercase;font-size:.75rem;letter-spacing:.04em}"
        ".error b.word{color:var(--error)}.warning b.word{color:var(--warning)}"
        ".advice b.word{color:var(--advice)}.fine b.word{color:var(--fine)}\n"
        "figure{margin:.5rem 0 1rem}svg{display:block;width:100%;height:auto}"
        "svg text{fill:var(--fg);font:13px system-ui,sans-serif}svg text.dim{fill:var(--dim)}"
        "svg .bar{fill:var(--bar)}svg .most{fill:var(--most)}"
        "svg .even{stroke:var(--fg);stroke-dasharray:4 3}"
        "svg .axis{stroke:var(--line)}figcaption{color:var(--dim);font-size:.875rem}\n";

/* ---- findings */

static void print_finding(FILE *f, const struct finding *it)
{
	const char *word = finding_severity_code(it->severity);

	html_format(f,
	            "<div class=\"finding %s\"><p><b class=\"word\">%s</b> <code>%s</code> %s</p>",
	            word, word, it->code, it->object);
	html_format(f, "<p>%s</p>", it->seen);
	if (it->why)
		html_format(f, "<p class=\"dim\">Why: %s</p>", it->why);
	if (it->advice)
		html_format(f, "<p>What to do: %s</p>", it->advice);
	(void)fputs("</div>\n", f);
}

static bool was_looked_at(const struct readiness *r, enum finding_step step)
{
	for (size_t i = 0; i < r->findings.n; i++)
		if (r->findings.item[i].step == step)
			return true;
	return false;
}

static void print_steps(FILE *f, const struct readiness *r)
{
	(void)fputs("<ol class=\"steps\">\n", f);
	for (size_t i = 0; i < N_ELEMENTS(steps); i++) {
		const char *word = finding_severity_code(findings_worst(&r->findings, steps[i]));
		bool looked = was_looked_at(r, steps[i]);

		html_format(f,
		            "<li class=\"%s\"><b class=\"word\">%s</b><br><a href=\"#step%d\">Step "
		            "%d</a>: %s</li>\n",
		            looked ? word : "", looked ? word : "not looked at", (int)steps[i],
		            (int)steps[i], finding_step_text(steps[i]));
	}
	(void)fputs("</ol>\n", f);
}

static void print_step(FILE *f, const struct readiness *r, enum finding_step step)
{
	html_format(f, "<h2 id=\"step%d\">Step %d: %s</h2>\n", (int)step, (int)step,
	            finding_step_text(step));
	if (!was_looked_at(r, step))
		(void)fputs("<p class=\"dim\">Not looked at.</p>\n", f);
	for (unsigned s = FINDING_N_SEVERITIES_; s-- > 0;)
		for (size_t i = 0; i < r->findings.n; i++)
			if (r->findings.item[i].step == step && r->findings.item[i].severity == s)
				print_finding(f, &r->findings.item[i]);
}

/* ---- jobs */

static void print_job(FILE *f, const struct readiness_job *j)
{
	char hex[2 * JOB_ID_SIZE + 1];
	bool some = false;

	text_hex(j->job.id, JOB_ID_SIZE, hex);
	html_format(f, "<h2>Job %s</h2>\n<p class=\"dim\">%s, <code>%s</code></p>\n",
	            j->job.name ? j->job.name : hex, j->job.state ? j->job.state : "?", hex);
	for (size_t i = 0; i < j->job.n_vertices; i++) {
		const struct job_vertex *v = &j->job.vertices[i];

		if (job_vertex_is_keyed(&j->view, v) == JOB_NO)
			continue;
		some |= readiness_html_key_groups(f, v);
	}
	if (!some)
		(void)fputs("<p class=\"dim\">No state by key.</p>\n", f);
	if (j->view.latest)
		readiness_html_state(f, &j->view);
	else
		html_format(f, "<p class=\"dim\">State: %s</p>\n",
		            j->view.unseen ? j->view.unseen : "there is no checkpoint to look at");
}

void readiness_html(FILE *f, const struct readiness *r, enum finding_severity fail_on,
                    const char *when)
{
	(void)fprintf(f,
	              "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	              "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
	              "<title>Ready for production?</title>\n<style>\n%s</style>\n</head>\n<body>\n"
	              "<h1>",
	              style);
	readiness_verdict(f, r, fail_on); /* words of ours alone */
	html_format(f, "</h1>\n<p class=\"dim\">%s, by <code>%s</code>%s%s</p>\n", when,
	            r->url ? r->url : "?", r->cluster.name ? ", cluster " : "",
	            r->cluster.name ? r->cluster.name : "");
	print_steps(f, r);
	for (size_t i = 0; i < N_ELEMENTS(steps); i++)
		print_step(f, r, steps[i]);
	for (size_t i = 0; i < r->n_jobs; i++)
		print_job(f, &r->jobs[i]);
	(void)fputs("</body>\n</html>\n", f);
}

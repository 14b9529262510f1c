/* http - the desk on a port */
/* SPDX-License-Identifier: MIT */
#include "serve/http.h"
#include "base/clock.h"
#include "serve/reply.h"
#include <microhttpd.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	CONNECTIONS = 512,
	IDLE_SECONDS = 60,              /* a client that says nothing for so long is let go */
	FINISH_SECONDS = 10             /* for clients to take what is ready when the server ends */
};
#define HANG_UP_EVERY .1                /* seconds between looks for clients that are gone */

struct http {
	struct desk       *desk;
	struct MHD_Daemon *daemon;
	char               host[64];
	int                ipv6;
	size_t             most_body;
	struct client     *clients;     /* those with a request under way */
};

/* A request, from its first header to the last byte of the answer. */
struct client {
	struct http   *http;
	struct MHD_Connection *connection;
	const struct route *route;      /* NULL: there is none */
	struct buf     body, out;
	size_t         taken;           /* of out */
	int            too_large, asleep, gone;
	struct job    *job;
	struct client *next;
};

struct route {
	const char *method, *path;
	enum ask    ask;                /* of a POST */
	void      (*get)(const struct desk *, struct buf *);
	const char *type;
};

static void put_page(const struct desk *d, struct buf *b) { (void)d; buf_str(b, reply_page); }
static void put_health(const struct desk *d, struct buf *b) { (void)d; buf_str(b, "{\"status\":\"ok\"}\n"); }
static const struct route routes[] = {
	{ "GET", "/", 0, put_page, "text/html; charset=utf-8" },
	{ "GET", "/health", 0, put_health, "application/json" },
	{ "GET", "/metrics", 0, reply_metrics, "text/plain; version=0.0.4" },
	{ "GET", "/v1/models", 0, reply_models, "application/json" },
	{ "GET", "/v1/models/", 0, reply_model, "application/json" },           /* and the model's name */
	{ "GET", "/tokenizer_info", 0, reply_tokenizer, "application/json" },
	{ "POST", "/v1/completions", ASK_COMPLETION, NULL, "application/json" },
	{ "POST", "/v1/chat/completions", ASK_CHAT, NULL, "application/json" },
	{ "POST", "/tokenize", ASK_TOKENIZE, NULL, "application/json" },
	{ "POST", "/detokenize", ASK_DETOKENIZE, NULL, "application/json" },
};

static enum MHD_Result
respond(struct client *c, int status, const char *type, struct MHD_Response *r)
{
	enum MHD_Result ok;

	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "Content-Security-Policy",
		"default-src 'none'; connect-src 'self'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	ok = MHD_queue_response(c->connection, (unsigned)status, r);
	MHD_destroy_response(r);
	return ok;
}

static enum MHD_Result
respond_out(struct client *c, int status, const char *type)
{
	return respond(c, status, type, MHD_create_response_from_buffer(c->out.n, c->out.p, MHD_RESPMEM_MUST_COPY));
}

static enum MHD_Result
refuse(struct client *c, int status, const char *why)
{
	c->http->desk->refused++;
	buf_clear(&c->out);
	reply_error(status, why, &c->out);
	return respond_out(c, status, "application/json");
}

static void
sleep_until_news(struct client *c)
{
	c->asleep = 1;
	MHD_suspend_connection(c->connection);
}

/* What there is of a streamed answer. */
static ssize_t
stream(void *ctx, uint64_t at, char *to, size_t most)
{
	struct client *c = ctx;
	size_t n;

	(void)at;
	if (c->gone)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	reply_events(c->http->desk, c->job, &c->out);
	n = c->out.n - c->taken < most ? c->out.n - c->taken : most;
	if (!n && c->job->told)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (!n) {
		sleep_until_news(c);
		return 0;
	}
	memcpy(to, c->out.p + c->taken, n);
	c->taken += n;
	if (c->taken == c->out.n)
		c->taken = c->out.n = 0;
	return (ssize_t)n;
}

/* The body is here. */
static enum MHD_Result
ask(struct client *c)
{
	struct desk *d = c->http->desk;
	struct request r;
	struct err e;
	int status, streamed;

	if (request_parse(&r, c->route->ask, buf_text(&c->body), c->body.n, &e)) {
		request_free(&r);
		return refuse(c, 400, e.text);
	}
	if (c->route->ask == ASK_TOKENIZE || c->route->ask == ASK_DETOKENIZE) {
		int bad = reply_tokens(d, &r, &c->out, &e);
		request_free(&r);
		return bad ? refuse(c, 400, e.text) : respond_out(c, 200, c->route->type);
	}
	streamed = r.stream;
	d->requests++;
	if ((status = desk_ask(d, &r, &c->job, &e)))
		return refuse(c, status, e.text);
	if (streamed)
		return respond(c, 200, "text/event-stream", MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1 << 14, stream, c, NULL));
	sleep_until_news(c);
	return MHD_YES;
}

static int
leads(const struct route *r, const char *url, const char *name)
{
	size_t n = strlen(r->path);

	return r->get == reply_model ? !strncmp(r->path, url, n) && !strcmp(url + n, name) : !strcmp(r->path, url);
}

static struct client *
meet(struct http *h, struct MHD_Connection *connection, const char *url, const char *method)
{
	struct client *c = xcalloc(1, sizeof *c);
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");

	c->http = h;
	c->connection = connection;
	c->too_large = length && strtoull(length, NULL, 10) > h->most_body;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
		if (leads(routes + i, url, h->desk->name) && (!c->route || !strcmp(routes[i].method, method)))
			c->route = routes + i;
	c->next = h->clients;
	h->clients = c;
	return c;
}

static enum MHD_Result
handle(void *ctx, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
		const char *upload, size_t *n, void **con)
{
	struct client *c = *con;
	size_t most = ((struct http *)ctx)->most_body;

	(void)version;
	if (!c) {
		c = *con = meet(ctx, connection, url, method);
		return c->too_large ? refuse(c, 413, "the body is too large") : MHD_YES;
	}
	if (*n) {
		c->too_large |= c->body.n + *n > most;
		if (!c->too_large)
			buf_add(&c->body, upload, *n);
		*n = 0;
		return MHD_YES;
	}
	if (c->gone)
		return MHD_NO;
	if (c->job) {
		reply_whole(c->http->desk, c->job, &c->out);
		return respond_out(c, 200, c->route->type);
	}
	if (c->too_large)
		return refuse(c, 413, "the body is too large");
	if (!c->route)
		return refuse(c, 404, "there is no such page");
	if (strcmp(method, c->route->method) && !(c->route->get && !strcmp(method, "HEAD")))
		return refuse(c, 405, c->route->get ? "the method GET is needed" : "the method POST is needed");
	if (!c->route->get)
		return ask(c);
	c->route->get(c->http->desk, &c->out);
	return respond_out(c, 200, c->route->type);
}

static void
let_go(struct client *c)
{
	if (c->job)
		desk_drop(c->http->desk, c->job);
	c->job = NULL;
	c->gone = 1;
}

static void
completed(void *ctx, struct MHD_Connection *connection, void **con, enum MHD_RequestTerminationCode why)
{
	struct http *h = ctx;
	struct client *c = *con, **at = &h->clients;

	(void)connection, (void)why;
	if (!c)
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	let_go(c);
	buf_free(&c->body);
	buf_free(&c->out);
	free(c);
	*con = NULL;
}

/* Clients that sleep are woken when there is something for them, or when they hung up. */
static void
wake(struct http *h, int look)
{
	for (struct client *c = h->clients; c; c = c->next) {
		const union MHD_ConnectionInfo *fd;
		char byte;
		if (!c->asleep)
			continue;
		fd = look ? MHD_get_connection_info(c->connection, MHD_CONNECTION_INFO_CONNECTION_FD) : NULL;
		if (fd && recv(fd->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
			let_go(c);
		if (!c->gone && c->job->r.stream)
			reply_events(h->desk, c->job, &c->out);
		if (c->gone || !c->job->left || (c->job->r.stream && c->out.n > c->taken)) {
			c->asleep = 0;
			MHD_resume_connection(c->connection);
		}
	}
}

struct http *
http_open(struct desk *d, const char *host, int port, size_t most_body, struct err *e)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *ai;
	struct http *h = xcalloc(1, sizeof *h);
	char service[16];

	snprintf(service, sizeof service, "%d", port);
	if (getaddrinfo(host, service, &hints, &ai)) {
		free(h);
		err_set(e, "--host=%s: not the number of an address", host);
		return NULL;
	}
	h->desk = d;
	h->most_body = most_body;
	h->ipv6 = ai->ai_family == AF_INET6;
	snprintf(h->host, sizeof h->host, "%s", host);
	h->daemon = MHD_start_daemon(MHD_USE_AUTO | MHD_ALLOW_SUSPEND_RESUME | (h->ipv6 ? MHD_USE_IPv6 : 0u), (uint16_t)port, NULL, NULL,
		handle, h, MHD_OPTION_SOCK_ADDR, ai->ai_addr, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_NOTIFY_COMPLETED, completed, h, MHD_OPTION_END);
	freeaddrinfo(ai);
	if (h->daemon)
		return h;
	free(h);
	err_sys(e, "cannot listen at %s port %d", host, port);
	return NULL;
}

void
http_address(const struct http *h, struct buf *b)
{
	buf_printf(b, h->ipv6 ? "http://[%s]:%u/" : "http://%s:%u/", h->host,
		(unsigned)MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_BIND_PORT)->port);
}

void
http_serve(struct http *h, const volatile sig_atomic_t *stop)
{
	double looked = 0, until = 0;
	int busy = 0, closed = 0;

	while (*stop < 2 && (!*stop || (h->clients && (busy || clock_seconds() < until)))) {
		int look = clock_seconds() - looked > HANG_UP_EVERY;
		if (*stop && !closed) {
			closed = 1;
			close(MHD_quiesce_daemon(h->daemon));
		}
		MHD_run_wait(h->daemon, busy ? 0 : 200);
		busy = desk_round(h->desk);
		if (busy || !until)
			until = clock_seconds() + FINISH_SECONDS;
		wake(h, look);
		if (look)
			looked = clock_seconds();
	}
}

/* Whoever still sleeps is woken: libmicrohttpd wants nobody suspended at the end. */
void
http_close(struct http *h)
{
	for (struct client *c = h->clients; c; c = c->next) {
		let_go(c);
		if (c->asleep)
			MHD_resume_connection(c->connection);
		c->asleep = 0;
	}
	MHD_stop_daemon(h->daemon);
	free(h);
}

/* connect.h: a container's further networks: ctr-net connect and disconnect, while it runs or not.
 *
 * The file `networks` in its directory has a line for each, "NETWORK IP IP6 [MAC] ALIAS...", with
 * "-" for an address that is not given; a line "-" says that it is off that of --net. What is about
 * to be done to a running container is recorded there first: "+IF NETWORK" when it is being
 * connected, "!IF NETWORK" when disconnected. Whoever finds such a line finishes or undoes it: the
 * next connect, disconnect, start, and ctr-gc.
 */
#ifndef CTR_CONNECT_H
#define CTR_CONNECT_H

#include "endpoint.h"
#include "record.h"

/* The lines of a key of conf. */
void record_lines(struct strv *out, const struct kv *conf, const char *key);
/* What conf asks for of the network of --net; strings point into conf. */
void net_request(struct endpoint_req *r, const struct kv *conf);
void net_request_free(struct endpoint_req *r);
/* Such a line, without its end; and read one into q, whose strings are the words, which the caller
 * frees. False: it is none. */
void net_line(struct buf *b, const struct endpoint_req *q);
bool net_line_read(struct endpoint_req *q, struct strv *words, const char *line);
/* Call fn for --net's (`first`), unless it is off that, and for each network of these lines, until
 * one returns other than 0. */
int net_requests_each(struct endpoint_req *first, const struct strv *further,
    int (*fn)(struct endpoint_req *, void *), void *arg);
/* The addresses that were given to it on the network r->net, in this life or the one before, go to
 * r->had, and the interface's name to ifname, where they are known: they stay with it, if nobody
 * else took them. net_given() writes them down; if it cannot, they are chosen anew. */
void net_had(const struct container *c, struct endpoint_req *r, char ifname[16]);
void net_given(const struct container *c, const struct endpoint *e);
/* The lines of the file `networks` in the container's directory, open as dir; none when there is no
 * such file. 0, or -1 with fail(). */
int connect_lines(int dir, struct strv *out);
/* Lock the record of its networks: a descriptor to close, or -1 with fail(). A container that does
 * not run is held by its life. */
int connect_hold(struct container *c);
/* Connect to a network, and take off one; the record must be locked. r has the network, addresses
 * and aliases. 0, or -1 with fail() and nothing changed. */
int connect_to(struct container *c, struct endpoint_req *r);
int connect_off(struct container *c, const char *network);
/* Finish or undo what was interrupted. 1: something was; 0: nothing; -1 with fail(). */
int connect_settle(struct container *c);
/* The same for the lines alone, for a container that is about to start. Returns whether there were
 * any. */
bool connect_lines_settle(struct strv *lines, const char *first);
int connect_record(const struct container *c, const struct strv *lines);

#endif

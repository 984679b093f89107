/* dbus.h: calls to systemd, by its own socket or over a bus: a message's body is put together, item
 * by item, and sent with a call. (D-Bus Specification, "Type System"; org.freedesktop.systemd1(5).)
 */
#ifndef CTR_DBUS_H
#define CTR_DBUS_H

#include <stdbool.h>
#include <stdint.h>
#include "str.h"

/* Append a number (after what aligns it) or a string to a body. The buffer is the caller's, and
 * must begin with the body, because items are aligned from there. */
void bus_u32(struct buf *b, uint32_t v);
void bus_u64(struct buf *b, uint64_t v);
void bus_text(struct buf *b, const char *s);

/* An array's length is written when it has ended; it does not count what aligns the first item. */
struct bus_array {
	size_t length_at, from;
};

/* `align` is the alignment of its items in bytes. */
struct bus_array bus_array_begin(struct buf *b, size_t align);
void bus_array_end(struct buf *b, struct bus_array a);

/* Items of an array of properties: the name and the type, behind which the caller appends a value
 * of that type; and whole ones with a boolean or a string. */
void bus_property(struct buf *b, const char *name, const char *type);
void bus_bool(struct buf *b, const char *name, bool on);
void bus_string(struct buf *b, const char *name, const char *value);

/* Are we a user for systemd: not root, or root of a user namespace only? */
bool bus_is_user(void);
/* A call of systemd's manager about this unit, and its answer; with `job` the end of the work that
 * it begins. *answer (may be NULL) is the first number of the answer, of an array its length; left
 * alone when there is none. 0, or -1 with fail(). */
int bus_call(const char *method, const char *signature, const struct buf *body, const char *unit,
    bool job, uint32_t *answer);

#endif

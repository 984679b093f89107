/* container_event.c: the events of containers; see event.h. */
#include "container_event.h"
#include "event.h"
#include "record.h"

void event_container(
    const struct container *c, const char *action, const char *key, const char *value)
{
	_cleanup_free_ char *labels =
	    xstrdup(kv_get(&c->conf, "label") ? kv_get(&c->conf, "label") : "");
	/* A label's text may contain the separators of an event's line, so the lines of conf are
	 * passed separately. */
	event_tell("container", action, c->id, "name", c->name, "image", kv_get(&c->conf, "image"),
	    key ? key : "-", key ? value : NULL, "labels", *labels ? labels : NULL, EVENT_END);
}

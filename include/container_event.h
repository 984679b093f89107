/* container_event.h: what happens to a container, for ctr-events. */
#ifndef CTR_CONTAINER_EVENT_H
#define CTR_CONTAINER_EVENT_H

struct container;
#ifdef CTR_MINIMAL /* tells nothing: the compiler leaves the calls out */
#define event_container(c, action, key, value) ((void)(c), (void)(action), (void)(value))
#else
/* event_tell() of it with its name, image and labels, and one thing more (NULL: nothing). */
void event_container(
    const struct container *c, const char *action, const char *key, const char *value);
#endif

#endif

/* event.h: what happens, a line each in $CTR_RUN/events, for ctr-events.
 *
 * A line is SECONDS.NANOS, type, action, the subject's id and KEY=VALUE, apart by tabs. At a size
 * the file becomes events.1, so that the past is kept for a while and no longer.
 */
#ifndef CTR_EVENT_H
#define CTR_EVENT_H

#define EVENT_FILE "events"
#define EVENT_OLD "events.1"

#define EVENT_END ((char *)0)

/* Add a line: type ("container", "image", "network", "volume"), action and id, then keys and values
 * up to EVENT_END (one whose value is NULL is left out). Never fails: whoever acts does not depend
 * on who looks. */
#ifdef CTR_MINIMAL
#define event_tell(...) ((void)0)
#else
void event_tell(const char *type, const char *action, const char *id, ...)
    __attribute__((sentinel));
#endif

#endif

/* docker_shape.h: a container's record as `docker inspect` prints it.
 */
#ifndef CTR_DOCKER_SHAPE_H
#define CTR_DOCKER_SHAPE_H

#include <jansson.h>
#include "record.h"

/* A container's record as JSON of docker's shape; what docker has and we do not have is left out or
 * empty. `cfg` is its config.json, and may be NULL. Maps carry the mark that template_plain() takes
 * out for printing. Caller owns. */
json_t *docker_shape(const struct container *c, const json_t *cfg);
/* Labels, a line each (NULL: none), as a map. */
json_t *docker_labels(const char *lines);
/* In a row of a list Labels is text, "k=v,k=v"; {{.Label "KEY"}} finds one. */
void docker_row_labels(json_t *row);
/* Text (NULL: none) as JSON, escaped where it is not UTF-8. */
json_t *docker_text(const char *s);
/* Of its mounts those that a user asked for: bind mounts and volumes. */
json_t *docker_mounts(const json_t *cfg);
/* Add to a HostConfig what its record and its config.json say of privileges, limits and ports. */
void docker_host(json_t *host, const struct container *c, const json_t *cfg);
/* Is it among these strings? */
bool docker_shape_has_word(const json_t *list, const char *word);
/* A limit under cgroup v2's name, as kept in linux.resources.unified; 0: none. */
long long docker_shape_limit(const json_t *cfg, const char *key);
/* The same as it stands there, or NULL. */
const char *docker_limit_raw(const json_t *cfg, const char *key);
/* The same as text; "": none, or max. */
const char *docker_limit_text(const json_t *cfg, const char *key);
/* A record's lines (NULL: none) as a list. */
json_t *docker_lines(const char *s);
/* LogConfig's options. */
json_t *docker_log(const struct kv *conf);
/* The ports that -p asked for: {"80/tcp": [{HostIp, HostPort}]}. */
json_t *docker_published(const struct container *c);
/* Add those that it exposes to such an object, where it lacks them; `none`, which is taken, is
 * their value. */
void docker_exposed(const struct container *c, json_t *ports, json_t *none);
/* Its networks: names, or lines of connect_lines(). */
void docker_nets(const struct container *c, struct strv *out);
/* docker's word for the state: it has none for what a power cut or a killed monitor leaves. */
const char *docker_status(const struct container *c);
/* When it was created: *sec, and the nanoseconds are returned. */
long docker_created(const struct container *c, int64_t *sec);

#endif

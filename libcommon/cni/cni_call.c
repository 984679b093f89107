/* cni_call.c: reading a plugin's configuration, and the names of attachments; see cni_call.h. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cni_call.h"
#include "err.h"
#include "fnv.h"
#include "owner.h"

#define OWNER_MAX 180 /* with NUL it fits an element's comment, a link's alias and a lease */

int cni_fail(struct cni_call *c, int code, const char *fmt, ...)
{
	va_list ap;
	int saved = errno;
	va_start(ap, fmt);
	_cleanup_free_ char *text = xvasprintf(fmt, ap);
	va_end(ap);
	errno = saved;
	c->code = code;
	return fail_again(text);
}

/* The name of an attachment; caller frees. If it would be longer than a comment may be, hashes
 * stand for its parts. */
static char *cni_owner(const char *id, const char *ifname, const char *network)
{
	char *s = xasprintf(OWNER_CNI "%s/%s@%s", id, ifname, network);
	if (strlen(s) < OWNER_MAX)
		return s;
	free(s);
	return xasprintf(OWNER_CNI "%.40s~%016llx/%s@%.40s~%016llx", id,
	    (unsigned long long)fnv1a(id), ifname, network, (unsigned long long)fnv1a(network));
}

void cni_link_name(const char *prefix, const char *text, char out[16])
{
	int n = snprintf(out, 16, "%s", prefix);
	snprintf(out + n, 16 - (size_t)n, "%0*llx", 15 - n,
	    (unsigned long long)(fnv1a(text) >> 4 * (n + 1)));
	out[15] = 0;
}

/* --- keys --- */

static int call_wrong(struct cni_call *c, int r)
{
	if (r < 0)
		c->code = CNI_BAD_CONFIG;
	return r;
}

int cni_bool(struct cni_call *c, const char *key, bool *out)
{
	return call_wrong(c, jget_bool(&c->j, c->conf, "", key, out));
}

int cni_int(struct cni_call *c, const char *key, int64_t min, int64_t max, int64_t *out)
{
	return call_wrong(c, jget_int(&c->j, c->conf, "", key, min, max, out));
}

int cni_str(struct cni_call *c, const char *key, char **out)
{
	return call_wrong(c, jget_str(&c->j, c->conf, "", key, out));
}

int cni_mac(struct cni_call *c, bool top, uint8_t mac[6])
{
	_cleanup_free_ char *s = NULL;
	if (top && jget_str(&c->j, c->conf, "", "mac", &s) < 0)
		return call_wrong(c, -1);
	const char *arg = strv_getenv(&c->args, "MAC");
	if (arg && *arg) {
		free(s);
		s = xstrdup(arg);
	}
	if ((c->cni_args && jget_str(&c->j, c->cni_args, "args.cni", "mac", &s) < 0) ||
	    (c->runtime && jget_str(&c->j, c->runtime, "runtimeConfig", "mac", &s) < 0))
		return call_wrong(c, -1);
	if (!s || !*s)
		return 0;
	return mac_parse("mac", s, mac) < 0 ? call_wrong(c, -1) : 1;
}

int cni_refuse(struct cni_call *c, const json_t *o, const char *const *keys)
{
	for (; *keys; keys++) {
		const json_t *v = json_object_get(o, *keys);
		if (!v || json_is_null(v) || json_is_false(v) ||
		    (json_is_array(v) && !json_array_size(v)) ||
		    (json_is_string(v) && !json_string_length(v)))
			continue;
		_cleanup_free_ char *text = json_text(v);
		return cni_fail(
		    c, CNI_UNSUPPORTED, "%s: %s: not supported by this %s", *keys, text, c->plugin);
	}
	return 0;
}

int cni_backend(struct cni_call *c, const char *key)
{
	_cleanup_free_ char *s = NULL;
	if (cni_str(c, key, &s) < 0)
		return -1;
	return s && *s && strcmp(s, "iptables") != 0 && strcmp(s, "nftables") != 0
		   ? cni_fail(c, CNI_BAD_CONFIG, "%s: '%s' is not iptables or nftables", key, s)
		   : 0;
}

/* --- the configuration --- */

const char *cni_version(int i)
{
	static const char *const known[] = {
	    "0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0", NULL};
	return known[i];
}

static int version_number(const char *s)
{
	for (int i = 0; cni_version(i); i++)
		if (strcmp(s, cni_version(i)) == 0)
			return CNI_V(s[0] - '0', s[2] - '0', s[4] - '0');
	return -1;
}

static int read_version(struct cni_call *c)
{
	char *s = NULL;
	if (jget_str(&c->j, c->conf, "", "cniVersion", &s) < 0) {
		c->code = CNI_BAD_JSON;
		return -1;
	}
	if (!s || !*s) { /* as in the specification's library */
		free(s);
		s = xstrdup("0.1.0");
	}
	free(c->version_text);
	c->version_text = s;
	c->version = version_number(s);
	if (c->version < 0 && c->command != CNI_VERSION)
		return cni_fail(
		    c, CNI_BAD_VERSION, "cniVersion %s: this plugin knows 0.1.0 to 1.1.0", s);
	return 0;
}

static int read_runtime(struct cni_call *c)
{
	static const char *const refused[] = {"infinibandGUID", NULL};
	json_t *args = NULL;
	if (jget_obj(&c->j, c->conf, "", "runtimeConfig", &c->runtime) < 0 ||
	    jget_obj(&c->j, c->conf, "", "args", &args) < 0 ||
	    (args && jget_obj(&c->j, args, "args", "cni", &c->cni_args) < 0))
		return call_wrong(c, -1);
	return c->command == CNI_DEL ? 0 : cni_refuse(c, c->runtime, refused);
}

static int read_ipam(struct cni_call *c)
{
	if (jget_obj(&c->j, c->conf, "", "ipam", &c->ipam) < 0 ||
	    (c->ipam && jget_str(&c->j, c->ipam, "ipam", "type", &c->ipam_type) < 0))
		return call_wrong(c, -1);
	if (c->ipam_type && (strchr(c->ipam_type, '/') || c->ipam_type[0] == '.'))
		return cni_fail(
		    c, CNI_BAD_CONFIG, "ipam.type: '%s' is not a plugin's name", c->ipam_type);
	return 0;
}

static int read_prev(struct cni_call *c)
{
	if (jget_obj(&c->j, c->conf, "", "prevResult", &c->prev_json) < 0)
		return call_wrong(c, -1);
	if (c->prev_json && cni_result_parse(&c->j, c->prev_json, "prevResult", &c->prev) < 0)
		return call_wrong(c, -1);
	return 0;
}

int cni_conf_read(struct cni_call *c, char *text, size_t len)
{
	c->text = text;
	c->len = len;
	c->code = CNI_BAD_JSON;
	c->conf = json_parse("configuration", text, len);
	if (!c->conf)
		return -1;
	if (!json_is_object(c->conf))
		return fail("configuration: it must be an object");
	c->j = (struct jctx){.what = "configuration", .text = text, .len = len};
	if (read_version(c) < 0)
		return -1;
	c->code = CNI_FAILED;
	if (c->command == CNI_VERSION)
		return 0;
	if (cni_str(c, "name", &c->name) < 0)
		return -1;
	if (!c->name || !name_valid(c->name))
		return cni_fail(c, CNI_BAD_CONFIG, "name: %s",
		    c->name ? "characters that no network's name may have"
			    : "the network's name is missing");
	if (read_runtime(c) < 0 || read_ipam(c) < 0 || read_prev(c) < 0)
		return -1;
	if (c->id && c->ifname)
		c->owner = cni_owner(c->id, c->ifname, c->name);
	return 0;
}

void cni_call_free(struct cni_call *c)
{
	strv_free(&c->args);
	cni_result_free(&c->prev);
	json_decref(c->conf);
	free(c->text);
	free(c->ipam_type);
	free(c->version_text);
	free(c->name);
	free(c->owner);
	if (c->ns >= 0)
		close(c->ns);
	memset(c, 0, sizeof *c);
	c->ns = c->lock = -1;
}

/* --- garbage --- */

int cni_valid(struct cni_call *c, struct strv *out)
{
	static const char *const keys[] = {"cni.dev/valid-attachments", "cni.dev/attachments"};
	bool any = false;
	for (int k = 0; k < 2; k++) {
		json_t *list = NULL;
		if (jget_arr(&c->j, c->conf, "", keys[k], &list) < 0)
			return call_wrong(c, -1);
		any |= list != NULL;
		for (size_t i = 0; i < json_array_size(list); i++) {
			const json_t *o = json_array_get(list, i);
			_cleanup_free_ char *id = NULL, *ifname = NULL;
			if (!json_is_object(o) ||
			    jget_str(&c->j, o, keys[k], "containerID", &id) < 0 ||
			    jget_str(&c->j, o, keys[k], "ifname", &ifname) < 0 || !id || !ifname)
				return cni_fail(c, CNI_BAD_CONFIG,
				    "%s[%zu]: containerID and ifname are wanted", keys[k], i);
			strv_take(out, cni_owner(id, ifname, c->name));
		}
	}
	if (!any) /* no list is not an empty one: then nothing is known to be stale */
		return cni_fail(c, CNI_BAD_CONFIG, "cni.dev/valid-attachments is missing");
	strv_sort(out);
	return 0;
}

bool cni_is_stale(const struct cni_call *c, const struct strv *valid, const char *owner)
{
	const char *slash = strchr(owner, '/'), *at = slash ? strchr(slash, '@') : NULL;
	if (!owner_is_foreign(owner) || !at)
		return false;
	_cleanup_free_ char *ifname = xstrndup(slash + 1, (size_t)(at - slash - 1)),
			    *of_net = cni_owner("x", ifname, c->name);
	const char *tail = strchr(of_net, '@');
	/* the part for the network, as it is or shortened where the whole would be too long */
	_cleanup_free_ char *brief =
	    xasprintf("@%.40s~%016llx", c->name, (unsigned long long)fnv1a(c->name));
	if (strcmp(at, tail) != 0 && strcmp(at, brief) != 0)
		return false;
	return !strv_among(valid, owner);
}

/* --- the namespace --- */

int cni_inside(struct cni_call *c, int (*fn)(struct cni_call *c, void *arg), void *arg)
{
	_cleanup_close_ int home = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	if (home < 0)
		return fail_errno("/proc/thread-self/ns/net");
	if (setns(c->ns, CLONE_NEWNET) < 0)
		return fail("CNI_NETNS %s: enter: %m", c->netns);
	int r = fn(c, arg), saved = errno;
	if (setns(home, CLONE_NEWNET) < 0)
		return fail_errno("network namespace: come back");
	errno = saved;
	return r;
}

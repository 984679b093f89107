/* cni_call.h: one call of a CNI plugin: its environment, its configuration, and the functions of
 * the files in cni/.
 *
 * Everything that an attachment leaves bears its name, `owner`: "cni:CONTAINERID/IFNAME@NETWORK",
 * as the owner of leases, the alias of links and the comment of nf_tables elements. ctr-gc never
 * touches such names.
 */
#ifndef CTR_CNI_CALL_H
#define CTR_CNI_CALL_H

#include "cni.h"
#include "cni_result.h"
#include "nft.h"

/* The specification's error codes (section 3 and STATUS); CNI_FAILED and above are a plugin's own.
 */
enum cni_code {
	CNI_BAD_VERSION = 1,
	CNI_UNSUPPORTED = 2,
	CNI_UNKNOWN_CONTAINER = 3,
	CNI_BAD_ENV = 4,
	CNI_IO = 5,
	CNI_BAD_JSON = 6,
	CNI_BAD_CONFIG = 7,
	CNI_TRY_AGAIN = 11,
	CNI_NOT_AVAILABLE = 50,
	CNI_FAILED = 100
};

enum cni_command { CNI_ADD, CNI_DEL, CNI_CHECK, CNI_GC, CNI_STATUS, CNI_VERSION };

/* What a plugin does. */
enum cni_does {
	CNI_BRIDGE = 1,
	CNI_PTP = 2,
	CNI_MACVLAN = 4,
	CNI_IPVLAN = 8,
	CNI_LOOPBACK = 16,
	CNI_IPAM = 32,
	CNI_PORTS = 64,
	CNI_BANDWIDTH = 128,
	CNI_TUNING = 256,
	CNI_FIREWALL = 512,
	CNI_SPOOF = 1024, /* chained: macspoofchk */
	CNI_MAIN = CNI_BRIDGE | CNI_PTP | CNI_MACVLAN | CNI_IPVLAN
};

struct cni_call {
	enum cni_command command;
	const char *plugin, *id, *netns, *ifname, *path;
	unsigned does;
	struct strv args; /* CNI_ARGS: KEY=VALUE */
	char *text;       /* the configuration as it came */
	size_t len;
	struct jctx j;
	json_t *conf, *runtime, *cni_args,
	    *prev_json; /* borrowed of conf: runtimeConfig, args.cni, prevResult; or NULL */
	json_t *ipam;   /* borrowed */
	char *ipam_type;
	int version;
	char *version_text, *name, *owner;
	struct cni_result prev; /* prevResult, parsed */
	int ns;                 /* the network namespace, open, or -1 */
	int lock;               /* of the attachment's leases, or -1 */
	int code;               /* of the failure */
	unsigned crowd;    /* about how many attachments the network has, where that is known */
	cni_heal_fn *heal; /* puts back what our own containers have in nf_tables */
};

/* The i-th of the specification's versions that we know, the oldest first; NULL after the last. */
const char *cni_version(int i);
/* Read a configuration into c, whose environment's fields are set. 0, or -1 with fail() and
 * c->code. */
int cni_conf_read(struct cni_call *c, char *text, size_t len);
void cni_call_free(struct cni_call *c);
/* fail() with that code; -1. */
int cni_fail(struct cni_call *c, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* A name for an interface: prefix and a hash of the text. */
void cni_link_name(const char *prefix, const char *text, char out[16]);
/* A configuration's keys; all leave *out alone when there is none. -1 with fail() and c->code. */
int cni_bool(struct cni_call *c, const char *key, bool *out);
int cni_int(struct cni_call *c, const char *key, int64_t min, int64_t max, int64_t *out);
int cni_str(struct cni_call *c, const char *key, char **out);
/* The MAC that CNI_ARGS, args.cni, runtimeConfig or (top) the configuration ask for: 1, 0, or -1.
 */
int cni_mac(struct cni_call *c, bool top, uint8_t mac[6]);
/* Refuse, by name, those of the keys (NULL ends them) that the object has. */
int cni_refuse(struct cni_call *c, const json_t *o, const char *const *keys);
/* A key that selects the tool that the reference plugins use: for us any of them will do. */
int cni_backend(struct cni_call *c, const char *key);
/* The attachments that GC keeps, by their owner's names; sorted. */
int cni_valid(struct cni_call *c, struct strv *out);
/* Is it the owner's name of an attachment of this network that is not among the valid ones? */
bool cni_is_stale(const struct cni_call *c, const struct strv *valid, const char *owner);
/* Call fn in the attachment's network namespace, and return to ours. Returns what fn returns; -1
 * with fail(). */
int cni_inside(struct cni_call *c, int (*fn)(struct cni_call *c, void *arg), void *arg);

/* --- the parts: each 0, or -1 with fail() and c->code; a failed ADD leaves nothing ---
 *
 * They leave an nf_tables socket that has committed open until the process ends. Closing it would
 * wait some 10 ms for the kernel's clean-up, which goes on meanwhile. */

/* Addresses (cni_ipam.c): our own leases, or another plugin's. */
int cni_ipam_add(struct cni_call *c, struct cni_result *out);
int cni_ipam_del(struct cni_call *c);
int cni_ipam_check(struct cni_call *c);
int cni_ipam_gc(struct cni_call *c, const struct strv *valid);
int cni_ipam_status(struct cni_call *c);
/* Another plugin (cni_exec.c): its answer (NULL when it gave none) in *out, which the caller frees.
 */
int cni_exec(struct cni_call *c, const char *type, json_t **out);
/* Where CNI_PATH has that plugin; caller frees. NULL with fail(). */
char *cni_find(struct cni_call *c, const char *type);

/* DEL waits until an ADD of the same attachment has ended. */
void cni_ipam_hold(struct cni_call *c);
/* Which those are; the same as before DEL, of our own leases. -1: not known. */
#define CNI_ADDRS 32 /* so many lists of ranges, and addresses, may an attachment have */
int cni_ipam_had(struct cni_call *c, struct addr *had, int room);

/* What attachments have in nf_tables is kept in files, too, so that it can be put back after others
 * have flushed the tables (cni_keep.c). Kinds: n a way out and a masquerade, p ports, a bridges
 * that are apart, s a checked source address. */
/* nft_commit(), and the transaction is kept. */
int cni_keep_commit(struct cni_call *c, char kind, struct nft *f);
/* nft_spoof_add(), kept. */
int cni_keep_port(struct cni_call *c, const char *port, const uint8_t mac[6]);
/* Something else that DEL has to know (t: what tuning changed, as it was): the first stays. 0, or
 * -1 with fail(); reading: -1 with errno, ENOENT where there is none. */
int cni_keep_data(struct cni_call *c, char kind, const void *data, size_t len);
int cni_kept_data(const struct cni_call *c, char kind, void *data, size_t len);
/* Of attachments that are not among the valid ones of c's network nothing is kept any more. 0, or
 * -1 with fail(). */
int cni_keep_only(const struct cni_call *c, const struct strv *valid);
/* Has the attachment some of that kind, or did a kill come on the way to it? */
bool cni_kept(const struct cni_call *c, char kind);
/* Forget kinds. A descriptor, to be closed when the elements are gone, too: until then nothing is
 * put in again; or -1, with fail() where errno is not ENOENT. */
int cni_keep_away(const struct cni_call *c, const char *kinds);
/* Interfaces (cni_link.c): bridge, ptp, macvlan, ipvlan; and loopback (cni_loopback.c). */
int cni_link_add(struct cni_call *c, struct cni_result *out);
int cni_link_del(struct cni_call *c);
int cni_link_check(struct cni_call *c);
int cni_link_gc(struct cni_call *c, const struct strv *valid);
int cni_link_status(struct cni_call *c);
int cni_loopback(struct cni_call *c, struct cni_result *out);

/* Published ports (cni_ports.c). The configuration is checked first, by _parse; _add appends to the
 * transaction. */
struct cni_ports {
	struct nft_port *v;
	size_t n;
	bool any; /* there are some in the configuration */
};
int cni_ports_parse(struct cni_call *c, struct cni_ports *out);
int cni_ports_add(struct cni_call *c, struct cni_ports *p, const struct cni_result *r);
int cni_ports_del(struct cni_call *c, const struct cni_ports *p);
int cni_ports_check(struct cni_call *c, struct cni_ports *p);
int cni_ports_gc(struct cni_call *c, const struct strv *valid);

/* What is done to an interface that is there (cni_chain.c). `add`ed with the result so far, which
 * they may change; out is the JSON that goes on. */
int cni_chain_parse(struct cni_call *c);
int cni_chain_add(struct cni_call *c, struct cni_result *r, json_t *out);
int cni_chain_del(struct cni_call *c);
int cni_chain_check(struct cni_call *c);
int cni_chain_gc(struct cni_call *c, const struct strv *valid);

/* Checks shared: the interface, addresses and routes of prevResult are there. */
int cni_check_result(struct cni_call *c);

#endif

/* mnl.h: netlink messages and their attributes, netlink(7), under the names that libmnl has for
 * them. A message lies in a buffer that the caller has made large enough. */
#ifndef CTR_MNL_H
#define CTR_MNL_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MNL_ALIGN(n) (((n) + 3) & ~(size_t)3)
#define MNL_NLMSG_HDRLEN MNL_ALIGN(sizeof(struct nlmsghdr))
#define MNL_ATTR_HDRLEN MNL_ALIGN(sizeof(struct nlattr))

/* Write: a header of zeroes, behind it a zeroed header of the protocol's own, then attributes. */
struct nlmsghdr *mnl_nlmsg_put_header(void *buf);
void *mnl_nlmsg_put_extra_header(struct nlmsghdr *h, size_t size);
void mnl_attr_put(struct nlmsghdr *h, uint16_t type, size_t len, const void *data);
void mnl_attr_put_u8(struct nlmsghdr *h, uint16_t type, uint8_t data);
void mnl_attr_put_u16(struct nlmsghdr *h, uint16_t type, uint16_t data);
void mnl_attr_put_u32(struct nlmsghdr *h, uint16_t type, uint32_t data);
void mnl_attr_put_u64(struct nlmsghdr *h, uint16_t type, uint64_t data);
/* A string without and with the zero at its end. */
void mnl_attr_put_str(struct nlmsghdr *h, uint16_t type, const char *data);
void mnl_attr_put_strz(struct nlmsghdr *h, uint16_t type, const char *data);
struct nlattr *mnl_attr_nest_start(struct nlmsghdr *h, uint16_t type);
void mnl_attr_nest_end(struct nlmsghdr *h, struct nlattr *start);

/* Read: `left` is how many bytes there are from the message on. The payload of a message or an
 * attribute may be used only after _ok() was true of it. */
bool mnl_nlmsg_ok(const struct nlmsghdr *h, int left);
struct nlmsghdr *mnl_nlmsg_next(const struct nlmsghdr *h, int *left);
void *mnl_nlmsg_get_payload(const struct nlmsghdr *h);
size_t mnl_nlmsg_get_payload_len(const struct nlmsghdr *h);
bool mnl_attr_ok(const struct nlattr *a, int left);
struct nlattr *mnl_attr_next(const struct nlattr *a);
void *mnl_attr_get_payload(const struct nlattr *a);
uint16_t mnl_attr_get_payload_len(const struct nlattr *a);

#endif

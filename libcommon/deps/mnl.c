/* mnl.c: what ctrbox calls of libmnl, for machines that Debian has no package of it for (mipsel):
 * build.sh compiles it with libmnl's own header. A message lies in a buffer that the caller has
 * made large enough; netlink(7), "Attributes". */
#include <libmnl/libmnl.h>
#include <string.h>

static char *mnl_tail(const struct nlmsghdr *nlh)
{
	return (char *)nlh + MNL_ALIGN(nlh->nlmsg_len);
}

struct nlmsghdr *mnl_nlmsg_put_header(void *buf)
{
	struct nlmsghdr *nlh = memset(buf, 0, MNL_NLMSG_HDRLEN);
	nlh->nlmsg_len = MNL_NLMSG_HDRLEN;
	return nlh;
}

void *mnl_nlmsg_put_extra_header(struct nlmsghdr *nlh, size_t size)
{
	char *at = mnl_tail(nlh);
	nlh->nlmsg_len = (uint32_t)(at - (char *)nlh + MNL_ALIGN(size));
	return memset(at, 0, MNL_ALIGN(size));
}

void *mnl_nlmsg_get_payload(const struct nlmsghdr *nlh)
{
	return (char *)nlh + MNL_NLMSG_HDRLEN;
}

size_t mnl_nlmsg_get_payload_len(const struct nlmsghdr *nlh)
{
	return nlh->nlmsg_len - MNL_NLMSG_HDRLEN;
}

bool mnl_nlmsg_ok(const struct nlmsghdr *nlh, int len)
{
	return len >= (int)sizeof *nlh && nlh->nlmsg_len >= sizeof *nlh &&
	       nlh->nlmsg_len <= (unsigned)len;
}

struct nlmsghdr *mnl_nlmsg_next(const struct nlmsghdr *nlh, int *len)
{
	*len -= (int)MNL_ALIGN(nlh->nlmsg_len);
	return (struct nlmsghdr *)mnl_tail(nlh);
}

void mnl_attr_put(struct nlmsghdr *nlh, uint16_t type, size_t len, const void *data)
{
	struct nlattr *a = (struct nlattr *)mnl_tail(nlh);
	char *payload = (char *)a + MNL_ATTR_HDRLEN;
	a->nla_type = type;
	a->nla_len = (uint16_t)(MNL_ATTR_HDRLEN + len);
	memcpy(payload, data, len);
	memset(payload + len, 0, MNL_ALIGN(len) - len);
	nlh->nlmsg_len = (uint32_t)(mnl_tail(nlh) - (char *)nlh + MNL_ALIGN(a->nla_len));
}

void mnl_attr_put_u8(struct nlmsghdr *nlh, uint16_t type, uint8_t data)
{
	mnl_attr_put(nlh, type, sizeof data, &data);
}

void mnl_attr_put_u16(struct nlmsghdr *nlh, uint16_t type, uint16_t data)
{
	mnl_attr_put(nlh, type, sizeof data, &data);
}

void mnl_attr_put_u32(struct nlmsghdr *nlh, uint16_t type, uint32_t data)
{
	mnl_attr_put(nlh, type, sizeof data, &data);
}

void mnl_attr_put_u64(struct nlmsghdr *nlh, uint16_t type, uint64_t data)
{
	mnl_attr_put(nlh, type, sizeof data, &data);
}

void mnl_attr_put_str(struct nlmsghdr *nlh, uint16_t type, const char *data)
{
	mnl_attr_put(nlh, type, strlen(data), data);
}

void mnl_attr_put_strz(struct nlmsghdr *nlh, uint16_t type, const char *data)
{
	mnl_attr_put(nlh, type, strlen(data) + 1, data);
}

struct nlattr *mnl_attr_nest_start(struct nlmsghdr *nlh, uint16_t type)
{
	struct nlattr *a = (struct nlattr *)mnl_tail(nlh);
	a->nla_type = NLA_F_NESTED | type;
	nlh->nlmsg_len = (uint32_t)((char *)a - (char *)nlh + MNL_ATTR_HDRLEN);
	return a;
}

void mnl_attr_nest_end(struct nlmsghdr *nlh, struct nlattr *start)
{
	start->nla_len = (uint16_t)(mnl_tail(nlh) - (char *)start);
}

void *mnl_attr_get_payload(const struct nlattr *a)
{
	return (char *)a + MNL_ATTR_HDRLEN;
}

uint16_t mnl_attr_get_payload_len(const struct nlattr *a)
{
	return (uint16_t)(a->nla_len - MNL_ATTR_HDRLEN);
}

bool mnl_attr_ok(const struct nlattr *a, int len)
{
	return len >= (int)sizeof *a && a->nla_len >= sizeof *a && a->nla_len <= len;
}

struct nlattr *mnl_attr_next(const struct nlattr *a)
{
	return (struct nlattr *)((char *)a + MNL_ALIGN(a->nla_len));
}

/* mnl.c: see mnl.h. */
#include "mnl.h"
#include <string.h>

static char *mnl_tail(const struct nlmsghdr *h)
{
	return (char *)h + MNL_ALIGN(h->nlmsg_len);
}

struct nlmsghdr *mnl_nlmsg_put_header(void *buf)
{
	struct nlmsghdr *h = memset(buf, 0, MNL_NLMSG_HDRLEN);
	h->nlmsg_len = MNL_NLMSG_HDRLEN;
	return h;
}

void *mnl_nlmsg_put_extra_header(struct nlmsghdr *h, size_t size)
{
	char *at = mnl_tail(h);
	h->nlmsg_len = (uint32_t)(at - (char *)h + MNL_ALIGN(size));
	return memset(at, 0, MNL_ALIGN(size));
}

void *mnl_nlmsg_get_payload(const struct nlmsghdr *h)
{
	return (char *)h + MNL_NLMSG_HDRLEN;
}

size_t mnl_nlmsg_get_payload_len(const struct nlmsghdr *h)
{
	return h->nlmsg_len - MNL_NLMSG_HDRLEN;
}

bool mnl_nlmsg_ok(const struct nlmsghdr *h, int len)
{
	return len >= (int)sizeof *h && h->nlmsg_len >= sizeof *h && h->nlmsg_len <= (unsigned)len;
}

struct nlmsghdr *mnl_nlmsg_next(const struct nlmsghdr *h, int *len)
{
	*len -= (int)MNL_ALIGN(h->nlmsg_len);
	return (struct nlmsghdr *)mnl_tail(h);
}

void mnl_attr_put(struct nlmsghdr *h, uint16_t type, size_t len, const void *data)
{
	struct nlattr *a = (struct nlattr *)mnl_tail(h);
	char *payload = (char *)a + MNL_ATTR_HDRLEN;
	a->nla_type = type;
	a->nla_len = (uint16_t)(MNL_ATTR_HDRLEN + len);
	memcpy(payload, data, len);
	memset(payload + len, 0, MNL_ALIGN(len) - len);
	h->nlmsg_len = (uint32_t)(mnl_tail(h) - (char *)h + MNL_ALIGN(a->nla_len));
}

void mnl_attr_put_u8(struct nlmsghdr *h, uint16_t type, uint8_t data)
{
	mnl_attr_put(h, type, sizeof data, &data);
}

void mnl_attr_put_u16(struct nlmsghdr *h, uint16_t type, uint16_t data)
{
	mnl_attr_put(h, type, sizeof data, &data);
}

void mnl_attr_put_u32(struct nlmsghdr *h, uint16_t type, uint32_t data)
{
	mnl_attr_put(h, type, sizeof data, &data);
}

void mnl_attr_put_u64(struct nlmsghdr *h, uint16_t type, uint64_t data)
{
	mnl_attr_put(h, type, sizeof data, &data);
}

void mnl_attr_put_str(struct nlmsghdr *h, uint16_t type, const char *data)
{
	mnl_attr_put(h, type, strlen(data), data);
}

void mnl_attr_put_strz(struct nlmsghdr *h, uint16_t type, const char *data)
{
	mnl_attr_put(h, type, strlen(data) + 1, data);
}

struct nlattr *mnl_attr_nest_start(struct nlmsghdr *h, uint16_t type)
{
	struct nlattr *a = (struct nlattr *)mnl_tail(h);
	a->nla_type = NLA_F_NESTED | type;
	h->nlmsg_len = (uint32_t)((char *)a - (char *)h + MNL_ATTR_HDRLEN);
	return a;
}

void mnl_attr_nest_end(struct nlmsghdr *h, struct nlattr *start)
{
	start->nla_len = (uint16_t)(mnl_tail(h) - (char *)start);
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

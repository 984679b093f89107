/* verity.c: dm-verity below an image file, by the kernel's own ioctls (dm-ioctl.h); see loop.h.
 *
 * The tree of hashes has the superblock that veritysetup(8) writes, at the end of the file system
 * or in FILE.verity. The device frees itself with its last user (DM_DEFERRED_REMOVE), as the loop
 * devices below it do; it is named after its root hash, so that all who mount the same share it. A
 * kill between making it and that leaves a device that nobody has open: the next start of the image
 * removes it, or ctr-gc.
 */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dm-ioctl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "digest.h"
#include "err.h"
#include "image.h"
#include "loop.h"
#include "str.h"

#define PREFIX "ctr-verity-"

/* cryptsetup, "DM-Verity superblock"; little-endian. */
struct superblock {
	char signature[8];
	uint32_t version, hash_type;
	char uuid[16], algorithm[32];
	uint32_t data_block, hash_block; /* bytes */
	uint64_t blocks;
	uint16_t salt_size;
	char pad[6];
	unsigned char salt[256];
	char more[168];
};

struct request {
	struct dm_ioctl io;
	struct dm_target_spec target;
	char table[1200];
};

static int dm(int control, unsigned long what, struct request *r, const char *name, unsigned flags)
{
	r->io = (struct dm_ioctl){.version = {DM_VERSION_MAJOR, 0, 0},
	    .data_size = sizeof *r,
	    .data_start = sizeof r->io,
	    .target_count = 1,
	    .flags = flags};
	snprintf(r->io.name, sizeof r->io.name, "%s", name);
	return ioctl(control, (int)what, r);
}

static int control_open(void)
{
	return open("/dev/" DM_DIR "/" DM_CONTROL_NODE, O_RDWR | O_CLOEXEC);
}

/* Where the file system that begins at 0 ends, up to the next 4096: 0 where that is not known. */
static off_t fs_end(int fd)
{
	unsigned char b[48];
	uint64_t end = 0;
	uint32_t blocks;
	if (pread(fd, b, sizeof b, 0) == sizeof b && memcmp(b, "hsqs", 4) == 0) {
		memcpy(&end, b + 40, sizeof end);
		end = le64toh(end);
	} else if (pread(fd, b, sizeof b, 1024) == sizeof b && b[12] < 32) { /* erofs */
		memcpy(&blocks, b + 36, sizeof blocks);
		end = (uint64_t)le32toh(blocks) << b[12];
	}
	return end > INT64_MAX - 4096 ? 0 : (off_t)((end + 4095) & ~4095ull);
}

static bool superblock_at(int fd, off_t at, struct superblock *s)
{
	return pread(fd, s, sizeof *s, at) == sizeof *s && memcmp(s->signature, "verity\0", 8) == 0;
}

static void hex_of(const unsigned char *b, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		sprintf(out + 2 * i, "%02x", b[i]);
}

/* The target's line (admin-guide/device-mapper/verity.rst). What the superblock says is not to be
 * trusted, but for what the root hash covers: no word of it may bring another one along. */
static int verity_table(struct request *r, const struct superblock *s, const char *hash, off_t at,
    dev_t data, dev_t tree)
{
	uint32_t data_block = le32toh(s->data_block), hash_block = le32toh(s->hash_block);
	uint64_t blocks = le64toh(s->blocks);
	size_t salt = le16toh(s->salt_size);
	char hex[2 * sizeof s->salt + 1] = "-";
	if (le32toh(s->version) != 1 || salt > sizeof s->salt || strlen(hash) > 128 ||
	    data_block < 512 || hash_block < 512 || data_block > 1u << 20 ||
	    hash_block > 1u << 20 || blocks > INT64_MAX >> 20 ||
	    !memchr(s->algorithm, 0, sizeof s->algorithm) ||
	    s->algorithm[strspn(s->algorithm, "abcdefghijklmnopqrstuvwxyz0123456789-_")])
		return errno = EINVAL, -1;
	if (salt)
		hex_of(s->salt, salt, hex);
	r->target =
	    (struct dm_target_spec){.length = blocks * (data_block / 512), .target_type = "verity"};
	snprintf(r->table, sizeof r->table, "%u %u:%u %u:%u %u %u %llu %llu %s %s %s",
	    le32toh(s->hash_type), major(data), minor(data), major(tree), minor(tree), data_block,
	    hash_block, (unsigned long long)blocks,
	    (unsigned long long)(at + (off_t)sizeof *s + hash_block - 1) / hash_block, s->algorithm,
	    hash, hex);
	return 0;
}

static int node_open(const struct request *r, char dev[40])
{
	snprintf(dev, 40, "/dev/dm-%u", minor(r->io.dev));
	return open(dev, O_RDONLY | O_CLOEXEC);
}

/* Make the device under this name. 0, or -1 with errno, EBUSY when somebody else was first. It is
 * open as *fd before it is set to go with its last user; otherwise it would go at once. */
static int verity_make(int control, struct request *r, const char *name, char dev[40], int *fd)
{
	if (dm(control, DM_DEV_CREATE, r, name, DM_READONLY_FLAG) < 0)
		return -1;
	if (dm(control, DM_TABLE_LOAD, r, name, DM_READONLY_FLAG) == 0 &&
	    (*fd = node_open(r, dev)) >= 0 &&
	    dm(control, DM_DEV_REMOVE, r, name, DM_DEFERRED_REMOVE) == 0 &&
	    /* without DM_SUSPEND_FLAG this call resumes it */
	    dm(control, DM_DEV_SUSPEND, r, name, 0) == 0)
		return 0;
	int why = errno;
	dm(control, DM_DEV_REMOVE, r, name, DM_DEFERRED_REMOVE);
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	return errno = why, -1;
}

/* Open the device of this root hash, or make it when there is none. Its descriptor, or -1. */
static int share(int control, struct request *r, const char *hash, char dev[40])
{
	char name[DM_NAME_LEN], digest[DIGEST_HEX];
	int fd = -1;
	/* A name has room for 64 digits. All digits of a longer hash count, so its digest takes its
	 * place.
	 */
	if (strlen(hash) >= sizeof digest) {
		digest_of(hash, strlen(hash), digest);
		hash = digest;
	}
	for (int tries = 0; tries < 16; tries++) {
		/* A device without a table is being made by another start. When that takes too
		 * long, we make one under a name of our own.
		 */
		snprintf(name, sizeof name, tries < 8 ? PREFIX "%.64s" : PREFIX "%.32s-%d", hash,
		    (int)getpid());
		if (dm(control, DM_DEV_STATUS, r, name, 0) < 0) {
			if (verity_make(control, r, name, dev, &fd) == 0)
				return fd;
			/* Another start was first, or took ours for one that was left over. */
			if (errno != EBUSY && errno != ENXIO && errno != ENOENT)
				return -1;
		} else if (r->io.open_count == 0) {
			dm(control, DM_DEV_REMOVE, r, name, 0);
		} else if (r->io.flags & DM_ACTIVE_PRESENT_FLAG && (fd = node_open(r, dev)) >= 0) {
			return fd;
		}
	}
	return -1;
}

int verity_open(const char *file, const char *hash, int data, char dev[40])
{
	struct superblock s;
	struct request r = {0};
	struct stat a, b;
	char tree_dev[40];
	off_t at = fs_end(data);
	_cleanup_close_ int control = control_open(), apart = -1, tree = -1;
	if (!at || !superblock_at(data, at, &s)) {
		_cleanup_free_ char *other = xasprintf("%s.verity", file);
		at = 0;
		apart = open(other, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
		if (apart < 0 || !superblock_at(apart, at, &s))
			return errno = EINVAL,
			       fail("%s: no tree of hashes follows its file system, nor is there "
				    "one in %s (veritysetup format)",
				   file, other);
		if ((tree = loop_of(apart, other, tree_dev)) < 0)
			return -1;
	}
	if (fstat(data, &a) < 0 || fstat(tree < 0 ? data : tree, &b) < 0 ||
	    verity_table(&r, &s, hash, at, a.st_rdev, b.st_rdev) < 0)
		return fail_tried(file, "its tree of hashes");
	int fd = control < 0 ? -1 : share(control, &r, hash, dev);
	return fd < 0 ? fail("%s: device mapper, target verity: %m (dmesg; CONFIG_DM_VERITY)", file)
		      : fd;
}

struct listing {
	struct dm_ioctl io;
	char names[65536];
};

void image_verity_gc(void (*removed)(const char *what, const char *name))
{
	_cleanup_free_ struct listing *all = xcalloc(1, sizeof *all);
	_cleanup_close_ int control = control_open();
	all->io = (struct dm_ioctl){.version = {DM_VERSION_MAJOR, 0, 0},
	    .data_size = sizeof *all,
	    .data_start = sizeof all->io};
	if (control < 0 || ioctl(control, (int)DM_LIST_DEVICES, all) < 0)
		return;
	for (const char *at = all->names;;) {
		struct dm_name_list l;
		struct request r;
		memcpy(&l, at, sizeof l);
		const char *name = at + offsetof(struct dm_name_list, name);
		if (l.dev && str_starts(name, PREFIX) &&
		    dm(control, DM_DEV_STATUS, &r, name, 0) == 0 && r.io.open_count == 0 &&
		    dm(control, DM_DEV_REMOVE, &r, name, 0) == 0)
			removed("verity", name);
		if (!l.next)
			return;
		at += l.next;
	}
}

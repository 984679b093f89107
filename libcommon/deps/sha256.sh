#!/bin/sh
# sha256.sh NETTLE OUT CC CFLAGS TRIPLET: of nettle's source, only sha256 into OUT/lib/libnettle.a and its headers into
# OUT/include. nettle's own choice by processor would bring all its other ciphers along (40 KB); here is that choice for
# this one function (AR is in the environment): by SHA-NI where the processor has it, which makes it six times faster.
set -eu
src=$1 out=$2 cc=$3 cflags=$4 musl=$5
cd "$src"
./configure --host="$musl" --disable-shared --disable-public-key --disable-documentation --disable-openssl \
	--enable-fat CC="$cc" CFLAGS="$cflags"
objs="sha256.o sha256-compress.o write-be32.o"
if [ "${musl%%-*}" = x86_64 ]; then
	# shellcheck disable=SC2086 # words
	make $objs sha256-compress-2.o
	cat >choose.c <<'END'
#include <cpuid.h>
#include <stdint.h>
void _nettle_sha256_compress(uint32_t *, const uint8_t *, const uint32_t *);
void _nettle_sha256_compress_x86_64(uint32_t *, const uint8_t *, const uint32_t *);
void _nettle_sha256_compress_sha_ni(uint32_t *, const uint8_t *, const uint32_t *);
void _nettle_sha256_compress(uint32_t *state, const uint8_t *input, const uint32_t *k)
{
	static int has; /* 0 not known, 1 no, 2 yes: two threads find the same */
	unsigned a, b, c, d;
	if (!has)
		has = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & 1u << 29) ? 2 : 1;
	(has == 2 ? _nettle_sha256_compress_sha_ni : _nettle_sha256_compress_x86_64)(state, input, k);
}
END
	# shellcheck disable=SC2086 # words
	$cc $cflags -c choose.c
	objs="$objs sha256-compress-2.o choose.o"
else
	./configure --host="$musl" --disable-shared --disable-public-key --disable-documentation \
		--disable-openssl --disable-assembler CC="$cc" CFLAGS="$cflags"
	# shellcheck disable=SC2086 # words
	make $objs
fi
# shellcheck disable=SC2086 # words
"$AR" rcsD "$out/lib/libnettle.a" $objs
mkdir -p "$out/include/nettle"
cp nettle-types.h sha2.h "$out/include/nettle/"

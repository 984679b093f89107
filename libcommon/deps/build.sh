#!/bin/sh
# [ANY_VERSION=1] [DEPS_SRC=DIR] build.sh DIR MARK [ARCH]: fetch musl and the libraries that ctrbox links from Debian's packages and build
# them static, once, into DIR (musl/, lib/, include/, kernel/), for this machine or another (the file machines). Aside and renamed, so that an
# interrupted or a second build leaves nothing half made; the file MARK in it says that it is whole. Other versions than the
# pinned ones are taken only with ANY_VERSION=1. Of a folder DEPS_SRC the sources are taken without a network.
# build.sh --fetch DIR [ARCH]: only fetch, into such a folder.
set -eu
fetch_only=
[ "$1" != --fetch ] || { fetch_only=$2 && set -- "$2" .fetch "${3:-}"; }
mark=$2 arch=${3:-$(uname -m)}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$(dirname "$1")"
out=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
[ ! -e "$out/$mark" ] || exit 0
exec 9>"$out.lock"
flock 9
[ ! -e "$out/$mark" ] || exit 0
if [ "$arch" = "$(uname -m)" ]; then
	while read -r m; do
		[ ! -e "$out/$m" ] || { : >"$out/$mark" && exit 0; }
	done <"$here/same"
fi

need="gperf m4 dpkg-dev make gcc libc6-dev xz-utils bzip2 linux-libc-dev debian-archive-keyring"
gcc=gcc cross='' deb=$(dpkg --print-architecture) musl=$arch-linux-musl flags=''
if [ "$arch" != "$(uname -m)" ]; then
	# shellcheck disable=SC2046 # words
	set -- $(awk -v a="$arch" '$1 == a { print $2, $3, $4, $5; exit }' "$here/machines")
	[ $# -ge 3 ] || { echo "deps: ARCH=$arch: neither this machine's nor in libcommon/deps/machines ($(awk '!/^#/ { printf "%s%s", n++ ? " " : "", $1 }' "$here/machines"))" >&2; exit 1; }
	cross=$1- gcc=$1-gcc deb=$2 musl=$3 flags=${4:-}
	need="$need gcc-$1 linux-libc-dev-$deb-cross"
fi
[ -z "$fetch_only" ] || need="dpkg-dev debian-archive-keyring"
missing=
for p in $need; do
	dpkg-query -W -f '${Status}' "$p" 2>/dev/null | grep -q ' installed' || missing="$missing $p"
done
if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	echo "deps: installing$missing" >&2
	# shellcheck disable=SC2086 # words
	apt-get install -y --no-install-recommends $missing >/dev/null 2>&1 || {
		apt-get update -qq && apt-get install -y --no-install-recommends $missing >/dev/null
	}
elif [ -n "$missing" ]; then
	echo "deps: packages are missing; install them with: apt-get install$missing" >&2
	exit 1
fi

t=$out.tmp
rm -rf "$t"
mkdir -p "$t/src" "$t/lib" "$t/include" "$t/kernel"
# Where the suite has no package of libmnl for this machine, another's has the header, and mnl.c what we call.
mnl=$deb
grep -q "_$deb\.deb" "$here/pins" || mnl=amd64
if [ -z "${DEPS_SRC:-}" ]; then
	[ "$mnl" = "$(dpkg --print-architecture)" ] && foreign='' || foreign=$mnl
	sh "$here/apt.sh" "$t/apt" "$foreign"
	export APT_CONFIG="$t/apt/apt.conf"
else
	DEPS_SRC=$(cd "$DEPS_SRC" && pwd) || exit 1
fi
cd "$t/src"

# A package as Debian has it, NAME=VERSION or NAME/SUITE.
get() {
	case $1 in
	libmnl-dev*) apt-get download -qq "$(echo "$1" | sed "s/^libmnl-dev/&:$mnl/")" ;;
	zlib*) apt-get source -qq --download-only --tar-only "$1" ;;
	*) apt-get source -qq --download-only "$1" ;;
	esac 2>>"$t/fetch.log"
}

# The pinned files of a package, each with its sum.
files() { awk -v n="$1" -v d="_$mnl.deb" '$1 == n && ($4 !~ /\.deb$/ || index($4, d)) { print $4, $5 }' "$here/pins"; }

# Fetch one package: the pinned version. Where the mirror has it no more, another only if that is asked for: the pin is the
# one that is known to be mended and tested.
fetch() {
	name=$1
	# shellcheck disable=SC2046 # words
	set -- $(awk -v n="$name" '$1 == n { print $2, $3; exit }' "$here/pins")
	if [ -n "${DEPS_SRC:-}" ]; then
		files "$name" | while read -r file sum; do
			cp "$DEPS_SRC/$file" . || { echo "deps: $DEPS_SRC lacks $file (make deps-fetch${cross:+ ARCH=$arch} where there is a network)" >&2; exit 1; }
		done
	elif echo "deps: fetching $name" >&2 && ! get "$name=$2"; then
		if [ -z "${ANY_VERSION:-}" ]; then
			tail -n 3 "$t/fetch.log" >&2
			echo "deps: $name $2 cannot be had from this system's mirrors of $1. Without a network: where there is one," >&2
			echo "deps: make deps-fetch DEPS_SRC=DIR${cross:+ ARCH=$arch}, and then here make DEPS_SRC=DIR${cross:+ ARCH=$arch}. Else mend libcommon/deps/pins," >&2
			echo "deps: or take whatever version the mirror has: make ANY_VERSION=1" >&2
			exit 1
		fi
		get "$name/$1" || get "$name" || { tail -n 3 "$t/fetch.log" >&2; exit 1; }
		echo "deps: $name: another version than the pinned $2 is taken (ANY_VERSION); apt checked its signature" >&2
	fi
	files "$name" | while read -r file sum; do
		if [ ! -e "$file" ]; then
			[ -n "${ANY_VERSION:-}" ] || { echo "deps: $name: no $file came with $2" >&2; exit 1; }
		elif ! echo "$sum  $file" | sha256sum -c --quiet - >&2; then
			echo "deps: $file: wrong sha256" >&2
			exit 1
		fi
	done
}
for p in musl libcap2 jansson libseccomp libarchive nettle zlib libmnl-dev; do fetch "$p"; done
if [ -n "$fetch_only" ]; then
	mkdir -p "$out"
	mv -f ./* "$out/"
	cd / && rm -rf "$t" "$out.lock"
	exit 0
fi
for d in *.dsc; do dpkg-source --no-check -x "$d" "${d%%_*}" >/dev/null; done
for f in zlib_*.tar.*; do
	mkdir zlib && tar xf "$f" -C zlib --strip-components=1
done
dpkg -x libmnl-dev_*.deb mnl

# The C library sees the kernel's headers and no others of this system.
headers=/usr/include asm=/usr/include/$(gcc -print-multiarch)/asm
[ -z "$cross" ] || headers=/usr/${cross%-}/include asm=/usr/${cross%-}/include/asm
for d in linux asm-generic mtd; do ln -s "$headers/$d" "$t/kernel/$d"; done
ln -s "$asm" "$t/kernel/asm"
cc=$t/musl/cc
cflags="-Oz -fno-pie -ffunction-sections -fdata-sections -fno-asynchronous-unwind-tables -fno-unwind-tables -ffile-prefix-map=$t=${flags:+ $flags}"
# Where whole-program optimisation pays (6 KB): both forms, for a linker that cannot do it (clang's).
lto="-flto -ffat-lto-objects"
unset MAKEFLAGS MFLAGS
export CONFIG_SHELL=/bin/sh # starts faster than bash
export ARFLAGS=rcsD AR="${cross}ar" RANLIB="${cross}ranlib"
log=$t/build.log
quiet() { "$@" >>"$log" 2>&1 || { tail -30 "$log" >&2; exit 1; }; }

# musl from its source, and for size: Debian's own is compiled for speed, which costs 27 KB of a 500 KB program.
echo "deps: building musl, libcap, jansson, libseccomp, zlib, libarchive, nettle's sha256" >&2
(cd musl && quiet ./configure --target="$musl" --disable-shared --disable-wrapper --prefix="$t/musl" CC="$gcc" CFLAGS="$cflags" &&
	quiet make CROSS_COMPILE="$cross" -j"$(nproc)" install-libs install-headers)
sed "s/@CC@/$gcc/g" "$here/musl-cc.sh" >"$cc"
chmod 755 "$cc"
# The minimal build prints no fractions and no wide characters: what does that is 4 KB of printf.
sed -e '/^static int fmt_fp(/i #if 0' -e '/^static int getint(/i #endif\n#define fmt_fp(...) -1\n#undef wctomb\n#define wctomb(s, c) -1' \
	musl/src/stdio/vfprintf.c >musl/src/stdio/whole.c
(cd musl && quiet make CROSS_COMPILE="$cross" obj/src/stdio/whole.o && cp obj/src/stdio/whole.o "$t/musl/lib/printf-whole.o")
if [ "$deb" = armhf ] || [ "$deb" = armel ]; then
	# The compiler's own functions name these of the C++ unwinder, which would be 6 KB and is never reached.
	echo 'void __aeabi_unwind_cpp_pr0(void) {} void __aeabi_unwind_cpp_pr1(void) {} void __aeabi_unwind_cpp_pr2(void) {}' >unwind.c
	# shellcheck disable=SC2086 # words
	$cc $cflags -c unwind.c && "${cross}ar" rsD "$t/musl/lib/libc.a" unwind.o
fi
(cd zlib && CC="$cc" CFLAGS="$cflags -DDYNAMIC_CRC_TABLE" quiet ./configure --static && quiet make libz.a)
cp zlib/libz.a "$t/lib/"
cp zlib/zlib.h zlib/zconf.h "$t/include/"

# A name is bytes: libarchive would compose its letters (NFC) where a pax header has it, and a file be called differently than
# in its archive. Without that the tables of Unicode (35 KB) are not needed either.
sed -i -E 's/^(#define SCONV_NORMALIZATION_[CD])[[:space:]]+\(1<<[67]\)/\1 0/' libarchive/libarchive/archive_string.c
cat >libarchive/libarchive/archive_string_composition.h <<'END'
struct unicode_composition_table { uint32_t cp1, cp2, nfc; };
struct unicode_decomposition_table { uint32_t nfc, cp1, cp2; };
static const struct unicode_composition_table u_composition_table[] = {{0xffffffff, 0, 0}};
static const struct unicode_decomposition_table u_decomposition_table[] = {{0xffffffff, 0, 0}};
#define IS_DECOMPOSABLE_BLOCK(uc) 0
#define CCC(uc) 0
END
# POSIX ACLs are kept as the xattrs that they are; libarchive's own form of them (6 KB) stays empty. The text of one that a
# tar has (tar --acls) becomes an attribute of the entry, which unpack_acl.c reads.
cat >libarchive/libarchive/archive_acl.c <<'END'
#include "archive_platform.h"
#include "archive.h"
#include "archive_acl_private.h"
#include "archive_entry.h"
#include "archive_entry_private.h"
#include <stddef.h>
#include <string.h>
#define NONE(type, name, args, value) type archive_acl_##name args { return value; }
void archive_acl_clear(struct archive_acl *a) { (void)a; }
/* an entry's mode is kept in there */
void archive_acl_copy(struct archive_acl *a, struct archive_acl *b) { a->mode = b->mode; }
NONE(int, count, (struct archive_acl *a, int b), ((void)a, (void)b, 0))
NONE(int, types, (struct archive_acl *a), ((void)a, 0))
NONE(int, reset, (struct archive_acl *a, int b), ((void)a, (void)b, 0))
NONE(int, next, (struct archive *a, struct archive_acl *b, int c, int *d, int *e, int *f, int *g, const char **h),
    ((void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, (void)h, ARCHIVE_EOF))
NONE(int, add_entry, (struct archive_acl *a, int b, int c, int d, int e, const char *f), ((void)a, (void)b, (void)c, (void)d, (void)e, (void)f, ARCHIVE_OK))
NONE(int, add_entry_w_len, (struct archive_acl *a, int b, int c, int d, int e, const wchar_t *f, size_t g),
    ((void)a, (void)b, (void)c, (void)d, (void)e, (void)f, (void)g, ARCHIVE_OK))
NONE(wchar_t *, to_text_w, (struct archive_acl *a, ssize_t *b, int c, struct archive *d), ((void)a, (void)b, (void)c, (void)d, NULL))
NONE(char *, to_text_l, (struct archive_acl *a, ssize_t *b, int c, struct archive_string_conv *d), ((void)a, (void)b, (void)c, (void)d, NULL))
NONE(int, from_text_w, (struct archive_acl *a, const wchar_t *b, int c), ((void)a, (void)b, (void)c, ARCHIVE_OK))
int archive_acl_from_text_l(struct archive_acl *acl, const char *text, int type, struct archive_string_conv *sc)
{
	struct archive_entry *e = (void *)((char *)acl - offsetof(struct archive_entry, acl));
	(void)sc;
	archive_entry_xattr_add_entry(e, type == ARCHIVE_ENTRY_ACL_TYPE_DEFAULT ? "ctr.acl.default" : "ctr.acl.access", text, strlen(text));
	return ARCHIVE_OK;
}
END
# Half of the time of it all: beside the others.
(
	cd libarchive
	quiet ./configure --host="$musl" --disable-dependency-tracking --disable-shared --enable-static --disable-acl --enable-xattr --disable-bsdtar --disable-bsdcat --disable-bsdcpio \
		--without-bz2lib --without-libb2 --without-iconv --without-lz4 --without-zstd --without-lzma --without-cng --without-openssl --without-nettle --without-mbedtls --without-xml2 --without-expat \
		CC="$cc" CFLAGS="$cflags $lto -I../../include" LDFLAGS="-L$t/lib"
	quiet make ACLOCAL=: AUTOCONF=: AUTOHEADER=: AUTOMAKE=: libarchive.la
	cp .libs/libarchive.a "$t/lib/"
	cp libarchive/archive.h libarchive/archive_entry.h "$t/include/"
) &
libarchive=$!

(cd libcap2 && quiet make -C libcap topdir=.. CC="$cc" AR="$AR" RANLIB="$RANLIB" BUILD_CC="gcc -no-pie" COPTS="$cflags $lto" USE_GPERF=no PTHREADS=no SHARED=no GOLANG=no PAM_CAP=no lib=lib libcap.a)
cp libcap2/libcap/libcap.a "$t/lib/"
cp -r libcap2/libcap/include/sys "$t/include/"

# Its configuration for another system's libc fits, but for localeconv().
have="-I. -DHAVE_ENDIAN_H -DHAVE_FCNTL_H -DHAVE_SCHED_H -DHAVE_UNISTD_H -DHAVE_SYS_PARAM_H -DHAVE_SYS_STAT_H -DHAVE_SYS_TIME_H
	-DHAVE_SYS_TYPES_H -DHAVE_STDINT_H -DHAVE_CLOSE -DHAVE_GETPID -DHAVE_GETTIMEOFDAY -DHAVE_OPEN -DHAVE_READ -DHAVE_SCHED_YIELD
	-DHAVE_SYNC_BUILTINS=1 -DHAVE_ATOMIC_BUILTINS=1 -DHAVE_LOCALE_H -DHAVE_SETLOCALE -DUSE_URANDOM=1"
sed 's/LOCALECONV 0/LOCALECONV 1/' jansson/android/jansson_config.h >jansson/src/jansson_config.h
: >jansson/src/jansson_private_config.h
# shellcheck disable=SC2086 # words
(cd jansson/src && for f in *.c; do quiet "$cc" $cflags $lto $have -c "$f"; done && quiet "${cross}ar" rcsD "$t/lib/libjansson.a" ./*.o)
cp jansson/src/jansson.h jansson/src/jansson_config.h "$t/include/"

# Nothing of this machine's reads libseccomp's columns for others (signed char: half of its size). For another machine the
# table of its system calls is made by a program that runs here (seccomp-gen): its libseccomp has them all.
if [ -n "$cross" ]; then
	native=$(dirname "$out")/deps
	cp -a libseccomp host # with its times: else make looks for automake
	mkdir -p "$t/host/lib"
	(cd host && AR=ar RANLIB=ranlib && quiet ./configure --disable-dependency-tracking --disable-shared CC="$native/musl/cc" CFLAGS="-O1" && quiet make -C include && quiet make -C src libseccomp.la)
	cp host/src/.libs/libseccomp.a "$t/host/lib/"
else
	sed -i -E 's/^\tint (mips|mips64|mips64n32|parisc|parisc64|ppc|ppc64|riscv64|s390|s390x);/\tsigned char \1;/' libseccomp/src/syscalls.h
fi
(cd libseccomp && quiet ./configure --host="$musl" --disable-dependency-tracking --disable-shared CC="$cc" CFLAGS="$cflags" && quiet make -C include && quiet make -C src libseccomp.la)
cp libseccomp/src/.libs/libseccomp.a "$t/lib/"
cp libseccomp/include/seccomp*.h "$t/include/"

quiet sh "$here/sha256.sh" "$t/src/nettle" "$t" "$cc" "$cflags" "$musl"

wait $libarchive

cp -r mnl/usr/include/libmnl "$t/include/"
if [ "$mnl" != "$deb" ]; then
	# shellcheck disable=SC2086 # words
	"$cc" $cflags -I"$t/include" -c "$here/mnl.c" && "${cross}ar" rcsD "$t/lib/libmnl.a" mnl.o
else
# Debian's static libmnl was compiled with fortify, whose one helper musl does not have.
cat >chk.c <<'EOF'
#include <stdarg.h>
#include <stdio.h>
int __fprintf_chk(FILE *f, int flag, const char *fmt, ...);
int __fprintf_chk(FILE *f, int flag, const char *fmt, ...)
{
	va_list ap;
	(void)flag;
	va_start(ap, fmt);
	int n = vfprintf(f, fmt, ap);
	va_end(ap);
	return n;
}
EOF
# shellcheck disable=SC2086 # words
$cc $cflags -c chk.c
cp mnl/usr/lib/*/libmnl.a "$t/lib/"
"${cross}ar" rsD "$t/lib/libmnl.a" chk.o
"${cross}objcopy" -R .eh_frame -R .rela.eh_frame "$t/lib/libmnl.a"
fi

cd /
rm -rf "$t/src" "$t/apt"
: >"$t/$mark"
rm -rf "$out"
mv "$t" "$out"

#!/bin/sh
# kernel.sh DIR [ARCH [FLAVOUR]]: Debian's kernel for virtual machines (or another one of its
# linux-image-FLAVOUR), unpacked into DIR (boot/, lib/modules/) beside the system.
set -eu
out=$1 arch=${2:-$(dpkg --print-architecture)}
[ ! -e "$out/.done" ] || exit 0
here=$(cd "$(dirname "$0")" && pwd)
deb=$(awk -v a="$arch" '$1 == a { print $3; exit }' "$here/../libcommon/deps/machines")
arch=${deb:-$arch}
# What Debian calls the one that boots in QEMU's plainest machine.
case $arch in amd64 | arm64) meta=cloud-$arch ;; armhf) meta=armmp ;; *) meta=$arch ;; esac
meta=${3:-$meta}
rm -rf "$out.tmp"
mkdir -p "$out.tmp"
out=$(cd "$out.tmp" && pwd) out=${out%.tmp}
cd "$out.tmp"
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
	sh "$here/../libcommon/deps/apt.sh" "$PWD/apt" "$arch"
	export APT_CONFIG="$PWD/apt/apt.conf"
fi
# linux-image-cloud-ARCH (and its like) has nothing in it but the name of the newest.
newest() {
	apt-cache depends "linux-image-$meta:$arch" 2>/dev/null |
		sed -n 's/^ *Depends: *\(linux-image-[0-9][^:]*\).*/\1/p' | tail -n 1
}
echo "kernel: fetching Debian's for $arch" >&2
chmod 777 .
name=$(newest)
[ -n "$name" ] && apt-get download -qq "$name:$arch" 2>/dev/null || {
	[ "$(id -u)" != 0 ] || apt-get update -qq
	name=$(newest)
	apt-get download -qq "${name:?apt knows no linux-image-$meta}:$arch"
}
dpkg -x linux-image-*.deb .
# newer packages have them in /usr
[ -d lib/modules ] || { mkdir -p lib && mv usr/lib/modules lib/; }
find lib/modules -name '*.ko.xz' -exec xz -d {} +                             # and compressed
rm -rf ./*.deb apt usr
touch .done
rm -rf "$out"
mv "$out.tmp" "$out"

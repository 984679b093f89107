#!/bin/sh
# kernel.sh DIR [ARCH]: Debian's kernel for virtual machines, unpacked into DIR (boot/, lib/modules/) beside the system.
set -eu
out=$1 arch=${2:-$(dpkg --print-architecture)}
[ "$arch" != aarch64 ] || arch=arm64
[ ! -e "$out/.done" ] || exit 0
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$out.tmp"
mkdir -p "$out.tmp"
out=$(cd "$out.tmp" && pwd) out=${out%.tmp}
cd "$out.tmp"
if [ "$arch" != "$(dpkg --print-architecture)" ]; then
	sh "$here/../libcommon/deps/apt.sh" "$PWD/apt" "$arch"
	export APT_CONFIG="$PWD/apt/apt.conf"
fi
# linux-image-cloud-ARCH has nothing in it but the name of the newest.
newest() { apt-cache depends "linux-image-cloud-$arch:$arch" 2>/dev/null | sed -n 's/^ *Depends: *\(linux-image-[0-9][^:]*\).*/\1/p' | tail -n 1; }
echo "kernel: fetching Debian's for $arch" >&2
chmod 777 .
name=$(newest)
[ -n "$name" ] && apt-get download -qq "$name:$arch" 2>/dev/null || {
	[ "$(id -u)" != 0 ] || apt-get update -qq
	name=$(newest)
	apt-get download -qq "${name:?apt knows no linux-image-cloud-$arch}:$arch"
}
dpkg -x linux-image-*.deb .
[ -d lib/modules ] || { mkdir -p lib && mv usr/lib/modules lib/; } # newer packages have them in /usr
find lib/modules -name '*.ko.xz' -exec xz -d {} +                             # and compressed
rm -rf ./*.deb apt usr
touch .done
rm -rf "$out"
mv "$out.tmp" "$out"

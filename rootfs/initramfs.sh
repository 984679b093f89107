#!/bin/sh
# initramfs.sh OUT KERNEL BIN ROOT [MODULE...]: pack a bootable initramfs: rootfs/init, ROOT's
# busybox, the ctrbox of BIN (build/bin) with its links, the modules of KERNEL (kernel.sh's folder)
# that rootfs/modules.list names (and MODULEs), and ROOT (make.sh's folder) as a squashfs, /image.
# What is run here is busybox of build/rootfs.
set -eu
out=$1 kernel=$2 bin=$3 root=$4
shift 4
here=$(cd "$(dirname "$0")" && pwd)
busybox=$here/../build/rootfs/bin/busybox
command -v mksquashfs >/dev/null || {
	[ "$(id -u)" = 0 ] && apt-get install -y --no-install-recommends squashfs-tools \
		>/dev/null 2>&1
} || {
	echo "initramfs: needs mksquashfs: apt-get install squashfs-tools" >&2
	exit 1
}
t=$out.d
rm -rf "$t"
mkdir -p "$t/bin" "$t/modules" "$t/root"
cp "$here/init" "$t/init"
chmod 755 "$t/init"
cp "$root/bin/busybox" "$t/bin/busybox"
"$busybox" --list | while read -r a; do
	[ "$a" = busybox ] || ln -s busybox "$t/bin/$a"
done
cp "$bin/../ctrbox" "$t/bin/ctrbox"
for a in "$bin"/ctr-*; do ln -s ctrbox "$t/bin/${a##*/}"; done
mksquashfs "$root" "$t/image" -all-root -all-time 0 -mkfs-time 0 -noappend -quiet -no-progress

# shellcheck disable=SC2046 # words
sh "$here/modules.sh" "$kernel" "$busybox" "$t/modules" \
	$(sed 's/#.*//' "$here/modules.list") "$@"

find "$t" -exec touch -h -d @0 {} +
(cd "$t" && find . | LC_ALL=C sort | "$busybox" cpio -o -H newc -R 0:0 2>/dev/null) |
	gzip -n -1 >"$out.tmp"
rm -rf "$t"
mv "$out.tmp" "$out"

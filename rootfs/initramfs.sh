#!/bin/sh
# initramfs.sh OUT KERNEL BIN: pack a bootable initramfs: rootfs/init, busybox, the ctrbox of BIN (build/bin) with its
# links, the modules of KERNEL (kernel.sh's folder) that rootfs/modules names, and build/rootfs as a squashfs, /image.
set -eu
out=$1 kernel=$2 bin=$3
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../build/rootfs
busybox=$root/bin/busybox
command -v mksquashfs >/dev/null || { echo "initramfs: needs mksquashfs: apt-get install squashfs-tools" >&2; exit 1; }
t=$out.d
rm -rf "$t"
mkdir -p "$t/bin" "$t/modules" "$t/root"
cp "$here/init" "$t/init"
chmod 755 "$t/init"
cp "$busybox" "$t/bin/busybox"
"$busybox" --list | while read -r a; do
	[ "$a" = busybox ] || ln -s busybox "$t/bin/$a"
done
cp "$bin/../ctrbox" "$t/bin/ctrbox"
for a in "$bin"/ctr-*; do ln -s ctrbox "$t/bin/${a##*/}"; done
mksquashfs "$root" "$t/image" -all-root -all-time 0 -mkfs-time 0 -noappend -quiet -no-progress

# Each module after what it needs: "kernel/a.ko: kernel/b.ko kernel/c.ko" says modules.dep, the deepest last.
version=$(ls "$kernel/lib/modules")
"$busybox" depmod -n -b "$kernel" "$version" 2>/dev/null | grep '^kernel/.*\.ko:' >"$t.dep"
sed 's/#.*//' "$here/modules" | tr ' ' '\n' | grep . | while read -r m; do
	line=$(grep -E "/$(echo "$m" | sed 's/[_-]/[_-]/g')\.ko:" "$t.dep") || continue # built in, or another kernel's
	printf '%s\n' "$line" | tr -d : | tr ' ' '\n' | tac
done | awk '!seen[$0]++' | { n=100; while read -r m; do cp "$kernel/lib/modules/$version/$m" "$t/modules/$n-${m##*/}" && n=$((n + 1)); done; }

find "$t" -exec touch -h -d @0 {} +
(cd "$t" && find . | LC_ALL=C sort | "$busybox" cpio -o -H newc -R 0:0 2>/dev/null) | gzip -n -1 >"$out.tmp"
rm -rf "$t" "$t.dep"
mv "$out.tmp" "$out"

#!/bin/sh
# make.sh DIR [ARCH]: the default root file system: Debian's static busybox, its links, and a
# minimal /etc. ARCH: for another machine (libcommon/deps/machines), with the links of build/rootfs.
set -eu
out=$1 arch=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
[ -z "$arch" ] ||
	arch=$(awk -v a="$arch" '$1 == a { print $3; exit }' "$here/../libcommon/deps/machines")
t=$out.tmp
rm -rf "$t"
mkdir -p "$t"
box='' list=$here/../build/rootfs/bin/busybox
[ -n "$arch" ] || box=$(command -v busybox || true)
if [ -z "$box" ] || ldd "$box" >/dev/null 2>&1; then
	name=busybox-static${arch:+:$arch}
	echo "rootfs: fetching $name" >&2
	mkdir -p "$t/deb"
	(
		cd "$t/deb"
		chmod 777 .
		if [ -n "$arch" ]; then
			sh "$here/../libcommon/deps/apt.sh" "$PWD/apt" "$arch"
			export APT_CONFIG="$PWD/apt/apt.conf"
		fi
		apt-get download -qq "$name" 2>/dev/null || {
			[ "$(id -u)" = 0 ] && apt-get update -qq && apt-get download -qq "$name"
		} ||
			{ echo "rootfs: needs busybox-static: apt-get install busybox-static" >&2
				exit 1; }
	)
	dpkg -x "$t"/deb/busybox-static_*.deb "$t/deb/x"
	box=$(find "$t/deb/x" -path '*bin/busybox' -type f | head -n 1)
fi
[ -n "$arch" ] || list=$box
"$list" true || { echo "rootfs: $list does not run here" >&2; exit 1; }
for d in bin sbin usr/bin usr/sbin etc proc sys dev tmp root run var/log home/user; do
	mkdir -p "$t/$d"
done
chmod 1777 "$t/tmp"
cp "$box" "$t/bin/busybox"
chmod 755 "$t/bin/busybox"
"$list" --list | while read -r a; do
	[ "$a" = busybox ] || ln -s busybox "$t/bin/$a"
done
cat >"$t/etc/passwd" <<'EOF'
root:x:0:0:root:/root:/bin/sh
user:x:1000:1000:user:/home/user:/bin/sh
nobody:x:65534:65534:nobody:/:/bin/false
EOF
cat >"$t/etc/group" <<'EOF'
root:x:0:
tty:x:5:
audio:x:29:user
user:x:1000:
nogroup:x:65534:
EOF
echo 'NAME=ctrbox' >"$t/etc/os-release"
printf '127.0.0.1\tlocalhost\n::1\tlocalhost\n' >"$t/etc/hosts"
[ "$(id -u)" != 0 ] || chown -R 1000:1000 "$t/home/user"
rm -rf "$t/deb" "$out"
mv "$t" "$out"

#!/bin/sh
# deb.sh VERSION ARCH OUT: a Debian package of what `make install` puts; needs dpkg-deb.
set -eu
version=$1 out=$3
case $2 in x86_64) arch=amd64 ;; aarch64) arch=arm64 ;; *) arch=$2 ;; esac
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
chmod 755 "$t"
${MAKE:-make} -s --no-print-directory install DESTDIR="$t" PREFIX=/usr
gzip -9n "$t"/usr/share/man/man?/*
mkdir -p "$t/DEBIAN" "$t/usr/share/doc/ctrbox"
install -m 644 LICENSE "$t/usr/share/doc/ctrbox/copyright"
install -m 644 README.md applets/DOCKER.md applets/TUTORIAL.md "$t/usr/share/doc/ctrbox"
install -D -m 644 packages/boot/ctrbox.service "$t/usr/lib/systemd/system/ctrbox.service"
cat >"$t/DEBIAN/control" <<END
Package: ctrbox
Version: $version
Architecture: $arch
Maintainer: the ctrbox team <root@localhost>
Installed-Size: $(du -sk "$t/usr" | cut -f 1)
Section: admin
Priority: optional
Recommends: curl, zstd, xz-utils
Suggests: passt, uidmap
Description: container system in one static program
 Runs, looks at and steers containers, images, networks and volumes without a
 daemon, by small tools whose names begin with ctr-; an OCI runtime and CNI
 plugins as well.
END
dpkg-deb --root-owner-group -Zxz -b "$t" "$out" >/dev/null
echo "$out"

#!/bin/sh
# deb.sh VERSION ARCH OUT: a Debian package of what `make install` puts; needs dpkg-deb. Its
# maintainer is DEBFULLNAME <DEBEMAIL>, as for Debian's own tools.
set -eu
version=$1 out=$3
maintainer="${DEBFULLNAME:-the ctrbox team} <${DEBEMAIL:-root@localhost}>"
arch=$(awk -v a="$2" '$1 == a { print $3 }' libcommon/deps/machines)
t=$(mktemp -d)
trap 'rm -rf "$t"' EXIT
chmod 755 "$t"
${MAKE:-make} -s --no-print-directory install DESTDIR="$t" PREFIX=/usr
gzip -9n "$t"/usr/share/man/man?/*
doc=$t/usr/share/doc/ctrbox overrides=$t/usr/share/lintian/overrides
mkdir -p "$t/DEBIAN" "$doc" "$overrides"
install -m 644 README.md applets/DOCKER.md applets/TUTORIAL.md "$doc"
{
	cat LICENSE
	printf '\nOn Debian systems the LGPL is in /usr/share/common-licenses/LGPL-2.1 and LGPL-3.\n'
} >"$doc/copyright"
gzip -9n >"$doc/changelog.gz" <<END
ctrbox ($version) unstable; urgency=medium

  * Version $version.

 -- $maintainer  $(LC_ALL=C date -R -r README.md)
END
echo "ctrbox: statically-linked-binary [usr/bin/ctrbox]" >"$overrides/ctrbox"
chmod 644 "$doc"/c* "$overrides/ctrbox"
install -D -m 644 packages/boot/ctrbox.service "$t/usr/lib/systemd/system/ctrbox.service"
cat >"$t/DEBIAN/control" <<END
Package: ctrbox
Version: $version
Architecture: ${arch:-amd64}
Maintainer: $maintainer
Installed-Size: $(du -sk "$t/usr" | cut -f 1)
Section: admin
Priority: optional
Recommends: curl, zstd, xz-utils
Suggests: passt, uidmap
Description: container system in one static program
 Runs, looks at and manages containers, images, networks and volumes without a
 daemon, by small tools whose names begin with ctr-; an OCI runtime and CNI
 plugins as well.
END
dpkg-deb --root-owner-group -Zxz -b "$t" "$out" >/dev/null
echo "$out"

#!/bin/sh
# oci-peers.sh DIR: docker.io, containerd, podman, buildah, crun and runc from Debian's packages,
# unpacked in DIR beside the system, nothing installed. Once; prints DIR/root.
set -e
dir=$1
[ -e "$dir/done" ] && exit 0
mkdir -p "$dir/deb" "$dir/root"
cd "$dir/deb"
all="docker.io containerd podman buildah crun runc conmon libyajl2 tini"
# what is installed already is not in the list that apt makes
list=$(apt-get install -s --no-install-recommends docker.io containerd podman buildah crun runc \
	conmon 2>/dev/null |
	awk '/^Inst/ { print $2 }')
# shellcheck disable=SC2086 # words
list=$(printf "%s\n" $all $list | sort -u)
# shellcheck disable=SC2086
apt-get download -q $list >/dev/null 2>&1
for d in *.deb; do
	dpkg -x "$d" "$dir/root"
done
touch "$dir/done"

#!/bin/bash
# pull.sh: ctr-image pull beside curl | tar -x of the same layers, from Debian's docker-registry on
# 127.0.0.1 in a network namespace; then podman and docker where they are installed. The commands
# take turns, each into a folder of its own (nothing is removed before the end: an ext4 looks for
# inodes with care for seconds after others were deleted), and each ends with its data on the disk
# (syncfs). An image of PULL_MB (300) megabytes.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
for need in docker-registry curl; do
	command -v "$need" >/dev/null || { echo "pull.sh needs $need" >&2; exit 0; }
done
[ "${1:-}" = inside ] || exec unshare -n bash "$0" inside
ip link set lo up
export PATH=$top/build/bin:$PATH
W=$(mktemp -d "${TMPDIR:-/tmp}/ctrt.XXXXXX")
trap 'kill ${daemon:-} ${dockerd:-} 2>/dev/null || true; wait
	umount -l "$W"/docker/* 2>/dev/null || true; rm -rf "$W"' EXIT
trap 'exit 1' INT TERM HUP
export CTR_RUN=$W/run CTR_REGISTRIES=$W/registries HOME=$W
mb=${PULL_MB:-300} runs=${RUNS:-3} reg=127.0.0.1:5000
echo "http $reg" >"$W/registries"
cat >"$W/r.yml" <<-EOF
	version: 0.1
	log: {level: error, accesslog: {disabled: true}}
	storage: {filesystem: {rootdirectory: $W/r}}
	http: {addr: "$reg"}
EOF
docker-registry serve "$W/r.yml" >"$W/r.log" 2>&1 &
daemon=$!
for ((i = 0; i < 50; i++)); do
	curl -s -o /dev/null "http://$reg/v2/" && break
	sleep 0.1
done

# Half of it is files of a system, which a registry keeps compressed, half cannot be compressed.
mkdir "$W/tree"
head -c "$((mb / 2))M" /dev/urandom >"$W/tree/large"
for d in /usr/share /usr/lib /usr/bin; do
	find "$d" -xdev -type f -size -200k 2>/dev/null
done | awk -v most=$((mb * 40)) 'NR <= most' >"$W/list"
left=$((mb * 500))
while IFS= read -r f && [ "$left" -gt 0 ]; do
	size=$(stat -c %s "$f")
	left=$((left - size / 1000 - 1))
	printf '%s\n' "$f"
done <"$W/list" | tar -C / -cf - -T - --absolute-names --transform 's,^/,,' |
	tar -C "$W/tree" -xf -

# Three layers, compressed as docker pushes them.
sha() { sha256sum "$1" | cut -d' ' -f1; }
blob() {
	local at
	at=$(curl -siX POST "http://$reg/v2/t/blobs/uploads/" | tr -d '\r' |
		sed -n 's/^[Ll]ocation: //p')
	curl -sfX PUT -H 'Content-Type: application/octet-stream' -T "$1" \
		"$at&digest=sha256:$(sha "$1")"
	printf '"digest":"sha256:%s","size":%s}' "$(sha "$1")" "$(stat -c %s "$1")"
}
oci=application/vnd.oci.image
ids='' list='' layers=''
for part in large usr/share .; do
	tar -C "$W/tree" -cf "$W/l" "$part"
	rm -rf "$W/tree/${part:?}" 2>/dev/null || true
	ids+=${ids:+,}\"sha256:$(sha "$W/l")\"
	gzip -1 -f "$W/l"
	list+="${list:+,}{\"mediaType\":\"$oci.layer.v1.tar+gzip\",$(blob "$W/l.gz")"
	layers+=" sha256:$(sha "$W/l.gz")"
done
rm -rf "$W/tree" "$W/l.gz"
printf '{"architecture":"%s","os":"linux","rootfs":{"type":"layers","diff_ids":[%s]}}' \
	"$(dpkg --print-architecture 2>/dev/null || echo amd64)" "$ids" >"$W/config"
printf '{"schemaVersion":2,"mediaType":"%s","config":{"mediaType":"%s",%s,"layers":[%s]}' \
	"$oci.manifest.v1+json" "$oci.config.v1+json" "$(blob "$W/config")" "$list" >"$W/manifest"
curl -sfX PUT -H "Content-Type: $oci.manifest.v1+json" -T "$W/manifest" \
	"http://$reg/v2/t/manifests/1"

now() { date +%s%N; }
ours() { CTR_LIB=$W/lib.$i ctr-image pull -q "$reg/t:1" && sync -f "$W"; }
by_tar() {
	for l in $layers; do
		curl -sf "http://$reg/v2/t/blobs/$l" | tar -C "$W/x.$i" -xzf -
	done
	sync -f "$W"
}
by_podman() {
	podman --root "$W/p.$i" --runroot "$W/pr.$i" --storage-driver vfs pull -q \
		--tls-verify=false "$reg/t:1" && sync -f "$W"
}
by_docker() { docker -H "unix://$W/d.sock" pull -q "$reg/t:1" && sync -f "$W"; }
# started: a dockerd with an empty store
started() {
	command -v dockerd >/dev/null && command -v docker >/dev/null || return 1
	echo '{}' >"$W/d.json"
	dockerd -H "unix://$W/d.sock" --data-root "$W/docker" --exec-root "$W/de" -p "$W/d.pid" \
		--bridge none --iptables=false --ip6tables=false --ip-forward=false \
		--storage-driver overlay2 --config-file "$W/d.json" >"$W/d.log" 2>&1 &
	dockerd=$!
	for ((n = 0; n < 100; n++)); do
		docker -H "unix://$W/d.sock" version >/dev/null 2>&1 && return 0
		sleep 0.1
	done
	return 1
}
# once NAME COMMAND...: its milliseconds go to a file of that name
once() {
	local a
	sync -f "$W"
	a=$(now)
	"${@:2}" >/dev/null
	echo $((($(now) - a) / 1000000)) >>"$W/$1.ms"
}
median() { sort -n "$W/$1.ms" | sed -n "$(((runs + 1) / 2))p"; }
for ((i = 0; i < runs; i++)); do
	mkdir "$W/x.$i"
	once pull ours
	once tar by_tar
	! command -v podman >/dev/null || once podman by_podman
done
if started; then
	# a dockerd has one store: its image is removed between the rounds
	for ((i = 0; i < runs; i++)); do
		once docker by_docker
		docker -H "unix://$W/d.sock" rmi -f "$reg/t:1" >/dev/null
		sleep 6
	done
fi
printf '%-28s %6d ms\n' "ctr-image pull, $mb MB" "$(median pull)"
for n in tar podman docker; do
	[ -e "$W/$n.ms" ] || continue
	awk -v n=$n -v a="$(median pull)" -v b="$(median $n)" \
		'BEGIN { printf "%-28s %6d ms  ours/its %.2f\n", \
			n == "tar" ? "curl | tar -x" : n " pull", b, a / b }'
done

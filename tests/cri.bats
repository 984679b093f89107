#!/usr/bin/env bats
# containerd's CRI, as Kubernetes uses it, with ctr-oci as its runtime and our CNI plugins: pods of
# a private containerd in namespaces of its own, and a client that makes the kubelet's calls
# (cri.py).
# shellcheck shell=bash disable=SC2154
load cni
# bats file_tags=ctr-oci,ctr-netcfg

test_setup() {
	[ "$(id -u)" = 0 ] || skip "needs root"
	need curl
	sh "$top/tests/tools" python3-grpcio >/dev/null 2>&1 &&
		/usr/bin/python3 -c 'import grpc' 2>/dev/null ||
		skip "needs Debian's python3-grpcio"
	cni_up
	local dir
	dir=$(realpath -m "$top/build/peers")
	sh "$top/tests/oci-peers.sh" "$dir" || skip "needs Debian's package of containerd"
	export PATH=$dir/root/usr/bin:$dir/root/usr/sbin:$PATH
}
test_teardown() {
	net_down
	find /sys/fs/cgroup/*/"$CTR_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

# An archive as `docker save` writes it: one layer, ROOTFS.
image() {
	mkdir i
	tar -C "$ROOTFS" -cf i/layer.tar .
	jq -nc --arg d "sha256:$(sha256sum i/layer.tar | cut -d' ' -f1)" \
		'{architecture: "amd64", os: "linux",
		config: {Cmd: ["sleep", "100000"], Env: ["PATH=/bin:/usr/bin"]},
		rootfs: {type: "layers", diff_ids: [$d]}}' >i/config.json
	echo '[{"Config":"config.json","RepoTags":["localhost/box:1"],"Layers":["layer.tar"]}]' \
		>i/manifest.json
	tar -C i -cf box.tar .
}

@test "cri: containerd's pods: a port, two containers, exec, limits, stats, logs, host network" {
	mkdir -p net.d logs shared c bin
	echo word >shared/word
	ln -s "$(realpath "$CTRBOX")" bin/ctr-oci
	image
	jq -n '{cniVersion: "1.0.0", name: "pods", plugins: [{type: "ctr-netcfg", bridge: "cni0", isDefaultGateway: true, ipMasq: true,
		hairpinMode: true, capabilities: {portMappings: true},
		ipam: {type: "ctr-ipam", ranges: [[{subnet: "10.88.0.0/24"}]]}}]}' \
			>net.d/10-pods.conflist
	cat >config.toml <<-CONF
	version = 2
	root = "$WORLD/c/root"
	state = "$WORLD/c/state"
	[grpc]
	address = "$WORLD/c/sock"
	[plugins."io.containerd.grpc.v1.cri"]
	sandbox_image = "localhost/box:1"
	stream_server_address = "127.0.0.1"
	restrict_oom_score_adj = true
	[plugins."io.containerd.grpc.v1.cri".cni]
	bin_dir = "$PLUGINS"
	conf_dir = "$WORLD/net.d"
	[plugins."io.containerd.grpc.v1.cri".containerd]
	snapshotter = "native"
	default_runtime_name = "ctrbox"
	[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ctrbox]
	runtime_type = "io.containerd.runc.v2"
	[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.ctrbox.options]
	BinaryName = "$WORLD/bin/ctr-oci"
	CONF
	# what containerd starts ends with it: it is in a pid namespace whose process 1 is this
	# script
	PEER="nsenter --net=/proc/$PEER/ns/net" timeout 300 nsenter -t "$HOST" -n unshare -m -p -f \
		--kill-child --propagation private \
		bash -c '
		exec 8<"/proc/${PEER#*/proc/}" 2>/dev/null
		n=${PEER#*--net=}
		touch peer && mount --bind "$n" peer && export PEER="nsenter --net=$PWD/peer"
		mount -t proc proc /proc; mount -t tmpfs t /run
		containerd -c config.toml >log 2>&1 & daemon=$!
		for _ in $(seq 100); do
			ctr -a c/sock version >/dev/null 2>&1 && break
			sleep 0.1
		done
		ctr -a c/sock -n k8s.io images import --snapshotter native box.tar >/dev/null
		/usr/bin/python3 "$0" "$PWD/c/sock" "$PWD" "/$CTR_CGROUP" ||
			echo "client: exit code $? after $SECONDS s"
		echo "shims $(pgrep -c containerd-shim)"
		echo "links $(ip -o link | grep -c "@if.*cni\|veth")"
		kill $daemon; wait $daemon' "$top/tests/cri.py" </dev/null >out 2>&1 3>&- || true
	local l
	for l in "version v1" "ready NetworkReady RuntimeReady" "pod 10.88.0.2" "states 1 1" \
		"localhost 0 from-web" "user 0 7" "hostname 0 web" \
		"code 5" "published from-web" "outside from-web" "group True" "limit 33554432" \
		"stats cpu memory" "log started hello" \
		"reopened True" "host network True" "stopped 2 137" "left 0 0" "shims 0"; do
		grep -Fxq "$l" out || { cat out log; echo "no line: $l"; false; }
	done
	grep -A1 -x 'mount 0 word' out | grep -x read-only
	nothing_left
	[ -z "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP/*" -name 'web*' -prune -print | head -n 1 |
		xargs -r -I{} find {} -name cgroup.procs -size +0)" ]
}

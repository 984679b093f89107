# CNI: real callers of our plugins: Debian's podman with a CNI configuration, containerd's `ctr run
# --cni`, and a script that plays the runtime with a conflist. Each has a host (net.bash) and
# folders of its own. shellcheck shell=bash disable=SC2154
# bats file_tags=ctr-netcfg,ctr-ipam
load cni

test_setup() { cni_up; }
# The packages, unpacked beside the system as for oci-callers.bats.
peers() {
	local dir
	dir=$(realpath -m "$top/build/peers")
	sh "$top/tests/oci-peers.sh" "$dir" ||
		skip "needs Debian's packages of podman, containerd and runc"
	P=$dir/root
	export PATH=$P/usr/bin:$P/usr/sbin:$PATH LD_LIBRARY_PATH
	LD_LIBRARY_PATH=$P/usr/lib/$(uname -m)-linux-gnu
}
test_teardown() {
	[ ! -e "$WORLD/containerd.pid" ] || {
		kill "$(cat "$WORLD/containerd.pid")" &&
			wait_for 10 no_process "$(cat "$WORLD/containerd.pid")"
	}
	net_down
	# runc leaves the parent groups that it has made
	find /sys/fs/cgroup/*/"$CTR_CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null || true
}

conflist() { # NAME SUBNET: as a node has it
	jq -n --arg n "$1" --arg s "$2" '{cniVersion: "0.4.0", name: $n, plugins: [
		{type: "bridge", bridge: "cni1", isGateway: true, ipMasq: true, hairpinMode: true, ipam: {type: "host-local",
			ranges: [[{subnet: $s}]], routes: [{dst: "0.0.0.0/0"}]}},
		{type: "portmap", capabilities: {portMappings: true}}, {type: "firewall"},
		{type: "tuning"}]}'
}

# An image's root folder with a word in it, served by busybox.
image() {
	cp -a "$ROOTFS" "$WORLD/root"
	mkdir -p "$WORLD/root/www"
	echo hello >"$WORLD/root/www/index.html"
}

@test "cni callers: podman with a CNI network, a published port and DEL" {
	peers
	image
	mkdir "$WORLD/net.d" "$WORLD/containers" "$WORLD/with-env"
	# conmon's clean-up process, which may be the one that calls DEL, has no environment of ours
	for p in "$PLUGINS"/*; do
		printf '#!/bin/sh\nexport CTR_RUN=%s CTR_LIB=%s\nexec %s\n' "$CTR_RUN" "$CTR_LIB" \
			"$p" >"$WORLD/with-env/${p##*/}"
		chmod 755 "$WORLD/with-env/${p##*/}"
	done
	PLUGINS=$WORLD/with-env
	conflist pods 10.77.0.0/24 >"$WORLD/net.d/pods.conflist"
	printf '[network]\nnetwork_backend = "cni"\ncni_plugin_dirs = ["%s"]\nnetwork_config_dir = "%s"\ndefault_network = "pods"\n[engine]\nruntime = "runc"\nconmon_path = ["%s"]\n' \
		"$PLUGINS" "$WORLD/net.d" "$P/usr/bin/conmon" >"$WORLD/containers.conf"
	pod() {
		h env CONTAINERS_CONF="$WORLD/containers.conf" podman --root "$WORLD/pr" \
			--runroot "$WORLD/prr" --tmpdir "$WORLD/pt" \
			--storage-driver vfs --cgroup-manager cgroupfs \
			--events-backend none "$@" 3>&-
	}
	pod run -d --name web --cgroup-parent "/$CTR_CGROUP/pods" --ulimit nofile=1024:1024 \
		--ulimit nproc=1024:1024 --network pods -p 8090:80 --rootfs "$WORLD/root" \
		httpd -f -p 80 -h /www >/dev/null 2>"$WORLD/err" || {
		cat "$WORLD/err"
		return 1
	}
	pod inspect web |
		jq -e '.[0].NetworkSettings.Networks.pods.IPAddress | startswith("10.77.0.")'
	[[ "$(printf 'GET / HTTP/1.0\r\n\r\n' | peer timeout 5 socat - TCP:198.51.100.2:8090)" = \
		*hello* ]]
	h nft list ruleset | grep -q 'cni:.*@pods'
	pod rm -f -t 0 web >/dev/null
	wait_for 10 nothing_left
	podman_groups_gone
	if h nft list ruleset | grep CNI-; then return 1; fi # the reference plugins were not used
}

@test "cni callers: containerd's ctr run --cni" {
	peers
	image
	mkdir -p "$WORLD/etc" "$WORLD/cd" "$WORLD/over"
	# its paths are fixed: /etc/cni/net.d and /opt/cni/bin, in a mount namespace of its own
	conflist pods 10.78.0.0/24 >"$WORLD/etc/10-pods.conflist"
	printf 'version = 2\nroot = "%s"\nstate = "%s"\ndisabled_plugins = ["io.containerd.grpc.v1.cri"]\n[grpc]\naddress = "%s"\n' \
		"$WORLD/cd/root" "$WORLD/cd/state" "$WORLD/cd/sock" >"$WORLD/cd/config.toml"
	inside() { nsenter -t "$HOST" -n unshare -m --propagation private bash -c '
		mount -t tmpfs none "$0/over" && mkdir "$0/over/u" "$0/over/w"
		mount -t overlay -o "lowerdir=/etc,upperdir=$0/over/u,workdir=$0/over/w" none \
		/etc && mkdir -p /etc/cni/net.d
		rm -f /etc/cni/net.d/*
		cp "$0"/etc/* /etc/cni/net.d
		mount -t tmpfs none /opt && mkdir -p /opt/cni
		ln -s "$0/plugins" /opt/cni/bin; exec "$@"' "$WORLD" "$@"; }
	inside sh -c '
		echo $$ >"$1/containerd.pid"
		exec containerd -c "$1/cd/config.toml"' sh "$WORLD" >"$WORLD/cd/log" 2>&1 3>&- &
	c() { inside ctr -a "$WORLD/cd/sock" "$@" 3>&-; }
	wait_for 10 test -S "$WORLD/cd/sock"
	run c run --rm --cgroup "/$CTR_CGROUP/box" --rootfs --cni "$WORLD/root" box /bin/busybox \
		ifconfig eth0
	[[ "$output" = *10.78.0.2* ]] || { echo "$output"; tail -n 5 "$WORLD/cd/log"; return 1; }
	nothing_left
}

@test "cni callers: a script that plays the runtime, with a conflist" {
	local list r='' i conf
	list=$(conflist pods 10.79.0.0/24)
	cap='{portMappings: [{hostPort: 8091, containerPort: 80, protocol: "tcp"}]}'
	step() { # COMMAND INDEX PREV
		conf=$(jq -c --argjson i "$2" --argjson p "$3" \
			". as \$l | .plugins[\$i] + {name: \$l.name, cniVersion: \$l.cniVersion}
			+ (if .plugins[\$i].capabilities then {runtimeConfig: $cap} else {} end)
			+ (if \$p then {prevResult: \$p} else {} end)" <<<"$list")
		plugin "$1" "$POD" "$(jq -r .type <<<"$conf")" "$conf" \
			CNI_ARGS='IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=web'
	}
	r=null
	for i in 0 1 2 3; do r=$(step ADD $i "$r"); done
	jq -e '.ips[0].address == "10.79.0.2/24" and (.interfaces | length) == 3' <<<"$r"
	serve "$POD" 80 hello
	[ "$(ask "$PEER" 198.51.100.2 8091)" = hello ]
	for i in 0 1 2 3; do step CHECK $i "$r"; done
	for i in 3 2 1 0 3 2 1 0; do step DEL $i "$r"; done
	nothing_left
	if in_ns "$POD" ip link show eth0; then return 1; fi
}

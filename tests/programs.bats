#!/usr/bin/env bats
# Programs that need more than a container has, with the flags of ctr-run(1), "PROGRAMS THAT NEED
# MORE": each flag is needed, and they are enough. The machine's own files are the root.
# shellcheck disable=SC2016 # scripts for the container
load lib
# bats file_tags=ctr-run

test_setup() {
	not_in_rig "dockerd takes minutes there"
	not_san
	[ "$(id -u)" = 0 ] || skip "needs root"
}

# Debian's docker and podman, unpacked beside the system.
peers() {
	local p=$top/build/peers
	sh "$BATS_TEST_DIRNAME/oci-peers.sh" "$p" || skip "needs docker.io, podman"
	p=$p/root
	mkdir etc
	echo '{"default":[{"type":"insecureAcceptAnything"}]}' >etc/policy.json
	peer=(-v "$p:/mnt/peers:ro" -v "$ROOTFS:/mnt/root:ro" -v "$WORLD/script:/mnt/script:ro"
		-v "$WORLD/etc:/etc/containers:ro" --net none
		-e "LD_LIBRARY_PATH=/mnt/peers/usr/lib/$(uname -m)-linux-gnu"
		-e PATH=/mnt/peers/usr/bin:/mnt/peers/usr/sbin:/usr/sbin:/usr/bin:/sbin:/bin)
}

@test "dockerd: --privileged, and a volume for its layers; inside: a limit, a network" {
	cat >script <<-'END'
		# on cgroup v2 a group with limits for its children has no processes of its own
		[ ! -e /sys/fs/cgroup/cgroup.controllers ] || {
			mkdir /sys/fs/cgroup/own
			echo 0 >/sys/fs/cgroup/own/cgroup.procs
		}
		export DOCKER_HOST=unix:///run/d.sock
		dockerd -H $DOCKER_HOST >/tmp/log 2>&1 &
		i=0
		until docker version >/dev/null 2>&1; do
			i=$((i + 1))
			[ $i -lt 100 ] && kill -0 $! || { cat /tmp/log; exit 9; }
			sleep 0.2
		done
		docker info 2>/dev/null | grep "Storage Driver"
		tar -C /mnt/root -c . | docker import - bb:1 >/dev/null
		docker run --rm -m 64m bb:1 sh -c 'echo inner $$; ip -o addr show eth0 | grep -c 172'
		kill $!
		wait
	END
	peers
	run -0 timeout 100 ctr-run "${peer[@]}" --privileged -v /var/lib/docker / sh /mnt/script
	[[ $output == *"Storage Driver: overlay"*"inner 1"*$'\n'1* ]]
	run -0 timeout 100 ctr-run "${peer[@]}" --privileged / sh /mnt/script
	[[ $output == *"Storage Driver: vfs"*"inner 1"* ]]
	run -9 timeout 100 ctr-run "${peer[@]}" -v /var/lib/docker / sh /mnt/script
}

@test "podman: --privileged, and a volume where its layers can lie" {
	cat >script <<-'END'
		tar -C /mnt/root -c . | podman import -q - localhost/bb:1 >/dev/null || exit 9
		podman --runtime "$(command -v runc)" --cgroup-manager cgroupfs run --rm \
			--network none --ulimit nofile=100 --ulimit nproc=100 localhost/bb:1 \
			sh -c 'echo inner $$'
	END
	peers
	run -0 timeout 100 ctr-run "${peer[@]}" --privileged -v /var/lib/containers / sh /mnt/script
	[[ $output == *"inner 1"* ]]
	run -125 timeout 100 ctr-run "${peer[@]}" --privileged / sh /mnt/script
	[[ $output == *"not supported over overlayfs"* ]]
	run -9 timeout 100 ctr-run "${peer[@]}" -v /var/lib/containers / sh /mnt/script
}

@test "a tun device and a file system in user space: the device and the capability" {
	local tun='ip tuntap add t0 mode tun && ip link show t0' flags
	[ -c /dev/net/tun ] || skip "no /dev/net/tun here"
	run -0 ctr-run --net none --device /dev/net/tun --cap-add NET_ADMIN / sh -c "$tun"
	[[ $output == *"t0: <POINTOPOINT"* ]]
	for flags in "--device /dev/net/tun" "--cap-add NET_ADMIN"; do
		# shellcheck disable=SC2086 # words
		run ! ctr-run --net none $flags / sh -c "$tun"
	done

	[ -c /dev/fuse ] || skip "no /dev/fuse here"
	need squashfuse
	mksquashfs "$ROOTFS/bin" image -quiet
	local fuse='mkdir /tmp/m && squashfuse /mnt/image /tmp/m && ls /tmp/m' v="$WORLD/image:/mnt/image:ro"
	run -0 ctr-run -v "$v" --device /dev/fuse --cap-add SYS_ADMIN / sh -c "$fuse"
	[[ $output == *busybox* ]]
	for flags in "--device /dev/fuse" "--cap-add SYS_ADMIN"; do
		# shellcheck disable=SC2086 # words
		run ! ctr-run -v "$v" $flags / sh -c "$fuse"
	done
}

@test "Chromium: its sandbox wants user namespaces; without its sandbox it wants nothing" {
	local b=chromium-headless-shell
	need $b
	echo '<script>document.write("sum " + (40 + 2))</script>' >page.html
	local c="HOME=/tmp exec $b --disable-gpu --dump-dom file:///mnt/page.html"
	local args=(--net none -v "$WORLD/page.html:/mnt/page.html:ro" -u 1000:1000)
	run -1 timeout 60 ctr-run "${args[@]}" / sh -c "$c"
	[[ $output == *"No usable sandbox"* ]]
	# as the built-in profile, but with clone, setns and unshare
	printf '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["bpf","init_module",
		"keyctl","reboot"],"action":"SCMP_ACT_ERRNO"}]}' >file
	run -0 timeout 60 ctr-run "${args[@]}" --security-opt seccomp=file / sh -c "$c"
	[[ $output == *"sum 42"* ]]
	run -0 timeout 60 ctr-run "${args[@]}" / sh -c "$c --no-sandbox"
	[[ $output == *"sum 42"* ]]
}

#!/usr/bin/env bats
# shellcheck disable=SC2154,SC1090,SC1091,SC2016
# An init as a container's first process, without --privileged: systemd, with the machine's own
# files as its root, and busybox's. Run in the rig of `make check-v2`, too.

load lib

not_populated() {
	[ -z "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP*" -name cgroup.procs \
		-exec cat {} + 2>/dev/null)" ]
}
state_of() { [ "$(ctr-exec "$1" systemctl is-system-running 2>/dev/null)" = "$2" ]; }
# A container "sd" in which systemd runs, with ctr-oci and a root for it below /mnt.
with_systemd() {
	not_san
	[ -x /lib/systemd/systemd ] || skip "needs systemd (apt-get install systemd)"
	ctr-run -d -t --name sd --privileged --systemd=always \
		-v "$(realpath "$CTRBOX"):/mnt/ctr-oci:ro" -v "$ROOTFS:/mnt/root" / \
		/lib/systemd/systemd --unit=basic.target >/dev/null
	wait_for 60 state_of sd running
}

# bats test_tags=ctr-run,ctr-exec,ctr-stop
@test "systemd boots without --privileged, in groups of its own, and stops in under 5 s" {
	not_san
	[ -x /lib/systemd/systemd ] || skip "needs systemd (apt-get install systemd)"
	ctr-run -d -t --name sd --pids-limit 500 / /lib/systemd/systemd \
		--unit=basic.target >/dev/null
	wait_for 60 state_of sd running
	run ctr-exec sd systemctl list-units --failed --no-legend
	[ -z "$output" ]
	# systemd has moved to a group that it has made, below that of its container.
	ctr-exec sd sh -c 'tail -n 1 /proc/1/cgroup' | grep -qx '0::/init.scope'
	[ "$(ctr-exec sd sh -c 'tr "\0" "\n" </proc/1/environ' | grep ^container=)" = \
		container=oci ]
	# It cannot write its own limits.
	run ctr-exec sd \
		sh -c 'echo max >"$(find /sys/fs/cgroup -maxdepth 2 -name pids.max | head -n 1)"'
	[ "$status" -ne 0 ] ||
		[ "$(ctr-cgset -g "$(. "$CTR_RUN/containers/sd/state"; echo "/$cgroup")" \
		pids.max)" = 500 ]
	# A service is started, limited by systemd where it has the controllers, and ended.
	ctr-exec sd systemd-run --unit=nap sleep 1000
	ctr-exec sd systemctl is-active nap
	ctr-exec sd systemctl stop nap
	t0=$SECONDS
	ctr-stop sd
	[ $((SECONDS - t0)) -lt $((5 * slow)) ] || { ctr-logs -t sd; false; }
	ctr-logs sd | grep -q 'Reached target.*Basic System'
	ctr-rm sd
	not_populated
}

# bats test_tags=ctr-oci
@test "ctr-oci --systemd-cgroup: a scope with limits, updates, pause, for one container" {
	with_systemd
	cat >script <<-'END'
		oci() { timeout 20 /mnt/ctr-oci "$@"; }
		show() { systemctl show one-two.scope -p "$1"; }
		mkdir /run/b && cd /run/b && mkdir rootfs && mount --bind /mnt/root rootfs
		cat >config.json <<-C
			{"ociVersion":"1.0.2","process":{"args":["sleep","1000"],"cwd":"/","user":{"uid":0,"gid":0},"env":["PATH=/bin"]},
			 "root":{"path":"rootfs"},"mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/dev","type":"tmpfs","source":"t"}],
			 "annotations":{"org.systemd.property.TimeoutStopUSec":"uint64 7000000","org.systemd.property.TasksMax":"uint64 999","org.systemd.property.Documentation":"['x']"},
			 "linux":{"cgroupsPath":"system.slice:one:two","resources":{"pids":{"limit":20}},"namespaces":[{"type":"pid"},{"type":"mount"}]}}
		C
		oci --systemd-cgroup run -d c 2>&1; echo "array $?"
		sed -i "s/,.org.systemd.property.Documentation.*]\"}/}/" config.json
		oci --systemd-cgroup run -d c; echo "run $?"
		show Slice; show TasksMax; show Delegate; show TimeoutStopUSec
		oci exec c grep -cv "/system.slice/one-two.scope$" /proc/self/cgroup
		pids() { find /sys/fs/cgroup -path "*/one-two.scope/pids.max" -exec cat {} +; }
		echo "limit $(pids)"
		oci update --pids-limit 33 c; show TasksMax; systemctl daemon-reload; echo "limit $(pids)"
		oci pause c; oci state c | grep -o "paused"; oci resume c
		oci --systemd-cgroup run -d d 2>&1 | grep -o "already .*"; oci list -q
		oci delete -f c; echo "left $(show ActiveState) $(find /sys/fs/cgroup -name one-two.scope)"
		sed -i "s/\"sleep\",\"1000\"/\"no-such\"/" config.json
		oci --systemd-cgroup run c 2>/dev/null; echo "undone $(show ActiveState) $(oci list -q)"
		sed -i "s/no-such/true/" config.json
		for i in $(seq 20); do oci --systemd-cgroup run c || echo "failed $i"; done; echo "quick $(oci list -q)"
		sed -i "s/\"true\"/\"sleep\",\"1000\"/" config.json
		for i in $(seq 0 19); do
			/mnt/ctr-oci --systemd-cgroup create c </dev/null >/dev/null 2>&1 & p=$!
			sleep 0.0$((i % 10)); kill -9 $p; wait $p
			oci delete -f c
		done 2>/dev/null
		echo "killed $(show ActiveState) $(oci list -q)"
		sed -i "s/system.slice:one:two/plain/" config.json; oci --systemd-cgroup run c 2>&1 | grep -c "slice:prefix:name"
	END
	timeout $((100 * slow)) ctr-exec sd bash -c "$(cat script)" >out 2>&1 || true
	for l in "array 1" "run 0" Slice=system.slice TasksMax=20 Delegate=yes TimeoutStopUSec=7s \
		0 "limit 20" TasksMax=33 "limit 33" \
		paused c "left ActiveState=inactive " "undone ActiveState=inactive " "quick " \
		"killed ActiveState=inactive " 1; do
		grep -Fxq "$l" out || { cat out; echo "no line: $l"; false; }
	done
	grep -q "already" out
	ctr-rm -f sd
	not_populated
}

# bats test_tags=ctr-oci
@test "ctr-oci --systemd-cgroup of a user: its own systemd, by its socket or its bus" {
	with_systemd
	cat >script <<-'END'
		export XDG_RUNTIME_DIR=/run/user/1000
		mkdir -p $XDG_RUNTIME_DIR/b && cd $XDG_RUNTIME_DIR/b && cp -a /mnt/root rootfs
		chown -R 1000:1000 $XDG_RUNTIME_DIR
		systemd-run -q --unit=us -p Delegate=yes --uid=1000 -E XDG_RUNTIME_DIR=$XDG_RUNTIME_DIR \
			/lib/systemd/systemd --user --unit=basic.target
		until [ -S $XDG_RUNTIME_DIR/systemd/private ]; do sleep 0.1; done
		config() {
			cat >config.json <<-C
				{"ociVersion":"1.0.2","process":{"args":["sleep","1000"],"cwd":"/","env":["PATH=/bin"]},
				 "root":{"path":"rootfs"},"mounts":[{"destination":"/proc","type":"proc"},
				  {"destination":"/dev","type":"tmpfs"}],
				 "linux":{"uidMappings":[{"containerID":0,"hostID":$1,"size":1}],
				  "gidMappings":[{"containerID":0,"hostID":$1,"size":1}],
				  "namespaces":[{"type":"user"},{"type":"pid"},{"type":"mount"}]}}
			C
		}
		u() { timeout 20 setpriv --reuid 1000 --regid 1000 --clear-groups "$@"; }
		try() {
			local oci="$* /mnt/ctr-oci --root $XDG_RUNTIME_DIR/oci --systemd-cgroup"
			u $oci run -d c </dev/null
			echo "$1 $? $(sed -n 's|^0::.*/us.service/|/|p' /proc/$(u $oci state c |
				sed -n 's/.*"pid": \([0-9]*\).*/\1/p')/cgroup)"
			[ $1 = unshare ] || # one has no way into the namespace of another
				u $oci exec c sh -c "sleep 0.5; grep -o ctr-oci-c.scope /proc/self/cgroup" | uniq
			u $oci delete -f c
			find /sys/fs/cgroup -name ctr-oci-c.scope
		}
		config 1000
		try env A=1
		try env -u XDG_RUNTIME_DIR
		config 0
		try unshare -Ur
		u systemctl --user start dbus.socket
		bus=DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
		try unshare -Ur env -u XDG_RUNTIME_DIR $bus,guid=0
		config 1000
		try env XDG_RUNTIME_DIR=/nowhere $bus
		try env XDG_RUNTIME_DIR=/nowhere 2>&1 | grep -o "not available: .*connect"
	END
	timeout $((100 * slow)) ctr-exec sd bash -c "$(cat script)" >out 2>&1 || true
	cat out
	[ "$(grep -c '^[a-z]* 0 /user.slice/ctr-oci-c.scope$' out)" = 5 ]
	[ "$(grep -cx ctr-oci-c.scope out)" = 3 ]
	[ "$(wc -l <out)" = 9 ]
	grep -Fxq "not available: /nowhere/bus: connect" out
	ctr-rm -f sd
	not_populated
}

# bats test_tags=ctr-run
@test "--systemd: when it is on, what it brings, and what of the user's own stays" {
	inside() {
		ctr-run "$@" "$ROOTFS" sh -c '
			grep -cE " /(run|run/lock|tmp) " /proc/self/mounts
			echo "[${container-}]"
			grep " /sys/fs/cgroup" /proc/self/mounts | grep -c " rw,"'
	}
	run inside
	[ "${lines[0]}:${lines[1]}" = "0:[]" ]
	off=${lines[2]}
	run inside --systemd=always
	[ "${lines[0]}:${lines[1]}" = "3:[oci]" ]
	[ "${lines[2]}" -gt "$off" ]
	run inside --systemd=always --tmpfs /tmp:size=1m -e container=mine
	[ "${lines[0]}:${lines[1]}" = "3:[mine]" ]
	run -125 ctr-run --systemd=perhaps "$ROOTFS" true
	[[ "$output" = "ctr-run: --systemd: 'perhaps' is not true, false or always" ]]
	run -125 ctr-run --systemd=always --init "$ROOTFS" true
	# docker's recipe for systemd has --cgroupns host, in which systemd could make no group here
	cp -a "$ROOTFS" "$WORLD/root"
	mkdir "$WORLD/root/s" && ln -s ../bin/busybox "$WORLD/root/s/systemd"
	for own in "" "-v /sys/fs/cgroup:/sys/fs/cgroup:rw"; do
		# shellcheck disable=SC2086
		run -127 ctr-run --cgroupns host $own "$WORLD/root" /s/systemd
		[[ "${lines[0]}" = "ctr-run: --cgroupns host: systemd sees its own groups only" ]]
		[ "${#lines[@]}" -le 2 ]
	done
	# A mount of the user's at /sys/fs/cgroup is not covered.
	mkdir "$WORLD/mine" && touch "$WORLD/mine/it"
	[ "$(ctr-run -v "$WORLD/mine:/sys/fs/cgroup" "$ROOTFS" ls /sys/fs/cgroup)" = it ]
	[ "$(ctr-run --tmpfs /sys/fs/cgroup "$ROOTFS" ls /sys/fs/cgroup)" = "" ]
}

# bats test_tags=ctr-run
@test "-v /sys/fs/cgroup:/sys/fs/cgroup shows the container's own group and no more" {
	for opts in "-v /sys/fs/cgroup:/sys/fs/cgroup" "-v /sys/fs/cgroup:/sys/fs/cgroup:ro" \
		"--cgroupns host -v /sys/fs/cgroup:/sys/fs/cgroup:rw" \
		"--mount type=bind,src=/sys/fs/cgroup,dst=/sys/fs/cgroup" \
		"-v /sys/fs/cgroup/systemd:/sys/fs/cgroup/systemd"; do
		[ -e /sys/fs/cgroup/systemd ] || [[ "$opts" != */systemd ]] || continue
		# shellcheck disable=SC2086
		run ctr-run $opts "$ROOTFS" \
			sh -c \
			'find /sys/fs/cgroup -name cgroup.procs | while read -r f; do cat "$f"; done | sort -un | head -n 2 | tr "\n" " "
			grep -l . $(find /sys/fs/cgroup -name release_agent) /dev/null 2>/dev/null
			find /sys/fs/cgroup -type d -name "'"$CTR_CGROUP"'"'
		[ "$status" = 0 ]
		# only its own processes, and no group of the host
		[[ "${lines[-1]}" =~ ^[0-9\ ]+$ ]]
	done
}

# bats test_tags=ctr-run,ctr-stop
@test "busybox's init: shuts its services down and ends with its last call" {
	not_san
	cp -a "$ROOTFS" "$WORLD/root"
	mkdir -p "$WORLD/root/sbin" "$WORLD/root/etc"
	ln -sf /bin/busybox "$WORLD/root/sbin/init"
	printf '::sysinit:/bin/echo up\n::respawn:/bin/sleep 1000\n::shutdown:/bin/echo down\n' \
		>"$WORLD/root/etc/inittab"
	ctr-run -d --name bb "$WORLD/root" /sbin/init >/dev/null
	wait_for 5 sh -c 'ctr-top bb | grep -q "sleep 1000"'
	t0=$SECONDS
	ctr-stop bb
	[ $((SECONDS - t0)) -lt 6 ]
	[ "$(ctr-logs bb | grep -xE 'up|down' | tr '\n' ' ')" = "up down " ]
	ctr-rm bb
}

# bats test_tags=ctr-run
@test "--privileged: a /dev of its own with the host's devices; /dev/console is the terminal" {
	not_san
	[ "$(ctr-run --privileged "$ROOTFS" sh -c '
		grep " /dev " /proc/self/mounts | cut -d" " -f1')" = tmpfs ]
	for d in null zero full random urandom; do
		[ -c "/dev/$d" ] && ctr-run --privileged "$ROOTFS" test -c "/dev/$d"
	done
	[ ! -b /dev/loop0 ] || ctr-run --privileged "$ROOTFS" sh -c '[ -b /dev/loop0 ]'
	before=$(stat -c '%t:%T %u:%g %a' /dev/console 2>/dev/null || echo none)
	tty_of() {
		ctr-run --privileged -t "$@" "$ROOTFS" stat -c %t /dev/console </dev/null |
			tr -d '\r'
	}
	[ "$(tty_of)" = 88 ] # 136: a pty
	if [ -c /dev/console ]; then [ "$(tty_of -v /dev:/dev)" = 88 ]; fi
	[ "$(stat -c '%t:%T %u:%g %a' /dev/console 2>/dev/null || echo none)" = "$before" ]
	run -0 ctr-run --privileged "$ROOTFS" sh -c 'touch /dev/mine; ls /dev/mine'
	[ ! -e /dev/mine ]
}

#!/usr/bin/env bats
# 19: the examples for boot scripts (packages/boot): each starts what its restart policy wants, and
# what it stops is wanted again.
# bats file_tags=ctr-start
load lib

boot=$BATS_TEST_DIRNAME/../packages/boot

# goes START STOP: commands that stand for going up and down.
goes() {
	ctr-run -d --init --restart unless-stopped --name web "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --restart always --name on "$ROOTFS" sleep 1000 >/dev/null # no handler for TERM
	ctr-run -d --init --restart unless-stopped --name off "$ROOTFS" sleep 1000 >/dev/null
	ctr-stop off
	for _ in 1 2; do
		bash -c "$2"
		[ -z "$(ctr-ps -q)" ]
		rm -rf "$CTR_RUN"
		bash -c "$1"
		[ "$(ctr-ps -n -o name | sort | tr -s ' \n' ' ')" = "on web " ]
	done
	bash -c "$2" # and nothing that runs is no error
	bash -c "$2"
}

# bats test_tags=ctr-start
@test "boot: busybox's init" {
	local sh=$ROOTFS/bin/busybox
	goes "$sh sh $boot/ctrbox.busybox start" "$sh sh $boot/ctrbox.busybox stop"
	run -2 sh "$boot/ctrbox.busybox" restart
}

# bats test_tags=ctr-start
@test "boot: procd's, with what /etc/rc.common does" {
	local sh=$ROOTFS/bin/busybox
	echo '. "$1"; $2' >rc.common
	head -n 1 "$boot/ctrbox.procd" | grep -x '#!/bin/sh /etc/rc.common'
	goes "$sh sh rc.common $boot/ctrbox.procd start" "$sh sh rc.common $boot/ctrbox.procd stop"
}

# bats test_tags=ctr-start
@test "boot: OpenRC's, with what openrc-run does" {
	cat >openrc-run <<-'END'
		ebegin() { echo " * $*"; }
		eend() { return "$1"; }
		need() { :; }
		use() { :; }
		after() { :; }
		. "$1"
		depend && "$2"
	END
	goes "sh openrc-run $boot/ctrbox.openrc start" "sh openrc-run $boot/ctrbox.openrc stop"
}

@test "boot: no process is ended that has the pid of a dead monitor" {
	sleep 1000 3>&- &
	local other=$!
	ctr-run -d --restart always --name lost "$ROOTFS" sleep 1000 >/dev/null
	(. "$CTR_RUN/containers/lost/state"
		kill -9 "$monitor"
		wait_for 5 no_process "$monitor")
	wait_for 5 sh -c '[ "$(ctr-ps -an -o status)" = lost ]'
	sed -i "s/^monitor=.*/monitor='$other'/" "$CTR_RUN/containers/lost/state"
	echo '. "$1"; $2' >rc.common
	echo 'ebegin() { :; }; eend() { :; }; . "$1"; "$2"' >openrc-run
	sh "$boot/ctrbox.busybox" stop
	sh rc.common "$boot/ctrbox.procd" stop
	sh openrc-run "$boot/ctrbox.openrc" stop
	kill "$other" # it lives
}

# bats test_tags=ctr-start
@test "boot: systemd's unit" {
	need systemd-analyze systemd
	sed "s,/usr/bin,$BIN,; /^Documentation/d" "$boot/ctrbox.service" >ctrbox.service
	[ -z "$(systemd-analyze verify "$PWD/ctrbox.service" 2>&1)" ]
	# as systemd does it: a TERM to all processes that are left in the unit's group
	term() { (. "$1"; kill "$monitor"; wait_for 5 no_process "$monitor"); }
	export -f term wait_for no_process
	goes "$(sed -n 's/^ExecStart[Pre]*=-*//p' ctrbox.service)" \
		'for s in "$CTR_RUN"/containers/*/state; do [ ! -e "$s" ] || term "$s"; done'
}

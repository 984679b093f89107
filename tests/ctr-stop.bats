#!/usr/bin/env bats
# ctr-stop: containers end within the given time, also on full disks and if they do not want to.

load lib

@test "stop of a PID 1 that ignores TERM ends within the deadline plus one second" {
	ctr-run -d --name ign "$ROOTFS" sh -c 'trap "" TERM; while :; do sleep 1; done' >/dev/null
	start=$(date +%s%N)
	ctr-stop -t 1 ign
	took=$((($(date +%s%N) - start) / 1000000))
	echo "# stop took $took ms" >&3
	[[ "$BIN" == */san/* ]] || [ $took -lt 2000 ]
	[ "$(ctr-inspect -f State.ExitCode ign)" = 137 ]
}

@test "stop tells what it waits for, with -t -1 too" {
	ctr-run -d --name c "$ROOTFS" sleep 100
	run -124 timeout 1 ctr-stop -t -1 c
	[[ "$output" == "ctr-stop: c: waits for ever after TERM: its first process has no"* ]]
	run -0 ctr-stop -t 1 c
	[[ "$output" == "ctr-stop: c: waits for SIGKILL after TERM: its first process has no"* ]]
}

# bats test_tags=ctr-run,ctr-kill,ctr-rm,ctr-gc
@test "no space or inode on the disk: the exit is recorded, stop is final, rm and gc work" {
	run -0 unshare -m bash -c '
		set -e
		mount -t tmpfs -o size=2m,nr_inodes=200 none "$CTR_LIB"
		mount -t tmpfs -o size=1m,nr_inodes=100 none "$CTR_RUN"
		ctr-run -d --name a --restart always "$ROOTFS" sh -c "
			trap \"exit 5\" TERM; while :; do sleep 0.1; done" >/dev/null
		ctr-run -d --name b "$ROOTFS" sleep 1000 >/dev/null
		ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
		fill() {
			for d in "$CTR_LIB" "$CTR_RUN"; do
				head -c 4m /dev/zero >"$d/fill" 2>/dev/null || true
				while : 2>/dev/null >"$d/i$((n += 1))"; do :; done || true
			done
		}
		n=0
		fill
		! touch "$CTR_RUN/containers/a/x" 2>/dev/null || false
		! touch "$CTR_LIB/containers/a/x" 2>/dev/null || false
		ctr-stop -t 5 a
		ctr-kill b
		ctr-wait a b
		ctr-ps -an -o name,status,exit | tr -s " "
		(. "$CTR_RUN/containers/c/state"; kill -9 "$monitor")
		ctr-rm a b
		ctr-gc >/dev/null
		ctr-rm -f c
		[ -z "$(ls -A "$CTR_LIB/containers" "$CTR_RUN/containers" | grep -v :)" ]
		fill
		code=0; ctr-run -d --name d "$ROOTFS" true || code=$?
		echo "$code"'
	echo "$output"
	[ "$(head -n 7 <<<"$output" | tr '\n' ' ')" = \
		"a b 5 137 c running - b exited 137 a exited 5 " ]
	[[ "$output" == *"No space left on device"* ]]
	[ "${lines[-1]}" = 125 ]
}

# bats test_tags=ctr-ps,ctr-inspect
@test "ps, inspect and the others' stop go on while one stop waits" {
	ctr-run -d --name slow "$ROOTFS" sh -c '
		trap "" TERM; while :; do sleep 0.1; done' >/dev/null
	ctr-run -d --name quick --init "$ROOTFS" sleep 1000 >/dev/null
	ctr-stop -t 10 slow 3>&- >/dev/null &
	wait_for 5 test -e "$CTR_RUN/containers/slow/stopping"
	timeout 3 ctr-ps -q >/dev/null
	timeout 3 ctr-inspect slow >/dev/null
	timeout 8 ctr-stop quick
	timeout 3 ctr-exec slow true
	[ "$(ctr-ps -n -o name)" = slow ]
	wait
	[ -z "$(ctr-ps -q)" ]
}

@test "what cannot be killed is said, in time, and the record stays" {
	freezer=$(awk '/ - cgroup .*freezer/ { print $5; exit }' /proc/self/mountinfo)
	[ -n "$freezer" ] || skip "needs a v1 freezer hierarchy (there the frozen do not die)"
	ctr-run -d --name d "$ROOTFS" sleep 1000 >/dev/null
	echo FROZEN >"$freezer/$CTR_CGROUP/freezer.state"
	start=$(date +%s)
	run -1 ctr-stop -t 0 d
	took=$(($(date +%s) - start))
	echo THAWED >"$freezer/$CTR_CGROUP/freezer.state"
	[[ "$output" == "ctr-stop: d: "*"above it is frozen"* ]]
	[ $took -lt 10 ]
	ctr-stop -t 0 d
	wait_for 5 sh -c '[ "$(ctr-ps -an -o status)" = exited ]'
	ctr-rm d
}

@test "stop reports a PID 1 without a handler and names --init; otherwise it says nothing" {
	ctr-run -d --name deaf "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name ign "$ROOTFS" sh -c '
		trap "" TERM; echo up; while :; do sleep 1; done' >/dev/null
	ctr-run -d --name good --init "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name heeds "$ROOTFS" sh -c '
		trap "exit 3" TERM; echo up; while :; do sleep 0.1; done' >/dev/null
	for c in ign heeds; do wait_for 5 sh -c "ctr-logs $c | grep -q up"; done
	ctr-stop -t 3 deaf 2>said >/dev/null 3>&- &
	pid=$!
	wait_for 2 grep -q 'deaf: .*no handler.*--init' said
	kill -0 $pid # the message came before the wait
	wait $pid
	ctr-stop -t 1 ign 2>said >/dev/null
	grep -q 'ign: .*ignores it' said
	ctr-stop -t 5 good heeds 2>said >/dev/null
	[ ! -s said ]
}

# bats test_tags=ctr-run
@test "timeout 2 ctr-run … sleep ends in time: a TERM that PID 1 cannot take kills it" {
	start=$(date +%s%N)
	run -124 --separate-stderr timeout 2 ctr-run "$ROOTFS" sleep 100
	[ $((($(date +%s%N) - start) / 1000000)) -lt 20000 ]
	[[ "$stderr" == *"no handler for TERM: killed"* ]]
	# A process that has a handler decides itself.
	run -0 timeout 5 ctr-run "$ROOTFS" sh -c '
		trap "echo mine; exit 0" TERM; (sleep 0.1; kill -TERM 1) & wait; exit 9'
	[ "$output" = mine ]
	# The same is true of one that waits for the signal with sigwait: ctr-init passes it on.
	run -124 --separate-stderr timeout 1 ctr-run --init "$ROOTFS" sleep 100
	[ -z "$stderr" ]
}

# bats test_tags=ctr-run
@test "a limit of memory below what a start takes is said, with -d too" {
	not_old "there the child is killed before it can say anything"
	run -125 --separate-stderr ctr-run -m 4k "$ROOTFS" true
	[[ "$stderr" == *memory* ]]
	run -125 --separate-stderr ctr-run -d -m 4k "$ROOTFS" true
	[[ "$stderr" == *memory* ]]
	[ -z "$output" ]
	for o in --init "--userns auto" "--init -t" "--init --userns auto"; do
		# shellcheck disable=SC2086
		run -125 --separate-stderr ctr-run -d $o -m 4k "$ROOTFS" true
		[[ "$stderr" == *"(-m) is too low"* && -z "$output" ]]
	done
	ctr-create --init -m 4k --name q "$ROOTFS" true
	run -1 ctr-start q
	[[ "$output" == *"(-m) is too low to start with: 4096 bytes"* ]]
	[[ "$(ctr-inspect -f State.Error q)" == *"(-m) is too low"* ]]
}

@test "who is killed for want of memory is told so, with --init and a user namespace, too" {
	for o in --init '--userns auto'; do
		# shellcheck disable=SC2086
		run ctr-run $o -m 8k "$ROOTFS" true
		[[ "$status" = 1* && "$output" == *"(-m)"* ]]
	done
}

# bats test_tags=ctr-rm
@test "a ctr-run that is stopped (Ctrl-Z) holds up neither stop nor rm -f" {
	for how in "ctr-stop -t 0" "ctr-rm -f"; do
		ctr-run --name st "$ROOTFS" sleep 100 3>&- &
		local p=$!
		wait_for 5 [ -e "$CTR_RUN/containers/st/state" ]
		kill -STOP $p
		run -0 timeout 10 $how st
		wait $p || true
		[ -z "$(ctr-ps -aq)" ]
	done
}

# A bundle whose hook stops the ctr-run that waits for it: in the middle of its start.
stopped_half_way() {
	mkdir -p b
	ln -sfn "${ROOTFS%/}" b/rootfs
	cat >b/config.json <<-'END'
	{"ociVersion":"1.2.0","process":{"args":["sleep","100"],"cwd":"/","user":{"uid":0,"gid":0},"env":["PATH=/bin"]},
	 "root":{"path":"rootfs","readonly":true},"mounts":[{"destination":"/dev","type":"tmpfs","source":"t"}],"linux":{"namespaces":[{"type":"mount"},{"type":"pid"}]},
	 "hooks":{"createRuntime":[{"path":"/bin/sh","args":["sh","-c","kill -STOP $PPID"]}]}}
	END
	ctr-run --name st "$@" --bundle b 3>&- >/dev/null 2>&1 &
	p=$!
	wait_for 10 sh -c "grep -qs '^State:.*stopped' /proc/$p/status \\
		\$(pgrep -P $p | sed 's|.*|/proc/&/status|')"
}

# bats test_tags=ctr-rm,ctr-run,ctr-rename,ctr-update,ctr-start
@test "a ctr-run that was stopped (SIGSTOP) in its start is ended by stop and rm -f" {
	local how p
	for how in "ctr-stop -t 0" "ctr-rm -f"; do
		stopped_half_way
		timeout 15 $how st
		wait $p || true
		[ -z "$(ctr-ps -aq)" ]
	done
	stopped_half_way -d
	run -1 timeout 10 ctr-rename st other
	[[ "$output" == *"st: a lock is held by process "*", which is stopped"* ]] || {
		echo "$output"
		false
	}
	run -1 timeout 10 ctr-update -m 50m st
	[[ "$output" == *", which is stopped"* ]]
	run -1 timeout 10 ctr-start st
	[[ "$output" == *"being started"* ]]
	timeout 15 ctr-rm -f st
	wait $p || true
	[ -z "$(ctr-ps -aq)" ]
}

# bats test_tags=ctr-rm,ctr-run,ctr-exec
@test "what its terminal has stopped in the background (-t &) ends when it is told to" {
	need script bsdutils
	cat >job <<-END
	set -m
	ctr-run -d --name e $ROOTFS sleep 100
	for how in 'kill -TERM \$p; kill -CONT \$p' 'ctr-rm -f st' 'ctr-stop -t 0 st' 'exec'; do
		if [ "\$how" = exec ]; then
			ctr-exec -it e sleep 100 3>&- &
			how='kill -TERM \$!; kill -CONT \$!'
		else
			ctr-run -it --name st $ROOTFS sleep 100 3>&- 2>/dev/null &
		fi
		p=\$!
		for i in \$(seq 60); do
			sleep 0.1
			grep -q '^State:.*stopped' /proc/\$p/status && break
		done || echo "\$how: not stopped"
		eval "\$how"
		for i in 1 2 3 4 5 6 7 8 9; do sleep 0.2; kill -0 \$p 2>/dev/null || break; done
		kill -0 \$p 2>/dev/null && echo "\$how: not ended"
	done
	echo done
	END
	timeout 30 script -qec "bash job" out </dev/null >/dev/null
	! grep "not stopped\|not ended" out || false
	grep "^done" out
}

# bats test_tags=ctr-rm,ctr-exec
@test "a ctr-exec that was stopped (SIGSTOP) does not delay stop and rm -f" {
	local how p
	for how in "ctr-stop -t 3 st" "ctr-stop st" "ctr-rm -f st" \
		"ctr-kill st && timeout 5 ctr-wait st" "ctr-restart -t 1 st"; do
		# Without pidfds ctr-wait waits for the lock alone, and wakes nobody.
		[ -z "${CTR_TEST_NO:-}" ] || [[ "$how" != *ctr-wait* ]] || continue
		ctr-run -d --name st --init "$ROOTFS" sleep 100
		ctr-exec st sh -c 'touch /in; exec sleep 100' 3>&- &
		p=$!
		wait_for 5 ctr-exec st test -e /in
		kill -STOP $p
		pkill -9 -P $p # one that it has not waited for may be there, too
		SECONDS=0
		run -0 timeout 15 sh -c "$how"
		[[ "$SECONDS" -lt 5 && "$output" != *kernel* ]]
		wait $p || true
		ctr-rm -f st 2>/dev/null || true
	done
}

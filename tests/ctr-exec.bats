#!/usr/bin/env bats
# ctr-exec: a further command in a container, with the container's own settings.

load lib

status_of() { sed -n "s/^$1:[[:space:]]*//p"; }

@test "a command has the container's namespaces, ids, limits and filter, not the caller's" {
	ctr-run -d --name c --cap-drop ALL --cap-add chown --security-opt no-new-privileges \
		--umask 027 --ulimit nofile=64:128 -h box -e V=1 "$ROOTFS" sleep 1000 >/dev/null
	export SECRET=1
	exec 7</etc/passwd
	run -0 ctr-exec c sh -c '
		cat /proc/self/status; ls /proc/self/fd; env; umask; ulimit -n; hostname; pwd'
	exec 7<&-
	for f in CapInh CapPrm CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters Uid \
		Gid Groups; do
		[ "$(status_of $f <<<"$output")" = \
			"$(ctr-exec c sed -n "s/^$f:[[:space:]]*//p" /proc/1/status)" ]
	done
	[ "$(status_of CapEff <<<"$output")" = 0000000000000001 ]
	[ "$(status_of NoNewPrivs <<<"$output")" = 1 ]
	[ "$(status_of Seccomp <<<"$output")" = 2 ]
	[[ "$output" != *SECRET* && "$output" == *V=1* ]]
	[[ "$output" == *$'0027\n64\nbox\n/' ]]
	[ "$(ctr-exec c sh -c 'ls /proc/self/fd | wc -l')" -le 4 ]
	[ "$(ctr-exec --privileged c \
		sh -c 'sed -n "s/^Seccomp:.//p; s/^CapEff:.//p; s/^NoNewPrivs:.//p" \
		/proc/self/status' | tr '\n' ' ')" = \
		"$(sed -n 's/^CapBnd:.//p' /proc/self/status) 0 0 " ]
}

@test "the environment comes from the config, not from /proc/PID/environ; -e adds and replaces" {
	ctr-run -d --name c -e A=1 -e B=2 "$ROOTFS" env -i LIE=1 sleep 1000 >/dev/null
	wait_for 5 sh -c '
		tr "\0" "\n" </proc/$(ctr-inspect -f State.Pid c)/environ | grep -qx LIE=1'
	export FROM=caller
	run -0 ctr-exec -e B=3 -e FROM -e NOTSET c env
	[ "$(grep -E '^(A|B|LIE|FROM|NOTSET)=' <<<"$output" | sort | tr '\n' ' ')" = \
		"A=1 B=3 FROM=caller " ]
	run -125 ctr-exec -e =x c true
	[[ "$output" == *"'=x'"* ]]
}

@test "it returns when the command ends, even if a background child keeps the pipe open" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	mkfifo p
	sleep 100 <>p 3>&- &
	reader=$!
	start=$(date +%s)
	ctr-exec c sh -c 'sleep 15 & exit 3' >p 2>&1 || [ $? = 3 ]
	ctr-exec -t c sh -c 'sleep 15 & exit 0' >p 2>&1
	[ $(($(date +%s) - start)) -lt 10 ]
	kill $reader
}

@test "-t: a terminal that has and follows the caller's size; the exit code is passed on" {
	need script util-linux
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	run -4 script -qec "
		stty rows 33 cols 99
		ctr-exec -it c sh -c 'tty; stty size; echo \$TERM; exit 4'" /dev/null
	[[ "$output" == */dev/pts/0* && "$output" == *"33 99"* && "$output" == *xterm* ]]
	touch out
	run -0 timeout 60 script -qefc "
		stty rows 33 cols 99
		(until grep -q 'ready.\$' out; do sleep 0.05; done; stty rows 44 cols 88 </dev/tty) &
		ctr-exec -t c sh -c '
			trap \"stty size; exit 0\" WINCH
			echo ready
			while :; do
				sleep 0.1
			done'" out
	[[ "$output" == *"44 88"* ]]
	# also if the caller has no terminal
	[ "$(ctr-exec -t c echo x </dev/null | tr -d '\r')" = x ]
}

@test "stdin is the caller's, bytes arrive whole; -d does not wait and outlives it" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	[ "$(head -c 3000000 /dev/zero | ctr-exec -i c sha256sum)" = \
		"$(head -c 3000000 /dev/zero | sha256sum)" ]
	start=$(date +%s)
	ctr-exec -d c sh -c 'sleep 5; echo late'
	ctr-exec -d c sh -c 'echo was here >/here; exec sleep 500'
	[ $(($(date +%s) - start)) -lt 5 ]
	wait_for 5 ctr-exec c grep -q 'was here' /here
	ctr-top c | grep -q "sleep 500"
	run -127 ctr-exec -d c nosuch
	ctr-stop -t 0 c
	run -125 ctr-exec c true
	[[ "$output" == "ctr-exec: c: exited, not running (ctr-start c)" ]]
}

@test "signals reach the command; killed, it takes the command along" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	ctr-exec c sh -c 'trap "exit 9" USR1; touch /ready; while :; do sleep 0.1; done' 3>&- &
	pid=$!
	wait_for 5 ctr-exec c test -e /ready
	kill -USR1 $pid
	wait $pid && false
	[ $? = 9 ]
	ctr-exec c sleep 777 3>&- &
	pid=$!
	wait_for 5 sh -c 'ctr-top c | grep -q "sleep 777"'
	kill -9 $pid
	wait $pid || true
	wait_for 5 sh -c '! ctr-top c | grep -q "sleep 777"'
	run -143 ctr-exec c sh -c 'kill -TERM $$'
}

@test "into a container whose init has made groups below its own and enabled controllers for them" {
	v2=$(awk '$9 == "cgroup2" || $8 == "cgroup2" { print $5; exit }' /proc/self/mountinfo)
	[ -n "$v2" ] || skip "needs a cgroup2 mount"
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	. "$CTR_RUN/containers/c/state"
	ctl=$(cut -d' ' -f1 "$v2/$cgroup/cgroup.controllers")
	[ -n "$ctl" ] || skip "needs a controller on the v2 side"
	mkdir "$v2/$cgroup/init"
	echo "$pid" >"$v2/$cgroup/init/cgroup.procs"
	echo "+$ctl" >"$v2/$cgroup/cgroup.subtree_control"
	run -0 ctr-exec c sh -c 'grep ^0:: /proc/self/cgroup /proc/1/cgroup'
	[ "${lines[0]##*:}" = /init ]
	[ "${lines[1]##*:}" = /init ]
	ctr-rm -f c
	[ ! -e "$v2/$cgroup" ]
}

@test "-u, -w, --privileged and bad input" {
	ctr-run -d --name c -u 1000:1000 "$ROOTFS" sleep 1000 >/dev/null
	[ "$(ctr-exec c id -u)" = 1000 ]
	[ "$(ctr-exec -u root c id -u)" = 0 ]
	[ "$(ctr-exec -u 0:audio -w /tmp c sh -c 'id -g; pwd' | tr '\n' ' ')" = "29 /tmp " ]
	run -125 ctr-exec -u nosuch c true
	run -125 ctr-exec -w tmp c true
	run -125 ctr-exec c
	[[ "$output" == *"COMMAND is missing"* ]]
	run -125 ctr-exec
	run -125 ctr-exec --nosuch c true
	run -0 ctr-exec --help
	[[ "$output" == *"--privileged"* ]]
}

@test "session 8: exec sees the container's processes; its exit code is the command's" {
	ctr-run -d --name jay "$ROOTFS" top -b >/dev/null
	run -0 ctr-exec jay ps
	[[ "$output" == *"1 root"*"top -b"* ]]
	run -5 ctr-exec jay sh -c 'exit 5'
	run -127 ctr-exec jay nosuch
	run -126 ctr-exec jay /etc/passwd
	run -125 ctr-exec nosuch true
	[ "$(ctr-exec -u user -w /tmp jay sh -c 'id -u; pwd' | tr '\n' ' ')" = "1000 /tmp " ]
	[ "$(ctr-exec jay sed -n 's/CapEff:.//p' /proc/self/status)" = 00000000a80425fb ]
	for ns in mnt pid net ipc uts cgroup; do
		[ "$(ctr-exec jay readlink /proc/self/ns/$ns)" = \
			"$(ctr-exec jay readlink /proc/1/ns/$ns)" ]
	done
	[ "$(ctr-exec jay cat /proc/self/cgroup | grep -v systemd | grep -vc ':/$')" = 0 ]
}

@test "session 11: the environment of the container, in exec too" {
	ctr-run -d --name test -e test=123 -e luck=test "$ROOTFS" top -b >/dev/null
	run -0 ctr-exec -e more=1 test env
	for want in test=123 luck=test more=1; do grep -qx $want <<<"$output"; done
}

@test "-t: the end of the input, or a reader that leaves, ends the terminal" {
	ctr-run -d --name c "$ROOTFS" sleep 100
	run -0 timeout 10 bash -c 'echo abc | ctr-exec -t c cat'
	[[ "$output" == *abc* ]]
	printf 'no newline' >f
	run -0 timeout 10 bash -c 'ctr-exec -t c cat <f'
	[[ "$output" == *"no newline"* ]]
	run -0 timeout 10 ctr-exec -t c cat </dev/null
	run timeout 10 bash -c 'ctr-exec -t c yes | head -n 1'
	[ "$status" = 0 ]
	wait_for 5 bash -c '[ "$(ctr-top c | grep -c yes)" = 0 ]'
}

@test "-t: a reader that takes nothing does not keep TERM from it" {
	ctr-run -d --name c "$ROOTFS" sleep 100
	mkfifo out
	sleep 30 <out 3>&- &
	reader=$!
	ctr-exec -t c yes >out </dev/zero 3>&- &
	pid=$!
	full() { stands "$(pgrep -P $pid)"; } # not the child that only makes the command
	wait_for 5 full
	kill -TERM $pid
	SECONDS=0
	code=0
	wait $pid || code=$?
	[ $SECONDS -lt 4 ]
	[ $code = 143 ]
	kill $reader
}

@test "thirty detached commands leave no zombie, with --init and without" {
	for init in '' --init; do
		# shellcheck disable=SC2086
		ctr-run -d --name c $init "$ROOTFS" sleep 100
		# Run where nobody waits for orphans: below a subreaper that does not (prctl(2), 36)
		perl -e 'require "syscall.ph"; $| = 1; syscall(&SYS_prctl, 36, 1, 0, 0, 0); system(@ARGV) == 0 or exit 1; print "done\n"; sleep 30' \
			sh -c 'for n in $(seq 30); do ctr-exec -d c true || exit; done' >done 3>&- &
		reaper=$!
		wait_for 20 grep -q done done
		wait_for 2 \
			bash -c '[ "$(ctr-exec c sh -c "grep -l Z..zombie /proc/[0-9]*/status" |
			wc -l)" = 0 ]'
		kill $reaper
		ctr-rm -f c
	done
	run -125 ctr-exec -d nosuch true
	ctr-run -d --name c "$ROOTFS" sleep 100
	run -127 ctr-exec -d c nosuch
	[ "$output" = \
		"ctr-exec: c: nosuch: not found on the container's PATH (/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)" ]
}

@test "a container that stops what enters it cannot hold ctr-exec" {
	# shellcheck disable=SC2016
	ctr-run -d --name c "$ROOTFS" sh -c '
		while :; do
			for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p = 1 ] || kill -STOP $p; done
		done 2>/dev/null'
	for n in 1 2 3; do
		ctr-exec c sleep 20 3>&- &
		pid=$!
		wait_for 5 child_stopped $pid
		SECONDS=0
		for t in 1 2 3 4; do
			kill -TERM $pid 2>/dev/null || break
			sleep 0.2
		done
		wait $pid || code=$?
		[ $SECONDS -lt 4 ]
		[ "$code" = 143 ] || [ "$code" = 137 ]
	done
}

@test "without -t a terminal and a fifo of the host keep their owner" {
	need script bsdutils
	ctr-run -d --name c "$ROOTFS" sleep 100
	run -0 script -qec "ctr-exec -u 1000 c true; stat -c %u \$(tty)" /dev/null
	[ "${output%$'\r'}" = 0 ]
	mkfifo p
	cat p >/dev/null 3>&- &
	ctr-exec -u 1000 c true >p
	[ "$(stat -c %u p)" = 0 ]
}

# bats test_tags=ctr-run
@test "the caller's pipe belongs to the command's user while it runs, then is given back" {
	local how
	ctr-run -d --name c "$ROOTFS" sleep 100
	for how in "ctr-run -u 1000 $ROOTFS" "ctr-run --userns auto -u 7 $ROOTFS" \
		"ctr-run --userns auto $ROOTFS" "ctr-exec -u 1000 c"; do
		run -0 bash -c '
			($1 sh -c "echo in >/dev/stdout"; $1 /nosuch
			stat -Lc %u:%g /proc/self/fd/1) 2>/dev/null | cat' - "$how"
		[ "$output" = "in
0:0" ] || { echo "$how: $output"; false; }
	done
}

@test "--env-file, from a pipe too" {
	ctr-run -d --name c "$ROOTFS" sleep 100
	[ "$(ctr-exec --env-file <(echo 'export A=1') -e B=2 c sh -c 'echo $A$B')" = 12 ]
}

@test "-t: what a command writes that has ended before its relay begins is not lost" {
	need strace strace
	ctr-run -d --name c "$ROOTFS" sleep 60
	for _ in 1 2 3 4 5; do
		strace -qq -e trace=recvmsg -e inject=recvmsg:delay_exit=200000:when=3 -o calls \
			ctr-exec -t c echo x </dev/null >out
		grep -q DELAYED calls
		[ "$(tr -d '\r' <out)" = x ]
	done
}

@test "its memory costs few system calls: what was given back is taken again" {
	need strace strace
	[[ "$BIN" != */san/* ]] || skip "the sanitizers have a malloc of their own"
	ctr-run -d --name c "$ROOTFS" sleep 60
	strace -f -qq -e trace=mmap,munmap -o calls ctr-exec c true
	cat calls
	[ "$(grep -c 'munmap(.*, 4096)' calls)" -eq 0 ]
	[ "$(grep -c 'mmap(NULL, 4096, ' calls)" -eq 0 ]
}

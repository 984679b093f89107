#!/usr/bin/env bats
# ctr-nsenter: nsenter(1)'s flags, and containers by name.

load lib

@test "every namespace of a container by its name; a new process in its pid namespace" {
	ctr-run -d --name c -h box "$ROOTFS" sleep 1000 >/dev/null
	run -0 ctr-nsenter -t c -a sh -c 'hostname; ls /proc | grep -c "^[0-9]*$"'
	[ "${lines[0]}" = box ]
	[ "${lines[1]}" -le 6 ]
	for ns in uts ipc net cgroup; do
		[ "$(ctr-nsenter -t c --$ns readlink /proc/self/ns/$ns)" = \
			"$(ctr-exec c readlink /proc/1/ns/$ns)" ]
	done
	[ "$(ctr-nsenter -t c -u hostname)" = box ]
	[ "$(ctr-nsenter -t c -m cat /etc/os-release)" = NAME=ctrbox ]
}

@test "by pid and by a namespace file" {
	ctr-run -d --name c -h box "$ROOTFS" sleep 1000 >/dev/null
	pid=$(ctr-inspect -f State.Pid c)
	[ "$(ctr-nsenter -t "$pid" -u hostname)" = box ]
	[ "$(ctr-nsenter --uts="/proc/$pid/ns/uts" hostname)" = box ]
	[ "$(ctr-nsenter -u"/proc/$pid/ns/uts" hostname)" = box ]
}

@test "root, working directory, ids and environment of the target" {
	ctr-run -d --name c -e MARK=1 "$ROOTFS" sleep 1000 >/dev/null
	[ "$(ctr-nsenter -t c -m -r -w /bin/sh -c 'pwd; ls /etc/os-release' | tr '\n' ' ')" = \
		"/ /etc/os-release " ]
	[ "$(ctr-nsenter -t c -m -r -S 1000 -G 1000 /bin/id -u)" = 1000 ]
	ctr-nsenter -t c -m -r --env /bin/env | grep -qx MARK=1
}

@test "user, cgroup and time namespaces, and each of them by a file; -F does not fork" {
	ctr-run -d --name c --userns auto "$ROOTFS" sleep 1000 >/dev/null
	pid=$(ctr-inspect -f State.Pid c)
	for ns in user:U cgroup:C time:T ipc:i net:n pid:p mnt:m; do
		name=${ns%:*} flag=${ns#*:}
		[ -e "/proc/$pid/ns/$name" ] || continue
		long=$name
		[ $name != mnt ] || long=mount
		want=$(readlink "/proc/$pid/ns/$name")
		if [ $name = mnt ]; then
			[ "$(ctr-nsenter -t c -m sh -c 'echo /etc/os-release')" = /etc/os-release ]
			continue
		fi
		if [ $name = user ]; then # its id map is what tells
			[ "$(ctr-nsenter -t c -U cat /proc/self/uid_map)" = \
				"$(cat "/proc/$pid/uid_map")" ]
			[ "$(ctr-nsenter --user="/proc/$pid/ns/user" cat /proc/self/uid_map)" = \
				"$(cat "/proc/$pid/uid_map")" ]
			continue
		fi
		[ $name != pid ] || continue # the next test
		[ "$(ctr-nsenter -t c -$flag readlink /proc/self/ns/$name)" = "$want" ]
		[ "$(ctr-nsenter --$long="/proc/$pid/ns/$name" readlink /proc/self/ns/$name)" = \
			"$want" ]
	done
	run -0 bash -c 'echo $$; exec ctr-nsenter -t c -n -p -F sh -c "echo \$\$"'
	[ "${lines[0]}" = "${lines[1]}" ]
	[ "$(ctr-nsenter -t c -p -F readlink /proc/self/ns/pid)" = "$(readlink /proc/self/ns/pid)" ]
	[ "$(ctr-nsenter -t c -p readlink /proc/self/ns/pid)" = "$(readlink "/proc/$pid/ns/pid")" ]
	run -125 ctr-nsenter -t c -S x true
	run -125 ctr-nsenter --net=./nosuch true
	[[ "$output" == *"/nosuch: "*"No such file"* ]]
}

@test "exit codes: the command's, 128+N, 127, 126, 125" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	run -9 ctr-nsenter -t c -p sh -c 'exit 9'
	run -143 ctr-nsenter -t c -p sh -c 'kill -TERM $$'
	run -127 ctr-nsenter -t c -p nosuch
	run -126 ctr-nsenter -t c -p /etc/passwd
	run -125 ctr-nsenter -t nosuch -a true
	run -125 ctr-nsenter -t 4000000 -a true
	run -125 ctr-nsenter -n true
}

@test "a signal reaches the command" {
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	ctr-nsenter -t c -p sh -c 'trap "exit 8" USR1; while :; do sleep 0.1; done' &
	pid=$!
	wait_for 5 eval 'handles USR1 "$(pgrep -P $pid)"'
	kill -USR1 $pid
	wait $pid || code=$?
	[ "$code" = 8 ]
}

@test "a container that stops what enters it cannot hold ctr-nsenter" {
	# shellcheck disable=SC2016
	ctr-run -d --name stopper "$ROOTFS" sh -c '
		while :; do
			for p in /proc/[0-9]*; do
				[ "$p" = /proc/1 ] || kill -STOP "${p#/proc/}" 2>/dev/null
			done
		done' >/dev/null
	for s in TERM HUP; do
		ctr-nsenter -t stopper -p sleep 1000 3>&- &
		local p=$!
		wait_for 5 child_stopped $p
		wait_for 5 stands $p # it waits, and is not stopped
		kill -"$s" $p
		wait_for 5 no_process $p
	done
	# as ^Z, which reaches both, in any order: both stand still, and go on together
	for n in 1 2 3 4 5; do
		# With job control: in an orphaned process group, as a test's may be, the kernel
		# does not heed SIGTSTP.
		set -m
		ctr-unshare -f -m sleep 1000 3>&- &
		set +m
		p=$!
		wait_for 5 pgrep -P $p
		kill -TSTP "$(pgrep -P $p)" $p
		wait_for 5 grep -q ') T' /proc/$p/stat
		kill -CONT $p
		wait_for 5 sh -c "! grep -q ') T' /proc/$p/stat /proc/$(pgrep -P $p)/stat"
		kill $p
		wait_for 5 no_process $p
	done
}

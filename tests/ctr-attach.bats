#!/usr/bin/env bats
# ctr-attach: the output and the input of a detached container.

load lib

@test "a prompt without a newline is shown at once, input arrives, the exit code is passed on" {
	ctr-run -d -i --name c "$ROOTFS" sh -c '
		read go; printf "name? "; read x; echo "hello $x"; exit 7' >/dev/null
	mkfifo in
	ctr-attach c <in >out 3>&- &
	p=$!
	exec 8>in
	echo >&8
	wait_for 5 grep -q 'name?' out
	echo you >&8
	wait $p || code=$?
	exec 8>&-
	[ "$code" = 7 ]
	[ "$(cat out)" = "name? hello you" ]
}

@test "attach to a terminal: the shell's prompt and echo, the window's size and its changes" {
	need script util-linux
	ctr-run -d -i -t --name c -e PS1='prompt% ' "$ROOTFS" sh >/dev/null
	typist() {
		sleep 1
		echo 'echo $((6*7))'
		sleep 2
		echo 'stty size'
		sleep 1
		echo 'exit 5'
		sleep 1
	}
	run -5 timeout 30 script -qec "
		stty rows 30 cols 90
		(sleep 0.7; stty rows 31 cols 91 </dev/tty) &
		ctr-attach c" /dev/null < <(typist)
	[[ "$output" == *"prompt% "* && "$output" == *"31 91"* && "$output" == *42* ]]
}

@test "attach --no-stdin only looks; one that does not run is refused" {
	ctr-run -d -i --name c "$ROOTFS" sh -c 'read x; echo "got $x"' >/dev/null
	echo no | timeout 1 ctr-attach --no-stdin c || [ $? = 124 ]
	[ "$(ctr-ps -n -o status)" = running ]
	echo yes | timeout 20 ctr-attach c >/dev/null
	[ "$(ctr-wait c)" = 0 ]
	[ "$(ctr-logs c)" = "got yes" ]
	run -125 ctr-attach c
	[ "$output" = "ctr-attach: c: exited, not running" ]
	run -125 ctr-attach
}

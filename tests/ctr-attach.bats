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
	size() { [ "$(ctr-exec c stty -F /dev/pts/0 size)" = "$1" ]; }
	typist() {
		wait_for 10 grep -q 'prompt% ' out
		echo 'echo $((6*7))'
		wait_for 10 grep -q '^42' out
		wait_for 10 size "30 90"
		stty -F "$(cat tty)" rows 31 cols 91
		wait_for 10 size "31 91"
		echo 'stty size'
		wait_for 10 grep -q '^31 91' out
		echo 'exit 5'
	}
	touch out
	run -5 timeout 30 script -qefc "
		tty >tty
		stty rows 30 cols 90
		ctr-attach c" out < <(typist 3>&-)
	echo "$output"
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
	[ "$output" = "ctr-attach: c: exited, not running (ctr-start c)" ]
	run -125 ctr-attach
}

#!/usr/bin/env bats
# ctr-run in the foreground: session 1 of the textbook and what docker run's users expect.

load lib

# bats test_tags=v2
@test "session 1: new namespaces; the command is PID 1; arguments arrive as they were" {
	run -0 ctr-run "$ROOTFS" sh -c '
		echo $$; hostname; ip -o link | wc -l; wc -l </proc/sysvipc/msg'
	[ "${lines[0]}" = 1 ]
	[ "${#lines[1]}" = 12 ]
	[ "${lines[2]}" = 1 ]
	[ "${lines[3]}" = 1 ]
	run -0 ctr-run "$ROOTFS" sh -c 'printf "%s\n" "$1"' x 'a  b'
	[ "$output" = "a  b" ]
	for ns in mnt pid net ipc uts cgroup; do
		[ "$(ctr-run "$ROOTFS" readlink /proc/self/ns/$ns)" != \
			"$(readlink /proc/self/ns/$ns)" ]
	done
}

@test "the root is an overlay: what is written is not in the folder, and gone afterwards" {
	cp -a "$ROOTFS" r
	before=$(find r | sort | md5sum)
	run -0 ctr-run ./r sh -c 'mkdir /aaa; echo x >/aaa/test.txt; rm /etc/passwd; ls /aaa'
	[ "$output" = test.txt ]
	[ "$(find r | sort | md5sum)" = "$before" ]
	[ -z "$(ls "$CTR_LIB/containers")" ]
}

@test "--direct uses the folder itself" {
	cp -a "$ROOTFS" r
	ctr-run --direct ./r touch /made
	[ -e r/made ]
}

# bats test_tags=v2
@test "exit codes: the command's, 128+N, 127, 126, 125" {
	run -7 ctr-run "$ROOTFS" sh -c 'exit 7'
	run -143 ctr-run "$ROOTFS" sh -c 'sh -c "kill -TERM \$\$"; exit $?'
	run -127 ctr-run "$ROOTFS" nosuch
	[[ "$output" == *"nosuch: not found on the container's PATH"* ]]
	run -127 ctr-run "$ROOTFS" /bin/nosuch
	run -126 ctr-run "$ROOTFS" /etc/passwd
	[[ "$output" == *"Permission denied"* ]]
	run -125 ctr-run --nosuch "$ROOTFS"
	run -125 ctr-run ./nosuch/
	[[ "$output" == *"No such file"* ]]
	run -125 ctr-run --memory 3 "$ROOTFS" true
	run -0 ctr-run "$ROOTFS" true
}

@test "127 and 126 say what is missing: interpreter, CR, another machine's program, no program" {
	cp -a "$ROOTFS" r
	printf '#!/bin/nosh\n' >r/a
	printf '#!/bin/sh\r\n' >r/b
	printf '\177ELF\002\001\001\000\000\000\000\000\000\000\000\000\002\000\363\000%050d' 0 >r/c
	echo echo >r/d
	chmod 755 r/[abcd]
	run -127 ctr-run ./r /a
	[[ "$output" == *"interpreter /bin/nosh is not in the container"* ]]
	run -127 ctr-run ./r /b
	[[ "$output" == *"carriage return"* ]]
	run -126 ctr-run ./r /c
	[[ "$output" == *"another machine"* ]]
	run -126 ctr-run ./r /d
	[[ "$output" == *"neither an ELF program nor a script"* ]]
}

@test "stdin, stdout and stderr are the caller's own: bytes arrive whole, with a slow reader too" {
	not_in_rig "a GiB takes minutes"
	size=${CTR_TEST_BYTES:-1073741824}
	want=$(head -c "$size" /dev/zero | sha256sum)
	[ "$(head -c "$size" /dev/zero | ctr-run "$ROOTFS" sha256sum)" = "$want" ]
	[ "$(head -c "$size" /dev/zero | ctr-run "$ROOTFS" cat | (sleep 1; sha256sum))" = "$want" ]
	run -0 --separate-stderr ctr-run "$ROOTFS" sh -c 'echo out; echo err >&2'
	[ "$output" = out ]
	[ "$stderr" = err ]
}

@test "the environment is the flags', PATH, HOME, HOSTNAME, TERM; nothing of the caller's" {
	export SECRET=1 PASSED=2
	printf 'F=from file\n# no\n\nG=2\r\n' >file
	run -0 ctr-run -h box -e A=1 -e PASSED -e NOTSET --env-file file "$ROOTFS" env
	[[ "$output" != *SECRET* ]]
	for want in A=1 PASSED=2 "F=from file" G=2 HOME=/root HOSTNAME=box; do
		grep -qx "$want" <<<"$output"
	done
	[[ "$output" != *NOTSET* ]]
	run -125 ctr-run -e =x "$ROOTFS" true
}

@test "-w, -u by name and number, --group-add, --hostname, --umask, --ulimit" {
	run -0 ctr-run -w /made/here -u user --group-add tty -h box --umask 077 \
		--ulimit nofile=64:128 "$ROOTFS" sh -c '
			pwd; id; hostname; umask; ulimit -n; ulimit -Hn; echo $HOME'
	[ "${lines[0]}" = /made/here ]
	[ "${lines[1]}" = "uid=1000(user) gid=1000(user) groups=5(tty),29(audio),1000(user)" ]
	[ "${lines[2]}" = box ]
	[ "${lines[3]}" = 0077 ]
	[ "${lines[4]}" = 64 ]
	[ "${lines[5]}" = 128 ]
	[ "${lines[6]}" = /home/user ]
	[ "$(ctr-run -u 1234:42 "$ROOTFS" id -u)" = 1234 ]
	[ "$(ctr-run -u 1234:42 "$ROOTFS" id -g)" = 42 ]
	run -125 ctr-run -u nosuch "$ROOTFS" true
	[[ "$output" == *"'nosuch' is not in the container's /etc/passwd"* ]]
}

@test "-v: folder, file, read-only; made when missing; a link in the image does not lead out" {
	cp -a "$ROOTFS" r
	ln -s /etc r/link
	mkdir src
	echo 1 >src/a
	ctr-run -v "$WORLD/src:/data" -v "$WORLD/src/a:/one" ./r sh -c '
		cat /data/a /one; echo 2 >/data/b'
	[ "$(cat src/b)" = 2 ]
	run ctr-run -v "$WORLD/src:/data:ro" ./r sh -c 'echo x >/data/c'
	[[ "$output" == *"Read-only"* ]]
	ctr-run -v "$WORLD/new:/data" ./r touch /data/x
	[ -e new/x ]
	ctr-run -v "$WORLD/src:/link/sub" ./r test -e /etc/sub/a
	[ ! -e /etc/sub ]
}

@test "--read-only, --tmpfs, --shm-size" {
	run ctr-run --read-only "$ROOTFS" touch /x
	[[ "$output" == *"Read-only"* ]]
	ctr-run --read-only --tmpfs /tmp:size=1m "$ROOTFS" touch /tmp/x
	run -0 ctr-run --shm-size 1m "$ROOTFS" df -k /dev/shm
	[[ "${lines[-1]}" == *" 1024 "* ]]
}

@test "--read-only: the root is read-only; volumes and what is in memory are as before" {
	mkdir -m 777 v
	for flags in "" "--userns auto"; do
		# shellcheck disable=SC2086 # words
		run -0 ctr-run $flags --read-only --add-host a:1.2.3.4 -v "$PWD/v:/v" \
			--tmpfs /run:size=1m "$ROOTFS" sh -c '
			for d in / /etc /tmp /home /var /proc /sys; do
				if touch $d/new 2>/dev/null; then echo "written: $d"; fi
			done
			# on the disk of the host
			for f in /etc/hosts /etc/hostname /etc/resolv.conf; do
				if echo >>$f 2>/dev/null; then echo "written: $f"; fi
			done
			for f in /dev/shm/x /run/x /v/x; do
				echo 1 >$f || echo "not written: $f"
			done
			echo x >/dev/null
			cat /proc/self/comm
			ls -d /sys/kernel
			stat -f -c %T /dev /dev/shm
			rm /v/x
			mount -o remount,rw / || echo kept'
		echo "$output"
		[[ $output != *written* && $output == *cat$'\n'/sys/kernel$'\ntmpfs\ntmpfs\n'* &&
			${lines[-1]} == kept ]]
	done
	ctr-run -d --name ro --read-only "$ROOTFS" sleep 100 >/dev/null
	run ctr-exec ro touch /etc/x
	[[ $status -ne 0 && "$output" == *"Read-only"* ]]
}

@test "--security-opt: docker's words that change nothing here, and systempaths=unconfined" {
	default=$(ctr-run "$ROOTFS" sh -c '
		grep -E "NoNewPrivs|Seccomp:|CapEff" /proc/self/status
		grep -c " /proc/" /proc/self/mountinfo')
	for opt in apparmor=unconfined apparmor:unconfined label=disable label:disable \
		no-new-privileges:false no-new-privileges=false seccomp=builtin; do
		run -0 ctr-run --security-opt $opt "$ROOTFS" sh -c '
			grep -E "NoNewPrivs|Seccomp:|CapEff" /proc/self/status
			grep -c " /proc/" /proc/self/mountinfo'
		[ "$output" = "$default" ]
	done
	for opt in no-new-privileges no-new-privileges:true no-new-privileges=true; do
		[ "$(ctr-run --security-opt apparmor=unconfined \
			--security-opt $opt "$ROOTFS" sed -n 's/NoNewPrivs:.//p' \
			/proc/self/status)" = 1 ]
	done
	# no mask and nothing read-only in /proc; the filter and the capabilities stay
	run -0 ctr-run --security-opt systempaths=unconfined "$ROOTFS" sh -c '
		grep -E "Seccomp:|CapEff" /proc/self/status
		grep -c " /proc/" /proc/self/mountinfo
		head -c 1 /proc/timer_list | wc -c
		echo box2 >/proc/sys/kernel/domainname && cat /proc/sys/kernel/domainname'
	echo "$output"
	[[ $output == *$'Seccomp:\t2\n0\n1\nbox2' && $output == *00000000a80425fb* ]]
	for bad in label=x:y apparmor= no-new-privileges:maybe systempaths=x no-such; do
		run ctr-run --security-opt $bad "$ROOTFS" true
		[[ $status -eq 125 && ${lines[0]} == *"'$bad' is not known"* ]]
	done
}

# bats test_tags=v2
@test "/proc, /sys, /dev: usual nodes, masks, read-only paths, fourteen capabilities" {
	run -0 ctr-run "$ROOTFS" sh -c '
		ls /dev
		grep CapEff /proc/self/status
		cat /proc/timer_list | wc -c
		ls /proc/self/fd | wc -l'
	for n in null zero full random urandom tty ptmx pts shm mqueue fd stdin stdout stderr; do
		grep -qx $n <<<"$output"
	done
	[[ "$output" == *00000000a80425fb* ]]
	run ctr-run "$ROOTFS" sh -c 'echo 1 >/proc/sys/kernel/panic'
	[[ "$output" == *"Read-only"* ]]
	run ctr-run "$ROOTFS" sh -c 'mkdir /sys/fs/cgroup/x /sys/x'
	[ "$status" -ne 0 ]
	run ctr-run "$ROOTFS" sh -c 'mknod /d b 8 0 && cat /d'
	[[ "$output" == *"not permitted"* ]]
}

@test "no descriptor of the host reaches the container" {
	exec 7</etc/passwd 9</
	run -0 ctr-run "$ROOTFS" sh -c 'ls /proc/self/fd'
	exec 7<&- 9<&-
	[ "${#lines[@]}" -le 4 ]
}

@test "--cap-add, --cap-drop, --privileged, --security-opt no-new-privileges" {
	[ "$(ctr-run --cap-drop ALL --cap-add net_raw "$ROOTFS" sed -n 's/CapBnd:.//p' \
		/proc/self/status)" = 0000000000002000 ]
	[ "$(ctr-run --cap-drop CHOWN "$ROOTFS" sed -n 's/CapEff:.//p' /proc/self/status)" = \
		00000000a80425fa ]
	run -0 ctr-run --privileged "$ROOTFS" sh -c 'grep CapEff /proc/self/status; ls /dev/kmsg'
	[[ "${lines[0]}" != *a80425fb ]]
	[ "$(ctr-run --security-opt no-new-privileges "$ROOTFS" sed -n 's/NoNewPrivs:.//p' \
		/proc/self/status)" = 1 ]
	run -125 ctr-run --cap-add nosuch "$ROOTFS" true
	# it is not taken for the first one alone
	run -125 ctr-run --cap-drop net_raw+mknod "$ROOTFS" true
	[ "$(ctr-run --cap-drop net_raw,mknod "$ROOTFS" sed -n 's/CapBnd:.//p' /proc/self/status)" \
		= 00000000a00405fb ]
	[ "$(ctr-run --cap-drop ALL --cap-drop chown --cap-add CAP_CHOWN "$ROOTFS" \
		sed -n 's/CapBnd:.//p' /proc/self/status)" = 0000000000000001 ]
	[ "$(ctr-run --security-opt no-new-privileges --security-opt no-new-privileges=false \
		"$ROOTFS" sed -n 's/NoNewPrivs:.//p' /proc/self/status)" = 0 ]
}

@test "--sysctl: namespaced ones only, and nothing smuggled" {
	[ "$(ctr-run --sysctl net.ipv4.ip_forward=1 "$ROOTFS" cat /proc/sys/net/ipv4/ip_forward)" \
		= 1 ]
	run -125 ctr-run --sysctl kernel.panic=1 "$ROOTFS" true
	run -125 ctr-run --sysctl vm.swappiness=1 "$ROOTFS" true
	[[ "$output" == *"vm.swappiness is not a container's own"* ]]
	run -125 ctr-run --ipc host --sysctl kernel.msgmax=9000 "$ROOTFS" true
	[[ "$output" == *"no ipc namespace of its own"* ]]
	run -125 ctr-run --sysctl net.ipv4.nosuch=1 "$ROOTFS" true
	[[ "$output" == *"no such setting"* ]]
	run -125 ctr-run --sysctl $'kernel.shm_rmid_forced=1\nkernel.core_pattern=|/x' \
		"$ROOTFS" true
	run -125 ctr-run --sysctl kernel.shm_rmid_forced=1+kernel.core_pattern=x "$ROOTFS" true
	run -125 ctr-run --net host --sysctl net.ipv4.ip_forward=1 "$ROOTFS" true
}

# bats test_tags=v2
@test "--net, --pid, --ipc, --uts, --cgroupns host share the host's" {
	for ns in net pid ipc uts; do
		[ "$(ctr-run --$ns host "$ROOTFS" readlink /proc/self/ns/$ns)" = \
			"$(readlink /proc/self/ns/$ns)" ]
	done
	[ "$(ctr-run --cgroupns host "$ROOTFS" readlink /proc/self/ns/cgroup)" = \
		"$(readlink /proc/self/ns/cgroup)" ]
	run -0 ctr-run "$ROOTFS" ip -o addr
	[[ "$output" == *"lo"*"127.0.0.1/8"* ]]
}

# bats test_tags=v2
@test "--userns auto: root inside, nobody special outside" {
	run -0 --separate-stderr ctr-run --userns auto "$ROOTFS" sh -c '
		id -u; cat /proc/self/uid_map; touch /x; ls -la /dev/null'
	[ "${lines[0]}" = 0 ]
	[[ "${lines[1]}" != *" 0 "*" 4294967295" ]]
}

@test "-t: a terminal with the caller's size; /dev/console is it; the exit code passes" {
	need script util-linux
	run script -qec "
		stty rows 33 cols 99
		ctr-run -it $ROOTFS sh -c 'tty; stty size; ls /dev/console; exit 4'" /dev/null
	[ "$status" -eq 4 ]
	[[ "$output" == */dev/pts/0* ]]
	[[ "$output" == *"33 99"* ]]
	[[ "$output" == */dev/console* ]]
}

@test "-t: the size follows the caller's terminal, which is restored after a signal or a failure" {
	need script util-linux
	mkfifo in
	exec 8<>in
	script -qec "
		tty >tty
		stty rows 33 cols 99
		ctr-run -it $ROOTFS sh -c '
			trap \"stty size; exit 5\" WINCH
			echo ready
			while :; do
				sleep 0.1
			done'" /dev/null >out <&8 &
	pid=$!
	wait_for 10 grep -q ready out
	stty -F "$(cat tty)" rows 40 cols 101
	code=0
	wait $pid || code=$?
	[ "$code" = 5 ]
	grep -q "40 101" out
	script -qec "
		stty -g >before
		ctr-run -it $ROOTFS nosuch
		stty -g >after" /dev/null <&8 >/dev/null || true
	cmp before after
	script -qec "
		stty -g >before
		ctr-run -it --name t $ROOTFS sleep 1000
		echo \$? >code
		stty -g >after" /dev/null <&8 >/dev/null &
	wait_for 10 ctr-exec t true
	ctr=$(sed -n "s/^monitor='\(.*\)'/\1/p" "$CTR_RUN/containers/t/state")
	for _ in 1 2 3; do
		# a sleep that is PID 1 takes none: the first one ends it
		kill -TERM "$ctr" 2>/dev/null || break
		wait_for 5 taken "$ctr"
	done
	wait
	[ "$(cat code)" = 137 ]
	cmp before after
	exec 8<&-
}

# bats test_tags=v2
@test "signals reach the command; a killed ctr-run takes the container with it" {
	ctr-run --name sig "$ROOTFS" sh -c '
		trap "echo got; exit 9" USR1; while :; do sleep 0.1; done' >out &
	pid=$!
	wait_for 5 ctr-exec sig true
	wait_for 5 handles USR1 "$(ctr-inspect -f State.Pid sig)"
	kill -USR1 $pid
	code=0
	wait $pid || code=$?
	[ $code = 9 ]
	[ "$(cat out)" = got ]
	ctr-run --name kill "$ROOTFS" sleep 1000 &
	pid=$!
	wait_for 5 ctr-exec kill true
	child=$(ctr-inspect -f State.Pid kill)
	kill -9 $pid
	wait $pid || true
	wait_for 5 sh -c "! kill -0 $child 2>/dev/null"
	ctr-gc
	[ -z "$(ctr-ps -aq)" ]
}

@test "a PID 1 that ignores signals: the third Ctrl-C kills it, and says so" {
	ctr-run --name ign "$ROOTFS" sh -c 'trap "" INT; while :; do sleep 0.1; done' 2>err &
	pid=$!
	wait_for 5 ctr-exec ign true
	for _ in 1 2 3; do
		kill -INT $pid
		wait_for 5 taken $pid
	done
	wait $pid || code=$?
	[ "$code" = 137 ]
	grep -q killed err
}

@test "--init: PID 1 forwards and reaps; the exit code is the command's" {
	run -3 ctr-run --init "$ROOTFS" sh -c 'echo $$; cat /proc/1/comm; exit 3'
	[ "${lines[0]}" != 1 ]
}

@test "--name is refused twice, --keep keeps, --cidfile and --pidfile are written" {
	ctr-run --keep --name kept --cidfile id "$ROOTFS" touch /mine
	[ "$(ctr-inspect -f Id kept)" = "$(cat id)" ]
	[ "$(ctr-ps -a -n -o status)" = exited ]
	[ -e "$CTR_LIB/containers/kept/upper/mine" ]
	run -125 ctr-run --name kept "$ROOTFS" true
	[[ "$output" == *"this name already"* ]]
	run -125 ctr-run --name '../x' "$ROOTFS" true
	run -125 ctr-run --cidfile id "$ROOTFS" true
}

@test "--pidfile names the first process after each start; if it cannot be written nothing runs" {
	ctr-run -d --name p --pidfile pid "$ROOTFS" sleep 1000 >/dev/null
	[ "$(cat pid)" = "$(ctr-inspect -f State.Pid p)" ]
	ctr-restart -t 0 p >/dev/null
	[ "$(cat pid)" = "$(ctr-inspect -f State.Pid p)" ]
	ctr-rm -f p
	run -125 ctr-run --pidfile nosuch/pid "$ROOTFS" sleep 1000
	[[ "$output" == *"--pidfile: "*"nosuch/pid: "*"No such file"* ]]
	[ -z "$(ctr-ps -aq)" ]
}

@test "docker's long names; --label, --stop-signal, --entrypoint, --domainname" {
	mkdir v
	run -0 ctr-run --interactive --network none --volume "$WORLD/v:/v" --env A=1 --workdir /v \
		--user 1:2 --hostname h "$ROOTFS" sh -c '
			pwd; id -u; id -g; echo $A; hostname; ip -o link | wc -l'
	[ "$(tr '\n' ' ' <<<"$output")" = "/v 1 2 1 h 1 " ]
	ctr-run --keep --name l --label a=b -l c "$ROOTFS" true
	[ "$(ctr-inspect -f "{{.Config.Labels.a}}" l)" = b ]
	run -125 ctr-run --label $'a=b\nc' "$ROOTFS" true
	ctr-run -d --name s --stop-signal USR1 "$ROOTFS" sh -c '
		trap "exit 9" USR1; while :; do sleep 0.1; done' >/dev/null
	wait_for 5 handles USR1 "$(ctr-inspect -f State.Pid s)"
	ctr-stop -t 20 s
	[ "$(ctr-inspect -f State.ExitCode s)" = 9 ]
	run -125 ctr-run --stop-signal NOPE "$ROOTFS" true
	[[ "$output" == *"'NOPE' is not a signal"* ]]
	run -0 ctr-run --entrypoint /bin/echo "$ROOTFS" one two
	[ "$output" = "one two" ]
	[ "$(ctr-run --domainname d "$ROOTFS" cat /proc/sys/kernel/domainname)" = d ]
}

# bats test_tags=v2
@test "--pid and --ipc container:NAME share that container's; --no-pivot does without pivot_root" {
	ctr-run -d --name a "$ROOTFS" sleep 1000 >/dev/null
	run -0 ctr-run --pid container:a "$ROOTFS" ps
	[[ "$output" == *"sleep 1000"* ]]
	[ "$(ctr-run --ipc container:a "$ROOTFS" readlink /proc/self/ns/ipc)" = \
		"$(ctr-exec a readlink /proc/self/ns/ipc)" ]
	run -125 ctr-run --pid container:nosuch "$ROOTFS" true
	[[ "$output" == *"nosuch: no such container"* ]]
	run -0 ctr-run --no-pivot "$ROOTFS" sh -c 'ls -a /..; wc -l </proc/self/mountinfo'
	[ "${lines[0]}" = . ]
	[[ "$output" == *bin* && "$output" != *root/build* ]]
}

# bats test_tags=v2
@test "--device and --ulimit: given as asked for, refused in one line where there is none" {
	run -0 ctr-run --device /dev/null:/dev/mine:r "$ROOTFS" ls -l /dev/mine
	[[ "$output" == *"1,   3"* ]]
	run ctr-run --device /dev/zero:/dev/mine:r "$ROOTFS" sh -c '
		head -c 1 /dev/mine | wc -c; echo x >/dev/mine'
	[ "${lines[0]}" = 1 ]
	for bad in /dev/nosuch "$WORLD" /dev/null:/dev/x:q; do
		run -125 ctr-run --device "$bad" "$ROOTFS" true
		[ "${#lines[@]}" = 1 ]
	done
	for bad in nofile=x nosuch=1 nofile=200:100 nofile; do
		run -125 ctr-run --ulimit "$bad" "$ROOTFS" true
		[ "${#lines[@]}" = 1 ]
	done
	[ -z "$(ctr-ps -aq)" ]
}

@test "inside a container: what is not allowed is named with its remedy; --privileged works" {
	not_in_rig "cgroup v2 gives limits below a group without processes only"
	build=$top/build
	run ctr-run -v "$build:/b:ro" "$ROOTFS" sh -c '/b/bin/ctr-run /b/rootfs/ true; echo $?'
	[[ "$output" == *"cgroup mount"* ]]
	[[ "$output" == *"inside another container: it needs CAP_SYS_ADMIN there"* ]]
	[ "${lines[-1]}" = 125 ]
	run ctr-run -v "$build:/b:ro" "$ROOTFS" sh -c '
		/b/bin/ctr-run --userns auto /b/rootfs/ true; echo $?'
	[[ "$output" == *"seccomp filter refuses them"* ]]
	run ctr-run --cap-add SYS_ADMIN --security-opt seccomp=unconfined \
		-v "$build:/b:ro" "$ROOTFS" sh -c '
			/b/bin/ctr-run /b/rootfs/ true
			echo $?
			/b/bin/ctr-run --net host --direct /b/rootfs/ echo inner'
	[[ "$output" == *"needs CAP_NET_ADMIN there, or --net host"* ]]
	[ "${lines[-1]}" = inner ]
	run -0 ctr-run --privileged -v "$build:/b:ro" "$ROOTFS" /b/bin/ctr-run /b/rootfs/ true
	[[ "$output" == *"a writable layer cannot lie in"* ]]
	run -7 ctr-run --privileged --tmpfs /var/lib/ctr -v "$build:/b:ro" "$ROOTFS" \
		/b/bin/ctr-run -m 20m /b/rootfs/ sh -c 'exit 7'
}

# bats test_tags=v2
@test "in namespaces made by others: unshare's mounts, pids and users" {
	need unshare util-linux
	for flags in -m "-mp --fork --mount-proc" "-p --fork" -C -Ur; do
		# shellcheck disable=SC2086
		[ "$(unshare $flags ctr-run "$ROOTFS" sh -c 'echo $$; touch /x')" = 1 ]
	done
	run -125 unshare -Ur ctr-run --userns auto "$ROOTFS" true
	[[ "$output" == *"--userns 0:0:1"* ]]
	unshare -Ur ctr-run --userns 0:0:1 "$ROOTFS" true
	unshare -Ur ctr-run --direct "$ROOTFS" true
}

# bats test_tags=v2
@test "an OCI bundle is run by its config.json; a wrong one is named with line, column and path" {
	mkdir b
	cp -a "$ROOTFS" b/rootfs
	ctr-create --name c "$ROOTFS" sh -c 'echo from the bundle' >/dev/null
	sed 's/"annotations":{[^}]*}/"annotations":{}/' "$CTR_LIB/containers/c/config.json" \
		>b/config.json
	run -0 ctr-run --bundle b
	[ "$output" = "from the bundle" ]
	printf '{"ociVersion":"1.0.2",\n"process":{"args":"sh"}}' >b/config.json
	run -125 ctr-run --bundle b
	[[ "$output" == *"config.json:2:"*"process.args: must be an array"* ]]
	printf '{"ociVersion":"1.0.2",\n"process":{"user":{"uid":0,"gid":0},\n "args":"sh"}}' \
		>b/config.json
	run -125 ctr-run --bundle b
	[[ "$output" == *"config.json:3:"*"process.args: must be an array"* ]]
}

# LINUX-JSON PROCESS-JSON: b/config.json as `runc spec` writes it, with these members more
bundle() {
	cat >b/config.json <<-END
	{"ociVersion": "1.0.2", "root": {"path": "rootfs", "readonly": true}, "hostname": "box",
	 "process": {"user": {"uid": 0, "gid": 0}, "args": ["sh", "-c", "id -u; echo x >/dev/null && ls /dev/full && hostname; exit 6"],
	  "env": ["PATH=/bin"], "cwd": "/", "apparmorProfile": "", "noNewPrivileges": true,
	  "capabilities": {"bounding": ["CAP_KILL"], "effective": ["CAP_KILL"], "permitted": ["CAP_KILL"], "ambient": ["CAP_KILL"]}
	  ${2:+,$2}},
	 "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"},
	  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]}],
	 "linux": {"resources": {"devices": [{"allow": false, "access": "rwm"}]},
	  "namespaces": [{"type": "pid"}, {"type": "ipc"}, {"type": "uts"}, {"type": "mount"}]
	  ${1:+,$1}}}
	END
}

# bats test_tags=v2
@test "a bundle as runc and crun write it: the default devices are there, and allowed" {
	mkdir b
	cp -a "$ROOTFS" b/rootfs
	bundle
	run -6 ctr-run --bundle b
	[ "$(tr '\n' ' ' <<<"$output")" = "0 /dev/full box " ]
	for t in runc crun; do
		command -v $t >/dev/null || continue
		rm b/config.json
		(cd b && $t spec)
		sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"id", "-u"/' b/config.json
		[ "$(ctr-run --bundle b)" = 0 ]
	done
}

# bats test_tags=v2
@test "what a bundle asks for that cannot be given is refused by its place, not left out" {
	mkdir b
	cp -a "$ROOTFS" b/rootfs
	for k in '"personality": {"domain": "LINUX64"}' '"intelRdt": {"closID": "/x"}' \
		'"memoryPolicy": {"mode": "x"}'; do
		bundle "$k"
		run -125 ctr-run --bundle b
		[[ "$output" == *"config.json:"[0-9]*": linux."* ]]
	done
	bundle
	sed -i 's/"resources": {/"resources": {"memory": {"disableOOMKiller": false}, "network": {}, /' b/config.json
	run -6 ctr-run --bundle b
}

host() { # what is mounted, which interfaces and groups there are; but for other tests' groups
	sort /proc/self/mountinfo
	ip -o link | cut -d: -f2
	find /sys/fs/cgroup -maxdepth 2 -type d ! -path '*/ctrt-*' 2>/dev/null | sort
	find /sys/fs/cgroup -maxdepth 3 -path "*/$CTR_CGROUP*" 2>/dev/null ||
		true # others' go meanwhile
}

# bats test_tags=v2
@test "mounts, interfaces and groups of the host are the same after as before" {
	for _ in 1 2 3 4 5; do # others may change something meanwhile
		host >before
		ctr-run "$ROOTFS" true
		ctr-run "$ROOTFS" nosuch || true
		ctr-run -v "$WORLD/nofile:/x:bad" "$ROOTFS" true || true
		ctr-run -u nosuch "$ROOTFS" true || true
		host >after
		! cmp -s before after || break
	done
	diff before after
	[ -z "$(ctr-ps -aq)" ]
}

# bats test_tags=v2
@test "limits from flags are in force; beyond the memory limit: 137 and OOMKilled" {
	run -137 ctr-run --keep --name oom -m 16m "$ROOTFS" sh -c 'exec tail /dev/zero'
	[ "$(ctr-inspect -f State.OOMKilled oom)" = true ]
	run ctr-run --pids-limit 5 "$ROOTFS" sh -c '
		for i in 1 2 3 4 5 6 7 8; do sleep 2 & done; wait'
	[[ "$output" == *"fork"* ]]
}

# bats test_tags=v2
@test "small: a foreground ctr-run peaks at 1.1 MiB, most of it program; /bin/true runs in 512k" {
	ctr-run --name m "$ROOTFS" sleep 1000 &
	pid=$!
	wait_for 10 ctr-exec m true
	peak=$(sed -n 's/VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' /proc/$pid/status)
	kill -9 $pid
	wait $pid || true
	[ -n "${CTR_SAN:-}" ] || [ "$peak" -le 1126 ]
	ctr-run -m 512k "$ROOTFS" /bin/true
}

# bats test_tags=v2
@test "twenty at once: all run, none is left" {
	for i in $(seq 20); do ctr-run "$ROOTFS" echo "$i" >>out & done
	wait
	[ "$(sort -n out | tr '\n' ' ')" = "$(seq 20 | tr '\n' ' ')" ]
	[ -z "$(ctr-ps -aq)" ]
}

# bats test_tags=v2
@test "session 6: detached, with and without a name; ps shows it whole" {
	id=$(ctr-run -d "$ROOTFS" top -b)
	ctr-run -d --name jay "$ROOTFS" top -b >/dev/null
	[ "${#id}" = 12 ]
	run -0 ctr-ps -n -o id,name,status,command
	grep -qE "^$id +$id +running +top -b" <<<"$output"
	grep -qE "jay +running +top -b" <<<"$output"
	[ "$(ctr-ps -q | wc -l)" = 2 ]
}

@test "the launcher returns at once, and its monitor keeps nothing of the caller's" {
	start=$(date +%s%N)
	id=$(ctr-run -d "$ROOTFS" sleep 1000)
	[ $(($(date +%s%N) - start)) -lt 10000000000 ]
	. "$CTR_RUN/containers/$id/state"
	[ "$(readlink "/proc/$monitor/cwd")" = / ]
	run bash -c "
		ls -l /proc/$monitor/fd | grep -v -e /dev/null -e pipe: -e anon_inode \
		-e '$CTR_LIB' -e '$CTR_RUN/containers/$id/state' -e total"
	[ -z "$output" ]
}

# bats test_tags=v2
@test "a command that cannot start is reported now, and leaves nothing" {
	run -127 ctr-run -d "$ROOTFS" nosuch
	[[ "$output" == *"not found"* ]]
	[ -z "$(ctr-ps -aq)" ]
}

# bats test_tags=ctr-wait,ctr-stop,v2
@test "restart on-failure:2 runs it three times; always goes on; a stop is final" {
	ctr-run -d --name r --restart on-failure:2 "$ROOTFS" sh -c 'echo x; exit 3' >/dev/null
	[ "$(ctr-wait r)" = 3 ]
	[ "$(ctr-logs r | wc -l)" = 3 ]
	ctr-run -d --name a --restart always "$ROOTFS" sh -c 'echo x' >/dev/null
	wait_for 5 sh -c '[ "$(ctr-logs a | wc -l)" -ge 3 ]'
	ctr-stop a
	n=$(ctr-logs a | wc -l)
	sleep 0.5
	[ "$(ctr-logs a | wc -l)" = "$n" ]
}

# bats test_tags=v2
@test "two starts with one name: one wins, the other says so" {
	for i in 1 2 3 4 5 6; do
		(ctr-run -d --name one "$ROOTFS" sleep 1000 >/dev/null 2>>err && echo 0 >>codes ||
			echo $? >>codes) &
	done
	wait
	[ "$(grep -c '^0$' codes)" = 1 ]
	[ "$(grep -c '^125$' codes)" = 5 ]
	[ "$(grep -c 'this name already' err)" = 5 ]
}

# bats test_tags=v2
@test "a name that a killed --rm container left is taken over; --replace takes any" {
	ctr-run -d --rm --name r "$ROOTFS" sleep 1000 >/dev/null
	run -125 ctr-run --name r "$ROOTFS" true
	[[ "$output" == *"name already"* ]]
	(. "$CTR_RUN/containers/r/state"; kill -9 "$monitor")
	wait_for 5 sh -c '[ "$(ctr-ps -an -f name=r -o status)" = lost ]'
	[ "$(ctr-run --name r "$ROOTFS" echo taken)" = taken ]
	ctr-run -d --name k "$ROOTFS" sleep 1000 >/dev/null
	# the name of a container that was to stay cannot be taken over
	(. "$CTR_RUN/containers/k/state"; kill -9 "$monitor")
	wait_for 5 sh -c '[ "$(ctr-ps -an -f name=k -o status)" = lost ]'
	run -125 ctr-run --name k "$ROOTFS" true
	[ "$(ctr-run --replace --name k "$ROOTFS" echo replaced)" = replaced ]
}

@test "what was typed is in no process list: not the monitor's, not --init's" {
	ctr-run -d --name s --init -e PASSWORD=hunter2 "$ROOTFS" sleep 1000 >/dev/null
	(. "$CTR_RUN/containers/s/state"
		[ "$(ps -o args= -p "$monitor" | tr -d ' ')" = "ctr-run:s" ]
		[ -z "$(tr '\0' '\n' <"/proc/$monitor/cmdline" | grep hunter2)" ]
		[ -z "$(tr '\0' '\n' <"/proc/$pid/cmdline" | grep hunter2)" ])
	[ "$(ctr-exec s sh -c 'echo $PASSWORD')" = hunter2 ]
	[ -z "$(ctr-exec s cat /proc/1/cmdline | tr '\0' '\n' | grep hunter2)" ]
}

# bats test_tags=v2
@test "at most 2,048 processes where nothing was said; --pids-limit -1 lifts it" {
	limit() { cat /sys/fs/cgroup/{pids/,}"$CTR_CGROUP"/c-*/pids.max 2>/dev/null; }
	[ -e /sys/fs/cgroup/pids ] || grep -qw pids /sys/fs/cgroup/cgroup.controllers ||
		skip "no pids controller"
	ctr-run -d --name a "$ROOTFS" sleep 1000 >/dev/null
	[ "$(limit)" = 2048 ]
	ctr-rm -f a
	ctr-run -d --name b --pids-limit -1 "$ROOTFS" sleep 1000 >/dev/null
	[ "$(limit)" = max ]
}

# bats test_tags=v2
@test "when memory runs out the monitor is killed last; the command has the score it was given" {
	sh -c 'echo -999 >/proc/self/oom_score_adj' 2>/dev/null || skip "needs CAP_SYS_RESOURCE"
	own=$(cat /proc/self/oom_score_adj)
	ctr-run -d --name a "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name b --oom-score-adj 500 "$ROOTFS" sleep 1000 >/dev/null
	score() {
		(. "$CTR_RUN/containers/$1/state"
			cat "/proc/$monitor/oom_score_adj" "/proc/$pid/oom_score_adj" | tr '\n' ' ')
	}
	[ "$(score a)" = "-999 $own " ]
	[ "$(score b)" = "-999 500 " ]
}

@test "-t: the input's end is typed; a file and /dev/null are read as stdin" {
	[ "$(echo abc | timeout -k1 20 ctr-run -it "$ROOTFS" cat | tr -d '\r' | sort -u)" = abc ]
	[[ "$(printf abc | timeout -k1 20 ctr-run -it "$ROOTFS" cat)" == abcabc* ]]
	echo file >f
	[ "$(timeout -k1 20 ctr-run -it "$ROOTFS" cat <f | tr -d '\r' | sort -u)" = file ]
	run -0 timeout -k1 20 "$BIN/ctr-run" -it "$ROOTFS" cat </dev/null
	[ -z "$output" ]
	# docker refuses it: a dump with a long line would be cut in silence
	run -0 timeout -k1 20 "$BIN/ctr-run" -it "$ROOTFS" true <f
	[[ "$output" == "ctr-run: stdin is no terminal: -t cuts its lines "* ]]
	run -0 timeout -k1 20 "$BIN/ctr-run" -i "$ROOTFS" true <f
	[ -z "$output" ]
}

@test "-t: a reader that takes nothing delays neither stop nor the end; a slow one gets all" {
	(timeout -k1 60 "$BIN/ctr-run" --name s -t "$ROOTFS" yes & echo $! >pid; wait $!) \
		</dev/null | (wait_for 10 [ -e go ]; true) &
	wait_for 5 sh -c '[ "$(ctr-ps -n -f name=s -o status)" = running ]'
	wait_for 5 stands "$(ctr-inspect -f State.Pid s)"
	t0=$(date +%s%N)
	timeout 20 "$BIN/ctr-stop" -t 0 s
	[ $((($(date +%s%N) - t0) / 1000000)) -le 5000 ]
	touch go
	wait
	[ "$(ctr-run -t "$ROOTFS" seq 100000 </dev/null | (sleep 0.5; tail -n 1) | tr -d '\r')" = \
		100000 ]
}

@test "echo CMD | ctr-run -it IMAGE sh ends when its input ends" {
	for n in 1 2 3; do
		run -0 timeout 20 bash -c 'echo "echo hi" | ctr-run -it "$1" sh' _ "$ROOTFS"
		[[ "$output" = *hi* ]]
	done
	run -3 timeout 20 bash -c '
		printf "sleep 0.3; seq 2000 | tail -1\nexit 3\n" | ctr-run -it "$1" sh' _ "$ROOTFS"
	ctr-run -d --name c "$ROOTFS" sleep 1000 >/dev/null
	run -0 timeout 20 bash -c 'echo "echo hi" | ctr-exec -it c sh'
	[[ "$output" = *hi* ]]
	run -0 timeout 20 bash -c '
		(echo x; sleep 0.2) | ctr-run -it "$1" sh -c "read a; sleep 1; echo end"' _ \
			"$ROOTFS"
	[[ "$output" = *end* ]]
}

@test "-t: the terminal hangs up when its reader leaves, with a handler and without" {
	[ -e /proc/self/syscall ] || skip "this kernel does not tell what a process waits for"
	run -0 timeout 10 bash -c '
		ctr-run -t "$1" sh -c "while :; do echo a; done" </dev/null 2>/dev/null | head -n 1
		echo "${PIPESTATUS[0]}"' - "$ROOTFS"
	[ "${lines[*]}" = $'a\r 137' ]
	run -0 timeout 10 bash -c '
		ctr-run -t "$1" sh -c "
			trap \"exit 3\" HUP
			while :; do
				echo a
			done" </dev/null 2>/dev/null | head -n 1
		echo "${PIPESTATUS[0]}"' - "$ROOTFS"
	[ "${lines[*]}" = $'a\r 3' ]
}

@test "TERM ends a busy first process that has no handler, and not one that has" {
	[ -e /proc/self/syscall ] || skip "this kernel does not tell what a process waits for"
	run timeout -k 20 2 ctr-run "$ROOTFS" sh -c 'while :; do :; done'
	[ "$status" -eq 124 ]
	[[ "$output" == *"no handler for TERM: killed"* ]]
	run timeout -k 20 2 ctr-run --init "$ROOTFS" sh -c '
		trap "sleep 2; echo mine; exit 5" TERM; while :; do :; done'
	[ "$output" = mine ]
}

@test "the own name resolves with --uts host, too; an empty -h is none" {
	ctr-run --uts host "$ROOTFS" sh -c 'grep -qw "$(hostname)" /etc/hosts'
	[ "$(ctr-run -h '' "$ROOTFS" hostname | wc -c)" = 13 ]
}

# (here, not in flags.bats: these run on the cgroup v2 machine, too, which has CAP_SYS_RESOURCE)
# bats test_tags=v2
@test "only root raises limits and lowers the OOM score, also with a user namespace" {
	[ $(((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24) & 1)) = 1 ] ||
		skip "needs CAP_SYS_RESOURCE (make check-v2 has it)"
	ulimit -n 1024
	run -0 ctr-run --userns auto --ulimit nofile=5000 --ulimit memlock=-1 \
		--oom-score-adj -100 "$ROOTFS" \
		sh -c 'ulimit -n; ulimit -l; cat /proc/self/oom_score_adj'
	[ "$output" = "5000
unlimited
-100" ]
	ulimit -n 100 # fewer than an applet needs itself
	run -0 ctr-run --userns auto --ulimit nofile=5000 "$ROOTFS" sh -c 'ulimit -n'
	[ "$output" = 5000 ]
	ctr-run -d --name c --userns auto --ulimit nofile=5000 \
		--oom-score-adj -100 "$ROOTFS" sleep 100
	run -0 ctr-exec c sh -c 'ulimit -n; cat /proc/self/oom_score_adj'
	[ "$output" = "5000
-100" ]
}

# bats test_tags=v2
@test "a limit above the caller's says which that is, and what it takes" {
	[ $(((0x$(awk '/^CapEff/ { print $2 }' /proc/self/status) >> 24) & 1)) = 0 ] ||
		skip "with CAP_SYS_RESOURCE it is given"
	ulimit -n 1024
	run -125 ctr-run --ulimit nofile=5000 "$ROOTFS" true
	[[ "$output" == \
		*"RLIMIT_NOFILE: set to 5000:5000: "*"hard limit is 1024"*CAP_SYS_RESOURCE*fs.nr_open* ]]
}

@test "a mount point is made where a dangling link leads to; else it is named" {
	cp -a "$ROOTFS" "$WORLD/root"
	ln -s /nowhere/x "$WORLD/root/dangle"
	ctr-run -v /tmp:/dangle "$WORLD/root" test -d /nowhere/x
	run -125 ctr-run -v /tmp:/proc/nosuch "$WORLD/root" true
	[[ "$output" = *"/proc/nosuch: make mount point: No such file or directory" ]]
}

@test "--net pasta: a pipe or a process that is not to be had is named" {
	not_san
	not_old "there the container's own process is made by the call that fails here"
	need pasta passt
	need strace
	local n
	for n in 1 2; do
		run -125 unshare -n strace -f -qq -o calls -e inject=pipe2:error=EMFILE:when=$n \
			ctr-run --net pasta "$ROOTFS" true
		[[ $output == "ctr-run: pipe: "* ]]
	done
	run -125 unshare -n strace -f -qq -o calls -e 'inject=?fork,?clone:error=EAGAIN' \
		ctr-run --net pasta "$ROOTFS" true
	[[ $output == "ctr-run: fork: "* ]]
}

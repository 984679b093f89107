#!/usr/bin/env bats
# ctr-oci: the runtime specification's operations by runc's command line.
load oci

@test "create, start, kill and delete: the states of the specification" {
	bundle '"sh","-c","echo ran; sleep 1000"'
	create --pid-file pid c
	[ "$(status c)" = created ]
	[ "$(oci state c | sed -n 's/.*"pid": \(.*\),/\1/p')" = "$(cat pid)" ]
	[ ! -s out ]
	oci start c
	[ "$(status c)" = running ]
	wait_for 5 grep -q ran out
	run -1 oci start c
	run -1 oci delete c
	[[ "$output" == *"cannot delete container c that is not stopped: running"* ]]
	run -1 oci create -b b c
	[[ "$output" == *"exists: c"* ]]
	oci kill c KILL
	wait_for 5 eval '[ "$(status c)" = stopped ]'
	run -1 oci kill c
	[[ "$output" == *"container not running"* ]]
	oci delete c
	run -1 oci state c
	[[ "$output" == *"does not exist"* ]]
	run -1 oci delete c
	oci delete --force c
	[ -z "$(ls oci)" ]
}

@test "options may follow the id; kill with signal 0 and --all; exec's --cgroup stays inside" {
	bundle '"sleep","1000"'
	oci run c -d -b b </dev/null >/dev/null 2>&1
	oci kill c 0
	oci update c --pids-limit 33
	oci events c --stats | grep -q '"pids":{"current":1,"limit":33}'
	for sub in ../x x/.. x/../..; do
		run oci exec --cgroup $sub c true
		[[ $status = 255 && $output == *"bad sub cgroup path"* ]]
	done
	for sub in none none..at..all; do
		run oci exec --cgroup $sub c true
		[[ $status = 255 && $output == *" adding pid "*"no such file or directory"* ]]
	done
	oci kill c KILL --all
	wait_for 5 eval '[ "$(status c)" = stopped ]'
	run oci kill c 0
	[ "$status" = 1 ]
	[[ $output == *"container not running"* ]]
	oci kill --all c 0
	oci delete c -f
	run oci state c
	[ "$status" = 1 ]
}

@test "run: the exit code is the command's, and nothing is left" {
	bundle '"sh","-c","hostname; exit 7"'
	run -7 oci run -b b c
	[ "$output" = box ]
	[ -z "$(ls oci)" ]
	bundle '"sleep","1000"'
	oci run -d -b b c >out 2>&1 </dev/null
	[ "$(status c)" = running ]
	[ "$(oci list -q)" = c ]
	[[ "$(oci list)" == ID*PID*STATUS*c*running* ]]
	[[ "$(oci list -f json)" == '[{'*'"id":"c"'* ]]
}

@test "runc and crun are names of it" {
	ln -s "$CTRBOX" runc
	ln -s "$CTRBOX" crun
	[[ "$(./runc --version)" == *"spec: 1.3"* ]]
	bundle '"true"'
	./crun --root "$WORLD/oci" run -b b c
}

@test "exec: another command, user, environment, a process file; its exit code" {
	bundle '"sleep","1000"'
	oci run -d -b b c >out 2>&1 </dev/null
	run -3 oci exec -e A=1 --user 5:6 --cwd /tmp c sh -c '
		echo $A $(id -u):$(id -g) $(pwd); exit 3'
	[ "$output" = "1 5:6 /tmp" ]
	[ "$(oci exec -u 1 c id -u)" = 1 ] # CVE-2026-30892: not 0
	printf '{"args":["id","-u"],"cwd":"/","user":{"uid":9,"gid":9},"env":["PATH=/bin"]}' >p.json
	[ "$(oci exec -p p.json c)" = 9 ]
	ctr-oci --root "$WORLD/oci" exec -e SECRET=hunter8 c sleep 3 3>&- & # 14.12
	wait_for 2 grep -q '^ctr-oci exec *' "/proc/$!/cmdline"
	run ! grep -q hunter8 "/proc/$!/cmdline"
	wait $!
	oci exec -d --pid-file pid c sleep 500
	grep -q sleep "/proc/$(cat pid)/cmdline"
	[[ "$(oci ps -f json c)" == *"$(cat pid)"* ]]
	run -255 oci exec c nothing-here
	[[ "$output" == *'exec: "nothing-here": executable file not found in $PATH'* ]]
	oci pause c
	[ "$(status c)" = paused ]
	run -255 oci exec c true
	[[ "$output" == *"paused"* ]]
	oci resume c
	oci exec c true
}

@test "create says it when the command is not there" {
	bundle '"no-such"'
	run -1 oci create -b b c
	[[ "$output" == *'exec: "no-such": executable file not found in $PATH'* ]]
	bundle '"/no/such"'
	run -1 oci create -b b c
	[[ "$output" == *'exec: "/no/such": stat /no/such: no such file or directory'* ]]
	bundle '"/its interpreter"' # names are no reasons
	run -1 oci create -b b c
	[[ "$output" == *'exec: "/its interpreter": stat /its interpreter: no such file'* ]]
	bundle '"/bin/Is a directory"'
	: >"b/rootfs/bin/Is a directory"
	chmod +x "b/rootfs/bin/Is a directory"
	run -1 oci run -b b c
	[[ "$output" != *"permission denied"* && "$output" == *"(an empty file)" ]]
	[ -z "$(ls oci)" ]
}

@test "--log has the error in the shape that callers parse" {
	run -1 ctr-oci --log l --log-format json --root "$WORLD/oci" state none
	[[ "$(cat l)" == '{"level":"error","msg":"container does not exist: none","time":"'*'Z"}' ]]
	run -1 ctr-oci --log t --root "$WORLD/oci" state none
	[[ "$(cat t)" == 'time="'*'" level=error msg="container does not exist: none"' ]]
}

@test "hooks run in the specification's order, with the state; if one fails create is undone" {
	cat >h <<-'END'
	#!/bin/sh
	s=$(cat)
	echo "$1 $(echo "$s" | sed 's/.*"status": *"\([a-z]*\)".*/\1/')" >>"$2"
	END
	chmod +x h
	local w all=''
	for w in prestart createRuntime poststart poststop; do
		all="$all${all:+,}\"$w\":[{\"path\":\"$PWD/h\",\"args\":[\"h\",\"$w\",\"$PWD/seen\"]}]"
	done
	bundle '"true"' '' '' "\"hooks\":{$all}"
	oci run -b b c
	[ "$(tr '\n' ' ' <seen)" = \
		"prestart created createRuntime creating poststart running poststop stopped " ]
	bundle '"true"' '' '' '"hooks":{"createRuntime":[{"path":"/bin/false"}]}'
	run -1 oci create -b b c
	[[ "$output" == *"/bin/false"* ]]
	[ -z "$(ls oci)" ]
}

@test "limits are in force, and update changes them" {
	bundle '"sleep","1000"' '"resources":{"pids":{"limit":40},"memory":{"limit":67108864}}'
	oci run -d -b b c >out 2>&1 </dev/null
	[ "$(ctr-cgset -g pids.max "/$CTR_CGROUP/c" 2>/dev/null ||
		find /sys/fs/cgroup -path "*/$CTR_CGROUP/c/pids.max" -exec cat {} +)" = 40 ]
	oci update --pids-limit 50 c
	echo '{"memory":{"limit":33554432}}' | oci update -r - c
	[ "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP/c/pids.max" -exec cat {} +)" = 50 ]
	[[ "$(oci events --stats c)" == '{"type":"stats","id":"c","data":{'*'"limit":33554432'* ]]
	echo '{"memory":{"limit":"x"}}' >r
	run -1 oci update -r r c
	[[ "$output" == *"r:1:"*"linux.resources.memory.limit: must be an integer"* ]]
	for o in l3-cache-schema mem-bw-schema; do
		run ! oci update --$o 'L3:0=3' c
		[[ $output == *'--l3-cache-schema, --mem-bw-schema: not supported'* ]]
	done
}

@test "scheduler, I/O priority, personality, clocks and memory policy are what config.json says" {
	bundle \
		'"sh","-c","uname -m; cut -d\" \" -f1 /proc/uptime | cut -d. -f1; cut -d\" \" -f41 /proc/self/stat"' \
		'"personality":{"domain":"LINUX32"},"memoryPolicy":{"mode":"MPOL_BIND","nodes":"0"},
		 "timeOffsets":{"boottime":{"secs":1000000000}}' \
		'"scheduler":{"policy":"SCHED_BATCH"},"ioPriority":{"class":"IOPRIO_CLASS_IDLE"}'
	run -1 oci run -b b c
	[[ "$output" == *"time namespace isn't enabled"* ]]
	sed -i 's/{"type":"pid"}/{"type":"pid"},{"type":"time"}/' b/config.json
	run -0 oci run -b b c
	[[ "${lines[0]}" == i?86 || "${lines[0]}" == armv* ]]
	[ "${lines[1]}" -gt 1000000000 ]
	[ "${lines[2]}" = 3 ]
}

@test "what cannot be given is refused by its name, and nothing half-made is left" {
	local what
	for what in '"intelRdt":{"closID":"x"}' \
		'"uidMappings":[{"containerID":0,"hostID":1,"size":1}]' \
		'"sysctl":{"vm.swappiness":"1"}' '"sysctl":{"kernel.hostname":"x"}' \
		'"intelRdt":{"enableMonitoring":true}' \
		'"seccomp":{"defaultAction":"SCMP_ACT_NOTIFY","listenerPath":"/x"}' \
		'"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_NOTIFY"}]}' \
		'"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","listenerPath":"/x","syscalls":[{"names":["write"],"action":"SCMP_ACT_NOTIFY"}]}' \
		'"cgroupsPath":"/../x"'; do
		bundle '"true"' "$what"
		sed -i 's/"cgroupsPath":"[^.]*",//' b/config.json
		run -1 timeout 20 "$CTRBOX" ctr-oci --root oci create -b b c
		[[ "$output" == *"linux."* || "$output" == *sysctl* ||
			"$output" == *SCMP_ACT_NOTIFY* ]]
		[ -z "$(ls oci 2>/dev/null)" ]
	done
	for what in '"selinuxLabel":"a:b:c:s0"' '"apparmorProfile":"none-such"'; do
		bundle '"true"' '' "$what"
		run -1 oci create -b b c
		[[ "$output" == *"process."* ]]
		[ -z "$(ls oci 2>/dev/null)" ]
	done
	run -1 oci checkpoint c
	[[ "$output" == *"not supported"* ]]
}

@test "a bad config.json: one line with line and column, nothing half-made" {
	local bad
	for bad in '' '[]' '{"ociVersion":1}' '{"ociVersion":"1.0.0","ociVersion":"1.0.0"}' \
		'{"ociVersion":"1.0.0","process":{}}'; do
		echo "$bad" >b/config.json
		run -1 oci create -b b c
		[ "${#lines[@]}" = 1 ]
		[[ "$output" =~ config.json:[0-9]+:[0-9]+ ]]
	done
	run -1 sh -c 'mkdir gone && cd gone && rmdir ../gone && exec ctr-oci --root "$0" create c' \
		"$WORLD/oci"
	[ "$output" = 'ctr-oci: .: No such file or directory' ]
	perl -e 'print "[" x 5000' >b/config.json
	run -1 oci create -b b c
	[[ "$output" =~ config.json:[0-9]+:[0-9]+ ]]
	perl -e 'print "{\"ociVersion\":\"1.0.2\",\"x\":\"", "a" x 10000000, "\"}"' >b/config.json
	run -1 oci create -b b c
	[[ "$output" =~ config.json:[0-9]+:[0-9]+:.process ]]
	bundle '"true"'
	mv b/rootfs b/r
	ln -s r b/rootfs
	run -1 oci create -b b c
	[[ "$output" == *"symbolic link"* ]]
	rm b/rootfs
	run -1 oci create -b b c
	[[ "$output" == *"root.path"* ]]
	run -1 oci create -b b ../x
	[[ "$output" == *"invalid container ID"* ]]
	[ -z "$(ls oci 2>/dev/null)" ]
}

@test "the host's root is not a container's, whatever its path; a socket that accepts nobody" {
	need perl
	need strace
	bundle '"true"'
	for root in / /./ ../../../../../../../../../../.. "$(realpath --relative-to b /)"; do
		jq --arg r "$root" '.root.path = $r' b/config.json >c.json && mv c.json b/config.json
		run -1 oci run -b b c
		[[ "$output" == *"root.path: the host's own root cannot be a container's" ]]
	done
	bundle '"true"' '' '"terminal":true'
	sed -i 's|{"destination":"/dev",|{"destination":"/dev/pts","type":"devpts"},&|' b/config.json
	jq '.mounts |= sort_by(.destination)' b/config.json >c.json && mv c.json b/config.json
	perl -MIO::Socket::UNIX -e '$l = IO::Socket::UNIX->new(Local => "s", Listen => 9) or die;
		listen $l, 0; $a = IO::Socket::UNIX->new(Peer => "s");
		open F, ">ready"; sleep 60' 3>&- &
	wait_for 5 test -e ready
	# a second in place of its patience of 20
	run -1 timeout 40 strace -fqqo calls -e trace=setsockopt \
		-e inject=setsockopt:poke_enter=@arg4=0100000000000000:when=1 \
		"$CTRBOX" ctr-oci --root "$WORLD/oci" create -b b c --console-socket s
	kill $!
	grep -q SO_SNDTIMEO calls
	[[ "$output" == "ctr-oci: s: connect: Resource temporarily unavailable" ]]
	[ -z "$(oci list -q)" ]
}

@test "kill -9 of ctr-oci at any moment: delete --force clears what is left" {
	local i
	bundle '"sleep","1000"'
	for ((i = 0; i < 15; i++)); do
		# shellcheck disable=SC2086
		ctr-oci $R create -b b "c$i" >/dev/null 2>&1 </dev/null &
		local pid=$!
		sleep "0.00$((i % 10))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		oci delete --force "c$i"
	done
	[ -z "$(ls oci)" ]
	wait_for 5 no_sleepers
}
no_sleepers() { [ -z "$(find /sys/fs/cgroup -maxdepth 3 -path "*/$CTR_CGROUP/*" -type d)" ]; }

@test "delete --force beside a hook that does not end: whoever waits for the hook goes" {
	local w cmd pid began
	hook_runs() { pgrep -xf "sleep 4321$$" >/dev/null; }
	no_hook() { ! hook_runs; }
	for w in createRuntime startContainer poststart; do
		bundle '"sleep","1000"' '' '' "\"hooks\":{\"$w\":[{\"path\":\"/bin/sleep\",
			\"args\":[\"sleep\",\"4321$$\"]}]}"
		cmd="create -b b c"
		if [ $w != createRuntime ]; then
			oci create -b b c </dev/null >out 2>&1 3>&-
			cmd="start c"
		fi
		# shellcheck disable=SC2086
		"$CTRBOX" ctr-oci --root "$WORLD/oci" $cmd </dev/null >out 2>&1 3>&- &
		pid=$!
		wait_for 5 hook_runs
		began=$SECONDS
		oci delete --force c
		((SECONDS - began < 10 * slow))
		wait "$pid" || true
		[ -z "$(ls oci)" ]
		wait_for 5 no_hook
		wait_for 5 no_sleepers
	done
}

@test "a state or an exec.fifo that somebody removed or replaced: said, and cleared" {
	local how
	bundle '"sleep","1000"'
	oci create -b b c </dev/null >out 2>&1 3>&-
	rm oci/c/state
	for how in 'state c' 'start c' 'kill c' 'delete c'; do
		# shellcheck disable=SC2086
		run -1 oci $how
		[[ $output == "ctr-oci: c: state: "*"(delete --force)" ]]
	done
	run -1 oci delete --force c
	[[ $output == *"damaged or gone, and processes run in its group: end them first"* ]]
	ctr-cgset --kill -d c
	oci delete --force c
	[ -z "$(ls oci)" ]
	echo mine >mine
	for how in 'echo mine >go' 'ln -s "$PWD/mine" go' 'mkdir go'; do
		oci create -b b c </dev/null >out 2>&1 3>&-
		rm -rf go oci/c/exec.fifo
		eval "$how"
		mv go oci/c/exec.fifo
		[ "$(status c)" = created ]
		run -1 timeout $((10 * slow)) "$CTRBOX" ctr-oci --root "$WORLD/oci" start c
		[[ $output == "ctr-oci: exec.fifo: "* ]]
		[ "$(cat mine)" = mine ]
		[ ! -f oci/c/exec.fifo ] || [ "$(cat oci/c/exec.fifo)" = mine ]
		oci delete --force c
		[ -z "$(ls oci)" ]
		wait_for 5 no_sleepers
	done
	# what it says instead of starting is not waited for either
	oci create -b b c </dev/null >out 2>&1 3>&-
	rm oci/c/said/exec.fifo
	mkfifo oci/c/said/exec.fifo
	timeout $((10 * slow)) "$CTRBOX" ctr-oci --root "$WORLD/oci" start c
	oci delete --force c
}

@test "a state that a power cut has damaged: named, and delete --force clears it" {
	local bad
	bundle '"true"'
	for bad in $'id=\'c' "$(seq 9)" id; do
		create c
		oci start c
		wait_for 5 eval '[ "$(status c)" = stopped ]'
		printf %s "$bad" >oci/c/state
		run -0 --separate-stderr oci list -q
		[[ -z $output && $stderr == "ctr-oci: c: state: "* ]]
		run -1 oci delete c
		[[ $output == "ctr-oci: c: state: "*"(delete --force)" ]]
		oci delete --force c
		[ -z "$(ls oci)" ]
		ctr-cgset -d c # nobody knows of it, and no group outlives a power cut
		# while its process runs, which nothing but the group would tell of, it stays
		create c
		printf %s "$bad" >oci/c/state
		run -1 oci delete --force c
		[[ $output == *"its group: end them first (ctr-cgset --kill"* ]]
		ctr-cgset --kill -d c
		oci delete --force c
		[ -z "$(ls oci)" ]
	done
}

@test "features and spec are JSON, and a bundle of spec runs" {
	[[ "$(oci features)" == '{"ociVersionMin":"1.0.0","ociVersionMax":"1.3.0"'* ]]
	(cd b && oci spec)
	sed -i 's/"terminal": true/"terminal": false/; s/"sh"$/"id","-u"/' b/config.json
	[ "$(oci run -b b c)" = 0 ]
	run -1 oci spec -b b
	[[ "$output" == *"exists"* ]]
}

@test "a user namespace, as root and as a user" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	(cd b && oci spec --rootless)
	sed -i 's/"terminal": true/"terminal": false/; s/"sh"$/"id","-u"/' b/config.json
	sed 's/"hostID": 0/"hostID": 100000/; s/"size": 1$/"size": 65536/' b/config.json >b/c &&
		mv b/c b/config.json
	[ "$(oci run -b b c)" = 0 ]
	rm b/config.json
	mkdir x
	chown -R 1234:1234 b x
	export XDG_RUNTIME_DIR=$PWD/x XDG_DATA_HOME=$PWD/x
	unset CTR_LIB CTR_RUN
	user() { setpriv --reuid 1234 --regid 1234 --clear-groups "$@"; }
	user ctr-oci spec --rootless -b b
	sed 's/"terminal": true/"terminal": false/; s/"sh"$/"id","-u"/' b/config.json >c &&
		cp c b/config.json
	[ "$(user ctr-oci run -b b c)" = 0 ]
	[ -z "$(ls x/ctr-oci)" ]
	export CTR_LIB=$WORLD/lib CTR_RUN=$WORLD/run
}

@test "a user namespace's root that may not pass the folders above its root file system" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir -p shut/data
	echo it >shut/data/f
	mv b/rootfs shut/rootfs
	bundle '"cat","/m/f"' '"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]'
	sed -i 's/{"type":"pid"}/&,{"type":"user"}/; s|"path":"rootfs"|"path":"../shut/rootfs"|
		s|"mounts":\[|&{"destination":"/m","source":"SHUT/data","options":["bind"]},|
		s|SHUT|'"$PWD"'/shut|' b/config.json
	mkdir shut/rootfs/m
	chmod 700 shut
	oci run -b b c >out 2>&1 </dev/null || { cat out; return 1; }
	[ "$(cat out)" = it ]
	mv shut/rootfs b/rootfs
}

@test "create, not start, refuses a command that cannot be executed, and leaves nothing" {
	printf 'no program' >b/rootfs/plain
	mkdir b/rootfs/folder
	local bad
	for bad in /plain /folder folder /etc/passwd ./plain; do
		bundle "\"$bad\""
		run -1 create c
		[[ "$(cat out)" = *"$bad"* ]]
		[ -z "$(oci list -q)" ]
		[ -z "$(find /sys/fs/cgroup -path "*/$CTR_CGROUP/c" 2>/dev/null)" ]
	done
	bundle '"plain"' '' '"noNewPrivileges":true'
	cp b/rootfs/plain b/rootfs/bin/plain
	run -1 create c
	[[ "$(cat out)" = *"not executable"* ]]
	chmod +x b/rootfs/bin/plain # what only execve() finds out is an error of start
	create c
	run -1 oci start c
	oci delete -f c
}

@test "SCMP_ACT_NOTIFY: the agent gets the listener of create and exec; without it calls fail" {
	local notify="\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"$PWD/s\",\"listenerMetadata\":\"bar\",
		\"flags\":[\"SECCOMP_FILTER_FLAG_LOG\"],\"syscalls\":[{\"names\":[\"mkdir\",\"mkdirat\",\"capset\",\"close\"],\"action\":\"SCMP_ACT_NOTIFY\"}]}"
	bundle '"sh","-c","mkdir /tmp/x; sleep 1000"' "$notify"
	run -1 timeout 20 "$CTRBOX" ctr-oci --root oci create -b b c
	[[ $output == *"failed to connect with seccomp agent"* ]]
	socat -u UNIX-LISTEN:s,fork OPEN:got,creat,append 3>&- &
	local agent=$!
	wait_for 5 test -S s
	bundle '"sh","-c","mkdir /tmp/x; sleep 1000"' "${notify/,\"capset\",\"close\"/}"
	create c
	wait_for 5 \
		grep -q '"fds":\["seccompFd"\],"pid":[0-9]*,"metadata":"bar","state":{.*"status":"creating"' got
	oci start c
	wait_for 5 grep -q "Function not implemented" out
	: >got
	run -1 oci exec c mkdir /tmp/y
	[[ $output == *"Function not implemented"* ]]
	wait_for 5 grep -q '"status":"running"' got
	kill $agent
	wait
}

@test "id-mapped mounts, with maps of their own or the container's" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir v
	echo x >v/f
	chown 1000:1000 v v/f
	local m="\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},{\"destination\":\"/v\",\"type\":\"bind\",\"source\":\"../v\",\"options\":[\"bind\"OPT]MAP}]"
	bundle '"stat","-c","%u:%g","/v/f"' '' '' \
		"$(echo "${m/OPT/}" |
		sed 's/MAP/,"uidMappings":[{"containerID":1000,"hostID":0,"size":1}],"gidMappings":[{"containerID":1000,"hostID":7,"size":1}]/')"
	sed -i '3,4d' b/config.json # the first mounts
	run oci run -b b c
	[[ $output != *"Function not implemented"* ]] || skip "needs Linux 5.12"
	[ "$output" = 0:7 ]
	bundle '"stat","-c","%u:%g","/v/f"' \
		'"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]' '' \
		"$(echo "${m/OPT/,\"idmap\"}" | sed 's/MAP//')"
	sed -i '3,4d; s/{"type":"pid"}/{"type":"pid"},{"type":"user"}/' b/config.json
	[ "$(oci run -b b c)" = 1000:1000 ]
	bundle '"true"' '' '' "$(echo "${m/OPT/,\"idmap\"}" | sed 's/MAP//')"
	sed -i '3,4d' b/config.json
	run -1 oci run -b b c
	[[ $output == *"mounts[1]: an id-mapped mount needs uidMappings"* ]]
}

@test "what runc and crun take: --config, --debug, kept groups, hooks' environment, ps options" {
	bundle '"sleep","1000"'
	mv b/config.json b/other
	oci --log l --debug run -d -b b --config other c </dev/null >/dev/null 2>&1
	grep -q 'level=debug msg=".*clone' l
	[[ "$(oci ps c)" == *UID*PID*PPID*CMD*"sleep 1000"* ]]
	[[ "$(oci ps c -o pid,args)" == *PID*COMMAND*"sleep 1000"* ]]
	[ "$(oci ps c | wc -l)" = 2 ]
	run -255 oci exec --cap CAP_NONE c sh -c 'exit 255'
	[[ $output == *"not in effect"* ]]
	oci exec -p <(echo '{"args":["true"],"cwd":"/"}') c
	oci update --cpu-period 50000 c
	oci update --cpu-quota 20000 c
	oci update --cpu-period 40000 c
	[ "$(ctr-cgset -g cpu.max "/$CTR_CGROUP/c")" = "20000 40000" ] ||
		[ "$(cat /sys/fs/cgroup/cpu*/"$CTR_CGROUP/c/cpu.cfs_quota_us" | head -1)" = 20000 ]
	oci delete -f c
	bundle '"sh","-c","id -G; touch /dev/x"' '' '' \
		'"annotations":{"run.oci.keep_original_groups":"1"},"hooks":{"prestart":[{"path":"/bin/sh","args":["sh","-c","test \"$OURS\" = 1"]}],
		 "poststart":[{"path":"/bin/sh","args":["sh","-c","test -z \"$OURS\""],"env":[]}]}'
	sed -i 's/"mode=755"/"mode=755","ro"/' b/config.json
	run -1 env OURS=1 setpriv --groups 33,44 "$CTRBOX" ctr-oci --root oci run -b b c
	[[ $output == *"33 44"*"Read-only file system"* ]]
	bundle '"pwd"'
	sed -i 's/"path":"rootfs"/&,"readonly":true/; s,"cwd":"/","cwd":"/not/there",' b/config.json
	[ "$(oci run -b b c)" = /not/there ]
	ln -s "$CTRBOX" runc
	[[ "$(./runc list -h)" == "NAME:
   runc list - Open Container Initiative runtime"* ]]
	[[ "$(./runc --version)" == "runc version "*commit:*spec:* ]]
}

@test "ro of a bind is of that mount alone, rro of what lies beneath, too" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir -p v/sub
	local o
	for o in ro rro; do
		bundle '"sh","-c","touch /v/a; touch /v/sub/a && echo sub"' '' '' \
			"\"mounts\":[{\"destination\":\"/v\",\"type\":\"bind\",\"source\":\"$PWD/v\",\"options\":[\"rbind\",\"$o\"]}]"
		sed -i '3,4d' b/config.json
		unshare -m --propagation private sh -c "
			mount -t tmpfs t v/sub
			exec '$CTRBOX' ctr-oci --root oci run -b b c" >out 2>&1 || true
		cat out
		grep -q '/v/a: Read-only' out
		if [ $o = ro ]; then grep -qx sub out; else grep -q '/v/sub/a: Read-only' out; fi
	done
}

# bats test_tags=ctr-oci,ctr-ps,ctr-exec,ctr-nsenter,ctr-top,ctr-stats
@test "oci:ID and oci:DIR/ID name containers of ctr-oci for ps, exec, nsenter, top and stats" {
	bundle '"sleep","1000"'
	create one-long-name
	oci start one-long-name
	sed -i 's|/c"|/d"|' b/config.json
	create two
	find oci -type f -exec sha256sum {} + >before
	[ "$(ctr-ps -q "oci:$WORLD/oci/")" = "oci:$WORLD/oci/one-long-name" ]
	run ctr-ps -a --format '{{.ID}} {{.State}} {{.Command}}' "oci:$WORLD/oci/"
	grep -qx 'one-long-name running .*sleep 1000.*' <<<"$output"
	grep -q '^two created' <<<"$output"
	one=oci:$WORLD/oci/one # only the beginning of its id
	[ "$(ctr-exec "$one" hostname)" = box ]
	run -7 ctr-exec -e A=7 "$one" sh -c 'exit $A'
	ctr-nsenter -t "$one" -a ps | grep -q '1 root *sleep 1000'
	ctr-top "$one" | grep -q 'sleep 1000$'
	[ "$(ctr-stats -n --no-stream "oci:$WORLD/oci/" | wc -l)" = 2 ]
	ctr-top -n "oci:$WORLD/oci/two" | grep -q . # created: its process waits
	XDG_RUNTIME_DIR='' run ctr-ps -q oci:none-of-this-name
	[ "$status" = 1 ]
	[[ "$output" = *"oci:none-of-this-name: container does not exist: none-of-this-name" ]]
	run -125 ctr-exec "oci:$WORLD/oci/two" true
	[[ "$output" = *"/two: created, not running" ]]
	run -2 ctr-ps two
	oci pause one-long-name
	[ "$(ctr-ps --format '{{.State}}' "$one")" = paused ]
	oci resume one-long-name
	find oci -type f -exec sha256sum {} + | diff before -
	run -1 ctr-stop "$one"
	[ -z "$(ctr-ps -aq)" ]
}

@test "--systemd-cgroup without a working systemd: one line, and nothing is left" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	need perl
	bundle '"true"'
	sed -i "s|/$CTR_CGROUP/c|system.slice:a:b|" b/config.json
	# bus ANSWER: a /run of its own with a socket that says ANSWER (perl's text) to whoever
	# asks.
	bus() {
		run timeout 20 unshare -m --propagation private sh -c '
			mount -t tmpfs t /run && mkdir /run/systemd && [ -z "$1" ] ||
				perl -MIO::Socket::UNIX -e '\''
					my %path = (Local => "/run/systemd/private", Listen => 1);
					$l = IO::Socket::UNIX->new(%path) or die;
					open F, ">ready";
					close F;
					$s = $l->accept;
					$s->autoflush;
					sysread $s, $b, 99 if $ARGV[0];
					print $s eval "qq($ARGV[0])";
					sleep 3 if $ARGV[0] =~ /l/;'\'' "$1" 3>&- & pid=$!
			[ -z "$1" ] || until [ -e ready ]; do sleep 0.05; done
			shift
			ctr-oci --root oci --systemd-cgroup create -b b c </dev/null
			code=$?
			kill $pid 2>/dev/null
			exit $code' - "$1"
		rm -f ready
		echo "$output"
		[ "$status" = 1 ]
		[ "${#lines[@]}" = 1 ]
		[ -z "$(ls oci)" ]
	}
	bus ''
	[[ "$output" = \
		*"systemd support for managing cgroups is not available: /run/systemd/private: connect:"* ]]
	# a property's value that is shorter than the name of a type
	sed 's/^{/{"annotations":{"org.systemd.property.Odd":"i"},/' b/config.json >b/c &&
		mv b/config.json b/plain && mv b/c b/config.json
	bus ''
	[[ "$output" = *"annotations: org.systemd.property.Odd=i"* ]]
	mv b/plain b/config.json
	bus 0 # hangs up at once
	[[ "$output" = *": systemd: "* ]]
	bus 'REJECTED\r\n'
	[[ "$output" = *"does not let us in" ]]
	bus 'OK 1\r\n'
	[[ "$output" = *": systemd: "* ]]
	bus 'OK 1\r\nl\x03\x00\x01\xff\xff\xff\xff\x01\x00\x00\x00\xff\xff\xff\xff'
	[[ "$output" = *"systemd: Bad message" ]]
	bus \
		'OK 1\r\nl\x03\x00\x01\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\xf0\x00\x00\x00no.\x00'
	[[ "$output" = *"a-b.scope: systemd: StartTransientUnit: error" ]]
	bus \
		'OK 1\r\nl\x03\x00\x01\x08\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00no.\x00'
	[[ "$output" = *"a-b.scope: systemd: StartTransientUnit: no." ]]
	[ -z "$(pgrep -f 'systemd-cgroup create -b b c')" ]
}

@test "tmpcopyup: a tmpfs starts with the files that it covers, and changes stay in it" {
	mkdir -p b/rootfs/data/sub
	echo one >b/rootfs/data/sub/f
	chmod 2750 b/rootfs/data
	ln -s sub/f b/rootfs/data/link
	bundle \
		'"sh","-c","cat /data/link; stat -c %a /data; echo two >/data/sub/f && echo wrote; grep -c \" /data tmpfs\" /proc/self/mounts"'
	sed -i 's|"mounts":\[|&{"destination":"/data","type":"tmpfs","source":"tmpfs","options":["tmpcopyup","nodev"]},|' b/config.json
	run oci run -b b c
	[ "$output" = $'one\n2750\nwrote\n1' ]
	[ "$(cat b/rootfs/data/sub/f)" = one ]
	sed -i 's|"tmpcopyup"|"ro","tmpcopyup"|' b/config.json
	run oci run -b b c
	[[ "$output" = $'one\n2750\n'*"Read-only file system"$'\n1' ]]
	sed -i 's|"tmpcopyup","nodev"|"tmpcopyup","size=4k"|' b/config.json
	head -c 100000 /dev/zero >b/rootfs/data/big
	run -1 oci run -b b c
	[[ "${lines[-1]}" = *"/data: tmpcopyup: "*"No space left on device"* ]]
	rm b/rootfs/data/big
	sed -i 's|"ro","tmpcopyup",|"nodev",|' b/config.json
	run oci run -b b c
	# empty, with the mode of what it covers
	[[ "$output" = *$'\n2750\n'*"sub/f: nonexistent directory"* ]]
	sed -i 's|"type":"tmpfs","source":"tmpfs","options":."nodev"|"type":"bind","source":"/tmp","options":["rbind","tmpcopyup"|' b/config.json
	run -1 oci run -b b c
	[[ "$output" = *"mounts[0]: tmpcopyup: only of a tmpfs" ]]
	[ -z "$(ls oci)" ]
}

@test "linux.devices are made even if the device list denies all; rootfsPropagation is in force" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	bundle \
		'"sh","-c","stat -c \"%t:%T %a %u\" /dev/t1 /dev/t2 | tr \"\\n\" \" \"; cat </dev/t1; grep \" / rw\" /proc/self/mountinfo | grep -o -e unbindable -e shared"' \
		'"rootfsPropagation":"unbindable","readonlyPaths":["/etc"],"resources":{"devices":[{"allow":false,"access":"rwm"}]},
		"devices":[{"path":"/dev/t1","type":"c","major":10,"minor":666,"fileMode":432,
		"uid":3,"gid":4},
		{"path":"/dev/t2","type":"b","major":8,"minor":666}]'
	sed -i 's|"args"|"capabilities":{"bounding":["CAP_DAC_OVERRIDE"],"effective":["CAP_DAC_OVERRIDE"],"permitted":["CAP_DAC_OVERRIDE"]},&|' b/config.json
	run oci run -b b c
	echo "$output"
	[[ "$output" = *"a:29a 660 3 8:29a 666 0"* && "$output" = \
		*"can't open /dev/t1: Operation not permitted"* ]]
	[ "${lines[-1]}" = unbindable ]
	sed -i 's|unbindable"|shared"|; s|-e shared"|-e shared:"|' b/config.json
	run oci run -b b c
	[ "${lines[-1]}" = shared: ]
}

@test "README's container by hand runs as it is typed there" {
	need script bsdutils
	[ "$(id -u)" = 0 ] || skip "needs root"
	local line
	line=$(sed -n 's/^by hand: *//p' "$top/README.md")
	mkdir -p clone/build
	cp -a "$ROOTFS" clone/build/rootfs
	cd clone
	typed() { # what is typed before the prompt is there may be thrown away
		for i in $(seq 100); do
			! grep -q '/ #' out || break
			sleep 0.1
		done
		echo 'echo I am process $$; exit 7'
	}
	touch out
	# records of its own in /run, which is the machine's
	run -7 unshare -m sh -c 'mount -t tmpfs none /run && exec script -qfec "$0" out' "$line" \
		< <(typed)
	grep -q $'I am process 1\r' out
}

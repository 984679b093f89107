#!/usr/bin/env bats
# ctr-oci: what callers of runc and crun rely on beyond the specification, as their own tests have
# it.
load oci
# bats file_tags=ctr-oci

# run_out [OPTION...]: run the bundle; its output in `out`.
run_out() { oci "${@:2}" run -b b "$1" </dev/null >out 2>&1; }
# lacking PATTERN: what just failed has said so in `out`, where it is for want of that; any other
# reason fails the test.
lacking() {
	cat out
	! grep -q "$1" out || skip "$(cat out)"
	false
}
edit() { jq -c "$@" b/config.json >c.json && mv c.json b/config.json; }

@test "a created container holds nothing of its maker and its caller, and a signal ends it" {
	local fd to
	bundle '"sleep","1000"'
	exec 9<"$WORLD"
	create c
	exec 9<&-
	for fd in /proc/"$(oci state c | jq .pid)"/fd/*; do
		to=$(readlink "$fd")
		case $to in /dev/null | */out | /dev/pts/* | */exec.fifo | socket:* | pipe:*) ;; *)
			echo "$to"
			return 1
			;;
		esac
	done
	oci kill c
	wait_for 5 eval '[ "$(status c)" = stopped ]'
	run -1 oci start c
}

@test "a container does not take its caller's CPUs; exec takes those of execCPUAffinity" {
	[ "$(nproc --all)" -gt 1 ] || skip "needs two CPUs"
	local all
	all=$(grep Cpus_allowed_list /proc/self/status)
	bundle '"grep","Cpus_allowed_list","/proc/self/status"'
	taskset -c 0 ctr-oci --root "$WORLD/oci" run -b b c </dev/null >out
	grep -Fxq "$all" out
	bundle '"sleep","1000"' '' '"execCPUAffinity":{"initial":"0","final":"1"}'
	oci run -d -b b c </dev/null >out 2>&1
	run oci --debug exec c grep Cpus_allowed_list /proc/self/status
	[[ "$output" == *"nsexec: affinity: 0x1"* && "$output" == *"Cpus_allowed_list:"*1 ]]
	oci \
		exec \
		--process \
		<(echo '{"args":["grep","Cpus_allowed_list","/proc/self/status"],"cwd":"/"}') c >out
	grep -Fxq "$all" out
}

@test "a variable that is given twice has its last value, and an empty HOME is the user's" {
	bundle '"env"'
	edit '.process.env = ["A=1","HOME=","B=2","A=3","PATH=/bin"]'
	run_out c
	[ "$(sort out | tr '\n' ' ')" = 'A=3 B=2 HOME=/root PATH=/bin ' ]
}

@test "hooks: a failure names the kind, the number and the output; environment and folder" {
	local kind
	bundle '"true"'
	edit '.process.env = ["ONE=two","PATH=/bin"]'
	for kind in prestart createRuntime createContainer startContainer poststart; do
		edit --arg k $kind \
			'.hooks = {($k): [{path:"/bin/true"},{path:"/bin/sh",args:["sh","-c","echo why >&2; exit 3"]}]}'
		run -1 run_out c
		grep -q "error running $kind hook #1: /bin/sh: exit code 3, stderr: why" out || {
			cat out
			false
		}
	done
	edit \
		'.hooks = {startContainer: [{path:"/bin/sh",args:["sh","-c","test $ONE$HOME = two/root && echo fine >&2"]}]}'
	run_out c
	grep -qx fine out
	edit '.hooks = {createContainer: [{path:"/bin/sh",args:["sh","-c","touch ./made"]}]}'
	run_out c
	[ -e b/rootfs/made ]
}

@test "exec: single controllers, a time namespace, a scheduler, capabilities, no interpreter" {
	bundle '"sleep","1000"' '"timeOffsets":{"monotonic":{"secs":7}}' \
		'"capabilities":{"bounding":["CAP_KILL","CAP_SYSLOG"],"permitted":["CAP_KILL"],"inheritable":["CAP_KILL","CAP_SYSLOG"],"effective":["CAP_KILL"],"ambient":["CAP_KILL","CAP_CHOWN"]}'
	edit '.linux.namespaces += [{type:"time"}]'
	printf '#!/none\n' >b/rootfs/run.sh
	chmod 755 b/rootfs/run.sh
	oci run -d -b b c </dev/null >out 2>&1
	grep -q "can't raise ambient capability CAP_CHOWN: " out
	[ "$(oci exec c awk '$1 == "monotonic" { print $2 }' /proc/self/timens_offsets)" = 7 ]
	[ "$(oci exec -c CAP_SYSLOG c awk '/^CapAmb/ { print $2 }' /proc/self/status)" = \
		0000000400000020 ]
	run -255 oci exec c /run.sh
	[[ "$output" == *"exec /run.sh: no such file or directory: "* ]]
	run -255 oci exec --cgroup whaaat:/ c true
	[[ "$output" == *"unknown controller whaaat"* ]]
	run -255 oci exec --cgroup pids:none c true
	[[ "$output" == *" adding pid "*"/none/cgroup.procs: no such file or directory"* ]]
	if [ -d "/sys/fs/cgroup/pids/$CTR_CGROUP/c" ]; then
		mkdir "/sys/fs/cgroup/pids/$CTR_CGROUP/c/s" "/sys/fs/cgroup/memory/$CTR_CGROUP/c/m"
		oci exec --cgroup pids:s --cgroup memory:m c cat /proc/self/cgroup >out
		grep -q ":pids:.*/c/s$" out
		grep -q ":memory:.*/c/m$" out
		grep -q ":cpu:.*/c$" out
	fi
	if command -v chrt >/dev/null; then
		oci exec -d --pid-file pid \
			--process \
			<(echo '{"args":["sleep","1000"],"cwd":"/","scheduler":{"policy":"SCHED_BATCH","nice":5}}') c
		[[ "$(chrt -p "$(cat pid)")" == *SCHED_BATCH* ]]
	fi
}

@test "mounts: cleared flags, a source out of the user's reach, a host's path, dangling links" {
	mkdir -p src/dir
	echo x >src/dir/file
	chmod 700 src
	ln -s /none/there b/rootfs/link
	bundle '"grep"," /m","/proc/self/mounts"'
	unshare -m --propagation private sh -c '
		mount -t tmpfs t src/dir && mount -o remount,bind,ro,nosuid,noexec src/dir
		jq -c ".mounts += [{source:\"$PWD/src/dir\",destination:\"/m1\",options:[\"bind\"]},
			{source:\"$PWD/src/dir\",destination:\"$PWD/b/rootfs/m2\",options:[\"bind\",\"dev\"]},
			{source:\"$PWD/src/dir\",destination:\"/m3\",options:[\"rbind\",\"rrw\",\"rexec\"]}]" b/config.json >c && mv c b/config.json
		ctr-oci --root oci run -b b c' </dev/null >out
	grep -q ' /m1 tmpfs ro,nosuid,noexec' out
	grep -q ' /m2 tmpfs rw,relatime' out
	grep -q ' /m3 tmpfs rw,nosuid,relatime' out
	bundle '"cat","/none/there/file"' \
		'"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]'
	edit --arg d "$PWD" \
		'.linux.namespaces += [{type:"user"}] | .mounts += [{source:($d + "/src/dir"),destination:"/link",options:["bind"]}]'
	chown 100000:100000 b/rootfs
	run_out c
	[ "$(cat out)" = x ]
}

@test "a terminal into a pipe keeps line ends; KILL ends all without a pid namespace" {
	bundle '"sh","-c","tty; echo a"' '' '"terminal":true'
	edit \
		'.mounts += [{destination:"/dev/pts",type:"devpts",options:["newinstance","ptmxmode=0666"]}]'
	run_out c
	[ "$(od -An -c out | tr -d ' \n')" = '/dev/pts/0\na\n' ]
	bundle '"sh","-c","sleep 1000 & sleep 1000 & wait"'
	edit '.linux.namespaces -= [{type:"pid"}]'
	oci run -d -b b c </dev/null >out 2>&1
	wait_for 5 eval '[ "$(oci ps --format json c | jq length)" = 3 ]'
	oci kill c KILL
	wait_for 5 eval \
		'[ "$(status c)" = stopped ] && [ "$(oci ps --format json c | jq length)" = 0 ]'
}

@test "update: a period and its runtime or burst in the order that the kernel takes" {
	local at=/sys/fs/cgroup/cpu/$CTR_CGROUP/c
	bundle '"sleep","1000"'
	oci run -d -b b c </dev/null >out 2>&1
	[ -e "$at/cpu.cfs_burst_us" ] || skip "needs cgroup v1 with cpu.cfs_burst_us"
	oci update c --cpu-period 900000 --cpu-quota 500000 --cpu-burst 400000
	oci update c --cpu-quota 100000 --cpu-burst 50000
	[ "$(cat "$at/cpu.cfs_quota_us" "$at/cpu.cfs_burst_us" | tr '\n' ' ')" = '100000 50000 ' ]
	if [ -e "$at/cpu.rt_runtime_us" ] && echo 20000 >"$at/../cpu.rt_runtime_us"; then
		oci update c --cpu-rt-period 900000 --cpu-rt-runtime 9000
		oci update c --cpu-rt-period 8000 --cpu-rt-runtime 100
		[ "$(cat "$at/cpu.rt_period_us")" = 8000 ]
	fi
	run -1 oci update -r - c <<<'{"unified":{"memory.min":"1"}}'
	[[ "$output" == *"invalid configuration"* ]]
}

@test "help of every command begins as runc's, under runc's name" {
	ln -s "$(realpath "$CTRBOX")" runc
	local c
	for c in checkpoint create delete events exec kill list pause ps restore resume run spec \
		start state update; do
		[ "$(./runc $c --help | sed -n 2p)" = \
			"   runc $c - Open Container Initiative runtime" ]
	done
}

@test "without a mount at /dev its devices are made in the root's own, also linux.devices" {
	bundle '"sh","-c","echo x >/dev/null && ls -l /dev/mem /dev/fd | tr -s \" \""' \
		'"devices":[{"path":"/dev/mem/","type":"c","major":1,"minor":1,"fileMode":416,"uid":5}]'
	edit '.mounts |= map(select(.destination != "/dev"))'
	rm -rf b/rootfs/dev
	run_out c
	grep -q 'crw-r----- 1 5 root 1, 1' out
	grep -q '/dev/fd -> /proc/self/fd' out
	rm -rf b/rootfs/dev && mkdir b/rootfs/dev # a bind mount at /dev is left as it is
	mkdir d
	edit --arg d "$PWD/d" '.process.args = ["true"] |
		.mounts += [{destination:"/dev",type:"bind",source:$d,options:["bind"]}]'
	run_out c
	[ -z "$(ls -A d)" ]
}

@test "delete --regex: crun's, of ids that match" {
	local id
	bundle '"sleep","1000"'
	for id in ab abb xab b; do
		edit --arg p "/$CTR_CGROUP/$id" '.linux.cgroupsPath = $p'
		oci run -d -b b $id </dev/null >out 2>&1
	done
	oci delete -f --regex '^ab*$'
	[ "$(oci list -q | tr '\n' ' ')" = 'b xab ' ]
	run -1 oci delete -f --regex 'a(b)*'
	[[ "$output" == *"only . [] * + ? ^ $ | and ()"* ]]
	oci delete -f --regex '^(a|c)b$|[^a-x]'
	oci delete -f --regex 'a.?$'
	[ "$(oci list -q)" = b ]
}

@test "CAP_DAC_OVERRIDE of a user other than root counts when the command is looked for" {
	bundle '"/bin/mine"'
	printf '#!/bin/sh\necho ran\n' >b/rootfs/bin/mine
	chmod 700 b/rootfs/bin/mine
	edit '.process.user = {uid:1000,gid:1000}'
	run -1 run_out c
	edit '["CAP_DAC_OVERRIDE"] as $c | .process.capabilities = {bounding:$c,permitted:$c,effective:$c,inheritable:$c,ambient:$c}'
	run_out c
	grep -qx ran out
}

@test "blockIO: weights of the group and of a disk, below 10 too, as BFQ takes them" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	local loop got group
	truncate -s 4M disk
	loop=$(losetup -f --show disk) || skip "no loop devices here"
	got=$(cat "/sys/block/${loop#/dev/}/dev")
	bundle '"sleep","1000"' "\"resources\":{\"blockIO\":{\"weight\":7,\"weightDevice\":[
		{\"major\":${got%:*},\"minor\":${got#*:},\"weight\":5}]}}"
	echo bfq >"/sys/block/${loop#/dev/}/queue/scheduler" || {
		losetup -d "$loop"
		skip "no BFQ here"
	}
	create c || {
		losetup -d "$loop"
		lacking "'io' controller\|CONFIG_BFQ"
	}
	group=$(sed -n 's/^[0-9]*:blkio:/blkio/p; s/^0::/unified/p' \
		"/proc/$(oci state c | jq .pid)/cgroup" | head -1)
	[ -e "/sys/fs/cgroup/$group" ] || group=${group#unified}
	cat "/sys/fs/cgroup/$group/"*io.bfq.weight* >weights
	oci delete -f c
	losetup -d "$loop"
	grep -Eq '^(default )?7$' weights
	grep -Fxq "$got 5" weights
	bundle '"true"' '"resources":{"blockIO":{"weightDevice":[{"major":7,"minor":0}]}}'
	run -1 oci run -b b c
	[[ "$output" == *"weightDevice[0].weight: is missing"* ]]
}

@test "huge pages: what is reserved is limited as well as what is used; a limit is required" {
	local group
	[ -d /sys/kernel/mm/hugepages/hugepages-2048kB ] || skip "no huge pages here"
	bundle '"sleep","1000"' \
		'"resources":{"hugepageLimits":[{"pageSize":"2MB","limit":4194304}]}'
	create c || lacking "'hugetlb' controller"
	group=$(sed -n 's/^0:://p' "/proc/$(oci state c | jq .pid)/cgroup")
	for group in /sys/fs/cgroup/{,unified,hugetlb}"$group"; do
		cat "$group"/hugetlb.2MB{.rsvd,}.{max,limit_in_bytes} 2>/dev/null || true
	done >limits
	[ "$(sort -u limits)" = 4194304 ]
	[ "$(wc -l <limits)" -gt 1 ] || [ ! -e "$group/hugetlb.2MB.rsvd.max" ]
	oci delete -f c
	bundle '"true"' '"resources":{"hugepageLimits":[{"pageSize":"2MB"}]}'
	run -1 oci run -b b c
	[[ "$output" == *"hugepageLimits[0].limit: is missing"* ]]
}

@test "seccomp: flags as they are named, errnoRet only where there is one, no unknown word" {
	local flags
	bundle '"sh","-c","mkdir /x"' \
		'"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
		{"names":["mkdir"],"action":"SCMP_ACT_ERRNO","errnoRet":28}]}'
	run_out c --debug || grep -q "No space left" out
	grep -q 'msg="seccomp filter flags: 4"' out
	for flags in '=0' '"TSYNC"=0' '"LOG"=2' '"SPEC_ALLOW","LOG"=6'; do
		edit --argjson f "[${flags%=*}]" \
			'.linux.seccomp.flags = ($f | map("SECCOMP_FILTER_FLAG_" + .))'
		run_out c --debug || grep -q "No space left" out
		grep -q "msg=\"seccomp filter flags: ${flags#*=}\"" out
	done
	edit '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_FROB"]'
	run -1 oci run -b b c
	[[ "$output" == *"flags: 'SECCOMP_FILTER_FLAG_FROB' is not known"* ]]
	edit 'del(.linux.seccomp.flags)
		| .linux.seccomp.architectures = ["SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_FROB"]'
	run -1 oci run -b b c
	[[ "$output" == *"architectures: 'SCMP_ARCH_FROB' is not an architecture"* ]]
	edit 'del(.linux.seccomp.architectures)
		| .linux.seccomp.syscalls[0].action = "SCMP_ACT_KILL"'
	run -1 oci run -b b c
	[[ "$output" == *"errnoRet: SCMP_ACT_KILL has no error number"* ]]
	edit '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "defaultErrnoRet": 1}'
	run -1 oci run -b b c
	[[ "$output" == *"errnoRet: SCMP_ACT_ALLOW has no error number"* ]]
}

@test "0 and -1 stand for no limit where runc takes them so; monitoring needs resctrl" {
	local one
	bundle '"true"' '"resources":{"cpu":{"realtimePeriod":0},"blockIO":{"leafWeight":0},
		"memory":{"kernelTCP":-1,"kernel":-1}}'
	run_out c
	for one in enableCMT enableMBM enableMonitoring; do
		grep -q ' - resctrl ' /proc/self/mountinfo && continue
		edit --arg k $one '.linux.intelRdt = {($k): true}'
		run -1 oci run -b b c
		[[ "$output" == *"linux.intelRdt: no resctrl"* ]]
	done
	bundle '"true"' '"resources":{"memory":{"useHierarchy":false}}'
	run_out c
	grep -q 'useHierarchy: not in effect' out
}

@test "pids.limit 0 is a limit since version 1.3, and was none before" {
	bundle '"sh","-c","(true) && echo forked"' '"resources":{"pids":{"limit":0}}'
	run_out c
	grep -qx forked out
	edit '.ociVersion = "1.3.0"'
	run -2 run_out c
	grep -q "can't fork" out
	edit '.process.args = ["sleep", "100"] | .linux.resources.pids.limit = 7'
	oci run -d -b b u </dev/null >/dev/null 2>&1
	oci update u --pids-limit 0
	oci update -r - u <<<'{"pids":{"limit":0}}'
	oci delete -f u
}

@test "an id-mapped mount of a folder in the root shows what was mounted there before" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir -p src b/rootfs/m b/rootfs/final
	echo x >src/file
	chown 5:5 src/file
	bundle '"stat","-c","%u:%g","/final/file"'
	edit --arg d "$PWD" '.mounts += [{source:($d + "/src"),destination:"/m",options:["bind"]},
		{source:($d + "/b/rootfs/m"),destination:"/final",options:["rbind"],
		uidMappings:[{containerID:5,hostID:7,size:1}],
		gidMappings:[{containerID:5,hostID:8,size:1}]}]'
	run_out c || ! grep -q "Function not implemented" out || skip "needs Linux 5.12"
	[ "$(cat out)" = 7:8 ]
	# in a user namespace, whose root maps no mounts
	edit '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts[3].uidMappings[0] = {containerID: 5, hostID: 100007, size: 1}
		| .mounts[3].gidMappings[0] = {containerID: 5, hostID: 100008, size: 1}'
	run_out c
	[ "$(cat out)" = 7:8 ]
	edit --arg d "$PWD" '.mounts[3].source = $d + "/b/rootfs/none"'
	run -1 oci run -b b c
	[[ "$output" == *"/final: id-mapped mount: "*"/none cannot be mapped" ]]
}

@test "list asks for the boot's id once, not for each container" {
	need strace strace
	bundle '"sleep","1000"'
	create c
	edit '.linux.cgroupsPath += "2"'
	create d
	# shellcheck disable=SC2086
	strace -qq -e trace=openat -o calls ctr-oci $R list -q >out
	[ "$(grep -c . out)" = 2 ]
	[ "$(grep -c /boot_id calls)" = 1 ]
}

@test "a sysctl of a bundle that mounts no /proc: that is what the message says" {
	bundle '"true"' '"sysctl":{"net.ipv4.ip_forward":"1"}'
	edit 'del(.mounts[0])'
	run -1 oci run -b b c
	[ "$output" = "ctr-oci: sysctl net.ipv4.ip_forward=1: no /proc is mounted" ]
}

@test "a bind mount in a user namespace keeps its access times, or is refused" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	local has
	mkdir -p src b/rootfs/m
	bundle '"sed","-n","s|.* /m tmpfs \\([^ ]*\\) .*|\\1|p","/proc/mounts"' \
		'"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],
		"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]'
	edit --arg d "$PWD/src" '.linux.namespaces += [{type: "user"}]
		| .mounts += [{source: $d, destination: "/m", options: ["bind"]}]'
	# bound HAS WANTED: what a file system with HAS has as a mount with the option WANTED
	bound() {
		edit --arg o "$2" '.mounts[2].options[1:] = [$o]'
		run unshare -m --propagation private sh -c "mount -t tmpfs -o $1 none src
			exec ctr-oci $R run -b b c" </dev/null
	}
	for has in relatime noatime strictatime nodiratime; do
		bound $has $has
		[[ "$status" = 0 && ("$output" == *"$has"* || $has = strictatime) ]]
	done
	for has in relatime:strictatime relatime:noatime relatime:nodiratime noatime:relatime \
		strictatime:relatime nodiratime:strictatime; do
		bound ${has/:/ }
		[[ "$status" = 1 && "$output" == \
			"ctr-oci: error mounting /m: Operation not permitted"* ]]
	done
	bound noatime atime
	[[ "$status" = 0 && "$output" == *noatime* ]]
}

@test "features: every mount option it names is known, and annotations that we act on" {
	bundle '"true"'
	oci features >f.json
	jq --slurpfile f f.json '.mounts += [$f[0].mountOptions[]
		| select(IN("idmap", "ridmap", "tmpcopyup", "bind", "rbind", "remount") | not)
		| {source: "/bin", destination: ("/m/" + .), options: ["rbind", .]}]
		| .mounts += [{type: "tmpfs", destination: "/t", options: ["acl", "loud"]},
		{type: "tmpfs", destination: "/t", options: ["remount", "ro", "noacl"]}]
		| .process.args = ["sh", "-c", "grep -c \" /m/\" /proc/mounts; grep \" /t \" /proc/mounts"]' \
		b/config.json >c.json && mv c.json b/config.json
	run_out c
	[ "$(sed -n 1p out)" = "$(($(jq '.mountOptions | length' f.json) - 6))" ]
	[[ "$(sed -n '2,$p' out)" == "tmpfs /t tmpfs ro,"* ]]
	jq -e '.potentiallyUnsafeConfigAnnotations | contains(["org.systemd.property."])' \
		f.json
}

@test "a device where another file is, and a limit that is there twice, are refused" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	touch b/rootfs/d
	mknod b/rootfs/same c 10 200
	bundle '"stat","-c","%n %F","/same"' \
		'"devices":[{"path":"/same","type":"c","major":10,"minor":200}]'
	run_out c
	grep -q "/same character special file" out
	edit '.linux.devices[0].minor = 201'
	run -1 oci run -b b c
	[[ "$output" == *"/same: a file that is not this device is there already" ]]
	edit '.linux.devices[0].path = "/d"'
	run -1 oci run -b b c
	[[ "$output" == *"/d: a file that is not this device is there already" ]]
	bundle '"true"' '' '"rlimits":[{"type":"RLIMIT_NOFILE","soft":9,"hard":9},
		{"type":"RLIMIT_NOFILE","soft":8,"hard":8}]'
	run -1 oci run -b b c
	[[ "$output" == *"process.rlimits[1].type: is there twice" ]]
}

@test "a tmpfs that is shared, a mountLabel without SELinux, a bad id named by its character" {
	[ ! -e /sys/fs/selinux/enforce ] || skip "SELinux is in use here"
	bundle '"cat","/proc/self/mountinfo"' '"mountLabel":"system_u:object_r:x_t:s0:c1,c2"'
	edit '.mounts += [{destination:"/tmp/s",type:"tmpfs",source:"tmpfs",options:["shared"]}]'
	run_out c
	grep -q ' /tmp/s .* shared:' out
	run -1 oci run -b b a/b
	[[ "$output" == *"invalid container ID: invalid character \`/\` in the ID"* ]]
}

@test "a listener is sent without SCMP_ACT_NOTIFY, too, and nobody need be there then" {
	need socat
	bundle '"true"' "\"seccomp\":{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":\"$PWD/s\"}"
	run_out c
	socat -u UNIX-LISTEN:s OPEN:got,creat 3>&- &
	wait_for 5 test -S s
	run_out c
	wait_for 5 grep -q '"ociVersion":"0.2.0".*"status":"creating"' got
}

@test "a device in a user namespace has its owner and mode, and need not be on the host" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	bundle '"sh","-c","stat -c %F:%a:%u:%g /dev/one /in/two; grep -c tmpfs./ /proc/self/mounts"' \
		'"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],
		 "gidMappings":[{"containerID":0,"hostID":100000,"size":65536}],
		 "devices":[{"path":"/dev/one","type":"b","major":1,"minor":5,
		  "uid":10,"gid":11,"fileMode":111},
		  {"path":"/in/two","type":"c","major":1,"minor":9}]'
	edit '.linux.namespaces += [{type:"user"}]'
	mkdir b/rootfs/in
	chown 100000:100000 b/rootfs b/rootfs/in
	run_out c
	grep -qx 'block special file:157:10:11' out
	grep -qx 'character special file:666:0:0' out
}

@test "delete --force ends a process that somebody has moved into a frozen group" {
	[ -w /sys/fs/cgroup/freezer ] || skip "no freezer of cgroup v1 here"
	bundle '"sleep","1000"'
	create c
	oci start c
	local f=/sys/fs/cgroup/freezer/$CTR_CGROUP/ice
	mkdir -p "$f"
	oci state c | sed -n 's/.*"pid": \([0-9]*\).*/\1/p' >"$f/cgroup.procs"
	echo FROZEN >"$f/freezer.state"
	oci delete -f c
	rmdir "$f" "${f%/ice}" || true
	[ -z "$(oci list -q)" ]
}

@test "a member whose name differs in case is read, as Go's decoder does it" {
	bundle '"true"' '"Resources":{"pids":{"LIMIT":"x"}}'
	run -1 oci run -b b c
	[[ "$output" == *"linux.resources.pids.limit: must be an integer" ]]
	bundle '"true"' '"Seccomp":5'
	run -1 oci run -b b c
	[[ "$output" == *"linux.seccomp: must be an object" ]]
}

@test "on cgroup v1 a container is in the hierarchy name=systemd, too, and leaves nothing there" {
	[ "$(id -u)" = 0 ] && mountpoint -q /sys/fs/cgroup/systemd || skip "needs root and cgroup v1"
	bundle '"sleep","1000"'
	create c
	oci start c
	run oci exec c cat /proc/self/cgroup
	[[ "$output" == *"name=systemd:/$CTR_CGROUP/c"* ]]
	oci delete -f c
	[ ! -e "/sys/fs/cgroup/systemd/$CTR_CGROUP" ]
	# and sees it, with a namespace and without; podman's --systemd mounts another there
	edit '.process.args = ["sh", "-c", "cd /sys/fs/cgroup/systemd && cat cgroup.procs; ls -d */"]
		| .mounts += [{destination: "/sys", type: "sysfs", source: "sysfs"},
		{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup", options: ["ro"]}]'
	run -1 oci run -b b c
	[[ "$output" == 1*"ls: */: No such file"* ]]
	edit '.linux.namespaces += [{type: "cgroup"}]'
	run -1 oci run -b b c
	[[ "$output" == 1*"ls: */: No such file"* ]]
	edit '.process.args = ["true"] | .mounts += [{destination: "/sys/fs/cgroup/systemd",
		type: "bind", source: "/sys/fs/cgroup/systemd", options: ["bind", "ro"]}]'
	oci run -b b c
}

@test "update keeps in the record what holds for other disks, and replaces what holds for one" {
	local one two limits
	read -r one two <<<"$(cat /sys/block/*/dev 2>/dev/null | head -n 2 | tr '\n' ' ')"
	[ -n "$two" ] || skip "needs two disks"
	bundle '"sleep","1000"'
	create c
	limit() {
		jq -nc --arg d "$1" --argjson r "$2" '($d | split(":") | map(tonumber)) as [$a,$b] |
			{blockIO:{throttleReadBpsDevice:[{major:$a,minor:$b,rate:$r}]}}' |
			oci update -r - c >out 2>&1
	}
	limit "$one" 1000000 || lacking "'io' controller\|CONFIG_BLK_DEV_THROTTLING\|no such disk"
	limit "$two" 2000000
	limit "$one" 3000000
	limits=$(grep -o 'rbps=[0-9]*' "$WORLD/oci/c/config.json" | sort | tr '\n' ' ')
	[ "$limits" = 'rbps=2000000 rbps=3000000 ' ]
}

# bats test_tags=ctr-exec
@test "without a mount namespace of its own it has its root all the same, and leaves no mount" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	bundle '"sh","-c","readlink /proc/self/ns/mnt; ls -d /proc/self /dev/null /host; sleep 1000"'
	mkdir b/rootfs/host
	edit '.linux.namespaces -= [{type:"mount"}] | .root.readonly = true | .mounts += [
		{destination:"/host",type:"bind",source:"/etc",options:["bind","ro"]}]'
	cat >script <<-'END'
		mounts() { cut -d ' ' -f 4- /proc/self/mountinfo | sort; }
		mounts >before
		oci() { ctr-oci --root "$WORLD/oci" "$@"; }
		oci run -d -b b c </dev/null >out 2>&1 || exit 11
		oci exec c cat /etc/passwd | cmp -s - b/rootfs/etc/passwd || exit 12
		oci exec c readlink /proc/self/ns/mnt >in
		[ "$(cat in)" = "$(readlink /proc/self/ns/mnt)" ] || exit 13
		grep -Fxf in out || exit 14
		! oci exec c touch /file || exit 15
		ctr-exec "oci:$WORLD/oci/c" ls -d /host || exit 16
		[ -e b/rootfs/bin ] && oci delete -f c || exit 17
		mounts | cmp - before || exit 18
		[ -e b/rootfs/bin/busybox ] && [ -e /etc/passwd ] && [ ! -e "$WORLD/oci/c" ] || exit 19
		# A failure, and a maker that was killed, leave nothing either.
		jq -c '.mounts += [{destination:"/x",type:"none such"}]' b/config.json >b/bad.json
		! oci run -b b -f bad.json c </dev/null >out 2>&1 && grep -q "none such" out || exit 20
		mounts | cmp - before || exit 21
		jq -c '.hooks = {createRuntime:[{path:"/bin/sh",args:["sh","-c","kill -9 $PPID"]}]}' \
			b/config.json >b/bad.json
		oci create -b b -f bad.json c </dev/null >out 2>&1
		[ $? = 137 ] && ! mounts | cmp -s - before || exit 24
		oci delete -f c || exit 22
		mounts | cmp - before || exit 23
	END
	export WORLD
	run unshare -m --propagation private sh script
	echo "$output" "$status"
	[ "$status" = 0 ]
	[ -e b/rootfs/bin/busybox ]
}

@test "what is wrong in linux.seccomp is named with its place in config.json" {
	local wrong
	while read -r wrong place; do
		bundle '"true"' '"seccomp":{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[
			{"names":["a"],"action":"SCMP_ACT_LOG"},
			{"names":["kill"],"action":"SCMP_ACT_ERRNO",
			"args":[{"index":0,"value":1,"op":"SCMP_CMP_EQ"}]}]}'
		jq --tab "$wrong" b/config.json >c.json
		mv c.json b/config.json
		run -1 oci run -b b c
		echo "$output"
		[[ "$output" =~ ^ctr-oci:\ /.*/config.json:([0-9]+):([0-9]+):\ linux.seccomp$place ]]
		sed -n "${BASH_REMATCH[1]}p" b/config.json | tail -c "+${BASH_REMATCH[2]}" >at
		grep -q '^["{7]' at
	done <<-'END'
	del(.linux.seccomp.defaultAction) .defaultAction:\ is\ missing
	.linux.seccomp.defaultAction="x" .defaultAction:\ 'x'\ is\ not
	.linux.seccomp.syscalls[1].action="x" .syscalls\[1\].action:\ 'x'
	.linux.seccomp.syscalls[1]=7 .syscalls\[1\]:\ must\ be
	.linux.seccomp.syscalls[1].args[0].op="x" .syscalls\[1\].args\[0\]:\ needs
	.linux.seccomp.syscalls[1].args[0].value="x" .syscalls\[1\].args\[0\].value:\ must
	.linux.seccomp.syscalls[0].errnoRet=1 .syscalls\[0\].errnoRet:\ SCMP
	.linux.seccomp.flags=["x"] .flags:\ 'x'
	END
}

@test "a user namespace without a root: what is made belongs to the process's user" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	bundle '"sh","-c","id -u; id -g; stat -c %u:%g /dev/shm"' \
		'"uidMappings":[{"containerID":1000,"hostID":100000,"size":1}],
		"gidMappings":[{"containerID":1000,"hostID":200000,"size":1}]'
	edit '.linux.namespaces += [{type: "user"}] | .process.user = {uid: 1000, gid: 1000}
		| .mounts += [{destination: "/dev/shm", type: "tmpfs"}]'
	chown -R 100000:200000 b/rootfs
	run_out c
	[ "$(tr '\n' ' ' <out)" = '1000 1000 1000:1000 ' ]
	edit '.process.args = ["sleep", "100"]'
	oci run -d -b b c </dev/null >out 2>&1
	[ "$(oci exec c id -u)" = 1000 ]
}

@test "--preserve-fds of a descriptor that is not open is refused, before ours could be it" {
	bundle '"cat","/dev/fd/3"'
	run -1 sh -c 'exec ctr-oci "$@" 3>&-' sh --root "$WORLD/oci" run -b b --preserve-fds 1 c
	[[ "$output" == *"preserved-fd 0: descriptor 3 is not open"* ]]
	# shellcheck disable=SC2086
	ctr-oci $R run -b b --preserve-fds 9 c 3<<<fine </dev/null >out
	[ "$(cat out)" = fine ]
}

@test "a sysctl's name with slashes, as sysctl(8) has it; no path is left by it" {
	local name
	bundle '"cat","/proc/sys/net/ipv4/conf/lo/forwarding"'
	for name in net/ipv4/conf/lo/forwarding net.ipv4.conf.lo.forwarding; do
		edit --arg k $name '.linux.sysctl = {($k): "1"}'
		run_out c
		[ "$(cat out)" = 1 ]
	done
	for name in net/../kernel/sysrq net/ipv4//x /net/ipv4/ip_forward .net.x net.; do
		edit --arg k $name '.linux.sysctl = {($k): "1"}'
		run -1 oci run -b b c
		[[ "$output" == *"contains an invalid path" ]]
	done
}

@test "mounts stand in mountinfo in the order of config.json, shared ones too" {
	local v
	v=$(uname -r | awk -F. '{ print $1 * 100 + $2 }')
	# mountinfo goes by the mounts' ids since 6.8, and a mount that is not attached can be copied
	# since 6.15
	[ "$v" -lt 608 ] || [ "$v" -ge 615 ] ||
		skip "this kernel gives a shared mount its id too early"
	mkdir src
	bundle '"sh","-c","cut -d\" \" -f5 /proc/self/mountinfo"'
	edit --arg d "$PWD/src" '.mounts += [
		{destination:"/a",source:$d,options:["bind","shared"]},
		{destination:"/b",source:$d,options:["rbind","rprivate"]},
		{destination:"/c",source:$d,options:["rbind","rshared"]}]'
	run_out c
	[ "$(tr '\n' ' ' <out)" = "/ /proc /dev /a /b /c " ]
}

@test "a type that only begins as that of cgroups is none of theirs" {
	bundle '"true"'
	edit '.mounts += [{type: "cgroupx", source: "none", destination: "/m"}]'
	run -1 oci run -b b c
	[[ "$output" == *"/m: mount cgroupx: No such device"* ]]
}

@test "a list in a mount's option idmap= is crun's, and refused rather than passed over" {
	mkdir src
	bundle '"true"'
	edit --arg d "$PWD/src" '.mounts += [{source: $d, destination: "/m",
		options: ["bind", "idmap=uids=0-1-10"]}]'
	run -1 oci run -b b c
	[[ "$output" == *"mounts[2]: idmap=uids=0-1-10: give uidMappings, gidMappings" ]]
}

@test "words that runc's and crun's own tests look for" {
	local policy why
	while IFS='|' read -r policy why; do
		bundle '"true"' "\"memoryPolicy\":$policy"
		run -1 oci run -b b c
		[[ "$output" == *"$why"* ]]
	done <<-'END'
	{}|invalid memory policy mode
	{"mode":"INTERLEAVE"}|invalid memory policy mode
	{"mode":"MPOL_BIND","nodes":"0","flags":["x"]}|invalid memory policy flag
	{"mode":"MPOL_BIND","nodes":"0-9876543210"}|invalid memory policy node
	{"mode":"MPOL_DEFAULT","nodes":"0-7"}|set_mempolicy(2): invalid argument: 
	END
	bundle '"true"' '"netDevices":{"lo":{}}'
	edit '.linux.namespaces -= [{type: "network"}]'
	run -1 oci run -b b c
	[[ "$output" == *"unable to move network devices without a NET namespace" ]]
	ln -s "$(realpath "$CTRBOX")" crun
	[ "$(./crun --root oci delete --help | head -n 1)" = \
		'Usage: crun [OPTION...] delete CONTAINER' ]
	[ "$(./crun --root=oci update --help | head -n 1)" = \
		'Usage: crun [OPTION...] update [OPTION]... CONTAINER' ]
	run -1 ./crun --root oci --log "file:$PWD/log" state none
	grep -q 'level=error msg="container does not exist: none"' log
	[ "$(id -u)" = 0 ] || skip "the rest needs root"
	ln -s "$(realpath "$CTRBOX")" runc
	mkdir -p src b/rootfs/m
	bundle '"true"' '"uidMappings":[{"containerID":0,"hostID":100000,"size":65536}],
		"gidMappings":[{"containerID":0,"hostID":100000,"size":65536}]'
	edit --arg d "$PWD/src" '.linux.namespaces += [{type: "user"}]
		| .mounts += [{source: $d, destination: "/m", options: ["bind", "rw"]}]'
	run -1 unshare -m --propagation private sh -c "mount -t tmpfs none src
		mount -o remount,bind,ro src; exec ./runc --root oci run -b b c"
	[[ "$output" == *"runc run failed: unable to start container process: error during "*"container init: error mounting"*"operation not permitted"* ]]
}

@test "a --log that cannot be written is an error; crun's kinds of it that are not there, too" {
	bundle '"true"'
	run -1 oci --log none/log run -b b c
	[[ "$output" == *"--log: none/log: No such file or directory" ]]
	run -1 oci --log=invalid:/path list
	run -1 oci --log b list
	oci --log '' run -b b c
	oci --log log run -b b c
	[ -e log ]
	[ -z "$(ls oci)" ]
}

@test "annotations of crun's: who gets the pidfd, and the files that hooks write to" {
	need socat
	socat -u UNIX-LISTEN:s OPEN:said,creat 3>&- &
	wait_for 5 test -S s
	bundle '"true"' '' '' "\"annotations\":{\"run.oci.pidfd_receiver\":\"$PWD/s\",
		\"run.oci.hooks.stdout\":\"$PWD/o\",\"run.oci.hooks.stderr\":\"$PWD/e\"},
		\"hooks\":{\"prestart\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"echo one; echo two >&2\"]}],
		\"poststop\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"echo three\"]}]}"
	oci run -b b c
	[ "$(cat o)" = "one
three" ]
	[ "$(cat e)" = two ]
	wait_for 5 grep -q pidfd said
	edit '.annotations = {"run.oci.hooks.stdout": "/none/o"}'
	run -1 oci run -b b c
	[[ "$output" == *"run.oci.hooks.stdout: /none/o: No such file or directory"* ]]
	oci features | jq -e '.potentiallyUnsafeConfigAnnotations | contains(["run.oci."])'
}

@test "features: a flag of seccomp's that the kernel lacks is known and not supported" {
	need strace strace
	strace -qq -o calls -e inject=seccomp:error=EINVAL ctr-oci features |
		jq -e '.linux.seccomp | .knownFlags - .supportedFlags
			== ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
}

@test "a capability that is not known is an error up to version 1.0, later it is warned of" {
	bundle '"true"' '' '"capabilities":{"bounding":["CAP_KILL","CAP_TEST"]}'
	run -1 oci run -b b c
	[[ "$output" == *"config.json:1:"*"process.capabilities.bounding: CAP_TEST is not known" ]]
	edit '.ociVersion = "1.2.0"'
	oci run -b b c >out 2>&1
	grep -q 'process.capabilities.bounding: CAP_TEST is not known' out
}

@test "a poststart hook that fails destroys the container, whether start or run starts it" {
	bundle '"sleep","60"' '' '' "\"hooks\":{\"poststart\":[{\"path\":\"/bin/false\"}],
		\"poststop\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"-c\",\"echo stop >>$PWD/said\"]}]}"
	create c
	run -1 oci start c
	[[ "$output" == *"error running poststart hook #0"* ]]
	run -1 oci state c
	run -1 oci run -d -b b c
	[ -z "$(oci list -q)" ]
	[ "$(cat said)" = "stop
stop" ]
}

@test "a user namespace without mappings has the process's user, who is the caller" {
	bundle '"id"' '' '"user":{"uid":7,"gid":8}'
	edit '.linux.namespaces += [{type: "user"}] | .process.user = {uid: 7, gid: 8}
		| .process.args = ["cat", "/proc/self/uid_map", "/proc/self/gid_map"]'
	[ "$(oci run -b b c | tr -s ' \n' ' ')" = " 7 $(id -u) 1 8 $(id -g) 1 " ]
	edit '.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	run -1 oci run -b b c
	[[ "$output" == *"linux.gidMappings: a new user namespace needs them" ]]
}

@test "a pipe on stdout belongs to the process's user and group" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	bundle '"stat","-Lc","%u:%g","/proc/self/fd/1"'
	edit '.process.user = {uid: 1001, gid: 1002}'
	[ "$(oci run -b b c | cat)" = 1001:1002 ]
}

@test "--no-mount-fallback: a bind mount that has to keep its source's flags is an error" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir -p src b/rootfs/m
	bundle '"true"' '"uidMappings":[{"containerID":0,"hostID":0,"size":65536}],
		"gidMappings":[{"containerID":0,"hostID":0,"size":65536}]'
	edit --arg d "$PWD/src" '.linux.namespaces += [{type: "user"}]
		| .mounts += [{source: $d, destination: "/m", options: ["rbind", "ro"]}]'
	cat >nosuid <<-'END'
		mount -t tmpfs -o nosuid,nodev none src
		exec ctr-oci --root oci run "$@" -b b c
	END
	unshare -m --propagation private sh nosuid
	run -1 unshare -m --propagation private sh nosuid --no-mount-fallback
	[[ "$output" == *"error mounting /m: Operation not permitted"* ]]
}

@test "NOTIFY_SOCKET: start and run -d wait for READY=1 and pass it on with MAINPID; run, too" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	need perl perl
	need socat
	local perl='use IO::Socket::UNIX; open my $f, ">", "/here";
		select undef, undef, undef, 0.02 until -e "/go";
		IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ENV{NOTIFY_SOCKET})->send($_)
			for ("EXTEND_TIMEOUT_USEC=1", "STATUS=warm", "READY=1"); sleep $ARGV[0]' d
	export NOTIFY_SOCKET=$PWD/s
	socat -u UNIX-RECV:s OPEN:said,creat,append 3>&- &
	local listener=$!
	wait_for 5 test -S s
	bundle '"perl"'
	edit '.process.env = ["PATH=/usr/bin"]'
	for d in usr lib lib64; do
		mkdir -p b/rootfs/$d
		edit --arg d /$d '.mounts += [{source: $d, destination: $d, options: ["rbind", "ro"]}]'
	done
	edit --arg p "$perl" '.process.args = ["perl", "-e", $p, "30"]'
	create c
	# What is run waits for it in the container until this lets it go on.
	ready() {
		local waits=$!
		wait_for 5 test -e b/rootfs/here
		wait_for 5 stands $waits
		[ ! -s said ]
		touch b/rootfs/go
		wait $waits
		rm b/rootfs/{go,here}
	}
	oci start c 3>&- &
	ready
	wait_for 5 grep -q "MAINPID=$(oci state c | jq .pid)" said
	[ "$(head -n 2 said)" = "STATUS=warm
READY=1" ]
	oci exec c true
	oci delete -f c
	: >said
	oci run -d -b b c </dev/null >out 2>&1 3>&- &
	ready
	wait_for 5 grep -q READY=1 said
	oci delete -f c
	touch b/rootfs/go
	edit '.process.args[3] = "1"'
	oci run -b b c
	[ "$(grep -c READY=1 said)" = 2 ]
	[ -z "$(ls oci)" ]
	kill $listener
}

@test "netDevices: with its address, MTU and new name into a namespace that is given by its path" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	need ip iproute2
	bundle '"ip","address","show","dev","inside"' '"netDevices":{"outside":{"name":"inside"}}'
	cat >script <<-'END'
		unshare -n sleep 100 &
		while [ "$(readlink /proc/$!/ns/net)" = "$(readlink /proc/$$/ns/net)" ]; do :; done
		jq -c --arg p /proc/$!/ns/net \
			'(.linux.namespaces[] | select(.type == "network")).path = $p' b/config.json >c
		mv c b/config.json
		for i in 1 2 3 4 5 6; do
			ip link add outside type veth peer name other
			ip link set mtu 1444 dev outside
			ip address add 169.254.169.77/32 dev outside
			ctr-oci --root oci run -b b c </dev/null || break
			ip link del other
		done
		kill $!
	END
	unshare -n sh script >out
	[ "$(grep -c 'mtu 1444' out)" = 6 ]
	[ "$(grep -c 'inet 169.254.169.77/32' out)" = 6 ]
}

@test "list of a --root that is not there fails; of the default one it does not" {
	run -1 oci list
	[[ "$output" == *"/oci: No such file or directory" ]]
	mkdir oci
	[ "$(oci list --format json)" = '[]' ]
	if [ "$(id -u)" = 0 ]; then
		run -0 unshare -m sh -c 'mount -t tmpfs none /run && exec ctr-oci list -q'
		[ -z "$output" ]
	fi
}

@test "a path that is masked twice is masked once" {
	bundle '"sh","-c","grep -c \" /masked\" /proc/self/mounts"' \
		'"maskedPaths":["/masked1","/masked2","/masked1","/masked2"]'
	mkdir b/rootfs/masked1
	echo secret >b/rootfs/masked2
	[ "$(oci run -b b c)" = 2 ]
}

@test "events: an interval below a second" {
	bundle '"sleep","1000"'
	create c
	run -124 timeout 2 ctr-oci --root oci events --interval 50ms c
	[ "${#lines[@]}" -ge 8 ]
	[ "${#lines[@]}" -le 45 ]
	[[ "${lines[0]}" == '{"'* ]]
	run -1 oci events --interval 86400m c
	[[ "$output" == *"from 1ms to a day"* ]]
}

@test "update: checkBeforeUpdate says whether memory or memory and swap are in the way" {
	bundle '"sleep","1000"' '"resources":{"memory":{"limit":33554432,"swap":67108864}}'
	create c || lacking 'memory.swap\|memory.memsw'
	run -1 oci update -r - c <<<'{"memory":{"limit":1024,"checkBeforeUpdate":true}}'
	[[ "$output" == *"rejecting memory limit"* ]]
	run -1 oci update -r - c <<<'{"memory":{"limit":1024,"swap":2048,"checkBeforeUpdate":true}}'
	[[ "$output" == *"rejecting memory+swap limit"* ]]
}

@test "SCHED_DEADLINE: what the kernel would call an invalid argument is named, in crun's words" {
	local times why
	while IFS='|' read -r times why; do
		bundle '"true"' '' "\"scheduler\":{\"policy\":\"SCHED_DEADLINE\"$times}"
		run -1 oci run -b b c
		[[ "$output" == *":1:"*"sched_setattr: \`SCHED_DEADLINE\` $why" ]]
	done <<-'END'
	,"deadline":20000000|requires `runtime`
	,"runtime":10000000|requires `deadline`
	,"runtime":0,"deadline":20000000|runtime must be greater than 0
	,"runtime":1023,"deadline":20000000|runtime must be between 1024 and deadline
	,"runtime":30000000,"deadline":20000000|runtime must be <= deadline
	,"runtime":10000000,"deadline":30000000,"period":20000000|deadline must be <= period
	END
}

#!/usr/bin/env bats
# CONFIG=minimal: twelve applets in 300 KiB, without JSON, images and networks of their own.

CTR_BIN=${BATS_TEST_DIRNAME}/../build/minimal/bin
load lib

test_setup() {
	[ -x "$CTR_BIN/ctr-run" ] || skip "no minimal build here (make test-builds)"
}

# bats test_tags=ctr-exec,ctr-stop,ctr-nsenter,ctr-init,ctr-cgset,ctr-start,ctr-logs,ctr-check
@test "its size, and its applets" {
	[ "$(stat -Lc %s "$CTRBOX")" -le 307200 ]
	[ "$("$CTRBOX" --list | sort | sed 's/^ctr-//' | tr '\n' ' ')" = \
		"cgset check exec gc init logs nsenter ps rm run start stop " ]
}

# bats test_tags=ctr-exec,ctr-stop,ctr-init,ctr-cgset
@test "a container with everything is found again by exec as it was made" {
	ctr-run -d --name all --keep -e $'A=two\nlines \\n' -v "$WORLD/bind:/bind" -v named:/named \
		-u 1000:1000 --ulimit nofile=100:200 \
		--cap-drop all --cap-add net_admin --device /dev/null:/dev/mine \
		--sysctl net.ipv4.ip_forward=1 -m 64m --tmpfs /t:size=1m \
		--read-only -w /etc --init --umask 027 "$ROOTFS" sleep 100
	run ctr-exec all sh -c '
		pwd
		id -u
		ulimit -n
		ulimit -Hn
		echo "$A"
		sed -n "s/^CapBnd:\t//p;s/^Seccomp:\t//p" /proc/self/status
		cat /proc/sys/net/ipv4/ip_forward /proc/1/comm
		[ -c /dev/mine ] && mount | grep -c " /\(bind\|named\|t\) "
		touch /x'
	echo "$output"
	[ "${lines[*]:0:11}" = '/etc 1000 100 200 two lines \n 0000000000001000 2 1 ctr-init 3' ]
	[[ ${lines[11]} == *"Read-only file system" ]]
	[ "$(ctr-cgset -g "$( (. "$CTR_RUN/containers/all/state"; echo "/$cgroup"))" memory.max)" \
		= 67108864 ]
	[[ $(ctr-ps --json) == \
		'{"id":"'*'","name":"all","pid":'*',"status":"running","command":"sleep 100",'*',"exit":null,'*',"oom":false,'* ]]
	ctr-stop -t 1 all
	[ "$(ctr-ps -an -o name,status | tr -s ' ')" = "all exited" ]
	[[ "$(ctr-ps -as --json)" == *'"size":null'* ]]
	[ "$(ctr-ps -an -o name -f "ancestor=$ROOTFS")$(ctr-ps -aq -f image=other)" = all ]
	ctr-rm all
}

# bats test_tags=ctr-exec,ctr-nsenter
@test "a user namespace of its own, entered by nsenter too" {
	ctr-run -d --name u --userns auto "$ROOTFS" sleep 100
	[ "$(ctr-exec u awk '{ print $1, $3 }' /proc/self/uid_map)" = "0 65536" ]
	[ "$(ctr-nsenter -a -t u cat /proc/1/comm)" = sleep ]
	ctr-rm -f u
}

# bats test_tags=ctr-run
@test "the exit code comes out; a monitor that has logged much is still small" {
	run ctr-run "$ROOTFS" sh -c 'exit 7'
	[ "$status" = 7 ]
	ctr-run -d --name talk "$ROOTFS" sh -c '
		i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; sleep 100'
	local monitor
	monitor=$(awk '/^PPid/ { print $2 }' "/proc/$(ctr-ps -n -o pid)/status")
	wait_for 20 grep -q 'line 19999' "$CTR_LIB/containers/talk/log"
	[ "$(awk '/^RssAnon/ { print $2 }' "/proc/$monitor/status")" -lt 1024 ]
	ctr-rm -f talk
}

# bats test_tags=ctr-start,ctr-logs
@test "a stopped container starts again on its layer, and its log tells of both lives" {
	ctr-run -d --name again "$ROOTFS" sh -c 'echo "life $(cat /lives 2>/dev/null || echo 1)"
		echo 2 >/lives; echo err >&2; exit 3' >/dev/null
	wait_for 10 eval '[ "$(ctr-ps -an -o status)" = exited ]'
	run -3 ctr-start -a again
	[ "${lines[0]}" = "life 2" ]
	# (the second wrote to us)
	[ "$(ctr-logs again 2>err)" = "life 1" ]
	[ "$(cat err)" = err ]
	ctr-start again
	wait_for 10 eval '[ "$(ctr-logs again 2>/dev/null | wc -l)" = 2 ]'
	[ "$(ctr-logs --tail 2 -t again 2>&1 | grep -c "^20.*Z \(life 2\|err\)$")" = 2 ]
	[ -z "$(ctr-logs --until 1.5h again 2>&1)" ]
	run -125 ctr-start -a nobody
	[[ $output == *"nobody"* ]]
	wait_for 10 eval '[ "$(ctr-ps -an -o status)" = exited ]'
	ctr-rm again
}

# bats test_tags=ctr-start
@test "ctr-start --boot starts what its policy wants, after a reboot" {
	ctr-run -d --restart always --name a "$ROOTFS" sleep 100 >/dev/null
	ctr-run -d --restart unless-stopped --name stopped "$ROOTFS" sleep 100 >/dev/null
	ctr-run -d --name plain "$ROOTFS" sleep 100 >/dev/null
	ctr-stop -t 0 a stopped plain >/dev/null
	[ "$(ctr-start --boot)" = a ]
	[ "$(ctr-ps -n -o name)" = a ]
	ctr-rm -f a stopped plain
}

# bats test_tags=ctr-check
@test "ctr-check says what the kernel can do" {
	run ctr-check
	[ "$status" -le 1 ]
	[[ $output == *"mount namespaces"*"seccomp filters"*"cgroup.kill"* &&
		$output != *bridges* ]]
	[ "$(ctr-check --json | head -n 1)" = \
		'{"name":"mount namespaces","state":"ok","needed":true}' ]
	[[ $(ctr-check --version) == "ctrbox "* ]]
	run -1 ctr-check --info
	[[ $output == *"no --info"*"(CONFIG=minimal)"* ]]
}

# bats test_tags=ctr-cgset
@test "what it has not is said in a line" {
	local want='(CONFIG=minimal)'
	mkdir b && echo '{}' >b/config.json
	run ctr-run --bundle b
	[ "$status" = 125 ]
	[[ $output == *"--bundle: this build has no OCI bundles $want"* ]]
	run ctr-run --security-opt seccomp=b/config.json "$ROOTFS" true
	[ "$status" = 125 ]
	[[ $output == \
		*"this build has no profiles but the built-in one $want" ]]
	run ctr-run alpine true
	[ "$status" = 125 ]
	[[ $output == *"no images"* ]]
	for want in "-p 80:80" "--dns 192.0.2.1" "--add-host a:192.0.2.1" "--ip 192.0.2.2" \
		"--pull always"; do
		# shellcheck disable=SC2086 # words
		run ctr-run $want "$ROOTFS" true
		[ "$status" = 125 ] && [[ $output == *"${want%% *}"* || $output == *"'p'"* ]]
	done
	want='(CONFIG=minimal)'
	ctr-cgset -c g
	run ctr-cgset --stat g
	[ "$status" = 1 ]
	[[ $output == *"this build has no statistics $want" ]]
	run ctr-cgset --watch g
	[ "$status" = 1 ]
	[[ $output == *"this build has no events $want" ]]
	ctr-cgset -d "/$CTR_CGROUP"
	ctr-run -d --name other "$ROOTFS" sleep 100
	run ctr-run --pid container:other "$ROOTFS" true
	[ "$status" = 125 ]
	[[ $output == *"joins no pid namespace $want"* ]]
	ctr-rm -f other
}

# bats test_tags=ctr-run
@test "in a user namespace that somebody else has made, the root is writable as elsewhere" {
	unshare -Urm true 2>/dev/null || skip "needs unshare -Urm (user namespaces)"
	[ "$(unshare -Urm ctr-run "$ROOTFS" sh -c 'echo new >/file && cat /file' 2>err)" = new ] ||
		{
		cat err
		return 1
	}
}

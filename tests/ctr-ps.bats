#!/usr/bin/env bats
# ctr-ps, ctr-inspect and ctr-top: their machine-readable output is a promise (golden), whatever
# stands in the records.

load lib

# Replaces what differs from run to run.
plain() {
	sed -E 's/[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z/TIME/g; s/"[0-9a-f]{12}"/"ID"/g
		s/"(pid|Pid|monitor|starttime|monitor_starttime)": ?("?)[1-9][0-9]*/"\1":\2N/g
		s/[0-9a-f]{8}-[0-9a-f-]{27}/BOOT/; s/c-[0-9a-f]{8}-[0-9a-f]{12}/c-GROUP/
		s/[0-9]{10}\.[0-9]{9}/SECONDS/' | sed "s|${ROOTFS%/}|ROOTFS|g; s|$CTR_CGROUP|PARENT|g"
}

@test "ps --json, golden: created, running, exited, with a restart policy and labels" {
	ctr-create --name a -l x=1 -l y=2 --restart on-failure:3 "$ROOTFS" echo 'a  "b"' >/dev/null
	ctr-run -d --name b "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name c "$ROOTFS" sh -c 'exit 3' >/dev/null
	ctr-wait c >/dev/null
	run -0 ctr-ps -a --json
	diff - <(tac <<<"$output" | plain) <<-'END'
		{"id":"ID","name":"a","pid":null,"status":"created","command":"echo 'a  \"b\"'","created":"TIME","image":"ROOTFS/","ip":"","ports":"","exit":null,"started":"","finished":"","oom":false,"restart":"on-failure:3","labels":{"x":"1","y":"2"}}
		{"id":"ID","name":"b","pid":N,"status":"running","command":"sleep 1000","created":"TIME","image":"ROOTFS/","ip":"","ports":"","exit":null,"started":"TIME","finished":"","oom":false,"restart":"no","labels":{}}
		{"id":"ID","name":"c","pid":null,"status":"exited","command":"sh -c 'exit 3'","created":"TIME","image":"ROOTFS/","ip":"","ports":"","exit":3,"started":"TIME","finished":"TIME","oom":false,"restart":"no","labels":{}}
	END
	[[ "$(ctr-ps -as --json | tail -n 1)" =~ \
		'"labels":{"x":"1","y":"2"},"size":'[0-9]+',"virtual":'[0-9]+\}$ ]]
}

@test "ps, golden: the table, -n, -o with any field, -q, long commands cut unless --no-trunc" {
	id=$(ctr-create --name a "$ROOTFS" echo 0123456789012345678901234567890123456789x)
	[ "$(ctr-ps | tr -s ' ')" = "ID NAME STATUS COMMAND CREATED IMAGE" ]
	[ "$(COLUMNS=120 ctr-ps | tr -s ' ')" = \
		"ID NAME PID STATUS COMMAND CREATED IMAGE IP PORTS" ]
	[ "$(ctr-ps -n)" = "" ]
	[ "$(ctr-ps -a -o NAME,status,exit | tr -s ' ')" = $'NAME STATUS EXIT\na created -' ]
	[ "$(ctr-ps -an -o command)" = "echo 01234567890123456789012345678901..." ]
	[ "$(ctr-ps -an --no-trunc -o command)" = "echo 0123456789012345678901234567890123456789x" ]
	[ "$(ctr-ps -aq)" = "$id" ]
	run -2 ctr-ps -o nosuch
	[[ "$output" == *"no field 'nosuch': there are id name pid "* ]]
	run -2 ctr-ps -o ''
	run -2 ctr-ps a
}

@test "ps: newest first, within 80 columns for short names, ages, exit codes" {
	tar -C "$ROOTFS" -c bin | ctr-image import busybox - >/dev/null
	ctr-run --keep --name db busybox sh -c 'exit 3' || true
	ctr-run -d --name web --health-cmd true --health-interval 100ms busybox sh -c '
		sleep 1000; echo a very long command indeed'
	ctr-wait --condition healthy web
	run -0 ctr-ps -a
	[ "$(awk 'length > 80' <<<"$output")" = "" ]
	[[ "$(tr -s ' ' <<<"${lines[1]}")" =~ \
		^[0-9a-f]{12}\ web\ running\ \(healthy\)\ sh\ -c\ .*\.\.\.\ [0-9]\ seconds?\ ago\ busybox$ ]]
	[[ "$(tr -s ' ' <<<"${lines[2]}")" =~ \
		^[0-9a-f]{12}\ db\ exited\ \(3\)\ sh\ -c\ .*\ [0-9]\ seconds?\ ago\ busybox$ ]]
	[ "$(ctr-ps -a -o name,status -n | tr -s ' ' | tr '\n' ,)" = "web running,db exited," ]
}

@test "ps --filter: each key, several at once, bad ones" {
	id=$(ctr-create --name a -l k=v -l only --restart always "$ROOTFS" true)
	ctr-run -d --name b "$ROOTFS" sleep 1000 >/dev/null
	names() { ctr-ps -n -o name "$@" | tr '\n' ' '; }
	[ "$(names -a)" = "b a " ]
	[ "$(names --filter status=created)" = "a " ]
	[ "$(names --filter status=running)" = "b " ]
	[ "$(names -a --filter name=a)" = "a " ]
	[ "$(names -a --filter "id=${id:0:5}")" = "a " ]
	[ "$(names -a --filter restart=always)" = "a " ]
	[ "$(names -a --filter label=k)$(names -a --filter label=k=v)$(names -a \
		--filter label=only)" = "a a a " ]
	[ -z "$(names -a --filter label=k=w)" ]
	[ "$(names -a --filter "image=$ROOTFS" --filter name=b)" = "b " ]
	[ -z "$(names -a --filter status=running --filter name=a)" ]
	run -2 ctr-ps --filter nosuch
	[[ "$output" == *"is not K=V"* ]]
	run -2 ctr-ps --filter no=x
}

@test "inspect, golden: every field of a running container" {
	ctr-run -d --name a -l x=1 -e K=V "$ROOTFS" sleep 1000 >/dev/null
	run -0 ctr-inspect --json a
	[[ "$output" == {*} && "$output" != *$'\n'* ]] # an object a line
	got=$(jq -s . <<<"$output" | plain |
		perl -0pe 's/"Config": \{.*?\n    \},\n    "conf"/"Config": C,\n    "conf"/s; s/"Mounts": \[.*?\n    \],/"Mounts": M,/s' | tr -s ' \n' ' ')
	want=$(tr -s ' \n' ' ' <<-'END'
		[ { "Id": "ID", "Name": "a", "Created": "TIME", "State": { "Status": "running",
		"Running": true, "Paused": false, "Restarting": false, "OOMKilled": false,
		"Pid":N, "ExitCode": 0, "StartedAt": "TIME", "FinishedAt": "" },
		"Image": "ROOTFS/", "RestartPolicy": "no", "RestartCount": 0,
		"Labels": { "x": "1" }, "NetworkSettings": { "Network": "none", "IPAddress": "",
		"Ports": [] }, "Mounts": M, "Config": C, "conf": { "rootfs": "ROOTFS",
		"image": "ROOTFS/", "name": "a", "id": "ID", "created": "SECONDS",
		"command": "sleep 1000", "rm": "0", "tty": "0", "stdin": "0",
		"log_max_size": "16777216", "log_max_files": "1", "label": "x=1",
		"net": "none" }, "state": { "id": "ID", "boot": "BOOT", "pid":"N",
		"starttime":"N", "monitor":"N", "monitor_starttime":"N",
		"cgroup": "PARENT/c-GROUP", "restarts": "0" } } ]
	END
	)
	diff <(tr ',' '\n' <<<"$got") <(tr ',' '\n' <<<"$want")
	[ "$(ctr-inspect -f Config.process.args.1 a)" = 1000 ]
	[ "$(ctr-inspect -f State.Status a)" = running ]
	[ "$(ctr-inspect a a | grep -c '"Name": "/a"')" = 2 ]
	run -1 ctr-inspect -f No.Such a
	[ "$output" = "ctr-inspect: --format: there is no No.Such" ]
	run -1 --separate-stderr ctr-inspect --json nosuch
	[ "$stderr" = "ctr-inspect: nosuch: no such container (ctr-ps -a lists them)" ]
	run -1 --separate-stderr ctr-inspect nosuch a
	[ "$stderr" = "ctr-inspect: nosuch: no such object (container, image, network or volume)" ]
	[[ "$output" == *'"Name": "/a"'* ]]
}

@test "a bad record of each kind is listed as corrupt with its reason; rm -f removes it" {
	ctr-create --name good "$ROOTFS" true >/dev/null
	for n in conf noid state exit started dir; do
		ctr-create --name $n "$ROOTFS" true >/dev/null
	done
	cd "$CTR_LIB/containers"
	echo '$(touch /tmp/no)' >conf/conf
	sed -i /^id=/d noid/conf
	mkdir -p "$CTR_RUN/containers/state"
	head -c 100 /dev/urandom >"$CTR_RUN/containers/state/state"
	echo 'nine lives' >exit/exit
	echo yesterday >started/started
	rm -r dir && echo >dir
	run -1 --separate-stderr ctr-ps -an -o name,status
	[ "$(sort <<<"$output" | tr -s ' ' | tr '\n' ,)" = \
		"conf corrupt,dir corrupt,exit corrupt,good created,noid corrupt,started corrupt,state corrupt," ]
	[ "$(wc -l <<<"$stderr")" = 6 ]
	[[ "$stderr" == *"exit: corrupt: exit: 'nine lives"* ]]
	run -1 ctr-start conf
	[[ "$output" == *corrupt* ]]
	[ "$(ctr-inspect -f State.Status exit)" = corrupt ]
	ctr-rm -f conf noid state exit started
	rm dir
	[ "$(ctr-ps -an -o name)" = good ]
	[ ! -e /tmp/no ]
}

@test "top: the processes of the container, by its group; without one by its pid namespace" {
	ctr-run -d --name a "$ROOTFS" sh -c 'sleep 500 & exec sleep 400' >/dev/null
	wait_for 5 sh -c '[ "$(ctr-top -n a | wc -l)" = 2 ]'
	[ "$(ctr-top a | head -n 1 | tr -s ' ')" = "PID PPID USER S TIME COMMAND" ]
	[ "$(ctr-top -n a | awk '{ print $3, $6, $7 }' | sort | tr '\n' ,)" = \
		"root sleep 400,root sleep 500," ]
	ctr-stop -t 0 a
	run -1 ctr-top a
	[ "$output" = "ctr-top: a: exited, not running (ctr-start a)" ]
	run -1 ctr-top nosuch
	run -2 ctr-top
}

@test "by name, by id and by the beginning of an id; one that fits two is refused" {
	id=$(ctr-create "$ROOTFS" true)
	[ "$(ctr-inspect -f Id "$id")" = "$id" ]
	[ "$(ctr-inspect -f Id "${id:0:4}")" = "$id" ]
	run -1 ctr-inspect "${id:0:2}"
	ctr-create --name two "$ROOTFS" true >/dev/null
	mv "$CTR_LIB/ids/$(ctr-inspect -f Id two)" "$CTR_LIB/ids/${id:0:6}999999"
	sed -i "s/^id=.*/id='${id:0:6}999999'/" "$CTR_LIB/containers/two/conf"
	run -1 ctr-inspect "${id:0:6}"
	[[ "$output" == *"several containers"* ]]
	run -1 ctr-inspect ../x
	ctr-rm two "$id"
}

# bats test_tags=ctr-create,ctr-pause,ctr-stop
@test "the statuses: created, running, paused, restarting, exited, lost, corrupt" {
	ctr-create --name cre "$ROOTFS" true >/dev/null
	ctr-run -d --name run "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name pau "$ROOTFS" sleep 1000 >/dev/null
	ctr-pause pau
	ctr-run -d --name exi "$ROOTFS" true >/dev/null
	ctr-wait exi >/dev/null
	ctr-run -d --name res --restart always "$ROOTFS" sh -c 'exit 1' >/dev/null
	wait_for 5 sh -c '[ "$(ctr-ps -an --filter name=res -o status)" = restarting ]'
	ctr-run -d --name los "$ROOTFS" sleep 1000 >/dev/null
	(. "$CTR_RUN/containers/los/state"; kill -9 "$monitor")
	wait_for 5 sh -c '[ "$(ctr-ps -an --filter name=los -o status)" = lost ]'
	ctr-create --name cor "$ROOTFS" true >/dev/null
	echo '$(reboot)' >"$CTR_LIB/containers/cor/conf"
	table() { # res runs again for a moment, less and less often
		run -1 --separate-stderr ctr-ps -an -o name,status
		[ "$(sort <<<"$output" | tr -s ' ' | tr '\n' ',')" = \
			"cor corrupt,cre created,exi exited,los lost,pau paused,res restarting,run running," ]
	}
	wait_for 5 table
	[[ "$stderr" == *"cor: corrupt"* ]]
	run -1 ctr-exec pau true 2>/dev/null || [ "$status" = 125 ]
	ctr-stop res
	[ "$(ctr-ps -an --filter name=res -o status 2>/dev/null)" = exited ]
	ctr-rm -f cor cre exi los pau res run
}

@test "control characters of a container cannot steer a terminal that lists it" {
	ctr-create --name esc "$ROOTFS" $'\033[2Jx' >/dev/null
	run -0 ctr-ps -a
	[[ "$output" != *$'\033'* ]]
	[[ "$output" == *'\x1b[2Jx'* ]]
}

@test "a filter's key or status that there is not is an error, not an empty list" {
	run -2 ctr-ps --filter status=runing
	[[ "$output" == *"'runing' is not a status (created, running, "* ]]
	run -2 ctr-ps --filter nosuch=1
	run -0 ctr-ps -a --filter status=exited --filter label=x
}

@test "a time that no calendar has is shown, and stops nothing" {
	ctr-create --name c "$ROOTFS" true >/dev/null
	sed -i "s/^created=.*/created='9000000000000000000'/" "$CTR_LIB/containers/c/conf"
	run -0 ctr-ps -a --format '{{.CreatedAt}}'
	[[ "$output" == "1900-01-00 00:00:00 +0000 "* ]]
	sed -i "s/^created=.*/created='1700000000'/" "$CTR_LIB/containers/c/conf"
	run -0 env TZ=NST3:30 ctr-ps -a --format '{{.CreatedAt}}'
	[ "$output" = "2023-11-14 18:43:20 -0330 NST" ]
}

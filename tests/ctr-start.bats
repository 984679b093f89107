#!/usr/bin/env bats
# ctr-start: the same container is started once more, after its end or a reboot.

load lib

@test "start: the same writable layer and settings; start -a attached with the exit code" {
	ctr-run -d --name s -e K=v "$ROOTFS" sh -c '
		echo $K >>/count; cat /count; exit $(wc -l </count)' >/dev/null
	[ "$(ctr-wait s)" = 1 ]
	ctr-start s
	[ "$(ctr-wait s)" = 2 ]
	run -3 ctr-start -a s
	[ "$output" = $'v\nv\nv' ]
	ctr-create --name c "$ROOTFS" echo hello >/dev/null
	run -0 ctr-start -a c
	[ "$output" = hello ]
	[ "$(ctr-start -i c)" = hello ] # docker's -i is not without -a
}

# bats test_tags=ctr-attach
@test "start -ai of a container that runs joins it" {
	ctr-run -d -i --name dev "$ROOTFS" sh >/dev/null
	[ "$(echo 'echo hello; exit 4' | ctr-start -ai dev || echo $?)" = $'hello\n4' ]
}

# bats test_tags=ctr-ps,ctr-gc
@test "after a reboot: exited or lost, with files and logs; a boot script's line starts them" {
	ctr-run -d --name always --restart always "$ROOTFS" sh -c '
		echo hello; touch /mine; sleep 1000' >/dev/null
	ctr-run -d --name no "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --name done --restart always "$ROOTFS" sleep 1000 >/dev/null
	ctr-stop -t 0 done
	ctr-create --name never "$ROOTFS" true >/dev/null
	wait_for 5 sh -c '[ "$(ctr-logs always)" = hello ]'
	for c in always no; do
		(. "$CTR_RUN/containers/$c/state"; kill -9 "$monitor"; wait_for 5 no_process "$pid")
	done
	rm -rf "${CTR_RUN:?}"/*
	[ "$(ctr-ps -an -o name,status | sort | tr -s ' \n' ' ')" = \
		"always lost done exited never created no lost " ]
	[ -z "$(ctr-gc | grep -v ^group)" ]
	[ "$(ctr-logs always)" = hello ]
	ctr-ps -aq --filter restart=always | ctr-start - >/dev/null
	[ "$(ctr-ps -an -o name,status | sort | tr -s ' \n' ' ')" = \
		"always running done running never created no lost " ]
	ctr-exec always test -e /mine
	wait_for 5 sh -c '[ "$(ctr-logs always | wc -l)" = 2 ]'
}

@test "a shared namespace is looked up at each start: never a stranger with that pid" {
	ctr-run -d --name x "$ROOTFS" sleep 1000 >/dev/null
	id=$(ctr-inspect -f Id x)
	ctr-create --name y --net container:x --pid container:x --ipc container:x \
		--uts container:x "$ROOTFS" sleep 1000
	[ -z "$(grep -o '/proc/[0-9][^"]*' "$CTR_LIB/containers/y/config.json")" ]
	ctr-rename x z # the record has the id, not the name
	ctr-start y
	net() { (. "$CTR_RUN/containers/$1/state"; readlink "/proc/$pid/ns/net"); }
	[ "$(net y)" = "$(net z)" ]
	ctr-stop -t 0 y z
	run -1 ctr-start y
	[[ "$output" == *"$id"* || "$output" == *"z: exited, not running"* ]]
	ctr-start z
	ctr-start y
	[ "$(net y)" = "$(net z)" ]
}

@test "start --boot: what a policy wants after a boot, by what the disk says, and no others" {
	for p in always unless-stopped on-failure no; do
		ctr-run -d --restart $p --name $p "$ROOTFS" sleep 1000 >/dev/null
		ctr-run -d --restart $p --name $p-stopped "$ROOTFS" sleep 1000 >/dev/null
		ctr-stop -t 0 $p-stopped >/dev/null
		(. "$CTR_RUN/containers/$p/state"; kill -9 "$monitor") # as if the power failed
	done
	ctr-create --restart always --name never "$ROOTFS" sleep 1000 >/dev/null
	wait_for 5 sh -c '[ "$(ctr-ps -anq -f status=lost | wc -l)" = 4 ]'
	rm -rf "$CTR_RUN"
	[ "$(ctr-start --boot | tr '\n' ' ')" = "always always-stopped on-failure unless-stopped " ]
	[ -z "$(ctr-start --boot)" ]
	run -2 ctr-start --boot always
	# what cannot be read is not passed over in silence
	echo garbage >"$CTR_LIB/containers/never/conf"
	run -1 ctr-start --boot
	[ "$output" = "ctr-start: never: corrupt: conf: line 1 is not key='value'" ]
}

# bats test_tags=ctr-cp,ctr-commit
@test "a lost container that was to be removed at its end: cp and start have its layer" {
	ctr-run -d --rm --name a "$ROOTFS" sh -c 'echo $((n++)) >>/words; exec sleep 1000' >/dev/null
	wait_for 5 test -s "$CTR_LIB/containers/a/upper/words"
	(. "$CTR_RUN/containers/a/state"; kill -9 "$monitor")
	wait_for 5 sh -c '[ "$(ctr-ps -an -o status)" = lost ]'
	run -0 ctr-cp a:/words copied
	[ -z "$output" ]
	[ "$(cat copied)" = 0 ]
	run -0 ctr-cp copied a:/into
	run -0 ctr-start a
	[ "$output" = a ]
	wait_for 5 sh -c '[ "$(ctr-exec a cat /words /into | wc -l)" = 3 ]'
}

@test "a container whose overlay's work folder was lost starts again" {
	ctr-create --name a "$ROOTFS" sh -c 'echo word >>/words; wc -l </words' >/dev/null
	ctr-start -a a
	rmdir "$CTR_LIB"/containers/a/work/work "$CTR_LIB"/containers/a/work # a cut on ext2
	run -0 ctr-start -a a
	[ "$output" = 2 ]
}

@test "a TERM to the monitor of a detached container: its stop signal, no handler, paused" {
	ctr-run -d --stop-signal USR1 --name own "$ROOTFS" sh -c '
		trap "echo own; exit 3" USR1; trap "exit 4" TERM; echo up; while :; do sleep 0.1; done' >/dev/null
	ctr-run -d --restart always --name none "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --init --name frozen "$ROOTFS" sh -c '
		trap "exit 5" TERM; echo up; while :; do sleep 0.1; done' >/dev/null
	for c in own frozen; do wait_for 5 sh -c "ctr-logs $c | grep -q up"; done
	ctr-pause frozen
	for c in own none frozen; do (. "$CTR_RUN/containers/$c/state"; kill "$monitor"); done
	[ "$(timeout 9 ctr-wait own none frozen | xargs)" = "3 137 5" ]
	ctr-start --boot
	[ "$(ctr-ps -n -o name)" = none ]
}

@test "start --boot after an orderly reboot: a TERM to the monitor is no stop" {
	for p in always unless-stopped on-failure no; do
		ctr-run -d --init --restart $p --name $p "$ROOTFS" sleep 1000 >/dev/null
	done
	ctr-run -d --init --restart unless-stopped --name stopped "$ROOTFS" sleep 1000 >/dev/null
	ctr-run -d --restart always --name between "$ROOTFS" false >/dev/null
	ctr-stop stopped
	wait_for 5 sh -c '[ "$(ctr-ps -anq -f status=restarting)" ]'
	for c in always unless-stopped on-failure no between; do
		(. "$CTR_RUN/containers/$c/state"
			kill "$monitor"
			wait_for 5 no_process "$monitor")
	done
	[ -z "$(ctr-ps -q)" ]
	rm -rf "$CTR_RUN"
	[ "$(ctr-start --boot | tr '\n' ' ')" = "always between on-failure unless-stopped " ]
}

@test "a namespace of a process by its number is that process's at each start, or none" {
	unshare -n sleep 1000 3>&- &
	meant=$!
	sleep 1000 3>&- &
	other=$!
	wait_for 5 sh -c '[ "$(readlink /proc/$0/ns/net)" != "$(readlink /proc/self/ns/net)" ]' $meant
	ctr-create --name c --net ns:/proc/$meant/ns/net "$ROOTFS" readlink /proc/self/ns/net
	mkdir b
	echo "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"$ROOTFS\"},\"process\":{\"cwd\":\"/\",\"args\":[\"/bin/readlink\",\"/proc/self/ns/net\"]},
		\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},
			{\"destination\":\"/dev\",\"type\":\"tmpfs\",\"source\":\"t\"}],
		\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"},{\"type\":\"network\",\"path\":\"//proc/./$meant/ns/net\"}]}}" >b/config.json
	ctr-create --name d --bundle b
	for n in c d c; do
		[ "$(ctr-start -a $n)" = "$(readlink /proc/$meant/ns/net)" ]
	done
	for n in c d; do # as if the number were now another process's
		sed -i "s,proc/\(\./\)*$meant/,proc/$other/," "$CTR_LIB/containers/$n/config.json"
		run ! ctr-start -a $n
		[[ $output == *"/proc/$other/ns/net: it is no longer the process that was meant"* ]]
	done
	sed -i "s,proc/$other/,proc/$meant/," "$CTR_LIB/containers/c/config.json"
	ctr-start -a c
	kill $meant $other
	wait $meant $other || true
	run ! ctr-start -a c
	run -125 ctr-run --net ns:/proc/$meant/ns/net "$ROOTFS" true
}

@test "nothing is started where CTR_LIB has become read-only, and start says so" {
	ctr-run -d --name c "$ROOTFS" true >/dev/null
	ctr-wait c
	for start in ctr-start "ctr-start -a"; do
		run ! unshare -m sh -c "mount --bind '$CTR_LIB' '$CTR_LIB' &&
			mount -o remount,bind,ro '$CTR_LIB' && $start c"
		[[ $output == "ctr-start: c: "*"started: Read-only file system" ]]
	done
	ctr-start -a c
}

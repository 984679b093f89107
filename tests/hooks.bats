#!/usr/bin/env bats
# The six hooks of a bundle (runtime-spec, runtime.md "Lifecycle", config.md "POSIX-platform
# Hooks"), with ctr-run --bundle and with ctr-oci: each runs in its place and in order, with the
# state on stdin; and what happens when one fails. shellcheck disable=SC2154
load lib
# bats file_tags=ctr-run,ctr-oci

test_setup() {
	mkdir -p b/rootfs seen
	cp -a "$ROOTFS". b/rootfs
	mkdir b/rootfs/seen
	mount --bind seen b/rootfs/seen # what is written inside is seen outside
	# A hook writes which one it is, whose mounts it sees, and what it was told.
	cat >b/rootfs/hook <<-'END'
	#!/bin/sh
	cat >/seen/$1.state 2>/dev/null || cat >"$2/$1.state"
	if [ -e /only-on-the-host ] || [ ! -e /hook ]; then at=host; else at=container; fi
	echo "$1 $at $(readlink /proc/self/ns/mnt)" >>"$([ -d /seen ] && echo /seen || echo "$2")/order"
	[ -z "$FAIL" ] || exit "$FAIL"
	[ -z "$SLOW" ] || exec sleep "$SLOW"
	END
	chmod 755 b/rootfs/hook
	cp b/rootfs/hook hook
}

test_teardown() {
	ctr-oci --root "$WORLD/oci" delete -f c 2>/dev/null
	umount b/rootfs/seen
	true
}

all=(prestart createRuntime createContainer startContainer poststart poststop)

# bundle [WHICH ENV [TIMEOUT]]: make a bundle with all hooks, one of them with FAIL=N or SLOW=N.
bundle() {
	local w hooks='' path
	for w in "${all[@]}"; do
		path=$WORLD/hook
		[ "$w" != startContainer ] || path=/hook
		hooks="$hooks${hooks:+,}\"$w\":[{\"path\":\"$path\",\"args\":[\"hook\",\"$w\",\"$WORLD/seen\"],\"env\":[\"PATH=/bin:/usr/bin:/sbin\""
		[ "$w" != "${1:-}" ] || hooks="$hooks,\"$2\""
		hooks="$hooks]"
		[ "$w" != "${1:-}" ] || [ -z "${3:-}" ] || hooks="$hooks,\"timeout\":$3"
		hooks="$hooks}]"
	done
	cat >b/config.json <<-END
	{"ociVersion":"1.2.0","process":{"args":["sh","-c","echo command >>/seen/order"],"cwd":"/","user":{"uid":0,"gid":0},"env":["PATH=/bin"]},
	 "root":{"path":"rootfs"},"hostname":"box","hooks":{$hooks},
	 "annotations":{"org.example":"a \"quote\", a \\\\ and\na line","empty":""},
	 "mounts":[{"destination":"/proc","type":"proc","source":"proc"},{"destination":"/seen","type":"bind","source":"$WORLD/seen","options":["rbind"]},
	  {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["mode=755"]}],
	 "linux":{"cgroupsPath":"/$CTR_CGROUP/c","namespaces":[{"type":"pid"},{"type":"mount"},{"type":"uts"},{"type":"ipc"}]}}
	END
	rm -f seen/*
}

by_run() { ctr-run --name c --bundle b </dev/null; }
by_oci() { ctr-oci --root "$WORLD/oci" run -b b c </dev/null; }
order() { cut -d' ' -f1 seen/order | tr '\n' ' '; }

@test "each of the six runs once, in order, in its own place, and is told the state" {
	need jq
	for by in by_run by_oci; do
		bundle
		run -0 $by
		[ "$(order)" = \
			"prestart createRuntime createContainer startContainer command poststart poststop " ] ||
			[ "$(order)" = \
			"prestart createRuntime createContainer startContainer poststart command poststop " ]
		cat seen/order
		ours=$(readlink /proc/self/ns/mnt)
		for w in prestart createRuntime poststart poststop; do
			grep -qxF "$w host $ours" seen/order
		done
		run ! grep -qxF "createContainer host $ours" seen/order
		# it has the container's mounts, but not yet its root
		grep -q '^createContainer host' seen/order
		grep -q '^startContainer container' seen/order
		for w in "${all[@]}"; do
			jq -e --arg b "$(realpath b)" \
				'.id and .ociVersion and .bundle == $b and (.pid | type) == "number"' "seen/$w.state" >/dev/null
			jq -e '.annotations == {"org.example": "a \"quote\", a \\ and\na line", "empty": ""}' "seen/$w.state" >/dev/null
		done
		[ "$(jq -r .status seen/createRuntime.state seen/startContainer.state \
			seen/poststart.state seen/poststop.state | tr '\n' ' ')" = \
			"creating created running stopped " ]
	done
}

@test "a hook that fails before the command: an error names it, poststop runs, nothing is left" {
	for by in by_run by_oci; do
		for w in prestart createRuntime createContainer startContainer; do
			bundle $w FAIL=3
			run $by
			[ "$status" -ne 0 ]
			[[ "$output" = *"hook"*"exit code 3"* ]]
			run ! grep -q command seen/order
			[ "$(tail -1 seen/order | cut -d' ' -f1)" = poststop ]
			[ -z "$(ctr-ps -aq)" ]
			[ -z "$(ls oci 2>/dev/null)" ]
		done
	done
}

@test "poststart that fails stops the container; poststop that fails is a warning" {
	for by in by_run by_oci; do
		bundle poststart FAIL=4
		run $by
		[ "$status" -ne 0 ]
		[[ "$output" = *"exit code 4"* ]]
		grep -q '^poststop' seen/order
		bundle poststop FAIL=5
		run -0 $by
		[[ "$output" = *"exit code 5"* ]]
		[ -z "$(ctr-ps -aq)" ]
		[ -z "$(ls oci 2>/dev/null)" ]
	done
}

@test "a timeout ends a hook; a state that nobody reads holds nothing up" {
	for by in by_run by_oci; do
		for w in createRuntime startContainer; do
			bundle $w SLOW=1000 1
			run timeout 20 bash -c "$(declare -f $by); $by"
			[ "$status" -ne 124 ]
			[ "$status" -ne 0 ]
			[[ "$output" = *"not done after 1 s"* ]]
		done
	done
	bundle
	printf 's/"empty":""/"empty":"%s"/; s|"path":"%s/hook"|"path":"/bin/true"|g\n' \
		"$(head -c 300000 /dev/zero | tr '\0' x)" "$WORLD" >edit
	sed -i -f edit b/config.json
	run -0 timeout 20 bash -c "$(declare -f by_run); by_run"
}

@test "create, then start: a hook that fails leaves nothing, but poststop has run" {
	need jq
	o="ctr-oci --root $WORLD/oci"
	for w in prestart createRuntime createContainer; do
		bundle $w FAIL=3
		run ! $o create -b b c
		[[ "$output" = *"exit code 3"* ]]
		[ -z "$($o list -q)" ]
		grep -q '^poststop' seen/order
	done
	for w in startContainer poststart; do
		bundle $w FAIL=3
		$o create -b b c </dev/null >out 2>&1
		run ! $o start c
		[[ "$output" = *"exit code 3"* ]]
		[ -z "$($o list -q)" ]
		[ $w = poststart ] || [ -z "$(grep command seen/order)" ]
		grep -q '^poststop' seen/order
		[ "$(jq -r .status seen/poststop.state)" = stopped ]
	done
}

@test "a hook that does not end holds up neither ctr-rm -f nor TERM" {
	local w d pid
	no_hook() { ! pgrep -xf "sleep 4321$$" >/dev/null; }
	for w in createRuntime poststart poststop; do
		for d in '' -d; do
			bundle
			jq --arg w "$w" --arg n "4321$$" '.hooks = {($w): [{"path": "/bin/sleep",
				"args": ["sleep", $n]}]} | .process.args = ["sleep", "1000"]' \
				b/config.json >c.json
			mv c.json b/config.json
			# shellcheck disable=SC2086
			"$CTRBOX" ctr-run $d --name c --bundle b </dev/null >out 2>&1 3>&- &
			pid=$!
			if [ $w = poststop ]; then
				wait_for 5 running
				ctr-kill c
			fi
			wait_for 5 pgrep -xf "sleep 4321$$"
			if [ -n "$d" ]; then
				timeout 20 "$CTRBOX" ctr-rm -f c
			else
				kill $pid
				wait_for 8 eval '! kill -0 $pid 2>/dev/null'
				ctr-rm -f c
			fi
			wait_for 5 no_hook
			grep -q "$w hook #0: /bin/sleep: not done after [56] s" out ||
				[ "$w$d" = poststop-d ]
			wait $pid || true
		done
	done
}
running() { [[ $(ctr-ps -f name=c --format '{{.State}}') == running ]]; }

#!/usr/bin/env bats
# ctr-root: the root and the mounts of a container, made by hand.
load lib

root() { chmod 700 . && ctr-unshare -mpni ctr-root --overlay "$ROOTFS" --upper "$PWD/up" "$@"; }

@test "layers, /proc, /dev, /sys and masks are a container's, and the host's mounts stay" {
	cat /proc/self/mountinfo >before
	run -0 root sh -c '
		cat /etc/os-release
		echo $$
		ls /proc | grep -c "^[0-9]*$"
		ls /dev
		touch /made
		cat /proc/keys | wc -l'
	[ "${lines[0]}" = NAME=ctrbox ]
	[ "${lines[1]}" = 1 ]
	[ "${lines[-1]}" = 0 ]
	[ -e up/made ]
	[ ! -e "$ROOTFS/made" ]
	diff before /proc/self/mountinfo
	run ! root --read-only touch /x
	[ -z "$(root --no-proc ls /proc)" ]
	[ -z "$(root --no-sys ls /sys)" ]
	[ "$(root --no-dev ls /dev)" = "$(ls "$ROOTFS/dev")" ]
	[ -n "$(root --no-masks cat /proc/interrupts)" ]
	[ -z "$(root --mask /etc/passwd cat /etc/passwd)" ]
	run ! root --read-only-path /etc touch /etc/x
}

@test "several layers, the first on top; a folder as it is; a mount namespace is made if needed" {
	mkdir -p a/etc b/etc
	echo top >a/etc/both
	echo low >b/etc/both
	echo low >b/etc/low
	[ "$(ctr-root --overlay "a:b:$ROOTFS" --upper up cat /etc/both /etc/low | tr '\n' ' ')" = \
		"top low " ]
	cp -a "$ROOTFS" copy
	ctr-root --direct copy touch /made
	[ -e copy/made ]
	run -1 ctr-root --direct copy -v "$PWD/a:/mnt:ro" --tmpfs /t sh -c '
		cat /mnt/etc/both; touch /t/x; touch /mnt/x'
	[ "${lines[0]}" = top ]
	[[ "$output" = *"Read-only"* ]]
}

@test "what is wrong is said, and nothing is entered" {
	run -125 ctr-root true
	[[ "$output" = *"--image NAME"* ]]
	run -125 ctr-root --overlay "$ROOTFS" true
	[[ "$output" = *"--upper DIR"* ]]
	run -125 ctr-root --overlay ./nosuch --upper up true
	[[ "$output" = *"/nosuch"* ]]
	run -125 ctr-root --direct / true
	[[ "$output" = *"leave ctr-root out"* ]]
	run -125 ctr-root --image nosuch --upper up true
	run -125 root -v /data true
	[[ "$output" = *"without a name"* ]]
	run -127 root /nosuch
}

@test "ctr-priv is found where the root has none, and a second ctr-root nests" {
	not_san
	[ "$(root ctr-priv -u 1000 id -u)" = 1000 ]
	[ "$(root ctr-unshare -n ctr-priv --cap-drop ALL sh -c 'grep CapEff /proc/self/status')" = \
		"CapEff:	0000000000000000" ]
}

@test "--upper and --work must be apart; without overlayfs no other root is taken" {
	for work in up up/sub .; do
		run -125 ctr-root --overlay "$ROOTFS" --upper up --work $work true
		[[ "$output" = *"neither may lie in the other"* ]]
	done
	run -125 ctr-root --overlay "$ROOTFS" --upper /proc/sys true
	[[ "$output" != *"read-only, with /tmp"* ]]
}

@test "--upper, --work and the layers below may not lie in one another, and nothing is made" {
	mkdir -p low up in/low deep
	for how in "--overlay low --upper low/up" "--overlay low --upper up --work low/work" \
		"--overlay in/low --upper in" "--overlay low --upper low" \
		"--overlay $ROOTFS:low --upper low/a/b" \
		"--overlay low --upper up --work deep/../low/x"; do
		# shellcheck disable=SC2086
		run -125 ctr-root $how true
		[[ "$output" = *"none may lie in another"* ]]
	done
	[ -z "$(find low up in deep -mindepth 1 ! -name low)" ]
}

# bats test_tags=ctr-image
@test "an UPPER that other users can enter is told" {
	mkdir open && chmod 755 . open
	run -0 --separate-stderr ctr-unshare -m ctr-root --overlay "$ROOTFS" --upper open/up true
	[[ "$stderr" = *"open/up: other users may enter it"* ]]
	umask 077 # it has the mode of the root that it is laid on
	run -0 --separate-stderr ctr-unshare -m ctr-root --overlay "$ROOTFS" --upper open/u3 true
	[[ "$stderr" = *"open/u3: other users may enter it"* ]]
	umask 022
	chmod 700 open
	run -0 --separate-stderr ctr-unshare -m ctr-root --overlay "$ROOTFS" --upper open/up true
	[ -z "$stderr" ]
	tar -C "$ROOTFS" -c . | ctr-image import im
	mkdir at
	chmod 755 open
	run -0 ctr-unshare -m sh -c 'ctr-image mount --rw open/up2 im at'
	[[ "$output" = *"open/up2: other users may enter it"* ]]
}

@test "--no-proc hides what is hidden elsewhere all the same; what is wrong is told in one line" {
	run -0 ctr-unshare -mpn ctr-root --direct "$ROOTFS" --no-proc --mask /etc/passwd \
		--read-only --sysctl net.ipv4.ip_forward=1 \
		sh -c 'ls /proc /sys/firmware; cat /etc/passwd; touch /x 2>/dev/null || echo kept'
	[ "$(grep -v '^$' <<<"$output")" = "$(printf '/proc:\n/sys/firmware:\nkept')" ]
	local words said
	while IFS='|' read -r words said; do
		# shellcheck disable=SC2086
		run -125 ctr-unshare -mp ctr-root $words true
		[ "${#lines[@]}" = 1 ] && [[ "$output" = *"$said"* ]] || {
			echo "$words: $output"
			return 1
		}
	done <<END2
--direct $ROOTFS --ipc noise|--ipc: 'noise' is neither
--direct $ROOTFS --tmpfs /.|its root
--overlay : --upper u|no layer in ':'
END2
	# a shell that the new root has not
	SHELL=/nonexistent run -0 ctr-unshare -mp ctr-root --direct "$ROOTFS" </dev/null
}

@test "a sysctl of the network is not the machine's to set without -n" {
	[ "$(stat -Lc %i /proc/self/ns/net)" = "$(stat -Lc %i /proc/1/ns/net)" ] ||
		skip "needs the machine's first network namespace"
	run -125 ctr-unshare -mp ctr-root --direct "$ROOTFS" \
		--sysctl net.ipv4.ip_default_ttl="$(cat /proc/sys/net/ipv4/ip_default_ttl)" true
	[[ "$output" = *"no network namespace of its own"* ]]
}

@test "a mount that cannot have its options in a user namespace is named" {
	[ "$(id -u)" = 0 ] || skip "needs root, to mount"
	mkdir b src
	jq -n --arg d "$PWD/src" --arg r "$ROOTFS" '{ociVersion: "1.0.2", root: {path: $r},
		process: {args: ["true"], cwd: "/"}, linux: {}, mounts: [{destination: "/tmp",
		type: "bind", source: $d, options: ["bind", "noatime"]}]}' >b/config.json
	run -125 unshare -m --propagation private sh -c "mount -t tmpfs -o relatime none src
		exec unshare -Urm $BIN/ctr-root --bundle b true"
	[[ "$output" == "ctr-root: error mounting /tmp: Operation not permitted"* ]]
}

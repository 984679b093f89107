#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016
# --device: folders, and devices that a vendor's file describes (CDI).

load lib

# with_cdi JSON COMMAND...: in a mount namespace whose /etc has that file in cdi/.
with_cdi() {
	mkdir -p "$WORLD/etc/cdi"
	cp /etc/passwd /etc/group "$WORLD/etc/"
	printf '%s' "$1" >"$WORLD/etc/cdi/vendor.json"
	shift
	unshare -m sh -c 'mount --bind "$0" /etc && exec "$@"' "$WORLD/etc" "$@"
}

CDI='{"cdiVersion": "0.6.0", "kind": "vendor.com/net", "containerEdits": {"env": ["ALL=1"]},
 "devices": [
  {"name": "zero", "containerEdits": {"env": ["WHICH=zero"], "additionalGids": [77],
    "deviceNodes": [{"path": "/dev/vendor0", "hostPath": "/dev/zero", "permissions": "r",
     "fileMode": 438}],
    "mounts": [{"hostPath": "WORLD/vendor", "containerPath": "/opt/vendor", "options": ["ro"]}],
    "hooks": [{"hookName": "createRuntime", "path": "/bin/sh",
     "env": ["HOOK=1"],
     "args": ["sh", "-c", "cat >WORLD/state; echo HOOK=$HOOK ${HOME:-none} >WORLD/env"]}]}},
  {"name": "own", "containerEdits": {"deviceNodes": [{"path": "/dev/own",
   "type": "c", "major": 1, "minor": 7, "fileMode": 384}]}},
  {"name": "lost", "containerEdits": {"deviceNodes": [{"path": "/dev/nosuchdevice"}]}},
  {"name": "wrong", "containerEdits": {"mounts": "x"}}]}'

# bats test_tags=ctr-run
@test "--device VENDOR/CLASS=NAME: a version that is not known is refused" {
	for v in '"9.9.9"' 1; do
		run with_cdi "${CDI/'"0.6.0"'/$v}" ctr-run --device vendor.com/net=own "$ROOTFS" true
		[ "$status" = 125 ]
		[[ "$output" == *"/etc/cdi/vendor.json:1:"*cdiVersion* ]]
	done
	run -0 with_cdi "${CDI/0.6.0/1.1.0}" ctr-run --device vendor.com/net=own "$ROOTFS" true
}

# bats test_tags=ctr-run,ctr-create
@test "--device VENDOR/CLASS=NAME: what /etc/cdi says of it, as podman reads it" {
	mkdir "$WORLD/vendor" && echo driver >"$WORLD/vendor/f"
	cdi=${CDI//WORLD/$WORLD}
	run with_cdi "$cdi" ctr-run --device vendor.com/net=zero "$ROOTFS" sh -c \
		'
			stat -c "%t:%T %a" /dev/vendor0
			head -c 3 /dev/vendor0 | wc -c
			echo "$ALL $WHICH"
			cat /opt/vendor/f
			id -G
			(: >/opt/vendor/x) 2>&- || echo ro'
	[ "$status" = 0 ]
	[[ "$output" = "1:5 666"*"3"*"1 zero"*"driver"*"77"*"ro" ]]
	grep -q '"status":"creating"' "$WORLD/state"
	[ "$(cat "$WORLD/env")" = "HOOK=1 none" ]
	[ "$(with_cdi "$cdi" ctr-run --device vendor.com/net=own --device /dev/full "$ROOTFS" stat \
		-c '%t:%T %a' /dev/own /dev/full | tr '\n' ' ')" = "1:7 600 1:7 666 " ]
	for bad in "vendor.com/net=none|no such device*(of its kind: zero own lost wrong)" \
		"other.com/net=zero|no such device" \
		"vendor.com/net=lost|/dev/nosuchdevice: No such file" \
		"vendor.com/net=wrong|vendor.json:*containerEdits.mounts"; do
		run -125 with_cdi "$cdi" ctr-run --device "${bad%%|*}" "$ROOTFS" true
		# shellcheck disable=SC2053
		[[ "$output" = *${bad#*|}* ]]
		[ "${#lines[@]}" = 1 ]
	done
	# A file that cannot be read does not keep another vendor's devices away.
	echo '{' >"$WORLD/etc/cdi/broken.json"
	[[ "$(with_cdi "$cdi" ctr-run --device vendor.com/net=own "$ROOTFS" stat \
		-c %t /dev/own 2>/dev/null)" = 1 ]]
}

# bats test_tags=ctr-run
@test "CDI files: whoever else is there, edits once, nothing that is asked for is left out" {
	local e edits more
	both() { # EDITS-OF-d [EDITS-OF-ALL]: the file of devices d and e
		printf '{"kind":"v.com/n","devices":[{"name":"d","containerEdits":{%s}},
			{"name":"e"}],"containerEdits":{%s}}' "$1" "${2:-}"
	}
	# other people's files, none of which is one
	mkdir -p "$WORLD/etc/cdi/dir.json"
	mkfifo "$WORLD/etc/cdi/fifo.json"
	ln -s /dev/zero "$WORLD/etc/cdi/zero.json"
	echo '{"kind":5}' >"$WORLD/etc/cdi/number.json"
	echo '{"kind":"x.com/n","devices":"z"}' >"$WORLD/etc/cdi/string.json"
	echo '[]' >"$WORLD/etc/cdi/array.json"
	more='"hooks":[{"hookName":"poststop","path":"/bin/sh",
		"args":["sh","-c","echo >>WORLD/n"]}]'
	run -0 with_cdi "$(both '"env":["A=1"]' "${more//WORLD/$WORLD}")" timeout 20 ctr-run \
		--device v.com/n=d --device v.com/n=e --device v.com/n=d "$ROOTFS" \
		sh -c 'echo "A=$A"'
	[ "${lines[-1]}" = "A=1" ]
	[ "$(wc -l <"$WORLD/n")" = 1 ]
	# a whole description needs no node of the host; a FIFO has no numbers
	[ "$(with_cdi "$(both '"deviceNodes":[{"path":"/dev/no1","type":"c","major":1,"minor":3,
		"permissions":"none"},{"path":"/dev/no2","type":"p"}]')" \
		ctr-run --device v.com/n=d "$ROOTFS" \
		stat -c '%F %a' /dev/no1 /dev/no2 2>/dev/null)" = \
		$'character special file 666\nfifo 666' ]
	for e in '"intelRdt":{}|containerEdits.intelRdt: ctr-run has no such thing' \
		'"mount":[]|containerEdits.mount: ctr-run has no such thing' \
		'"additionalGids":["video"]|additionalGids: must be a list of numbers' \
		'"env":["=x"]|is not K=V' \
		'"deviceNodes":[{"path":"/dev/x","hostPath":"/dev/null","type":"b"}]|no device of type b' \
		'"deviceNodes":[{"path":"//","type":"p"}]|absolute path below the root' \
		'"mounts":[{"hostPath":"/etc","containerPath":"/"}]|containerPath below the root'; do
		run -1 with_cdi "$(both "${e%|*}")" ctr-create --device v.com/n=d "$ROOTFS" true
		[[ $output == *"${e##*|}"* ]]
	done
	# such a container could not be started
	for e in /dev/null:/ /dev/null://:r; do
		run -2 ctr-create --device "$e" "$ROOTFS" true
	done
	both '' >"$WORLD/etc/cdi/again.json"
	run -125 with_cdi "$(both '')" ctr-run --device v.com/n=d "$ROOTFS" true
	[[ $output == *"and another file of /etc/cdi have it"* ]]
}

# bats test_tags=ctr-run
@test "--device of a folder: every device in it, at another place too" {
	mkdir -p "$WORLD/snd/by-path"
	mknod "$WORLD/snd/a" c 1 5
	mknod "$WORLD/snd/by-path/b" c 1 7
	[ "$(ctr-run --device "$WORLD/snd:/dev/snd:rw" "$ROOTFS" sh -c '
		stat -c %t:%T /dev/snd/a /dev/snd/by-path/b
		head -c 2 /dev/snd/a | wc -c' | tr '\n' ' ')" = "1:5 1:7 2 " ]
	mkdir "$WORLD/none"
	run -125 ctr-run --device "$WORLD/none" "$ROOTFS" true
	[[ "$output" = *"neither a device nor a folder with devices" ]]
}

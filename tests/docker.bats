#!/usr/bin/env bats
# What docker's and podman's users type every day: flags, templates, one-liners.
load lib
# bats file_tags=ctr-run,ctr-exec,ctr-logs

@test "19 --secret: a file or a variable of one container, not in an image, a listing, another's volumes, a diff of contents" {
	echo s3cret >file
	export WORD=v4lue
	ctr-image import box "$(tar -C "$ROOTFS" -cf box.tar . && echo box.tar)" >/dev/null
	ctr-run -d --name c --secret a,src=file --secret id=b,env=WORD,type=env,target=TOK \
		--secret k,src=<(echo piped),target=/etc/k,uid=7,gid=8,mode=0400 box sleep 100
	[ "$(ctr-exec c sh -c 'cat /run/secrets/a /etc/k; echo $TOK; stat -c %u:%g:%a /etc/k')" = $'s3cret\npiped\nv4lue\n7:8:400' ]
	run ! ctr-exec c sh -c 'echo x >/run/secrets/a'
	ctr-inspect c >all
	ctr-inspect --json c >>all
	ctr-ps -a --no-trunc --json >>all
	ctr-commit c made >/dev/null
	ctr-image export -o made.tar made
	mkdir made && tar -C made -xf made.tar
	grep -rq busybox made # the search finds what is there
	for word in s3cret v4lue piped; do
		run ! grep -rq $word all made
	done
	run ! ctr-run --volumes-from c box cat /run/secrets/a
	ctr-rename c d # and over another start
	ctr-restart -t 0 d
	[ "$(ctr-exec d sh -c 'cat /run/secrets/a; echo $TOK')" = $'s3cret\nv4lue' ]
	[ "$(ctr-run --userns auto --secret a,src=file,uid=7,mode=0400 -u 7 box cat /run/secrets/a)" = s3cret ]
	local line
	while read -r line; do
		run -125 ctr-run --secret "${line%% *}" box true
		[ "$output" = "ctr-run: --secret: ${line#* }" ]
	done <<-'END'
		a 'a': where is it? src=FILE or env=VARIABLE
		a,env=NONE a: there is no variable NONE
		a,src=none a: none: No such file or directory
		a,src=file,mode=888 'a,src=file,mode=888': not ID,src=FILE or ID,env=VARIABLE, with type=mount|env, target=, uid=, gid=, mode=
		a,src=file,target=../../x 'a,src=file,target=../../x': target is not a place for it
		a,src=file,type=x 'a,src=file,type=x': type is mount or env
	END
	[ "$(ls "$CTR_LIB/containers")" = d ]
}

@test "19 --timeout ends it in time, --platform is this machine's, --no-hosts, --device-cgroup-rule" {
	run -137 timeout 10 ctr-run --timeout 1 "$ROOTFS" sleep 100
	[ "$output" = "ctr-run: has run as long as --timeout allows: killed" ]
	ctr-run -d --name c --restart always --timeout 1 "$ROOTFS" sleep 100
	[ "$(timeout 10 ctr-wait c)" = 137 ] # it is not started again
	run -125 ctr-run --timeout x "$ROOTFS" true
	ctr-run --timeout 0 "$ROOTFS" true
	ctr-run --platform "linux/$(uname -m)" "$ROOTFS" true
	ctr-run --platform linux "$ROOTFS" true
	for other in linux/sparc windows/amd64 darwin /; do
		run -125 ctr-run --platform $other "$ROOTFS" true
		[ "$output" = "ctr-run: --platform: '$other': this machine is linux/$(uname -m)" ]
	done
	cp -a "$ROOTFS" r && echo mine >r/etc/hosts
	[ "$(ctr-run --no-hosts ./r cat /etc/hosts)" = mine ]
	run -125 ctr-run --device-cgroup-rule 'x 1:3 rwm' "$ROOTFS" true
	[[ "$output" == *"is not TYPE MAJOR:MINOR ACCESS"* ]]
	run -125 ctr-run --device-cgroup-rule '-c 1:3 rwm' "$ROOTFS" true
	[ "$(id -u)" = 0 ] || return 0
	# /dev/net/tun, which no container may open otherwise (a kernel without it says "No such device")
	opens() { ctr-run "$@" "$ROOTFS" sh -c 'mknod /tmp/tun c 10 200; : <>/tmp/tun' 2>&1; }
	[[ "$(opens || true)" == *"not permitted"* ]]
	[[ "$(opens --device-cgroup-rule 'c 10:200 rw' || true)" != *"not permitted"* ]]
	[[ "$(opens --device-cgroup-rule 'c 10:* rwm' || true)" != *"not permitted"* ]]
	[[ "$(opens --device-cgroup-rule 'c 10:200 r' || true)" == *"not permitted"* ]]
}

@test "19 --sdnotify: systemd hears from the monitor what the container says, and nothing else of it" {
	need perl
	cat >listen.pl <<-'END'
		use IO::Socket::UNIX;
		$s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die;
		open my $f, ">", "listening"; close $f;
		$SIG{ALRM} = sub { exit };
		alarm 10;
		while (1) { $s->recv($m, 4096); open $f, ">>", "heard"; print $f $m; close $f; }
	END
	perl listen.pl "$PWD/sock" 3>&- &
	local listener=$!
	wait_for 5 test -e listening
	export NOTIFY_SOCKET=$PWD/sock
	ctr-run -d --name c --sdnotify conmon "$ROOTFS" sleep 100
	local monitor
	monitor=$(. "$CTR_RUN/containers/c/state" && echo "$monitor")
	wait_for 5 grep -q READY heard
	[ "$(cat heard)" = "MAINPID=$monitor"$'\n'READY=1 ]
	rm heard
	# perl of the host says it from inside
	ctr-run -d --name d --sdnotify container -v /usr:/usr:ro -v /lib:/lib:ro -v /lib64:/lib64:ro "$ROOTFS" /usr/bin/perl -e '
		use IO::Socket::UNIX; $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Peer => $ENV{NOTIFY_SOCKET}) or die;
		$s->send("MAINPID=1\nREADY=1\nSTATUS=up\nFDSTORE=1\n"); sleep 100'
	monitor=$(. "$CTR_RUN/containers/d/state" && echo "$monitor")
	wait_for 5 test -s heard
	[ "$(cat heard)" = $'READY=1\nSTATUS=up\n'"MAINPID=$monitor" ]
	[ -z "$(ctr-run --sdnotify ignore "$ROOTFS" sh -c 'echo $NOTIFY_SOCKET')" ]
	run -125 ctr-run --sdnotify x "$ROOTFS" true
	ctr-rm -f c d
	kill $listener
}

@test "19 logs: several names, days and hours; no id before the messages of a container without a name" {
	ctr-run -d --name a "$ROOTFS" echo one
	ctr-run -d --name b "$ROOTFS" sh -c 'echo two; sleep 1; echo three'
	ctr-wait a >/dev/null
	[ "$(ctr-logs -f a b | sort | xargs)" = "one three two" ]
	[ "$(ctr-logs b a | xargs)" = "two three one" ]
	run -1 ctr-logs a nosuch
	[ "$output" = "ctr-logs: nosuch: no such container" ]
	local day
	day=$(date -u +%F)
	[ "$(ctr-logs a --since "$day")" = one ]
	[ "$(ctr-logs a --since "${day}T00:00" --until 2100-01-01)" = one ]
	[ -z "$(ctr-logs a --since 2100-01-01)" ]
	[ -z "$(ctr-logs a --until 2026-01-02T03)" ]
	run -2 ctr-logs a --since 2026-1-2
	run -2 ctr-logs a --since 2026-13-02
	run -127 ctr-run "$ROOTFS" nosuch
	[[ "$output" == "ctr-run: nosuch: not found"* ]]
	run -127 ctr-run --name x "$ROOTFS" nosuch
	[[ "$output" == "ctr-run: x: nosuch: not found"* ]]
}

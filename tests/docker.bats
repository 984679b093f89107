#!/usr/bin/env bats
# What docker's and podman's users type every day: flags, templates, one-liners.
load lib
# bats file_tags=ctr-run,ctr-exec,ctr-logs

@test "--secret: a file or variable that no image, list, other container or diff shows" {
	echo s3cret >file
	export WORD=v4lue
	ctr-image import box "$(tar -C "$ROOTFS" -cf box.tar . && echo box.tar)" >/dev/null
	ctr-run -d --name c --secret a,src=file --secret id=b,env=WORD,type=env,target=TOK \
		--secret k,src=<(echo piped),target=/etc/k,uid=7,gid=8,mode=0400 box sleep 100
	[ "$(ctr-exec c sh -c 'cat /run/secrets/a /etc/k; echo $TOK; stat -c %u:%g:%a /etc/k')" = \
		$'s3cret\npiped\nv4lue\n7:8:400' ]
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
	[ "$(ctr-run --userns auto --secret a,src=file,uid=7,mode=0400 \
		-u 7 box cat /run/secrets/a)" = s3cret ]
	local line
	while read -r line; do
		run -125 ctr-run --secret "${line%% *}" box true
		[ "$output" = "ctr-run: --secret: ${line#* }" ]
	done <<-'END'
		a 'a': where is it? src=FILE or env=VARIABLE
		a,env=NONE a: there is no variable NONE
		a,src=none a: none: No such file or directory
		a,src=file,mode=888 'a,src=file,mode=888': not ID,src=FILE or ID,env=VARIABLE, with type=mount|env, target=, uid=, gid=, mode=
		a,src=file,mode= 'a,src=file,mode=': not ID,src=FILE or ID,env=VARIABLE, with type=mount|env, target=, uid=, gid=, mode=
		a,src=file,target=../../x 'a,src=file,target=../../x': target is not a place for it
		a,src=file,type=x 'a,src=file,type=x': type is mount or env
	END
	[ "$(ls "$CTR_LIB/containers")" = d ]
}

@test "lists apart by commas, as podman takes them; a comma in a value stays one" {
	run ctr-run --cap-drop all --cap-add chown,kill --ulimit nofile=100:200,core=0 \
		--group-add 5,6 \
		--sysctl net.ipv4.ip_local_reserved_ports=80,90,net.core.somaxconn=77 \
		--dns 1.2.3.4,5.6.7.8 \
		--add-host a:1.2.3.4,b:5.6.7.8 --unsetenv A,B -e A=1 -e B=2,3 \
		-e C=4,5 "$ROOTFS" sh -c '
		grep CapEff /proc/self/status; ulimit -n; ulimit -c; id -G; echo $A,$B,$C
		cat /proc/sys/net/ipv4/ip_local_reserved_ports /proc/sys/net/core/somaxconn
		grep -c nameserver /etc/resolv.conf; grep -cE "1.2.3.4.a|5.6.7.8.b" /etc/hosts'
	[ "$(echo $output)" = "CapEff: 0000000000000021 100 0 0 5 6 1,2,3,4,5 80,90 77 2 2" ]
	[ "$(ctr-run --explain --net none --log-opt max-size=1m,max-file=2 "$ROOTFS" true |
		head -c 9)" = "#!/bin/sh" ]
	run -125 ctr-run -p 80:80,x "$ROOTFS" true
	[[ "$output" == *"-p: 'x' is not [ADDR:]HOSTPORT:PORT"* ]]
}

@test "-v SRC:DST:U gives the source to the container's user at each start" {
	mkdir -p v/d out
	touch v/d/f out/f
	ln -s "$PWD/out" v/link
	whose() { (cd "$1" && find . -printf '%U:%G\n' | sort -u | xargs); }
	[ "$(id -u)" = 0 ] || skip "needs root"
	ctr-run -u user -v ./v:/v:U "$ROOTFS" touch /v/made
	[ "$(whose v)$(whose out)" = 1000:10000:0 ] # the link is its own, and not what it points to
	ctr-run --mount type=bind,src=v,dst=/v,U=true -u 5:6 "$ROOTFS" true
	ctr-run --mount type=bind,src=v,dst=/v,chown=false -u 7 "$ROOTFS" true
	[ "$(whose v)" = 5:6 ]
	seen() { ctr-run --userns auto -u 7:8 -v "$1" "$ROOTFS" sh -c "$2" | xargs; }
	[ "$(seen ./v:/v:ro,U 'stat -c %u:%g /v /v/d/f; id -u')" = "7:8 7:8 7" ]
	[ "$(stat -c %u v)" -gt 100000 ]
	[ "$(seen vol:/v:U 'touch /v/f && stat -c %u:%g /v /v/f')" = "7:8 7:8" ]
	[ "$(stat -c %u:%g "$CTR_LIB/volumes/vol")" = 7:8 ] # the volume is mapped, not its owners
	ctr-run -d --name c -u 9 -v ./v:/v:U "$ROOTFS" sleep 100
	touch v/new
	ctr-restart -t 0 c
	[ "$(whose v)" = 9:0 ]
	ctr-rm -f c
	for bad in / /etc /etc/ssl /tmp/../usr /var/log; do
		run -125 ctr-run -v "$bad:/v:U" "$ROOTFS" true
		[[ "$output" == \
			"ctr-run: ${bad#/tmp/..}: U: it is not given to a container's user as a whole"* ]]
	done
	run -125 ctr-run --userns 0:100000:10 -u 20 -v ./v:/v:U "$ROOTFS" true
	[ "$(whose v)" = 9:0 ]
	run -125 ctr-run -u nosuch -v ./v:/v:U "$ROOTFS" true
	run -125 ctr-run --explain -v ./v:/v:U "$ROOTFS" true
	[[ "$output" == *"U has no step: chown -R the source" ]]
}

@test "--timeout, --platform, --no-hosts; a --device-cgroup-rule that is none" {
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
	run -125 ctr-run --privileged --device-cgroup-rule 'x 1:3 rwm' "$ROOTFS" true
	run -125 ctr-run --device-cgroup-rule 'x 1:3 rwm' "$ROOTFS" true
	[[ "$output" == *"is not TYPE MAJOR:MINOR ACCESS"* ]]
	run -125 ctr-run --device-cgroup-rule '-c 1:3 rwm' "$ROOTFS" true
}

@test "--device-cgroup-rule opens what no container may open, for the access that it names" {
	[ "$(id -u)" = 0 ] || skip "needs root: rules for devices"
	# /dev/net/tun, which no container may open otherwise (a kernel without it says "No such
	# device")
	opens() { ctr-run "$@" "$ROOTFS" sh -c 'mknod /tmp/tun c 10 200; : <>/tmp/tun' 2>&1; }
	[[ "$(opens || true)" == *"not permitted"* ]]
	[[ "$(opens --device-cgroup-rule 'c 10:200 rwm' || true)" == @(|*"No such device"*) ]]
	[[ "$(opens --device-cgroup-rule 'c 10:* rwm' || true)" == @(|*"No such device"*) ]]
	[[ "$(opens --device-cgroup-rule 'c 10:200 rm' || true)" == *"not permitted"* ]]
}

@test "--sdnotify: the monitor passes on to systemd what the container says, and no more" {
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
	# a path that is longer than a socket's name may be
	NOTIFY_SOCKET=$PWD/$(printf './%.0s' {1..60})sock ctr-run -d --name c --sdnotify conmon \
		"$ROOTFS" sleep 100
	export NOTIFY_SOCKET=$PWD/sock
	local monitor
	monitor=$(. "$CTR_RUN/containers/c/state" && echo "$monitor")
	wait_for 5 grep -q READY heard
	[ "$(cat heard)" = "MAINPID=$monitor"$'\n'READY=1 ]
	rm heard
	# perl of the host says it from inside
	ctr-run -d --name d --sdnotify container -v /usr:/usr:ro -v /lib:/lib:ro \
		-v /lib64:/lib64:ro "$ROOTFS" /usr/bin/perl -e '
		use IO::Socket::UNIX; $s = IO::Socket::UNIX->new(
			Type => SOCK_DGRAM, Peer => $ENV{NOTIFY_SOCKET}) or die;
		$s->send("X=" . "y" x 3000 . "\nMAINPID=1\nREADY=1\nSTATUS=up\e[31m\xc2\x9b\nFDSTORE=1\n"); sleep 100'
	monitor=$(. "$CTR_RUN/containers/d/state" && echo "$monitor")
	wait_for 5 test -s heard
	# with nothing in it that a terminal obeys
	[ "$(cat heard)" = $'READY=1\nSTATUS=up\\x1b[31m\\xc2\\x9b\n'"MAINPID=$monitor" ]
	# nobody listens: that is said once, however often the container tries
	NOTIFY_SOCKET=$PWD/none run ctr-run --sdnotify container -v /usr:/usr:ro -v /lib:/lib:ro \
		-v /lib64:/lib64:ro "$ROOTFS" /usr/bin/perl -e '
		use IO::Socket::UNIX; $s = IO::Socket::UNIX->new(
			Type => SOCK_DGRAM, Peer => $ENV{NOTIFY_SOCKET}) or die;
		$s->send("STATUS=up") for 1..200'
	[ "${#lines[@]}" = 1 ]
	[ -z "$(ctr-run --sdnotify ignore "$ROOTFS" sh -c 'echo $NOTIFY_SOCKET')" ]
	run -125 ctr-run --sdnotify x "$ROOTFS" true
	ctr-rm -f c d
	kill $listener
}

@test "logs: several names, days and hours; no id before a nameless container's messages" {
	ctr-run -d --name a "$ROOTFS" echo one
	ctr-run -d --name b "$ROOTFS" sh -c 'echo two; sleep 1; echo three'
	ctr-wait a >/dev/null
	[ "$(ctr-logs -f a b | sort | xargs)" = "one three two" ]
	[ "$(ctr-logs b a | xargs)" = "two three one" ]
	run -1 ctr-logs a nosuch
	[ "$output" = "ctr-logs: nosuch: no such container (ctr-ps -a lists them)" ]
	local day
	day=$(date -u +%F)
	[ "$(ctr-logs a --since "$day")" = one ]
	[ "$(ctr-logs a --since "${day}T00:00" --until 2100-01-01)" = one ]
	[ -z "$(ctr-logs a --since 2100-01-01)" ]
	[ -z "$(ctr-logs a --until 2026-01-02T03)" ]
	ctr-run -d --name talks "$ROOTFS" sh -c 'while :; do echo x; sleep 0.1; done' >/dev/null
	timeout 20 ctr-logs -f --until "$(($(date +%s) + 2))" talks >out
	grep -q x out
	timeout 20 ctr-logs -f --until 1m talks >/dev/null
	ctr-rm -f talks
	run -2 ctr-logs a --since 2026-1-2
	run -2 ctr-logs a --since 2026-13-02
	run -127 ctr-run "$ROOTFS" nosuch
	[[ "$output" == "ctr-run: nosuch: not found"* ]]
	run -127 ctr-run --name x "$ROOTFS" nosuch
	[[ "$output" == "ctr-run: x: nosuch: not found"* ]]
}

# bats test_tags=ctr-check
@test "docker info and version: lines, templates, JSON; the counts are the containers'" {
	ctr-image import box "$(tar -C "$ROOTFS" -cf box.tar . && echo box.tar)" >/dev/null
	ctr-image tag box again
	ctr-run -d --name a box sleep 100 >/dev/null
	ctr-run -d --name b box sleep 100 >/dev/null
	ctr-create --name c box true >/dev/null
	ctr-pause b >/dev/null 2>&1 || not_in_rig "pause"
	[ "$("$CTRBOX" info \
		-f \
		'{{.Containers}} {{.ContainersRunning}} {{.ContainersPaused}} {{.ContainersStopped}} {{.Images}}')" = "3 1 1 1 1" ]
	[ "$("$CTRBOX" info \
		--format '{{.DockerRootDir}} {{.OSType}} {{.KernelVersion}} {{.Architecture}}')" = \
		"$CTR_LIB linux $(uname -r) $(uname -m)" ]
	[ "$(ctr-check --info | grep -c '^Containers')" = 4 ]
	[ "$("$CTRBOX" system info | grep CPUs)" = " CPUs: $(nproc)" ]
	ctr-check --info | grep -qx "NCPU: $(nproc)"
	[ "$(ctr-check --info --json | perl -MJSON::PP -e 'print decode_json(<STDIN>)->{NCPU}' \
		2>/dev/null || nproc)" = "$(nproc)" ]
	[ "$("$CTRBOX" version)" = "$("$CTRBOX" --version)" ]
	[ "ctrbox $("$CTRBOX" version -f '{{.Server.Version}}')" = "$("$CTRBOX" --version)" ]
	run -2 "$CTRBOX" info -f '{{.NoSuch}}'
	[[ "$output" == *"there is no field"* ]]
	run -2 ctr-check -f '{{.Images}}'
	ctr-rm -f a b c
}

# bats test_tags=ctr-top,ctr-ps
@test "top with ps's options and as a tree; ps -s; labels in JSON are a map" {
	need ps procps
	ctr-run -d --name w -l a=b=c -l d "$ROOTFS" \
		sh -c 'sleep 999 & sh -c "sleep 998 & exec sleep 997" & wait' >/dev/null
	wait_for 5 eval '[ "$(ctr-top w -n | wc -l)" = 4 ]'
	[ "$(ctr-top w --tree -n | sed 's/.*:[0-9]* *//' | sort | tr -s ' ' | xargs -d '\n')" = \
		"$(printf '%s\n' 'sh -c sleep 999 & sh -c "sleep 998 & exec sleep 997" & wait' \
		'\_ sleep 997' '\_ sleep 998' '\_ sleep 999' | sort | xargs -d '\n')" ]
	[ "$(ctr-top --tree w | grep -n 'sleep 998$' | cut -d: -f1)" \
		-gt "$(ctr-top --tree w | grep -n 'sleep 997$' | cut -d: -f1)" ]
	ctr-top --tree w | grep -q '     \\_ sleep 998'
	[ "$(ctr-top w -eo pid,comm | awk 'NR == 1 { print $2 } NR > 1 { print $2 }' | sort |
		xargs)" = "COMMAND sh sleep sleep sleep" ]
	[ "$(ctr-top w aux | wc -l)" = 5 ]
	run -1 ctr-top w -eo comm
	[[ "$output" == *"ps shows no column PID: -o pid,..." ]]
	run -1 ctr-top w --nosuch
	(PATH=$BIN; run -1 ctr-top w aux; [[ "$output" == *"ps: No such file"* ]])
	ctr-exec w sh -c 'head -c 500000 /dev/zero >/big'
	[[ "$(ctr-ps -s | sed -n 2p)" =~ ...\..K\ \(virtual\ .*M\)$ ]]
	[[ "$(ctr-ps --format '{{.Names}} {{.Size}}')" =~ ^w\ [0-9.]+kB\ \(virtual ]]
	[ "$(ctr-ps --size --format '{{.Names}}')" = w ]
	own=$(ctr-inspect -sf '{{.SizeRw}}' w)
	[[ $own -ge 500000 && $own -lt 600000 ]]
	[ "$(ctr-inspect --size w | sed -n 's/.*"SizeRootFs": //p')" -gt "$own" ]
	[ "$(ctr-inspect -f '{{.SizeRw}}' w)" = "<nil>" ] # docker's, too, without --size
	[[ "$(ctr-ps --json)" == *'"labels":{"a":"b=c","d":""}}' ]]
}

# bats test_tags=ctr-port,ctr-inspect,ctr-image,ctr-net,ctr-volume,ctr-commit,ctr-stats
@test "docker's port, inspect of anything, filters of images, history, export, stats --format" {
	ctr-image import box "$(tar -C "$ROOTFS" -cf box.tar . && echo box.tar)" >/dev/null
	ctr-run --keep --name mk box true
	# images have whole seconds
	now=$(date +%s)
	wait_for 2 eval '[ "$(date +%s)" != $now ]'
	ctr-commit -c 'CMD ["httpd","-f"]' -c 'LABEL tier=web' -m note mk web:1 >/dev/null
	d() { "$CTRBOX" "$@"; }
	# one id, wherever it is told: "is it the newest?" and "who runs it?" are asked by it
	id=$(d import box.tar two)
	d run -d --name runs two sleep 100 >/dev/null
	[ "$(d images -q --no-trunc two) $(d inspect -f '{{.Id}}' two) $(d inspect -f '{{.Image}}' runs)" = \
		"$id $id $id" ]
	[ "$(d ps -f "ancestor=$id" -f "ancestor=${id:7:12}" --format '{{.Names}}')" = runs ]
	[ -z "$(d ps -qf "ancestor=${id:7:3}")$(d ps -qf "ancestor=$(d images -q box)")" ]
	id=$(d commit runs three)
	[ "$(d images -q --no-trunc three)" = "$id" ]
	d system df -v | grep -q "^three:latest *${id:7:12}"
	d rm -f runs
	d rmi two three
	[ "$(d image inspect \
		-f \
		'{{.RepoTags}} {{.Config.Cmd}} {{.Config.Labels.tier}} {{len .RootFS.Layers}} {{.Os}} {{.Config.User}}' web:1)" = "[web:1] [httpd -f] web 2 linux " ]
	[ "$(d inspect --format '{{index .RepoTags 0}}' web:1)" = web:1 ]
	# no two keys differ in their case alone, which some readers take for one
	for all in 'd image inspect web:1' 'd inspect web:1' 'd inspect mk' \
		'ctr-image inspect web:1'; do
		[ -z "$($all | sed -n 's/^    "\([A-Za-z]*\)":.*/\1/p' | sort -f | uniq -di)" ]
	done
	ctr-image inspect --json web:1 | grep -q '^{"digest":.*}$'
	[ "$(d inspect --type image -f '{{json .Config.Entrypoint}}' box)" = null ]
	[ "$(d images -q 'we*' | wc -l)$(d images -q web | wc -l)$(d images -q web:2 | wc -l)" = \
		110 ]
	[ "$(d images --format '{{.Repository}}' -f label=tier=web)" = web ]
	[ "$(d images --format '{{.Repository}}' --filter before=web:1)" = box ]
	[ "$(d images -f dangling=true -q | wc -l)$(d images -f dangling=false -q | wc -l)" = 02 ]
	run -2 d images -f nosuch=1
	run -2 d images -f dangling=maybe
	run -1 d images -f since=nosuch
	[ "$(d history --no-trunc --format '{{.Comment}}' web:1 | head -n 1)" = note ]
	[ "$(d history -q web:1 | sed -n 2p)" = "<missing>" ]
	d volume create -d local data
	[ "$(d volume create | wc -c)" = 33 ]
	[ "$(d volume inspect -f '{{.Name}}' data)$(d inspect -f '{{.Driver}}' data)$(d volume ls \
		-q -f name=dat)" = datalocaldata ]
	run -2 d volume create -d nfs x
	run -1 d inspect --type volume web:1
	run -2 d inspect --type x web:1
	run -1 d inspect nosuch
	[[ "$output" == "ctr-inspect: nosuch: no such object"* ]]
	d export mk | tar -t | grep -q bin/busybox
	d export -o mk.tar mk
	tar -tf mk.tar | grep -q bin/busybox
	d run -d --name up box sleep 100 >/dev/null
	[[ "$(d stats --no-stream --format '{{.Name}} {{.PIDs}}')" =~ ^up\ ([0-9]+|-)$ ]]
	[ "$(d stats --no-stream --format 'table {{.Name}}\t{{.MemUsage}}' | head -n 1)" = \
		"NAME      MEM USAGE / LIMIT" ]
	[ "$(d stats --no-stream -a -n | awk '{ print $2 }' | sort | xargs)" = "mk up" ]
	run -1 d port up 80
	[ "$output" = "ctr-port: up: port 80/tcp is not published (-p at its start)" ]
	[ -z "$(d port mk)$(d port up)" ]
}

# bats test_tags=ctr-attach
@test "--detach-keys: docker's two keys, others, none; what is typed else arrives" {
	need script bsdutils
	ctr-run -dit --name c "$ROOTFS" sh -c '
		stty raw -echo
		echo ready
		dd bs=1 count=3 2>/dev/null | od -An -tx1
		exec sleep 100' >/dev/null
	wait_for 5 grep -q ready "$CTR_LIB/containers/c/log"
	raw() { stty -a -F "$(cat tty)" | grep -q -e -icanon; }
	type_keys() { # until ctr-attach has ended
		local keys=$1
		shift
		rm -f tty ended
		(wait_for 5 raw; printf "$keys"; wait_for 5 test -e ended) 2>/dev/null |
			timeout -k 1 10 script -qec "tty >tty; ctr-attach $* c; code=\$?; touch ended; exit \$code" \
				/dev/null >/dev/null 3>&-
	}
	# a, then ctrl-p ctrl-q: detached with 0, z arrives nowhere
	type_keys 'a\020\021z'
	[ "$(ctr-inspect -f State.Status c)" = running ]
	run ! grep -q "61 " "$CTR_LIB/containers/c/log"
	type_keys '\020q\001q' --detach-keys=ctrl-a,q # others: ctrl-p and q arrive
	wait_for 5 grep -q "61 10 71" "$CTR_LIB/containers/c/log"
	for bad in ctrl- ctrl-1 xy ctrl-p,ab; do
		run -125 ctr-attach --detach-keys "$bad" c
		[[ "$output" == *"is not a key (a letter, or ctrl- and one)" ]]
	done
	ctr-rm -f c
	ctr-run --platform linux "$ROOTFS" true
	run -2 ctr-image pull --platform linux/sparc localhost:1/x
	[ "$output" = "ctr-image: --platform: 'linux/sparc': this machine is linux/$(uname -m)" ]
}

# oneliners BASH-PRELUDE ALL: run tests/oneliners.txt with `docker` as the prelude defines it, and
# compare.
oneliners() {
	mkdir -p data
	echo 1 >data/one
	echo 2 >data/two
	echo 'FROM_FILE=a file' >env
	${NEWNET-unshare -n} perl -e '
		system("ip link set lo up");
		my ($prelude, $all, $n, $bad) = (@ARGV, 0, 0);
		$/ = "";
		while (<STDIN>) {
			s/^#.*\n//mg;
			next unless s/^\$(!?) (.*)\n//;
			my ($net, $cmd) = ($1, $2);
			next if $net && !$all;
			s/\n+\z/\n/;
			$n++;
			open my $f, ">", "line.sh"; print $f "$prelude\n$cmd\n"; close $f;
			my $got = `timeout 60 bash line.sh 2>err </dev/null`;
			next if $got eq $_;
			$bad++;
			open $f, "<", "err"; local $/;
			print "\$ $cmd\n--- wanted:\n$_--- is:\n$got", map { s/^/! /mgr } <$f>;
			$/ = "";
		}
		print "$n lines, $bad not as they should be\n";
		exit($bad || $n < 50 ? 1 : 0)' "$1" "$2" <"$BATS_TEST_DIRNAME/oneliners.txt"
}

# bats
# test_tags=ctr-ps,ctr-inspect,ctr-stop,ctr-rm,ctr-image,ctr-volume,ctr-net,ctr-wait,ctr-cp,ctr-kill,ctr-top,ctr-prune
@test "lines of everyday scripts under alias docker=ctrbox print what docker prints" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	ctr-image import box "$(tar -C "$ROOTFS" -cf box.tar . && echo box.tar)" >/dev/null
	mkdir bin
	ln -s "$(realpath "$CTRBOX")" bin/docker
	oneliners 'PATH=$PWD/bin:$PATH' all
}

# bats test_tags=slow
@test "the same lines print the same under docker itself" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	not_in_rig "dockerd"
	[[ "$BIN" != */san/* ]] || skip "no program of ours runs here"
	for p in dockerd docker containerd runc; do need $p docker.io; done
	cat >script <<-'END'
		mount -t tmpfs t /run
		ip link set lo up
		dockerd --data-root "$PWD/d" --exec-root /run/dx -H "unix://$PWD/s" --pidfile "$PWD/pid" --bridge none --iptables=false \
			--ip6tables=false --storage-driver vfs --exec-opt native.cgroupdriver=cgroupfs --cgroup-parent "/${WORLD##*/}" >log 2>&1 &
		daemon=$!
		export DOCKER_HOST=unix://$PWD/s
		for i in $(seq 100); do docker version >/dev/null 2>&1 && break; sleep 0.2; done
		docker import box.tar box >/dev/null
		NEWNET= oneliners '' '' >lines 2>&1
		echo $? >code
		docker ps -aq | xargs -r docker rm -f >/dev/null 2>&1
		kill $daemon
		wait $daemon
	END
	tar -C "$ROOTFS" -cf box.tar .
	export -f oneliners
	export BATS_TEST_DIRNAME WORLD
	timeout 150 unshare -m -n --propagation private bash script 3>&- </dev/null || true
	find "/sys/fs/cgroup" -mindepth 2 -maxdepth 3 -name "${WORLD##*/}" \
		-exec rmdir {} + 2>/dev/null || true
	[ "$(cat code)" = 0 ] || { cat lines; tail -n 5 log; return 1; }
}

# bats test_tags=ctr-ps,ctr-net,ctr-events,ctr-stats,ctr-image,ctr-df,ctr-top
@test "docker's bare table, sizes, ports as filters; groups and words that are none here" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	ctr-image import x "$(tar -C "$ROOTFS" -cf x.tar . && echo x.tar)" >/dev/null
	d() { "$CTRBOX" "$@"; }
	d run -d --name c --init --expose 90 -u 7 x sleep 100 >/dev/null
	for list in ps images 'volume ls' 'network ls' 'system df' 'stats --no-stream'; do
		# the width of a column is that of what is in it just then
		[ "$(d $list --format table | head -n 1 | tr -s ' ')" = \
			"$(d $list | head -n 1 | tr -s ' ')" ]
	done
	# docker's word has docker's columns; ours are under our own names
	[ "$(d ps | sed -n 1p | tr -s ' ')" = \
		"CONTAINER ID IMAGE COMMAND CREATED STATUS PORTS NAMES" ]
	[ "$(d ps -s | awk 'NR == 1 { print $NF }') $(d container ls | awk 'END { print $NF }')" = \
		"SIZE c" ]
	[ "$(d images | sed -n 1p | tr -s ' ')" = "REPOSITORY TAG IMAGE ID CREATED SIZE" ]
	[ "$(d network ls | tr -s " "; d volume ls | tr -s " ")" = $'NETWORK ID NAME DRIVER SCOPE\nDRIVER VOLUME NAME' ]
	[ "$(ctr-ps | awk 'NR == 1 { print $2 }')" = NAME ]
	[ "$("$CTRBOX" ctr-image ls | awk 'NR == 1 { print $1 }')" = NAME ]
	[ "$(d ps -q)" = "$(ctr-ps -q)" ]
	[ "$(d ps --json)" = "$(ctr-ps --json)" ]
	[ "sha256:$(d images -q)" = "$(ctr-image ls -q | cut -c1-19)" ]
	[ "$(d images -q --no-trunc)$(d ps -n 1 -q)" = "$(ctr-image ls -q)$(ctr-ps -q)" ]
	[[ "$(d images --format '{{.Size}} {{.SharedSize}}')" =~ ^[0-9.]+MB\ N/A$ ]]
	[[ "$(d ps --format '{{.Size}}')" =~ ^[0-9.]+k?B\ \(virtual\ [0-9.]+MB\)$ ]]
	[[ "$(d system df --format '{{.Size}}' | head -n 1)" =~ ^[0-9.]+MB$ ]]
	[[ "$(d stats --no-stream --format '{{.NetIO}} {{.MemPerc}}')" =~ ^0B\ /\ 0B\ [0-9.]+%$ ]]
	[ "$(d ps -qf expose=90)" = "$(d ps -q)" ]
	[ -z "$(d ps -qf expose=91)$(d ps -qf publish=90)" ]
	run -2 d ps -f publish=x
	[ -z "$(d network ls -q -f type=custom)" ]
	run -2 d network ls -f type=none
	[[ "$(d events --since 1h --until 0s --format '{{.Type}} {{.From}}.')" == *"image ."* ]]
	# another user's, without a terminal
	[ "$(d top c -o pid,args | awk '{ print $2 }' | xargs)" = "COMMAND ctr-init sleep" ]
	run ! grep -q ' $' <(d top c)
	[ "$(d container list -q)" = "$(d ps -q)" ]
	d image list
	d volume list
	d network list
	d tag x y
	d untag y >/dev/null
	run -2 d container
	[ "$output" = "ctrbox: container: which? ls prune exists export inspect, or what ctrbox --list has" ]
	run -2 d container foo
	[ "$output" = "ctrbox: container foo: which? ls prune exists export inspect, or what ctrbox --list has" ]
	run -2 d system foo
	[ "$output" = "ctrbox: system foo: which? info prune df events" ]
	for word in 'container --help' 'help container' 'container -h'; do
		run -0 --separate-stderr d $word
		[ "$output" = "Usage: ctrbox container WORD: ls prune exists export inspect, or what ctrbox --list has" ]
	done
	[[ "$(d help system df)" == "Usage: ctr-df "* ]]
	for word in service context pod trust healthcheck mount 'image build'; do
		run -2 d $word
		[[ "$output" == "ctrbox: there is no ${word##* } here; instead: "* ]]
	done
}

# bats test_tags=ctr-ps,ctr-image,ctr-inspect,ctr-volume,ctr-logs
@test "what scripts ask: images -q NAME:TAG, container inspect, rmi; empty cells stay empty" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	d() { "$CTRBOX" "$@"; }
	d import "$(tar -C "$ROOTFS" -cf x.tar . && echo x.tar)" a >/dev/null
	d tag a app:1.0
	d tag a app:1.1
	# another name of the same image comes before it in the list
	[[ "$(d images -q app:1.1)" =~ ^[0-9a-f]{12}$ ]]
	[ "$(d images -q app)" = "$(d images -q a)" ]
	[ "$(d images -q | wc -l)" = 1 ]
	[ "$(ctr-image ls -q app:1.1)" = "$(ctr-inspect -f '{{.Id}}' a)" ]
	[ "$(d rmi app:1.0)" = "Untagged: app:1.0" ]
	[ "$(ctr-image rm app:1.1)" = app:1.1 ]
	# `docker container inspect NAME || docker run --name NAME`: an image of that name is none
	run ! d container inspect a
	[[ "$output" == *"ctr-inspect: a: no such container (ctr-ps -a lists them)"* ]]
	d run --name a a true
	[ "$(d container inspect -f '{{.State.Status}}' a)" = exited ]
	run -0 --separate-stderr d logs a
	[ "$stderr" = "ctr-logs: a: ran in the foreground, which has no log (-d has one)" ]
	d ps -a | grep -Eq '^CONTAINER ID   IMAGE     COMMAND   CREATED .* PORTS     NAMES$'
	d ps -a --format 'table {{.Names}}\t{{.Ports}}\t{{.Image}}' >out
	[ "$(cat out)" = $'NAMES     PORTS     IMAGE\na                   a' ]
	[ "$(d volume create --name v)$(d volume ls -q)" = vv ]
	[[ "$(ctr-volume ls)" == *" - "* ]]
	run -2 d volume rm
}

# bats test_tags=ctr-ps,ctr-image,ctr-inspect,ctr-volume,ctr-net
@test "templates and flags of everyday: Mounts of a bind, Labels as text, status=dead, digests" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	d() { "$CTRBOX" "$@"; }
	d import "$(tar -C "$ROOTFS" -cf x.tar . && echo x.tar)" a >/dev/null
	mkdir w
	mkdir -p here/volumes/data
	d create --name b -v "$PWD/here/volumes/data:/x" -v /y a true >/dev/null
	[ "$(d inspect -f '{{range .Mounts}}{{.Type}} {{end}}{{index .HostConfig.Binds 0}}' b)" = \
		"bind volume $PWD/here/volumes/data:/x" ]
	d rm b >/dev/null
	d run --name c -v "$PWD/w:/w" -v vol:/v a true
	[ "$(d inspect -f '{{range .Mounts}}{{.Name}}:{{.Destination}} {{end}}{{json .HostConfig.Mounts}}' c)" = \
		":/w vol:/v null" ]
	[ "$(d ps -a --format '{{.LocalVolumes}}')" = 1 ]
	[ "$(d inspect -f '{{.HostConfig.Binds}}' c)" = "[$PWD/w:/w vol:/v]" ]
	# docker rm $(docker ps -aq -f status=exited -f status=dead)
	[ "$(d ps -aqf status=dead -f status=exited)" = "$(d ps -aq)" ]
	[ -z "$(d ps -aqf status=dead)" ]
	d volume create --label a=b --label c=d vl
	[ "$(d volume ls -f label=a --format '{{.Labels}} {{.Label "c"}}')" = "a=b,c=d d" ]
	[ "$(d volume inspect -f '{{.Labels.a}}' vl)" = b ]
	d network create --label e=f --subnet 10.45.0.0/24 --attachable n
	[ "$(d network ls --no-trunc --format '{{.Labels}} {{.Label "e"}} {{.IPv6}}')" = "e=f f false" ]
	[ "$(d network inspect -f '{{.Labels.e}}' n)" = f ]
	d images --digests | awk 'NR == 1 { print $3 } NR == 2 { print $3 }' >out
	[[ "$(xargs <out)" =~ ^DIGEST\ sha256:[0-9a-f]{64}$ ]]
	[[ "$(TZ=UTC d images --format '{{.CreatedAt}}')" =~ ^20[0-9-]+\ [0-9:]+\ \+0000\ UTC$ ]]
	[ "$(d history a | sed -n 1p | tr -s ' ')" = "IMAGE CREATED CREATED BY SIZE COMMENT" ]
	[ "$(d history -q a)" = "$(d images -q a)" ]
	[ "$(ctr-image history a | awk 'NR == 1 { print $1 }')" = CREATED ]
	run -2 d images --tree
	d network rm n
}

# bats test_tags=ctr-commit,ctr-image,ctr-ps,ctr-top
@test "images without a name, an image as it was typed, top with docker's columns" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	d() { "$CTRBOX" "$@"; }
	tar -C "$ROOTFS" -cf x.tar .
	[[ "$(d import -c 'CMD ["echo","run"]' - <x.tar)" =~ ^sha256:[0-9a-f]{64}$ ]]
	[ "$(d run --rm "$(d images -f dangling=true -q)")" = run ]
	id=$(d import x.tar) # docker's FILE; ours is a NAME, for stdin
	[ "$(d images -f dangling=true -q | wc -l)" = 2 ]
	d rmi "$id"
	d import -m 'a word' x.tar x >/dev/null
	[ "$(d history --format '{{.Comment}}' x)" = 'a word' ]
	d create --name c x:latest sh -c 'touch /made' >/dev/null
	d start -a c
	id=$(d commit c)
	d run --rm "$id" test -e /made
	[ "$(d images | grep -c '^<none> *<none> ')" = 2 ]
	d image prune -f >/dev/null
	[ "$(d images -q | wc -l)" = 1 ]
	d run -d --name web x sleep 100 >/dev/null
	[ "$(d ps --format '{{.Image}}') $(d inspect -f '{{.Config.Image}}' web c | xargs)" = \
		"x x x:latest" ]
	[ "$(d ps -aq -f ancestor=x | wc -l) $(d ps -aq -f ancestor=x:latest | wc -l)" = "2 2" ]
	[ -z "$(d ps -aq -f ancestor=x:1)" ]
	[[ "$(d top web | head -n 1 | xargs)" == "UID PID PPID C STIME "* ]]
	[ "$(d top web | awk 'NR == 2 { print $2 }')" = "$(d inspect -f '{{.State.Pid}}' web)" ]
	[[ "$(ctr-top web | head -n 1)" == "PID "* ]]
	d rm -f web c >/dev/null
	run -125 d run BAD/Name true # a pull of it would not help
	[[ "$output" == "ctr-run: 'BAD/Name' is not an image name"* ]]
}

# bats test_tags=ctr-ps,ctr-image,ctr-net,ctr-volume,ctr-events
@test "of several --filter label= each must hold, everywhere; of others any" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	d() { "$CTRBOX" "$@"; }
	one() { "$@" -f label=a=1 -f label=b | xargs; }
	d import -c 'LABEL a=1 b=2' "$(tar -C "$ROOTFS" -cf x.tar bin && echo x.tar)" ab >/dev/null
	d import -c 'LABEL a=1' x.tar only >/dev/null
	for n in 'ab -l a=1 -l b=2' 'la -l a=1' 'lb -l b=2'; do
		d create --name $n --entrypoint true "$ROOTFS" >/dev/null
		d volume create ${n//-l/--label} >/dev/null
	done
	d network create --label a=1 --label b=2 --subnet 10.45.1.0/24 ab >/dev/null
	d network create --label a=1 --subnet 10.45.2.0/24 la >/dev/null
	[ "$(one d ps -a --format '{{.Names}}')" = ab ]
	[ "$(one d volume ls -q)" = ab ]
	[ "$(one d network ls --format '{{.Name}}')" = ab ]
	[ "$(one d images --format '{{.Repository}}')" = ab ]
	[ "$(one d events --since 1h --until 0s --format '{{.Action}} {{.Actor.Attributes.name}}')" = \
		"create ab" ]
	[ "$(d ps -a -f name=la -f name=lb --format '{{.Names}}' | xargs)" = "lb la" ]
	[ "$(d volume ls -q -f name=la -f name=lb | xargs)" = "la lb" ]
	d network rm ab la
}

# bats test_tags=ctr-ps,ctr-net,ctr-volume
@test "--filter name= and id= are regular expressions, as docker has them" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	d() { "$CTRBOX" "$@"; }
	local i=0 n want re
	for n in web srv web2 w.b; do
		d create --name $n "$ROOTFS" true >/dev/null
		d volume create $n >/dev/null
		d network create --subnet 10.45.$((++i)).0/24 ${n//./_} >/dev/null
	done
	while read -r re want; do
		[ "$(d volume ls -qf "name=$re" | sort | xargs)" = "$want" ]
		[ "$(d ps -af "name=$re" --format '{{.Names}}' | sort | xargs)" = "$want" ]
		[ "$(d network ls -f "name=$re" --format '{{.Name}}' | sort | xargs)" = \
			"${want//w.b/w_b}" ] || [[ "$re" == *'\.'* ]]
	done <<-'END'
		^web$ web
		^web.* web web2
		eb web web2
		^(web|srv)$ srv web
		web2|srv srv web2
		^((w|x).b|s(r|e)v)2?$ srv w.b web web2
		w\.b w.b
		[0-9]$ web2
		^[^a-vx-z]+$
		^[]w][e._]b w.b web web2
		^w[a-]
		^w[^
		[^]
		w[ 
		a+b
	END
	[ "$(d ps -aqf name=^/web$)" = "$(d ps -aqf 'id=^'"$(d inspect -f '{{.Id}}' web)")" ]
	[ "$(d ps -aqf "id=$(d inspect -f '{{.Id}}' web | cut -c2-)")" = "$(d ps -aqf name=^web$)" ]
	for n in ps 'volume ls' 'network ls'; do
		run -2 d $n -f 'name=(web)+'
		[[ "$output" == *"'(web)+': there is no )+ here, only . [] * + ? ^ $ | and ()" ]]
	done
	d network rm web srv web2 w_b
}

# bats test_tags=ctr-run,ctr-exec,ctr-ps,ctr-update
@test "by docker's words an empty value is the default, and what changes nothing is taken" {
	d() { "$CTRBOX" "$@"; }
	[ "$(d run --name '' -w '' --restart '' --cidfile '' --platform '' --log-driver '' \
		--stop-signal '' --userns '' --ipc '' --pid='' --uts '' --ip '' --mac-address '' \
		--cgroupns '' --cpuset-cpus '' --health-interval 5s --tz local \
		--mount type=bind,src=/tmp,dst=/x,consistency=cached \
		"$ROOTFS" sh -c 'pwd; date +%z')" = $'/\n'"$(env -u TZ date +%z)" ]
	run -125 d run -m '' "$ROOTFS" true # no limit at all would be a surprise
	run -125 ctr-run --name '' "$ROOTFS" true
	d run -d --name a "$ROOTFS" sleep 100 >/dev/null
	d create --name b "$ROOTFS" true >/dev/null
	[ "$(d exec -w '' -u '' a pwd)" = / ]
	[ "$(d stats --no-stream --format '{{.Name}} {{.CPUPerc}} {{.MemUsage}} {{.PIDs}}' b)" = \
		"b 0.00% 0B / 0B 0" ]
	for n in -n1 -n=1 '-n 1' '-aqn1' --last=1; do
		[ "$(d ps ${n/q/} --format '{{.Names}}')" = b ]
	done
	run -2 d ps -n x
	[ "$(d ps -f '' --format '' | awk '{ print $NF }')" = $'NAMES\na' ]
	d kill -s '' a
	d run -d --name r --restart always "$ROOTFS" false >/dev/null
	wait_for 5 sh -c '"$CTRBOX" ps -f name=r --format "{{.Status}}" |
		grep -Eq "^Restarting \(1\) .* ago$"'
}

@test "--tz local is the host's zone as a rule, and UTC where its file has none" {
	[ "$(id -u)" = 0 ] || skip "needs root, to mount"
	local v
	mkdir etc
	for v in XYZ-3 UTC0; do # a file of the first version has no rule
		{ printf TZif && [ $v = UTC0 ] || printf 2; } >etc/localtime
		{ head -c 60 /dev/zero && printf '\nXYZ-3\n'; } >>etc/localtime
		run -0 unshare -m --propagation private sh -c \
			'mount -t overlay -o "lowerdir=$PWD/etc:/etc" none /etc && exec "$@"' sh \
			ctr-run --tz local "$ROOTFS" sh -c 'echo $TZ'
		[ "$output" = $v ]
	done
}

# bats test_tags=ctr-ps,ctr-inspect
@test "templates: lines in a table, characters and not bytes, chosen arguments, a byte" {
	d() { "$CTRBOX" "$@"; }
	d create --name c -l k=v "$ROOTFS" true >/dev/null
	[ "$(d ps -a --format 'table {{.Names}}\n{{.State}}' | xargs)" = "NAMES STATE c created" ]
	[ "$(d ps -a --format 'table{{.Names}}' | xargs)" = "NAMES c" ]
	[ "$(d inspect -f '{{printf "%-3s|%3s|%.1s|" "é" "é" "éa"}}' c)" = 'é  |  é|é|' ]
	[ "$(d inspect -f '{{printf "%[2]s %[1]s" "a" "b"}} {{printf "%[3]s" "a"}}' c)" = \
		'b a %!s(BADINDEX)' ]
	[ "$(d inspect -f '{{index "abc" 1}} {{truncate "éab" 2}}' c)" = '98 é' ]
	run -1 d inspect -f '{{index "abc" 3}}' c
}

# bats test_tags=ctr-image,ctr-commit,ctr-prune,ctr-events
@test "an image has one id everywhere; rmi and prune tell what they delete; builder prune" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	d() { "$CTRBOX" "$@"; }
	local id old
	id=$(d import "$(tar -C "$ROOTFS" -cf x.tar . && echo x.tar)" x)
	[ "$(d images -q --no-trunc x) $(d inspect -f '{{.Id}}' x)" = "$id $id" ]
	[ "$(d run --rm "$(d images -q x | cut -c1-4)" echo by four)" = "by four" ]
	d tag x y
	[ "$(d rmi y)" = "Untagged: y:latest" ]
	d tag x y
	d save x | d load
	[ "$(d rmi "$id" | sort)" = "Deleted: $id"$'\nUntagged: x:latest\nUntagged: y:latest' ]
	[ "$(d events --since 1h --until 0s -f type=image --format '{{.Actor.ID}}' | sort -u)" = \
		"$id" ]
	# two manifests of one image: it goes with the last of its names, whatever they name
	local m n
	id=$(d import x.tar x)
	mkdir o
	d save x | tar -C o -x
	jq 'del(.manifests[].annotations)' o/index.json >nameless
	m=o/blobs/sha256/$(jq -r '.manifests[0].digest[7:]' o/index.json)
	(cat "$m" && echo) >more
	n=$(sha256sum <more | cut -d ' ' -f 1)
	mv more "o/blobs/sha256/$n"
	jq --arg d "sha256:$n" '.manifests[0] |= (.digest = $d | .size += 1)' o/index.json |
		sed s/x:latest/other:1/ >index
	cp index o/index.json
	d load -i o
	d create --name c x true >/dev/null
	[ "$(d rmi x)" = "Untagged: x:latest" ]
	run -1 d rmi other:1
	[[ "$output" == *"in use by container c "* ]]
	d rm c
	cp nameless o/index.json
	[ "$(d load -i o)" = "Loaded image ID: $id" ]
	[ "$(d images | grep -c "${id:7:12}")" = 2 ]
	run -0 d image prune -f
	[[ "$output" == $'Deleted Images:\nuntagged: sha256:'* && "$output" != *deleted:* ]]
	[ "$(d rmi other:1)" = $'Untagged: other:1\n'"Deleted: $id" ]
	rm -r o
	d import x.tar x >/dev/null
	d create --name c x true >/dev/null
	old=$(d commit c)
	[ "$(d save "$old" | d load)" = "Loaded image ID: $old" ]
	d import --change 'ENV A=1' x.tar other >/dev/null
	run -2 d image prune -af --filter dangling=true --filter dangling=0
	[ "$(d image prune -af --filter dangling=true | sed /^Total/d)" = \
		$'Deleted Images:\n'"deleted: $old" ]
	d rmi other
	id=$(d commit c y)
	[ "$(d image prune -f --filter dangling=false | head -n 3)" = \
		$'Deleted Images:\nuntagged: y:latest\n'"deleted: $id" ]
	[ "$(d images --format '{{.Repository}}')" = x ]
	run -2 d image prune -f --filter dangling=maybe
	[[ "$output" == *"dangling=true or false"* ]]
	run -2 d container prune -f --filter dangling=true
	d volume create keep
	run -0 --separate-stderr d volume prune -f
	[ "$output" = "Total reclaimed space: 0B" ]
	[[ "$stderr" == *"volumes with a name stay, as with docker: volume prune -a removes these 1" ]]
	d system prune -f --volumes 2>/dev/null
	[[ "$(d volume prune -a </dev/null)" == "WARNING! "*"[y/N] " ]]
	[[ "$(echo n | d volume prune -a)" == "WARNING! "*"[y/N] " ]]
	[ "$(d volume ls -q)" = keep ]
	echo y | d volume prune --filter all=1 | grep -x keep
	for n in 'builder prune -f' 'builder prune -af --keep-storage 1GB' 'buildx prune -f'; do
		[ "$(d $n)" = "Total reclaimed space: 0B" ]
	done
	run -2 d builder build .
}

# bats test_tags=ctr-ps,ctr-commit
@test "ps -f ancestor= finds the containers of images that were made of it, and no others" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	d() { "$CTRBOX" "$@"; }
	d import "$(tar -C "$ROOTFS" -cf x.tar . && echo x.tar)" base >/dev/null
	touch z
	tar -rf x.tar z
	d import x.tar twin >/dev/null
	d run --name c base touch /a
	d commit c made >/dev/null
	d tag base alias:1
	d import -m other --change 'ENV A=1' x.tar env >/dev/null # its layers, but not made of it
	d create --name p twin true >/dev/null
	d commit -c 'ENV A=1' p child >/dev/null # made of it, without a layer of its own
	for n in base twin made env child; do d run --name of-$n $n touch /b; done
	d commit of-made again >/dev/null
	d create --name of-again again true >/dev/null
	of() { d ps -a --format '{{.Names}}' -f "ancestor=$1" | sort | xargs; }
	[ "$(of base)" = "c of-again of-base of-made" ]
	[ "$(of "$(d images -q made | cut -c1-4)")" = "of-again of-made" ]
	[ "$(of alias:1)" = "$(of base)" ]
	[ "$(d ps -aqf image=alias:1 | wc -l)" = 4 ]
	[ "$(of twin)" = "of-child of-twin p" ]
	[ "$(of env) $(of child)" = "of-env of-child" ]
	[ "$(of again) $(of none)$(d ps -aqf image=none)" = "of-again " ]
	# two of them, and no descriptor is left open
	[ "$(ulimit -n 32 && d ps -aq -f ancestor=made -f ancestor=twin | wc -l)" = 5 ]
}

# bats test_tags=ctr-ps
@test "a pattern that takes long is not tried in all ways" {
	many=$(printf 'a%.0s' {1..60})
	ctr-create --name "$many" "$ROOTFS" true
	for re in 'a*a*a*a*a*a*a*a*a*a*b' '(a*b|a*a*a*a*a*a*c|a?a?a?a?a?a?a?a?a*b)$'; do
		run -0 timeout 20 ctr-ps -aqf "name=$re"
		[ -z "$output" ]
	done
	[ "$(timeout 20 ctr-ps -af 'name=^a*a*a*a*a*a*a*a*$' --format '{{.Names}}')" = "$many" ]
	run -2 timeout 20 ctr-ps -aqf "name=$(printf '(a|b)%.0s' {1..30})c"
	[[ "$output" == *": too many alternatives" ]]
}

# bats test_tags=ctr-image
@test "images --filter: label!=, each of several, and until" {
	mkdir root
	for i in a b none; do
		ctr-image import $i <(tar -cf - root) >/dev/null
		[ $i = none ] || {
			ctr-create --name c $i x >/dev/null
			ctr-commit -c "LABEL k=$i" c $i >/dev/null
			ctr-rm c >/dev/null
		}
	done
	listed() { ctr-image ls --format '{{.Repository}}' "$@" | sort | tr '\n' ' '; }
	[ "$(listed -f label=k=a -f label=k=b)" = 'a b ' ]
	[ "$(listed -f 'label!=k=a')" = 'b none ' ]
	[ "$(listed -f 'label!=k=a' -f 'label!=k=b')" = 'none ' ]
	[ "$(listed -f 'label!=k')" = 'none ' ]
	[ "$(listed -f until=1h)" = '' ]
	[ "$(listed -f until="$(($(date +%s) + 9))")" = 'a b none ' ]
	run -2 ctr-image ls -f until=x
	[ "${#lines[@]}" = 1 ]
	run -2 ctr-image ls -f 'label!'
	[[ "$output" = *"'label!' is not one of reference=, dangling=, label=, label!=, before=, since=, until="* ]]
}

# bats test_tags=ctr-rm,ctr-inspect,ctr-volume
@test "podman's letters: volume create -l, inspect -t; rm -l and -i name what to type" {
	ctr-volume create -l a=b v >/dev/null
	[ "$(ctr-volume inspect --format '{{.Labels.a}}' v)" = b ]
	[ "$(ctr-inspect -t volume -f '{{.Name}}' v)" = v ]
	run -1 ctr-inspect -t image v
	[[ "$output" = *"no such image"* ]]
	run -2 ctr-rm -l
	# shellcheck disable=SC2016 # it is said so
	[[ "$output" = 'ctr-rm: no option -l: here it is the name $(ctr-ps -lq)' ]]
	run -2 ctr-rm -i v
	[[ "$output" = 'ctr-rm: no option -i: here it is || true' ]]
	run -2 ctr-rm -fi v # among others
	[[ "$output" = 'ctr-rm: no option -i: here it is || true' ]]
	run -2 ctr-start -link v # a word with one dash is that word first
	[[ "$output" = 'ctr-start: no option -link: here it is --net NAME: the names on a network are known' ]]
}

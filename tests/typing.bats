#!/usr/bin/env bats
# What people type: options after names, typing mistakes, and docker's words.

load lib
# bats file_tags=ctr-stop,ctr-kill,ctr-rm,ctr-logs,ctr-run

@test "options may follow names; a name that is none ends nothing" {
	# shellcheck disable=SC2016
	ctr-run -d --name web "$ROOTFS" sh -c '
		trap "echo hup" HUP; echo up; while :; do sleep 0.05; done'
	wait_for 5 grep -q up "$CTR_LIB/containers/web/log"
	[ "$(ctr-logs web -t | grep -c "Z up")" = 1 ]
	ctr-kill web -s HUP
	wait_for 5 grep -q hup "$CTR_LIB/containers/web/log"
	run -1 ctr-kill web nosuch
	[ "$(ctr-inspect web -f State.Status)" = running ]
	ctr-stop web -t 0
	run -1 ctr-rm web nosuch
	ctr-ps -a | grep -q web
	ctr-rm web
	run -1 ctr-kill -- -s
	[[ "$output" == *"no such container"* ]]
}

@test "a slip in an option names what was meant, and old words with one dash too" {
	run -125 ctr-run --memroy 64m "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option --memroy: did you mean --memory?" ]
	run -125 ctr-run --memroy=64m "$ROOTFS" true
	[[ "$output" == *"did you mean --memory?" ]]
	run -2 ctr-net create --ipv4=false n1
	[ "$output" = "ctr-net: no option --ipv4=false: here it is so anyway" ]
	ctr-image ls --no-trunc=true --attachable
	run -127 "$CTRBOX" rnu -d i
	[ "$output" = "ctrbox: rnu: no such applet: did you mean run?" ]
	run -127 "$CTRBOX" nothing-near
	[ "$output" = "ctrbox: nothing-near: no such applet (--help lists them)" ]
	run -127 "$CTRBOX" foo # no root: two of four letters are too many
	[ "$output" = "ctrbox: foo: no such applet (--help lists them)" ]
	run -127 "$CTRBOX" ctr-x
	[ "$output" = "ctrbox: ctr-x: no such applet (--help lists them)" ]
	ln -s "$(realpath "$CTRBOX")" ctr-exce
	run -127 ./ctr-exce
	[ "$output" = "ctrbox: ctr-exce: no such applet: did you mean ctr-exec?" ]
	run -125 ctr-run -name=web "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option -name=web: did you mean --name?" ]
	run -125 ctr-run -cpushare 5 "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option -cpushare: did you mean --cpu-shares?" ]
	run -125 ctr-run -entrypoint=sh "$ROOTFS" true # and no variable of the name ntrypoint
	[ "$output" = "ctr-run: unknown option -entrypoint=sh: did you mean --entrypoint?" ]
	[ "$(ctr-run -eenv=1 -ehostname=2 -hhost "$ROOTFS" sh -c 'echo $env$hostname')" = 12 ]
	run -125 ctr-run --gpus all "$ROOTFS" true
	[ "$output" = \
		"ctr-run: no option --gpus: here it is --device vendor.com/gpu=NAME, as /etc/cdi has it" ]
	run -125 ctr-run -a stdout "$ROOTFS" true
	[[ "$output" == "ctr-run: no option -a: here it is nothing: "* ]]
	if [ -d /sys/fs/cgroup/cpuset ] && [ "$(id -u)" = 0 ]; then
		run -125 ctr-run --cpuset-cpus 999 "$ROOTFS" true
		[[ "$output" == "ctr-run: cpuset.cpus=999: "*"(this machine has "*")" ]]
		run -125 ctr-run --cpuset-cpus 99999999999999999999 "$ROOTFS" true
		[[ "$output" == *"(this machine has "*")" ]]
		ctr-run --cpuset-cpus "" --cpuset-mems "" "$ROOTFS" true # of empty variables
	fi
	run -125 ctr-run --cap-drop= "$ROOTFS" true # of an empty variable
	[ "$output" = "ctr-run: --cap-drop: '' names no capability" ]
	run -125 ctr-run --cpus 99999 "$ROOTFS" true
	[[ "$output" == *"(0.01 to 8192)" ]]
	run -125 ctr-run -d --restart on-failure:x "$ROOTFS" true
	[ "$output" = "ctr-run: --restart on-failure: 'x' is not a number from 1 to 1000000" ]
	run -2 ctr-stop --tiem 3 web
	[[ "$output" == *"did you mean --time?" ]]
	# the beginning of several
	run -125 ctr-run --mem 64m "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option --mem: did you mean --memory or --memory-swap or \
--memory-reservation?" ]
	run -125 ctr-run --vol=a:/b "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option --vol=a:/b: did you mean --volume or --volumes-from?" ]
	run -125 ctr-run --dns-o ndots:1 "$ROOTFS" true # not its other name
	[[ "$output" == *"did you mean --dns-option?" ]]
	run -125 ctr-run --=x "$ROOTFS" true
	[[ "$output" == "ctr-run: unknown option --=x"* ]]
	# docker's words
	for w in imgaes:images pul:pull contaner:container sytem:system ctr-pss:ctr-ps; do
		run -127 "$CTRBOX" "${w%:*}" x
		[ "$output" = "ctrbox: ${w%:*}: no such applet: did you mean ${w#*:}?" ]
	done
	run -125 ctr-run --zzzzzz "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option --zzzzzz (see ctr-run --help)" ]
}

@test "a short option takes its value behind =, too, and a flag true or false, as in docker" {
	[ "$(ctr-run -it=false -e=A=b -eB=c=d -w=/tmp -h=box "$ROOTFS" \
		sh -c 'echo $A $B $PWD $(hostname)')" = "b c=d /tmp box" ]
	ctr-create --name c "$ROOTFS" true >/dev/null
	[ "$(ctr-ps -aq=true)" = "$(ctr-ps -aq)" ]
	[ -z "$(ctr-ps -qa=false)" ]
	run -2 ctr-ps -a=maybe
	[ "$output" = "ctr-ps: --all: 'maybe' is neither true nor false" ]
	run -2 ctr-ps -aqX
	[ "$output" = "ctr-ps: unknown option -X (see ctr-ps --help)" ]
}

@test "ctrbox takes docker's words; what there is not says what to do instead" {
	"$CTRBOX" run --name c -d "$ROOTFS" sleep 100
	[ "$("$CTRBOX" container ls -q)" = "$(ctr-ps -q)" ]
	[ "$("$CTRBOX" container inspect c -f Name)" = c ]
	run -0 "$CTRBOX" network ls -q
	run -0 "$CTRBOX" images -q
	run -1 "$CTRBOX" rmi nosuch
	run -0 "$CTRBOX" volume ls
	run -0 "$CTRBOX" version
	run -0 "$CTRBOX" help run
	[[ "$output" == "Usage: ctr-run"* ]]
	run -2 "$CTRBOX" build .
	[[ "$output" == *"ctr-commit"* ]]
	run -2 "$CTRBOX" container nosuch
	"$CTRBOX" container rm -f c
}

@test "a number in -u is a number, whatever the passwd file says; out of range is an error" {
	cp -a "$ROOTFS" r
	printf '1000:x:0:0::/:/bin/sh\n4294967296:x:0:0::/:/bin/sh\n-1:x:0:0::/:/bin/sh\n' \
		>>r/etc/passwd
	printf '77:x:0:\n' >>r/etc/group
	[ "$(ctr-run -u 1000 ./r id -u)" = 1000 ]
	[ "$(ctr-run -u 1000:77 ./r id -g)" = 77 ]
	[ "$(ctr-run -u 007 ./r id -u)" = 7 ]
	for bad in 4294967296 -1 4294967295 0:4294967296 0:-1 99999999999999999999; do
		run ! ctr-run -u "$bad" ./r id -u
		[[ "$output" == *"is not between 0 and 4294967294"* ]]
	done
}

# bats test_tags=ctr-ps
@test "ps --filter as docker's: values of one key are alternatives; -l, --last" {
	names() { ctr-ps -n -o name "$@" | sort | xargs; }
	ctr-create --name web1 -l tier=a -v data:/d "$ROOTFS" true >/dev/null
	ctr-run -d --name web2 -l tier=b "$ROOTFS" sh -c 'exit 3' >/dev/null
	ctr-wait web2
	ctr-create --name db "$ROOTFS" true >/dev/null
	[ "$(names -a -f name=web)" = "web1 web2" ]
	[ "$(names -a -f name='^web$')$(names -a -f name='^/db$')$(names -a -f name='2$')" = \
		"dbweb2" ]
	[ "$(names -a -f label=tier=a -f label=tier=b)" = "web1 web2" ]
	[ "$(names -a -f label=tier=a -f name=db)" = "" ]
	[ "$(names -f exited=3)" = web2 ]
	[ "$(names -f exited=0)" = "" ]
	[ "$(names -a -f volume=data)$(names -a -f volume=/d)$(names -a -f volume=at)" = \
		"web1web1" ]
	[ "$(names -a -f before=web2)" = web1 ]
	[ "$(names -a -f since=web2)" = db ]
	[ "$(names -a -f network=none -f name=db)" = db ]
	[ "$(names -a -f network=bridge)" = "" ]
	[ "$(names -a -f "ancestor=$ROOTFS" -f name=db)" = db ]
	[ "$(names -l)$(names --last 2)" = "dbdb web2" ]
	for bad in exited=x before=nosuch status=runing nosuch=1 name; do
		run -2 ctr-ps -f $bad
		[[ "$output" == "ctr-ps: --filter: "* ]]
	done
}

# bats test_tags=ctr-update,ctr-restart
@test "update --restart holds from the next end on; restart -s and --timeout" {
	# shellcheck disable=SC2016
	ctr-run -d --name c "$ROOTFS" sh -c '
		trap "exit 9" USR1; echo up; while :; do sleep 0.05; done'
	wait_for 5 grep -q up "$CTR_LIB/containers/c/log"
	run -0 ctr-restart -s USR1 --timeout 5 c
	wait_for 5 sh -c '[ "$(grep -c up "$CTR_LIB/containers/c/log")" = 2 ]'
	ctr-update --restart always c
	[ "$(ctr-inspect -f '{{.HostConfig.RestartPolicy.Name}}' c)" = always ]
	kill -USR1 "$(ctr-inspect -f State.Pid c)"
	wait_for 5 sh -c '[ "$(grep -c up "$CTR_LIB/containers/c/log")" = 3 ]'
	ctr-update --restart=no c
	kill -USR1 "$(ctr-inspect -f State.Pid c)"
	[ "$(ctr-wait c)" = 9 ]
	[ "$(ctr-ps -an -o status)" = exited ]
	run -2 ctr-update --restart sometimes c
	run -2 ctr-restart -s NOSUCH c
	run -2 ctr-update c
}

# bats test_tags=ctr-run,ctr-image,ctr-commit
@test "--label-file, --dns-option; load -i, ls --no-trunc; commit --pause=false" {
	printf '# comment\na=1\nb\n' >labels
	ctr-create --name c --label-file labels -l b=2 "$ROOTFS" true >/dev/null
	[ "$(ctr-inspect -f '{{.Config.Labels.a}} {{.Config.Labels.b}}' c)" = "1 2" ]
	run -125 ctr-run --label-file nosuch "$ROOTFS" true
	[ "$output" = "ctr-run: --label-file: nosuch: No such file or directory" ]
	run -0 ctr-run --dns 10.0.0.1 --dns-option ndots:3 --dns-opt rotate "$ROOTFS" \
		cat /etc/resolv.conf
	[[ "$output" == *"nameserver 10.0.0.1"*"options ndots:3 rotate"* ]]
	run -125 ctr-run --dns-option 'a b' "$ROOTFS" true
	ctr-commit --pause=false c made >/dev/null
	[ "$(ctr-image ls -n --no-trunc |
		grep -c "sha256:$(ctr-image ls -q | sed 's/sha256://')")" = 1 ]
	ctr-image save -o a.tar made
	ctr-rm c
	ctr-image rm made >/dev/null
	[[ "$(ctr-image load -q -i a.tar)" == *made* ]]
	[ "$(ctr-image ls -aq | wc -l)" = 1 ]
}

@test "DOCKER.md: each flag of docker's and podman's is there, differs, or names what to use" {
	local doc=$top/applets/DOCKER.md n
	# by perl, whose forks are cheap: it leaves after the first two lines of an answer
	n=$(perl -ne 'if (/^## (.*)/) { $c = $1 }
		elsif (/^\| (differs|not) \|/) { $state = $1 eq "not" ? "not" : "taken" }
		elsif (/^same: (.*)/) { push @all, [$c, "taken", $_] for $1 =~ /`(--[\w-]+)`/g }
		elsif (/^\| `(--[\w-]+)` \| (d|p|dp) \| \S/) { push @all, [$c, $state, $1] }
		END {
			open STDIN, "<", "/dev/null" or die;
			for (@all) {
				my ($cmd, $state, $flag) = @$_;
				my $pid = open(my $out, "-|") // die "fork: $!\n";
				if (!$pid) {
					open STDERR, ">&", STDOUT;
					exec $ENV{CTRBOX}, split(/ /, $cmd), $flag,
						$cmd eq "events" ? "--until=0" : ();
					die "$ENV{CTRBOX}: $!\n";
				}
				my $text = join "", map { scalar <$out> // "" } 1, 2;
				chomp $text;
				close $out;
				my $said = "taken";
				$said = "not" if $text =~
					/unknown option|no option --|there is no|no such applet/;
				$said eq $state or die "$cmd $flag: the table says $state, ",
					"ctrbox says $said\n";
				$state eq "taken" or $text =~ /here it is / or
					die "$cmd $flag: what to do instead? $text\n";
			}
			print scalar @all;
		}' "$doc")
	# each says how it differs, or why it is refused
	[ "$(grep -c '^| `' "$doc")" = \
		"$(grep -cE '^\| `--[a-z0-9-]+` \| (d|p|dp) \| .+ \|$' "$doc")" ]
	[ "$(grep -c '^| differs' "$doc")" -ge 8 ]
	[ $n -gt 500 ]
	# What each command has by its own help, where the versions that the page names are
	# installed: it is in its section, and its short form is known, too.
	perl -e '
		use strict;
		open my $in, "<", $ARGV[0] or die;
		my $page = join "", <$in>;
		my @parts = split /^## (.*)\n/m, $page;
		shift @parts;
		my (%text, %short) = @parts;
		open STDIN, "<", "/dev/null" or die;
		open STDERR, ">&", STDOUT;
		for my $p ("docker", "podman") {
			my ($version) =
				`command -v $p >&2 && $p --version` =~ /([0-9.]+[0-9])/ or next;
			$page =~ /(of $p|and $p) \Q$version\E \(/ or next;
			for my $cmd (keys %text) {
				for (`$p $cmd --help`) {
					/^ +(?:-(\w), +)?(--[a-z0-9-]+)/ && $2 ne "--help" or next;
					$short{"$cmd -$1"} = 1 if $1 && $1 ne "h";
					$text{$cmd} =~ /`$2`/ or
						die "$p $cmd $2 is not in the table\n";
				}
			}
		}
		for my $call (sort keys %short) {
			my $said = `"\$CTRBOX" $call 2>&1 | head -n 2`;
			$said !~ /unknown option/ or die "$call: $said";
		}' "$doc"
}

# bats test_tags=ctr-kill,ctr-update,ctr-rm
@test "where a name is none, no container is killed, updated or removed" {
	local call pid
	ctr-run -d --name c "$ROOTFS" sleep 100
	ctr-create --name p "$ROOTFS" sleep 100
	pid=$(ctr-inspect -f State.Pid c)
	for call in kill 'update --restart always' rm; do
		# shellcheck disable=SC2086
		run -1 --separate-stderr ctr-$call p c nosuch n2
		[ -z "$output" ]
		[[ "$stderr" == *"nosuch: no such container "* ]]
	done
	[ "$(ctr-inspect -f State.Pid c)" = "$pid" ]
	[ "$(ctr-ps -an -o status | sort | xargs)" = "created running" ]
}

# bats test_tags=ctr-run,ctr-volume,ctr-image
@test "a message has the value that was given, and names what to type" {
	local command want cpus
	cpus=$(cat /sys/devices/system/cpu/online)
	ctr-create --name c --cpuset-cpus 0,0-0 "$ROOTFS" true
	while IFS='|' read -r command want; do
		run $command
		[[ "$status" -ne 0 && "$output" == *"$want" && "${#lines[@]}" = 1 ]]
	done <<-END
		ctr-run --tz Nowhere $ROOTFS true|--tz: 'Nowhere' is no time zone (as Europe/Berlin or CET-1CEST)
		ctr-run --hostname a/b $ROOTFS true|--hostname: 'a/b' has more than 64 bytes, a blank or a slash
		ctr-stop nosuch|nosuch: no such container (ctr-ps -a lists them)
		ctr-volume rm nosuch|nosuch: no such volume (ctr-volume ls lists them)
		ctr-image rm nosuch|nosuch: no such image (ctr-image ls lists them)
		ctr-image tag nosuch x|nosuch: no such image (ctr-image ls lists them)
		ctr-image history nosuch|nosuch: no such image (ctr-image ls lists them)
		ctr-run nosuch|ctr-image import nosuch FILE.tar; ctr-image ls lists what there is)
		ctr-events --until 0s -f type=x|--filter: type is one of container image network volume, not 'x'
		ctr-net ls -f scope=x|--filter: scope is one of local swarm global, not 'x'
		ctr-net ls -f type=x|--filter: type is one of custom builtin, not 'x'
		ctr-net ls -f dangling=x|--filter: dangling is one of true false 1 0, not 'x'
		ctr-run -m 1.5 $ROOTFS|--memory: 1.5 is less than a page: is 1.5m meant?
		ctr-run --dns= $ROOTFS|--dns: '' is empty
		ctr-run --add-host= $ROOTFS|--add-host: '' is empty
		ctr-run --sig-proxy=false $ROOTFS|here it is so in the foreground; else -d, then ctr-attach
		ctr-create --cpuset-cpus 8192 $ROOTFS|cpuset.cpus=8192: Invalid argument (this machine has $cpus)
		ctr-create --cpuset-cpus 0-8192 $ROOTFS|0-8192: Invalid argument (this machine has $cpus)
		ctr-create --cpuset-cpus -1 $ROOTFS|cpuset.cpus=-1: Invalid argument (this machine has $cpus)
		ctr-update --cpuset-cpus x c|cpuset.cpus=x: Invalid argument (this machine has $cpus)
	END
	ctr-run --tz CET-1CEST "$ROOTFS" true
	run -2 ctr-commit -c 'CMD ["x' c i
	[ "$output" = "ctr-commit: --change: '[\"x' is not a list of strings ([\"ls\", \"-l\"], say)" ]
	run -1 ctr-run --sig-proxy -q "$ROOTFS" false
	[ -z "$output" ]
	# nobody gave this name
	run -0 ctr-create --storage-opt size=1m "$ROOTFS" true
	[[ "${lines[0]}" =~ ^(ctr-create:\ --storage-opt:\ .*|[0-9a-f]{12})$ ]]
}

# bats test_tags=ctr-run,ctr-ps
@test "only the whole name of an option is one, as in docker" {
	run -125 ctr-run --hostnam x "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option --hostnam: did you mean --hostname?" ]
	run -125 ctr-run --hostnam=x "$ROOTFS" true
	[ "$output" = "ctr-run: unknown option --hostnam=x: did you mean --hostname?" ]
	run -2 ctr-ps --al
	[ "$output" = "ctr-ps: unknown option --al: did you mean --all?" ]
	run -2 ctr-ps --filt name=x --all
	[ "$output" = "ctr-ps: unknown option --filt: did you mean --filter?" ]
	ctr-ps --filter name=x --all --no-trunc
	ctr-ps --filter=name=x --all
}

# bats test_tags=ctr-run,ctr-inspect
@test "a volume's source is in its plain form; a ROOTFS without the zone of --tz is said" {
	mkdir -p x/y
	ctr-create --name c -v ./x//./y/:/t --mount type=bind,src=./x,dst=/u "$ROOTFS" true
	[ "$(ctr-inspect -f '{{range .Mounts}}{{.Source}} {{end}}' c)" = "$PWD/x/y $PWD/x " ]
	ln -s /usr/bin l
	ctr-create --name up -v ./x/../x:/u -v ./l/..:/v "$ROOTFS" true
	[ "$(ctr-inspect -f '{{range .Mounts}}{{.Source}} {{end}}' up)" = "$PWD/x /usr " ]
	[ -e /usr/share/zoneinfo/Europe/Berlin ] || skip "this machine has no zones"
	local no="ctr-run: --tz: the image has no /usr/share/zoneinfo/Europe/Berlin: times are UTC's"
	run -0 ctr-run --tz Europe/Berlin "$ROOTFS" true
	[ "$output" = "$no (--tz local needs none)" ]
	run -0 ctr-run --tz Europe/Berlin -v /usr/share/zoneinfo:/usr/share/zoneinfo:ro "$ROOTFS" \
		true
	[ -z "$output" ]
}

# bats test_tags=ctr-inspect,ctr-volume,ctr-image,ctr-net,ctr-create
@test "podman's exists: 0 or 1, and not a word; init is ctr-create" {
	[ "$(id -u)" = 0 ] || skip "networks need root"
	ctr-create --name c "$ROOTFS" true >/dev/null
	ctr-volume create v >/dev/null
	tar -cC "$ROOTFS" ./etc | ctr-image import i - >/dev/null
	ctr-net create --subnet 10.44.0.0/24 n >/dev/null
	for w in 'container c' 'volume v' 'image i' 'network n'; do
		run -0 "$CTRBOX" "${w% *}" exists "${w#* }"
		[ -z "$output" ]
		for other in c v i n; do
			[ $other != "${w#* }" ] || continue
			run -1 "$CTRBOX" "${w% *}" exists $other
			[ -z "$output" ]
		done
	done
	run -2 "$CTRBOX" container exists
	[[ "$output" == *"NAME is missing"* ]]
	[[ "$("$CTRBOX" image exists --help)" == "Usage: "* ]]
	run -2 "$CTRBOX" container init c
	[ "$output" = "ctrbox: there is no init here; instead: ctr-create, then ctr-start" ]
}

# bats test_tags=ctr-volume,ctr-image,ctr-net
@test "where a name is none, no volume, image or network is removed; -f has no fault with it" {
	[ "$(id -u)" = 0 ] || skip "networks need root"
	ctr-volume create v >/dev/null
	tar -cC "$ROOTFS" ./etc | ctr-image import x - >/dev/null
	ctr-net create --subnet 10.44.0.0/24 n >/dev/null
	run -1 ctr-volume rm v nosuch
	run -1 ctr-image rm x nosuch
	[ "${#lines[@]}" = 1 ]
	run -1 ctr-net rm n nosuch
	[ "$(ctr-volume ls -q) $(ctr-image ls --format '{{.Repository}}') $(ctr-net ls -q)" = \
		"v x n" ]
	[ "$(ctr-volume rm -f v nosuch)" = $'v\nnosuch' ]
	[ "$(ctr-image rm -f x nosuch 2>/dev/null)" = x ]
	run -0 ctr-image rm -f nosuch
	[ "$(ctr-net rm -f n nosuch)" = n ]
	run -1 ctr-volume rm -f 'a b'
}

# bats test_tags=ctr-run,ctr-ps,ctr-net
@test "poor messages: what is left out, what a limit of 0 means, a group alone" {
	local call line port sysctl
	ctr-run -d --name c "$ROOTFS" sleep 100
	port="is not [ADDR:]HOSTPORT:PORT[/tcp|/udp] (ADDR::PORT: any host's port; an IPv6 address in"
	port+=" brackets)"
	sysctl="not a container's own: net.*, fs.mqueue.*, kernel.msg*, sem, shm* are (--hostname)"
	while IFS='|' read -r call line; do
		# shellcheck disable=SC2086
		run -125 ctr-run $call "$ROOTFS" true
		[ "$output" = "ctr-run: $line" ] || {
			echo "$call: $output"
			return 1
		}
	done <<-END
		-p 80:|-p: '80:' $port
		-p 127.0.0.1:80|-p: '127.0.0.1:80' $port
		-p 80-:80|-p: '80-' is not FROM-TO
		-p -1:80|-p: '-1' is not a number from 1 to 65535
		--expose -80/udp|--expose: '-80' is not a number from 1 to 65535
		--publish=|-p: '' $port
		-m 64|--memory: 64 is less than a page: is 64m meant?
		--kernel-memory 4m|no option --kernel-memory: here it is nothing: the kernel has given it up
		--sysctl kernel.hostname=x|--sysctl: kernel.hostname is $sysctl
		--cap-add FOO|--cap-add: 'FOO' is not a capability (NET_ADMIN, say)
		--stop-signal FOO|--stop-signal: 'FOO' is not a signal (TERM or 15, say)
		--device-read-bps x|--device-read-bps: 'x' is not DEV:RATE (/dev/sda:1m, say)
		--mac-address zz|mac: 'zz' is not a MAC address (02:42:ac:11:00:02, say)
		--ip zz|--ip: 'zz' is not an IPv4 address
		--ipc foo|--ipc: 'foo' is not host, private, shareable, none or container:NAME
		--pid foo|--pid: 'foo' is not host, private or container:NAME
	END
	run -125 ctr-run --ulimit nofile=-1 "$ROOTFS" true
	[[ "$output" == "ctr-run: RLIMIT_NOFILE: set to -1:-1: "*"; no process goes above \
$(cat /proc/sys/fs/nr_open), the sysctl fs.nr_open)" ]]
	run -2 ctr-net
	[[ "$output" == *"ctr-net connect [OPTIONS] NETWORK CONTAINER"* ]]
	ctr-net create n --subnet 10.97.5.0/24
	run -1 ctr-net connect n c
	[ "$output" = \
		"ctr-net: c: --net none: only a container made with --net NAME joins further ones" ]
	run -1 ctr-net connect nosuch c
	[[ "$output" == "ctr-net: network nosuch: there is none of this name "* ]]
	run -2 ctr-update -m 1k c
	[ "$output" = "ctr-update: --memory: 1k is less than a page: is 1m meant?" ]
	run -2 ctr-cp c:/x b:/y
	[ "$output" = "ctr-cp: not between two: ctr-cp c:/x - | ctr-cp - b:/y" ]
	run -1 ctr-top c -o foo
	[ "$output" = "ctr-top: c: the host's ps does not take these options (ps --help lists them)" ]
	run -0 ctr-ps -qf status=removing # docker's word; nothing is, here
	[ -z "$output" ]
	[ "$("$CTRBOX" ps -an 1 --format '{{.Names}}')" = c ]
	run -2 "$CTRBOX" ps -n 1x
	run -2 "$CTRBOX" ps -n 99999999999999999999
	ctr-run -m 0 --cpus 0 --cpu-shares 0 --cpu-quota 0 --cpu-period 0 --blkio-weight 0 \
		"$ROOTFS" true
}

# bats test_tags=ctr-update,ctr-run
@test "a limit of 0 takes the limit away; --userns auto on the host's own root" {
	[ "$(id -u)" = 0 ] || skip "needs root: limits of a running one, --userns auto"
	local f='{{.HostConfig.NanoCpus}} {{.HostConfig.Memory}}'
	ctr-run -d --name c "$ROOTFS" sleep 100
	ctr-update -m 60MiB --cpus .5 c
	[ "$(ctr-inspect -f "$f" c)" = "500000000 62914560" ]
	ctr-update -m 0 --cpus 0 c
	[ "$(ctr-inspect -f "$f" c)" = "0 0" ]
	ctr-run --userns auto / true # the host's own root below the container's
}

# bats test_tags=ctr-ps,ctr-image,ctr-inspect,ctr-volume,ctr-logs,ctr-top,ctr-events,ctr-df
@test "what cannot be written is an error, on a closed or a full stdout" {
	ctr-run -d --name c "$ROOTFS" sh -c 'echo said; exec sleep 100'
	wait_for 5 grep -q said "$CTR_LIB/containers/c/log"
	local call
	for call in ps 'ps -q' 'ps --json' 'inspect c' 'logs c' 'top c' 'volume ls' 'image ls' \
		'events --since 1h --until 0s' 'system df' 'stats --no-stream' 'port --help' \
		'diff c' 'exec c echo x' 'network ls' 'kill -s WINCH c' check 'container ls -a' \
		version; do
		# shellcheck disable=SC2086
		"$CTRBOX" $call >out || true
		[ -s out ] || continue
		# shellcheck disable=SC2086
		run ! eval "\"\$CTRBOX\" $call >/dev/full"
		[ -n "$output" ]
	done
	for call in 'ps -q' 'ps --json' 'inspect c' 'logs c' 'top c' 'system df' check version; do
		run ! eval "\"\$CTRBOX\" $call >&-"
		[ -n "$output" ]
	done
}

# bats test_tags=ctr-inspect,ctr-kill
@test "MiB, kill -9, ctrbox -v and -H; Entrypoint apart from Cmd" {
	ctr-run -d --name c -m 50MiB "$ROOTFS" sleep 100
	[ "$(ctr-inspect -f '{{.HostConfig.Memory}}' c)" = 52428800 ]
	local f='{{.Config.Entrypoint}} {{json .Config.Cmd}} {{.Path}} {{json .Args}}'
	[ "$(ctr-inspect -f "$f" c)" = '[] ["sleep","100"] sleep ["100"]' ]
	ctr-kill -9 c
	[ "$(ctr-wait c)" = 137 ]
	run -2 ctr-kill c -NOSUCH
	[ "$output" = "ctr-kill: --signal: 'NOSUCH' is not a signal (TERM or 15, say)" ]
	"$CTRBOX" -v | grep -q '^ctrbox '
	run -2 "$CTRBOX" -H tcp://x ps
	[ "$output" = "ctrbox: there is no -H here; instead: nothing: there is no daemon" ]
	for option in --host=tcp://x --tlsverify --context=default; do
		run -2 "$CTRBOX" "$option" ps
		[ "$output" = "ctrbox: there is no $option here; instead: nothing: there is no daemon" ]
	done
}

# bats test_tags=ctr-inspect,ctr-commit,ctr-create
@test "commit -c takes HEALTHCHECK, ONBUILD and ENTRYPOINT" {
	[ "$(id -u)" = 0 ] || skip "needs root: an image's folder as the root"
	local f='{{.Config.Entrypoint}} {{json .Config.Cmd}} {{.Path}} {{json .Args}}'
	ctr-create --name c "$ROOTFS" sleep 100
	ctr-commit -c 'HEALTHCHECK --interval=5s --retries=2 CMD ["true","x"]' \
		-c 'ONBUILD RUN x' -c 'ENTRYPOINT ["sleep"]' c img >/dev/null
	[ "$(ctr-image inspect -f '{{json .Config.Healthcheck}} {{.Config.OnBuild}}' img)" = \
		'{"Interval":5000000000,"Retries":2,"Test":["CMD","true","x"]} [RUN x]' ]
	ctr-create --name d img 99
	[ "$(ctr-inspect -f "$f" d)" = '[sleep] ["99"] sleep ["99"]' ]
	ctr-create --name e --entrypoint sh img -c x
	[ "$(ctr-inspect -f "$f" e)" = '[sh] ["-c","x"] sh ["-c","x"]' ]
	ctr-create --name f --entrypoint sh img
	[ "$(ctr-inspect -f "$f" f)" = '[sh] null sh []' ]
	ctr-commit -c 'HEALTHCHECK CMD  test -e /x' d shell >/dev/null
	[ "$(ctr-image inspect -f '{{json .Config.Healthcheck.Test}}' shell)" = \
		'["CMD-SHELL","test -e /x"]' ]
	ctr-commit -c 'HEALTHCHECK NONE' d none >/dev/null
	[ "$(ctr-image inspect -f '{{.Config.Healthcheck.Test}}' none)" = "[NONE]" ]
	for f in '--foo CMD x' '--interval=x CMD x' 'x' 'CMDx' '--retries= NONE'; do
		run -2 ctr-commit -c "HEALTHCHECK $f" c img
		[[ "$output" == "ctr-commit: --change: HEALTHCHECK: "* ]]
	done
}

# bats test_tags=ctr-rm,ctr-stop,ctr-inspect,ctr-run,ctr-update,ctr-net,ctr-kill
# bats test_tags=ctr-run,ctr-inspect,ctr-rename,ctr-rm,ctr-exec
@test "a container's name as inspect shows it, with a slash, is taken" {
	local d=$CTRBOX
	"$d" run -d --name /web "$ROOTFS" sleep 100
	[ "$("$d" inspect -f '{{.Name}}' web)" = /web ]
	[ "$("$d" exec /web echo in)" = in ]
	"$d" rename /web /web2
	[ "$("$d" ps --format '{{.Names}}')" = web2 ]
	ctr-run --pid container:/web2 "$ROOTFS" true
	[ "$(ctr-events --since 1m --until 0s --json | jq -r 'select(.Action == "rename") |
		.Actor.Attributes.oldName')" = web ]
	run -1 "$d" rm //web2
	run -1 "$d" rm /
	[[ $output == *"/: no such container"* ]]
	"$d" rm -f "$("$d" inspect -f '{{.Name}}' web2)"
	[ -z "$("$d" ps -aq)" ]
}

@test "an empty name is said as one, and nothing is done" {
	ctr-create --name c "$ROOTFS" true >/dev/null
	for a in rm 'rm -f' stop start restart kill pause unpause wait logs top inspect; do
		run -1 --separate-stderr ctr-${a%% *} $(cut -s -d' ' -f2- <<<"$a") ''
		[ "$stderr" = "ctr-${a%% *}: '': no such container (ctr-ps -a lists them)" ]
	done
	run -1 ctr-net inspect ''
	[[ "$output" == "ctr-net: network '': there is none of this name "* ]]
	run -125 ctr-run ''
	[ "$output" = "ctr-run: ROOTFS or IMAGE is empty" ]
	[ "$(ctr-ps -aq | wc -l)" = 1 ]
	ctr-run -d --cidfile '' "$ROOTFS" true >/dev/null
	run -2 ctr-update -m 4k c
	[ "$output" = "ctr-update: --memory: 4k is less than a process needs: is 4m meant?" ]
}

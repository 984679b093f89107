#!/usr/bin/env bats
# docker's --format: Go templates over the JSON that docker has.

load lib
# bats file_tags=ctr-inspect

t() { ctr-inspect -f "$@" web; }

@test "inspect -f: fields, maps, lists and functions as scripts type them" {
	ctr-run -d --name web -l a=b -l com.x/y=z -e K=V -m 64m \
		--restart on-failure:3 "$ROOTFS" sleep 1000
	[ "$(t '{{.State.Running}} {{.State.Status}}')" = "true running" ]
	[ "$(t '{{.Name}}')" = /web ]
	[ "$(t '{{json .Config.Labels}}')" = '{"a":"b","com.x/y":"z"}' ]
	[ "$(t '{{index .Config.Labels "com.x/y"}}|{{.Config.Labels.nosuch}}')" = "z|<no value>" ]
	[ "$(t '{{range $k, $v := .Config.Labels}}{{$k}}={{$v}};{{end}}')" = "a=b;com.x/y=z;" ]
	[ "$(t '{{range .NetworkSettings.Networks}}[{{.IPAddress}}]{{end}}')" = "[]" ]
	[ "$(t \
		'{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}} {{.HostConfig.Memory}}')" = "on-failure:3 67108864" ]
	[ "$(t '{{if eq .State.Status "exited" "running"}}yes{{else}}no{{end}}')" = yes ]
	[ "$(t \
		'{{if and .State.Running (not .State.Paused)}}A{{else if .State.Paused}}B{{else}}C{{end}}')" = A ]
	[ "$(t '{{with .State.Error}}{{.}}{{else}}fine{{end}}')" = fine ]
	[ "$(t '{{join .Config.Cmd ","}} {{len .Config.Cmd}} {{index .Config.Cmd 1}}')" = \
		"sleep,1000 2 1000" ]
	[ "$(t '{{.Config.Cmd}} {{printf "%5s|%-4d|%q" "x" 3 "a\"b"}}')" = \
		'[sleep 1000]     x|3   |"a\"b"' ]
	[ "$(t \
		'{{ .Path | upper | printf "%s!" }} {{/* no */}}{{truncate "abcdef" 3}} {{- " x" -}}   y')" = "SLEEP! abc xy" ]
	[ "$(t \
		'{{range split "a:b:c" ":"}}<{{.}}>{{else}}none{{end}}{{range .Mounts}}m{{else}}no mounts{{end}}')" = "<a><b><c>no mounts" ]
	ctr-inspect web | grep -q '"Labels": {'
	[ "$(ctr-inspect --json -f State.Status web)" = running ]
}

@test "a wrong template says what is wrong, in one line" {
	ctr-create --name web "$ROOTFS" true
	for bad in '{{.Nosuch}}' '{{' '{{if .Id}}' '{{end}}' '{{nosuch .Id}}' '{{.Id | }}' \
		'{{index .Config.Cmd 7}}' '{{(.Id}}' '{{"x}}' '{{range}}{{end}}' '{{.Id .Name}}'; do
		code=64 # docker's, of a template that cannot be read
		[[ $bad != *Nosuch* && $bad != *index* ]] || code=1
		run -$code t "$bad"
		[ "${#lines[@]}" = 1 ]
		[[ "$output" == "ctr-inspect: --format: "* ]]
	done
	deep=$(printf '{{if .Id}}%.0s' {1..200})
	run -64 t "$deep"
	[[ "$output" == *"nested too deeply" ]]
}

# bats test_tags=ctr-ps
@test "ps --format: docker's fields, table, json" {
	ctr-run -d --name web "$ROOTFS" sleep 1000
	ctr-run --keep --name done "$ROOTFS" sh -c 'exit 3' || true
	[ "$(ctr-ps --format '{{.Names}}: {{.State}}')" = "web: running" ]
	[ "$(ctr-ps -a --format '{{.Names}}\t{{.ExitCode}}' | sort)" = $'done\t3\nweb\t0' ]
	run -0 ctr-ps -a --format '{{.Status}}' -f name=done
	[[ "$output" == "Exited (3) "*" ago" ]]
	run -0 ctr-ps --format 'table {{.Names}}\t{{.Command}}'
	[ "${lines[0]}" = 'NAMES  COMMAND' ]
	[ "${lines[1]}" = 'web    "sleep 1000"' ]
	ctr-ps --format '{{json .}}' |
		perl -MJSON::PP -ne 'die unless decode_json($_)->{Names} eq "web"'
	run -2 ctr-ps --format '{{.Nosuch}}'
}

# bats test_tags=ctr-image,ctr-net,ctr-volume,ctr-ps
@test "--format of images, network and volume: templates, table, json, as docker's" {
	tar -cC "$ROOTFS" ./etc | ctr-image import x - >/dev/null
	[ "$(ctr-image ls --format '{{.Repository}}:{{.Tag}}')" = x:latest ]
	[ "$(ctr-image ls --format 'table {{.Repository}}\t{{.Tag}}' | tr -s ' ')" = \
		$'REPOSITORY TAG\nx latest' ]
	[ "$(ctr-image ls -n --format 'table {{.Tag}}')" = latest ]
	[[ "$(ctr-image ls --format json)" == \
		'{"Repository":"x","Tag":"latest","ID":"'*'"Size":"'*'"}' ]]
	ctr-volume create data >/dev/null
	[ "$(ctr-volume ls --format '{{.Name}} {{.Driver}} {{.Links}}')" = "data local 0" ]
	[ "$(ctr-volume inspect --format '{{ .Mountpoint }}' data)" = "$CTR_LIB/volumes/data" ]
	ctr-net create --subnet 10.44.0.0/24 n >/dev/null
	[ "$(ctr-net inspect \
		--format \
		'{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}} {{.Driver}} {{.EnableIPv6}}' n)" = \
		"10.44.0.0/24 10.44.0.1 bridge false" ]
	[ "$(ctr-net ls --format '{{.Name}}')" = n ]
	[ "$(ctr-ps -a --format json | wc -l)" = 0 ]
	ctr-create --name c "$ROOTFS" true >/dev/null
	[[ "$(ctr-ps -a --format json)" == '{'*'"Names":"c"'*'}' ]]
	for bad in 'ctr-image ls' 'ctr-volume ls' 'ctr-net ls'; do
		run -2 $bad --format '{{.Name'
	done
	ctr-net rm n >/dev/null
}

@test "keys and values send no escapes to the terminal and break no line" {
	esc=$'\e]0;evil\a\xc2\x9b2J\r\x1e\x1f'
	ctr-create --name web -l "k$esc=v$esc" "$ROOTFS" true >/dev/null
	for f in '{{.Config.Labels}}' '{{range $k, $v := .Config.Labels}}{{$k}}{{$v}}{{println}}{{end}}' '{{json .Config.Labels}}' '{{printf "%v\t%s\n" .Config.Labels "x"}}' \
		'{{range $k, $v := .Config.Labels}}{{upper $k}}{{truncate $v 99}}{{end}}'; do
		t "$f" >out
		run ! env LC_ALL=C grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2\x9b' out
		[ "$(grep -ci evil out)" = "$(grep -c . out)" ]
	done
	[ "$(t '{{"a\tb\n"}}{{println .Name}}c')" = $'a\tb\n/web\nc' ]
}

@test "templates print what docker 28 prints of the same data" {
	ctr-create --name web -l a=b -l com.x/y=z -l empty= -e K=V -e $'M=l1\nl2' --restart \
		on-failure:3 "$ROOTFS" sh -c $'echo hi;\nsleep 1' x >/dev/null
	while IFS= read -r template && IFS= read -r want; do
		have=$(t "$template") || have=failed
		[ "$have" = "$(printf %b "$want")" ] || {
			printf '%s\n  not %s\n  but %s\n' "$template" "$want" "$have"
			false
		}
	done <<-'END'
		x {{- /* it's "odd }} */ -}} y
		xy
		{{$x := 1}}{{$x = 2}}{{$x}}
		2
		{{$f := true}}{{range .Config.Cmd}}{{if $f}}{{$f = false}}{{else}},{{end}}{{len .}}{{end}}
		2,2,16,1
		{{with $x := .State.Status}}{{$x}}-{{.}}{{end}}{{if $y := .Path}}{{$y}}{{end}}
		created-createdsh
		{{with .Config.Labels.zz}}{{.}}{{else with .Name}}w{{.}}{{end}}
		w/web
		{{range $i, $x := .Args}}{{if eq $i 1}}{{continue}}{{end}}{{$i}}{{end}}{{range .Args}}{{break}}{{end}}{{range 3}}{{.}}{{end}}
		02012
		{{slice .Config.Cmd 1 2}} {{slice .Name 1}} {{slice .Name 0 2}} {{slice .Config.Cmd 3}}
		[-c] web /w [x]
		{{printf "%d %5d|%-5d|%05d %+d %*d" 1 2 3 4 5 4 7}}
		1     2|3    |00004 +5    7
		{{printf "%s|%10s|%-10s|%.2s" .Name "a" "b" "cdef"}}
		/web|         a|b         |cd
		{{printf "%q %q" "a\n\t\"b\\" .Config.Cmd}}
		"a\\n\\t\\"b\\\\" ["sh" "-c" "echo hi;\\nsleep 1" "x"]
		{{printf "%x %X %o %x %t %.2f %6.1f" 255 255 8 "hello" true 1.5 2.25}}
		ff FF 10 68656c6c6f true 1.50    2.2
		{{printf "%d" "x"}} {{printf "%s" 5}} {{printf "%s"}} {{printf "%s" "a" "b"}} {{printf "abc%"}}
		%!d(string=x) %!s(int=5) %!s(MISSING) a%!(EXTRA string=b) abc%!(NOVERB)
		{{json "a\n"}} {{json (split "a\nb" "\n")}} {{json "<a&b>"}} {{json .Config.Labels}}
		"a\\n" ["a","b"] "<a&b>" {"a":"b","com.x/y":"z","empty":""}
		{{range split (index .Config.Env 3) "\n"}}[{{.}}]{{end}}{{eq "a\n" "a\n"}}
		[M=l1][l2]true
		{{index .Config.Env 3}}|{{join .Config.Cmd ","}}|{{.Config.Cmd}}
		M=l1\nl2|sh,-c,echo hi;\nsleep 1,x|[sh -c echo hi;\nsleep 1 x]
		{{and .Config.Labels.nosuch (index .Config.Cmd 99)}} {{or .Name (index .Config.Cmd 99)}}
		<no value> /web
		{{if and .Config.Entrypoint (gt (len .Config.Entrypoint) 0)}}y{{else}}n{{end}} {{.Config.Entrypoint}} {{json .Config.Entrypoint}}
		n [] null
		{{pad .Name 2 3}}|{{title "a/b-c d"}}|{{"A\x41\t|"}}
		  /web   |A/B-C D|AA\t|
		{{.HostConfig.RestartPolicy}} {{.ID | len}} {{eq .State.ExitCode "0"}} {{0x10}} {{1.5}} {{-3}}
		{on-failure 3} 12 true 16 1.5 -3
		{{range .Config.Cmd}}{{template "i" .}},{{end}}{{define "i"}}<{{len $}}>{{end}}
		<2>,<2>,<16>,<1>,
		{{define "a"}}{{range .}}{{template "b" .}}{{end}}{{end}}{{define "b"}}({{len .}}){{end}}{{template "a" .Args}}
		(2)(16)(1)
		{{ template "x" . -}}  y{{- define "x" -}} z {{- .Name -}} {{end}}
		z/weby
		{{block "b" .Name}}<{{.}}>{{end}}{{template "b" 1}}
		</web><1>
		{{html "<a href='x'>&\"</a>"}}
		&lt;a href=&#39;x&#39;&gt;&amp;&#34;&lt;/a&gt;
		{{js "it's \"<x>\" & = \n"}}
		it\\'s \\"\\u003Cx\\u003E\\" \\u0026 \\u003D \\u000A
		{{urlquery "a b&c=d/\u00e9"}} {{.Name | urlquery}} {{urlquery 1 "a"}}
		a+b%26c%3Dd%2F%C3%A9 %2Fweb 1a
		{{printf "%b %c %U %q %O %x %X %o|%8b|%-3c|" 5 65 65 65 8 -255 -255 -8 5 65}}
		101 A U+0041 'A' 0o10 -ff -FF -10|     101|A  |
		{{"\u00e9 \U0001F600 \101 \x41"}} {{'\u00e9'}} {{'\n'}} {{printf "%c" 128512}}
		é 😀 A A 195 10 😀
		{{with .State.Health}}{{.Status}}{{else}}none{{end}} {{if .State.Health}}y{{else}}n{{end}}
		none n
		{{1_000}} {{0x_ff}} {{0B101}} {{0o17}} {{017}} {{1_0.5}} {{0x1p4}} {{1e+2}} {{-0x10}} {{+5}}
		1000 255 5 15 15 10.5 16 100 -16 5
		{{upper "éà ñ ж ω ß÷"}} {{lower "ÉÇ Ж Ω ×"}} {{title "élan école"}} {{upper "€ù"}}
		ÉÀ Ñ Ж Ω ß÷ éç ж ω × Élan École €Ù
		{{print nil}} {{printf "%v" nil}} {{printf "%v" .State.Health}}{{if nil}}y{{end}}
		<nil> <nil> <nil>
		{{slice .Config.Cmd 0 1 2}} {{.NetworkSettings.Networks.nosuch.IPAddress}} {{.Config.Labels.nosuch.x}}
		[sh] <no value> <no value>
	END
	for bad in '{{.Config.}}' '{{else with}}' '{{upper .Name .Id}}' '{{index}}' '{{break}}' \
		'{{if .Id}}{{else x}}{{end}}' '{{$x = 1}}' '{{slice .Name 9}}' '{{/* x }}' \
		'{{range .Name}}{{end}}' '{{..Name}}' '{{$a, $b := .Id}}' '{{end x}}'; do
		run t "$bad"
		[[ $status -eq 1 || $status -eq 64 ]]
		[ "${#lines[@]}" = 1 ]
	done
	run -1 t '{{.State.Health.Status}}'
	run -1 t '{{index .Config.Labels.nosuch "a"}}'
	run -64 t '{{1x}}'
	[ "$output" = "ctr-inspect: --format: '1x' is no number" ]
	run -64 t "{{index .Config.Labels 'com.x/y'}}"
	[ "$output" = "ctr-inspect: --format: 'x' is one character (a text: \"x\")" ]
	run -1 t '{{call .Id}}'
	run -1 t '{{template "nosuch"}}'
	run -64 t '{{define "x"}}'
	run -64 t '{{template}}'
	run -64 t '{{define "r"}}{{template "r"}}{{end}}{{template "r"}}'
	run -64 t '{{nosuch .Id}}'
	[ "$output" = "ctr-inspect: --format: there is no function at nosuch" ]
}

@test "inspect tells of capabilities, devices, limits and security" {
	ctr-run -d --name web --cap-add net_admin --cap-drop mknod --cap-drop chown \
		--ulimit nofile=100:200 --device /dev/null:/dev/xnull:r \
		--security-opt no-new-privileges --shm-size 32m --oom-score-adj 100 \
		--cpu-shares 512 --stop-timeout 7 "$ROOTFS" sleep 100 >/dev/null
	[ "$(t '{{.HostConfig.CpuShares}} {{.Config.StopTimeout}}')" = "512 7" ]
	local form='{{with .HostConfig}}{{json .CapAdd}}{{json .CapDrop}}{{json .Ulimits}}'
	form+='{{json .Devices}}{{json .SecurityOpt}}{{.ShmSize}} {{.OomScoreAdj}}{{end}}'
	local want='["CAP_NET_ADMIN"]["CAP_CHOWN","CAP_MKNOD"]'
	want+='[{"Name":"nofile","Hard":200,"Soft":100}]'
	[ "$(t "$form")" = \
		"$want"'[{"PathOnHost":"/dev/null","PathInContainer":"/dev/xnull","CgroupPermissions":"r"}]["no-new-privileges"]33554432 100' ]
	ctr-run -d --name plain "$ROOTFS" sleep 100 >/dev/null
	[ "$(ctr-inspect -f '{{with .HostConfig}}{{.CapAdd}}{{.CapDrop}}{{.Devices}}{{.SecurityOpt}}{{.ShmSize}}{{end}}' plain)" = \
		'[][][][]67108864' ]
	# a name that begins another's
	ctr-create --name z --ulimit nofile=100 --device /dev/full:/dev/z "$ROOTFS" true >/dev/null
	[ "$(ctr-inspect -f '{{range .HostConfig.Devices}}{{.PathInContainer}}{{end}}' z)" = /dev/z ]
	# a record that others wrote
	sed -i -E 's/"(CAP_[A-Z_]+|RLIMIT_NOFILE|c|size=[0-9a-z]*|\/dev\/z)"/7/g' \
		"$CTR_LIB/containers/z/config.json"
	ctr-inspect -f '{{json .HostConfig.Ulimits}}' z >z || [ $? = 1 ]
	ctr-rm z >/dev/null
	ctr-create --name all --cap-add all "$ROOTFS" true >/dev/null
	ctr-create --name none --cap-drop all --security-opt seccomp=unconfined \
		"$ROOTFS" true >/dev/null
	ctr-create --name priv --privileged "$ROOTFS" true >/dev/null
	[ "$(ctr-inspect -f '{{with .HostConfig}}{{.CapAdd}}{{.CapDrop}}{{.SecurityOpt}}{{end}}' all none priv | tr '\n' ' ')" = \
		'[ALL][][] [][ALL][seccomp=unconfined] [][][seccomp=unconfined] ' ]
}

# bats test_tags=ctr-ps
@test "ps has docker's command, times and mounts" {
	ctr-run -d --name web -v vol:/v -v "$PWD:/here" "$ROOTFS" \
		sh -c 'sleep 100; echo "ö ü"' >/dev/null
	[ "$(ctr-ps --format '{{.Command}}|{{.LocalVolumes}}')" = "\"sh -c 'sleep 100; e…\"|1" ]
	[ "$(ctr-ps --no-trunc --format '{{.Command}}|{{.Mounts}}')" = \
		"\"sh -c 'sleep 100; echo \\\"ö ü\\\"'\"|vol,$PWD" ]
	[ "$(ctr-ps --format '{{.Mounts}}')" = "vol,${PWD:0:14}…" ]
	[[ $(ctr-ps --format '{{.CreatedAt}}') =~ ^20[0-9-]{8}\ [0-9:]{8}\ \+0000\ [A-Z]+$ ]]
	[[ $(ctr-ps --format '{{.Status}}') =~ ^Up\ (Less\ than\ a\ second|[0-9]+\ seconds?)$ ]]
}

# bats test_tags=ctr-ps
@test "ps knows .Label, and a table's headings stay as they are" {
	ctr-create --name web -l com.x/y=z "$ROOTFS" true >/dev/null
	[ "$(ctr-ps -a --format '{{.Label "com.x/y"}}|{{if .Label "a"}}y{{end}}|{{eq (.Label "com.x/y") "z"}}')" = "z||true" ]
	[ "$(ctr-ps -a --format 'table {{truncate .Names 2}} {{lower .State}}\t{{.Label "com.x/y"}}')" = \
		$'NAMES STATE  com.x/y\nwe created   z' ]
	ctr-ps -a --format json | run ! grep -a $'\001'
}

@test "inspect has the fields that docker has and scripts look for" {
	ctr-run -d --name web "$ROOTFS" sleep 100 >/dev/null
	echo x >"$(t '{{.GraphDriver.Data.UpperDir}}')/new"
	[ "$(cat "$(t '{{.GraphDriver.Data.MergedDir}}')/new")" = x ]
	[ "$(t '{{.HostsPath}}')" = "$CTR_LIB/containers/web/hosts" ]
	[ -e "$(t '{{.NetworkSettings.SandboxKey}}')" ]
	[ "$(t '{{.NetworkSettings.Gateway}}|{{.NetworkSettings.IPPrefixLen}}|{{.Config.Volumes}}|{{.ExecIDs}}|{{.HostConfig.CpusetCpus}}|{{.Config.AttachStdout}}')" = \
		"|0|map[]|[]||false" ]
}

# bats test_tags=ctr-image,ctr-net,ctr-volume,ctr-diff,ctr-ipam
@test "--json of a list is an object a line; inspect has docker's shape, as jq reads it" {
	[ "$(id -u)" = 0 ] || skip "networks need root"
	tar -cC "$ROOTFS" ./etc | ctr-image import x - >/dev/null
	ctr-volume create -d local --label a=b v >/dev/null
	ctr-volume create w >/dev/null
	ctr-net create --subnet 10.44.0.0/24 --label a=b n >/dev/null
	ctr-ipam alloc -n n me >/dev/null
	ctr-create --name c "$ROOTFS" true >/dev/null
	: >"$CTR_LIB/containers/c/upper/new"
	for list in "image ls" "image history x" 'volume ls' 'net ls' 'ipam ls' 'ps -a' 'diff c' df; do
		[ "$list" != 'image history x' ] || list='image history --json x'
		ctr-${list%% *} $(cut -s -d' ' -f2- <<<"$list") --json >out
		[ -s out ]
		perl -MJSON::PP -ne 'ref decode_json($_) eq "HASH" or die' out
	done
	[ "$(ctr-volume ls --json | wc -l)" = 2 ]
	have() { # JSON ENTRY: docker's word of it
		perl -MJSON::PP -e '$j = decode_json(join "", <STDIN>)->[0];
			$j = /^\d+$/ ? $j->[$_] : $j->{$_} for split /\./, $ARGV[0]; print $j' "$1"
	}
	[ "$(ctr-volume inspect v | have Labels.a) $(ctr-volume inspect v | have Scope)" = "b local" ]
	[[ "$(ctr-volume inspect v | have CreatedAt)" == 20*Z ]]
	[ "$(ctr-net inspect n | have IPAM.Config.0.Gateway)" = 10.44.0.1 ]
	[ "$(ctr-net inspect n | have Containers.me.IPv4Address)" = 10.44.0.2/24 ]
	[ "$(ctr-net inspect n -f '{{.Created}}{{.Options}}{{.Attachable}}' | cut -c1-2,21-)" = \
		"20map[]false" ]
	ctr-ipam free -n n me
	ctr-net rm n
}

@test "HostConfig has what was asked for, running or not, and more of docker's fields" {
	[ "$(id -u)" = 0 ] || skip "networks need root"
	ctr-create --name web -p 127.0.0.1:8081:80 -p 90/udp --tmpfs /t:size=1m --expose 70 \
		-v v:/v --sysctl net.core.somaxconn=77 --cpu-period 50000 --cpu-quota 25000 \
		--dns-search d.example --dns-option ndots:3 --log-opt max-size=1m,max-file=3 \
		"$ROOTFS" true >/dev/null
	local form='{{with .HostConfig}}{{json .PortBindings}}{{.LogConfig.Config}}'
	form+='{{index .Sysctls "net.core.somaxconn"}}{{.CpuQuota}}/{{.CpuPeriod}}'
	form+='{{.DnsSearch}}{{.DnsOptions}}{{.IpcMode}}{{end}}'
	[ "$(t "$form")" = \
		'{"80/tcp":[{"HostIp":"127.0.0.1","HostPort":"8081"}],"90/udp":[{"HostIp":"","HostPort":""}]}map[max-file:3 max-size:1048576]7725000/50000[d.example][ndots:3]private' ]
	[[ "$(t '{{index .HostConfig.Tmpfs "/t"}}')" == *size=1m ]]
	[ "$(t '{{json .Config.ExposedPorts}}{{(index .Mounts 0).Driver}}')" = \
		'{"70/tcp":{},"80/tcp":{},"90/udp":{}}local' ]
	[ "$(t '{{len .HostConfig.MaskedPaths}}' | grep -c '^[1-9]')" = 1 ]
	[ "$(t '{{with .HostConfig}}{{.GroupAdd}}{{.UsernsMode}}{{.OomKillDisable}}{{.Runtime}}{{.BlkioWeight}}{{.CgroupnsMode}}{{end}}')" = \
		'[]falsectrbox0private' ]
	[ "$(t '{{json .NetworkSettings.Networks.bridge.IPAMConfig}}{{.NetworkSettings.HairpinMode}}')" = \
		nullfalse ]
	ctr-run -d --name as --group-add 5 --group-add audio --ipc shareable "$ROOTFS" sleep 100
	ctr-create --name with --ipc container:as --pid container:as --uts host "$ROOTFS" true
	form='{{with .HostConfig}}{{json .GroupAdd}} {{.IpcMode}} {{.PidMode}} {{.UTSMode}}{{end}}'
	[ "$(ctr-inspect -f "$form" as with)" = '["5","audio"] shareable  '$'\n'"null $(
		ctr-ps -qf name=as | sed 's/.*/container:& container:& host/')" ]
	ctr-net create --subnet 10.97.8.0/24 n8 >/dev/null
	ctr-create --name asked --net n8 --ip 10.97.8.9 "$ROOTFS" true
	[ "$(ctr-inspect -f '{{json .NetworkSettings.Networks.n8.IPAMConfig}}' asked)" = \
		'{"IPv4Address":"10.97.8.9"}' ]
	ctr-create --name plain "$ROOTFS" true >/dev/null
	[ "$(ctr-inspect -f '{{.HostConfig.LogConfig.Config}}{{.HostConfig.PortBindings}}{{.HostConfig.Tmpfs}}' plain)" = \
		'map[]map[]map[]' ]
	ctr-create --name h --cgroupns host --ipc host "$ROOTFS" true >/dev/null
	[ "$(ctr-inspect -f '{{.HostConfig.CgroupnsMode}} {{.HostConfig.IpcMode}}' h)" = "host host" ]
}

# bats test_tags=ctr-image,ctr-net,ctr-volume,ctr-ps,ctr-check
@test "what docker has as an unset pointer, list, map or text is no error" {
	[ "$(id -u)" = 0 ] || skip "networks need root"
	tar -cC "$ROOTFS" ./etc | ctr-image import x - >/dev/null
	ctr-create --name web "$ROOTFS" true >/dev/null
	ctr-volume create v >/dev/null
	[ "$(t '{{if .Config.Healthcheck}}y{{end}}{{with .State.Health}}y{{end}}')" = "" ]
	[ "$(t '{{.Config.Healthcheck}}{{.State.Health}}{{.Config.StopTimeout}}{{.SizeRw}}')" = \
		"<nil><nil><nil><nil>" ]
	[ "$(t '{{json .Config.Healthcheck}}{{.Config.Volumes}}{{.HostConfig.Annotations}}')" = \
		"nullmap[]map[]" ]
	[ "$(t '{{with .HostConfig}}{{.BlkioWeightDevice}}{{.BlkioDeviceReadBps}}{{.CpuRealtimePeriod}}{{end}}')" = \
		"[][]0" ]
	[ "$(t '{{range $n, $e := .NetworkSettings.Networks}}{{$e.DNSNames}}{{$e.IPAMConfig}}{{end}}')" = \
		"[]<nil>" ]
	[ "$(t '{{.Config.Shell}}{{.Config.MacAddress}}{{len .Config.Shell}}')" = "[]0" ]
	run ! t '{{.Name.Options}}' # a text has no fields
	run -1 t '{{.Labels}}'
	i() { ctr-image inspect -f "$1" x; }
	[ "$(i '[{{index .Config.Labels "x"}}]{{len .Config.Labels}}{{.Config.Volumes}}')" = \
		"[]0map[]" ]
	[ "$(i '{{.Config.ExposedPorts}}{{.Variant}}{{.DockerVersion}}{{.GraphDriver}}')" = \
		"map[]map[]" ]
	ctr-image inspect x | grep -q '"Labels": null'
	[ "$(ctr-volume ls --format '{{.Size}} {{.Group}} {{.Status}} {{.Availability}}')" = \
		"N/A N/A N/A N/A" ]
	[ -z "$(ctr-ps -a --format '{{.Platform}}')" ]
	[ "$("$CTRBOX" info -f '{{.Plugins}}{{.Runtimes}}{{.Warnings}}{{.LiveRestoreEnabled}}')" = \
		"map[]map[][]false" ]
	ctr-net create --subnet 10.44.1.0/24 n >/dev/null
	[ "$(ctr-net inspect -f '{{.EnableIPv4}}{{(index .IPAM.Config 0).IPRange}}.' n)" = true. ]
	ctr-net create --subnet 10.44.2.0/24 --ip-range 10.44.2.64/26 m >/dev/null
	[ "$(ctr-net inspect -f '{{(index .IPAM.Config 0).IPRange}}' m)" = 10.44.2.64-10.44.2.127 ]
	ctr-net rm n m
}

@test "HostConfig: unlimited swap, annotations; another's network is none of its own" {
	ctr-run -d --name other "$ROOTFS" sleep 100 >/dev/null
	ctr-create --name web -m 32m --memory-swap -1 --annotation a=b --net container:other \
		"$ROOTFS" true >/dev/null
	[ "$(t '{{.HostConfig.MemorySwap}}{{.HostConfig.Annotations}}{{.NetworkSettings.Networks}}')" = \
		"-1map[a:b]map[]" ]
}

# bats test_tags=ctr-check,ctr-net,ctr-volume,ctr-image,ctr-ps
@test "what info, version and inspect have is there where docker's has it" {
	[ "$(id -u)" = 0 ] || skip "networks need root"
	local d=$CTRBOX
	i() { "$d" info -f "$1"; }
	[ "$(i '{{.Debug}}{{.Labels}}{{json .Labels}}{{.DriverStatus}}{{.ExperimentalBuild}}')" = \
		"false[][][]false" ]
	[ "$(i '{{.Swarm.NodeID}}{{.Swarm.ControlAvailable}}{{.HTTPProxy}}{{.OSVersion}}')" = false ]
	[ "$(i '{{range .DriverStatus}}x{{end}}{{range .Labels}}x{{end}}{{range .Plugins.Log}}x{{end}}')" = "" ]
	run -0 "$d" info
	[[ "$output" != *memory\"* && "$output" == *" CPUs: "* && "$output" != *Labels* ]]
	[ "$("$d" version -f '{{.Client.Context}}{{.Client.GitCommit}}{{.Server.GoVersion}}')" = default ]
	[ "$("$d" version -f '{{.Server.Platform.Name}}{{.Server.Components}}')" = "ctrbox[]" ]
	ctr-net create --subnet 10.44.0.0/24 n >/dev/null
	[ "$(ctr-net inspect -f '{{.Peers}}{{.Services}}' n)" = "[]map[]" ]
	[ "$(ctr-net ls --format '{{.IPv4}}{{.IPv6}}')" = truefalse ]
	[ "$(ctr-net ls --format 'table {{.ID}}\t{{.IPv4}}\t{{.CreatedAt}}' | sed 1q | tr -s ' ')" = \
		"NETWORK ID IPV4 CREATED AT" ]
	ctr-net rm n
	ctr-volume create v >/dev/null
	[ "$(ctr-volume inspect -f '{{.Status}}{{.UsageData}}' v)" = "map[]<nil>" ]
	[ "$(ctr-volume ls --format 'table {{.Name}}\t{{.Size}}' | tr -s ' ')" = \
		$'VOLUME NAME SIZE\nv N/A' ]
	tar -cC "$ROOTFS" ./etc | ctr-image import x - >/dev/null
	[ "$(ctr-image inspect -f '{{.Config.StopSignal}}{{eq .Size .VirtualSize}}' x)" = true ]
	[ "$(ctr-image inspect -f '{{.Config.Cmd}}{{json .Config.Cmd}}' x)" = "[]null" ]
	[ "$(i '{{.Swarm.Cluster}}')" = "<nil>" ]
	[ "$("$d" image inspect --platform linux -f '{{.Os}}' x)" = linux ]
	run -2 "$d" image inspect --platform linux/s390 x
	ctr-create --name c -l b=1 -l a=2 "$ROOTFS" true >/dev/null
	[ "$(ctr-ps -a --format '{{.Labels}}')" = a=2,b=1 ]
	[ "$(ctr-ps -a --format 'table {{.LocalVolumes}}\t{{.Platform}}' | sed 1q | tr -s ' ')" = \
		"LOCAL VOLUMES PLATFORM" ]
}

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
		run -1 t "$bad"
		[ "${#lines[@]}" = 1 ]
		[[ "$output" == "ctr-inspect: --format: "* ]]
	done
	deep=$(printf '{{if .Id}}%.0s' {1..200})
	run -1 t "$deep"
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
@test "19 --format of images, network and volume: templates, table, json, as docker's" {
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

@test "14.23: keys and values send no escapes to the terminal and break no line" {
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

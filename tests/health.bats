#!/usr/bin/env bats
# 19: health checks as docker has them: the monitor runs them by a timer; ps, inspect, events and
# wait report them.
load lib

status() { ctr-inspect -f '{{.State.Health.Status}}' "$1"; }
is() { [ "$(status "$1")" = "$2" ]; }
run_web() { ctr-run -d --name web --health-interval 200ms "$@" "$ROOTFS" sleep 100 >/dev/null; }
monitor() { (. "$CTR_RUN/containers/$1/state" && echo "$monitor"); }

# bats test_tags=ctr-run,ctr-ps,ctr-inspect,ctr-wait,ctr-events
@test "a container is starting, unhealthy after its retries, healthy after one success" {
	run_web --health-cmd 'test -e /ok; r=$?; echo "it says $r"; exit $r' --health-retries 2
	is web starting
	run -0 ctr-ps --format '{{.Status}}'
	[[ $output =~ ^"Up "("Less than a"|1)" second (health: starting)"$ ]]
	timeout 10 ctr-wait --condition unhealthy web
	[ "$(ctr-ps -q -f health=unhealthy | wc -l)" = 1 ] &&
		[ -z "$(ctr-ps -q -f health=healthy)" ]
	ctr-exec web touch /ok
	timeout 10 ctr-wait --condition healthy web
	[[ $(ctr-ps --format '{{.Status}}') = *"(healthy)" ]]
	[ "$(ctr-inspect -f '{{.State.Health.FailingStreak}}' web)" = 0 ]
	wait_for 5 \
		sh -c 'test \
		"$(ctr-inspect \
		-f "{{len .State.Health.Log}} {{(index .State.Health.Log 0).ExitCode}}" web)" = \
		"5 0"'
	[ "$(ctr-inspect -f '{{json (index .State.Health.Log 4).Output}}' web)" = '"it says 0\n"' ]
	[ "$(ctr-inspect -f '{{json .Config.Healthcheck.Test}} {{.Config.Healthcheck.Interval}}' \
		web)" = \
		'["CMD-SHELL","test -e /ok; r=$?; echo \"it says $r\"; exit $r"] 200000000' ]
	[ "$(grep -o 'health_status: [a-z]*' "$CTR_RUN/events" | tr '\n' ,)" = \
		"health_status: unhealthy,health_status: healthy," ]
}

# bats test_tags=ctr-run
@test "a check that hangs is killed at its timeout with its children" {
	run_web --health-cmd 'setsid sleep 1234 & sleep 4321' --health-timeout 300ms \
		--health-retries 1
	timeout 10 ctr-wait --condition unhealthy web
	wait_for 5 sh -c '! ctr-top web | grep -e 1234 -e 4321'
	[ "$(ctr-inspect \
		-f \
		'{{(index .State.Health.Log 0).ExitCode}} {{(index .State.Health.Log 0).Output}}' \
		web)" = \
		"-1 Health check exceeded timeout (300ms)" ]
	timeout 10 ctr-stop -t 0 web
	is web unhealthy # its results stay in the record
}

# bats test_tags=ctr-run
@test "a check has the limits of whoever started the container, not those of the monitor" {
	(ulimit -Sn 200 && ulimit -Hn 300 && run_web --health-cmd '[ $(ulimit -Sn) = 200 ]')
	timeout 10 ctr-wait --condition healthy web
}

# bats test_tags=ctr-run,ctr-pause
@test "a paused container is not checked; a check's output is cut at 4 KiB" {
	run_web --health-cmd 'yes | head -c 100000' --health-retries 1
	timeout 10 ctr-wait --condition healthy web
	[ "$(ctr-inspect -f '{{len (index .State.Health.Log 0).Output}}' web)" = 4096 ]
	ctr-pause web
	wait_for 5 stands "$(monitor web)" # the last check's result is written
	ctr-inspect -f '{{json .State.Health}}' web >before
	sleep 1
	ctr-inspect -f '{{json .State.Health}}' web >after
	cmp before after
	ctr-unpause web
	is web healthy
	local m
	m=$(monitor web)
	wait_for 5 sh -c "test \"\$(cat /proc/$m/task/$m/children | wc -w)\" = 1"
}

# bats test_tags=ctr-run
@test "failures of the start period do not count, and its interval is its own" {
	ctr-run -d --name web --health-cmd 'test -e /ok' --health-start-period 1m \
		--health-start-interval 100ms \
		--health-interval 1h --health-retries 1 "$ROOTFS" sleep 100
	wait_for 5 sh -c 'test "$(ctr-inspect -f "{{len .State.Health.Log}}" web)" -ge 3'
	is web starting
	ctr-exec web touch /ok
	timeout 10 ctr-wait --condition healthy web
}

# bats test_tags=ctr-run,ctr-restart
@test "--health-on-failure kills, stops or restarts it" {
	for what in kill stop restart; do
		ctr-run -d --name "$what" --health-cmd 'exit 7' --health-interval 200ms \
			--health-retries 1 \
			--health-on-failure "$what" --stop-timeout 0 \
			--restart always "$ROOTFS" sleep 100
	done
	timeout 10 ctr-wait --condition exited stop
	sleep 0.5
	# not started again, whatever --restart says
	[ "$(ctr-ps -a --format '{{.State}}' -f name=stop)" = exited ]
	wait_for 5 sh -c 'test "$(ctr-inspect -f "{{.RestartCount}}" restart)" -ge 1'
	wait_for 5 sh -c 'test "$(ctr-inspect -f "{{.RestartCount}}" kill)" -ge 1'
}

# bats test_tags=ctr-image,ctr-run
@test "an image's HEALTHCHECK counts; flags change each part; --no-healthcheck" {
	image() {
		mkdir -p "$1.d/blobs/sha256"
		tar cf t.tar -T /dev/null
		h=$(sha256sum <t.tar | cut -c 1-64)
		cp t.tar "$1.d/blobs/sha256/$h"
		layer="{\"mediaType\":\"application/vnd.oci.image.layer.v1.tar\",\"digest\":\"sha256:$h\",\"size\":$(wc -c <t.tar)}"
		config="{\"os\":\"linux\",\"architecture\":\"amd64\",\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[\"sha256:$h\"]},\"config\":{\"Healthcheck\":$2}}"
		put() {
			h=$(printf %s "$1" | sha256sum | cut -c 1-64)
			printf %s "$1" >"$d/blobs/sha256/$h"
			echo "\"digest\":\"sha256:$h\",\"size\":${#1}"
		}
		d=$1.d
		c=$(put "$config")
		m=$(put \
			"{\"schemaVersion\":2,\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",
			\"config\":{\"mediaType\":\"application/vnd.oci.image.config.v1+json\",$c},\"layers\":[$layer]}")
		echo '{"imageLayoutVersion":"1.0.0"}' >"$d/oci-layout"
		echo "{\"schemaVersion\":2,\"manifests\":[{\"mediaType\":\"application/vnd.oci.image.manifest.v1+json\",
			$m,\"annotations\":{\"org.opencontainers.image.ref.name\":\"$1:latest\"}}]}" >"$d/index.json"
		ctr-image load "$d" >/dev/null
	}
	test_of() {
		ctr-create --name c "${@:2}" "$1" true >/dev/null
		ctr-inspect -f '{{json .Config.Healthcheck}}' c 2>/dev/null || echo null
		ctr-rm c >/dev/null
	}
	image cmd '{"Test":["CMD","a","b c"],"Interval":5000000000,"Retries":7}'
	[ "$(test_of cmd)" = \
		'{"Test":["CMD","a","b c"],"Interval":5000000000,"Timeout":30000000000,"StartPeriod":0,"StartInterval":5000000000,"Retries":7}' ]
	[[ $(test_of cmd --health-retries 2 --health-cmd x) = \
		'{"Test":["CMD-SHELL","x"],"Interval":5000000000,'*'"Retries":2}' ]]
	[ "$(test_of cmd --no-healthcheck)" = null ]
	image none '{"Test":["NONE"]}'
	[ "$(test_of none)" = null ]
	run -1 image wrong '{"Test":"x"}'
	[[ "$output" = *"config.Healthcheck.Test: must be an array"* ]]
}

# bats test_tags=ctr-run
@test "wrong words about health are said, and change nothing" {
	refused() { run -125 ctr-run -d "${@:2}" "$ROOTFS" true; [[ "$output" = *"$1"* ]]; }
	refused "not a time" --health-cmd a --health-interval 5
	refused "not a time" --health-cmd a --health-timeout -1s
	refused "not a number" --health-cmd a --health-retries x
	refused contradict --health-cmd a --no-healthcheck
	refused "nothing to run" --health-interval 3s
	refused "not none, kill" --health-cmd a --health-on-failure no
	[ -z "$(ctr-ps -aq)" ]
	run -2 ctr-ps -f health=good
	run -2 ctr-wait --condition well x
	ctr-run -d --name web "$ROOTFS" sleep 100
	run -1 ctr-wait --condition healthy web
	[[ "$output" = *"not checked"* ]]
}

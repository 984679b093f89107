#!/usr/bin/env bats
# ctr-events: a line for each event, written by whichever applet does something.
load lib

actions() { ctr-events --since 1h --until 0s --format '{{.Type}} {{.Action}}' "$@" | tr '\n' ,; }
id() { ctr-inspect -f '{{.Id}}' "$1"; }

# bats
# test_tags=ctr-run,ctr-exec,ctr-pause,ctr-unpause,ctr-kill,ctr-stop,ctr-rename,ctr-restart,ctr-rm
@test "a container's life, in docker's words and order" {
	ctr-run -d --name web -l tier=front -l 'note=a b' "$ROOTFS" sleep 100
	ctr-exec web true
	ctr-pause web
	ctr-unpause web
	ctr-rename web www
	ctr-restart -t 0 www
	ctr-kill -s USR1 www
	ctr-stop -t 0 www
	ctr-rm www
	local want='create start exec_start:_true exec_die pause unpause rename kill die start
		restart kill kill die stop destroy'
	# shellcheck disable=SC2086 # words
	[ "$(actions -f type=container)" = "$(printf 'container %s,' $want | tr _ ' ' |
		sed 's/exec /exec_/g')" ]
	[ "$(ctr-events --since 1h --until 0s -f event=die \
		--format \
		'{{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}} {{.Actor.Attributes.tier}}')" = "www 137 front
www 137 front" ]
	# an attribute that an event has not ends nothing
	ctr-volume create v >/dev/null
	[ "$(ctr-events --since 1h --until 0s -f event=destroy -f event=create \
		--format '{{.Type}} {{.Actor.Attributes.name}}' | xargs -d '\n')" = \
		"container web container www volume <no value>" ]
	[ "$(actions -f 'label=note=a b' -f event=destroy -f event=rename)" = \
		"container rename,container destroy," ]
	[ -z "$(actions -f label=tier=back)" ]
	[ "$(actions -f container=web)" = "$(actions -f container=web -f type=container)" ]
	ctr-run -d --name two "$ROOTFS" sleep 100
	ctr-rm -f two
	[ "$(actions -f container=two)" = \
		"container create,container start,container kill,container die,container destroy," ]
}

# bats test_tags=ctr-run,ctr-volume,ctr-image
@test "images and volumes; JSON as docker's; --rm goes by itself; what fails tells of no start" {
	tar -C "$ROOTFS" -c bin | ctr-image import busy - >/dev/null
	ctr-image tag busy other
	ctr-run --rm -v data:/data busy true
	run -127 ctr-run busy nosuch
	ctr-volume rm data
	ctr-image rm other busy
	local want='image import,image tag,container create,volume create,container start,'
	want+='container die,container destroy,container create,container destroy,volume destroy,'
	want+='image untag,image untag,image delete,'
	[ "$(actions)" = "$want" ]
	ctr-events --since 1h --until 0s --json -f event=start >j
	[ "$(python3 -c 'import json; j = json.load(open("j"))
print(j["status"], j["from"], j["Type"], j["Actor"]["Attributes"]["image"], j["scope"],
	j["timeNano"] // 10**9 == j["time"], j["id"] == j["Actor"]["ID"])')" = \
		"start busy container busy local True True" ]
}

@test "it follows: lines come as things happen, over the turn of the file, and until the time" {
	ctr-volume create before
	timeout 20 ctr-events -f type=volume --format '{{.Action}} {{.Actor.ID}}' >seen &
	p=$!
	watches() { ls -l "/proc/$(pgrep -P "$1")/fd" | grep -q inotify; }
	wait_for 5 watches $p
	ctr-volume create one
	head -c 270000 /dev/zero | tr '\0' '\n' >>"$CTR_RUN/events"
	ctr-volume create two
	[ -e "$CTR_RUN/events.1" ]
	timeout 40 ctr-events -f volume=last --until "$(($(date +%s) + 1 + 2 * slow))" \
		--format '{{.Action}}' >other &
	wait_for 5 watches $!
	ctr-volume create last
	wait_for 5 grep -q last seen
	[ "$(cat seen)" = "create one
create two
create last" ]
	kill "$p"
	wait "$p" || true
	wait
	[ "$(cat other)" = create ]
	[ "$(actions)" = "volume create,volume create,volume create,volume create," ]
}

@test "names and labels that would be lines or escapes are text; wrong usage is said" {
	ctr-run -l $'x=a\tb\033[2J' "$ROOTFS" true
	[ "$(ctr-events --since 1h --until 0s -f event=start --format '{{.Actor.Attributes.x}}')" \
		= 'a\x09b\x1b[2J' ]
	run -2 ctr-events -f nosuch=1
	run -2 ctr-events -f event
	run -2 ctr-events --since yesterday
	run -2 ctr-events --format 'x'
	run -2 ctr-events web
	echo garbage >>"$CTR_RUN/events"
	run -0 ctr-events --since 1h --until 0s
	[[ "$output" != *garbage* ]]
	[ "$(stat -c %a "$CTR_RUN/events")" = 600 ]
}

@test "ctr-events --json: what was shown takes no memory" {
	mkdir -p "$CTR_RUN"
	awk 'BEGIN { for (i = 0; i < 20000; i++)
		printf "1700000000.%09d\tnetwork\tcreate\tn%d\tname=n%d\ttype=bridge\n", i, i, i }' \
		>"$CTR_RUN/events"
	ctr-events --json --since 1 >out 3>&- &
	wait_for 20 eval '[ "$(wc -l <out)" = 20000 ]'
	peak=$(sed -n 's/VmHWM:[[:space:]]*\([0-9]*\) kB/\1/p' /proc/$!/status)
	kill $!
	[ -n "${CTR_SAN:-}" ] || [ "$peak" -lt 3000 ]
}

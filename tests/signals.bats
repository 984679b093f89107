#!/usr/bin/env bats
# SIGINT and SIGTERM at random instants of commands that take a while and have threads or children
# at work: the command ends at once, by that signal, and leaves nothing half-made (include/undo.h
# tells how this is done, and why nothing is undone inside a handler).
# shellcheck disable=SC2154
load lib
load image

test_setup() { pids=(); }
test_teardown() { [ ${#pids[@]} -eq 0 ] || kill "${pids[@]}" 2>/dev/null || true; }

# The microseconds that a command takes.
takes() {
	local t0
	t0=$(date +%s%N)
	"$@" >/dev/null 2>&1 </dev/null
	echo $((($(date +%s%N) - t0) / 1000))
}
# strike TIMES CHECK COMMAND...: run the command so many times, each time with one of the signals at
# a random instant, and CHECK after each.
strike() {
	local i how times=$1 check=$2 us s
	shift 2
	us=$(takes "$@") hit=0
	$check
	for ((i = 0; i < times; i++)); do
		s=INT
		[ $((i % 2)) = 0 ] || s=TERM
		how=$("$BATS_TEST_DIRNAME/killer.pl" -s $s "$us" "$@")
		case $how in
		2 | 15) hit=$((hit + 1)) ;; # it died of the signal, which shells look for
		0 | *exit) ;;
		*) echo "$*: $how" && return 1 ;;
		esac
		$check
	done
	echo "# $*: $hit of $times died of the signal" | sed "s,$WORLD/,,g" >&3
	[ $hit -ge "${least:-1}" ]
}
# Nothing half-made is in the store, and the store works.
store_whole() {
	# removing takes a moment
	wait_for 5 \
		sh -c '[ -z "$(find lib/images lib/layers -maxdepth 1 -name ".tmp*" 2>/dev/null)" ]'
	timeout 20 ctr-image ls -q | timeout 20 ctr-image rm - >/dev/null 2>&1 || true
	[ -z "$(ctr-image ls -q)" ]
	wait_for 5 \
		sh -c '[ -z "$(find lib/layers lib/images/blobs -mindepth 1 -type f 2>/dev/null |
		head -n 1)" ]'
}
many() {
	perl -e 'for (1 .. 1500) { open my $f, ">", "t$_" or die; print $f "x" x 5000 }' &&
		tar -czf many.tgz t[0-9]* && rm -f t[0-9]*
}

# bats test_tags=ctr-image
@test "signals at 8 instants of an import" {
	many
	strike 8 store_whole ctr-image import i many.tgz
}

# bats test_tags=ctr-image
@test "signals at 8 instants of a load" {
	many
	ctr-image import i many.tgz
	ctr-image save -o i.tar i
	ctr-image rm i
	strike 8 store_whole ctr-image load i.tar
}

# bats test_tags=ctr-image
@test "signals at 8 instants of a pull; the next one finishes" {
	need curl
	three_layers
	export CTR_REGISTRIES=$WORLD/registries
	liar no o
	strike 8 store_whole ctr-image pull "$reg/x:1"
	ctr-image pull "$reg/x:1"
}

# bats test_tags=ctr-commit
@test "signals at 8 instants of a commit; the container stays as it was and runs on" {
	ctr-run -d --name c "$ROOTFS" sh -c '
		i=0
		while [ $i -lt 800 ]; do
			echo $i >/f$i
			i=$((i + 1))
		done
		echo made
		sleep 1000'
	wait_for 10 grep -q made lib/containers/c/log
	check() {
		store_whole
		[ "$(ctr-ps -n -o status)" = running ] # it was not left frozen
	}
	strike 8 check ctr-commit c i
}

# bats test_tags=ctr-start,ctr-run,ctr-stop
@test "signals at 36 instants of a start, in the foreground and detached" {
	check() {
		wait_for 5 sh -c '! ctr-ps -n -o status | grep -qv "exited\|created\|running"'
		ctr-stop -t 0 c >/dev/null 2>&1 || true
		[ -z "$(ctr-ps -q)" ]
	}
	ctr-create --name c "$ROOTFS" sh -c 'true' >/dev/null
	least=0 # the signal is passed to a foreground container, which may do with it what it likes
	strike 12 check ctr-start -a c
	strike 8 check ctr-start c
	ctr-rm -f c
	gone() {
		[ -z "$(ctr-ps -aq)" ] || ctr-ps -aq | ctr-rm -f - >/dev/null
		[ -z "$(find lib/containers -name '.new*')" ]
	}
	strike 16 gone ctr-run "$ROOTFS" true
}

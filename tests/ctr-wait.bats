#!/usr/bin/env bats
# ctr-wait: the exit codes, the same for every way of running a command.

load lib

# bats test_tags=ctr-run,ctr-exec,ctr-nsenter,ctr-start
@test "one table of exit codes: run, exec, nsenter, start -a; wait prints them" {
	ctr-run -d --name live "$ROOTFS" sleep 1000 >/dev/null
	while read -r want cmd; do
		eval "set -- $cmd"
		for how in "ctr-run $ROOTFS" "ctr-exec live" "ctr-nsenter -t live -a"; do
			code=0
			$how "$@" 2>/dev/null || code=$?
			[ $code = "$want" ] || { echo "$how $cmd: $code, not $want"; return 1; }
		done
		ctr-create --name c "$ROOTFS" "$@" >/dev/null
		code=0
		ctr-start -a c 2>/dev/null || code=$?
		[ $code = "$want" ] || { echo "start -a, $cmd: $code, not $want"; return 1; }
		[ "$(ctr-wait c)" = "$want" ]
		[ "$(ctr-inspect -f State.ExitCode c)" = "$want" ]
		ctr-rm c >/dev/null
	done <<-'END'
		0 true
		7 sh -c 'exit 7'
		255 sh -c 'exit 255'
		143 sh -c 'exec sh -c "kill -TERM \$\$; exit 143"'
		127 nosuch
		127 /bin/nosuch
		126 /etc/passwd
		126 /etc
	END
	ctr-run -d --name k "$ROOTFS" sleep 1000 >/dev/null
	ctr-kill k
	[ "$(ctr-wait k)" = 137 ]
	for how in "ctr-run --nosuch" "ctr-run /nosuch/ true" "ctr-exec nosuch true" \
		"ctr-nsenter -t nosuch true" "ctr-start -a nosuch"; do
		run -125 $how
	done
	run -1 ctr-wait nosuch
	run -2 ctr-wait
}

#!/usr/bin/env bats
# ctr-priv: it changes user, capabilities, system calls and limits, and nothing that was not asked
# for.
load lib

status() { grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):' /proc/self/status; }
one() { ctr-priv "${@:2}" sed -n "s/^$1:\t//p" /proc/self/status; }

@test "without options nothing changes" {
	status >before
	ctr-priv grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):' /proc/self/status |
		diff before -
	diff <(cat /proc/self/limits) <(ctr-priv cat /proc/self/limits)
	diff <(env | grep -v ^_= | sort) <(ctr-priv env | grep -v ^_= | sort)
	[ "$(ctr-priv pwd)" = "$PWD" ]
	echo three >f
	[ "$(ctr-priv cat /proc/self/fd/7 7<f)" = three ]
	chmod 711 "$WORLD"
	[ "$(setpriv --reuid 65534 --regid 65534 --clear-groups ctr-priv id -u)" = 65534 ]
	umask 027
	[ "$(ctr-priv sh -c umask)" = 0027 ]
}

@test "each option does its one thing" {
	[ "$(ctr-priv -u nobody id -u)" = 65534 ]
	[ "$(ctr-priv -u 12:34 --group-add 56 sh -c 'id -u; id -g; id -G' | tr '\n' ' ')" = \
		"12 34 34 56 " ]
	[ "$(one CapEff --cap-drop ALL --cap-add CHOWN)" = 0000000000000001 ]
	[ "$(one CapBnd --cap-drop ALL --cap-add CHOWN)" = 0000000000000001 ]
	[ "$(one CapEff -u 1000)" = 0000000000000000 ]
	[ "$(one NoNewPrivs --no-new-privs)" = 1 ]
	[ "$(one Seccomp --seccomp default)" = 2 ]
	[ "$(one Umask --umask 077)" = 0077 ]
	[ "$(ctr-priv --ulimit nofile=64 sh -c 'ulimit -n')" = 64 ]
	[ "$(ctr-priv --oom-score-adj 300 cat /proc/self/oom_score_adj)" = 300 ]
	[ "$(ctr-priv -i -e A=1 -e PATH="$PATH" env | sort | head -1)" = A=1 ]
	[ "$(ctr-priv -w /tmp pwd)" = /tmp ]
	printf 'K=v\n' >vars
	[ "$(ctr-priv --env-file vars sh -c 'echo $K')" = v ]
	chmod 711 "$WORLD"
	[ "$(setpriv --reuid 65534 --clear-groups ctr-priv --no-new-privs \
		--seccomp default sed -n 's/^Seccomp:\t//p' /proc/self/status)" = 2 ]
}

@test "what cannot be given is an error before the command runs" {
	run -125 ctr-priv --cap-drop NOSUCH touch ran
	run -125 ctr-priv --seccomp ./nosuch touch ran
	run -125 ctr-priv --ulimit nofile touch ran
	run -125 ctr-priv -u nosuchuser touch ran
	[ ! -e ran ]
	run -127 ctr-priv ./nosuch
	run -126 ctr-priv /etc/passwd
}

@test "setpriv(1) and capsh(1) given the same options show the same result; the rest is listed" {
	need setpriv util-linux
	cat >look <<'END'
#!/bin/sh
grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):' /proc/self/status
env | sort | grep -v '^_=\|^SHLVL=\|^OLDPWD='
pwd
cat /proc/self/limits
END
	local line count=0
	chmod 755 look .
	while IFS='|' read -r theirs ours; do
		# shellcheck disable=SC2086
		env -i PATH="$PATH" HOME=/x $theirs ./look >theirs.out
		# shellcheck disable=SC2086
		env -i PATH="$PATH" HOME=/x ctr-priv $ours ./look >ours.out
		diff -u theirs.out ours.out || { echo "$theirs | $ours"; return 1; }
		count=$((count + 1))
	done <<'END'
setpriv --no-new-privs|--no-new-privs
setpriv --reuid 1234 --regid 1234 --groups 1234|-u 1234:1234
setpriv --reuid 1234 --regid 100 --groups 7,8,100|-u 1234:100 --group-add 7 --group-add 8
setpriv --reuid nobody --regid nogroup --groups nogroup|-u nobody:nogroup
setpriv --reuid daemon --regid daemon --init-groups|-u daemon
setpriv --bounding-set -all --inh-caps -all|--cap-drop ALL -u 0:0
setpriv --bounding-set -chown,-net_raw|--cap-drop CHOWN --cap-drop NET_RAW
setpriv --reuid 1234 --regid 1234 --groups 1234 --no-new-privs --bounding-set -all|-u 1234:1234 --no-new-privs --cap-drop ALL
env -i A=1 PATH=/usr/bin:/bin|-i -e A=1 -e PATH=/usr/bin:/bin
capsh --drop=cap_chown --|--cap-drop CHOWN
END
	echo "$count"
	for line in nnp reuid=1 regid=1 clear-groups keep-groups init-groups groups=1 \
		ambient-caps=+chown inh-caps=-all bounding-set=-all securebits=+noroot \
		pdeathsig=KILL reset-env dump drop=cap_chown addamb=cap_chown chroot=/ print; do
		run -125 ctr-priv "--$line" true
		[[ "$output" = *"here it is "* ]]
	done
}

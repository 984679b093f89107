#!/usr/bin/env bats
# ctr-priv: user, capabilities, system calls and limits, and nothing that was not asked for.
load lib

status() { grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):' /proc/self/status; }
one() { ctr-priv "${@:2}" sed -n "s/^$1:\t//p" /proc/self/status; }

@test "without options nothing changes" {
	status >before
	ctr-priv grep -E '^(Uid|Gid|Groups|Cap...|NoNewPrivs|Seccomp|Umask):' /proc/self/status | diff before -
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
	[ "$(ctr-priv -u 12:34 --group-add 56 sh -c 'id -u; id -g; id -G' | tr '\n' ' ')" = "12 34 34 56 " ]
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
	[ "$(setpriv --reuid 65534 --clear-groups ctr-priv --no-new-privs --seccomp default sed -n 's/^Seccomp:\t//p' /proc/self/status)" = 2 ]
}

@test "what cannot be given is an error before the command runs" {
	run -125 ctr-priv --cap-drop NOSUCH touch ran
	run -125 ctr-priv --seccomp /nosuch touch ran
	run -125 ctr-priv --ulimit nofile touch ran
	run -125 ctr-priv -u nosuchuser touch ran
	[ ! -e ran ]
	run -127 ctr-priv /nosuch
	run -126 ctr-priv /etc/passwd
}

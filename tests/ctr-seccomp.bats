#!/usr/bin/env bats
# shellcheck disable=SC2154,SC2016
# ctr-seccomp: profiles to programs and back to words; what the filter says to a container. What
# each call gets is tests/unit/test_seccomp.c's subject.

load lib

profile() { cat >p.json; }

@test "the default profile is a short program; a capability changes it" {
	ctr-seccomp -d >d.bpf
	ctr-seccomp -d --cap-add SYS_ADMIN >admin.bpf
	size=$(stat -c %s d.bpf)
	[[ $((size % 8)) -eq 0 && $size -lt 3840 ]]
	run ! cmp -s d.bpf admin.bpf
	ctr-seccomp -d >again.bpf
	cmp d.bpf again.bpf
}

@test "a listing names calls, and is the same of a file, of stdin and of the default" {
	ctr-seccomp -d >d.bpf
	ctr-seccomp -l d.bpf >a
	ctr-seccomp -l - <d.bpf >b
	ctr-seccomp -dl >c
	cmp a b
	cmp a c
	[ "$(wc -l <a)" -eq $(($(stat -c %s d.bpf) / 8)) ]
	grep -q 'load arch' a
	grep -q 'errno 1 (Operation not permitted)' a
	grep -q 'errno 38 (Function not implemented)' a
	grep -qE 'nr >= [a-z_0-9]+\([0-9]+\) goto [0-9]+ else [0-9]+' a
}

@test "a profile is compiled: from a file, from stdin" {
	profile <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
	END
	ctr-seccomp p.json >p.bpf
	ctr-seccomp - <p.json | cmp - p.bpf
	ctr-seccomp -l p.bpf | grep -q 'errno 28 (No space left on device)'
}

@test "bad profiles and programs: one line, exit 1, nothing on stdout" {
	printf '{"defaultAction": "SCMP_ACT_NOTIFY"}' >notify
	printf '{"defaultAction": "SCMP_ACT_FROB"}' >frob
	printf '{' >broken
	printf '1234567' >short
	: >empty
	for f in notify frob broken nothere; do
		run --separate-stderr ctr-seccomp "$f"
		[[ $status -eq 1 && -z $output && ${#stderr_lines[@]} -eq 1 ]]
	done
	for f in short empty; do
		run --separate-stderr ctr-seccomp -l "$f"
		[[ $status -eq 1 && -z $output && ${#stderr_lines[@]} -eq 1 ]]
	done
	run ctr-seccomp notify
	[[ $output == *"SCMP_ACT_NOTIFY cannot be used as default action"* ]]
	run ctr-seccomp -d --cap-add NOSUCH
	[ "$status" -eq 2 ]
	run ctr-seccomp
	[ "$status" -eq 2 ]
	run ctr-seccomp -d p.json
	[ "$status" -eq 2 ]
}

@test "a container has the default filter, and goes without when told so" {
	run ctr-run "$ROOTFS" sh -c '
		awk "/^Seccomp:/ { print \$2 }" /proc/self/status; unshare -U true'
	[[ ${lines[0]} == 2 && $output == *"not permitted"* ]]
	run ctr-run --security-opt seccomp=unconfined "$ROOTFS" awk '/^Seccomp:/ { print $2 }' \
		/proc/self/status
	[ "$output" = 0 ]
}

@test "CVE-2026-31431: no AF_ALG socket in a container, natively or as x32" {
	command -v gcc >/dev/null || skip "needs gcc (apt-get install gcc)"
	cat >alg.c <<-'END'
		#include <errno.h>
		#include <stdio.h>
		#include <sys/socket.h>
		#include <sys/syscall.h>
		#include <unistd.h>
		int main(void)
		{
			int a = socket(38, SOCK_SEQPACKET, 0) < 0 ? errno : 0;
			long b = syscall(0x40000000 + SYS_socket, 38, SOCK_SEQPACKET, 0) < 0 ? errno : 0;
			int c = socket(AF_INET, SOCK_STREAM, 0) < 0 ? errno : 0;
			return printf("%d %ld %d\n", a, b, c) < 0;
		}
	END
	gcc -static -o alg alg.c
	run ctr-run -v "$PWD/alg:/alg:ro" "$ROOTFS" /alg
	echo "$output"
	[ "$output" = "1 1 0" ]
}

@test "--security-opt seccomp=FILE: compiled once, kept where only its owner writes" {
	profile <<-'END'
		{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 28}]}
	END
	for _ in 1 2; do
		run ctr-run --security-opt seccomp=p.json "$ROOTFS" mkdir /tmp/x
		[[ $status -eq 1 && $output == *"No space left on device"* ]]
		[ "$(find "$CTR_LIB/cache/seccomp" -type f | wc -l)" -eq 1 ]
	done
	[ "$(stat -c %a "$CTR_LIB/cache/seccomp")" = 700 ]
	# the cache has the program that ctr-seccomp makes
	ctr-seccomp p.json | cmp - "$CTR_LIB"/cache/seccomp/*
	# a damaged one is made again, and one that others could have written is not used
	echo spoilt >"$(find "$CTR_LIB/cache/seccomp" -type f)"
	run ctr-run --security-opt seccomp=p.json "$ROOTFS" mkdir /tmp/x
	[[ $output == *"No space left on device"* ]]
	printf '\006\0\0\0\0\0\377\177' >"$(find "$CTR_LIB/cache/seccomp" -type f)"
	chmod 777 "$CTR_LIB/cache/seccomp"
	run ctr-run --security-opt seccomp=p.json "$ROOTFS" mkdir /tmp/x
	[[ $output == *"No space left on device"* ]]
}

@test "docker's conditions: capabilities, architectures, kernels; a wrong type is an error" {
	refused() { # CONDITIONS
		echo '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO",'"$1}]}" >q.json
		! ctr-run --security-opt seccomp=q.json "$ROOTFS" mkdir /q 2>/dev/null || false
	}
	refused \
		'"includes":{"caps":["CAP_CHOWN","CAP_KILL"],"arches":["amd64","arm64"],"minKernel":"4.8"}'
	refused '"excludes":{"caps":["CAP_SYS_ADMIN"],"minKernel":"99.0"}'
	run ! refused '"includes":{"caps":["CAP_SYS_ADMIN","CAP_CHOWN"]}'
	run ! refused '"includes":{"minKernel":"99.0"}'
	run ! refused '"excludes":{"minKernel":"3.0"}'
	run ! refused '"excludes":{"caps":["CAP_SYS_ADMIN","CAP_CHOWN"]}'
	for wrong in '"includes":"x"' '"includes":{"arches":"amd64"}' \
		'"excludes":{"minKernel":"banana"}'; do
		refused "$wrong"
		run -1 --separate-stderr ctr-seccomp q.json
		[[ $(wc -l <<<"$stderr") -eq 1 && $stderr == *q.json* ]]
	done
}

@test "a profile that refuses even the exit ends the container all the same" {
	if [[ "$BIN" == */san/* ]]; then skip "the sanitizers take the signal"; fi
	echo '{"defaultAction":"SCMP_ACT_ERRNO"}' >q.json
	run timeout -k 1 20 ctr-run --security-opt seccomp=q.json "$ROOTFS" true
	[[ $status -ne 0 && $status -ne 124 && $status -ne 137 ]]
}

@test "a bad profile stops the start before anything is made" {
	echo '{"defaultAction": "SCMP_ACT_NOTIFY"}' >n.json
	run ctr-run --name x --security-opt seccomp=n.json "$ROOTFS" true
	[ "$status" -eq 125 ]
	[[ $output == *SCMP_ACT_NOTIFY* ]]
	[ -z "$(ctr-ps -aq)" ]
}

# oci.bash: a bundle in b, and ctr-oci with records of its own; for the tests of ctr-oci.
# shellcheck shell=bash
load lib

test_setup() {
	mkdir -p b/rootfs
	cp -a "$ROOTFS". b/rootfs
	export R="--root $WORLD/oci"
}

test_teardown() {
	local id
	for id in $(oci list -q 2>/dev/null); do oci delete -f "$id"; done
	true
}

# shellcheck disable=SC2086
oci() { ctr-oci $R "$@"; }

# bundle 'ARGS AS JSON' [MEMBERS OF linux] [MEMBERS OF process] [FURTHER MEMBERS]: b/config.json
bundle() {
	cat >b/config.json <<-END
	{"ociVersion":"1.0.2","process":{"args":[$1],"cwd":"/","user":{"uid":0,"gid":0},"env":["PATH=/bin:/usr/bin"]${3:+,$3}},
	 "root":{"path":"rootfs"},"hostname":"box",
	 "mounts":[{"destination":"/proc","type":"proc","source":"proc"},
	  {"destination":"/dev","type":"tmpfs","source":"tmpfs","options":["mode=755"]}],
	 "linux":{"cgroupsPath":"/$CTR_CGROUP/c",
	  "namespaces":[{"type":"pid"},{"type":"mount"},{"type":"uts"},{"type":"ipc"},{"type":"network"}]${2:+,$2}}${4:+,$4}}
	END
}

create() { oci create -b b "$@" >out 2>&1 </dev/null; }
status() { oci state "$1" | sed -n 's/.*"status": "\(.*\)",/\1/p'; }

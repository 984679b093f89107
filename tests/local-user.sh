#!/bin/sh
# local-user.sh FILES VOLUME STORE PID SECRET: what another user of the host gets of a container,
# tried as a user that no file knows, one fact a line as report.sh has them ("<": the fewer words
# the stricter). FILES and VOLUME hold what the container left for him: `secret`, the set-uid `suid`
# and (if it may) the device `node`; SECRET is a file with a word that the container's environment
# has.
files=$1 volume=$2 store=$3 pid=$4 secret=$5
as() { setpriv --reuid 54321 --regid 54321 --clear-groups "$@" 2>/dev/null; }
left() { # DIR
	[ -u "$1/suid" ] && [ -f "$1/secret" ] || echo "nothing-to-try"
	as ls "$1" >/dev/null && echo list
	as cat "$1/secret" >/dev/null && echo read
	as test -x "$1/suid" && echo run-set-uid
	as head -c 1 "$1/node" >/dev/null && echo open-device
}
line() { # FACT: the words of standard input
	echo "< $1:" "$(sort -u | tr '\n' ' ')"
}
left "$files" | line "the writable layer"
left "$volume" | line "a named volume"
as find "$store" ! -type d -readable 2>/dev/null | sed 's,.*/,,' |
	line "files of the store that he reads"
as find "$store" -type s -writable 2>/dev/null | sed 's,.*/,,' | line "sockets that he may talk to"
find "$store" "$store/." -maxdepth 3 \( -type f -o -type d \) 2>/dev/null | head -n 200 |
	while read -r f; do
	as flock -n "$f" true && echo "${f##*/}"
done | line "locks that he may hold"
{
	as kill -0 "$pid" && echo signal
	as cat "/proc/$pid/environ" >/dev/null && echo environ
	as ls "/proc/$pid/root/" >/dev/null && echo root
	as ls "/proc/$pid/fd/" >/dev/null && echo descriptors
	as nsenter -t "$pid" -n true && echo namespaces
} | line "its first process"
as sh -c 'for p in /proc/[0-9]*; do tr "\0" "\n" <"$p/cmdline" 2>/dev/null; done' |
	grep -qFf "$secret" && echo secret | line "the environment as typed, in a process list" ||
	line "the environment as typed, in a process list" </dev/null

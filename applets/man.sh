#!/bin/sh
# man.sh PAGE.1 APPLET: the page with its synopsis and options from the applet's own table, in place
# of what the source says there to who reads it as it is.
set -eu
t=$(mktemp)
trap 'rm -f "$t" "$t.words"' EXIT
if [ $# -gt 1 ]; then "$2" --help=man >"$t"; fi
# docker's words are the dispatcher's own table: {group, word, applet, its word}, or without an
# applet what to do instead.
tr -d '\n' <"${0%/*}/docker_words.c" | sed 's/{\(NULL\|"[a-z]*"\), *"/\n&/g' | awk -F'"' '
	/^{(NULL|"[a-z]*"), *"[a-z ]+"/ {
		gsub(/NULL/, "\"\""); group = $2 == "" ? "" : $2 " "; sub(/^ +/, "", group)
		# what is wider than its column has a line of its own
		print ".It Li " group $4 (length(group $4) > 17 ? " Ta\n.It Li \\& Ta " : " Ta ") \
			($6 == "" ? $8 : "ctr\\-" $6 ($8 != "" ? " " $8 : "")) }' >"$t.words"
awk -v gen="$t" -v words="$t.words" '
	BEGIN {
		while ((getline line < gen) > 0)
			if (line ~ /^\.Sh OPTIONS/) opt = 1
			else if (opt) o = o line "\n"
			else s = s line "\n"
	}
	skip-- > 0 { next }
	/^\.\\" @WORDS@$/ { while ((getline line < words) > 0) print line; skip = 1; next }
	/^\.\\" @SYNOPSIS@$/ { printf "%s", s; skip = 1; next }
	/^\.\\" @OPTIONS@$/ { printf "%s", o; skip = 4; next }
	{ print }' "$1"

#!/usr/bin/env bats
# The man pages as readers see them: made from the sources and the option tables, without losing a
# word.

# shellcheck disable=SC2154
load lib
# bats file_tags=ctrbox

# shellcheck disable=SC2154
words() { tr -s ' \n' ' ' | sed 's/ $//'; }

@test "no example of a built page loses a word, and no page shows a placeholder" {
	need man man-db
	for page in "$top"/applets/ctr-*.1; do
		name=$(basename "$page" .1)
		[ -x "$BIN/$name" ] || continue
		sh "$top/applets/man.sh" "$page" "$BIN/$name" >p.1
		MANWIDTH=1000 LC_ALL=C.UTF-8 man -l p.1 2>/dev/null | words >shown
		run ! grep -q '@[A-Z]*@' shown
		grep '^\.Dl ' "$page" |
			sed 's/^\.Dl //; s/\\(dq/"/g; s/\\-/-/g; s/\\&//g; s/\\e/\\/g' >wanted || :
		shown=$(<shown)
		while IFS= read -r line; do
			[[ $shown = *"$line"* ]] || {
				echo "$name: lost a word of: $line"
				return 1
			}
		done < <(sed 's/  */ /g; s/ $//' wanted)
		# every option of the table is there
		for o in $("$BIN/$name" --help 2>/dev/null |
			sed -nE 's/^  (-., |    )(--[a-z-]+).*/\2/p'); do
			[[ $shown = *"$o"* ]] || {
				echo "$name: $o is not in its page"
				return 1
			}
		done
	done
}

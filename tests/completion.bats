#!/usr/bin/env bats
# 19: completion for bash, zsh and fish, made from the option tables; man pages as sources and as
# installed.
# bats file_tags=ctrbox
load lib

made() { sh "$top/applets/completion.sh" "$1" "$BIN"; }
# tab WORD...: what bash offers for the last word.
tab() {
	[ -e c.bash ] || made bash >c.bash
	bash --norc \
		-c \
		'. ./c.bash; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _ctrbox; printf "%s\n" "${COMPREPLY[@]}"' x "$@" | sort | tr '\n' ' '
}
holds() { [[ " $1" = *" $2 "* ]] || { echo "'$2' is not in: $1"; return 1; }; }
lacks() { [[ " $1" != *" $2 "* ]] || { echo "'$2' is in: $1"; return 1; }; }

# bats test_tags=ctr-ps,ctr-net,ctr-volume,ctr-image
@test "bash completes applets, words, options, and the names of what there is" {
	tar -C "$ROOTFS" -c bin | ctr-image import busy - >/dev/null
	ctr-run -d --name web busy sleep 100
	ctr-net create front
	ctr-volume create data
	holds "$(tab ctrbox r)" run
	lacks "$(tab ctrbox r)" stop
	[ "$(tab ctr-stop w)" = "web " ]
	[ "$(tab ctr-rm --f)" = "--force " ]
	[ "$(tab ctr-net cr)" = "create " ]
	[ "$(tab ctrbox network rm f)" = "front " ]
	[ "$(tab ctr-run --net f)" = "front " ]
	holds "$(tab ctr-run --health-)" --health-cmd
	[ "$(tab ctr-volume rm '')" = "data " ]
	holds "$(tab ctr-run b)" busy:latest
	# as bash itself takes them apart
	[ "$(tab ctr-run busy : l)" = "latest " ]
	[ "$(tab ctr-run busy :)" = "latest " ]
	[ "$(tab ctr-run --net = f)" = "front " ]
	[ "$(tab ctr-run --net=f)" = "--net=front " ]
	holds "$(tab ctr-run --net = front b)" busy:latest
	[ "$(tab ctr-cp w)" = "web " ]
	[ "$(tab ctrbox stop '')" = "web " ]
	lacks "$(tab ctr-exec web '')" web
	# docker's words, groups, and values of a few words
	ctr-net create bridge --subnet 10.98.7.0/24
	tar -C "$ROOTFS" -c bin | "$CTRBOX" import - >/dev/null # without a name
	for w in rmi tag save push history pull 'image rm' run; do
		# shellcheck disable=SC2086
		[ "$(tab docker $w b)" = "busy:latest " ]
	done
	[ "$(tab docker rmi '')" = "$(tab docker push '')" ]
	lacks "$(tab docker rmi '')" '<none>:<none>'
	[ "$(tab ctrbox container ls --no-h)$(tab ctrbox container l)" = "--no-header logs ls " ]
	[ "$(tab docker system '')" = "df events info prune " ]
	[ "$(tab docker network rm '')" = "bridge front " ]
	[ "$(tab ctr-run --net '')" = "bridge front host none " ]
	holds "$(tab docker help r)" run
	[ "$(tab ctr-run --restart un)$(tab ctr-run --pull=n)" = "unless-stopped --pull=never " ]
	[ "$(tab ctr-kill -s HU)$(tab ctr-run --log-driver js)" = "HUP json-file " ]
	[ "$(tab ctr-net create --driver i)$(tab docker ps --filter sta)" = "ipvlan status= " ]
	mkdir sub
	holds "$(tab ctr-exec web s)" sub
	holds "$(tab ctr-run --cidfile s)" sub
	# what an option takes, and no file where none is meant
	[ "$(tab ctr-run --network '')$(tab docker run --network=h)" = \
		"bridge front host none --network=host " ]
	[ "$(tab ctr-run -v '')" = "c.bash data lib run sub " ]
	[ "$(tab ctr-run --volumes-from '')$(tab docker image exists b)" = "web busy:latest " ]
	[ "$(tab ctr-run --ipc '')" = "container: host none private shareable " ]
	[ "$(tab docker run --health-on-failure '')$(tab docker create --pull m)" = \
		"kill none restart stop missing " ]
	[ "$(tab ctr-inspect --type v)$(tab docker ps --format '')" = "volume json table " ]
	[ "$(tab ctr-run --cap-add NET_)" = "NET_ADMIN NET_BIND_SERVICE NET_RAW " ]
	[ -z "$(tab ctr-run --memory '' | tr -d ' ')$(tab ctr-run -e '' | tr -d ' ')" ]
}

@test "every long option of every applet is completed, in all three shells" {
	for s in bash zsh fish; do made "$s" >"c.$s"; done
	bash -n c.bash
	local n=0 bash fish
	for a in $("$CTRBOX" --list); do
		bash=$(grep -E "^	$a\)" c.bash) || true
		fish=$(grep "^complete -c $a[ ;]" c.fish) || true
		for o in $("$BIN/$a" --help | sed -nE 's/^  (-., |    )(--[a-z0-9-]+).*/\2/p'); do
			[[ $bash = *"$o "* ]] || { echo "bash: $a $o"; return 1; }
			[[ $fish = *" -l ${o#--} "* ]] || { echo "fish: $a $o"; return 1; }
			n=$((n + 1))
		done
	done
	[ $n -gt 300 ]
	head -n 1 c.zsh | grep -q '^#compdef ctrbox .*ctr-run'
}

@test "zsh and fish take theirs" {
	need zsh
	need fish
	made fish >c.fish
	mkdir z
	made zsh >z/_ctrbox
	fish -n c.fish
	zsh -n z/_ctrbox
	ctr-create --name web "$ROOTFS" true
	[ "$(HOME=$PWD fish -N -c 'source c.fish; complete -C "ctr-rm w"')" = web ]
	for w in 'container com|commit' 'system d|df' 'image hist|history' 'network cre|create' \
		'volume pru|prune' 'builder p|prune'; do
		HOME=$PWD fish -N -c "source c.fish; complete -C 'ctrbox ${w%|*}'" |
			cut -f 1 | grep -qx "${w#*|}"
	done
	# LINE|WORDS: and nothing else
	: >file
	while IFS='|' read -r line words; do
		run -0 env HOME="$PWD" fish -N -c "source c.fish; complete -C '$line'"
		[ "$(cut -f 1 <<<"$output" | sort | xargs)" = "$words" ] || {
			echo "$line: $output"
			return 1
		}
	done <<-'END'
		ctrbox stop --|--help --signal --time
		ctrbox stop |web
		ctr-stop |web
		ctr-run --restart |always no on-failure unless-stopped
		ctr-run --memory |
		ctrbox run --network n|none
		ctrbox run -v fi|file
		ctrbox create --ipc |container: host none private shareable
		ctr-create --volumes-from |web
		ctr-net |connect create disconnect inspect ls rm
		ctr-net rm |
		ctrbox network |connect create disconnect exists inspect ls prune rm
		ctrbox system |df events info prune
		ctrbox container st|start stats stop
		ctrbox container stop |web
		ctr-run --cidfile f|file
	END
	[ "$(HOME=$PWD fish -N -c 'source c.fish; complete -C "ctr-run --net=n"' |
		cut -f 1)" = --net=none ]
	HOME=$PWD fish -N -c 'source c.fish; complete -C "ctr-run --health-c"' |
		grep -q -- --health-cmd
	[ "$(HOME=$PWD zsh -f -c '
		fpath=($PWD/z $fpath)
		autoload -Uz compinit
		compinit -u -D
		print -r -- $_comps[ctr-run]')" = _ctrbox ]
	zsh -f -c 'autoload -Uz compinit; compinit -u -D; source z/_ctrbox 2>/dev/null
		COMP_WORDS=(ctr-rm w) COMP_CWORD=1
		emulate bash -c "setopt ksharrays; _ctrbox; print -r -- \$COMPREPLY"' | grep -x web
}

# bats test_tags=ctr-run
@test "man pages name all options, and lose no word when they are built" {
	need man man-db
	need mandoc
	make -s -C "$top" man >/dev/null
	for f in "$top"/applets/*.[157]; do
		! man -l "$f" 2>/dev/null | grep -E '@[A-Z]+@' || { echo "$f"; return 1; }
		mandoc -T lint -W warning "$f"
	done
	# who reads the source is told where the options are, and not that there are none
	for a in $("$CTRBOX" --list); do
		run -0 sh -c "man -l '$top/applets/$a.1' 2>/dev/null | col -b | tr -s ' \n' ' '"
		[[ "$output" == *"SYNOPSIS $a ... DESCRIPTION"* ]]
		[[ "$output" == *"OPTIONS $a --help lists them, and how it is called; so does this "* ]]
		[[ "$output" == *" page as "*"make man"*" builds it. "* ]]
		! grep -q 'make man' "$top/build/man/$a.1" || false
	done
	for f in "$top"/build/man/*.[157]; do mandoc -T lint -W warning "$f"; done
	man -l "$top/build/man/ctr-run.1" 2>/dev/null | col -b | grep -q -- --health-cmd
	man -l "$top/build/man/ctrbox.1" 2>/dev/null | col -b |
		grep -E 'container prune +ctr-prune containers'
	# the table of docker's words is whole
	[ "$(grep -c '^\.It Li .* Ta ' "$top/build/man/ctrbox.1")" = \
		"$(grep -cE '^ +\{(NULL|"[a-z]+"), "[a-z ]+"' "$top/applets/docker_words.c")" ]
}

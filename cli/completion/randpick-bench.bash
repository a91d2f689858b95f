# bash completion for randpick-bench; what there is to complete is asked from the program

# the words, or what else compgen's options tell, that go on with $cur
_randpick_bench_reply()
{
	mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

_randpick_bench()
{
	local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} before=

	# bash breaks words at "="
	[ "$cur" != = ] || cur=
	[ "$option" != = ] || option=${COMP_WORDS[COMP_CWORD - 2]}

	case $option in
		--contenders)
			# the last one of a list
			case $cur in *,*) before=${cur%,*}, cur=${cur##*,} ;; esac
			_randpick_bench_reply -P "$before" -W "all $("$program" --list | cut -d ' ' -f 1)"
			compopt -o nospace
			return ;;
		--init)
			_randpick_bench_reply -W "$("$program" --init=? 2>&1 | sed -n 's/.*shapes are: \(.*\)\./\1/p' | tr -d ,)"
			return ;;
		--format) _randpick_bench_reply -W 'text markdown csv json'; return ;;
		-M | --protocol) _randpick_bench_reply -W 'simple extended prepared'; return ;;
		-o | --output | --compare | --log | --report) compopt -o filenames; _randpick_bench_reply -f; return ;;
		-[cdhjkLpPRtTU]) return ;;
		--*)
			# a value that only the user knows
			if "$program" --help | grep -q -e "$option="; then
				return
			fi ;;
	esac

	case $cur in
		-*)
			_randpick_bench_reply -W "$("$program" --help | grep -o -e '--[a-z-]*=\?')"
			case ${COMPREPLY[0]-} in *=) compopt -o nospace ;; esac ;;
		*) _randpick_bench_reply -W "$(psql -XAtlq 2>/dev/null | grep '|' | cut -d '|' -f 1)" ;;
	esac
}

complete -F _randpick_bench randpick-bench

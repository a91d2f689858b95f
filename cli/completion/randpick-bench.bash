# bash completion for randpick-bench; what there is to complete is asked from the program

_randpick_bench()
{
	local program=${COMP_WORDS[0]} cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]}

	# bash breaks words at "="
	[ "$cur" != = ] || cur=
	[ "$option" != = ] || option=${COMP_WORDS[COMP_CWORD - 2]}

	case $option in
		--contenders)
			# the last one of a list
			local before=
			case $cur in *,*) before=${cur%,*}, ;; esac
			COMPREPLY=($(compgen -P "$before" -W "all $("$program" --list | cut -d ' ' -f 1)" -- "${cur##*,}"))
			compopt -o nospace
			return ;;
		--init)
			COMPREPLY=($(compgen -W "$("$program" --init=? 2>&1 | sed -n 's/.*shapes are: \(.*\)\./\1/p' | tr -d ,)" -- "$cur"))
			return ;;
		--format) COMPREPLY=($(compgen -W 'text markdown csv json' -- "$cur")); return ;;
		-M | --protocol) COMPREPLY=($(compgen -W 'simple extended prepared' -- "$cur")); return ;;
		-o | --output | --compare | --log) COMPREPLY=($(compgen -f -- "$cur")); return ;;
		-d | --dbname | --table | --filter | --query | -[chjkLpPRtTU]) return ;;
	esac

	case $cur in
		-*)
			COMPREPLY=($(compgen -W "$("$program" --help | grep -o -e '--[a-z-]*=\?')" -- "$cur"))
			case ${COMPREPLY[0]} in *=) compopt -o nospace ;; esac ;;
		*)
			COMPREPLY=($(compgen -W "$(psql -XAtlq 2>/dev/null | grep '|' | cut -d '|' -f 1)" -- "$cur")) ;;
	esac
}

complete -F _randpick_bench randpick-bench

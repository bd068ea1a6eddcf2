# shellcheck shell=bash
# Single runs, their medians, and the table that compares rhost with its peers.

# What a run appends to $work/runs/NAME.SIDE, one line each: the columns that `median` names.
columns=(messages_per_second load_busy load_ready server_us server_kib p50_us p99_us idle_kib)

mkdir -p "$work/runs"
: >"$work/table"
: >"$work/lines"

is_wanted() {
    # shellcheck disable=SC2053
    [[ $1 == $only ]]
}

# ratio A B
ratio() {
    awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'
}

# measure NAME SIDE KIND OPTION...: one run of the load generator against a fresh server.
measure() {
    local name=$1 side=$2 kind=$3 protocol
    shift 3
    case $kind in
        echo | work) protocol=ws ;;
        hello | file) protocol=http ;;
        *) protocol=$kind ;;
    esac
    serve "$side" "$kind"
    taskset -c "${load_cores:-1}" "$load" --addr "127.0.0.1:$port" --push-addr "127.0.0.1:${backend_port:-$port}" \
        --proto "$protocol" --seconds "$seconds" --server "$server" "$@" >"$work/result" || {
        cat "$work/server.log" >&2
        die "load failed: $name, against $side"
    }
    stop_server
    awk -v columns="${columns[*]}" '
        {
            count = split(columns, names, " ")
            for (i = 1; i <= count; i++) {
                if (!match($0, "\"" names[i] "\":[-0-9.]+")) { printf "0 "; continue }
                start = RSTART + length(names[i]) + 3
                printf "%s ", substr($0, start, RLENGTH + RSTART - start)
            }
            print ""
        }
    ' "$work/result" >>"$work/runs/$name.$side"
    echo "$name, $side: $(median "$name" "$side" messages_per_second | cut -d . -f 1)/s" >&2
}

# median NAME SIDE COLUMN
median() {
    local index
    for index in "${!columns[@]}"; do
        [[ ${columns[index]} == "$3" ]] && break
    done
    cut -d ' ' -f $((index + 1)) "$work/runs/$1.$2" | sort -n | awk '
        { value[NR] = $1 }
        END { printf("%.3f\n", NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2) }'
}

# compare NAME KIND 'PEER:GOAL ...' OPTION...: all rounds of one load, then a line of the table for each peer.
compare() {
    local name=$1 kind=$2 goals=$3 round goal peer
    shift 3
    is_wanted "$name" || return 0
    for ((round = 1; round <= rounds; round++)); do
        measure "$name" rhost "$kind" "$@"
        for goal in $goals; do
            peer=${goal%:*}
            [[ $peer == rate ]] || ! is_here "$peer" || measure "$name" "$peer" "$kind" "$@"
        done
    done
    for goal in $goals; do
        peer=${goal%:*}
        if [[ $peer == rate ]]; then
            row "$name" - "${goal#*:} k/s"
        elif is_here "$peer"; then
            row "$name" "$peer" "${goal#*:}"
        fi
    done
}

# at_least VALUE GOAL [UNIT], at_most VALUE GOAL: the goal, whether it is met and, if not, by how much it is missed.
at_least() {
    awk -v value="$1" -v goal="$2" -v unit="${3:-}" 'BEGIN {
        printf(value >= goal ? ">= %s%s met" : ">= %s%s MISSED by %.1f %%", goal, unit, 100 * (1 - value / goal)) }'
}

at_most() {
    awk -v value="$1" -v goal="$2" 'BEGIN {
        printf(value <= goal ? "<= %s met" : "<= %s MISSED by %.1f %%", goal, 100 * (value / goal - 1)) }'
}

# row NAME PEER GOAL
row() {
    local name=$1 peer=$2 side rate=() verdict=- fields=()
    for side in rhost "$peer"; do
        [[ $side != - ]] || side=rhost
        rate+=("$(median "$name" "$side" messages_per_second)")
        fields+=("${rate[-1]}" "$(median "$name" "$side" load_ready)" "$(median "$name" "$side" server_us)"
            "$(median "$name" "$side" server_kib)")
    done
    case $3 in
        -) ;;
        *k/s) verdict=$(at_least "$(ratio "${rate[0]}" 1000)" "${3% k/s}" ' k/s') ;;
        *) verdict=$(at_least "$(ratio "${rate[@]}")" "$3") ;;
    esac
    printf '%s\t' "$name" "$peer" "$verdict" "${fields[@]}" | awk -F '\t' '
        function rate(value, ready) { return sprintf(value < 1000 ? "%.3f%s" : "%.1f%s", value / 1000, ready >= 0.95 ? "*" : " ") }
        $2 == "-" {
            printf "%-10s %-12s %10s %10s %6s %-28s %8.2f\n", $1, "", rate($4, $5), "", "", $3, $6
            next
        }
        {
            printf "%-10s %-12s %10s %10s %6.2f %-28s %8.2f %8.2f %6.2f %8.1f %8.1f\n", $1, $2, rate($4, $5), rate($8, $9),
                $4 / $8, $3, $6, $10, ($6 > 0 ? $10 / $6 : 0), $7 / 1024, $11 / 1024
        }' >>"$work/table"
}

# check_load NAME PEER LEAST: whether the load generator is light enough: thousands of messages that it exchanged with a
# bare server in a second of its own processor time, for on a busy machine it does not get all of a core.
check_load() {
    local rate busy most
    is_wanted "$1" || return 0
    rate=$(median "$1" "$2" messages_per_second) busy=$(median "$1" "$2" load_busy)
    most=$(ratio "$rate" "${busy}e3")
    say "load generator: $1 against $2: $(awk -v rate="$rate" -v busy="$busy" -v most="$most" 'BEGIN {
        printf "%.0f k/s, on a core %.0f %% of the time: %.0f k/s at most", rate / 1000, busy * 100, most }');" \
        "$(at_least "$most" "$3")"
}

# say LINE: a result that is no comparison of rates.
say() {
    echo "$*" >>"$work/lines"
}

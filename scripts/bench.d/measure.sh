# shellcheck shell=bash
# Single runs, their medians, and the table that compares rhost with its peers.

# What a run appends to $work/runs/NAME.SIDE, one line each: the columns that `median` names.
columns=(messages_per_second load_busy server_us server_kib p50_us p99_us idle_kib)

mkdir -p "$work/runs"
: >"$work/table"
: >"$work/lines"

is_wanted() {
    # shellcheck disable=SC2053
    [[ $1 == $only ]]
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
        END { print NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2 }'
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
            row "$name" - ">= ${goal#*:} k/s"
        elif is_here "$peer"; then
            row "$name" "$peer" "${goal#*:}"
        fi
    done
}

# row NAME PEER GOAL
row() {
    local name=$1 peer=$2 side fields=()
    for side in rhost "$peer"; do
        [[ $side != - ]] || side=rhost
        fields+=("$(median "$name" "$side" messages_per_second)" "$(median "$name" "$side" load_busy)"
            "$(median "$name" "$side" server_us)" "$(median "$name" "$side" server_kib)")
    done
    printf '%s\t' "$@" "${fields[@]}" | awk -F '\t' '
        function rate(value, busy) { return sprintf(value < 1000 ? "%.3f%s" : "%.1f%s", value / 1000, busy >= 0.95 ? "*" : " ") }
        function verdict(is_met) { return is_met ? "met" : "MISSED" }
        {
            ratio = $4 / $8
            if ($3 ~ /k\/s/) {
                split($3, words, " ")
                printf "%-10s %-12s %10s %10s %6s %-16s %8.2f\n", $1, "", rate($4, $5), "", "",
                    $3 " " verdict($4 / 1000 >= words[2]), $6
                next
            }
            goal = $3 == "-" ? "-" : ">= " $3 " " verdict(ratio >= $3)
            printf "%-10s %-12s %10s %10s %6.2f %-16s %8.2f %8.2f %6.2f %8.1f %8.1f\n", $1, $2, rate($4, $5), rate($8, $9),
                ratio, goal, $6, $10, ($6 > 0 ? $10 / $6 : 0), $7 / 1024, $11 / 1024
        }' >>"$work/table"
}

# check_load NAME PEER LEAST: whether the load generator is light enough: thousands of messages that it exchanged with a
# bare server in a second of its own processor time, for on a busy machine it does not get all of a core.
check_load() {
    is_wanted "$1" || return 0
    say "load generator: $(awk -v rate="$(median "$1" "$2" messages_per_second)" -v busy="$(median "$1" "$2" load_busy)" \
        -v name="$1 against $2" -v least="$3" 'BEGIN {
            verdict = rate / busy / 1000 >= least ? "met" : "MISSED"
            printf "%s: %.0f k/s, on a core %.0f %% of the time: %.0f k/s at most; >= %d %s", name, rate / 1000,
                busy * 100, rate / busy / 1000, least, verdict
        }')"
}

# say LINE: a result that is no comparison of rates.
say() {
    echo "$*" >>"$work/lines"
}

# shellcheck shell=bash
# What the standard library does in a second, against Bun; and what it costs at the start and in the memory of each isolate.

# Memory of an isolate before there was a standard library, KiB, and what it may have more.
readonly ISOLATE_BEFORE=4562 ISOLATE_MORE=1536
# Milliseconds until a script that imports every module serves.
readonly MOST_START=30
# The least part of Bun's rate, where a crate does the work. A page has no goal: Bun's is a program and not a template.
readonly LEAST_RATIO=0.8

# std_rates: prints a table of rates, and says whether each goal is met.
std_rates() {
    local name ours theirs ratio note missed=0
    taskset -c 0 "$rhost" run "${run_options[@]}" benches/std.rhai 2>&1 | sed -n 's/.*rate \(.*\): \([0-9.]*\)$/\1\t\2/p' >"$work/ours"
    [[ -s $work/ours ]] || die "benches/std.rhai prints no rates"
    : >"$work/theirs"
    [[ -z $bun ]] || taskset -c 0 "$bun" benches/std.ts | sed -n 's/^rate \(.*\): \([0-9.]*\)$/\1\t\2/p' >"$work/theirs"
    printf '%-24s %12s %12s %7s\n' 'a second' rhost bun ratio
    while IFS=$'\t' read -r name ours; do
        theirs=$(awk -F '\t' -v name="$name" '$1 == name { print $2 }' "$work/theirs")
        ratio=- note=
        if [[ -n $theirs ]]; then
            ratio=$(awk -v a="$ours" -v b="$theirs" 'BEGIN { printf "%.2f", a / b }')
            if [[ $name != page* ]] && awk -v r="$ratio" -v least=$LEAST_RATIO 'BEGIN { exit r >= least }'; then
                note="  below $LEAST_RATIO" missed=1
            fi
        fi
        printf '%-24s %12s %12s %7s%s\n' "$name" "$ours" "${theirs:--}" "$ratio" "$note"
    done <"$work/ours"
    return $missed
}

# std_script COUNT: a script that imports every module and serves on $port.
std_script() {
    local module
    for module in bytes cookie crypto encoding env file log process random regex template time; do
        echo "import \"std/$module\" as $module;"
    done
    echo "let worker = Worker(\"http://127.0.0.1:$port\");"
    echo "worker.count = $1;"
    echo 'worker.on_message = |connection, request| connection.send("hello");'
    echo 'Worker::run_all();'
}

# resident: KiB of the server that runs.
resident() {
    awk '$1 == "VmRSS:" { print $2 }' "/proc/$server/status"
}

# std_costs: prints the shortest of five starts, for what else the machine does only makes them longer, and the median memory
# of an isolate.
std_costs() {
    local round began one eleven missed=0 start isolate backend_port=
    for round in 1 2 3 4 5; do
        port=$(free_port)
        std_script 1 >"$work/one.rhai"
        began=$(date +%s%N)
        "$rhost" run "${run_options[@]}" "$work/one.rhai" >"$work/server.log" 2>&1 &
        server=$!
        until accepts "$port"; do
            kill -0 "$server" 2>/dev/null || die "it does not start: $(cat "$work/server.log")"
        done 2>/dev/null
        echo $((($(date +%s%N) - began) / 100000)) >>"$work/starts"
        sleep 0.5
        one=$(resident)
        stop_server
        port=$(free_port)
        std_script 11 >"$work/eleven.rhai"
        start_server "$rhost" run "${run_options[@]}" "$work/eleven.rhai"
        sleep 0.5
        eleven=$(resident)
        stop_server
        echo $(((eleven - one) / 10)) >>"$work/isolates"
    done
    start=$(sort -n "$work/starts" | sed -n 1p) isolate=$(sort -n "$work/isolates" | sed -n 3p)
    printf 'start with all modules: %d.%d ms, at most %d\n' $((start / 10)) $((start % 10)) $MOST_START
    printf 'an isolate with all modules: %d KiB, at most %d\n' "$isolate" $((ISOLATE_BEFORE + ISOLATE_MORE))
    ((start <= MOST_START * 10)) || missed=1
    ((isolate <= ISOLATE_BEFORE + ISOLATE_MORE)) || missed=1
    return $missed
}

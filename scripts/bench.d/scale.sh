# shellcheck shell=bash
# What many connections, much state and big messages cost.

# Files besides websockets that a server may need: those rhost keeps back, and its own.
reserve=500

# Silent websockets, beside some that a process of `ulimit -n` files can hold.
fitting() {
    local wanted=$1 besides=$2 limit
    limit=$(ulimit -n)
    [[ $limit == unlimited ]] || ((wanted + besides + reserve <= limit)) || wanted=$((limit - besides - reserve))
    echo "$wanted"
}

idle() {
    local silent side seconds=0.5 kib=() next
    is_wanted idle || return 0
    silent=$(fitting 10000 64)
    for side in rhost bun; do
        is_here "$side" || continue
        measure idle "$side" echo --idle "$silent"
        kib+=("$(median idle "$side" idle_kib)")
    done
    next=$(at_most "${kib[0]}" 1)
    say "idle: $silent silent websockets, each $(printf '%.2f KiB of resident memory (Bun: %.2f)' "${kib[@]}");" \
        "$(at_most "${kib[0]}" 2), then ${next/MISSED/missed}"
}

# From the save of a script of 500 lines: what rhost itself reports, for the settle time is not counted.
live() {
    local run_options=() edit n pid reloads ms kept
    is_wanted live || return 0
    serve rhost echo
    for ((n = 0; n < 99; n++)); do
        printf 'fn helper_%d(a, b) {\n    let sum = a + b;\n    if sum > 10 { sum += 1; }\n    sum\n}\n' "$n"
    done >>"$work/main.rhai"
    until grep -q "reloaded " "$work/server.log"; do
        kill -0 "$server" 2>/dev/null || die "rhost ended: live"
        sleep 0.1
    done
    taskset -c 1 "$load" --addr "127.0.0.1:$port" --connections 1 --idle 999 --seconds 6 >"$work/result" &
    pid=$!
    until (($(find "/proc/$server/fd" | wc -l) > 1000)); do
        kill -0 "$pid" 2>/dev/null || die "load failed: live"
        sleep 0.1
    done
    for ((edit = 0; edit < 7; edit++)); do
        echo "// edit $edit" >>"$work/main.rhai"
        sleep 0.5
    done
    wait "$pid" || die "a reload broke a connection"
    stop_server
    # Milliseconds and kept connections of each reload but the first, which made the script long.
    reloads=$(sed -n 's/.*reloaded .* \([0-9]*\) ms: kept \([0-9]*\) connections.*/\1 \2/p' "$work/server.log" |
        tail -n +2 | sort -n)
    [[ -n $reloads ]] || { cat "$work/server.log" >&2; die "nothing was reloaded"; }
    ms=$(awk '{ ms[NR] = $1 } END { print ms[int((NR + 1) / 2)] }' <<<"$reloads")
    kept=$(cut -d ' ' -f 2 <<<"$reloads" | sort -n | head -n 1)
    say "live: $ms ms (median of $(wc -l <<<"$reloads") reloads) from the settle time to live; $(at_most "$ms" 20);" \
        "$kept of 1000 connections kept; $(at_least "$kept" 1000)"
}

active() {
    local round silent alone beside times
    is_wanted active || return 0
    silent=$(fitting 20000 2000)
    for ((round = 1; round <= rounds; round++)); do
        measure alone rhost echo --connections 2000
        measure beside rhost echo --connections 2000 --idle "$silent"
    done
    alone=$(median alone rhost p99_us) beside=$(median beside rhost p99_us) times=$(ratio "$beside" "$alone")
    alone=${alone%.*} beside=${beside%.*}
    say "active: p99 of 2000 busy websockets $alone µs alone, $beside µs beside $silent silent ones: $times times as much;" \
        "$(at_most "$times" 2)"
}

# figure FILE NAME: one of the load generator's, as a whole number.
figure() {
    sed -n "s/.*\"$2\":\([0-9]*\).*/\1/p" "$1"
}

# How many open in a second, and what handlers of others notice. (Then both loads share a core, and fewer open.)
accept() {
    local silent alone beside rate pid opening
    is_wanted accept || return 0
    silent=$(fitting 10000 64)
    serve rhost echo
    opening=(--addr "127.0.0.1:$port" --connections 1 --idle "$silent" --seconds 0.1)
    taskset -c 1 "$load" "${opening[@]}" >"$work/opening" || die "load failed: accept"
    taskset -c 1 "$load" --addr "127.0.0.1:$port" --seconds 1 >"$work/alone" || die "load failed: accept"
    taskset -c 1 "$load" --addr "127.0.0.1:$port" --seconds 3 >"$work/beside" &
    pid=$!
    # (until its warm-up is over)
    sleep 0.6
    taskset -c 1 "$load" "${opening[@]}" >/dev/null || die "load failed: accept"
    wait "$pid" || die "load failed: accept"
    stop_server
    alone=$(figure "$work/alone" p99_us) beside=$(figure "$work/beside" p99_us)
    rate=$(figure "$work/opening" opened_per_second)
    say "accept: $silent websockets opened at $rate a second; $(at_least "$rate" 10000); p99 of 64 busy ones" \
        "$alone µs alone, $beside µs meanwhile"
}

# isolates NAME KIND
isolates() {
    local name=$1 round count cores=0,1 load_cores=0,1 one two
    is_wanted "$name" || return 0
    for ((round = 1; round <= rounds; round++)); do
        for count in 1 2; do
            measure "$name $count" rhost "$2" --in-flight 4
        done
    done
    one=$(median "$name 1" rhost messages_per_second) two=$(median "$name 2" rhost messages_per_second)
    say "$name: $(awk -v one="$one" -v two="$two" 'BEGIN {
        printf "%.0f k/s with one isolate, %.0f k/s with two: %.2f (server and load share two cores)", one / 1000,
            two / 1000, two / one }')"
}

# grow_by WHAT X KIND OPTION...: one point of each side.
grow_by() {
    local what=$1 x=$2 side
    shift 2
    for side in rhost bun; do
        is_here "$side" || continue
        measure "$what $x" "$side" "$@"
        printf '%s\t%s\t%s\t%s\n' "$what" "$side" "$x" "$(median "$what $x" "$side" server_us)" >>"$work/growth"
    done
}

grow() {
    local x uids
    is_wanted grow || return 0
    for x in 100 1000 10000; do
        grow_by connections "$x" echo --connections "$(fitting "$x" 0)"
    done
    for uids in 100 1000 10000 100000; do
        grow_by 'uids, of a push' "$uids" push
    done
    for x in 16 256 1024 4096 16384 65536; do
        grow_by 'bytes of a message' "$x" echo --size "$x"
    done
    awk -f benches/plot.awk "$work/growth" >benches/growth.svg
    say "growth, server µs per message:"
    awk -F '\t' '
        { key = $1 "\t" $2; if (!(key in line)) { order[++count] = key } line[key] = line[key] sprintf("  %s: %.2f", $3, $4) }
        END { for (i = 1; i <= count; i++) { split(order[i], part, "\t"); printf "  %-20s %-6s%s\n", part[1], part[2], line[order[i]] } }
    ' "$work/growth" >>"$work/lines"
}

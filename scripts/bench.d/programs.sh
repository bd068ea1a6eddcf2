# shellcheck shell=bash
# The programs of scripts/bench: how they are built, started on a free port, and stopped.

# build: sets the paths rhost, load, echo_tungstenite, echo_tcp, hello_hyper.
build() {
    local targets=(--bench load --bench echo_tungstenite --bench echo_tcp --bench hello_hyper) executable
    [[ -n ${RHOST_BIN:-} ]] || targets+=(--bin rhost)
    # Cargo puts a hash into the names of bench programs, so it has to tell them.
    cargo build --profile dist "${targets[@]}" --message-format=json-render-diagnostics >"$work/build" || die "build failed"
    rhost=${RHOST_BIN:-}
    while read -r executable; do
        case ${executable##*/} in
            # (cargo builds it for benches, too)
            rhost) rhost=${RHOST_BIN:-$executable} ;;
            load-*) load=$executable ;;
            echo_tungstenite-*) echo_tungstenite=$executable ;;
            echo_tcp-*) echo_tcp=$executable ;;
            hello_hyper-*) hello_hyper=$executable ;;
        esac
    done < <(sed -n 's/.*"executable":"\([^"]*\)".*/\1/p' "$work/build")
    [[ -x $rhost ]] || die "no rhost program at '$rhost'"
    head -c 1024 /dev/urandom >"$work/1K"
    head -c 10485760 /dev/urandom >"$work/10M"
}

# find_bun: sets the path bun, if there is one or npm can bring it, and bun_version.
find_bun() {
    local folder=target/bun
    if ! bun=$(command -v bun); then
        if [[ ! -x $folder/node_modules/.bin/bun ]] && command -v npm >/dev/null; then
            echo "bench: npm fetches Bun" >&2
            mkdir -p "$folder"
            (cd "$folder" && npm install --silent --no-save --ignore-scripts bun@1 && node node_modules/bun/install.js) \
                >"$work/npm" 2>&1 || true
        fi
        bun=$PWD/$folder/node_modules/.bin/bun
    fi
    bun_version=$("$bun" --version 2>/dev/null) || {
        bun='' bun_version='not there'
        echo "bench: no Bun here, so that its goals are not measured" >&2
    }
}

# is_here SIDE
is_here() {
    [[ $1 != bun || -n $bun ]]
}

# How rhost is run: no load but `live` saves scripts.
run_options=(--no-watch)

# serve SIDE KIND: starts what answers loads of that kind. Taken from outside are cores (0), count (1) and uids (0): those
# that the map of push has besides the ones in use. Sets port and, for push, backend_port.
serve() {
    local side=$1 kind=$2 script=benches/servers/$2.rhai fill
    port=$(free_port) backend_port=
    [[ $kind == push ]] && script=examples/push/push.rhai backend_port=$(free_port)
    case $side in
        rhost)
            # (at the start, so that it is the worker of each isolate that has them)
            fill="for n in 0..${uids:-0} { worker.uid_connections[\`other\${n}\`] = 0; }"
            sed -e "s/\(0\.0\.0\.0\|127\.0\.0\.1\):1234/127.0.0.1:$port/; s/0\.0\.0\.0:5678/127.0.0.1:$backend_port/" \
                -e "s/worker\.count = 1;/worker.count = ${count:-1};/; s|FOLDER|$work|" \
                -e "s/^worker\.on_worker_start = |worker| {/&\n    $fill/" "$script" >"$work/main.rhai"
            start_server "$rhost" run "${run_options[@]}" "$work/main.rhai"
            ;;
        bun) UIDS=${uids:-0} start_server "$bun" benches/servers/peer.ts "$kind" "$port" "${backend_port:-$work}" ;;
        tungstenite) start_server "$echo_tungstenite" "$port" ;;
        corked) start_server "$echo_tungstenite" "$port" --corked ;;
        tcp) start_server "$echo_tcp" "$port" ;;
        hyper) start_server "$hello_hyper" "$port" ;;
        *) die "no server is named $side" ;;
    esac
}

accepts() {
    (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null
}

# Ports below 32768 are not handed out to clients, so a free one stays free until the server has it.
free_port() {
    local port=$((20000 + RANDOM % 10000))
    while accepts "$port"; do port=$((20000 + RANDOM % 10000)); done
    echo "$port"
}

# start_server COMMAND...: runs it and waits until its ports accept connections.
start_server() {
    local tries
    taskset -c "${cores:-0}" "$@" >"$work/server.log" 2>&1 &
    server=$!
    for ((tries = 0; tries < 200; tries++)); do
        accepts "$port" && { [[ -z $backend_port ]] || accepts "$backend_port"; } && return
        kill -0 "$server" 2>/dev/null || break
        sleep 0.05
    done
    cat "$work/server.log" >&2
    die "the server does not listen on port $port: $*"
}

stop_server() {
    local pid=$server tries
    [[ -n $pid ]] || return 0
    server=
    kill -TERM "$pid" 2>/dev/null || true
    for ((tries = 0; tries < 500; tries++)); do
        kill -0 "$pid" 2>/dev/null || {
            wait "$pid" 2>/dev/null || true
            return 0
        }
        sleep 0.01
    done
    echo "bench: server $pid ignored SIGTERM for 5 s" >&2
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
}

// What rhost is measured against, on Bun: `bun peer.ts echo|hello|fanout PORT`, `bun peer.ts push PORT BACKEND_PORT`,
// `bun peer.ts file PORT FOLDER`. Each is written the way Bun's manual shows, and gathers what it can gather.
const [load, port, more] = [process.argv[2], Number(process.argv[3]), process.argv[4]];
const hostname = "127.0.0.1";
type Page = Bun.ServerWebSocket<{ uid?: string }>;

function websockets(handlers: Partial<Bun.WebSocketHandler<{ uid?: string }>>) {
    return Bun.serve({
        hostname,
        port,
        fetch: (request, server) =>
            server.upgrade(request, { data: {} }) ? undefined : new Response("websockets only", { status: 400 }),
        websocket: { message() {}, ...handlers },
    });
}

function push() {
    const pages = new Map<string, Page>();
    websockets({
        message(page, uid) {
            if (page.data.uid === undefined) pages.set((page.data.uid = String(uid)), page);
        },
        close(page) {
            if (page.data.uid !== undefined) pages.delete(page.data.uid);
        },
    });
    const pushed = (line: string) => {
        const page = pages.get(JSON.parse(line).uid);
        page?.send(line);
        return page ? "ok\n" : "fail\n";
    };
    Bun.listen<{ rest: string }>({
        hostname,
        port: Number(more),
        socket: {
            open(backend) {
                backend.data = { rest: "" };
            },
            // One write answers all lines of one read.
            data(backend, bytes) {
                const lines = (backend.data.rest + bytes.toString()).split("\n");
                backend.data.rest = lines.pop()!;
                let answers = "";
                for (const line of lines) answers += pushed(line);
                if (answers) backend.write(answers);
            },
        },
    });
    // Uids that are never pushed to, for what the size of the map costs.
    for (let n = 0; n < Number(process.env.UIDS ?? 0); n++) pages.set(`other${n}`, {} as Page);
}

switch (load) {
    case "echo":
        websockets({ message: (page, message) => void page.send(message) });
        break;
    // A loop that sends to each page takes a tenth less with one message in flight, and five times as much with eight.
    case "fanout": {
        const server = websockets({
            open: (page) => page.subscribe("all"),
            message: (_, message) => void server.publish("all", message),
        });
        break;
    }
    case "push":
        push();
        break;
    case "hello":
        Bun.serve({ hostname, port, fetch: () => new Response("hello") });
        break;
    case "file":
        Bun.serve({ hostname, port, fetch: (request) => new Response(Bun.file(more + new URL(request.url).pathname)) });
        break;
    default:
        throw new Error(`no load is named ${load}`);
}

// The same as benches/std.rhai, with what Bun itself has: `bun std.ts`.
import { createHash, createHmac } from "node:crypto";

const SECONDS = 0.5;

function measure(name: string, work: () => unknown) {
    let best = 0;
    for (let round = 0; round < 3; round++) {
        let turns = 0;
        const began = performance.now();
        let elapsed = 0;
        while (elapsed < SECONDS) {
            for (let i = 0; i < 8; i++) work();
            turns += 8;
            elapsed = (performance.now() - began) / 1000;
        }
        best = Math.max(best, turns / elapsed);
    }
    console.log(`rate ${name}: ${best.toFixed(1)}`);
}

const line = "ann@example.com went to 2026-12-01, and 42 of 1000 came back; ";
const text = line.repeat(1058).slice(0, 65536);
const data = Buffer.from(text);
const base64 = data.toString("base64");
const rows = Array.from({ length: 500 }, (_, id) => ({ id, name: `name <${id}>`, is_old: id % 2 === 0 }));
const users = Array.from({ length: 620 }, (_, id) => ({
    id, name: `name ${id}`, email: `user${id}@example.com`, tags: ["a", "b"], score: 1.5,
}));
const json = JSON.stringify(users);
const address = /[a-z0-9.]+@[a-z0-9.]+\.[a-z]{2,}/g;
const page = () => {
    const items = rows.map((row) =>
        `<li class="${row.is_old ? "old" : "new"}">${row.id} ${Bun.escapeHTML(row.name)}</li>\n`);
    return `<ul>${items.join("")}</ul>`;
};

measure("sha256 of 64 KiB", () => createHash("sha256").update(data).digest("hex"));
measure("md5 of 64 KiB", () => createHash("md5").update(data).digest("hex"));
measure("hmac of 64 KiB", () => createHmac("sha256", "key").update(data).digest("hex"));
measure("base64 of 64 KiB", () => data.toString("base64"));
measure("base64 decoded", () => Buffer.from(base64, "base64"));
measure("regex over 64 KiB", () => text.match(address));
measure("regex replaced", () => text.replaceAll(address, "x"));
measure("JSON of 64 KiB read", () => JSON.parse(json));
measure("JSON of 64 KiB written", () => JSON.stringify(users));
measure("page of 500 rows", page);

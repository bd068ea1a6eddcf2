//! What each message pays for, measured one by one: the call of a handler, properties, the map of a push server, frames,
//! the write at a turn's end. For people who change one of these; no check, because times are a machine's and a day's.
//!
//! `cargo bench --features bench --bench hot [NAME]`. The times of `handler` include each other: a call, with what its
//! script does; set against `handler/nothing` they tell the price of that alone.

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use rhost::bench::{Frames, Stage};
use std::hint::black_box;

// (as the binary has it)
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Entries of the map.
const SIZES: [usize; 3] = [10, 1_000, 100_000];

/// Payloads of frames, bytes.
const PAYLOADS: [usize; 2] = [64, 16 * 1024];

/// Messages of one turn.
const CORKED: usize = 16;

/// A stage whose worker handles messages like this. `on_connect` runs once.
fn stage(on_connect: &str, on_message: &str) -> Stage {
    Stage::new(&format!(
        "let worker = Worker(\"websocket://127.0.0.1:0\");\n\
         worker.clients = #{{}};\n\
         worker.on_connect = |connection| {{ {on_connect} }};\n\
         worker.on_message = |connection, data| {on_message};\n"
    ))
}

fn handler(c: &mut Criterion) {
    let mut group = c.benchmark_group("handler");
    let text = "x".repeat(64);
    for (name, on_message) in [
        ("nothing", "{ }"),
        ("send", "connection.send(data)"),
        ("property get", "connection.uid"),
        ("property set", "{ connection.uid = data; }"),
    ] {
        let mut stage = stage("connection.uid = 0;", on_message);
        group.bench_function(name, |b| b.iter(|| stage.message(black_box(&text))));
    }
    group.finish();
}

fn clients(c: &mut Criterion) {
    let mut group = c.benchmark_group("uid map");
    for size in SIZES {
        // (in a fixed order that no cache foresees)
        let uids: Vec<String> = (0..size).map(|n| format!("uid{}", n * 7919 % size)).collect();
        let fill = format!("for n in 0..{size} {{ worker.clients[`uid${{n}}`] = connection; }}");
        for (name, on_message) in [
            ("lookup", "worker.clients[data]"),
            (
                "remove and insert",
                "{ worker.clients.remove(data); worker.clients[data] = connection; }",
            ),
        ] {
            let mut stage = stage(&fill, on_message);
            let mut next = uids.iter().cycle();
            group.bench_function(format!("{name}, {size}"), |b| {
                b.iter_batched(
                    || next.next().expect("a cycle has no end"),
                    |uid| stage.message(black_box(uid)),
                    BatchSize::SmallInput,
                );
            });
        }
    }
    group.finish();
}

/// A text frame of a client. Its mask is zero: unmasking works as ever and leaves the bytes for the next round.
fn masked(payload: &str) -> Vec<u8> {
    let mut frame = Vec::new();
    Frames::default().encode(payload, &mut frame);
    frame[1] |= 0x80;
    let head = frame.len() - payload.len();
    frame.splice(head..head, [0; 4]);
    frame
}

fn frames(c: &mut Criterion) {
    let mut group = c.benchmark_group("frame");
    for size in PAYLOADS {
        let payload = "x".repeat(size);
        group.throughput(Throughput::Bytes(size as u64));
        let (mut wire, mut frame) = (Frames::default(), masked(&payload));
        group.bench_function(format!("decode, {size}"), |b| {
            b.iter(|| wire.decode(black_box(&mut frame)));
        });
        let mut queue = Vec::new();
        group.bench_function(format!("encode, {size}"), |b| {
            b.iter(|| {
                queue.clear();
                wire.encode(black_box(&payload), &mut queue);
            });
        });
    }
    group.finish();
}

/// Into memory: what the kernel takes for a write is not ours.
fn turn(c: &mut Criterion) {
    let mut group = c.benchmark_group("turn");
    let text = "x".repeat(64);
    let mut stage = stage("", "connection.send(data)");
    group.throughput(Throughput::Elements(CORKED as u64));
    group.bench_function("16 sends and one flush", |b| {
        b.iter(|| {
            (0..CORKED).for_each(|_| stage.message(black_box(&text)));
            stage.flush()
        });
    });
    group.finish();
}

criterion_group!(benches, handler, clients, frames, turn);
criterion_main!(benches);

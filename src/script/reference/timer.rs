//! `Timer`: calls a handler after some time.

use super::{Entry, Section};

pub(super) const SECTION: Section = Section {
    title: "Timer",
    owner: "Timer",
    about: "Calls a handler after some time, once or again and again. A repeating timer keeps its rhythm, skips \
        ticks that it missed and never overlaps with itself. Timers that the top level or `on_worker_start` asks \
        for are kept by a reload, in order and by interval, and end when they are not asked for again; those that \
        other handlers made go on. Intervals are seconds, whole or fractions, 0 or more, at least 1 ms between \
        ticks.",
    operators: &[],
    entries: &[
        Entry::new(
            "add",
            &[
                "Timer::add(seconds: number, callback: function) -> int",
                "Timer::add(seconds: number, callback: function, args: array) -> int",
                "Timer::add(seconds: number, callback: function, args: array, persistent: bool) -> int",
            ],
            "Calls `callback` with `args` every so many seconds, or once if `persistent` is false, and gives the \
                timer's id. A callback that takes more parameters than `args` has is an error; one that takes fewer gets the \
                first ones.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    Timer::add(0.01, |who| print(`hello ${who}`), ["you"], false);  // prints hello you
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "delay",
            &[
                "Timer::delay(seconds: number, callback: function) -> int",
                "Timer::delay(seconds: number, callback: function, args: array) -> int",
            ],
            "Calls `callback` once.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    Timer::delay(0.01, || print("later"));  // prints later
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "repeat",
            &[
                "Timer::repeat(seconds: number, callback: function) -> int",
                "Timer::repeat(seconds: number, callback: function, args: array) -> int",
            ],
            "Calls `callback` again and again.",
            r#"
let ticks = 0;
let timer = Timer::repeat(0.01, "tick");

fn tick() {
    ticks += 1;
    if ticks == 3 {
        Timer::del(timer);
        print("three");  // prints three
    }
}
"#,
        ),
        Entry::new(
            "del",
            &["Timer::del(id: int) -> bool"],
            "Ends a timer; false if there is none of that id. A handler of it that is running goes on.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    let id = Timer::add(60, || print("never"));
    print(Timer::del(id));  // prints true
    print(Timer::del(id));  // prints false
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "del_all",
            &["Timer::del_all()"],
            "Ends all timers of the isolate.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    Timer::add(60, || print("never"));
    Timer::del_all();
};
Worker::run_all();
"#,
        ),
        Entry::new(
            "sleep",
            &["Timer::sleep(seconds: number)"],
            "Suspends the handler for so long; everything else goes on. The same as `sleep`.",
            r#"
let worker = Worker();
worker.on_worker_start = |worker| {
    Timer::sleep(0.01);
    print("awake");  // prints awake
};
Worker::run_all();
"#,
        )
        .waiting(),
    ],
};

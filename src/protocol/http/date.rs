//! The Date header, made once a second.

use std::{
    cell::RefCell,
    time::{Duration, UNIX_EPOCH},
};

thread_local! {
    static LINE: RefCell<(i64, String)> = const { RefCell::new((-1, String::new())) };
}

/// The value.
pub(super) fn now() -> String {
    with_line(|line| line["Date: ".len()..].trim_end().to_owned())
}

/// Appends `Date: …`.
pub(super) fn line(out: &mut Vec<u8>) {
    with_line(|line| out.extend_from_slice(line.as_bytes()));
}

fn with_line<T>(f: impl FnOnce(&str) -> T) -> T {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::RealtimeCoarse).tv_sec;
    LINE.with_borrow_mut(|(second, line)| {
        if *second != now {
            let time = UNIX_EPOCH + Duration::from_secs(now.max(0) as u64);
            (*second, *line) = (now, format!("Date: {}\r\n", httpdate::fmt_http_date(time)));
        }
        f(line)
    })
}

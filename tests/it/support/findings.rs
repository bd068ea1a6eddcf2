//! What `rhost check` finds in the scripts of tests: nothing, so that nobody is warned of what the tests are made of. A
//! test that is about a mistake names the code of its finding while it starts the script.

use crate::support::wait::PATIENCE;
use rhost::Checked;
use std::{
    cell::RefCell,
    sync::mpsc::{Receiver, RecvTimeoutError},
    thread,
};

/// What may be found in the scripts that a thread starts, and whether it was.
enum Meant {
    /// Codes of findings.
    Codes(Vec<(&'static str, bool)>),
    /// Whatever there is, for nobody looks.
    Anything,
}

thread_local! {
    static MEANT: RefCell<Option<Meant>> = const { RefCell::new(None) };
}

/// While this lives, the scripts that its thread starts are wrong on purpose.
#[must_use]
pub struct OnPurpose(());

impl OnPurpose {
    fn new(meant: Meant) -> Self {
        let before = MEANT.replace(Some(meant));
        assert!(before.is_none(), "one list of codes at a time");
        Self(())
    }
}

impl Drop for OnPurpose {
    /// A code that was named for nothing would hide the next mistake of its kind.
    fn drop(&mut self) {
        let meant = MEANT.take();
        if let Some(Meant::Codes(codes)) = meant
            && !thread::panicking()
        {
            let never: Vec<&str> =
                codes.iter().filter(|(_, f)| !f).map(|(code, _)| *code).collect();
            assert!(never.is_empty(), "no script of this test has a finding {never:?}");
        }
    }
}

/// Findings with these codes are what the scripts are about; all of them are found in one or the other.
pub fn meant(codes: &[&'static str]) -> OnPurpose {
    OnPurpose::new(Meant::Codes(codes.iter().map(|code| (*code, false)).collect()))
}

/// The scripts of hosts that do not check, and those whose first moments count.
pub fn not_looked_at() -> OnPurpose {
    OnPurpose::new(Meant::Anything)
}

/// Nothing may be found in the script of a test that is not meant. Only what nothing uses is left alone, for scripts that
/// many tests share have more than each of them needs.
pub fn assert_silence(checked: &Receiver<Checked>) {
    let told = MEANT.with_borrow_mut(|meant| {
        let codes = match meant {
            Some(Meant::Anything) => return Vec::new(),
            Some(Meant::Codes(codes)) => codes.as_mut_slice(),
            None => &mut [],
        };
        let new = match checked.recv_timeout(PATIENCE) {
            Ok(checked) => checked.new,
            // A script that has nothing to do has ended.
            Err(RecvTimeoutError::Disconnected) => Vec::new(),
            Err(RecvTimeoutError::Timeout) => panic!("the script was not checked"),
        };
        let found = new.into_iter().filter(|found| !found.code.starts_with("unused-"));
        let told = found.filter(|found| {
            let meant = codes.iter_mut().find(|(code, _)| *code == found.code);
            meant.map(|(_, was_found)| *was_found = true).is_none()
        });
        told.map(|found| found.text).collect()
    });
    assert!(
        told.is_empty(),
        "the check finds something in the script of this test. Is it a mistake? Then mend the script. Is the test about \
         it? Then let it begin with `let _meant = findings::meant(&[code]);`\n{}",
        told.join("\n")
    );
}

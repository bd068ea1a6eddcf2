//! What an error in a callback costs besides its event: `worker.on_script_error`.

/// See the module.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Policy {
    /// Nothing more.
    #[default]
    Keep,
    /// The connection whose event it was.
    Close,
    /// The isolate: it ends and is started anew.
    Exit,
}

impl Policy {
    const NAMES: [(Policy, &'static str); 3] =
        [(Policy::Keep, "keep"), (Policy::Close, "close"), (Policy::Exit, "exit")];

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, n)| *n == name).map(|(policy, _)| *policy)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::NAMES[self as usize].1
    }
}

//! The methods by which functions are announced. All have one long signature, that of rhai's registration, and differ in
//! where the function may be called and whether it waits.

/// Defines such methods. What they are defined on has `add(name, place, waits, function)`.
macro_rules! announcing {
    ($($(#[$doc:meta])* $method:ident: $place:expr, $waits:expr;)*) => {$(
        $(#[$doc])*
        pub(crate) fn $method<A: 'static, const N: usize, const X: bool, R, const F: bool, FUNC>(
            &mut self,
            name: &'static str,
            function: FUNC,
        ) -> &mut Self
        where
            R: rhai::Variant + Clone,
            FUNC: rhai::RhaiNativeFunc<A, N, X, R, F> + Clone + 'static,
        {
            self.add(name, $place, $waits, function)
        }
    )*};
}

pub(super) use announcing;

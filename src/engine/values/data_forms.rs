//! Objects of the host that are data. Each such type has a text that stands for a value of it wherever data is written: in
//! JSON, in the other formats of the standard library, and in templates.

use rhai::{Dynamic, Variant};
use std::{any::TypeId, cell::RefCell};

type Form = Box<dyn Fn(&Dynamic) -> Option<String>>;

thread_local! {
    /// What the types of this thread's engines have announced. All engines of one process have the same types.
    static FORMS: RefCell<Vec<(TypeId, Form)>> = const { RefCell::new(Vec::new()) };
}

/// Says which text stands for a value of this type.
pub(crate) fn announce<T: Variant + Clone>(form: impl Fn(&T) -> String + 'static) {
    FORMS.with_borrow_mut(|forms| {
        let id = TypeId::of::<T>();
        if forms.iter().all(|(known, _)| *known != id) {
            let form = move |value: &Dynamic| value.read_lock::<T>().map(|value| form(&value));
            forms.push((id, Box::new(form)));
        }
    });
}

/// The text that stands for this value, if it is of such a type.
pub(crate) fn text_of(value: &Dynamic) -> Option<String> {
    if value.is_shared() && value.is_locked() {
        return None;
    }
    let id = value.type_id();
    FORMS.with_borrow(|forms| forms.iter().find(|(known, _)| *known == id)?.1(value))
}

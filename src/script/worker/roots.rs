//! The directories whose files a Worker answers with, by the domain that is asked.

use crate::web::document_root::{DocumentRoot, RootOptions};
use std::{cell::RefCell, path::Path, sync::Arc};

/// In the order in which they were added. A domain is in lower case.
#[derive(Default)]
pub(crate) struct Roots(RefCell<Vec<(String, Arc<DocumentRoot>)>>);

impl Roots {
    /// A root that was added for the same domain before is replaced.
    pub(super) fn add(
        &self,
        domain: &str,
        directory: &Path,
        options: RootOptions,
    ) -> Result<(), String> {
        if domain.contains(['/', '@'])
            || domain.rsplit_once(':').is_some_and(|(_, port)| is_port(port))
        {
            return Err(format!("`{domain}` is not a domain: give a name such as www.example.com"));
        }
        let domain = without_dot(domain).to_ascii_lowercase();
        let root = DocumentRoot::open(directory, options)?;
        let mut roots = self.0.borrow_mut();
        match roots.iter_mut().find(|(known, _)| *known == domain) {
            Some((_, old)) => *old = Arc::new(root),
            None => roots.push((domain, Arc::new(root))),
        }
        Ok(())
    }

    /// That of the host, else the first.
    pub(crate) fn find(&self, host: &str) -> Option<Arc<DocumentRoot>> {
        let (roots, host) = (self.0.borrow(), without_dot(host));
        let root = roots.iter().find(|(domain, _)| domain.eq_ignore_ascii_case(host));
        root.or(roots.first()).map(|(_, root)| root.clone())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    pub(super) fn replace_by(&self, newer: &Roots) {
        drop(self.0.replace(newer.0.take()));
    }
}

/// A name with a dot at its end is the same name, said to be complete (RFC 3986 §3.2.2).
fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

fn is_port(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit())
}

//! Which route a request takes, by its method and path. A tree of segments: how many routes there are does not matter.

use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

/// Segments of a pattern, and of a path before its wildcard. Fixed: the tree is walked by recursion.
const MAX_SEGMENTS: usize = 64;

/// A route of this method answers all that have none of their own.
const ANY: &str = "";

/// What stands behind a method at one place of the tree.
#[derive(Debug)]
struct Route<T> {
    value: T,
    /// As it was added.
    pattern: String,
    /// Of its parameters, in order.
    names: Vec<String>,
}

/// Routes by their method.
type Leaf<T> = BTreeMap<String, Route<T>>;

#[derive(Debug)]
struct Node<T> {
    literals: BTreeMap<String, Node<T>>,
    parameter: Option<Box<Node<T>>>,
    /// Routes that end here.
    here: Leaf<T>,
    /// Routes that take whatever follows.
    rest: Leaf<T>,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { literals: BTreeMap::new(), parameter: None, here: Leaf::new(), rest: Leaf::new() }
    }
}

/// What a path leads to.
#[derive(Debug, PartialEq)]
pub(crate) enum Found<T> {
    Route(Routed<T>),
    /// There are routes, of these methods only.
    Others(BTreeMap<String, Routed<T>>),
    Nothing,
}

/// A route with what the path has for it.
#[derive(Debug, PartialEq)]
pub(crate) struct Routed<T> {
    pub(crate) value: T,
    pub(crate) pattern: String,
    /// Names and values of the parameters, decoded.
    pub(crate) parameters: Vec<(String, String)>,
    /// What a wildcard stands for as it was received, from the slash before it on.
    pub(crate) rest: String,
}

/// Routes, each with a value.
#[derive(Debug)]
pub(crate) struct RouteTable<T>(Node<T>);

impl<T> Default for RouteTable<T> {
    fn default() -> Self {
        Self(Node::default())
    }
}

impl<T: Clone> RouteTable<T> {
    /// Adds a route. In the pattern, `:name` stands for one segment and a last `*name` for all that follows. An empty
    /// method is every method.
    pub(crate) fn add(&mut self, method: &str, pattern: &str, value: T) -> Result<(), String> {
        let wrong = |why: &str| Err(format!("`{pattern}` cannot be a route: {why}"));
        if !pattern.starts_with('/') {
            return wrong("it begins with a slash");
        }
        let segments = segments(pattern);
        if segments.len() > MAX_SEGMENTS {
            return wrong("it has too many segments");
        }
        let (mut node, mut names) = (&mut self.0, Vec::<String>::new());
        let mut takes_rest = false;
        for (at, (segment, _)) in segments.iter().enumerate() {
            let name = segment.strip_prefix([':', '*']);
            if let Some(name) = name {
                if name.is_empty() || names.iter().any(|known| known == name) {
                    return wrong("each parameter has a name of its own");
                }
                names.push(name.to_owned());
            }
            node = match segment.as_bytes().first() {
                Some(b':') => &mut **node.parameter.get_or_insert_default(),
                Some(b'*') if at + 1 < segments.len() => {
                    return wrong("nothing can follow a `*`");
                }
                Some(b'*') => {
                    takes_rest = true;
                    break;
                }
                _ => node.literals.entry(decoded(segment)).or_default(),
            };
        }
        let leaf = if takes_rest { &mut node.rest } else { &mut node.here };
        if leaf.contains_key(method) {
            return wrong("there is one of this method already");
        }
        leaf.insert(method.to_owned(), Route { value, pattern: pattern.to_owned(), names });
        Ok(())
    }

    /// Looks for the path of a request, as it was received. A segment that reads like the path's goes before a parameter,
    /// and that before a wildcard. HEAD is answered by GET.
    pub(crate) fn find(&self, method: &str, path: &str) -> Found<T> {
        if !path.starts_with('/') {
            return Found::Nothing;
        }
        let segments = segments(path);
        let mut search = Search { method, path, segments: &segments, others: BTreeMap::new() };
        match search.walk(&self.0, 0, &mut Vec::new()) {
            Some(found) => Found::Route(found),
            None if search.others.is_empty() => Found::Nothing,
            None => Found::Others(search.others),
        }
    }
}

/// One search.
struct Search<'a, T> {
    method: &'a str,
    path: &'a str,
    /// Each segment with where it begins.
    segments: &'a [(&'a str, usize)],
    /// Routes of other methods that lead here, the first of each.
    others: BTreeMap<String, Routed<T>>,
}

impl<T: Clone> Search<'_, T> {
    fn walk(&mut self, node: &Node<T>, at: usize, values: &mut Vec<String>) -> Option<Routed<T>> {
        let Some((segment, _)) = self.segments.get(at) else {
            return self.choose(&node.here, values, String::new());
        };
        let value = decoded(segment);
        if let Some(next) = node.literals.get(&value)
            && let Some(found) = self.walk(next, at + 1, values)
        {
            return Some(found);
        }
        // An empty segment is no value.
        if let Some(next) = node.parameter.as_ref().filter(|_| !value.is_empty()) {
            values.push(value);
            let found = self.walk(next, at + 1, values);
            values.pop();
            if found.is_some() {
                return found;
            }
        }
        if node.rest.is_empty() {
            return None;
        }
        let rest = &self.path[self.segments[at].1..];
        values.push(decoded(rest));
        let found = self.choose(&node.rest, values, format!("/{rest}"));
        values.pop();
        found
    }

    fn choose(&mut self, leaf: &Leaf<T>, values: &[String], rest: String) -> Option<Routed<T>> {
        let routed = |route: &Route<T>| Routed {
            value: route.value.clone(),
            pattern: route.pattern.clone(),
            parameters: route.names.iter().cloned().zip(values.iter().cloned()).collect(),
            rest: rest.clone(),
        };
        let get = || leaf.get("GET").filter(|_| self.method == "HEAD");
        if let Some(route) = leaf.get(self.method).or_else(get).or_else(|| leaf.get(ANY)) {
            return Some(routed(route));
        }
        for (method, route) in leaf {
            self.others.entry(method.clone()).or_insert_with(|| routed(route));
        }
        None
    }
}

/// The segments with where each begins. A slash at the end begins none: `/a/` is `/a`.
fn segments(path: &str) -> Vec<(&str, usize)> {
    let mut segments = Vec::new();
    let mut at = 1;
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    for segment in trimmed.split('/').skip(1) {
        segments.push((segment, at));
        at += segment.len() + 1;
    }
    segments
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::chance::Chance;

    fn table(routes: &[&'static str]) -> RouteTable<&'static str> {
        let mut table = RouteTable::default();
        for route in routes {
            let (method, pattern) = route.split_once(' ').unwrap();
            table.add(method, pattern, *route).unwrap();
        }
        table
    }

    /// The route, its parameters and its rest; or the methods; or nothing.
    fn find(table: &RouteTable<&'static str>, method: &str, path: &str) -> String {
        match table.find(method, path) {
            Found::Route(Routed { value, parameters, rest, .. }) => {
                let shown = parameters.iter().map(|(n, v)| format!(" {n}={v}"));
                let rest = if rest.is_empty() { rest } else { format!(" rest={rest}") };
                format!("{value}{}{rest}", shown.collect::<String>())
            }
            Found::Others(others) => Vec::from_iter(others.into_keys()).join(","),
            Found::Nothing => "-".to_owned(),
        }
    }

    #[test]
    fn a_literal_goes_before_a_parameter_and_that_before_a_wildcard() {
        let table = table(&[
            "GET /",
            "GET /users",
            "GET /users/me",
            "GET /users/:id",
            "GET /users/:id/posts/:post",
            "GET /*path",
            "GET /users/:id/*path",
        ]);
        let find = |path| find(&table, "GET", path);
        assert_eq!(find("/"), "GET /");
        assert_eq!(find("/users"), "GET /users");
        assert_eq!(find("/users/me"), "GET /users/me");
        assert_eq!(find("/users/7"), "GET /users/:id id=7");
        assert_eq!(find("/users/7/posts/8"), "GET /users/:id/posts/:post id=7 post=8");
        assert_eq!(find("/users/me/posts/8"), "GET /users/:id/posts/:post id=me post=8");
        assert_eq!(find("/users/7/posts"), "GET /users/:id/*path id=7 path=posts rest=/posts");
        assert_eq!(find("/a/b//c/"), "GET /*path path=a/b//c/ rest=/a/b//c/");
    }

    #[test]
    fn a_slash_at_the_end_is_no_segment() {
        let table = table(&["GET /a", "GET /b/", "GET /c/*rest"]);
        assert_eq!(find(&table, "GET", "/a/"), "GET /a");
        assert_eq!(find(&table, "GET", "/b"), "GET /b/");
        for nothing in ["/a//", "//a", "/c", "/c/", "", "*", "a"] {
            assert_eq!(find(&table, "GET", nothing), "-", "{nothing}");
        }
    }

    #[test]
    fn segments_are_decoded_once_and_after_they_are_cut() {
        let table = table(&["GET /käse/:name", "GET /files/*path"]);
        assert_eq!(
            find(&table, "GET", "/k%C3%A4se/a%20b%2fc%2525"),
            "GET /käse/:name name=a b/c%25"
        );
        assert_eq!(
            find(&table, "GET", "/files/a%2Fb/%2e"),
            "GET /files/*path path=a/b/. rest=/a%2Fb/%2e"
        );
    }

    #[test]
    fn methods_that_would_do_are_told() {
        let table = table(&["GET /a", "POST /a", "PUT /:x", "DELETE /b", " /c", "PUT /c"]);
        assert_eq!(find(&table, "HEAD", "/a"), "GET /a");
        assert_eq!(find(&table, "PUT", "/a"), "PUT /:x x=a");
        assert_eq!(find(&table, "PATCH", "/a"), "GET,POST,PUT");
        assert_eq!(find(&table, "GET", "/b"), "DELETE,PUT");
        assert_eq!(find(&table, "GET", "/c"), " /c");
        assert_eq!(find(&table, "PUT", "/c"), "PUT /c");
    }

    #[test]
    fn routes_of_other_methods_are_told_with_what_the_path_has_for_them() {
        let table =
            table(&["GET /users/me", "PUT /users/:id", "GET /users/:id", "POST /users/*rest"]);
        let Found::Others(others) = table.find("DELETE", "/users/me") else { panic!("others") };
        let shown: Vec<String> = others
            .iter()
            .map(|(method, routed)| format!("{method} {} {:?}", routed.pattern, routed.parameters))
            .collect();
        let wanted = [
            "GET /users/me []",
            "POST /users/*rest [(\"rest\", \"me\")]",
            "PUT /users/:id [(\"id\", \"me\")]",
        ];
        assert_eq!(shown, wanted);
    }

    #[test]
    fn what_cannot_be_a_route_is_refused() {
        let mut table = table(&["GET /a/:x"]);
        for bad in ["", "a", "*", "/:", "/*", "/:a/:a", "/*a/b", "/a/:y"] {
            assert!(table.add("GET", bad, "").is_err(), "{bad}");
        }
        assert!(table.add("GET", &"/a".repeat(MAX_SEGMENTS + 1), "").is_err());
        table.add("POST", "/a/:y", "").unwrap();
    }

    #[test]
    fn random_paths_do_no_harm() {
        let mut chance = Chance::new(11);
        let table = table(&["GET /a/:b/*c", "GET /:a/b", "PUT /a/b/c/d", "GET /*all"]);
        for _ in 0..20_000 {
            let path = String::from_utf8(chance.bytes_of(b"abcd/%2F", 24)).unwrap();
            table.find("GET", &format!("/{path}"));
        }
    }
}

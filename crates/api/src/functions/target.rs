//! Which function a request is for, and what of its target the function sees.

use http::Uri;

/// A request's target, taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) project: &'a str,
    pub(super) function: &'a str,
    /// The part of the path that is taken off: `/{project}/{function}`.
    pub(super) base: &'a str,
    /// What the function sees: the path behind the base, `/` at least, and the query.
    pub(super) rest: String,
}

impl<'a> Target<'a> {
    /// Takes a target apart; none where its path does not name a project and a function.
    pub(super) fn of(uri: &'a Uri) -> Option<Self> {
        let path = uri.path();
        let (project, behind) = path.strip_prefix('/')?.split_once('/')?;
        let (function, _) = behind.split_once('/').unwrap_or((behind, ""));
        if project.is_empty() || function.is_empty() {
            return None;
        }
        let (base, path) = path.split_at(project.len() + function.len() + 2);
        Some(Self {
            project,
            function,
            base,
            rest: rest(path, uri.query()),
        })
    }
}

fn rest(path: &str, query: Option<&str>) -> String {
    let path = if path.is_empty() { "/" } else { path };
    match query {
        None => path.to_owned(),
        Some(query) => format!("{path}?{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_see_what_is_behind_their_names() {
        let cases = [
            ("/shop/web", Some(("shop", "web", "/shop/web", "/"))),
            ("/shop/web/", Some(("shop", "web", "/shop/web", "/"))),
            ("/shop/web?a=1", Some(("shop", "web", "/shop/web", "/?a=1"))),
            (
                "/shop/web/a/b%2Fc//d?x=%20&y",
                Some(("shop", "web", "/shop/web", "/a/b%2Fc//d?x=%20&y")),
            ),
            ("/shop/web//", Some(("shop", "web", "/shop/web", "//"))),
            (
                "/shop/web/../other",
                Some(("shop", "web", "/shop/web", "/../other")),
            ),
            (
                "http://localhost:1/shop/web/x",
                Some(("shop", "web", "/shop/web", "/x")),
            ),
            ("/", None),
            ("/shop", None),
            ("/shop/", None),
            ("//web/x", None),
            ("*", None),
        ];
        for (uri, expected) in cases {
            let uri: Uri = uri.parse().unwrap();
            let found = Target::of(&uri);
            let found = found
                .as_ref()
                .map(|target| (target.project, target.function, target.base, &*target.rest));
            assert_eq!(found, expected, "{uri}");
        }
    }
}

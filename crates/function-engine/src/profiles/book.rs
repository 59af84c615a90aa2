//! What is known of the texts of profiles: where each is from, and which are refused.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use weft_pool::Profile;

use crate::Profiles;
use crate::port::{Origin, Written};

/// Remembers the texts.
#[derive(Default)]
pub(crate) struct Book(Mutex<Entries>);

/// By name.
pub(super) type Entries = BTreeMap<String, Entry>;

/// What is known of a profile's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Of what is in force.
    pub(super) text: String,
    pub(super) origin: Origin,
    /// Why what is written now is not in force.
    pub(super) refused: Option<String>,
}

/// What is to be done so that what is written comes into force.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Steps {
    /// Profiles that are new or changed, and those that are gone.
    pub(super) changes: Vec<(String, Option<Profile>)>,
    /// Profiles whose text is wrong, with the place.
    pub(super) refused: BTreeMap<String, String>,
}

impl Book {
    pub(super) fn lock(&self) -> MutexGuard<'_, Entries> {
        // Nothing that can panic half-way runs under the lock.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Compares what is written with what is in force.
    pub(super) fn compare(&self, in_force: &Profiles, written: &BTreeMap<String, Written>) -> Steps {
        steps(in_force, written)
    }

    /// Notes what is in force now, of what is written.
    pub(super) fn note(
        &self,
        in_force: &Profiles,
        written: &BTreeMap<String, Written>,
        refused: &BTreeMap<String, String>,
    ) {
        let mut entries = self.lock();
        entries.retain(|name, _| in_force.contains_key(name));
        for (name, written) in written.iter().filter(|(name, _)| in_force.contains_key(*name)) {
            let known = entries.get(name).map(|entry| entry.text.clone());
            let text = match (&written.text, refused.get(name)) {
                (Ok(text), None) => text.clone(),
                _ => known.unwrap_or_default(),
            };
            let entry = Entry {
                text,
                origin: written.origin,
                refused: refused.get(name).cloned(),
            };
            entries.insert(name.clone(), entry);
        }
        for (name, entry) in entries
            .iter_mut()
            .filter(|(name, _)| !written.contains_key(*name))
        {
            entry.refused = refused.get(name).cloned();
        }
    }
}

/// What is to be done so that what is written comes into force: changes first, so that who has to move finds a place.
fn steps(in_force: &Profiles, written: &BTreeMap<String, Written>) -> Steps {
    let mut steps = Steps::default();
    for (name, written) in written {
        let parsed = match &written.text {
            Ok(text) => Profile::parse(name, text).map_err(|error| error.to_string()),
            Err(why) => Err(why.clone()),
        };
        match parsed {
            Ok(profile) if in_force.get(name) == Some(&profile) => {}
            Ok(profile) => steps.changes.push((name.clone(), Some(profile))),
            Err(why) => drop(steps.refused.insert(name.clone(), why)),
        }
    }
    let gone = in_force.keys().filter(|name| !written.contains_key(*name));
    steps.changes.extend(gone.map(|name| (name.clone(), None)));
    steps
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is how a failure is told")]
mod tests {
    use super::*;

    fn in_force(texts: &[(&str, &str)]) -> Profiles {
        let read = |(name, text): &(&str, &str)| ((*name).to_owned(), Profile::parse(name, text).unwrap());
        texts.iter().map(read).collect()
    }

    fn written(texts: &[(&str, &str)]) -> BTreeMap<String, Written> {
        let write = |(name, text): &(&str, &str)| {
            let written = Written {
                text: Ok((*text).to_owned()),
                origin: Origin::File,
            };
            ((*name).to_owned(), written)
        };
        texts.iter().map(write).collect()
    }

    /// Which profiles change (`+`), go (`-`) and are refused (`!`, with what is wrong).
    fn check(before: &[(&str, &str)], now: &[(&str, &str)], expected: &[&str]) {
        let steps = steps(&in_force(before), &written(now));
        let sign = |profile: &Option<Profile>| if profile.is_some() { '+' } else { '-' };
        let changes = steps
            .changes
            .iter()
            .map(|(name, profile)| format!("{}{name}", sign(profile)));
        let refused = steps.refused.iter().map(|(name, why)| format!("!{name} {why}"));
        assert_eq!(changes.chain(refused).collect::<Vec<_>>(), expected, "{now:?}");
    }

    #[test]
    fn what_is_written_is_compared_with_what_is_in_force() {
        check(&[], &[], &[]);
        check(&[("a", "")], &[("a", "")], &[]);
        check(&[("a", "")], &[("a", "# only a remark\n")], &[]);
        check(&[("a", "")], &[("a", "reuse = 2")], &["+a"]);
        check(&[("a", "")], &[("a", ""), ("b", "")], &["+b"]);
        check(&[("a", ""), ("b", "")], &[("b", "")], &["-a"]);
        check(&[("a", "")], &[("b", "")], &["+b", "-a"]);
        check(
            &[("a", "")],
            &[("a", "\nreuse = 0")],
            &["!a runtime-pools/a.toml:2:9: `reuse` is 0: 1 to 4294967295 is allowed"],
        );
    }

    #[test]
    fn a_refused_text_leaves_the_one_in_force_known() {
        let book = Book::default();
        let before = in_force(&[("a", "reuse = 2"), ("b", "")]);
        book.note(
            &before,
            &written(&[("a", "reuse = 2"), ("b", "")]),
            &BTreeMap::new(),
        );
        let refused = BTreeMap::from([
            ("a".to_owned(), "no".to_owned()),
            ("b".to_owned(), "used".to_owned()),
        ]);
        book.note(&before, &written(&[("a", "reuse = 0")]), &refused);
        let entries = book.lock().clone();
        let known = |name: &str| {
            let entry = &entries[name];
            (entry.text.as_str(), entry.refused.as_deref())
        };
        assert_eq!(known("a"), ("reuse = 2", Some("no")));
        assert_eq!(known("b"), ("", Some("used")));
        book.note(&in_force(&[("a", "")]), &written(&[("a", "")]), &BTreeMap::new());
        let entries = book.lock().clone();
        assert_eq!(entries.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(entries["a"].refused, None);
    }
}

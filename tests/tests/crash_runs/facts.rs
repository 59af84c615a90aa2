//! What was seen from outside, and thus may never change.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use weft_powerloss::{Event, Recorder};

/// Facts by what they are about, such as `result/<run>`.
pub(crate) type Known = BTreeMap<String, Value>;

/// Nobody has to be told of these again: the payee and the clients have them for themselves, or may happen to see them.
const OWN: [&str; 3] = ["begun/", "charge/", "closed/"];
/// Of a longer value only its hash is kept.
const LONG: usize = 256;

/// A notebook that several clients and the payee share.
#[derive(Default)]
pub(crate) struct Facts {
    inner: Mutex<Inner>,
    /// Where facts are noted between what the server does to its disk.
    recorder: Option<Recorder>,
}

#[derive(Default)]
struct Inner {
    known: Known,
    /// Seen before the crash, and not again so far.
    pending: BTreeSet<String>,
    /// After the crash: what is seen is no longer pending.
    crashed: bool,
    wrong: Vec<String>,
}

impl Facts {
    /// A notebook that also goes into the record of what the disk is told.
    pub(crate) fn recorded_by(recorder: Recorder) -> Self {
        Self {
            inner: Mutex::default(),
            recorder: Some(recorder),
        }
    }

    /// What was known when the power was cut; all of it must be seen again.
    pub(crate) fn after_crash(known: Known) -> Self {
        let facts = Self::default();
        facts.lock().known = known;
        facts.all_again();
        facts
    }

    /// Where the facts are noted as well.
    pub(crate) fn recorder(&self) -> Option<&Recorder> {
        self.recorder.as_ref()
    }

    /// Notes what is seen. What was seen before must be the same.
    pub(crate) fn see(&self, subject: String, value: Value) {
        let value = brief(value);
        let mut inner = self.lock();
        match inner.known.get(&subject) {
            Some(before) if *before != value => {
                let text = format!("{subject} was {before} and is {value}");
                inner.wrong.push(text);
            }
            Some(_) => {}
            None => {
                if let Some(recorder) = &self.recorder {
                    recorder.mark(&json!([subject, value]).to_string()).unwrap();
                }
                inner.known.insert(subject.clone(), value);
            }
        }
        if inner.crashed {
            inner.pending.remove(&subject);
        } else if is_told(&subject) {
            inner.pending.insert(subject);
        }
    }

    /// Notes what must not be.
    pub(crate) fn wrong(&self, text: String) {
        self.lock().wrong.push(text);
    }

    /// What was seen of this.
    pub(crate) fn known(&self, subject: &str) -> Option<Value> {
        self.lock().known.get(subject).cloned()
    }

    /// All that was seen of subjects that begin so, without their beginning.
    pub(crate) fn below(&self, beginning: &str) -> Vec<(String, Value)> {
        let inner = self.lock();
        let from = inner.known.range(beginning.to_owned()..);
        from.map_while(|(subject, value)| Some((subject.strip_prefix(beginning)?.to_owned(), value.clone())))
            .collect()
    }

    /// Now the server goes down; what is pending must be seen again.
    pub(crate) fn crash(&self) {
        self.lock().crashed = true;
    }

    /// A new life begins, and nothing of it was seen yet.
    pub(crate) fn begin(&self) {
        let mut inner = self.lock();
        inner.crashed = false;
        inner.pending.clear();
    }

    /// All that was ever seen must be seen again.
    pub(crate) fn all_again(&self) {
        let mut inner = self.lock();
        inner.crashed = true;
        inner.pending = inner
            .known
            .keys()
            .filter(|subject| is_told(subject))
            .cloned()
            .collect();
    }

    /// Fails where anything is wrong.
    pub(crate) fn assert_right(&self, when: &str) {
        let inner = self.lock();
        assert!(inner.wrong.is_empty(), "{when}, wrong: {}", shown(&inner.wrong));
    }

    /// Fails where anything is wrong or was not seen again.
    pub(crate) fn assert_kept(&self, when: &str) {
        self.assert_right(when);
        let inner = self.lock();
        assert!(
            inner.pending.is_empty(),
            "{when}, lost: {}",
            shown(&inner.pending)
        );
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes what a record has been told.
pub(crate) fn read(event: &Event, known: &mut Known) {
    let Event::Mark { text } = event else { return };
    if let Ok((subject, value)) = serde_json::from_slice::<(String, Value)>(text) {
        known.insert(subject, value);
    }
}

/// How many there are, and the beginning of the first ones.
fn shown<'t>(texts: impl IntoIterator<Item = &'t String, IntoIter: ExactSizeIterator>) -> String {
    let texts = texts.into_iter();
    let mut all = format!("{} in all", texts.len());
    for text in texts.take(10) {
        all.push_str("\n  ");
        all.extend(text.chars().take(1000));
    }
    all
}

fn brief(value: Value) -> Value {
    let text = value.to_string();
    if text.len() <= LONG {
        return value;
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    json!({ "length": text.len(), "hash": hasher.finish() })
}

fn is_told(subject: &str) -> bool {
    !OWN.iter().any(|own| subject.starts_with(own))
}

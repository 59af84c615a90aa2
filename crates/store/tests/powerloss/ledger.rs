//! What was promised: notes in the record, made before something is asked for and after it was acknowledged.

use std::collections::BTreeMap;

use weft_powerloss::{Event, mark_own};

/// Notes that something is about to be asked for: from now on it may come true.
pub(crate) fn asked(thing: &str, value: &str) {
    mark_own(&format!("asked {thing} {value}")).unwrap();
}

/// Notes that it was acknowledged: from now on it must be true.
pub(crate) fn acknowledged(thing: &str, value: &str) {
    mark_own(&format!("acknowledged {thing} {value}")).unwrap();
}

/// Notes that it was refused, and thus must not come true.
pub(crate) fn refused(thing: &str, value: &str) {
    mark_own(&format!("refused {thing} {value}")).unwrap();
}

/// For everything that was asked for, the values it may have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    allowed: BTreeMap<String, Vec<String>>,
}

impl Ledger {
    /// Takes note of an event of the record.
    pub(crate) fn read(&mut self, event: &Event) {
        let Event::Mark { text } = event else { return };
        let text = String::from_utf8_lossy(text);
        let mut words = text.splitn(3, ' ');
        let (Some(what), Some(thing), Some(value)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        // What was never asked for is not there.
        let allowed = self
            .allowed
            .entry(thing.to_owned())
            .or_insert_with(|| vec![String::new()]);
        match what {
            "refused" => drop(allowed.pop_if(|last| last == value)),
            "acknowledged" => {
                // What was asked for later may have come true, too.
                let asked = allowed.iter().rposition(|asked| asked == value);
                drop(allowed.drain(..asked.unwrap_or(0)));
            }
            _ => allowed.push(value.to_owned()),
        }
    }

    /// Whether anything was promised.
    pub(crate) fn promises(&self) -> bool {
        self.allowed
            .values()
            .any(|values| !values.contains(&String::new()))
    }

    /// Whatever was asked for, with the values it may have.
    pub(crate) fn things(&self) -> impl Iterator<Item = (&str, &[String])> {
        self.allowed
            .iter()
            .map(|(thing, values)| (thing.as_str(), values.as_slice()))
    }
}

//! One delivery, as it is written down.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use weft_types::RunId;

/// Somebody to be told of the end of a run, and how far that is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Delivery {
    /// Where to.
    pub url: String,
    /// How far it is.
    pub state: State,
    /// Attempts so far.
    pub attempts: u32,
    /// When the last one ended.
    pub attempted_at: Option<Timestamp>,
    /// When the next one is due; none before the run's end, and behind the last.
    pub due: Option<Timestamp>,
    /// The status that the last one was answered with.
    pub status: Option<u16>,
    /// Why the last one failed.
    pub error: Option<String>,
}

/// How far a delivery is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The run has not ended, or an attempt is to come.
    Pending,
    /// It was taken.
    Delivered,
    /// It was not, and no further attempt is made.
    Failed,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// An answer of this status.
    Answered(u16),
    /// No answer, but one may come another time.
    Unanswered(String),
    /// It cannot be delivered.
    Impossible(String),
}

/// A receiver that answers so wants to hear no more.
const GONE: u16 = 410;

impl Delivery {
    pub(crate) fn new(url: String) -> Self {
        Self {
            url,
            state: State::Pending,
            attempts: 0,
            attempted_at: None,
            due: None,
            status: None,
            error: None,
        }
    }

    /// An attempt ended. `next` is when another would be due; none where it was the last.
    pub(crate) fn attempted(&mut self, outcome: Outcome, at: Timestamp, next: Option<Timestamp>) {
        self.attempts = self.attempts.saturating_add(1);
        self.attempted_at = Some(at);
        (self.status, self.error) = match &outcome {
            Outcome::Answered(status @ 200..300) => (Some(*status), None),
            Outcome::Answered(status) => (Some(*status), Some(format!("it was answered with {status}"))),
            Outcome::Unanswered(why) | Outcome::Impossible(why) => (None, Some(why.clone())),
        };
        (self.state, self.due) = match outcome {
            Outcome::Answered(200..300) => (State::Delivered, None),
            Outcome::Answered(GONE) | Outcome::Impossible(_) => (State::Failed, None),
            Outcome::Answered(_) | Outcome::Unanswered(_) => match next {
                Some(next) => (State::Pending, Some(next)),
                None => (State::Failed, None),
            },
        };
    }

    /// It comes to nothing, without an attempt.
    pub(crate) fn given_up(&mut self, why: String) {
        self.state = State::Failed;
        self.due = None;
        self.error = Some(why);
    }
}

/// By which the receiver can tell a delivery that was made before: the same over all attempts.
pub(crate) fn key(run: RunId) -> String {
    format!("weft-run-ended-{run}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_an_attempt() {
        let at: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let next: Timestamp = "2026-01-01T00:00:01Z".parse().unwrap();
        let answered = Outcome::Answered;
        let cases = [
            (answered(200), Some(next), State::Delivered),
            (answered(204), None, State::Delivered),
            (answered(299), Some(next), State::Delivered),
            (answered(301), Some(next), State::Pending),
            (answered(404), Some(next), State::Pending),
            (answered(410), Some(next), State::Failed),
            (answered(500), Some(next), State::Pending),
            (answered(500), None, State::Failed),
            (Outcome::Unanswered("refused".into()), Some(next), State::Pending),
            (Outcome::Unanswered("refused".into()), None, State::Failed),
            (
                Outcome::Impossible("not allowed".into()),
                Some(next),
                State::Failed,
            ),
        ];
        for (outcome, next, state) in cases {
            let mut delivery = Delivery::new("http://a/".to_owned());
            delivery.attempted(outcome.clone(), at, next);
            assert_eq!(delivery.state, state, "{outcome:?}");
            assert_eq!(delivery.due.is_some(), state == State::Pending, "{outcome:?}");
            assert_eq!(delivery.error.is_none(), state == State::Delivered, "{outcome:?}");
            assert_eq!((delivery.attempts, delivery.attempted_at), (1, Some(at)));
        }
    }
}

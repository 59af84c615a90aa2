//! Instances between two calls, which end where others need their memory.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::live::Live;

/// Where an instance is kept between its calls. It may be gone when the next one comes.
pub(crate) type Place = Arc<Mutex<Option<Live>>>;

/// How many places are remembered before it is looked for the first time which of them are gone.
const LEAST: usize = 64;

/// The places of all instances that serve more than one call.
#[derive(Default)]
pub(super) struct Idle(Mutex<Places>);

#[derive(Default)]
struct Places {
    all: Vec<Weak<Mutex<Option<Live>>>>,
    /// With so many it is looked which of them are gone.
    look_at: usize,
}

impl Idle {
    /// A new place, empty.
    pub(super) fn place(&self) -> Place {
        let place = Place::default();
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.all.len() >= places.look_at.max(LEAST) {
            places.all.retain(|place| place.strong_count() > 0);
            places.look_at = 2 * places.all.len();
        }
        places.all.push(Arc::downgrade(&place));
        place
    }

    /// Ends the one of those that has had its place for longest; false where all are being called.
    pub(super) fn end_one(&self) -> bool {
        let live = {
            let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            places.all.iter().find_map(|place| {
                let place = place.upgrade()?;
                // Who holds it is about to call it.
                let mut live = place.try_lock().ok()?;
                live.take()
            })
        };
        // Gives its memory back here, with nothing locked.
        live.is_some()
    }
}

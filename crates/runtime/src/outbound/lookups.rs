//! Bounds on the look-ups of names. The system's resolver has a thread to itself for each, for as long as it takes, and whoever
//! asked may have gone long before: a function whose names nobody answers for would have all threads that block to itself.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Look-ups of the server at once: few beside the 512 threads that block for each core, on which code is read and written as well.
const AT_ONCE: usize = 64;
/// Look-ups of all versions that wait for those.
const WAITING: usize = 256;
/// Look-ups of one version at once: others have the rest.
const OF_A_VERSION: usize = 16;
/// Look-ups of one version that wait. One that wants more has calls wait for names that are not answered for.
const OF_A_VERSION_WAITING: usize = 64;

/// Places for look-ups, and for those that wait for one.
pub(super) struct Lookups {
    places: Arc<Semaphore>,
    waiting: Semaphore,
    most: (usize, usize),
    whose: &'static str,
}

/// The right to a look-up, until it has ended.
pub(super) type Place = OwnedSemaphorePermit;

impl Lookups {
    /// Those of all versions together.
    pub(super) fn of_all() -> Self {
        Self::new(AT_ONCE, WAITING, "the server")
    }

    /// Those of one version.
    pub(super) fn of_a_version() -> Self {
        Self::new(OF_A_VERSION, OF_A_VERSION_WAITING, "the version")
    }

    fn new(at_once: usize, waiting: usize, whose: &'static str) -> Self {
        Self {
            places: Arc::new(Semaphore::new(at_once)),
            waiting: Semaphore::new(waiting),
            most: (at_once, waiting),
            whose,
        }
    }

    /// Waits for a place.
    ///
    /// # Errors
    /// Where as many wait as may: why, for the owner of the function.
    pub(super) async fn enter(&self) -> Result<Place, String> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let full = |_| {
            let (whose, (at_once, waiting)) = (self.whose, self.most);
            format!(
                "{whose} has {at_once} look-ups of names under way and {waiting} that wait, the most it may have"
            )
        };
        let _waiting = self.waiting.try_acquire().map_err(full)?;
        let place = Arc::clone(&self.places).acquire_owned().await;
        place.map_err(|_| format!("{} looks no names up any longer", self.whose))
    }
}

//! Who may go on, where not everybody can: so many at once, the others in line.

mod gate;
mod levels;
mod line;
mod places;
mod waits;

pub(crate) use gate::Gate;
pub(crate) use levels::Levels;
pub(crate) use places::Places;
pub(crate) use waits::{Waiting, Waits};

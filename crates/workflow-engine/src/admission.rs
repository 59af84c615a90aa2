//! Who may go on, where not everybody can: so many at once, the others in line.

mod gate;
mod line;
mod places;

pub(crate) use gate::Gate;
pub(crate) use places::Places;

//! How much room a body that is being read is given at once.

/// From here on room is made for all that was announced: an announcement is cheap, so many bytes are not.
pub(super) const EARNEST: usize = 1 << 20;

/// How much room to make at once.
pub(super) enum Room {
    /// For all that is still to come.
    Exact(usize),
    /// For the next part, and as much ahead as grows well.
    Growing(usize),
}

/// For a body of `announced` bytes, of which there are `len`, when `more` arrive.
pub(super) fn room(announced: usize, len: usize, more: usize) -> Room {
    let to_come = announced.saturating_sub(len);
    let sure = to_come <= EARNEST || len >= EARNEST;
    if sure && to_come >= more {
        Room::Exact(to_come)
    } else {
        Room::Growing(more)
    }
}

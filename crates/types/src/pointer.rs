//! JSON pointers (RFC 6901).

use std::fmt;

/// A pointer as sentences tell it: the empty one in words, as there is nothing to be seen of it.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a>(pub &'a str);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => f.write_str("the root"),
            pointer => write!(f, "`{pointer}`"),
        }
    }
}

/// Appends the member `name` to a pointer.
pub(crate) fn push(pointer: &mut String, name: &str) {
    pointer.push('/');
    for char in name.chars() {
        match char {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            _ => pointer.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_told_in_a_way_that_can_be_seen() {
        assert_eq!(Told("").to_string(), "the root");
        assert_eq!(Told("/").to_string(), "`/`");
        assert_eq!(Told("/a/0").to_string(), "`/a/0`");
    }
}

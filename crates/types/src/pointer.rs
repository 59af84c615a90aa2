//! JSON pointers (RFC 6901).

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

//! Where a secret is to stand: `{{secret:NAME}}`.

use super::{SecretName, SecretText};

const BEGIN: &str = "{{secret:";
const END: &str = "}}";

/// What begins as a place for a secret and is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret's place is written `{{{{secret:NAME}}}}`, and this one has no name or no end")]
pub struct Malformed;

/// Puts secrets into their places in a text, as `find` has them; none where there is no place.
///
/// # Errors
/// That of `find`, or where a place is malformed.
pub fn fill<E: From<Malformed>>(
    text: &str,
    mut find: impl FnMut(&SecretName) -> Result<SecretText, E>,
) -> Result<Option<String>, E> {
    let mut filled: Option<String> = None;
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(BEGIN) {
        let (name, behind) = after.split_once(END).ok_or(Malformed)?;
        let name = name.parse().map_err(|_| Malformed)?;
        let secret = find(&name)?;
        let filled = filled.get_or_insert_default();
        filled.push_str(before);
        // What a secret contains is no place itself.
        filled.push_str(secret.reveal());
        rest = behind;
    }
    if let Some(filled) = &mut filled {
        filled.push_str(rest);
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Wrong {
        Malformed,
        Unknown,
    }

    impl From<Malformed> for Wrong {
        fn from(_: Malformed) -> Self {
            Self::Malformed
        }
    }

    fn check(text: &str, expected: Result<Option<&str>, Wrong>) {
        let filled = fill(text, |name| match name.as_str() {
            "KEY" => Ok(SecretText::new("k-1".to_owned()).unwrap()),
            "TRICK" => Ok(SecretText::new("{{secret:KEY}}".to_owned()).unwrap()),
            _ => Err(Wrong::Unknown),
        });
        assert_eq!(filled, expected.map(|text| text.map(str::to_owned)), "{text}");
    }

    #[test]
    fn secrets_stand_where_their_places_were() {
        check("plain", Ok(None));
        check("{{other:KEY}} {secret:KEY}", Ok(None));
        check("{{secret:KEY}}", Ok(Some("k-1")));
        check("Bearer {{secret:KEY}}", Ok(Some("Bearer k-1")));
        check("a{{secret:KEY}}b{{secret:KEY}}c", Ok(Some("ak-1bk-1c")));
        check("{{secret:TRICK}}", Ok(Some("{{secret:KEY}}")));
    }

    #[test]
    fn what_is_no_place_is_refused() {
        check("{{secret:NONE}}", Err(Wrong::Unknown));
        check("{{secret:KEY", Err(Wrong::Malformed));
        check("{{secret:}}", Err(Wrong::Malformed));
        check("{{secret: KEY }}", Err(Wrong::Malformed));
    }
}

//! What is wrong with a program, in words.

use jaq_core::compile::Undefined;
use jaq_core::load::{self, lex};

/// The longest piece of a program that is repeated in a message, in characters.
const SHOWN: usize = 40;

/// Why a program cannot be read.
pub fn unreadable(program: &str, errors: &load::Errors<&str, ()>) -> String {
    let mistakes = errors.iter().flat_map(|(_, error)| match error {
        load::Error::Io(missing) => missing
            .iter()
            .map(|(path, why)| format!("{path}: {why}"))
            .collect::<Vec<_>>(),
        load::Error::Lex(wrong) => wrong
            .iter()
            .map(|(expected, found)| unlexed(program, expected, found))
            .collect(),
        load::Error::Parse(wrong) => wrong
            .iter()
            .map(|(expected, found)| misplaced(program, expected.as_str(), found))
            .collect(),
    });
    mistakes.collect::<Vec<_>>().join("; ")
}

/// What a program names and does not exist.
pub fn undefined(errors: &jaq_core::compile::Errors<&str, ()>) -> String {
    let mistakes = errors
        .iter()
        .flat_map(|(_, errors)| errors)
        .map(|(name, kind)| match kind {
            Undefined::Filter(arity) => format!("there is no filter {name}/{arity}"),
            kind => format!("there is no {} {name}", kind.as_str()),
        });
    mistakes.collect::<Vec<_>>().join("; ")
}

fn unlexed(program: &str, expected: &lex::Expect<&str>, found: &str) -> String {
    match expected {
        lex::Expect::Delim(open) => format!("`{open}` {} is not closed", place(program, open)),
        expected => misplaced(program, expected.as_str(), found),
    }
}

fn misplaced(program: &str, expected: &str, found: &str) -> String {
    if found.is_empty() {
        return format!("expected {expected} at the end");
    }
    let shown: String = found.chars().take(SHOWN).collect();
    format!("expected {expected} {}, found `{shown}`", place(program, found))
}

/// Where a piece of the program begins, in characters from 1.
fn place(program: &str, piece: &str) -> String {
    let offset = (piece.as_ptr() as usize).wrapping_sub(program.as_ptr() as usize);
    let before = program.get(..offset).map(|before| before.chars().count());
    before.map_or_else(
        || "in a definition".to_owned(),
        |before| format!("at character {}", before + 1),
    )
}

//! Which of some names was probably meant.

/// Names longer than this are not compared, in characters.
const LONGEST: usize = 64;
/// At most so many names are compared.
const MOST: usize = 1000;

/// The name that differs least from `word`, where it differs little: by one letter in three at most.
#[must_use]
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters: Vec<char> = word.chars().take(LONGEST + 1).collect();
    if letters.len() > LONGEST {
        return None;
    }
    let allowed = (letters.len() / 3).max(1);
    names
        .into_iter()
        .take(MOST)
        .filter(|name| name.len().abs_diff(word.len()) <= allowed * 4)
        .map(|name| (distance(&letters, name), name))
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// `, did you mean …?` or nothing: the end of a message about an unknown name.
#[must_use]
pub fn hint<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, names).map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// How many letters are added, left out, replaced, or swapped with their neighbour.
fn distance(word: &[char], name: &str) -> usize {
    let name: Vec<char> = name.chars().take(LONGEST + 1).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=name.len()).collect();
    for (row, letter) in word.iter().enumerate() {
        let mut next = Vec::with_capacity(last.len());
        next.push(row + 1);
        for (column, other) in name.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != other);
            let mut least = replaced.min(last[column + 1] + 1).min(next[column] + 1);
            let swapped = row > 0 && column > 0 && *other == word[row - 1] && *letter == name[column - 1];
            if swapped {
                least = least.min(before[column - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[name.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn what_was_meant() {
        let check = |word: &str, expected: Option<&str>| {
            assert_eq!(
                nearest(word, ["call", "sleep", "wait", "for-each", "when"]),
                expected,
                "{word}"
            );
        };
        check("cal", Some("call"));
        check("cakl", Some("call"));
        check("clal", Some("call"));
        check("foreach", Some("for-each"));
        check("wehn", Some("when"));
        check("sleeep", Some("sleep"));
        check("", None);
        check("x", None);
        check("retry", None);
        check("sl", None);
        check(&"call".repeat(100), None);
    }
}

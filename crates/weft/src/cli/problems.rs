//! Everything that is wrong with a definition, each at its place.

use serde::Deserialize;
use weft_api::wire::Mistake;

use crate::failure::Failure;
use crate::output::Output;

/// A refused definition with all its problems, one a line, as `order.yaml:3:5 nodes.total.call: …`; any other error as it is.
/// `name` is that of the file, or what else the lines count in.
pub(crate) fn listed(error: anyhow::Error, name: &str) -> anyhow::Error {
    match error.downcast::<Failure>() {
        Ok(failure) => match lines(&failure, name) {
            Some(lines) => failure.told(lines).into(),
            None => failure.into(),
        },
        Err(error) => error,
    }
}

fn lines(failure: &Failure, name: &str) -> Option<String> {
    let problems = failure.as_details()?.get("problems")?;
    let problems = Vec::<Mistake>::deserialize(problems).ok()?;
    let how_many = match problems.len() {
        0 => return None,
        1 => "a problem".to_owned(),
        many => format!("{many} problems"),
    };
    let mut text = format!("the definition has {how_many}");
    for problem in &problems {
        text.push('\n');
        text.push_str(&in_line(problem, name));
    }
    Some(text)
}

/// Tells people of what may be saved but would not work, one a line. `name` as in [`listed`].
pub(crate) fn warn(warnings: &[Mistake], name: &str, output: Output) {
    for warning in warnings {
        output.note(format_args!("warning: {}", in_line(warning, name)));
    }
}

fn in_line(mistake: &Mistake, name: &str) -> String {
    let Mistake {
        line,
        column,
        path,
        code,
        message,
    } = mistake;
    let path = if path.is_empty() {
        String::new()
    } else {
        format!(" {path}:")
    };
    let code = if code.is_empty() {
        String::new()
    } else {
        format!(" [{code}]")
    };
    format!("{name}:{line}:{column}{path} {message}{code}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::failure::Exit;

    fn check(details: Value, expected: &str) {
        let failure = Failure::new(Exit::Refused, "told by the server").details(details);
        assert_eq!(listed(failure.into(), "bad.yaml").to_string(), expected);
    }

    #[test]
    fn each_problem_has_a_line_with_its_place() {
        let first = json!({"line": 1, "column": 11, "path": "workflow", "code": "name", "message": "`X` is not a name"});
        let second =
            json!({"line": 3, "column": 1, "path": "", "code": "empty", "message": "nothing is there"});
        check(
            json!({"problems": [first, second]}),
            "the definition has 2 problems\nbad.yaml:1:11 workflow: `X` is not a name [name]\nbad.yaml:3:1 nothing is there [empty]",
        );
        check(
            json!({"problems": [first]}),
            "the definition has a problem\nbad.yaml:1:11 workflow: `X` is not a name [name]",
        );
        check(json!({"problems": []}), "told by the server");
        check(json!({}), "told by the server");
    }
}

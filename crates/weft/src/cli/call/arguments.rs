//! The arguments of a call as they are written on the command line.

use std::io::Read;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Map, Value};

use crate::failure::Failure;

/// What is sent.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Body {
    /// Arguments by name or position.
    Json(Vec<u8>),
    /// The one parameter of type `list<u8>`.
    Bytes(Vec<u8>),
}

/// Reads the arguments from where the command line says.
pub(crate) fn read(words: &[String], file: Option<&Path>, raw: bool) -> Result<Body> {
    let bytes = match (file, words) {
        (Some(path), _) if path != Path::new("-") => {
            std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?
        }
        (Some(_), _) => standard_input()?,
        (None, [word]) if word == "-" => standard_input()?,
        (None, [text]) if raw => text.clone().into_bytes(),
        (None, _) if raw => {
            return Err(Failure::usage("--raw needs bytes to send")
                .hint("give a file with -f FILE, or `-` for standard input")
                .into());
        }
        (None, words) => written(words)?,
    };
    Ok(if raw {
        Body::Bytes(bytes)
    } else {
        Body::Json(bytes)
    })
}

fn standard_input() -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::stdin()
        .lock()
        .read_to_end(&mut bytes)
        .context("standard input cannot be read")?;
    Ok(bytes)
}

/// JSON in one word, or pairs.
fn written(words: &[String]) -> Result<Vec<u8>, Failure> {
    match words {
        [] => Ok(b"{}".to_vec()),
        [json] if json.trim_start().starts_with(['{', '[']) => Ok(json.clone().into_bytes()),
        pairs => {
            let mut object = Map::new();
            for word in pairs {
                let (key, value) = pair(word)?;
                if object.insert(key.clone(), value).is_some() {
                    return Err(Failure::usage(format!("the parameter `{key}` is given twice")));
                }
            }
            Ok(Value::Object(object).to_string().into_bytes())
        }
    }
}

/// Reads `key=value`, where the value is JSON or else a text.
pub(crate) fn pair(word: &str) -> Result<(String, Value), Failure> {
    let Some((key, value)) = word.split_once('=') else {
        return Err(
            Failure::usage(format!("`{word}` is neither JSON arguments nor a key=value pair")).hint(
                "write '{\"name\": \"value\"}', '[1, 2]' or name=value; --file FILE reads them from a file",
            ),
        );
    };
    let value = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((key.to_owned(), value))
}

/// A refusal of arguments, with what helps where a pair was meant as a text and read as something else.
pub(crate) fn explained(error: anyhow::Error, words: &[String]) -> anyhow::Error {
    let failure = match error.downcast::<Failure>() {
        Ok(failure) => failure,
        Err(error) => return error,
    };
    match text_meant(&failure, words) {
        Some((key, value)) => failure
            .hint(format!(
                "the value of a pair is JSON where it can be: write {key}='\"{value}\"' for a text"
            ))
            .into(),
        None => failure.into(),
    }
}

/// The pair at whose place a text was expected.
fn text_meant<'a>(failure: &Failure, words: &'a [String]) -> Option<(&'a str, &'a str)> {
    let problem = failure.as_details()?;
    let key = problem.get("pointer")?.as_str()?.strip_prefix('/')?;
    let detail = problem.get("detail")?.as_str()?;
    if !detail.contains("expected a string") {
        return None;
    }
    words
        .iter()
        .filter_map(|word| word.split_once('='))
        .find(|(name, value)| {
            let is_plain = |value: &str| !value.contains(['"', '\'', '\\']);
            *name == key && is_plain(value)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn test(words: &[&str], json: &str) {
        let words: Vec<_> = words.iter().map(ToString::to_string).collect();
        assert_eq!(
            read(&words, None, false).unwrap(),
            Body::Json(json.as_bytes().to_vec()),
            "{words:?}"
        );
    }

    #[test]
    fn arguments_are_json_or_pairs() {
        test(&[], "{}");
        test(&["{\"a\": 1}"], "{\"a\": 1}");
        test(&["[1, 2]"], "[1, 2]");
        test(
            &["a=1", "b=text", "c=[true]", "d=\"5\""],
            r#"{"a":1,"b":"text","c":[true],"d":"5"}"#,
        );
        test(&["a=b=c", "e="], r#"{"a":"b=c","e":""}"#);
    }

    #[test]
    fn what_is_neither_is_refused() {
        for words in [vec!["text"], vec!["a=1", "b"], vec!["a=1", "a=2"]] {
            let words: Vec<_> = words.into_iter().map(str::to_owned).collect();
            assert!(read(&words, None, false).is_err(), "{words:?}");
        }
        assert!(read(&[], None, true).is_err());
    }
}

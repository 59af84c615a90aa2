//! Whichever way a definition is written, the same is read; and whatever is written, something is told.

use proptest::collection::vec;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use weft_workflow::definition::{self, Bounds, Definition, Read};

use crate::generate::definition;
use crate::print::{Choices, yaml};
use crate::{sound, validate};

/// All of a definition but for its places.
fn shown(definition: &Definition) -> String {
    let Definition {
        places: _,
        name,
        description,
        inputs,
        output,
        durability,
        defaults,
        globals,
        nodes,
    } = definition;
    format!(
        "{name:?} {description:?} {inputs:?} {output:?} {durability:?} {defaults:?} {globals:?} {nodes:#?}"
    )
}

proptest! {
    #[test]
    fn yaml_and_json_say_the_same(value in definition(), choices in vec(any::<u8>(), 1..40)) {
        let json = serde_json::to_string(&value).unwrap();
        let expected = shown(&sound(&json));
        let pretty = serde_json::to_string_pretty(&value).unwrap();
        prop_assert_eq!(&shown(&sound(&pretty)), &expected);
        let yaml = yaml(&value, &mut Choices::new(&choices));
        prop_assert_eq!(&shown(&sound(&yaml)), &expected, "{}", yaml);
        // What is no JSON any more is still YAML.
        let almost = format!("{json} # a comment");
        prop_assert_eq!(&shown(&sound(&almost)), &expected, "{}", almost);
    }

    #[test]
    fn every_definition_is_valid_under_the_schema(value in definition()) {
        prop_assert!(validate::valid(&definition::schema(), &value));
    }

    #[test]
    fn whatever_is_written_is_read_or_told(
        value in definition(),
        choices in vec(any::<u8>(), 1..40),
        json in any::<bool>(),
        cuts in vec((any::<proptest::sample::Index>(), 0..12_usize, "[ -~\n\t\r\u{e9}\u{0}]{0,4}"), 1..4),
    ) {
        let mut text = match json {
            true => serde_json::to_string_pretty(&value).unwrap(),
            false => yaml(&value, &mut Choices::new(&choices)),
        };
        for (at, length, with) in cuts {
            let start = text.floor_char_boundary(at.index(text.len() + 1));
            let end = text.floor_char_boundary(start + length).max(start);
            text.replace_range(start..end, &with);
        }
        let Read { definition, problems } = definition::read(text.as_bytes(), &Bounds::default());
        prop_assert!(definition.is_some() || !problems.is_empty());
        prop_assert!(problems.is_sorted_by_key(|problem| problem.at));
        let lines = text.split(['\n', '\r']).count() as u32;
        for problem in problems {
            prop_assert!((1..=lines + 1).contains(&problem.at.line), "{problem} of {lines} lines in\n{text}");
            prop_assert!(problem.at.column >= 1);
            prop_assert!(!problem.message.is_empty());
        }
    }

    #[test]
    fn bytes_of_any_kind_are_told(bytes in vec(any::<u8>(), 0..200)) {
        let read = definition::read(&bytes, &Bounds::default());
        prop_assert!(!read.problems.is_empty());
    }
}

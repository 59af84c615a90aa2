//! The declarations of `types`.

use std::collections::HashMap;

use weft_types::Type;

use super::order::order;
use super::split::{Declaration, Split, split};
use super::{BUILT_IN, stand_in};
use crate::definition::bounds::Bounds;
use crate::definition::place::Spot;
use crate::definition::quote::quoted;
use crate::definition::reader::Reader;

impl Reader<'_> {
    /// Reads the declarations of the string at `spot`.
    pub(in crate::definition) fn declare(&mut self, spot: Spot) {
        let expected = "declarations of types, such as `record line { sku: string }`";
        let Some(text) = self.short_string(spot, expected, Bounds::MAX_TYPES_TEXT) else {
            return;
        };
        let mut split = split(text);
        for (at, expected) in &split.wrong {
            self.expected(spot, &split.text, 0, expected, *at);
        }
        if split.declarations.len() > Bounds::MAX_TYPES {
            let message = format!("at most {} types may be declared", Bounds::MAX_TYPES);
            self.tell(spot, "too-many-types", message);
            split.declarations.truncate(Bounds::MAX_TYPES);
        }
        self.unique(spot, text, &mut split.declarations);
        self.resolve(spot, text, &split);
    }

    /// Keeps the first declaration of each name.
    fn unique(&mut self, spot: Spot, text: &str, declarations: &mut Vec<Declaration>) {
        declarations.retain(|declaration| {
            let name = &text[declaration.name.clone()];
            let message = match (BUILT_IN.contains(&name), self.types.declared.contains_key(name)) {
                (false, false) => {
                    self.types.declared.insert(name.into(), None);
                    return true;
                }
                (true, _) => format!("{} is a type of WIT itself, choose another name", quoted(name)),
                (false, true) => format!("the type {} is declared a second time", quoted(name)),
            };
            self.tell_within(spot, declaration.name.start, "duplicate-type", message);
            false
        });
    }

    /// Reads each declaration behind those that it uses.
    fn resolve(&mut self, spot: Spot, text: &str, split: &Split) {
        let names: HashMap<&str, usize> = split
            .declarations
            .iter()
            .enumerate()
            .map(|(at, declaration)| (&text[declaration.name.clone()], at))
            .collect();
        let uses: Vec<Vec<usize>> = split
            .declarations
            .iter()
            .map(|declaration| uses(&split.text[declaration.body.clone()], &names))
            .collect();
        let order = order(&uses);
        for circle in &order.circles {
            self.circle(spot, text, &split.declarations, circle);
        }
        let circular: Vec<usize> = order.circles.into_iter().flatten().collect();
        for at in order.order.into_iter().filter(|at| !circular.contains(at)) {
            let Declaration { name, body, end } = &split.declarations[at];
            let ty = self.parse_type(spot, &split.text[body.clone()], body.start, end);
            self.types.declared.insert(text[name.clone()].into(), ty);
        }
    }

    fn circle(&mut self, spot: Spot, text: &str, declarations: &[Declaration], circle: &[usize]) {
        let names = circle.iter().chain(&circle[..1]).take(20);
        let names: Vec<&str> = names.map(|&at| &text[declarations[at].name.clone()]).collect();
        let at = declarations[circle[0]].name.start;
        let message = format!(
            "the type `{}` would contain itself: {}",
            names[0],
            names.join(" → ")
        );
        self.tell_within(spot, at, "recursive-type", message);
    }
}

/// The declarations that a body uses, each once.
fn uses(body: &str, names: &HashMap<&str, usize>) -> Vec<usize> {
    let mut uses = Vec::new();
    // Errors are told when the body is read for good.
    let _ = Type::parse_prefix(body, &mut |name, _| {
        uses.extend(names.get(name));
        Some(stand_in())
    });
    uses.sort_unstable();
    uses.dedup();
    uses
}

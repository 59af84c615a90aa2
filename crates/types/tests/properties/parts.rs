//! What holds for the parts of every value, for what is put together from them and for what they are converted into.

use proptest::prelude::*;
use weft_types::image::{Bounds, Conversion, Image, Piece, View};
use weft_types::ty::Shape;
use weft_types::{Type, json};

use crate::generate::{self, Entropy};
use crate::{BOUNDS, any_value_of, wider};

const SAME: &Conversion = &Conversion::IDENTITY;

/// A value of any type, or several in a list behind another value, so that their blocks are moved.
fn any_parts() -> impl Strategy<Value = (Type, String)> {
    let listed = |ty: Type| Type::tuple(["u8".parse().unwrap(), Type::list(ty).unwrap()]).unwrap();
    any_value_of(prop_oneof![generate::ty(), generate::ty().prop_map(listed)])
}

/// The value in pieces: as they lie, or taken apart further.
fn pieces<'a>(view: View<'a>, entropy: &mut Entropy<'_>) -> Piece<'a> {
    if entropy.choice(4) == 0 {
        return Piece::View(view, SAME);
    }
    match view.ty().shape() {
        Shape::Record(_) | Shape::Tuple(_) => {
            Piece::Members(members(view).map(|member| pieces(member, entropy)).collect())
        }
        Shape::List(_) => {
            let elements = view.elements().unwrap();
            Piece::List(elements.map(|element| pieces(element, entropy)).collect())
        }
        Shape::Option(_) => match view.payload() {
            None => Piece::None,
            Some(payload) => Piece::Some(Box::new(pieces(payload, entropy))),
        },
        Shape::Result(_) => {
            let choice = view.choice().unwrap();
            let payload = choice.payload.map(|payload| Box::new(pieces(payload, entropy)));
            match choice.index {
                0 => Piece::Ok(payload),
                _ => Piece::Err(payload),
            }
        }
        Shape::Variant(_) | Shape::Enum(_) => {
            let choice = view.choice().unwrap();
            let payload = choice.payload.map(|payload| Box::new(pieces(payload, entropy)));
            Piece::Case(choice.index, payload)
        }
        Shape::String => Piece::Text(view.as_str().unwrap()),
        _ => Piece::View(view, SAME),
    }
}

/// The value put together from its parts, each of which was put together so.
fn rebuilt(view: View<'_>) -> Image {
    let parts: Vec<_> = match view.ty().shape() {
        Shape::List(_) => view.elements().unwrap().map(rebuilt).collect(),
        Shape::Option(_) | Shape::Result(_) => view.payload().map(rebuilt).into_iter().collect(),
        _ => members(view).map(rebuilt).collect(),
    };
    let mut parts = parts.iter().map(Piece::Image);
    let piece = match view.ty().shape() {
        Shape::Record(_) | Shape::Tuple(_) => Piece::Members(parts.collect()),
        Shape::List(_) => return Image::list(view.ty(), parts, BOUNDS).unwrap(),
        Shape::Option(_) => parts
            .next()
            .map_or(Piece::None, |part| Piece::Some(Box::new(part))),
        Shape::Result(_) => match view.choice().unwrap().index {
            0 => Piece::Ok(parts.next().map(Box::new)),
            _ => Piece::Err(parts.next().map(Box::new)),
        },
        _ => Piece::View(view, SAME),
    };
    Image::assemble(view.ty(), &piece, BOUNDS).unwrap()
}

fn members(view: View<'_>) -> impl Iterator<Item = View<'_>> {
    (0..).map_while(move |index| view.member(index))
}

/// The whole, and each part of each part.
fn all_parts<'a>(view: View<'a>, found: &mut Vec<View<'a>>) {
    found.push(view);
    members(view)
        .chain(view.payload())
        .for_each(|part| all_parts(part, found));
    if let Some(elements) = view.elements() {
        elements.for_each(|element| all_parts(element, found));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn views_see_what_json_says((ty, text) in any_parts()) {
        let image = json::parse(&ty, text.as_bytes(), BOUNDS).unwrap();
        let seen = wider::json(image.view(&ty), &ty).to_string();
        let read = json::parse(&ty, seen.as_bytes(), BOUNDS);
        prop_assert_eq!(read.as_ref(), Ok(&image), "{}", seen);
    }

    #[test]
    fn parts_are_images((ty, text) in any_parts()) {
        let image = json::parse(&ty, text.as_bytes(), BOUNDS).unwrap();
        let mut parts = Vec::new();
        all_parts(image.view(&ty), &mut parts);
        for part in parts {
            let extracted = Image::extract(part, BOUNDS).unwrap();
            let accepted = Image::from_bytes(extracted.as_bytes().clone(), part.ty(), BOUNDS);
            prop_assert_eq!(accepted.as_ref(), Ok(&extracted));
            prop_assert!(extracted.payload().len() <= image.payload().len() + 7);
            let seen = wider::json(extracted.view(part.ty()), part.ty());
            prop_assert_eq!(seen, wider::json(part, part.ty()));
        }
    }

    #[test]
    fn parts_put_together_are_the_whole(
        (ty, text) in any_parts(),
        entropy in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let image = json::parse(&ty, text.as_bytes(), BOUNDS).unwrap();
        let pieces = pieces(image.view(&ty), &mut Entropy(&entropy));
        let whole = Image::assemble(&ty, &pieces, BOUNDS);
        prop_assert_eq!(whole.as_ref(), Ok(&image), "{:?}", pieces);
        prop_assert_eq!(&rebuilt(image.view(&ty)), &image);
    }

    #[test]
    fn what_converts_is_the_same_value(
        (from, text) in any_parts(),
        entropy in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let to = wider::ty(&from, &mut Entropy(&entropy));
        let conversion = Conversion::between(&from, &to).unwrap();
        prop_assert_eq!(conversion.is_identity(), from == to);
        let image = json::parse(&from, text.as_bytes(), BOUNDS).unwrap();
        let converted = Image::assemble(&to, &Piece::View(image.view(&from), &conversion), BOUNDS).unwrap();
        let expected = wider::json(image.view(&from), &to).to_string();
        let read = json::parse(&to, expected.as_bytes(), BOUNDS);
        prop_assert_eq!(read.as_ref(), Ok(&converted), "{} of {} into {}", text, from, to);
        let accepted = Image::from_bytes(converted.as_bytes().clone(), &to, BOUNDS);
        prop_assert_eq!(accepted.as_ref(), Ok(&converted));
    }

    #[test]
    fn types_convert_or_differ(
        from in generate::ty(),
        other in generate::ty(),
        entropy in proptest::collection::vec(any::<u8>(), 0..100),
    ) {
        let wider = wider::ty(&from, &mut Entropy(&entropy));
        for (from, to) in [(&from, &wider), (&wider, &from), (&from, &other), (&from, &from)] {
            let conversion = Conversion::between(from, to);
            prop_assert_eq!(conversion.is_ok(), wider::converts(from, to), "{} into {}", from, to);
            if let Ok(conversion) = conversion {
                prop_assert_eq!(conversion.is_identity(), from == to);
            }
        }
    }

    #[test]
    fn bounds_are_those_of_the_check(
        (from, text) in any_parts(),
        entropy in proptest::collection::vec(any::<u8>(), 0..100),
        elements in 0..8usize,
        less in 0..3usize,
    ) {
        let to = wider::ty(&from, &mut Entropy(&entropy));
        let conversion = Conversion::between(&from, &to).unwrap();
        let image = json::parse(&from, text.as_bytes(), BOUNDS).unwrap();
        let around = Type::tuple([to.clone()]).unwrap();
        let piece = Piece::Members(vec![Piece::View(image.view(&from), &conversion)]);
        let whole = Image::assemble(&around, &piece, BOUNDS).unwrap();
        let bytes = whole.payload().len().saturating_sub(less);
        let bounds = Bounds { bytes, elements };
        let accepted = Image::from_bytes(whole.as_bytes().clone(), &around, bounds);
        prop_assert_eq!(Image::assemble(&around, &piece, bounds).is_ok(), accepted.is_ok());
    }
}

//! Putting images together from parts of others.
#![allow(clippy::unwrap_used)]

use weft_types::image::{AssembleError, Bounds, Conversion, Image, Piece};
use weft_types::{Type, json};

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 24,
    elements: 1_000_000,
};
const SAME: &Conversion = &Conversion::IDENTITY;

fn ty(text: &str) -> Type {
    text.parse().unwrap()
}

fn image(ty: &Type, json: &str) -> Image {
    json::parse(ty, json.as_bytes(), BOUNDS).unwrap()
}

/// The pieces make this value.
fn makes(of: &str, piece: &Piece<'_>, expected: &str) {
    let ty = ty(of);
    let made = Image::assemble(&ty, piece, BOUNDS).unwrap();
    assert_eq!(made, image(&ty, expected), "{of}");
}

#[test]
fn arguments_from_results() {
    let order = ty("record { id: string, lines: list<record { name: string, qty: u32 }> }");
    let given = image(
        &order,
        r#"{"id":"o-1","lines":[{"name":"a","qty":1},{"name":"b","qty":2}]}"#,
    );
    let given = given.view(&order);
    let total = ty("f32");
    let sum = image(&total, "9.5");
    let widened = Conversion::between(&total, &ty("option<f64>")).unwrap();
    let literal_ty = ty("list<string>");
    let literal = image(&literal_ty, r#"["x","y"]"#);
    let second = given.field("lines").unwrap().element(1).unwrap();
    let piece = Piece::Members(vec![
        Piece::View(given.field("id").unwrap(), SAME),
        Piece::View(sum.view(&total), &widened),
        Piece::List(vec![
            Piece::View(second.field("name").unwrap(), SAME),
            Piece::Text("ß"),
        ]),
        Piece::Image(&literal),
        Piece::View(given.field("lines").unwrap(), SAME),
        Piece::View(second, SAME),
    ]);
    makes(
        "record { id: string, total: option<f64>, names: list<string>, tags: list<string>, \
         lines: list<record { name: string, qty: u32 }>, line: record { name: string, qty: u32 } }",
        &piece,
        r#"{"id":"o-1","total":9.5,"names":["b","ß"],"tags":["x","y"],"lines":[{"name":"a","qty":1},{"name":"b","qty":2}],"line":{"name":"b","qty":2}}"#,
    );
}

#[test]
fn cases() {
    let text = |text| Box::new(Piece::Text(text));
    makes("option<string>", &Piece::None, "null");
    makes("option<string>", &Piece::Some(text("a")), r#""a""#);
    makes(
        "option<option<string>>",
        &Piece::Some(Box::new(Piece::None)),
        r#"{"some":null}"#,
    );
    makes("result<string>", &Piece::Ok(Some(text("a"))), r#"{"ok":"a"}"#);
    makes("result<_, string>", &Piece::Ok(None), r#"{"ok":null}"#);
    makes(
        "result<_, string>",
        &Piece::Err(Some(text("a"))),
        r#"{"err":"a"}"#,
    );
    makes("result<string>", &Piece::Err(None), r#"{"err":null}"#);
    let variant = "variant { a, b(string) }";
    makes(variant, &Piece::Case(0, None), r#""a""#);
    makes(variant, &Piece::Case(1, Some(text("x"))), r#"{"b":"x"}"#);
    makes("enum { a, b }", &Piece::Case(1, None), r#""b""#);
    makes("option<string>", &Piece::Case(1, Some(text("a"))), r#""a""#);
    makes("result<string>", &Piece::Case(1, None), r#"{"err":null}"#);
    makes("tuple<>", &Piece::Members(vec![]), "[]");
    makes(
        "list<tuple<>>",
        &Piece::List(vec![Piece::Members(vec![]); 3]),
        "[[],[],[]]",
    );
}

#[test]
fn a_whole_image_is_shared() {
    let ty = ty("record { a: string }");
    let image = image(&ty, r#"{"a":"x"}"#);
    let shared = |made: Image| made.as_bytes().as_ptr() == image.as_bytes().as_ptr();
    let view = image.view(&ty);
    assert!(shared(
        Image::assemble(&ty, &Piece::View(view, SAME), BOUNDS).unwrap()
    ));
    assert!(shared(
        Image::assemble(&ty, &Piece::Image(&image), BOUNDS).unwrap()
    ));
    assert!(shared(Image::extract(view, BOUNDS).unwrap()));
    let small = Bounds { bytes: 8, ..BOUNDS };
    assert_eq!(Image::extract(view, small), Err(AssembleError::TooLarge(8)));
    // Its first field begins where it does, and is another value.
    let field = Image::extract(view.member(0).unwrap(), BOUNDS).unwrap();
    assert_eq!(field.payload(), [8, 0, 0, 0, 1, 0, 0, 0, b'x']);
}

#[test]
fn pieces_that_do_not_fit() {
    let check = |of: &str, piece: &Piece<'_>, message: &str| {
        let error = Image::assemble(&ty(of), piece, BOUNDS).unwrap_err();
        assert_eq!(error.to_string(), message);
    };
    let (narrow, wide) = (ty("u8"), ty("u64"));
    let seven = image(&narrow, "7");
    let widen = Conversion::between(&narrow, &wide).unwrap();
    let view = seven.view(&narrow);
    check("u64", &Piece::View(view, SAME), "u8 stands where u64 belongs");
    check("u32", &Piece::View(view, &widen), "u8 stands where u32 belongs");
    check("u8", &Piece::View(view, &widen), "u8 stands where u8 belongs");
    let other_ty = ty("tuple<u16>");
    let other = image(&other_ty, "[7]");
    let first = other.view(&other_ty).member(0).unwrap();
    check("u64", &Piece::View(first, &widen), "u16 stands where u64 belongs");
    check(
        "tuple<u16>",
        &Piece::View(first, SAME),
        "u16 stands where tuple<u16> belongs",
    );
    let digest = narrow.digest();
    check(
        "s8",
        &Piece::Image(&seven),
        &format!("an image of the type {digest} stands where s8 belongs"),
    );
    check(
        "list<u8>",
        &Piece::Text("a"),
        "a string stands where list<u8> belongs",
    );
    check(
        "tuple<u8, u8>",
        &Piece::Members(vec![Piece::Image(&seven)]),
        "a record or tuple of 1 members stands where tuple<u8, u8> belongs",
    );
    check(
        "tuple<>",
        &Piece::List(vec![]),
        "a list stands where tuple<> belongs",
    );
    check("result", &Piece::None, "none stands where result belongs");
    check(
        "option<u64>",
        &Piece::Some(Box::new(Piece::Image(&seven))),
        &format!("an image of the type {digest} stands where u64 belongs"),
    );
    check(
        "option<u8>",
        &Piece::Ok(None),
        "an ok stands where option<u8> belongs",
    );
    check(
        "result<u8>",
        &Piece::Ok(None),
        "a case without a value stands where result<u8> belongs",
    );
    check(
        "result",
        &Piece::Err(Some(Box::new(Piece::None))),
        "a case with a value stands where result belongs",
    );
    for of in ["variant { a, b }", "enum { a, b }", "option<u8>", "result"] {
        let message = format!("case 2 stands where {of} belongs");
        check(of, &Piece::Case(2, None), &message);
    }
    check(
        "variant { a(u8) }",
        &Piece::Case(0, None),
        "a case without a value stands where variant { a(u8) } belongs",
    );
    let error = Image::list(&narrow, [], BOUNDS).unwrap_err();
    assert_eq!(error.to_string(), "a list stands where u8 belongs");
}

#[test]
fn bounds_hold_for_pieces_and_for_what_is_copied() {
    let (strings, numbers, hollow) = (ty("list<string>"), ty("list<u32>"), ty("list<tuple<>>"));
    let check = |list: &Type, json: &str, bytes: usize| {
        let image = image(list, json);
        let around = Type::tuple([list.clone()]).unwrap();
        let piece = Piece::Members(vec![Piece::View(image.view(list), SAME)]);
        let make = |bounds| Image::assemble(&around, &piece, bounds);
        let exact = Bounds { bytes, elements: 3 };
        assert_eq!(make(exact).unwrap().payload().len(), bytes);
        let fewer = Bounds { elements: 2, ..exact };
        assert_eq!(make(fewer), Err(AssembleError::TooManyElements(2)));
        let smaller = Bounds {
            bytes: bytes - 1,
            ..exact
        };
        assert_eq!(make(smaller), Err(AssembleError::TooLarge(bytes - 1)));
        let elements = || {
            image
                .view(list)
                .elements()
                .unwrap()
                .map(|item| Piece::View(item, SAME))
        };
        assert_eq!(Image::list(list, elements(), exact).as_ref(), Ok(&image));
        assert_eq!(
            Image::list(list, elements(), fewer),
            Err(AssembleError::TooManyElements(2))
        );
        assert_eq!(
            Image::list(list, elements(), smaller),
            Err(AssembleError::TooLarge(bytes - 1))
        );
    };
    check(&strings, r#"["a","b","c"]"#, 36);
    check(&numbers, "[1,2,3]", 20);
    check(&hollow, "[[],[],[]]", 8);
    let bytes = ty("list<u8>");
    let raw = image(&bytes, "[1,2,3]");
    let elements = raw
        .view(&bytes)
        .elements()
        .unwrap()
        .map(|item| Piece::View(item, SAME));
    let none = Bounds {
        elements: 0,
        ..BOUNDS
    };
    assert_eq!(Image::list(&bytes, elements, none).unwrap(), raw);
}

#[test]
fn a_hundred_thousand_results() {
    let item = ty("record { id: u32, name: string }");
    let list = Type::list(item.clone()).unwrap();
    let results: Vec<_> = (0..100_000)
        .map(|id| image(&item, &format!(r#"{{"id":{id},"name":"n{id}"}}"#)))
        .collect();
    let collected = Image::list(&list, results.iter().map(Piece::Image), BOUNDS).unwrap();
    let accepted = Image::from_bytes(collected.as_bytes().clone(), &list, BOUNDS).unwrap();
    let view = accepted.view(&list);
    assert_eq!(view.length(), Some(100_000));
    let back = |index| Image::extract(view.element(index).unwrap(), BOUNDS).unwrap();
    assert!((0..100_000).all(|index| back(index) == results[index]));
}

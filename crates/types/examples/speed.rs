//! How long the ways of a value take: `cargo run --release -p weft-types --example speed [part of a name]`.
#![allow(clippy::print_stdout)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use weft_types::guest::{self, GuestMemory};
use weft_types::image::{Bounds, Conversion, Image, Piece};
use weft_types::{Signature, Type, json};

const PARAMS: &str = "record { order: record { id: string, customer: string, items: list<record { id: u64, name: string, \
                      qty: u32, price: f64, tags: list<string> }>, note: option<string>, express: bool } }";

const ORDER: &str = concat!(
    r#"{"order":{"id":"o-1234567","customer":"Ada Lovelace","items":["#,
    r#"{"id":1,"name":"widget","qty":3,"price":9.99,"tags":["a","bb","ccc"]},"#,
    r#"{"id":2,"name":"gadget","qty":1,"price":129.5,"tags":["x"]},"#,
    r#"{"id":3,"name":"doohickey with a longer name","qty":12,"price":0.25,"tags":[]},"#,
    r#"{"id":4,"name":"thingamajig","qty":2,"price":42,"tags":["one","two"]}"#,
    r#"],"note":"leave at the door","express":true}}"#,
);

const BOUNDS: Bounds = Bounds {
    bytes: 256 << 20,
    elements: 4_000_000,
};

/// A guest that allocates one thing after another.
struct Memory {
    bytes: Vec<u8>,
    used: u32,
}

impl GuestMemory for Memory {
    type Error = std::convert::Infallible;

    fn allocate(&mut self, align: u32, size: u32) -> Result<u32, Self::Error> {
        let start = self.used.next_multiple_of(align);
        self.used = start + size;
        Ok(start)
    }

    fn memory(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    order()?;
    parts()?;
    items()?;
    bytes()
}

fn order() -> Result<(), Box<dyn std::error::Error>> {
    let params: Type = PARAMS.parse()?;
    let signature = Signature { params, result: None };
    let ty = &signature.params;
    let image = json::parse_arguments(&signature, ORDER.as_bytes(), BOUNDS)?;
    let mut memory = Memory {
        bytes: vec![0; 1 << 16],
        used: 0,
    };
    println!(
        "order: {} bytes of JSON, {} of payload",
        ORDER.len(),
        image.payload().len()
    );
    measure("JSON to image", 20_000, || {
        json::parse_arguments(&signature, black_box(ORDER.as_bytes()), BOUNDS)
    });
    let mut out = Vec::new();
    measure("image to JSON", 20_000, || {
        out.clear();
        json::print(ty, black_box(&image), &mut out);
        out.len()
    });
    measure("image to guest", 20_000, || {
        memory.used = 8;
        guest::lower(ty, black_box(&image), &mut memory)
    });
    memory.used = 8;
    let root = guest::lower(ty, &image, &mut memory)?;
    measure("guest to image", 20_000, || {
        guest::lift(ty, black_box(&memory.bytes), &root, BOUNDS)
    });
    measure("check of an image", 20_000, || {
        Image::from_bytes(black_box(image.as_bytes()).clone(), ty, BOUNDS)
    });
    Ok(())
}

/// From node to node: arguments put together from parts of a result.
fn parts() -> Result<(), Box<dyn std::error::Error>> {
    let given: Type = PARAMS.parse()?;
    let image = json::parse(&given, ORDER.as_bytes(), BOUNDS)?;
    let order = image.view(&given).field("order").ok_or("no order")?;
    let taken: Type = "record { id: string, customer: string, express: option<bool>, qty: u64 }".parse()?;
    let some = Conversion::between(&"bool".parse()?, &"option<bool>".parse()?)?;
    let wide = Conversion::between(&"u32".parse()?, &"u64".parse()?)?;
    let same = &Conversion::IDENTITY;
    let part = |name| order.field(name).ok_or("no such field");
    let first = part("items")?.element(0).ok_or("no items")?;
    let (id, customer, express, qty) = (
        part("id")?,
        part("customer")?,
        part("express")?,
        first.field("qty").ok_or("no qty")?,
    );
    println!("parts of the order");
    measure("record of 4", 20_000, || {
        let members = vec![
            Piece::View(black_box(id), same),
            Piece::View(customer, same),
            Piece::View(express, &some),
            Piece::View(qty, &wide),
        ];
        Image::assemble(&taken, &Piece::Members(members), BOUNDS)
    });
    measure("the order itself", 20_000, || {
        Image::extract(black_box(order), BOUNDS)
    });
    measure("the whole", 20_000, || {
        Image::extract(black_box(&image).view(&given), BOUNDS)
    });
    let optional: Type = format!("option<{}>", order.ty()).parse()?;
    let some = Conversion::between(order.ty(), &optional)?;
    measure("the order as option", 20_000, || {
        Image::assemble(&optional, &Piece::View(black_box(order), &some), BOUNDS)
    });
    Ok(())
}

/// The results of 100,000 items as one list, and the items of a list apart.
fn items() -> Result<(), Box<dyn std::error::Error>> {
    const LENGTH: u32 = 100_000;
    let item: Type = "record { id: u32, name: string }".parse()?;
    let list = Type::list(item.clone())?;
    let made = |id| {
        json::parse(
            &item,
            format!(r#"{{"id":{id},"name":"n{id}"}}"#).as_bytes(),
            BOUNDS,
        )
    };
    let results: Vec<_> = (0..LENGTH).map(made).collect::<Result<_, _>>()?;
    let whole = Image::list(&list, results.iter().map(Piece::Image), BOUNDS)?;
    println!("{LENGTH} items");
    measure("results to list", 2, || {
        Image::list(&list, black_box(&results).iter().map(Piece::Image), BOUNDS)
    });
    let wider = Type::list("record { id: u64, name: option<string> }".parse()?)?;
    let conversion = Conversion::between(&list, &wider)?;
    measure("list converted", 2, || {
        Image::assemble(
            &wider,
            &Piece::View(black_box(&whole).view(&list), &conversion),
            BOUNDS,
        )
    });
    measure("list to items", 2, || {
        let elements = black_box(&whole).view(&list).elements().into_iter().flatten();
        elements
            .map(|item| Image::extract(item, BOUNDS))
            .filter(Result::is_ok)
            .count()
    });
    Ok(())
}

fn bytes() -> Result<(), Box<dyn std::error::Error>> {
    const LENGTH: usize = 1 << 20;
    let ty: Type = "list<u8>".parse()?;
    let data: Vec<u8> = (0..LENGTH).map(|i| i as u8).collect();
    let image = Image::of_raw(&ty, &data).ok_or("not plain bytes")?;
    let mut text = Vec::new();
    json::print(&ty, &image, &mut text);
    println!("list<u8>: {LENGTH} bytes");
    measure("bytes to image", 200, || Image::of_raw(&ty, black_box(&data)));
    measure("base64 to image", 200, || {
        json::parse(&ty, black_box(&text), BOUNDS)
    });
    let mut out = Vec::new();
    measure("image to base64", 200, || {
        out.clear();
        json::print(&ty, black_box(&image), &mut out);
        out.len()
    });
    Ok(())
}

/// Prints the median of 15 rounds of `calls` calls each.
fn measure<T>(what: &str, calls: u32, mut call: impl FnMut() -> T) {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if !what.contains(&wanted) {
        return;
    }
    let mut rounds: Vec<Duration> = (0..15)
        .map(|_| {
            let start = Instant::now();
            (0..calls).for_each(|_| drop(black_box(call())));
            start.elapsed() / calls
        })
        .collect();
    rounds.sort();
    println!("{what:>20}: {:>9} ns", rounds[rounds.len() / 2].as_nanos());
}

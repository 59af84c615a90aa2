//! Images leave frames without being copied, and enter them as they are.

use bytes::Bytes;
use weft_types::image::Bounds;
use weft_types::{Type, Value, json};
use weft_workflow::frame::Reader;
use weft_workflow::{Event, Stamped, Stored};

use crate::samples::{self, time};
use crate::{read, run, write};

const BOUNDS: Bounds = Bounds {
    bytes: 1 << 20,
    elements: 1_000,
};

#[test]
fn an_image_is_a_slice_of_what_it_was_read_from() {
    let events: Vec<Stamped> = samples::all().into_iter().map(|(_, event)| event).collect();
    let bytes = write(&events);
    let within = bytes.as_ptr_range();
    let mut seen = 0;
    for frame in read(bytes.clone()).unwrap() {
        for image in images(&frame.stamped.event) {
            assert!(within.contains(&image.as_ptr()), "{:?}", frame.stamped);
            seen += 1;
        }
    }
    assert_eq!(seen, 7, "images of all samples");
}

fn images(event: &Event) -> Vec<&Bytes> {
    let values: Vec<Option<&Stored>> = match event {
        Event::Accepted(accepted) => {
            let given = accepted.given.iter().map(|given| given.output.as_ref());
            let values = [Some(&accepted.arguments), accepted.globals.as_ref()];
            values.into_iter().chain(given).collect()
        }
        Event::NodeSucceeded { output, .. } => vec![output.as_ref()],
        Event::NodeFailed { error, .. } => vec![error.value.as_ref()],
        Event::Finished(finished) => {
            let (_, error) = finished.failure.as_ref().unwrap();
            vec![finished.result.as_ref(), error.value.as_ref()]
        }
        _ => vec![],
    };
    let values = values.into_iter().flatten();
    let images = values.filter_map(|value| match value {
        Stored::Direct(image) => Some(image),
        Stored::Address(_) => None,
    });
    images.collect()
}

#[test]
fn an_image_is_the_same_value_after_its_way_through_a_frame() {
    let ty: Type = "list<string>".parse().unwrap();
    let image = json::parse(&ty, br#"["a","b"]"#, BOUNDS).unwrap();
    let bytes = image.as_bytes().clone();
    let value = Value::Direct(image);
    let event = Event::NodeSucceeded {
        place: weft_workflow::Place::of(weft_workflow::NodeIndex(0)),
        attempt: 1,
        usage: Default::default(),
        output: Some(Stored::from(&value)),
    };
    let frames = read(write(&[Stamped::new(time(0), event)])).unwrap();
    let Event::NodeSucceeded {
        output: Some(output), ..
    } = &frames[0].stamped.event
    else {
        panic!("{frames:?}")
    };
    assert_eq!(output.verify(&ty, BOUNDS), Ok(value));
    assert_eq!(output, &Stored::Direct(bytes));
    let other: Type = "list<u8>".parse().unwrap();
    assert!(output.verify(&other, BOUNDS).is_err());
}

#[test]
fn a_frame_can_be_passed_on_without_being_understood() {
    let events: Vec<Stamped> = samples::all().into_iter().map(|(_, event)| event).collect();
    let bytes = write(&events);
    let mut reader = Reader::of(run(), 0, bytes.clone());
    let mut passed = Vec::new();
    while let Some(frame) = reader.next_raw() {
        passed.extend_from_slice(&frame.unwrap().bytes);
    }
    assert_eq!(passed, bytes);
}

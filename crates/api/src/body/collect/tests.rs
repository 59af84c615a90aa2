use std::convert::Infallible;

use futures_util::stream;
use http_body::Frame;
use http_body_util::{Full, StreamBody};

use weft_types::Type;
use weft_types::image::Image;

use super::super::{RawImage, Whole};
use super::*;

const BOUND: Bound = Bound {
    bytes: 8,
    idle: Duration::from_secs(5),
    too_large: Kind::ArgumentsTooLarge,
};

async fn collected(parts: &[&'static str]) -> Result<Bytes, Kind> {
    let frames = parts
        .iter()
        .map(|part| Ok::<_, Infallible>(Frame::data(Bytes::from_static(part.as_bytes()))));
    let body = StreamBody::new(stream::iter(frames.collect::<Vec<_>>()));
    collect(body, Whole::new(None), BOUND)
        .await
        .map_err(|problem| problem.kind())
}

#[tokio::test]
async fn bodies_are_read_within_their_bound() {
    assert_eq!(collected(&[]).await, Ok(Bytes::new()));
    assert_eq!(collected(&["12345678"]).await, Ok(Bytes::from("12345678")));
    assert_eq!(
        collected(&["123", "", "45", "678"]).await,
        Ok(Bytes::from("12345678"))
    );
    assert_eq!(collected(&["123456789"]).await, Err(Kind::ArgumentsTooLarge));
    assert_eq!(collected(&["12345678", "9"]).await, Err(Kind::ArgumentsTooLarge));
}

#[tokio::test]
async fn an_announced_length_over_the_bound_is_refused_at_once() {
    let problem = collect(Full::new(Bytes::from("123456789")), Whole::new(Some(9)), BOUND)
        .await
        .unwrap_err();
    assert_eq!(problem.kind(), Kind::ArgumentsTooLarge);
    assert!(problem.detail().contains("8 bytes"), "{}", problem.detail());
}

#[tokio::test]
async fn one_part_is_not_copied() {
    let part = Bytes::from(vec![1; 8]);
    let whole = collect(Full::new(part.clone()), Whole::new(None), BOUND)
        .await
        .unwrap();
    assert_eq!(whole.as_ptr(), part.as_ptr());
}

#[test]
fn room_is_made_once_for_what_was_announced_in_earnest() {
    let piece = Bytes::from(vec![7; 256 << 10]);
    let total = 16 * piece.len();
    let mut whole = Whole::new(Some(total as u64));
    (0..16).for_each(|_| whole.part(piece.clone()));
    assert_eq!((whole.rest.len(), whole.rest.capacity()), (total, total));
    let mut boastful = Whole::new(Some(1 << 40));
    boastful.part(Bytes::from_static(b"1"));
    boastful.part(Bytes::from_static(b"2"));
    assert!(boastful.rest.capacity() < 1024);
}

#[tokio::test(start_paused = true)]
async fn a_stalled_body_times_out() {
    let body = StreamBody::new(stream::pending::<Result<Frame<Bytes>, Infallible>>());
    let problem = collect(body, Whole::new(None), BOUND).await.unwrap_err();
    assert_eq!(problem.kind(), Kind::RequestTimeout);
}

#[tokio::test]
async fn a_broken_body_is_named() {
    let body = StreamBody::new(stream::iter([Err::<Frame<Bytes>, _>("connection reset")]));
    let problem = collect(body, Whole::new(None), BOUND).await.unwrap_err();
    assert_eq!(problem.kind(), Kind::UploadIncomplete);
    assert!(
        problem.detail().contains("connection reset"),
        "{}",
        problem.detail()
    );
}

#[tokio::test]
async fn plain_bytes_are_read_into_their_image() {
    let ty = "list<u8>".parse::<Type>().unwrap();
    for announced in [None, Some(6), Some(1), Some(u64::MAX)] {
        let parts = ["123", "", "456"].map(|part| Ok::<_, Infallible>(Frame::data(Bytes::from(part))));
        let into = RawImage::new(&ty, announced).unwrap();
        let image = collect(StreamBody::new(stream::iter(parts)), into, BOUND).await;
        let image = image.map_err(|problem| problem.kind()).unwrap().unwrap();
        assert_eq!(image, Image::of_raw(&ty, b"123456").unwrap(), "{announced:?}");
    }
    assert!(RawImage::new(&"string".parse().unwrap(), None).is_none());
}

use std::sync::Mutex;

use http_body_util::Full;

use super::*;

const STREAM: StreamId = StreamId(1);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Said {
    Chunk(usize),
    End(StreamEnd),
    Credit(u32),
}

/// Writes down what is said.
#[derive(Debug, Default)]
struct Heard(Mutex<Vec<Said>>);

impl Heard {
    fn all(&self) -> Vec<Said> {
        self.0.lock().expect("nobody panicked").clone()
    }

    /// How many bytes were sent.
    fn bytes(&self) -> usize {
        let length = |said: &Said| match said {
            Said::Chunk(length) => *length,
            Said::End(_) | Said::Credit(_) => 0,
        };
        self.all().iter().map(length).sum()
    }

    fn note(&self, stream: StreamId, said: Said) {
        assert_eq!(stream, STREAM);
        self.0.lock().expect("nobody panicked").push(said);
    }
}

impl Voice for Heard {
    fn chunk(&self, stream: StreamId, bytes: Bytes) {
        self.note(stream, Said::Chunk(bytes.len()));
    }

    fn end(&self, stream: StreamId, end: StreamEnd) {
        self.note(stream, Said::End(end));
    }

    fn credit(&self, stream: StreamId, bytes: u32) {
        self.note(stream, Said::Credit(bytes));
    }
}

fn zeros(length: usize) -> Bytes {
    Bytes::from(vec![0; length])
}

#[tokio::test]
async fn a_sender_stops_where_its_credit_ends_and_goes_on_with_more() {
    /// Goes on for as long as it can.
    macro_rules! go_on {
        ($sending:expr) => {
            tokio::select! {
                biased;
                ended = $sending => panic!("it ended without credit: {ended:?}"),
                () = std::future::ready(()) => {}
            }
        };
    }
    let (heard, credit) = (Heard::default(), Credit::new());
    let body = Full::new(zeros(2 * WINDOW));
    let mut sending = pin!(send(body, STREAM, credit.clone(), &heard));
    go_on!(&mut sending);
    assert_eq!(heard.bytes(), WINDOW);
    credit.add(1_000);
    go_on!(&mut sending);
    assert_eq!(heard.bytes(), WINDOW + 1_000);
    credit.add(u32::MAX);
    sending.await.expect("credit for all of it");
    let said = heard.all();
    assert_eq!(heard.bytes(), 2 * WINDOW);
    assert_eq!(said.last(), Some(&Said::End(StreamEnd::Complete)));
    let chunks = |said: &&Said| matches!(said, Said::Chunk(1..=CHUNK));
    assert_eq!(said.iter().filter(chunks).count(), said.len() - 1);
}

#[test]
fn more_credit_than_a_window_is_not_believed() {
    let credit = Credit::new();
    credit.add(1);
    assert_eq!(credit.0.available_permits(), WINDOW);
    credit.add(u32::MAX);
    assert_eq!(credit.0.available_permits(), WINDOW);
}

#[tokio::test]
async fn a_body_that_fails_says_so_behind_what_there_was_of_it() {
    let (arrivals, arriving) = arrive(STREAM, Arc::new(Heard::default()));
    arrivals.chunk(zeros(7));
    arrivals.end(StreamEnd::Failed("it broke".to_owned()));
    let heard = Heard::default();
    let sent = send(arriving, STREAM, Credit::new(), &heard).await;
    assert_eq!(sent, Err("it broke".to_owned()));
    let failed = StreamEnd::Failed("it broke".to_owned());
    assert_eq!(heard.all(), [Said::Chunk(7), Said::End(failed)]);
}

#[tokio::test]
async fn credit_is_given_for_what_was_taken_and_for_nothing_else() {
    let heard = Arc::new(Heard::default());
    let (arrivals, arriving) = arrive(STREAM, Arc::clone(&heard));
    for _ in 0..WINDOW / CHUNK {
        arrivals.chunk(zeros(CHUNK));
    }
    arrivals.chunk(zeros(1));
    arrivals.end(StreamEnd::Complete);
    assert_eq!(heard.all(), [], "nothing was taken yet");
    let taken = arriving.collect().await.expect("all of it").to_bytes();
    assert_eq!(taken.len(), WINDOW + 1);
    let half = Said::Credit(u32::try_from(WINDOW / 2).expect("a small number"));
    assert_eq!(heard.all(), [half.clone(), half]);
}

#[tokio::test]
async fn a_body_whose_call_is_gone_fails_once() {
    let (arrivals, mut arriving) = arrive(STREAM, Arc::new(Heard::default()));
    arrivals.chunk(zeros(1));
    drop(arrivals);
    let first = arriving.frame().await.expect("a frame").expect("bytes");
    assert_eq!(first.into_data().expect("bytes"), zeros(1));
    let error = arriving.frame().await.expect("an end").expect_err("no good one");
    assert_eq!(error, "the call ended before the body");
    assert!(arriving.is_end_stream() && arriving.frame().await.is_none());
}

//! Cuts of power at random moments of what a server told its disk.

use std::sync::Arc;
use std::time::Duration;

use weft_powerloss::{Event, Loss, Recorder, State};
use weft_tests::Server;

use crate::client::Client;
use crate::facts::{Facts, Known, read};
use crate::job::Load;
use crate::killed::{check, names};
use crate::payee::Payee;
use crate::{lots, workflows};

/// Clients, and the jobs that each does in a server's life.
const LOAD: [usize; 2] = [8, 12];
/// How often the power of one life is cut.
const CUTS: usize = 10;
/// The longest life.
const WHOLE: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_was_told_survives_cuts_of_power() {
    let (rounds, mut random) = lots::draw();
    let payee = Payee::start(&Arc::default()).await;
    let (mut cuts, mut life) = (0, 0);
    while cuts < rounds {
        let events = live(&payee, life, &mut random).await;
        let mut moments: Vec<usize> = (0..CUTS.min(rounds - cuts))
            .map(|_| random.usize(first_job(&events)..events.len()))
            .collect();
        moments.sort_unstable();
        let (mut state, mut known, mut next) = (State::default(), Known::new(), 0);
        for moment in moments {
            for event in &events[next..=moment.max(next)] {
                state.apply(event);
                read(event, &mut known);
            }
            next = moment + 1;
            let loss = draw_loss(&mut random);
            let jobs = cut(&state, loss, &known, &payee, moment).await;
            println!(
                "life {life}: cut after event {moment} of {}, {loss:?}, {jobs} jobs",
                events.len()
            );
            cuts += 1;
        }
        life += 1;
    }
}

/// What a server under load tells its disk, and the clients and the payee were told meanwhile.
async fn live(payee: &Payee, life: usize, random: &mut fastrand::Rng) -> Vec<Event> {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().join("root");
    std::fs::create_dir_all(&root).unwrap();
    let recorder = Recorder::new(&root, directory.path()).unwrap();
    let log = recorder.log().to_owned();
    let facts = Arc::new(Facts::recorded_by(recorder));
    payee.take(&facts);
    let builder = Server::builder().data(&root);
    let server = builder.on_disk_of(facts.recorder().unwrap()).start().await;
    workflows::deploy(&server.api, &payee.address()).await;
    let client = Client::new(&server.api, &facts, &payee.address());
    let load = Load::start(&client, LOAD, life, random);
    if tokio::time::timeout(WHOLE, load.join()).await.is_err() {
        client.stop();
    }
    server.stop().await;
    facts.assert_right("before any cut");
    weft_powerloss::read(&log).unwrap()
}

/// Before, there is nothing to lose but uploads, which are crashed elsewhere.
fn first_job(events: &[Event]) -> usize {
    let begun = |event: &Event| matches!(event, Event::Mark { text } if text.starts_with(b"[\"begun/"));
    events.iter().position(begun).unwrap()
}

/// Cuts the power now, starts the server on what is left, and does all jobs that were begun. How many there were.
async fn cut(state: &State<'_>, loss: Loss, known: &Known, payee: &Payee, moment: usize) -> usize {
    let directory = tempfile::tempdir().unwrap();
    state.build(directory.path(), loss).unwrap();
    let facts = Arc::new(Facts::after_crash(known.clone()));
    payee.take(&facts);
    let server = Server::builder().data(directory.path()).start().await;
    let jobs = names(&facts, "");
    let count = jobs.len();
    check(&server, &facts, payee, jobs).await;
    facts.assert_kept(&format!("cut after event {moment}, {loss:?}"));
    server.kill().await;
    count
}

fn draw_loss(random: &mut fastrand::Rng) -> Loss {
    match random.usize(..8) {
        0 => Loss::Nothing,
        1 => Loss::Everything,
        2 => Loss::Data,
        3 => Loss::Names,
        _ => Loss::Some(random.u64(..)),
    }
}

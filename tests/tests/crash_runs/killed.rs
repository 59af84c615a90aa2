//! `kill -9` at random moments under load.

use std::sync::Arc;
use std::time::Duration;

use weft_tests::{Server, eventually};

use crate::client::Client;
use crate::facts::Facts;
use crate::job::{Load, take_up};
use crate::payee::{Payee, audit};
use crate::{lots, workflows};

/// Clients, and the most jobs that each takes up in a round.
const LOAD: [usize; 2] = [16, 30];
/// The kill comes at any moment of this time.
const WHOLE: Duration = Duration::from_millis(700);

#[tokio::test]
async fn what_was_told_survives_kills() {
    let (rounds, mut random) = lots::draw();
    let data = tempfile::tempdir().unwrap();
    let facts = Arc::new(Facts::default());
    let payee = Payee::start(&facts).await;
    let mut server = Server::builder().data(data.path()).start().await;
    workflows::deploy(&server.api, &payee.address()).await;
    for round in 0..rounds {
        facts.begin();
        let client = Client::new(&server.api, &facts, &payee.address());
        let load = Load::start(&client, LOAD, round, &mut random);
        let moment = WHOLE.mul_f64(random.f64());
        // The moment of a crash, not a wait for something.
        tokio::time::sleep(moment).await;
        facts.crash();
        server.kill().await;
        load.join().await;
        server = Server::builder().data(data.path()).start().await;
        let jobs = names(&facts, &format!("-{round}-"));
        let count = jobs.len();
        check(&server, &facts, &payee, jobs).await;
        facts.assert_kept(&format!("round {round}, killed after {moment:?}"));
        println!("round {round}: killed after {moment:?}, {count} jobs");
    }
    facts.all_again();
    check(&server, &facts, &payee, names(&facts, "")).await;
    facts.assert_kept("in the end");
}

/// Jobs that were begun and whose name contains this.
pub(crate) fn names(facts: &Facts, part: &str) -> Vec<String> {
    let begun = facts.below("begun/").into_iter();
    begun
        .map(|(name, _)| name)
        .filter(|name| name.contains(part))
        .collect()
}

/// Does all jobs to their end, and sees that nothing remains.
pub(crate) async fn check(server: &Server, facts: &Arc<Facts>, payee: &Payee, jobs: Vec<String>) {
    let client = Client::new(&server.api, facts, &payee.address());
    take_up(&client, jobs).await;
    audit(facts);
    eventually("no run is open", || async {
        server.api.metric("weft_workflow_runs_in_memory", &[]).await == 0.0
    })
    .await;
    let damaged = server.api.metric("weft_workflow_runs_damaged_total", &[]).await;
    if damaged > 0.0 || server.log().contains("panicked") {
        facts.wrong(format!(
            "{damaged} damaged runs; the server wrote: {}",
            server.log()
        ));
    }
}

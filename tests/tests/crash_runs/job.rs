//! Something a client wants done, and does not rest until it is: it asks again with the same key as often as it must.

use serde_json::{Value, json};
use tokio::time::interval;
use weft_tests::Api;
use weft_tests::wait::LOOK_EVERY;

use crate::client::{Client, RUNS, Stopped, Told};
use crate::payee;

/// The workflows that jobs run.
const KINDS: [&str; 6] = ["observe", "pay", "nest", "large", "approve", "doze"];
/// Bytes that are kept by address.
const LARGE: usize = 40_000;

/// A job is its name, such as `pay-7-1b`: the workflow, the round and a number. Everything else follows from it, so that it can
/// be taken up by whoever reads its name.
pub(crate) struct Job(String);

impl Job {
    pub(crate) fn draw(round: usize, random: &mut fastrand::Rng) -> Self {
        let kind = KINDS[random.usize(..KINDS.len())];
        Self(format!("{kind}-{round}-{:x}", random.u64(..)))
    }

    pub(crate) fn named(name: String) -> Self {
        Self(name)
    }

    /// Does it, from wherever it was left.
    pub(crate) async fn drive(&self, client: &Client) -> Told<()> {
        client.facts.see(format!("begun/{}", self.0), Value::Null);
        let run = match self.kind() {
            "approve" => self.approve(client).await?,
            "doze" => self.doze(client).await?,
            "large" => self.call(client).await?,
            _ if self.luck().is_multiple_of(2) => self.call(client).await?,
            _ => {
                let run = self.start(client).await?;
                client.look(&run).await?;
                run
            }
        };
        client.follow(&run).await?;
        let end = client.wait(&run).await?;
        self.judge(client, &end);
        client.list(self.kind()).await
    }

    /// Calls the workflow as one calls a function.
    async fn call(&self, client: &Client) -> Told<String> {
        let mut again = interval(LOOK_EVERY);
        loop {
            let path = Api::path(self.kind(), "/invoke");
            let answer = client.post(&path, &self.arguments(client), Some(&self.0)).await?;
            if answer.status.is_success() {
                let run = answer.header("weft-run").to_owned();
                self.belongs(client, &run);
                let answer = answer.json();
                if self.kind() == "large" && answer["data"] != self.data() {
                    client.facts.wrong(format!("{} was answered other bytes", self.0));
                }
                client.facts.see(format!("answer/{}", self.0), answer);
                return Ok(run);
            }
            if answer.problem() != "key-in-flight" {
                return self.refused(client, &answer.text());
            }
            again.tick().await;
        }
    }

    /// Starts a run and is told its id.
    async fn start(&self, client: &Client) -> Told<String> {
        let path = Api::path(self.kind(), "/runs");
        let answer = client.post(&path, &self.arguments(client), Some(&self.0)).await?;
        if !answer.status.is_success() {
            return self.refused(client, &answer.text());
        }
        let run = answer.json()["run"].as_str().unwrap_or_default().to_owned();
        self.belongs(client, &run);
        Ok(run)
    }

    /// Brings a word as soon as it is awaited; after a crash another one, which counts unless the first did.
    async fn approve(&self, client: &Client) -> Told<String> {
        let run = self.start(client).await?;
        loop {
            let detail = client.look(&run).await?;
            let state = node(&detail, "word");
            if state.is_some_and(|word| word["status"] == "running") {
                let word = format!("{}~{:x}", self.0, fastrand::u32(..));
                let path = format!("{RUNS}/{run}/nodes/word/complete");
                let answer = client.post(&path, &json!(word), None).await?;
                if answer.status.is_success() {
                    client.facts.see(format!("output/{run}/word"), json!(word));
                }
            }
            if state.is_some_and(|word| word["status"] == "succeeded") {
                return Ok(run);
            }
        }
    }

    /// Begins what has no end, and cancels it.
    async fn doze(&self, client: &Client) -> Told<String> {
        let run = self.start(client).await?;
        let path = format!("{RUNS}/{run}/cancel");
        let answer = client.post(&path, &json!({}), None).await?;
        if !answer.status.is_success() && answer.problem() != "run-over" {
            return self.refused(client, &answer.text());
        }
        client.facts.see(format!("cancelled/{}", self.0), Value::Null);
        Ok(run)
    }

    /// Compares the end of its run with what must come out.
    fn judge(&self, client: &Client, end: &Value) {
        let result = &end["result"];
        let paid =
            |step, field: &str| payee::receipt(&client.facts, &self.0, step).as_ref() == Some(&result[field]);
        let right = match self.kind() {
            "doze" => end["status"] == "cancelled",
            _ if end["status"] != "succeeded" => false,
            "observe" => result["sum"] == self.luck() % 1000 + 1,
            // Shown by its address here; whoever calls is answered it.
            "large" => result.get("$blob").is_some(),
            "approve" => paid(1, "first"),
            _ => paid(1, "first") && paid(2, "second") && paid(3, "third"),
        };
        if !right {
            client.facts.wrong(format!("{} ended with {end}", self.0));
        }
    }

    fn belongs(&self, client: &Client, run: &str) {
        client.facts.see(format!("run/{}", self.0), json!(run));
    }

    fn refused<T>(&self, client: &Client, text: &str) -> Told<T> {
        client.facts.wrong(format!("{}: {text}", self.0));
        Err(Stopped)
    }

    fn arguments(&self, client: &Client) -> Value {
        match self.kind() {
            "observe" => json!({ "n": self.luck() % 1000 }),
            "pay" => json!({ "payee": client.payee, "job": self.0 }),
            "nest" => json!({ "payee": client.payee, "job": self.0, "list": [1, 2, 3] }),
            "large" => json!({ "data": self.data() }),
            "approve" => json!({ "payee": client.payee }),
            _ => json!({}),
        }
    }

    /// Bytes of its own as text in base64: any letters are such.
    fn data(&self) -> String {
        let letters: String = self.0.chars().filter(char::is_ascii_alphanumeric).collect();
        letters.chars().cycle().take(LARGE).collect()
    }

    fn kind(&self) -> &str {
        self.0.split('-').next().unwrap_or_default()
    }

    /// A number that is drawn once and for all.
    fn luck(&self) -> u64 {
        let number = self.0.rsplit('-').next().unwrap_or_default();
        u64::from_str_radix(number, 16).unwrap_or_default()
    }
}

/// Clients that each take up one job after another.
pub(crate) struct Load(tokio::task::JoinSet<()>);

impl Load {
    /// Starts so many clients with at most so many jobs each.
    pub(crate) fn start(
        client: &Client,
        [clients, jobs]: [usize; 2],
        round: usize,
        random: &mut fastrand::Rng,
    ) -> Self {
        let mut set = tokio::task::JoinSet::new();
        for _ in 0..clients {
            let (client, mut random) = (client.clone(), random.fork());
            set.spawn(async move {
                for _ in 0..jobs {
                    if Job::draw(round, &mut random).drive(&client).await.is_err() {
                        return;
                    }
                }
            });
        }
        Self(set)
    }

    /// Waits until all have done their jobs, or noticed that they cannot.
    pub(crate) async fn join(self) {
        self.0.join_all().await;
    }
}

/// Takes up all of these, several at a time; they must succeed.
pub(crate) async fn take_up(client: &Client, names: Vec<String>) {
    use futures_util::{StreamExt, stream};
    let jobs = stream::iter(names).map(|name| async move {
        let job = Job::named(name);
        if job.drive(client).await.is_err() {
            client.facts.wrong(format!("{} cannot be ended", job.0));
        }
    });
    jobs.buffer_unordered(16).collect::<()>().await;
}

fn node<'d>(detail: &'d Value, name: &str) -> Option<&'d Value> {
    let nodes = detail["node-states"].as_array()?;
    nodes.iter().find(|node| node["name"] == name)
}

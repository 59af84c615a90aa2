//! Some work, and how systems do at it.

use anyhow::Result;

use crate::connection::{Connection, get, post};
use crate::process::View;
use crate::report::median;
use crate::wrk::{Request, load};

/// Requests one after another, for a latency.
const ALONE: usize = 1000;

/// Whose figures they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Weft,
    Peer,
    /// What the machine can do at best, without a product.
    Limit,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Measure {
    /// Answers per second over so many connections.
    Rate(u32),
    /// The median time to an answer, one request after another, in milliseconds.
    Alone,
    /// The time from the start of a process to its first answer, in milliseconds.
    Start,
    /// Anonymous memory after a hundred answers, in megabytes.
    Memory,
}

/// One system's figures, a round each.
pub(super) struct Figures {
    pub(super) role: Role,
    pub(super) system: &'static str,
    pub(super) values: Vec<f64>,
}

/// Some work, done by several systems in turns.
pub(super) struct Work {
    pub(super) what: &'static str,
    pub(super) measure: Measure,
    pub(super) figures: Vec<Figures>,
    /// What holds Weft back where a peer is ahead.
    pub(super) behind: Option<&'static str>,
}

/// A system that takes requests for the work.
pub(super) struct Contender {
    pub(super) role: Role,
    pub(super) system: &'static str,
    pub(super) server: View,
    pub(super) request: Request,
}

impl Measure {
    pub(super) fn unit(self) -> &'static str {
        match self {
            Self::Rate(_) => "/s",
            Self::Alone | Self::Start => "ms",
            Self::Memory => "MB",
        }
    }

    fn is_more_better(self) -> bool {
        matches!(self, Self::Rate(_))
    }

    async fn of(self, contender: &Contender, seconds: u64) -> Result<f64> {
        match self {
            Self::Rate(connections) => {
                Ok(load(&contender.server, &contender.request, connections, seconds)?.rate)
            }
            _ => alone(contender).await,
        }
    }
}

impl Figures {
    pub(super) fn new(role: Role, system: &'static str, values: Vec<f64>) -> Self {
        Self { role, system, values }
    }

    pub(super) fn median(&self) -> f64 {
        median(&self.values)
    }
}

impl Work {
    pub(super) fn new(what: &'static str, measure: Measure, figures: Vec<Figures>) -> Self {
        Self {
            what,
            measure,
            figures,
            behind: None,
        }
    }

    /// Has all contenders do the work in turns, so often. The first round warms everything and is not counted.
    pub(super) async fn done(
        what: &'static str,
        measure: Measure,
        contenders: &[Contender],
        (rounds, seconds): (usize, u64),
    ) -> Result<Self> {
        crate::report::note(what);
        let mut figures: Vec<Figures> = contenders
            .iter()
            .map(|contender| Figures::new(contender.role, contender.system, Vec::new()))
            .collect();
        for round in 0..=rounds {
            for (contender, figures) in contenders.iter().zip(&mut figures) {
                let value = measure.of(contender, seconds).await?;
                if round > 0 {
                    figures.values.push(value);
                }
            }
        }
        Ok(Self::new(what, measure, figures))
    }

    /// Adds what is known of why a peer may be ahead.
    pub(super) fn with(self, behind: &'static str) -> Self {
        Self {
            behind: Some(behind),
            ..self
        }
    }

    /// Weft's figure: the first where it does the work in several ways.
    fn of_weft(&self) -> f64 {
        let mut of_weft = self.figures.iter().filter(|f| f.role == Role::Weft);
        of_weft.next().map_or(f64::NAN, Figures::median)
    }

    /// How many times as good Weft is as a system.
    pub(super) fn advantage(&self, over: &Figures) -> f64 {
        match self.measure.is_more_better() {
            true => self.of_weft() / over.median(),
            false => over.median() / self.of_weft(),
        }
    }

    /// Whether Weft is ahead of every peer.
    pub(super) fn is_ahead(&self) -> bool {
        let mut peers = self.figures.iter().filter(|f| f.role == Role::Peer);
        peers.all(|peer| self.advantage(peer) >= 1.0)
    }
}

/// The median latency of requests one after another, in milliseconds.
async fn alone(contender: &Contender) -> Result<f64> {
    let request = bytes(&contender.request);
    let mut connection = Connection::open(contender.server.port).await?;
    connection.latency(&request, ALONE).await
}

/// A request as it is sent.
pub(super) fn bytes(request: &Request) -> Vec<u8> {
    match &request.body {
        Some(body) => post(&request.path, "application/json", body.as_bytes()),
        None => get(&request.path),
    }
}

//! Traffic as text: who calls when, and how long calls take.

use std::str::FromStr;
use std::time::Duration;

use super::TraceError;

mod service;

pub use service::Service;

/// Who calls when. Written one row a line, `SECOND, LOAD, SERVICE[, PROJECT]`; what follows `#` is a comment:
///
/// ```text
/// 0,  20/s,        exponential 5ms
/// 30, 200 clients, skewed 5ms 500ms 1%, bulk
/// 60, 0/s
/// 60, 0/s, -, bulk
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// In order of time.
    rows: Vec<Row>,
    /// In order of appearance.
    projects: Vec<String>,
}

/// From a moment on, until the next row of the same project, this much is called.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// When, from the beginning.
    pub at: Duration,
    /// How much.
    pub load: Load,
    /// How long each call takes.
    pub service: Service,
    /// For whose account: an index into [`Trace::projects`].
    pub project: usize,
}

/// How much is called.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Load {
    /// So many calls a second on average, each at a random moment, whatever becomes of the others: `20/s`.
    PerSecond(f64),
    /// So many clients, each of which calls again when it is answered, and 100 ms after it was refused: `200 clients`.
    Clients(u32),
}

impl Trace {
    /// The most rows of a trace.
    pub const MAX_ROWS: usize = 10_000;
    /// The latest time of a row: a day.
    pub const MAX_SECONDS: f64 = 86_400.0;
    /// The most calls a second and the most clients of a row.
    pub const MAX_LOAD: f64 = 1_000_000.0;

    /// What is called from when on, in order of time.
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// For whose accounts is called; `default` where a row names none.
    #[must_use]
    pub fn projects(&self) -> &[String] {
        &self.projects
    }

    fn row(&mut self, line: &str) -> Result<Row, String> {
        let fields: Vec<_> = line.split(',').map(str::trim).collect();
        let (at, load, service, project) = match fields[..] {
            [at, load] => (at, load, "-", "default"),
            [at, load, service] => (at, load, service, "default"),
            [at, load, service, project] => (at, load, service, project),
            _ => {
                return Err(format!(
                    "`{line}` is no row: write `SECOND, LOAD, SERVICE[, PROJECT]`"
                ));
            }
        };
        let seconds = bounded(at, Self::MAX_SECONDS).ok_or_else(|| {
            format!(
                "`{at}` is no time: write seconds from 0 to {}, such as `1.5`",
                Self::MAX_SECONDS
            )
        })?;
        let load = load.parse()?;
        let service = match service {
            "-" if load == Load::PerSecond(0.0) || load == Load::Clients(0) => {
                Service::Fixed(Duration::from_millis(1))
            }
            "-" => return Err("a row with load says how long calls take, such as `5ms`".to_owned()),
            service => service.parse()?,
        };
        Ok(Row {
            at: Duration::from_secs_f64(seconds),
            load,
            service,
            project: self.project(project),
        })
    }

    fn project(&mut self, name: &str) -> usize {
        let known = self.projects.iter().position(|project| project == name);
        known.unwrap_or_else(|| {
            self.projects.push(name.to_owned());
            self.projects.len() - 1
        })
    }
}

impl FromStr for Trace {
    type Err = TraceError;

    fn from_str(text: &str) -> Result<Self, TraceError> {
        let mut trace = Self {
            rows: Vec::new(),
            projects: Vec::new(),
        };
        let mut last_line = 1;
        for (index, line) in text.lines().enumerate() {
            let line = line.split_once('#').map_or(line, |(before, _)| before).trim();
            if line.is_empty() {
                continue;
            }
            last_line = index + 1;
            let wrong = |message: String| TraceError {
                line: index + 1,
                message,
            };
            let row = trace.row(line).map_err(wrong)?;
            if trace.rows.last().is_some_and(|before| before.at > row.at) {
                return Err(wrong(
                    "rows come in order of time: this one is earlier than the one before".to_owned(),
                ));
            }
            if trace.rows.len() == Self::MAX_ROWS {
                return Err(wrong(format!("a trace has at most {} rows", Self::MAX_ROWS)));
            }
            trace.rows.push(row);
        }
        for (project, name) in trace.projects.iter().enumerate() {
            let last = trace.rows.iter().rev().find(|row| row.project == project);
            if last.is_some_and(|row| row.load != Load::PerSecond(0.0) && row.load != Load::Clients(0)) {
                return Err(TraceError {
                    line: last_line,
                    message: format!(
                        "the last row of `{name}` says until when it calls: give it the load `0/s`"
                    ),
                });
            }
        }
        if trace.rows.is_empty() {
            return Err(TraceError {
                line: 1,
                message: "the trace has no row: write `SECOND, LOAD, SERVICE[, PROJECT]`".to_owned(),
            });
        }
        Ok(trace)
    }
}

impl FromStr for Load {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let most = Trace::MAX_LOAD;
        let wrong = || format!("`{text}` is no load: write `20/s` or `200 clients`, at most {most}");
        if let Some(rate) = text.strip_suffix("/s") {
            return bounded(rate.trim(), most).map(Self::PerSecond).ok_or_else(wrong);
        }
        let number = text.strip_suffix("clients").or(text.strip_suffix("client"));
        let number = number.and_then(|number| number.trim().parse::<u32>().ok());
        number
            .filter(|&clients| f64::from(clients) <= most)
            .map(Self::Clients)
            .ok_or_else(wrong)
    }
}

/// A number from 0 to `most`.
fn bounded(text: &str, most: f64) -> Option<f64> {
    text.parse().ok().filter(|number| (0.0..=most).contains(number))
}

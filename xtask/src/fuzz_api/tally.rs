//! How the server answered, as it counts itself.

use std::collections::BTreeMap;
use std::fmt;

/// Requests by how they were answered.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub all: u64,
    /// With what was asked for.
    pub succeeded: u64,
    /// By a failure of the server.
    pub failed: u64,
    pub by_status: BTreeMap<u16, u64>,
}

impl Tally {
    /// From the server's metrics.
    pub fn read(metrics: &str) -> Self {
        let mut tally = Self::default();
        for line in metrics
            .lines()
            .filter_map(|line| line.strip_prefix("weft_http_requests_total{"))
        {
            let Some((status, count)) = series(line) else {
                continue;
            };
            tally.all += count;
            match status {
                200..300 => tally.succeeded += count,
                500.. => tally.failed += count,
                _ => {}
            }
            *tally.by_status.entry(status).or_default() += count;
        }
        tally
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = (self.succeeded * 100).checked_div(self.all).unwrap_or(0);
        write!(
            f,
            "{} requests, {share} % of them answered by what they asked for:",
            self.all
        )?;
        for (status, count) in &self.by_status {
            write!(f, " {status} × {count}")?;
        }
        Ok(())
    }
}

/// The status and the count of a series.
fn series(line: &str) -> Option<(u16, u64)> {
    let (labels, count) = line.rsplit_once("} ")?;
    let (_, status) = labels.split_once("status=\"")?;
    Some((
        status.split('"').next()?.parse().ok()?,
        count.trim().parse().ok()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_by_what_they_mean() {
        let metrics = "# HELP weft_http_requests Requests answered\n\
             weft_http_requests_total{route=\"/healthz\",method=\"GET\",status=\"200\"} 7\n\
             weft_http_requests_total{route=\"/v1/x\",method=\"PUT\",status=\"201\"} 2\n\
             weft_http_requests_total{route=\"/v1/x\",method=\"PUT\",status=\"404\"} 5\n\
             weft_http_requests_total{route=\"/v1/y\",method=\"PUT\",status=\"503\"} 1\n\
             weft_http_request_duration_seconds_count{route=\"/healthz\",method=\"GET\"} 99\n";
        let tally = Tally::read(metrics);
        assert_eq!((tally.all, tally.succeeded, tally.failed), (15, 9, 1));
        let shown =
            "15 requests, 60 % of them answered by what they asked for: 200 × 7 201 × 2 404 × 5 503 × 1";
        assert_eq!(tally.to_string(), shown);
    }
}

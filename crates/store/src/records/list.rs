//! Pages of a list.
//!
//! A page is the head of one index, or of a few of them merged: one for each state, and for runs nested and not. Every part is
//! read in the index's order and cut at the page's length, so that a page costs the same however many runs there are. What an
//! index does not know (a version, a time, a second filter) is looked up run by run.

use sqlx::{Database, QueryBuilder};
use weft_types::{ProjectName, RunId, RunStatus};
use weft_workflow_engine::port::records::RunFilter;

use super::columns::{self, STATUSES};

/// Runs in a page at most: as many as a caller of the API may ask for, and one more, which tells whether there are any behind them.
pub(super) const MAX_PAGE: usize = 1001;

/// How much earlier or later than its number says a run may have been accepted, in milliseconds.
const SLACK: i64 = 1000;

/// What is asked for.
#[derive(Debug)]
pub(crate) struct Page<'a> {
    pub(super) project: &'a ProjectName,
    pub(super) filter: &'a RunFilter,
    /// Only runs older than this one.
    pub(super) before: Option<RunId>,
    /// As many runs as this at most, and no more than [`MAX_PAGE`].
    pub(super) limit: usize,
}

/// How one database wants it asked.
pub(super) trait Dialect: Database + Sized {
    /// Joins what is on the left to what is on the right, row by row, in this order.
    const THEN: &'static str;

    /// What of a run, named `i`, or of its labels, named `i` with the run named `r`, is read in the order of an index.
    fn index(driver: Driver<'_>) -> &'static str;

    /// Adds a number.
    fn push_number(query: &mut QueryBuilder<Self>, number: i64);

    /// Adds a name: of a project or a workflow.
    fn push_name(query: &mut QueryBuilder<Self>, name: &str);

    /// Adds a text of any kind.
    fn push_text(query: &mut QueryBuilder<Self>, text: &str);

    /// Adds the beginning of a run's number, or all of it.
    fn push_run(query: &mut QueryBuilder<Self>, run: Vec<u8>);
}

/// The head of one index.
struct Part<'a> {
    driver: Driver<'a>,
    /// Of runs nested, or not, or both where the index does not tell.
    nested: Option<bool>,
    /// In this state, or in any where the index does not tell.
    status: Option<RunStatus>,
}

/// The index that is read, and what it is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Driver<'a> {
    Parent(RunId),
    Label(&'a str, Option<&'a str>),
    Submitter(&'a str),
    Workflow(&'a str),
    Status,
}

impl<'a> Page<'a> {
    /// The query that answers it, the newest run first.
    pub(super) fn query<D: Dialect>(&self) -> QueryBuilder<D> {
        let mut query = QueryBuilder::new("SELECT run.record FROM (");
        for (index, part) in self.parts().iter().enumerate() {
            query.push(if index == 0 {
                "SELECT * FROM ("
            } else {
                " UNION ALL SELECT * FROM ("
            });
            self.push_part(&mut query, part);
            query.push(") AS part");
        }
        query.push(" ORDER BY run DESC LIMIT ");
        D::push_number(&mut query, self.limit());
        query.push(format_args!(
            ") AS page {} run ON run.id = page.id ORDER BY page.run DESC",
            D::THEN
        ));
        query
    }

    fn limit(&self) -> i64 {
        self.limit.min(MAX_PAGE) as i64
    }

    /// The filter that leaves the fewest runs is the driver, as far as that is known beforehand.
    fn driver(&self) -> Driver<'a> {
        let filter = self.filter;
        if let Some(parent) = filter.parent {
            Driver::Parent(parent)
        } else if let Some((name, value)) = &filter.label {
            Driver::Label(name, value.as_deref())
        } else if let Some(workflow) = &filter.workflow {
            Driver::Workflow(workflow.as_str())
        } else if let Some(submitter) = &filter.submitter {
            Driver::Submitter(submitter)
        } else {
            Driver::Status
        }
    }

    fn parts(&self) -> Vec<Part<'a>> {
        let driver = self.driver();
        let nested: &[Option<bool>] = match driver {
            Driver::Parent(_) => &[None],
            _ if self.filter.nested => &[Some(false), Some(true)],
            _ => &[Some(false)],
        };
        let statuses: Vec<Option<RunStatus>> = match driver {
            Driver::Parent(_) | Driver::Label(..) | Driver::Submitter(_) => vec![None],
            Driver::Workflow(_) | Driver::Status => self.statuses().into_iter().map(Some).collect(),
        };
        let parts = nested.iter().flat_map(|&nested| {
            statuses.iter().map(move |&status| Part {
                driver,
                nested,
                status,
            })
        });
        parts.collect()
    }

    /// The states that are asked for, each once.
    fn statuses(&self) -> Vec<RunStatus> {
        let asked = &self.filter.status;
        STATUSES
            .into_iter()
            .filter(|status| asked.is_empty() || asked.contains(status))
            .collect()
    }

    fn push_part<D: Dialect>(&self, query: &mut QueryBuilder<D>, part: &Part<'_>) {
        self.push_driver(query, part.driver);
        if let Some(nested) = part.nested {
            D::push_number(query.push(" AND i.nested = "), i64::from(nested));
        }
        if let Some(status) = part.status {
            D::push_number(query.push(" AND i.status = "), columns::status(status));
        }
        self.push_range(query, part.nested);
        self.push_rest(query, part);
        D::push_number(query.push(" ORDER BY i.run DESC LIMIT "), self.limit());
    }

    fn push_driver<D: Dialect>(&self, query: &mut QueryBuilder<D>, driver: Driver<'_>) {
        query.push("SELECT i.id, i.run FROM ").push(D::index(driver));
        D::push_name(query.push(" WHERE i.project = "), self.project.as_str());
        match driver {
            Driver::Parent(parent) => D::push_run(query.push(" AND i.parent = "), columns::run(parent)),
            Driver::Label(name, value) => {
                D::push_text(query.push(" AND i.name = "), name);
                if let Some(value) = value {
                    D::push_text(query.push(" AND i.value = "), value);
                }
            }
            Driver::Submitter(submitter) => D::push_text(query.push(" AND i.submitter = "), submitter),
            Driver::Workflow(workflow) => D::push_name(query.push(" AND i.workflow = "), workflow),
            Driver::Status => {}
        }
    }

    /// The part of the index that is read. A nested run's number may tell when its parent was accepted.
    fn push_range<D: Dialect>(&self, query: &mut QueryBuilder<D>, nested: Option<bool>) {
        if let Some(before) = self.before {
            D::push_run(query.push(" AND i.run < "), columns::run(before));
        }
        if nested != Some(false) {
            return;
        }
        if let Some(since) = self.filter.since {
            let first = since.as_millisecond().saturating_sub(SLACK);
            D::push_run(query.push(" AND i.run >= "), columns::first_run(first));
        }
        if let Some(until) = self.filter.until {
            let beyond = until.as_millisecond().saturating_add(SLACK + 1);
            D::push_run(query.push(" AND i.run < "), columns::first_run(beyond));
        }
    }

    /// What the index does not know.
    fn push_rest<D: Dialect>(&self, query: &mut QueryBuilder<D>, part: &Part<'_>) {
        let row = part.driver.row();
        let filter = self.filter;
        if part.status.is_none() && !filter.status.is_empty() {
            let mut before = " IN (";
            query.push(format_args!(" AND {row}.status"));
            for status in self.statuses() {
                D::push_number(query.push(before), columns::status(status));
                before = ", ";
            }
            query.push(")");
        }
        if let Some(workflow) = &filter.workflow {
            D::push_name(
                query.push(format_args!(" AND {row}.workflow = ")),
                workflow.as_str(),
            );
        }
        if let Some(version) = filter.version {
            D::push_number(
                query.push(format_args!(" AND {row}.version = ")),
                i64::from(version.0),
            );
        }
        if let Some(submitter) = &filter.submitter {
            D::push_text(query.push(format_args!(" AND {row}.submitter = ")), submitter);
        }
        if let Some(since) = filter.since {
            let time = columns::time_up(since);
            D::push_number(query.push(format_args!(" AND {row}.created_at >= ")), time);
        }
        if let Some(until) = filter.until {
            let time = columns::time_up(until);
            D::push_number(query.push(format_args!(" AND {row}.created_at < ")), time);
        }
        if let (Some((name, value)), Driver::Parent(_)) = (&filter.label, part.driver) {
            query.push(" AND EXISTS (SELECT 1 FROM run_label AS l WHERE l.id = i.id");
            D::push_text(query.push(" AND l.name = "), name);
            if let Some(value) = value {
                D::push_text(query.push(" AND l.value = "), value);
            }
            query.push(")");
        }
    }
}

impl Driver<'_> {
    /// Where the columns of the run are.
    fn row(self) -> &'static str {
        match self {
            Self::Label(..) => "r",
            Self::Parent(_) | Self::Submitter(_) | Self::Workflow(_) | Self::Status => "i",
        }
    }
}

#[cfg(test)]
pub(super) mod samples;

#[cfg(test)]
mod tests;

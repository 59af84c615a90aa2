//! Pages of a list.
//!
//! A page is the head of one index, or of a few of them merged: one for each state, and for runs nested and not. Every part is
//! read in the index's order and cut at the page's length, so that a page costs the same however many runs there are. What an
//! index does not know (a version, a time, a second filter) is looked up run by run.

use sqlx::{QueryBuilder, Sqlite};
use weft_types::{ProjectName, RunId, RunStatus};
use weft_workflow_engine::port::records::RunFilter;

use super::columns::{self, STATUSES};

/// Runs in a page at most.
pub(super) const MAX_PAGE: usize = 1000;

/// How much earlier or later than its number says a run may have been accepted, in milliseconds.
const SLACK: i64 = 1000;

/// The query that answers a page, the newest run first.
pub(super) fn page(
    project: &ProjectName,
    filter: &RunFilter,
    before: Option<RunId>,
    limit: usize,
) -> QueryBuilder<Sqlite> {
    let page = Page {
        project,
        filter,
        before,
        limit: limit.min(MAX_PAGE) as i64,
    };
    let mut query = QueryBuilder::new("SELECT run.record FROM (");
    for (index, part) in page.parts().iter().enumerate() {
        query.push(if index == 0 {
            "SELECT * FROM ("
        } else {
            " UNION ALL SELECT * FROM ("
        });
        page.push_part(&mut query, part);
        query.push(")");
    }
    query
        .push(" ORDER BY run DESC LIMIT ")
        .push_bind(page.limit)
        .push(") AS page CROSS JOIN run ON run.id = page.id ORDER BY page.run DESC");
    query
}

struct Page<'a> {
    project: &'a ProjectName,
    filter: &'a RunFilter,
    before: Option<RunId>,
    limit: i64,
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
#[derive(Clone, Copy)]
enum Driver<'a> {
    Parent(RunId),
    Label(&'a str, Option<&'a str>),
    Submitter(&'a str),
    Workflow(&'a str),
    Status,
}

impl<'a> Page<'a> {
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

    fn push_part(&self, query: &mut QueryBuilder<Sqlite>, part: &Part<'_>) {
        self.push_driver(query, part.driver);
        if let Some(nested) = part.nested {
            query.push(" AND i.nested = ").push_bind(i64::from(nested));
        }
        if let Some(status) = part.status {
            query.push(" AND i.status = ").push_bind(columns::status(status));
        }
        self.push_range(query, part.nested);
        self.push_rest(query, part);
        query.push(" ORDER BY i.run DESC LIMIT ").push_bind(self.limit);
    }

    fn push_driver(&self, query: &mut QueryBuilder<Sqlite>, driver: Driver<'_>) {
        query.push("SELECT i.id, i.run FROM ").push(driver.index());
        query
            .push(" WHERE i.project = ")
            .push_bind(self.project.as_str().to_owned());
        match driver {
            Driver::Parent(parent) => {
                query.push(" AND i.parent = ").push_bind(columns::run(parent));
            }
            Driver::Label(name, value) => {
                query.push(" AND i.name = ").push_bind(name.to_owned());
                if let Some(value) = value {
                    query.push(" AND i.value = ").push_bind(value.to_owned());
                }
            }
            Driver::Submitter(submitter) => {
                query.push(" AND i.submitter = ").push_bind(submitter.to_owned());
            }
            Driver::Workflow(workflow) => {
                query.push(" AND i.workflow = ").push_bind(workflow.to_owned());
            }
            Driver::Status => {}
        }
    }

    /// The part of the index that is read. A nested run's number may tell when its parent was accepted.
    fn push_range(&self, query: &mut QueryBuilder<Sqlite>, nested: Option<bool>) {
        if let Some(before) = self.before {
            query.push(" AND i.run < ").push_bind(columns::run(before));
        }
        if nested != Some(false) {
            return;
        }
        if let Some(since) = self.filter.since {
            let first = since.as_millisecond().saturating_sub(SLACK);
            query.push(" AND i.run >= ").push_bind(columns::first_run(first));
        }
        if let Some(until) = self.filter.until {
            let beyond = until.as_millisecond().saturating_add(SLACK + 1);
            query.push(" AND i.run < ").push_bind(columns::first_run(beyond));
        }
    }

    /// What the index does not know.
    fn push_rest(&self, query: &mut QueryBuilder<Sqlite>, part: &Part<'_>) {
        let row = part.driver.row();
        let filter = self.filter;
        if part.status.is_none() && !filter.status.is_empty() {
            query.push(format_args!(" AND {row}.status IN "));
            query.push_tuples(self.statuses(), |mut one, status| {
                one.push_bind(columns::status(status));
            });
        }
        if let Some(workflow) = &filter.workflow {
            let name = workflow.as_str().to_owned();
            query.push(format_args!(" AND {row}.workflow = ")).push_bind(name);
        }
        if let Some(version) = filter.version {
            let number = i64::from(version.0);
            query
                .push(format_args!(" AND {row}.version = "))
                .push_bind(number);
        }
        if let Some(submitter) = &filter.submitter {
            let name = submitter.clone();
            query
                .push(format_args!(" AND {row}.submitter = "))
                .push_bind(name);
        }
        if let Some(since) = filter.since {
            let time = columns::time_up(since);
            query
                .push(format_args!(" AND {row}.created_at >= "))
                .push_bind(time);
        }
        if let Some(until) = filter.until {
            let time = columns::time_up(until);
            query
                .push(format_args!(" AND {row}.created_at < "))
                .push_bind(time);
        }
        if let (Some((name, value)), Driver::Parent(_)) = (&filter.label, part.driver) {
            query.push(" AND EXISTS (SELECT 1 FROM run_label AS l WHERE l.id = i.id AND l.name = ");
            query.push_bind(name.clone());
            if let Some(value) = value {
                query.push(" AND l.value = ").push_bind(value.clone());
            }
            query.push(")");
        }
    }
}

impl Driver<'_> {
    /// The table and the index, named so that another one is an error, not a slow page.
    fn index(self) -> &'static str {
        match self {
            Self::Parent(_) => "run AS i INDEXED BY run_by_parent",
            Self::Label(_, Some(_)) => {
                "run_label AS i INDEXED BY run_label_by_value CROSS JOIN run AS r ON r.id = i.id"
            }
            Self::Label(_, None) => {
                "run_label AS i INDEXED BY run_label_by_name CROSS JOIN run AS r ON r.id = i.id"
            }
            Self::Submitter(_) => "run AS i INDEXED BY run_by_submitter",
            Self::Workflow(_) => "run AS i INDEXED BY run_by_workflow",
            Self::Status => "run AS i INDEXED BY run_by_status",
        }
    }

    /// Where the columns of the run are.
    fn row(self) -> &'static str {
        match self {
            Self::Label(..) => "r",
            Self::Parent(_) | Self::Submitter(_) | Self::Workflow(_) | Self::Status => "i",
        }
    }
}

#[cfg(test)]
mod tests;

//! What is wrong, collected within a bound.

use crate::problem::Problem;

/// The problems found so far.
#[derive(Debug)]
pub(super) struct Problems {
    told: Vec<Problem>,
    most: usize,
    left_out: usize,
}

impl Problems {
    /// Keeps at most `most`, at least one.
    pub(super) fn new(most: usize) -> Self {
        Self {
            told: Vec::new(),
            most: most.max(1),
            left_out: 0,
        }
    }

    /// Takes the problem that `problem` makes; it is not even made where no more are kept.
    pub(super) fn tell(&mut self, problem: impl FnOnce() -> Problem) {
        match self.told.len() < self.most {
            true => self.told.push(problem()),
            false => self.left_out += 1,
        }
    }

    /// All that are kept, in the order of the text.
    pub(super) fn into_vec(mut self) -> Vec<Problem> {
        self.told.sort_by_key(|problem| problem.at);
        if let Some(last) = self.told.last().filter(|_| self.left_out > 0) {
            self.told.push(Problem {
                at: last.at,
                code: "more-problems",
                path: String::new(),
                message: format!(
                    "{} more problems are not told, only the first {}",
                    self.left_out, self.most
                ),
            });
        }
        self.told
    }
}

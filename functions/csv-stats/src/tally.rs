//! What is known of one column.

use crate::{Column, Numbers};

/// Grows with each field.
#[derive(Clone, Default)]
pub struct Tally {
    filled: u64,
    empty: u64,
    longest: usize,
    numbers: Option<Moments>,
}

/// Mean and variance that stay exact over many numbers, as Welford showed.
#[derive(Clone)]
struct Moments {
    count: u64,
    min: f64,
    max: f64,
    sum: f64,
    mean: f64,
    squares: f64,
}

impl Tally {
    /// Takes one field of the column.
    pub fn add(&mut self, field: &str) {
        if field.is_empty() {
            self.empty += 1;
            return;
        }
        self.filled += 1;
        self.longest = self.longest.max(field.chars().count());
        if let Some(number) = field
            .trim()
            .parse()
            .ok()
            .filter(|number: &f64| number.is_finite())
        {
            self.numbers
                .get_or_insert_with(|| Moments::of(number))
                .add(number);
        }
    }

    /// Tells what was found.
    pub fn finish(self, name: String) -> Column {
        Column {
            name,
            filled: self.filled,
            empty: self.empty,
            longest: u32::try_from(self.longest).unwrap_or(u32::MAX),
            numbers: self.numbers.map(Moments::finish),
        }
    }
}

impl Moments {
    /// None yet, between bounds that the first number sets.
    fn of(first: f64) -> Self {
        Self {
            count: 0,
            min: first,
            max: first,
            sum: 0.0,
            mean: 0.0,
            squares: 0.0,
        }
    }

    fn add(&mut self, number: f64) {
        self.count += 1;
        self.min = self.min.min(number);
        self.max = self.max.max(number);
        self.sum += number;
        let off = number - self.mean;
        self.mean += off / self.count as f64;
        self.squares += off * (number - self.mean);
    }

    fn finish(self) -> Numbers {
        let deviation = (self.squares / self.count as f64).sqrt();
        Numbers {
            count: self.count,
            min: self.min,
            max: self.max,
            sum: self.sum,
            mean: self.mean,
            deviation,
        }
    }
}

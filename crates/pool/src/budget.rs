//! The machine's budget: which idle instances end first when a new one needs their memory or processor share.

use std::time::Duration;

/// What an instance takes of the machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Memory in bytes.
    pub memory: u64,
    /// Processor, in thousandths of a core.
    pub cpu: u64,
}

/// An instance that does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// What its end gives back.
    pub share: Share,
    /// For how long it has done nothing.
    pub idle: Duration,
    /// How long starting one like it takes.
    pub start: Duration,
    /// Whether it is one of its pool's `min`, which end for nobody.
    pub kept: bool,
}

/// What is missing even after every idle instance that may end has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{} bytes of memory and {} thousandths of a core more are needed than there would be if every idle instance ended",
    .0.memory, .0.cpu
)]
pub struct Short(pub Share);

/// Chooses which of the `idle` instances, by their indices, must end so that `need` fits beside what is `used` of `budget`.
///
/// Those go first that are least likely to be missed and cheapest to replace for what they give back: long idle, large,
/// quick to start. Of equal ones the first goes first. No more end than are needed, and where all of them would not do,
/// none does.
///
/// # Errors
/// What is missing where all of them would not do.
pub fn evict(budget: Share, used: Share, need: Share, idle: &[Idle]) -> Result<Vec<usize>, Short> {
    let missing = used.plus(need).minus(budget);
    let mut may_end: Vec<usize> = (0..idle.len()).filter(|&index| !idle[index].kept).collect();
    let all = may_end
        .iter()
        .fold(Share::default(), |sum, &index| sum.plus(idle[index].share));
    if !all.covers(missing) {
        return Err(Short(missing.minus(all)));
    }
    // Stable, so that equal ones keep their order.
    may_end.sort_by_key(|&index| std::cmp::Reverse(worth_ending(&idle[index], missing)));
    let mut freed = Share::default();
    let mut chosen = Vec::new();
    for index in may_end {
        if freed.covers(missing) {
            break;
        }
        if idle[index].share.helps(missing.minus(freed)) {
            freed = freed.plus(idle[index].share);
            chosen.push(index);
        }
    }
    // A large one at the end may make smaller ones before it needless: whoever is missed most stays.
    for place in (0..chosen.len()).rev() {
        let without = freed.minus(idle[chosen[place]].share);
        if without.covers(missing) {
            freed = without;
            chosen.remove(place);
        }
    }
    Ok(chosen)
}

/// The larger the sooner it ends: idle time × what is given back of what is missing ÷ time to start.
fn worth_ending(idle: &Idle, missing: Share) -> u128 {
    let part = |share: u64, missing: u64| u128::from(share.min(missing)) * 1_000 / u128::from(missing.max(1));
    let gives = part(idle.share.memory, missing.memory) + part(idle.share.cpu, missing.cpu);
    // In milliseconds and microseconds; neither comes near 2^50, nor `gives` above 2,000.
    idle.idle.as_millis() * gives * 1_000 / idle.start.as_micros().max(1)
}

impl Share {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            memory: self.memory.saturating_add(other.memory),
            cpu: self.cpu.saturating_add(other.cpu),
        }
    }

    /// What is left of it without another; nothing where that is more.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self {
            memory: self.memory.saturating_sub(other.memory),
            cpu: self.cpu.saturating_sub(other.cpu),
        }
    }

    /// Whether it is at least as much as what is `missing`.
    #[must_use]
    pub fn covers(self, missing: Self) -> bool {
        self.memory >= missing.memory && self.cpu >= missing.cpu
    }

    /// Whether it gives back any of what is missing.
    fn helps(self, missing: Self) -> bool {
        self.memory.min(missing.memory) > 0 || self.cpu.min(missing.cpu) > 0
    }
}

#[cfg(test)]
mod tests;

//! The instances of a simulated pool.

use std::collections::VecDeque;

use super::{Balance, Simulation};
use crate::balance::choose;
use crate::profile::Level;

/// A call under way. Times are nanoseconds from the beginning.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) project: usize,
    pub(super) arrived: u64,
    pub(super) service: u64,
    /// Whether one of the clients that call again made it.
    pub(super) client: bool,
}

/// Names an instance; the place of one that ended is used again, under another serial number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Name {
    place: usize,
    serial: u64,
}

struct Instance {
    serial: u64,
    ready: bool,
    /// Calls it was given and has not answered.
    outstanding: u32,
    /// Those of them that it works on.
    working: u32,
    /// The others.
    line: VecDeque<Call>,
    /// Calls it was ever given.
    used: u32,
    idle_since: u64,
    /// Where it stands in `free`, while it has a free slot.
    free_at: Option<usize>,
}

pub(super) struct Instances {
    slots: u32,
    reuse: u32,
    at_once: u32,
    balance: Balance,
    places: Vec<Option<Instance>>,
    empty: Vec<usize>,
    /// The places of those with a free slot.
    free: Vec<usize>,
    /// How many there are, and how many of them have calls.
    pub(super) count: u32,
    pub(super) busy: u32,
    /// How many were ever started.
    pub(super) started: u64,
    turn: usize,
}

impl Instances {
    pub(super) fn new(simulation: &Simulation) -> Self {
        Self {
            slots: simulation.profile.slots,
            // What serves that many calls is an instance within a process, which is replaced there.
            reuse: match simulation.profile.level {
                Level::Sandbox => simulation.profile.reuse,
                Level::Process | Level::Container => u32::MAX,
            },
            at_once: simulation.at_once.max(1),
            balance: simulation.balance,
            places: Vec::new(),
            empty: Vec::new(),
            free: Vec::new(),
            count: 0,
            busy: 0,
            started: 0,
            turn: 0,
        }
    }

    /// Begins to start one.
    pub(super) fn start(&mut self, now: u64) -> Name {
        self.started += 1;
        self.count += 1;
        let instance = Instance {
            serial: self.started,
            ready: false,
            outstanding: 0,
            working: 0,
            line: VecDeque::new(),
            used: 0,
            idle_since: now,
            free_at: Some(self.free.len()),
        };
        let place = self.empty.pop().unwrap_or(self.places.len());
        if place == self.places.len() {
            self.places.push(Some(instance));
        } else {
            self.places[place] = Some(instance);
        }
        self.free.push(place);
        Name {
            place,
            serial: self.started,
        }
    }

    /// One with a free slot, if any has one.
    pub(super) fn choose(&mut self, rng: &mut fastrand::Rng) -> Option<Name> {
        let outstanding = |index: usize| {
            let instance = self.places[self.free[index]].as_ref();
            instance.map_or(u32::MAX, |instance| instance.outstanding)
        };
        let place = match self.balance {
            _ if self.free.is_empty() => None,
            Balance::TwoChoices => {
                choose(self.free.len(), outstanding, rng.u64(..)).map(|index| self.free[index])
            }
            Balance::Random => Some(self.free[rng.usize(..self.free.len())]),
            Balance::InTurn => self.next_in_turn(),
        }?;
        let serial = self.places[place].as_ref()?.serial;
        Some(Name { place, serial })
    }

    /// Gives a call to one with a free slot; answers it where work on it begins at once.
    pub(super) fn give(&mut self, name: Name, call: Call) -> Option<Call> {
        let (slots, reuse, at_once) = (self.slots, self.reuse, self.at_once);
        let instance = self.get(name)?;
        instance.outstanding += 1;
        instance.used += 1;
        let (first, full) = (
            instance.outstanding == 1,
            instance.outstanding >= slots || instance.used >= reuse,
        );
        instance.line.push_back(call);
        let begun = instance.begin(at_once);
        self.busy += u32::from(first);
        if full {
            self.take_from_free(name.place);
        }
        begun
    }

    /// One has started; answers the calls whose work begins. None where it ended before.
    pub(super) fn ready(&mut self, name: Name) -> Vec<Call> {
        let at_once = self.at_once;
        let Some(instance) = self.get(name) else {
            return Vec::new();
        };
        instance.ready = true;
        std::iter::from_fn(|| instance.begin(at_once)).collect()
    }

    /// One answered a call; answers the next whose work begins.
    pub(super) fn answered(&mut self, name: Name, now: u64) -> Option<Call> {
        let (slots, reuse, at_once) = (self.slots, self.reuse, self.at_once);
        let free = self.free.len();
        let instance = self.get(name)?;
        instance.outstanding -= 1;
        instance.working -= 1;
        instance.idle_since = now;
        let begun = instance.begin(at_once);
        let idle = instance.outstanding == 0;
        let used_up = instance.used >= reuse;
        if !used_up && instance.free_at.is_none() && instance.outstanding < slots {
            instance.free_at = Some(free);
            self.free.push(name.place);
        }
        self.busy -= u32::from(idle);
        if idle && used_up {
            self.end(name.place);
        }
        begun
    }

    /// Ends up to so many that have no call, the longest idle first.
    pub(super) fn end_idle(&mut self, most: u32) {
        let idle = |place: &usize| {
            self.places[*place]
                .as_ref()
                .filter(|instance| instance.outstanding == 0)
        };
        // Those without a call have free slots.
        let mut places: Vec<_> = self
            .free
            .iter()
            .filter_map(|place| idle(place).map(|instance| (instance.idle_since, instance.serial, *place)))
            .collect();
        places.sort_unstable();
        for (_, _, place) in places.into_iter().take(most as usize) {
            self.end(place);
        }
    }

    fn get(&mut self, name: Name) -> Option<&mut Instance> {
        let instance = self.places.get_mut(name.place)?.as_mut()?;
        (instance.serial == name.serial).then_some(instance)
    }

    fn end(&mut self, place: usize) {
        self.take_from_free(place);
        self.places[place] = None;
        self.empty.push(place);
        self.count -= 1;
    }

    fn take_from_free(&mut self, place: usize) {
        let Some(at) = self.places[place]
            .as_mut()
            .and_then(|instance| instance.free_at.take())
        else {
            return;
        };
        self.free.swap_remove(at);
        if let Some(&moved) = self.free.get(at)
            && let Some(instance) = &mut self.places[moved]
        {
            instance.free_at = Some(at);
        }
    }

    /// The first with a free slot after the one that was last given a call in turn.
    fn next_in_turn(&mut self) -> Option<usize> {
        let is_free = |&place: &usize| {
            self.places[place]
                .as_ref()
                .is_some_and(|instance| instance.free_at.is_some())
        };
        let found = (self.turn..self.places.len()).chain(0..self.turn).find(is_free)?;
        self.turn = (found + 1) % self.places.len();
        Some(found)
    }
}

impl Instance {
    /// Begins to work on the next call in line, if it can.
    fn begin(&mut self, at_once: u32) -> Option<Call> {
        if !self.ready || self.working >= at_once {
            return None;
        }
        let call = self.line.pop_front()?;
        self.working += 1;
        Some(call)
    }
}
